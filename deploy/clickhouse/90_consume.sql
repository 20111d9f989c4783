-- Made by `sluice schema write` from src/lib/flow/field_rows.hpp and columns.cpp; changes belong there.
-- From the topic to the tables. One view consumes, and it is made last: consumption starts with the first view on a
-- Kafka table, and a view added later misses what was taken. What it takes, good and bad, goes through a Null table,
-- on which everything else hangs.
CREATE TABLE {{db}}.flows_feed{{on_cluster}}
(
    next_hop_as UInt32, -- bgp
    ip_ttl UInt32, -- ip
    src_mac UInt64, -- mac
    dst_mac UInt64, -- mac
    src_vlan UInt32, -- vlan
    dst_vlan UInt32, -- vlan
    fragment_id UInt32, -- ip
    fragment_offset UInt32, -- ip
    ipv6_flow_label UInt32, -- ip
    ip_flags UInt32, -- ip
    observation_point_id UInt32, -- metering
    mpls_ttl Array(UInt32), -- mpls
    mpls_label Array(UInt32), -- mpls
    mpls_ip Array(String), -- mpls
    bgp_next_hop String, -- bgp
    bgp_communities Array(UInt32), -- bgp
    as_path Array(UInt32), -- bgp
    layer_stack Array(Int32), -- packet
    layer_size Array(UInt32), -- packet
    ipv6_routing_header_addresses Array(String), -- packet
    ipv6_routing_header_seg_left UInt32, -- packet
    ingress_vrf_id Nullable(UInt32), -- vrf
    egress_vrf_id Nullable(UInt32), -- vrf
    flow_id UInt64, -- metering
    post_nat_src_addr String, -- nat
    post_nat_dst_addr String, -- nat
    post_nat_src_port UInt32, -- nat
    post_nat_dst_port UInt32, -- nat
    nat_event Nullable(UInt32), -- nat
    firewall_event Nullable(UInt32), -- firewall
    application_id String, -- application
    application_name String, -- application
    user_name String, -- application
    in_phys_if UInt32, -- metering
    out_phys_if UInt32, -- metering
    customer_vlan_id Nullable(UInt32), -- qinq
    post_customer_vlan_id Nullable(UInt32), -- qinq
    vlan_priority Nullable(UInt32), -- qinq
    vni Nullable(UInt32), -- tunnel
    src_peer_as UInt32, -- bgp
    next_adjacent_as UInt32, -- bgp
    prev_adjacent_as UInt32, -- bgp
    local_pref Nullable(UInt32), -- bgp
    out_if_discard_reason Nullable(UInt32), -- device
    out_if_multiple Nullable(UInt32), -- device
    drop_reason Nullable(UInt32), -- device
    inner_src_addr String, -- tunnel
    inner_dst_addr String, -- tunnel
    inner_proto UInt32, -- tunnel
    inner_src_port UInt32, -- tunnel
    inner_dst_port UInt32, -- tunnel
    inner_etype UInt32, -- tunnel
    inner_ip_tos UInt32, -- tunnel
    in_if_name String, -- names
    out_if_name String, -- names
    in_if_description String, -- names
    out_if_description String, -- names
    ingress_vrf_name String, -- vrf
    egress_vrf_name String, -- vrf
    exporter_name String, -- collector
    collector_id String, -- collector
    exporter_address String, -- collector
    original_exporter_address String, -- metering
    nat_port_start UInt32, -- nat
    nat_port_end UInt32, -- nat
    nat_port_step UInt32, -- nat
    nat_port_count UInt32, -- nat
    nat_pool_id UInt32, -- nat
    nat_pool_name String, -- nat
    wlan_ssid String, -- wlan
    station_mac UInt64, -- wlan
    station_address String, -- wlan
    access_point_mac UInt64, -- wlan
    mpls_label_type UInt32, -- mpls
    mpls_prefix_length UInt32, -- mpls
    mpls_vpn_rd String, -- mpls
    flow_count UInt64, -- metering
    biflow_direction UInt32, -- metering
    engine_type Nullable(UInt32), -- metering
    engine_id Nullable(UInt32), -- metering
    ingress_acl_id String, -- firewall
    egress_acl_id String, -- firewall
    firewall_event_code Nullable(UInt32), -- firewall
    egress_queue Nullable(UInt32), -- device
    access_list String, -- firewall
    tunnel_src_addr String, -- tunnel
    tunnel_dst_addr String, -- tunnel
    http_host String, -- application
    http_url String, -- application
    http_status UInt32, -- application
    function_name String, -- device
    src_network String, -- enriched
    dst_network String, -- enriched
    src_network_role String, -- enriched
    dst_network_role String, -- enriched
    src_network_site String, -- enriched
    dst_network_site String, -- enriched
    src_network_region String, -- enriched
    dst_network_region String, -- enriched
    src_network_tenant String, -- enriched
    dst_network_tenant String, -- enriched
    in_if_boundary String, -- enriched
    out_if_boundary String, -- enriched
    in_if_connectivity String, -- enriched
    out_if_connectivity String, -- enriched
    in_if_provider String, -- enriched
    out_if_provider String, -- enriched
    in_if_speed UInt64, -- enriched
    out_if_speed UInt64, -- enriched
    exporter_site String, -- enriched
    exporter_role String, -- enriched
    exporter_tenant String, -- enriched
    type Int32,
    sampling_rate UInt64,
    sequence_num UInt32,
    src_addr String,
    dst_addr String,
    bytes UInt64,
    packets UInt64,
    sampler_address String,
    next_hop String,
    src_as UInt32,
    dst_as UInt32,
    src_net UInt32,
    dst_net UInt32,
    in_if UInt32,
    out_if UInt32,
    proto UInt32,
    src_port UInt32,
    dst_port UInt32,
    ip_tos UInt32,
    forwarding_status UInt32,
    tcp_flags UInt32,
    vlan_id UInt32,
    etype UInt32,
    icmp_type UInt32,
    icmp_code UInt32,
    observation_domain_id UInt32,
    time_received_ns UInt64,
    time_flow_start_ns UInt64,
    time_flow_end_ns UInt64,
    flow_direction Int32,
    flow_end_reason UInt32,
    sampling_rate_source Int32,
    src_country String,
    dst_country String,
    kafka_topic String,
    kafka_partition UInt64,
    kafka_offset UInt64,
    kafka_time Nullable(DateTime64(3)),
    kafka_time_fault UInt8,
    kafka_error String,
    kafka_message String
)
ENGINE = Null;

-- What is wrong with a record, one row for each reason. The hour stands for a time that Kafka does not tell.
CREATE TABLE {{db}}.flows_faults{{on_cluster}}
(
    time DateTime64(3, 'UTC'),
    kafka_topic String,
    kafka_partition UInt64,
    kafka_offset UInt64,
    error String,
    raw_message String,
    reason String,
    flows UInt64
)
ENGINE = Null;

CREATE MATERIALIZED VIEW {{db}}.flows_faults_view{{on_cluster}} TO {{db}}.flows_faults AS
SELECT
    toDateTime64(ifNull(any(kafka_time), toStartOfHour(now())), 3, 'UTC') AS time,
    kafka_topic,
    kafka_partition,
    kafka_offset,
    multiIf(kafka_time_fault = 0, kafka_error,
            concat('received from ', toString(fromUnixTimestamp64Nano(toInt64(least(min(time_received_ns), 9223372036854775807)), 'UTC')),
                   ' to ', toString(fromUnixTimestamp64Nano(toInt64(least(max(time_received_ns), 9223372036854775807)), 'UTC')),
                   if(kafka_time_fault = 1,
                      ', not within {{days_before}} days before and {{hours_after}} h after the record was written: its flows have the time of the record',
                      ', before the {{retention}} days that flows_raw keeps: only tables that keep longer have its flows'))) AS error,
    any(kafka_message) AS raw_message,
    transform(kafka_time_fault, [1, 2], ['time', 'expired'], 'unreadable') AS reason,
    if(kafka_time_fault = 0, 0, count()) AS flows
FROM {{db}}.flows_feed
WHERE kafka_error != '' OR kafka_time_fault != 0
GROUP BY kafka_topic, kafka_partition, kafka_offset, kafka_error, kafka_time_fault;

-- A block that cannot be written is read again until it can be, and each time its faults come again: those that were
-- written are left out. This view is asked only where there is a fault, since the Null table stands before it.
CREATE MATERIALIZED VIEW {{db}}.flows_errors_view{{on_cluster}} TO {{db}}.flows_errors AS
SELECT
    *,
    now64(3, 'UTC') AS inserted_at
FROM {{db}}.flows_faults
WHERE (time, kafka_topic, kafka_partition, kafka_offset, reason) NOT IN
(
    SELECT time, kafka_topic, kafka_partition, kafka_offset, reason
    FROM {{db}}.flows_errors
    ORDER BY inserted_at DESC
    LIMIT 1000000
);

-- An absent time of receipt becomes the time at which the record was written to Kafka, and so does one that cannot be
-- (kafka_time_fault, see flows_consumer); an absent end of the flow becomes the time of receipt, and an absent start the
-- end: what the collector does with times that cannot be. An enum's value that this table does not know becomes OTHER.
CREATE MATERIALIZED VIEW {{db}}.flows_raw_view{{on_cluster}} TO {{db}}.flows_raw AS
SELECT
    next_hop_as, -- bgp
    ip_ttl, -- ip
    src_mac, -- mac
    dst_mac, -- mac
    src_vlan, -- vlan
    dst_vlan, -- vlan
    fragment_id, -- ip
    fragment_offset, -- ip
    ipv6_flow_label, -- ip
    ip_flags, -- ip
    observation_point_id, -- metering
    mpls_ttl, -- mpls
    mpls_label, -- mpls
    arrayMap(a -> sluice_address(a), mpls_ip) AS mpls_ip, -- mpls
    sluice_address(bgp_next_hop) AS bgp_next_hop, -- bgp
    bgp_communities, -- bgp
    as_path, -- bgp
    arrayMap(l -> CAST(if(l BETWEEN 0 AND 13 OR l = 99, l, -1) AS Enum8('Ethernet' = 0, 'IPv4' = 1, 'IPv6' = 2, 'TCP' = 3, 'UDP' = 4, 'MPLS' = 5, 'Dot1Q' = 6, 'ICMP' = 7, 'ICMPv6' = 8, 'GRE' = 9, 'IPv6HeaderRouting' = 10, 'IPv6HeaderFragment' = 11, 'Geneve' = 12, 'Teredo' = 13, 'Custom' = 99, 'OTHER' = -1)), layer_stack) AS layer_stack, -- packet
    layer_size, -- packet
    arrayMap(a -> sluice_address(a), ipv6_routing_header_addresses) AS ipv6_routing_header_addresses, -- packet
    ipv6_routing_header_seg_left, -- packet
    ingress_vrf_id, -- vrf
    egress_vrf_id, -- vrf
    flow_id, -- metering
    sluice_address(post_nat_src_addr) AS post_nat_src_addr, -- nat
    sluice_address(post_nat_dst_addr) AS post_nat_dst_addr, -- nat
    post_nat_src_port, -- nat
    post_nat_dst_port, -- nat
    nat_event, -- nat
    firewall_event, -- firewall
    application_id, -- application
    application_name, -- application
    user_name, -- application
    in_phys_if, -- metering
    out_phys_if, -- metering
    customer_vlan_id, -- qinq
    post_customer_vlan_id, -- qinq
    vlan_priority, -- qinq
    vni, -- tunnel
    src_peer_as, -- bgp
    next_adjacent_as, -- bgp
    prev_adjacent_as, -- bgp
    local_pref, -- bgp
    out_if_discard_reason, -- device
    out_if_multiple, -- device
    drop_reason, -- device
    sluice_address(inner_src_addr) AS inner_src_addr, -- tunnel
    sluice_address(inner_dst_addr) AS inner_dst_addr, -- tunnel
    inner_proto, -- tunnel
    inner_src_port, -- tunnel
    inner_dst_port, -- tunnel
    inner_etype, -- tunnel
    inner_ip_tos, -- tunnel
    in_if_name, -- names
    out_if_name, -- names
    in_if_description, -- names
    out_if_description, -- names
    ingress_vrf_name, -- vrf
    egress_vrf_name, -- vrf
    exporter_name, -- collector
    collector_id, -- collector
    sluice_address(exporter_address) AS exporter_address, -- collector
    sluice_address(original_exporter_address) AS original_exporter_address, -- metering
    nat_port_start, -- nat
    nat_port_end, -- nat
    nat_port_step, -- nat
    nat_port_count, -- nat
    nat_pool_id, -- nat
    nat_pool_name, -- nat
    wlan_ssid, -- wlan
    station_mac, -- wlan
    sluice_address(station_address) AS station_address, -- wlan
    access_point_mac, -- wlan
    mpls_label_type, -- mpls
    mpls_prefix_length, -- mpls
    mpls_vpn_rd, -- mpls
    flow_count, -- metering
    biflow_direction, -- metering
    engine_type, -- metering
    engine_id, -- metering
    ingress_acl_id, -- firewall
    egress_acl_id, -- firewall
    firewall_event_code, -- firewall
    egress_queue, -- device
    access_list, -- firewall
    sluice_address(tunnel_src_addr) AS tunnel_src_addr, -- tunnel
    sluice_address(tunnel_dst_addr) AS tunnel_dst_addr, -- tunnel
    http_host, -- application
    http_url, -- application
    http_status, -- application
    function_name, -- device
    src_network, -- enriched
    dst_network, -- enriched
    src_network_role, -- enriched
    dst_network_role, -- enriched
    src_network_site, -- enriched
    dst_network_site, -- enriched
    src_network_region, -- enriched
    dst_network_region, -- enriched
    src_network_tenant, -- enriched
    dst_network_tenant, -- enriched
    in_if_boundary, -- enriched
    out_if_boundary, -- enriched
    in_if_connectivity, -- enriched
    out_if_connectivity, -- enriched
    in_if_provider, -- enriched
    out_if_provider, -- enriched
    in_if_speed, -- enriched
    out_if_speed, -- enriched
    exporter_site, -- enriched
    exporter_role, -- enriched
    exporter_tenant, -- enriched
    CAST(if(type BETWEEN 0 AND 4, type, -1) AS Enum8('FLOWUNKNOWN' = 0, 'SFLOW_5' = 1, 'NETFLOW_V5' = 2, 'NETFLOW_V9' = 3, 'IPFIX' = 4, 'OTHER' = -1)) AS type,
    sampling_rate,
    sequence_num,
    sluice_address(src_addr) AS src_addr,
    sluice_address(dst_addr) AS dst_addr,
    bytes,
    packets,
    sluice_address(sampler_address) AS sampler_address,
    sluice_address(next_hop) AS next_hop,
    src_as,
    dst_as,
    src_net,
    dst_net,
    in_if,
    out_if,
    proto,
    src_port,
    dst_port,
    ip_tos,
    forwarding_status,
    tcp_flags,
    vlan_id,
    etype,
    icmp_type,
    icmp_code,
    observation_domain_id,
    sluice_time(if(kafka_time_fault = 1, 0, time_received_ns), toDateTime64(ifNull(kafka_time, now64(3)), 9, 'UTC')) AS time_received,
    sluice_time(time_flow_start_ns, time_flow_end) AS time_flow_start,
    sluice_time(time_flow_end_ns, time_received) AS time_flow_end,
    CAST(if(flow_direction BETWEEN 0 AND 2, flow_direction, -1) AS Enum8('DIRECTION_UNKNOWN' = 0, 'INGRESS' = 1, 'EGRESS' = 2, 'OTHER' = -1)) AS flow_direction,
    flow_end_reason,
    CAST(if(sampling_rate_source BETWEEN 0 AND 4, sampling_rate_source, -1) AS Enum8('RATE_UNKNOWN' = 0, 'HEADER' = 1, 'OPTIONS' = 2, 'RECORD' = 3, 'CONFIGURED' = 4, 'OTHER' = -1)) AS sampling_rate_source,
    src_country,
    dst_country,
    kafka_topic,
    kafka_partition,
    kafka_offset,
    now64(3, 'UTC') AS inserted_at
FROM {{db}}.flows_feed
WHERE kafka_error = '';

-- The engine remembers a proto file that it has read; this makes it read a newer one.
SYSTEM DROP FORMAT SCHEMA CACHE;

CREATE TABLE {{db}}.flows{{on_cluster}}
(
    next_hop_as UInt32, -- bgp
    ip_ttl UInt32, -- ip
    src_mac UInt64, -- mac
    dst_mac UInt64, -- mac
    src_vlan UInt32, -- vlan
    dst_vlan UInt32, -- vlan
    fragment_id UInt32, -- ip
    fragment_offset UInt32, -- ip
    ipv6_flow_label UInt32, -- ip
    ip_flags UInt32, -- ip
    observation_point_id UInt32, -- metering
    mpls_ttl Array(UInt32), -- mpls
    mpls_label Array(UInt32), -- mpls
    mpls_ip Array(String), -- mpls
    bgp_next_hop String, -- bgp
    bgp_communities Array(UInt32), -- bgp
    as_path Array(UInt32), -- bgp
    layer_stack Array(Int32), -- packet
    layer_size Array(UInt32), -- packet
    ipv6_routing_header_addresses Array(String), -- packet
    ipv6_routing_header_seg_left UInt32, -- packet
    ingress_vrf_id Nullable(UInt32), -- vrf
    egress_vrf_id Nullable(UInt32), -- vrf
    flow_id UInt64, -- metering
    post_nat_src_addr String, -- nat
    post_nat_dst_addr String, -- nat
    post_nat_src_port UInt32, -- nat
    post_nat_dst_port UInt32, -- nat
    nat_event Nullable(UInt32), -- nat
    firewall_event Nullable(UInt32), -- firewall
    application_id String, -- application
    application_name String, -- application
    user_name String, -- application
    in_phys_if UInt32, -- metering
    out_phys_if UInt32, -- metering
    customer_vlan_id Nullable(UInt32), -- qinq
    post_customer_vlan_id Nullable(UInt32), -- qinq
    vlan_priority Nullable(UInt32), -- qinq
    vni Nullable(UInt32), -- tunnel
    src_peer_as UInt32, -- bgp
    next_adjacent_as UInt32, -- bgp
    prev_adjacent_as UInt32, -- bgp
    local_pref Nullable(UInt32), -- bgp
    out_if_discard_reason Nullable(UInt32), -- device
    out_if_multiple Nullable(UInt32), -- device
    drop_reason Nullable(UInt32), -- device
    inner_src_addr String, -- tunnel
    inner_dst_addr String, -- tunnel
    inner_proto UInt32, -- tunnel
    inner_src_port UInt32, -- tunnel
    inner_dst_port UInt32, -- tunnel
    inner_etype UInt32, -- tunnel
    inner_ip_tos UInt32, -- tunnel
    in_if_name String, -- names
    out_if_name String, -- names
    in_if_description String, -- names
    out_if_description String, -- names
    ingress_vrf_name String, -- vrf
    egress_vrf_name String, -- vrf
    exporter_name String, -- collector
    collector_id String, -- collector
    exporter_address String, -- collector
    original_exporter_address String, -- metering
    nat_port_start UInt32, -- nat
    nat_port_end UInt32, -- nat
    nat_port_step UInt32, -- nat
    nat_port_count UInt32, -- nat
    nat_pool_id UInt32, -- nat
    nat_pool_name String, -- nat
    wlan_ssid String, -- wlan
    station_mac UInt64, -- wlan
    station_address String, -- wlan
    access_point_mac UInt64, -- wlan
    mpls_label_type UInt32, -- mpls
    mpls_prefix_length UInt32, -- mpls
    mpls_vpn_rd String, -- mpls
    flow_count UInt64, -- metering
    biflow_direction UInt32, -- metering
    engine_type Nullable(UInt32), -- metering
    engine_id Nullable(UInt32), -- metering
    ingress_acl_id String, -- firewall
    egress_acl_id String, -- firewall
    firewall_event_code Nullable(UInt32), -- firewall
    egress_queue Nullable(UInt32), -- device
    access_list String, -- firewall
    tunnel_src_addr String, -- tunnel
    tunnel_dst_addr String, -- tunnel
    http_host String, -- application
    http_url String, -- application
    http_status UInt32, -- application
    function_name String, -- device
    src_network String, -- enriched
    dst_network String, -- enriched
    src_network_role String, -- enriched
    dst_network_role String, -- enriched
    src_network_site String, -- enriched
    dst_network_site String, -- enriched
    src_network_region String, -- enriched
    dst_network_region String, -- enriched
    src_network_tenant String, -- enriched
    dst_network_tenant String, -- enriched
    in_if_boundary String, -- enriched
    out_if_boundary String, -- enriched
    in_if_connectivity String, -- enriched
    out_if_connectivity String, -- enriched
    in_if_provider String, -- enriched
    out_if_provider String, -- enriched
    in_if_speed UInt64, -- enriched
    out_if_speed UInt64, -- enriched
    exporter_site String, -- enriched
    exporter_role String, -- enriched
    exporter_tenant String, -- enriched
    type Int32,
    sampling_rate UInt64,
    sequence_num UInt32,
    src_addr String,
    dst_addr String,
    bytes UInt64,
    packets UInt64,
    sampler_address String,
    next_hop String,
    src_as UInt32,
    dst_as UInt32,
    src_net UInt32,
    dst_net UInt32,
    in_if UInt32,
    out_if UInt32,
    proto UInt32,
    src_port UInt32,
    dst_port UInt32,
    ip_tos UInt32,
    forwarding_status UInt32,
    tcp_flags UInt32,
    vlan_id UInt32,
    etype UInt32,
    icmp_type UInt32,
    icmp_code UInt32,
    observation_domain_id UInt32,
    time_received_ns UInt64,
    time_flow_start_ns UInt64,
    time_flow_end_ns UInt64,
    flow_direction Int32,
    flow_end_reason UInt32,
    sampling_rate_source Int32,
    src_country String,
    dst_country String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '{{brokers}}',
    kafka_topic_list = '{{topic}}',
    kafka_group_name = '{{group}}',
    kafka_format = 'Protobuf',
    kafka_schema = 'flow.proto:FlowMessage',
    kafka_max_block_size = {{block_rows}},
    kafka_handle_error_mode = 'stream',
    kafka_num_consumers = {{consumers}},
    kafka_thread_per_consumer = 1,
    kafka_poll_max_batch_size = {{poll_records}},
    kafka_flush_interval_ms = {{flush_ms}},
    kafka_poll_timeout_ms = {{poll_ms}},
    kafka_consumer_reschedule_ms = {{reschedule_ms}};

-- The topic is no place for times of receipt of other years: each day is a partition of flows_raw, and days that are over
-- are dropped. kafka_time_fault is 1 where a flow was not received about when its record was written, and 2 where
-- flows_raw keeps its day no longer. Kafka's own time is believed where it is not in the future and some table keeps
-- its day. Who writes old flows into flows_feed by another way than the topic is not asked.
CREATE MATERIALIZED VIEW {{db}}.flows_consumer{{on_cluster}} TO {{db}}.flows_feed AS
WITH
    toUnixTimestamp64Milli(now64(3)) AS _now_ms,
    toUnixTimestamp64Milli(ifNull(kafka_time, now64(3))) AS _written_ms,
    toInt64(intDiv(time_received_ns, 1000000)) AS _received_ms
SELECT
    *,
    _topic AS kafka_topic,
    _partition AS kafka_partition,
    _offset AS kafka_offset,
    if(_timestamp_ms BETWEEN now64(3) - toIntervalDay({{kept_longest}}) AND now64(3) + toIntervalDay(1), _timestamp_ms, NULL) AS kafka_time,
    multiIf(_error != '', 0, time_received_ns != 0 AND NOT (_received_ms BETWEEN _written_ms - {{days_before}} * 86400000 AND _written_ms + {{hours_after}} * 3600000), 1, if(time_received_ns = 0, _written_ms, _received_ms) < (intDiv(_now_ms, 86400000) - {{retention}} + 1) * 86400000, 2, 0) AS kafka_time_fault,
    _error AS kafka_error,
    _raw_message AS kafka_message
FROM {{db}}.flows;

-- begin: only with --native-topic
-- From a topic of records of columns (format native of a sink of type kafka) to the same tables. A record is one row in
-- ClickHouse's Native format, whose columns are arrays of all its flows' values under the names of the message. It has
-- only columns in which a flow has a value; what else this table has gets defaults, and what this table does not know is
-- passed over, so a record may be of an older or a newer collector. A block is so many records, not flows.
CREATE TABLE {{db}}.flows_native_feed{{on_cluster}}
(
    next_hop_as UInt32, -- bgp
    ip_ttl UInt32, -- ip
    src_mac UInt64, -- mac
    dst_mac UInt64, -- mac
    src_vlan UInt32, -- vlan
    dst_vlan UInt32, -- vlan
    fragment_id UInt32, -- ip
    fragment_offset UInt32, -- ip
    ipv6_flow_label UInt32, -- ip
    ip_flags UInt32, -- ip
    observation_point_id UInt32, -- metering
    mpls_ttl Array(UInt32), -- mpls
    mpls_label Array(UInt32), -- mpls
    mpls_ip Array(IPv6), -- mpls
    bgp_next_hop IPv6, -- bgp
    bgp_communities Array(UInt32), -- bgp
    as_path Array(UInt32), -- bgp
    layer_stack Array(Int8), -- packet
    layer_size Array(UInt32), -- packet
    ipv6_routing_header_addresses Array(IPv6), -- packet
    ipv6_routing_header_seg_left UInt32, -- packet
    ingress_vrf_id Nullable(UInt32), -- vrf
    egress_vrf_id Nullable(UInt32), -- vrf
    flow_id UInt64, -- metering
    post_nat_src_addr IPv6, -- nat
    post_nat_dst_addr IPv6, -- nat
    post_nat_src_port UInt32, -- nat
    post_nat_dst_port UInt32, -- nat
    nat_event Nullable(UInt32), -- nat
    firewall_event Nullable(UInt32), -- firewall
    application_id String, -- application
    application_name String, -- application
    user_name String, -- application
    in_phys_if UInt32, -- metering
    out_phys_if UInt32, -- metering
    customer_vlan_id Nullable(UInt32), -- qinq
    post_customer_vlan_id Nullable(UInt32), -- qinq
    vlan_priority Nullable(UInt32), -- qinq
    vni Nullable(UInt32), -- tunnel
    src_peer_as UInt32, -- bgp
    next_adjacent_as UInt32, -- bgp
    prev_adjacent_as UInt32, -- bgp
    local_pref Nullable(UInt32), -- bgp
    out_if_discard_reason Nullable(UInt32), -- device
    out_if_multiple Nullable(UInt32), -- device
    drop_reason Nullable(UInt32), -- device
    inner_src_addr IPv6, -- tunnel
    inner_dst_addr IPv6, -- tunnel
    inner_proto UInt32, -- tunnel
    inner_src_port UInt32, -- tunnel
    inner_dst_port UInt32, -- tunnel
    inner_etype UInt32, -- tunnel
    inner_ip_tos UInt32, -- tunnel
    in_if_name String, -- names
    out_if_name String, -- names
    in_if_description String, -- names
    out_if_description String, -- names
    ingress_vrf_name String, -- vrf
    egress_vrf_name String, -- vrf
    exporter_name String, -- collector
    collector_id String, -- collector
    exporter_address IPv6, -- collector
    original_exporter_address IPv6, -- metering
    nat_port_start UInt32, -- nat
    nat_port_end UInt32, -- nat
    nat_port_step UInt32, -- nat
    nat_port_count UInt32, -- nat
    nat_pool_id UInt32, -- nat
    nat_pool_name String, -- nat
    wlan_ssid String, -- wlan
    station_mac UInt64, -- wlan
    station_address IPv6, -- wlan
    access_point_mac UInt64, -- wlan
    mpls_label_type UInt32, -- mpls
    mpls_prefix_length UInt32, -- mpls
    mpls_vpn_rd String, -- mpls
    flow_count UInt64, -- metering
    biflow_direction UInt32, -- metering
    engine_type Nullable(UInt32), -- metering
    engine_id Nullable(UInt32), -- metering
    ingress_acl_id String, -- firewall
    egress_acl_id String, -- firewall
    firewall_event_code Nullable(UInt32), -- firewall
    egress_queue Nullable(UInt32), -- device
    access_list String, -- firewall
    tunnel_src_addr IPv6, -- tunnel
    tunnel_dst_addr IPv6, -- tunnel
    http_host String, -- application
    http_url String, -- application
    http_status UInt32, -- application
    function_name String, -- device
    src_network String, -- enriched
    dst_network String, -- enriched
    src_network_role String, -- enriched
    dst_network_role String, -- enriched
    src_network_site String, -- enriched
    dst_network_site String, -- enriched
    src_network_region String, -- enriched
    dst_network_region String, -- enriched
    src_network_tenant String, -- enriched
    dst_network_tenant String, -- enriched
    in_if_boundary String, -- enriched
    out_if_boundary String, -- enriched
    in_if_connectivity String, -- enriched
    out_if_connectivity String, -- enriched
    in_if_provider String, -- enriched
    out_if_provider String, -- enriched
    in_if_speed UInt64, -- enriched
    out_if_speed UInt64, -- enriched
    exporter_site String, -- enriched
    exporter_role String, -- enriched
    exporter_tenant String, -- enriched
    type Int8,
    sampling_rate UInt64,
    sequence_num UInt32,
    src_addr IPv6,
    dst_addr IPv6,
    bytes UInt64,
    packets UInt64,
    sampler_address IPv6,
    next_hop IPv6,
    src_as UInt32,
    dst_as UInt32,
    src_net UInt32,
    dst_net UInt32,
    in_if UInt32,
    out_if UInt32,
    proto UInt32,
    src_port UInt32,
    dst_port UInt32,
    ip_tos UInt32,
    forwarding_status UInt32,
    tcp_flags UInt32,
    vlan_id UInt32,
    etype UInt32,
    icmp_type UInt32,
    icmp_code UInt32,
    observation_domain_id UInt32,
    time_received_ns UInt64,
    time_flow_start_ns UInt64,
    time_flow_end_ns UInt64,
    flow_direction Int8,
    flow_end_reason UInt32,
    sampling_rate_source Int8,
    src_country String,
    dst_country String,
    kafka_topic String,
    kafka_partition UInt64,
    kafka_offset UInt64,
    kafka_time Nullable(DateTime64(3)),
    kafka_time_fault UInt8,
    kafka_error String,
    kafka_message String
)
ENGINE = Null;

CREATE MATERIALIZED VIEW {{db}}.flows_native_faults_view{{on_cluster}} TO {{db}}.flows_faults AS
SELECT
    toDateTime64(ifNull(any(kafka_time), toStartOfHour(now())), 3, 'UTC') AS time,
    kafka_topic,
    kafka_partition,
    kafka_offset,
    multiIf(kafka_time_fault = 0, kafka_error,
            concat('received from ', toString(fromUnixTimestamp64Nano(toInt64(least(min(time_received_ns), 9223372036854775807)), 'UTC')),
                   ' to ', toString(fromUnixTimestamp64Nano(toInt64(least(max(time_received_ns), 9223372036854775807)), 'UTC')),
                   if(kafka_time_fault = 1,
                      ', not within {{days_before}} days before and {{hours_after}} h after the record was written: its flows have the time of the record',
                      ', before the {{retention}} days that flows_raw keeps: only tables that keep longer have its flows'))) AS error,
    any(kafka_message) AS raw_message,
    transform(kafka_time_fault, [1, 2], ['time', 'expired'], 'unreadable') AS reason,
    if(kafka_time_fault = 0, 0, count()) AS flows
FROM {{db}}.flows_native_feed
WHERE kafka_error != '' OR kafka_time_fault != 0
GROUP BY kafka_topic, kafka_partition, kafka_offset, kafka_error, kafka_time_fault;

CREATE MATERIALIZED VIEW {{db}}.flows_native_raw_view{{on_cluster}} TO {{db}}.flows_raw AS
SELECT
    next_hop_as, -- bgp
    ip_ttl, -- ip
    src_mac, -- mac
    dst_mac, -- mac
    src_vlan, -- vlan
    dst_vlan, -- vlan
    fragment_id, -- ip
    fragment_offset, -- ip
    ipv6_flow_label, -- ip
    ip_flags, -- ip
    observation_point_id, -- metering
    mpls_ttl, -- mpls
    mpls_label, -- mpls
    mpls_ip, -- mpls
    bgp_next_hop, -- bgp
    bgp_communities, -- bgp
    as_path, -- bgp
    arrayMap(l -> CAST(if(l BETWEEN 0 AND 13 OR l = 99, l, -1) AS Enum8('Ethernet' = 0, 'IPv4' = 1, 'IPv6' = 2, 'TCP' = 3, 'UDP' = 4, 'MPLS' = 5, 'Dot1Q' = 6, 'ICMP' = 7, 'ICMPv6' = 8, 'GRE' = 9, 'IPv6HeaderRouting' = 10, 'IPv6HeaderFragment' = 11, 'Geneve' = 12, 'Teredo' = 13, 'Custom' = 99, 'OTHER' = -1)), layer_stack) AS layer_stack, -- packet
    layer_size, -- packet
    ipv6_routing_header_addresses, -- packet
    ipv6_routing_header_seg_left, -- packet
    ingress_vrf_id, -- vrf
    egress_vrf_id, -- vrf
    flow_id, -- metering
    post_nat_src_addr, -- nat
    post_nat_dst_addr, -- nat
    post_nat_src_port, -- nat
    post_nat_dst_port, -- nat
    nat_event, -- nat
    firewall_event, -- firewall
    application_id, -- application
    application_name, -- application
    user_name, -- application
    in_phys_if, -- metering
    out_phys_if, -- metering
    customer_vlan_id, -- qinq
    post_customer_vlan_id, -- qinq
    vlan_priority, -- qinq
    vni, -- tunnel
    src_peer_as, -- bgp
    next_adjacent_as, -- bgp
    prev_adjacent_as, -- bgp
    local_pref, -- bgp
    out_if_discard_reason, -- device
    out_if_multiple, -- device
    drop_reason, -- device
    inner_src_addr, -- tunnel
    inner_dst_addr, -- tunnel
    inner_proto, -- tunnel
    inner_src_port, -- tunnel
    inner_dst_port, -- tunnel
    inner_etype, -- tunnel
    inner_ip_tos, -- tunnel
    in_if_name, -- names
    out_if_name, -- names
    in_if_description, -- names
    out_if_description, -- names
    ingress_vrf_name, -- vrf
    egress_vrf_name, -- vrf
    exporter_name, -- collector
    collector_id, -- collector
    exporter_address, -- collector
    original_exporter_address, -- metering
    nat_port_start, -- nat
    nat_port_end, -- nat
    nat_port_step, -- nat
    nat_port_count, -- nat
    nat_pool_id, -- nat
    nat_pool_name, -- nat
    wlan_ssid, -- wlan
    station_mac, -- wlan
    station_address, -- wlan
    access_point_mac, -- wlan
    mpls_label_type, -- mpls
    mpls_prefix_length, -- mpls
    mpls_vpn_rd, -- mpls
    flow_count, -- metering
    biflow_direction, -- metering
    engine_type, -- metering
    engine_id, -- metering
    ingress_acl_id, -- firewall
    egress_acl_id, -- firewall
    firewall_event_code, -- firewall
    egress_queue, -- device
    access_list, -- firewall
    tunnel_src_addr, -- tunnel
    tunnel_dst_addr, -- tunnel
    http_host, -- application
    http_url, -- application
    http_status, -- application
    function_name, -- device
    src_network, -- enriched
    dst_network, -- enriched
    src_network_role, -- enriched
    dst_network_role, -- enriched
    src_network_site, -- enriched
    dst_network_site, -- enriched
    src_network_region, -- enriched
    dst_network_region, -- enriched
    src_network_tenant, -- enriched
    dst_network_tenant, -- enriched
    in_if_boundary, -- enriched
    out_if_boundary, -- enriched
    in_if_connectivity, -- enriched
    out_if_connectivity, -- enriched
    in_if_provider, -- enriched
    out_if_provider, -- enriched
    in_if_speed, -- enriched
    out_if_speed, -- enriched
    exporter_site, -- enriched
    exporter_role, -- enriched
    exporter_tenant, -- enriched
    CAST(if(type BETWEEN 0 AND 4, type, -1) AS Enum8('FLOWUNKNOWN' = 0, 'SFLOW_5' = 1, 'NETFLOW_V5' = 2, 'NETFLOW_V9' = 3, 'IPFIX' = 4, 'OTHER' = -1)) AS type,
    sampling_rate,
    sequence_num,
    src_addr,
    dst_addr,
    bytes,
    packets,
    sampler_address,
    next_hop,
    src_as,
    dst_as,
    src_net,
    dst_net,
    in_if,
    out_if,
    proto,
    src_port,
    dst_port,
    ip_tos,
    forwarding_status,
    tcp_flags,
    vlan_id,
    etype,
    icmp_type,
    icmp_code,
    observation_domain_id,
    sluice_time(if(kafka_time_fault = 1, 0, time_received_ns), toDateTime64(ifNull(kafka_time, now64(3)), 9, 'UTC')) AS time_received,
    sluice_time(time_flow_start_ns, time_flow_end) AS time_flow_start,
    sluice_time(time_flow_end_ns, time_received) AS time_flow_end,
    CAST(if(flow_direction BETWEEN 0 AND 2, flow_direction, -1) AS Enum8('DIRECTION_UNKNOWN' = 0, 'INGRESS' = 1, 'EGRESS' = 2, 'OTHER' = -1)) AS flow_direction,
    flow_end_reason,
    CAST(if(sampling_rate_source BETWEEN 0 AND 4, sampling_rate_source, -1) AS Enum8('RATE_UNKNOWN' = 0, 'HEADER' = 1, 'OPTIONS' = 2, 'RECORD' = 3, 'CONFIGURED' = 4, 'OTHER' = -1)) AS sampling_rate_source,
    src_country,
    dst_country,
    kafka_topic,
    kafka_partition,
    kafka_offset,
    now64(3, 'UTC') AS inserted_at
FROM {{db}}.flows_native_feed
WHERE kafka_error = '';

CREATE TABLE {{db}}.flows_native{{on_cluster}}
(
    next_hop_as Array(UInt32), -- bgp
    ip_ttl Array(UInt32), -- ip
    src_mac Array(UInt64), -- mac
    dst_mac Array(UInt64), -- mac
    src_vlan Array(UInt32), -- vlan
    dst_vlan Array(UInt32), -- vlan
    fragment_id Array(UInt32), -- ip
    fragment_offset Array(UInt32), -- ip
    ipv6_flow_label Array(UInt32), -- ip
    ip_flags Array(UInt32), -- ip
    observation_point_id Array(UInt32), -- metering
    mpls_ttl Array(Array(UInt32)), -- mpls
    mpls_label Array(Array(UInt32)), -- mpls
    mpls_ip Array(Array(IPv6)), -- mpls
    bgp_next_hop Array(IPv6), -- bgp
    bgp_communities Array(Array(UInt32)), -- bgp
    as_path Array(Array(UInt32)), -- bgp
    layer_stack Array(Array(Int8)), -- packet
    layer_size Array(Array(UInt32)), -- packet
    ipv6_routing_header_addresses Array(Array(IPv6)), -- packet
    ipv6_routing_header_seg_left Array(UInt32), -- packet
    ingress_vrf_id Array(Nullable(UInt32)), -- vrf
    egress_vrf_id Array(Nullable(UInt32)), -- vrf
    flow_id Array(UInt64), -- metering
    post_nat_src_addr Array(IPv6), -- nat
    post_nat_dst_addr Array(IPv6), -- nat
    post_nat_src_port Array(UInt32), -- nat
    post_nat_dst_port Array(UInt32), -- nat
    nat_event Array(Nullable(UInt32)), -- nat
    firewall_event Array(Nullable(UInt32)), -- firewall
    application_id Array(String), -- application
    application_name Array(String), -- application
    user_name Array(String), -- application
    in_phys_if Array(UInt32), -- metering
    out_phys_if Array(UInt32), -- metering
    customer_vlan_id Array(Nullable(UInt32)), -- qinq
    post_customer_vlan_id Array(Nullable(UInt32)), -- qinq
    vlan_priority Array(Nullable(UInt32)), -- qinq
    vni Array(Nullable(UInt32)), -- tunnel
    src_peer_as Array(UInt32), -- bgp
    next_adjacent_as Array(UInt32), -- bgp
    prev_adjacent_as Array(UInt32), -- bgp
    local_pref Array(Nullable(UInt32)), -- bgp
    out_if_discard_reason Array(Nullable(UInt32)), -- device
    out_if_multiple Array(Nullable(UInt32)), -- device
    drop_reason Array(Nullable(UInt32)), -- device
    inner_src_addr Array(IPv6), -- tunnel
    inner_dst_addr Array(IPv6), -- tunnel
    inner_proto Array(UInt32), -- tunnel
    inner_src_port Array(UInt32), -- tunnel
    inner_dst_port Array(UInt32), -- tunnel
    inner_etype Array(UInt32), -- tunnel
    inner_ip_tos Array(UInt32), -- tunnel
    in_if_name Array(String), -- names
    out_if_name Array(String), -- names
    in_if_description Array(String), -- names
    out_if_description Array(String), -- names
    ingress_vrf_name Array(String), -- vrf
    egress_vrf_name Array(String), -- vrf
    exporter_name Array(String), -- collector
    collector_id Array(String), -- collector
    exporter_address Array(IPv6), -- collector
    original_exporter_address Array(IPv6), -- metering
    nat_port_start Array(UInt32), -- nat
    nat_port_end Array(UInt32), -- nat
    nat_port_step Array(UInt32), -- nat
    nat_port_count Array(UInt32), -- nat
    nat_pool_id Array(UInt32), -- nat
    nat_pool_name Array(String), -- nat
    wlan_ssid Array(String), -- wlan
    station_mac Array(UInt64), -- wlan
    station_address Array(IPv6), -- wlan
    access_point_mac Array(UInt64), -- wlan
    mpls_label_type Array(UInt32), -- mpls
    mpls_prefix_length Array(UInt32), -- mpls
    mpls_vpn_rd Array(String), -- mpls
    flow_count Array(UInt64), -- metering
    biflow_direction Array(UInt32), -- metering
    engine_type Array(Nullable(UInt32)), -- metering
    engine_id Array(Nullable(UInt32)), -- metering
    ingress_acl_id Array(String), -- firewall
    egress_acl_id Array(String), -- firewall
    firewall_event_code Array(Nullable(UInt32)), -- firewall
    egress_queue Array(Nullable(UInt32)), -- device
    access_list Array(String), -- firewall
    tunnel_src_addr Array(IPv6), -- tunnel
    tunnel_dst_addr Array(IPv6), -- tunnel
    http_host Array(String), -- application
    http_url Array(String), -- application
    http_status Array(UInt32), -- application
    function_name Array(String), -- device
    src_network Array(String), -- enriched
    dst_network Array(String), -- enriched
    src_network_role Array(String), -- enriched
    dst_network_role Array(String), -- enriched
    src_network_site Array(String), -- enriched
    dst_network_site Array(String), -- enriched
    src_network_region Array(String), -- enriched
    dst_network_region Array(String), -- enriched
    src_network_tenant Array(String), -- enriched
    dst_network_tenant Array(String), -- enriched
    in_if_boundary Array(String), -- enriched
    out_if_boundary Array(String), -- enriched
    in_if_connectivity Array(String), -- enriched
    out_if_connectivity Array(String), -- enriched
    in_if_provider Array(String), -- enriched
    out_if_provider Array(String), -- enriched
    in_if_speed Array(UInt64), -- enriched
    out_if_speed Array(UInt64), -- enriched
    exporter_site Array(String), -- enriched
    exporter_role Array(String), -- enriched
    exporter_tenant Array(String), -- enriched
    type Array(Int8),
    sampling_rate Array(UInt64),
    sequence_num Array(UInt32),
    src_addr Array(IPv6),
    dst_addr Array(IPv6),
    bytes Array(UInt64),
    packets Array(UInt64),
    sampler_address Array(IPv6),
    next_hop Array(IPv6),
    src_as Array(UInt32),
    dst_as Array(UInt32),
    src_net Array(UInt32),
    dst_net Array(UInt32),
    in_if Array(UInt32),
    out_if Array(UInt32),
    proto Array(UInt32),
    src_port Array(UInt32),
    dst_port Array(UInt32),
    ip_tos Array(UInt32),
    forwarding_status Array(UInt32),
    tcp_flags Array(UInt32),
    vlan_id Array(UInt32),
    etype Array(UInt32),
    icmp_type Array(UInt32),
    icmp_code Array(UInt32),
    observation_domain_id Array(UInt32),
    time_received_ns Array(UInt64),
    time_flow_start_ns Array(UInt64),
    time_flow_end_ns Array(UInt64),
    flow_direction Array(Int8),
    flow_end_reason Array(UInt32),
    sampling_rate_source Array(Int8),
    src_country Array(String),
    dst_country Array(String)
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '{{brokers}}',
    kafka_topic_list = '{{native_topic}}',
    kafka_group_name = '{{group}}-native',
    kafka_format = 'Native',
    kafka_max_block_size = {{native_records}},
    kafka_handle_error_mode = 'stream',
    kafka_num_consumers = {{consumers}},
    kafka_thread_per_consumer = 1,
    kafka_poll_max_batch_size = {{poll_records}},
    kafka_flush_interval_ms = {{flush_ms}},
    kafka_poll_timeout_ms = {{poll_ms}},
    kafka_consumer_reschedule_ms = {{reschedule_ms}};

-- A record that cannot be read, or whose columns have different lengths, is no record of ours: whatever rows it makes have its
-- error. LEFT keeps one that has no rows. Columns that are missing are filled up with defaults by the setting.
CREATE MATERIALIZED VIEW {{db}}.flows_native_consumer{{on_cluster}} TO {{db}}.flows_native_feed AS
WITH
    toUnixTimestamp64Milli(now64(3)) AS _now_ms,
    toUnixTimestamp64Milli(ifNull(kafka_time, now64(3))) AS _written_ms,
    toInt64(intDiv(time_received_ns, 1000000)) AS _received_ms,
    multiIf(_unread != '', _unread, _uneven, 'a record with columns of different lengths', _at = 0, 'a record of columns without flows', '') AS _error
SELECT
    next_hop_as, -- bgp
    ip_ttl, -- ip
    src_mac, -- mac
    dst_mac, -- mac
    src_vlan, -- vlan
    dst_vlan, -- vlan
    fragment_id, -- ip
    fragment_offset, -- ip
    ipv6_flow_label, -- ip
    ip_flags, -- ip
    observation_point_id, -- metering
    mpls_ttl, -- mpls
    mpls_label, -- mpls
    mpls_ip, -- mpls
    bgp_next_hop, -- bgp
    bgp_communities, -- bgp
    as_path, -- bgp
    layer_stack, -- packet
    layer_size, -- packet
    ipv6_routing_header_addresses, -- packet
    ipv6_routing_header_seg_left, -- packet
    ingress_vrf_id, -- vrf
    egress_vrf_id, -- vrf
    flow_id, -- metering
    post_nat_src_addr, -- nat
    post_nat_dst_addr, -- nat
    post_nat_src_port, -- nat
    post_nat_dst_port, -- nat
    nat_event, -- nat
    firewall_event, -- firewall
    application_id, -- application
    application_name, -- application
    user_name, -- application
    in_phys_if, -- metering
    out_phys_if, -- metering
    customer_vlan_id, -- qinq
    post_customer_vlan_id, -- qinq
    vlan_priority, -- qinq
    vni, -- tunnel
    src_peer_as, -- bgp
    next_adjacent_as, -- bgp
    prev_adjacent_as, -- bgp
    local_pref, -- bgp
    out_if_discard_reason, -- device
    out_if_multiple, -- device
    drop_reason, -- device
    inner_src_addr, -- tunnel
    inner_dst_addr, -- tunnel
    inner_proto, -- tunnel
    inner_src_port, -- tunnel
    inner_dst_port, -- tunnel
    inner_etype, -- tunnel
    inner_ip_tos, -- tunnel
    in_if_name, -- names
    out_if_name, -- names
    in_if_description, -- names
    out_if_description, -- names
    ingress_vrf_name, -- vrf
    egress_vrf_name, -- vrf
    exporter_name, -- collector
    collector_id, -- collector
    exporter_address, -- collector
    original_exporter_address, -- metering
    nat_port_start, -- nat
    nat_port_end, -- nat
    nat_port_step, -- nat
    nat_port_count, -- nat
    nat_pool_id, -- nat
    nat_pool_name, -- nat
    wlan_ssid, -- wlan
    station_mac, -- wlan
    station_address, -- wlan
    access_point_mac, -- wlan
    mpls_label_type, -- mpls
    mpls_prefix_length, -- mpls
    mpls_vpn_rd, -- mpls
    flow_count, -- metering
    biflow_direction, -- metering
    engine_type, -- metering
    engine_id, -- metering
    ingress_acl_id, -- firewall
    egress_acl_id, -- firewall
    firewall_event_code, -- firewall
    egress_queue, -- device
    access_list, -- firewall
    tunnel_src_addr, -- tunnel
    tunnel_dst_addr, -- tunnel
    http_host, -- application
    http_url, -- application
    http_status, -- application
    function_name, -- device
    src_network, -- enriched
    dst_network, -- enriched
    src_network_role, -- enriched
    dst_network_role, -- enriched
    src_network_site, -- enriched
    dst_network_site, -- enriched
    src_network_region, -- enriched
    dst_network_region, -- enriched
    src_network_tenant, -- enriched
    dst_network_tenant, -- enriched
    in_if_boundary, -- enriched
    out_if_boundary, -- enriched
    in_if_connectivity, -- enriched
    out_if_connectivity, -- enriched
    in_if_provider, -- enriched
    out_if_provider, -- enriched
    in_if_speed, -- enriched
    out_if_speed, -- enriched
    exporter_site, -- enriched
    exporter_role, -- enriched
    exporter_tenant, -- enriched
    type,
    sampling_rate,
    sequence_num,
    src_addr,
    dst_addr,
    bytes,
    packets,
    sampler_address,
    next_hop,
    src_as,
    dst_as,
    src_net,
    dst_net,
    in_if,
    out_if,
    proto,
    src_port,
    dst_port,
    ip_tos,
    forwarding_status,
    tcp_flags,
    vlan_id,
    etype,
    icmp_type,
    icmp_code,
    observation_domain_id,
    time_received_ns,
    time_flow_start_ns,
    time_flow_end_ns,
    flow_direction,
    flow_end_reason,
    sampling_rate_source,
    src_country,
    dst_country,
    _topic AS kafka_topic,
    _partition AS kafka_partition,
    _offset AS kafka_offset,
    if(_timestamp_ms BETWEEN now64(3) - toIntervalDay({{kept_longest}}) AND now64(3) + toIntervalDay(1), _timestamp_ms, NULL) AS kafka_time,
    multiIf(_error != '', 0, time_received_ns != 0 AND NOT (_received_ms BETWEEN _written_ms - {{days_before}} * 86400000 AND _written_ms + {{hours_after}} * 3600000), 1, if(time_received_ns = 0, _written_ms, _received_ms) < (intDiv(_now_ms, 86400000) - {{retention}} + 1) * 86400000, 2, 0) AS kafka_time_fault,
    _error AS kafka_error,
    _raw_message AS kafka_message
FROM
(
    SELECT
        *, _topic, _partition, _offset, _timestamp_ms, _raw_message, _error AS _unread,
        arrayExists(n -> n != 0 AND n != length(type),
        [
    length(next_hop_as), -- bgp
    length(ip_ttl), -- ip
    length(src_mac), -- mac
    length(dst_mac), -- mac
    length(src_vlan), -- vlan
    length(dst_vlan), -- vlan
    length(fragment_id), -- ip
    length(fragment_offset), -- ip
    length(ipv6_flow_label), -- ip
    length(ip_flags), -- ip
    length(observation_point_id), -- metering
    length(mpls_ttl), -- mpls
    length(mpls_label), -- mpls
    length(mpls_ip), -- mpls
    length(bgp_next_hop), -- bgp
    length(bgp_communities), -- bgp
    length(as_path), -- bgp
    length(layer_stack), -- packet
    length(layer_size), -- packet
    length(ipv6_routing_header_addresses), -- packet
    length(ipv6_routing_header_seg_left), -- packet
    length(ingress_vrf_id), -- vrf
    length(egress_vrf_id), -- vrf
    length(flow_id), -- metering
    length(post_nat_src_addr), -- nat
    length(post_nat_dst_addr), -- nat
    length(post_nat_src_port), -- nat
    length(post_nat_dst_port), -- nat
    length(nat_event), -- nat
    length(firewall_event), -- firewall
    length(application_id), -- application
    length(application_name), -- application
    length(user_name), -- application
    length(in_phys_if), -- metering
    length(out_phys_if), -- metering
    length(customer_vlan_id), -- qinq
    length(post_customer_vlan_id), -- qinq
    length(vlan_priority), -- qinq
    length(vni), -- tunnel
    length(src_peer_as), -- bgp
    length(next_adjacent_as), -- bgp
    length(prev_adjacent_as), -- bgp
    length(local_pref), -- bgp
    length(out_if_discard_reason), -- device
    length(out_if_multiple), -- device
    length(drop_reason), -- device
    length(inner_src_addr), -- tunnel
    length(inner_dst_addr), -- tunnel
    length(inner_proto), -- tunnel
    length(inner_src_port), -- tunnel
    length(inner_dst_port), -- tunnel
    length(inner_etype), -- tunnel
    length(inner_ip_tos), -- tunnel
    length(in_if_name), -- names
    length(out_if_name), -- names
    length(in_if_description), -- names
    length(out_if_description), -- names
    length(ingress_vrf_name), -- vrf
    length(egress_vrf_name), -- vrf
    length(exporter_name), -- collector
    length(collector_id), -- collector
    length(exporter_address), -- collector
    length(original_exporter_address), -- metering
    length(nat_port_start), -- nat
    length(nat_port_end), -- nat
    length(nat_port_step), -- nat
    length(nat_port_count), -- nat
    length(nat_pool_id), -- nat
    length(nat_pool_name), -- nat
    length(wlan_ssid), -- wlan
    length(station_mac), -- wlan
    length(station_address), -- wlan
    length(access_point_mac), -- wlan
    length(mpls_label_type), -- mpls
    length(mpls_prefix_length), -- mpls
    length(mpls_vpn_rd), -- mpls
    length(flow_count), -- metering
    length(biflow_direction), -- metering
    length(engine_type), -- metering
    length(engine_id), -- metering
    length(ingress_acl_id), -- firewall
    length(egress_acl_id), -- firewall
    length(firewall_event_code), -- firewall
    length(egress_queue), -- device
    length(access_list), -- firewall
    length(tunnel_src_addr), -- tunnel
    length(tunnel_dst_addr), -- tunnel
    length(http_host), -- application
    length(http_url), -- application
    length(http_status), -- application
    length(function_name), -- device
    length(src_network), -- enriched
    length(dst_network), -- enriched
    length(src_network_role), -- enriched
    length(dst_network_role), -- enriched
    length(src_network_site), -- enriched
    length(dst_network_site), -- enriched
    length(src_network_region), -- enriched
    length(dst_network_region), -- enriched
    length(src_network_tenant), -- enriched
    length(dst_network_tenant), -- enriched
    length(in_if_boundary), -- enriched
    length(out_if_boundary), -- enriched
    length(in_if_connectivity), -- enriched
    length(out_if_connectivity), -- enriched
    length(in_if_provider), -- enriched
    length(out_if_provider), -- enriched
    length(in_if_speed), -- enriched
    length(out_if_speed), -- enriched
    length(exporter_site), -- enriched
    length(exporter_role), -- enriched
    length(exporter_tenant), -- enriched
    length(type),
    length(sampling_rate),
    length(sequence_num),
    length(src_addr),
    length(dst_addr),
    length(bytes),
    length(packets),
    length(sampler_address),
    length(next_hop),
    length(src_as),
    length(dst_as),
    length(src_net),
    length(dst_net),
    length(in_if),
    length(out_if),
    length(proto),
    length(src_port),
    length(dst_port),
    length(ip_tos),
    length(forwarding_status),
    length(tcp_flags),
    length(vlan_id),
    length(etype),
    length(icmp_type),
    length(icmp_code),
    length(observation_domain_id),
    length(time_received_ns),
    length(time_flow_start_ns),
    length(time_flow_end_ns),
    length(flow_direction),
    length(flow_end_reason),
    length(sampling_rate_source),
    length(src_country),
    length(dst_country)
        ]) AS _uneven
    FROM {{db}}.flows_native
)
LEFT ARRAY JOIN
    arrayEnumerate(type) AS _at,
    next_hop_as, -- bgp
    ip_ttl, -- ip
    src_mac, -- mac
    dst_mac, -- mac
    src_vlan, -- vlan
    dst_vlan, -- vlan
    fragment_id, -- ip
    fragment_offset, -- ip
    ipv6_flow_label, -- ip
    ip_flags, -- ip
    observation_point_id, -- metering
    mpls_ttl, -- mpls
    mpls_label, -- mpls
    mpls_ip, -- mpls
    bgp_next_hop, -- bgp
    bgp_communities, -- bgp
    as_path, -- bgp
    layer_stack, -- packet
    layer_size, -- packet
    ipv6_routing_header_addresses, -- packet
    ipv6_routing_header_seg_left, -- packet
    ingress_vrf_id, -- vrf
    egress_vrf_id, -- vrf
    flow_id, -- metering
    post_nat_src_addr, -- nat
    post_nat_dst_addr, -- nat
    post_nat_src_port, -- nat
    post_nat_dst_port, -- nat
    nat_event, -- nat
    firewall_event, -- firewall
    application_id, -- application
    application_name, -- application
    user_name, -- application
    in_phys_if, -- metering
    out_phys_if, -- metering
    customer_vlan_id, -- qinq
    post_customer_vlan_id, -- qinq
    vlan_priority, -- qinq
    vni, -- tunnel
    src_peer_as, -- bgp
    next_adjacent_as, -- bgp
    prev_adjacent_as, -- bgp
    local_pref, -- bgp
    out_if_discard_reason, -- device
    out_if_multiple, -- device
    drop_reason, -- device
    inner_src_addr, -- tunnel
    inner_dst_addr, -- tunnel
    inner_proto, -- tunnel
    inner_src_port, -- tunnel
    inner_dst_port, -- tunnel
    inner_etype, -- tunnel
    inner_ip_tos, -- tunnel
    in_if_name, -- names
    out_if_name, -- names
    in_if_description, -- names
    out_if_description, -- names
    ingress_vrf_name, -- vrf
    egress_vrf_name, -- vrf
    exporter_name, -- collector
    collector_id, -- collector
    exporter_address, -- collector
    original_exporter_address, -- metering
    nat_port_start, -- nat
    nat_port_end, -- nat
    nat_port_step, -- nat
    nat_port_count, -- nat
    nat_pool_id, -- nat
    nat_pool_name, -- nat
    wlan_ssid, -- wlan
    station_mac, -- wlan
    station_address, -- wlan
    access_point_mac, -- wlan
    mpls_label_type, -- mpls
    mpls_prefix_length, -- mpls
    mpls_vpn_rd, -- mpls
    flow_count, -- metering
    biflow_direction, -- metering
    engine_type, -- metering
    engine_id, -- metering
    ingress_acl_id, -- firewall
    egress_acl_id, -- firewall
    firewall_event_code, -- firewall
    egress_queue, -- device
    access_list, -- firewall
    tunnel_src_addr, -- tunnel
    tunnel_dst_addr, -- tunnel
    http_host, -- application
    http_url, -- application
    http_status, -- application
    function_name, -- device
    src_network, -- enriched
    dst_network, -- enriched
    src_network_role, -- enriched
    dst_network_role, -- enriched
    src_network_site, -- enriched
    dst_network_site, -- enriched
    src_network_region, -- enriched
    dst_network_region, -- enriched
    src_network_tenant, -- enriched
    dst_network_tenant, -- enriched
    in_if_boundary, -- enriched
    out_if_boundary, -- enriched
    in_if_connectivity, -- enriched
    out_if_connectivity, -- enriched
    in_if_provider, -- enriched
    out_if_provider, -- enriched
    in_if_speed, -- enriched
    out_if_speed, -- enriched
    exporter_site, -- enriched
    exporter_role, -- enriched
    exporter_tenant, -- enriched
    type,
    sampling_rate,
    sequence_num,
    src_addr,
    dst_addr,
    bytes,
    packets,
    sampler_address,
    next_hop,
    src_as,
    dst_as,
    src_net,
    dst_net,
    in_if,
    out_if,
    proto,
    src_port,
    dst_port,
    ip_tos,
    forwarding_status,
    tcp_flags,
    vlan_id,
    etype,
    icmp_type,
    icmp_code,
    observation_domain_id,
    time_received_ns,
    time_flow_start_ns,
    time_flow_end_ns,
    flow_direction,
    flow_end_reason,
    sampling_rate_source,
    src_country,
    dst_country
SETTINGS enable_unaligned_array_join = 1;
-- end: only with --native-topic
