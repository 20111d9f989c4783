-- Made by `sluice schema write` from src/lib/flow/field_rows.hpp and columns.cpp; changes belong there.
-- Every flow with every field. The table is made with what its sort key needs, and then grows by the ALTER below: one
-- text makes a new table and brings an older one up to date, whose rows all stay (a new column is empty for them).
-- The codecs are the smallest of those tried, see docs/clickhouse.md. Partitions are days: a month of retention is some
-- thirty of them, and a day that is over goes as whole parts, without rewriting any.
CREATE TABLE IF NOT EXISTS {{db}}.flows_raw{{on_cluster}}
(
    time_received DateTime64(9, 'UTC') COMMENT 'When the collector received the datagram, Unix time' CODEC(T64, ZSTD(1)),
    sampler_address IPv6 COMMENT 'sFlow agent address, or the UDP source address of NetFlow and IPFIX' CODEC(ZSTD(1)),
    in_if UInt32 COMMENT 'Input interface' CODEC(ZSTD(1)),
    out_if UInt32 COMMENT 'Output interface' CODEC(ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toDate(time_received)
ORDER BY (toStartOfFiveMinutes(time_received), sampler_address, in_if, out_if)
TTL toDate(time_received) + INTERVAL {{retention}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{db}}.flows_raw{{on_cluster}}
    ADD COLUMN IF NOT EXISTS type Enum8('FLOWUNKNOWN' = 0, 'SFLOW_5' = 1, 'NETFLOW_V5' = 2, 'NETFLOW_V9' = 3, 'IPFIX' = 4, 'OTHER' = -1) COMMENT 'Protocol that the flow arrived by' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown. Never multiplied into bytes or packets' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS sequence_num UInt32 COMMENT 'Sequence number of the datagram''s header: counts datagrams in sFlow and v9, flows in v5, data records in IPFIX' CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_addr IPv6 COMMENT 'Source address' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_addr IPv6 COMMENT 'Destination address' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS bytes UInt64 COMMENT 'Layer 3 bytes as the exporter counted them; for sFlow the frame length, layer 2 included' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS packets UInt64 COMMENT 'Packets as the exporter counted them; 1 for an sFlow sample' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS next_hop IPv6 COMMENT 'Address of the next hop router' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS next_hop_as UInt32 COMMENT 'First AS of the path (sFlow gateway record)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_as UInt32 COMMENT 'Source AS number' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_as UInt32 COMMENT 'Destination AS number' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_net UInt32 COMMENT 'Prefix length of the source address' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_net UInt32 COMMENT 'Prefix length of the destination address' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_port UInt32 COMMENT 'Source port' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_port UInt32 COMMENT 'Destination port' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ip_tos UInt32 COMMENT 'IPv4 type of service or IPv6 traffic class, all 8 bits' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS forwarding_status UInt32 COMMENT 'Forwarding status and reason (IE 89)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ip_ttl UInt32 COMMENT 'Time to live or hop limit' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tcp_flags UInt32 COMMENT 'TCP flags, of all packets of the flow ORed' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_mac UInt64 COMMENT 'Source MAC address' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_mac UInt64 COMMENT 'Destination MAC address' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS vlan_id UInt32 COMMENT '802.1Q VLAN of the sampled packet, or IE 58' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS etype UInt32 COMMENT 'Ethertype of the network layer: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS icmp_type UInt32 COMMENT 'ICMP or ICMPv6 type' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS icmp_code UInt32 COMMENT 'ICMP or ICMPv6 code' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_vlan UInt32 COMMENT 'VLAN at the input' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_vlan UInt32 COMMENT 'VLAN at the output' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS fragment_id UInt32 COMMENT 'IP identification' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS fragment_offset UInt32 COMMENT 'Fragment offset' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ipv6_flow_label UInt32 COMMENT 'IPv6 flow label' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ip_flags UInt32 COMMENT 'The 3 IPv4 flag bits, or the low 3 bits of the IPv6 fragment header' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS observation_domain_id UInt32 COMMENT 'NetFlow v9 source id or IPFIX observation domain' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS observation_point_id UInt32 COMMENT 'Observation point (IE 138)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS mpls_ttl Array(UInt32) COMMENT 'TTL of each MPLS label, outermost first' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS mpls_label Array(UInt32) COMMENT 'MPLS labels, outermost first' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS mpls_ip Array(IPv6) COMMENT 'Address of the MPLS top label (IE 47, 140)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS bgp_next_hop IPv6 COMMENT 'BGP next hop' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS bgp_communities Array(UInt32) COMMENT 'BGP communities, AS in the high 16 bits' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS as_path Array(UInt32) COMMENT 'AS path to the destination' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS layer_stack Array(Enum8('Ethernet' = 0, 'IPv4' = 1, 'IPv6' = 2, 'TCP' = 3, 'UDP' = 4, 'MPLS' = 5, 'Dot1Q' = 6, 'ICMP' = 7, 'ICMPv6' = 8, 'GRE' = 9, 'IPv6HeaderRouting' = 10, 'IPv6HeaderFragment' = 11, 'Geneve' = 12, 'Teredo' = 13, 'Custom' = 99, 'OTHER' = -1)) COMMENT 'Layers of the sampled packet, outermost first' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS layer_size Array(UInt32) COMMENT 'Header bytes of each layer' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ipv6_routing_header_addresses Array(IPv6) COMMENT 'Addresses of the IPv6 routing header' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ipv6_routing_header_seg_left UInt32 COMMENT 'Segments left in the IPv6 routing header' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS time_flow_start DateTime64(9, 'UTC') COMMENT 'First packet of the flow, Unix time' CODEC(GCD, T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS time_flow_end DateTime64(9, 'UTC') COMMENT 'Last packet of the flow, Unix time' CODEC(GCD, T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS flow_direction Enum8('DIRECTION_UNKNOWN' = 0, 'INGRESS' = 1, 'EGRESS' = 2, 'OTHER' = -1) COMMENT 'Where the flow was observed (IE 61): ingress or egress' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ingress_vrf_id Nullable(UInt32) COMMENT 'VRF of the input (IE 234)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS egress_vrf_id Nullable(UInt32) COMMENT 'VRF of the output (IE 235)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS flow_end_reason UInt32 COMMENT 'Why the exporter ended the flow (IE 136): 1 idle, 2 active timeout, 3 end seen, 4 forced, 5 lack of resources' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS flow_id UInt64 COMMENT 'The exporter''s flow identifier (IE 148)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS post_nat_src_addr IPv6 COMMENT 'Source address after NAT (IE 225, 281)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS post_nat_dst_addr IPv6 COMMENT 'Destination address after NAT (IE 226, 282)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS post_nat_src_port UInt32 COMMENT 'Source port after NAT (IE 227)' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS post_nat_dst_port UInt32 COMMENT 'Destination port after NAT (IE 228)' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS nat_event Nullable(UInt32) COMMENT 'NAT event (IE 230)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS firewall_event Nullable(UInt32) COMMENT 'Firewall event (IE 233): 1 created, 2 deleted, 3 denied, 4 alert, 5 update' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS application_id String COMMENT 'Application tag as sent (IE 95, RFC 6759): engine id, then selector' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS application_name LowCardinality(String) COMMENT 'Application name (IE 96)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS user_name String COMMENT 'User name (IE 371, Cisco 40000)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS in_phys_if UInt32 COMMENT 'Physical input interface (IE 252)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS out_phys_if UInt32 COMMENT 'Physical output interface (IE 253)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS customer_vlan_id Nullable(UInt32) COMMENT 'Customer VLAN of a QinQ frame (IE 245)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS post_customer_vlan_id Nullable(UInt32) COMMENT 'Customer VLAN after the box (IE 255)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS vlan_priority Nullable(UInt32) COMMENT '802.1p priority (IE 244, or the sampled tag)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS vni Nullable(UInt32) COMMENT 'VXLAN network identifier (IE 351)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_peer_as UInt32 COMMENT 'AS that the packet came from (sFlow gateway record)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS next_adjacent_as UInt32 COMMENT 'Next adjacent AS (IE 128)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS prev_adjacent_as UInt32 COMMENT 'Previous adjacent AS (IE 129)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS local_pref Nullable(UInt32) COMMENT 'BGP local preference (sFlow gateway record)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS out_if_discard_reason Nullable(UInt32) COMMENT 'Why the packet was discarded (sFlow output interface of format 1)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS out_if_multiple Nullable(UInt32) COMMENT 'Number of output interfaces (sFlow output interface of format 2); 0 unknown' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS drop_reason Nullable(UInt32) COMMENT 'Reason of an sFlow discarded-packet sample' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inner_src_addr IPv6 COMMENT 'Source address of the encapsulated packet' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inner_dst_addr IPv6 COMMENT 'Destination address of the encapsulated packet' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inner_proto UInt32 COMMENT 'IP protocol of the encapsulated packet' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inner_src_port UInt32 COMMENT 'Source port of the encapsulated packet' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inner_dst_port UInt32 COMMENT 'Destination port of the encapsulated packet' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inner_etype UInt32 COMMENT 'Ethertype of the encapsulated packet' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inner_ip_tos UInt32 COMMENT 'Type of service byte of the encapsulated packet' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS sampling_rate_source Enum8('RATE_UNKNOWN' = 0, 'HEADER' = 1, 'OPTIONS' = 2, 'RECORD' = 3, 'CONFIGURED' = 4, 'OTHER' = -1) COMMENT 'Where sampling_rate comes from' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS in_if_name LowCardinality(String) COMMENT 'Name of the input interface' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS out_if_name LowCardinality(String) COMMENT 'Name of the output interface' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS in_if_description LowCardinality(String) COMMENT 'Description of the input interface' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS out_if_description LowCardinality(String) COMMENT 'Description of the output interface' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ingress_vrf_name LowCardinality(String) COMMENT 'Name of the input''s VRF' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS egress_vrf_name LowCardinality(String) COMMENT 'Name of the output''s VRF' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS exporter_name LowCardinality(String) COMMENT 'Configured name of the exporter' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS collector_id LowCardinality(String) COMMENT 'Configured name of the collector that decoded the flow' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS exporter_address IPv6 COMMENT 'UDP source address of the datagram; absent where it is sampler_address' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS kafka_topic LowCardinality(String) COMMENT 'Topic of the Kafka record that held the flow' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS kafka_partition UInt32 COMMENT 'Partition of that record' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS kafka_offset UInt64 COMMENT 'Offset of that record; all flows of a record share it' CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inserted_at DateTime64(3, 'UTC') COMMENT 'When the block that holds the row was written' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_ip String ALIAS sluice_ip(src_addr) COMMENT 'Source address as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS dst_ip String ALIAS sluice_ip(dst_addr) COMMENT 'Destination address as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS next_hop_ip String ALIAS sluice_ip(next_hop) COMMENT 'Next hop as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS bgp_next_hop_ip String ALIAS sluice_ip(bgp_next_hop) COMMENT 'BGP next hop as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS post_nat_src_ip String ALIAS sluice_ip(post_nat_src_addr) COMMENT 'Source address after NAT as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS post_nat_dst_ip String ALIAS sluice_ip(post_nat_dst_addr) COMMENT 'Destination address after NAT as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS inner_src_ip String ALIAS sluice_ip(inner_src_addr) COMMENT 'Source address of the encapsulated packet as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS inner_dst_ip String ALIAS sluice_ip(inner_dst_addr) COMMENT 'Destination address of the encapsulated packet as text, IPv4 as IPv4',
    ADD COLUMN IF NOT EXISTS src_mac_text String ALIAS sluice_mac(src_mac) COMMENT 'Source MAC address as text',
    ADD COLUMN IF NOT EXISTS dst_mac_text String ALIAS sluice_mac(dst_mac) COMMENT 'Destination MAC address as text',
    ADD COLUMN IF NOT EXISTS tcp_flags_text String ALIAS sluice_tcp_flags(tcp_flags) COMMENT 'TCP flags as letters',
    ADD COLUMN IF NOT EXISTS application_id_text String ALIAS if(empty(application_id), '', concat(toString(reinterpretAsUInt8(application_id)), ':', toString(reinterpretAsUInt64(reverse(substring(application_id, 2)))))) COMMENT 'Application tag as engine:selector',
    ADD COLUMN IF NOT EXISTS bytes_corrected UInt64 ALIAS bytes * greatest(sampling_rate, 1) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1',
    ADD COLUMN IF NOT EXISTS packets_corrected UInt64 ALIAS packets * greatest(sampling_rate, 1) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1',
    ADD COLUMN IF NOT EXISTS service_port UInt32 ALIAS least(src_port, dst_port) COMMENT 'The lower of the two ports, which mostly is that of the service',
    ADD COLUMN IF NOT EXISTS time DateTime64(9, 'UTC') ALIAS time_received COMMENT 'When the flow was received, by the name that it has in the rollups',
    ADD COLUMN IF NOT EXISTS flows UInt64 ALIAS toUInt64(1) COMMENT 'Flows, by the name that they have in the rollups: 1',
    ADD INDEX IF NOT EXISTS src_addr_index src_addr TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS dst_addr_index dst_addr TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {{db}}.flows_raw{{on_cluster}} MODIFY TTL toDate(time_received) + INTERVAL {{retention}} DAY;

-- Kafka records that could not be parsed. A record is read as a whole or not at all, so each costs one row here.
CREATE TABLE IF NOT EXISTS {{db}}.flows_errors{{on_cluster}}
(
    time DateTime64(3, 'UTC') COMMENT 'When the record was written to Kafka',
    kafka_topic LowCardinality(String) COMMENT 'Topic of the record',
    kafka_partition UInt32 COMMENT 'Partition of the record',
    kafka_offset UInt64 COMMENT 'Offset of the record',
    error String COMMENT 'What was wrong with it',
    raw_message String COMMENT 'The record''s bytes' CODEC(ZSTD(1)),
    inserted_at DateTime64(3, 'UTC') COMMENT 'When the row was written'
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, kafka_topic, kafka_partition, kafka_offset)
TTL toDate(time) + INTERVAL {{retention_errors}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{db}}.flows_errors{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_errors}} DAY;
