-- Made by `sluice schema write` from src/lib/flow/field_rows.hpp and columns.cpp; changes belong there.
-- Every flow with every field. The table is made with what its sort key needs, and then grows by the ALTER below: one
-- text makes a new table and brings an older one up to date, whose rows all stay (a new column is empty for them).
-- The codecs are the smallest of those tried, see docs/clickhouse.md. Partitions are days: a month of retention is some
-- thirty of them, and a day that is over goes as whole parts, without rewriting any.
-- apply.sh takes of the lines that end with "-- SET" or "-- without SET" those that fit its options.
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
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = {{repeats}};

ALTER TABLE {{db}}.flows_raw{{on_cluster}}
    ADD COLUMN IF NOT EXISTS type Enum8('FLOWUNKNOWN' = 0, 'SFLOW_5' = 1, 'NETFLOW_V5' = 2, 'NETFLOW_V9' = 3, 'IPFIX' = 4, 'OTHER' = -1) COMMENT 'Protocol that the flow arrived by' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS sampling_rate UInt64 COMMENT 'Packets that one sampled packet stands for; 0 unknown. Never multiplied into bytes or packets' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS sequence_num UInt32 COMMENT 'Sequence number of the datagram''s header: counts datagrams in sFlow and v9, flows in v5, data records in IPFIX' CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_addr IPv6 COMMENT 'Source address' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_addr IPv6 COMMENT 'Destination address' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS bytes UInt64 COMMENT 'Layer 3 bytes as the exporter counted them; for sFlow the frame length, layer 2 included' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS packets UInt64 COMMENT 'Packets as the exporter counted them; 1 for an sFlow sample' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS next_hop IPv6 COMMENT 'Address of the next hop router' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS next_hop_as UInt32 COMMENT 'First AS of the path (sFlow gateway record)' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS next_hop_as UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'First AS of the path (sFlow gateway record)', -- without bgp
    ADD COLUMN IF NOT EXISTS src_as UInt32 COMMENT 'Source AS number' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_as UInt32 COMMENT 'Destination AS number' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_net UInt32 COMMENT 'Prefix length of the source address' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_net UInt32 COMMENT 'Prefix length of the destination address' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS proto UInt32 COMMENT 'IP protocol number' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_port UInt32 COMMENT 'Source port' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_port UInt32 COMMENT 'Destination port' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ip_tos UInt32 COMMENT 'IPv4 type of service or IPv6 traffic class, all 8 bits' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS forwarding_status UInt32 COMMENT 'Forwarding status and reason (IE 89)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ip_ttl UInt32 COMMENT 'Time to live or hop limit' CODEC(T64, ZSTD(1)), -- ip
    ADD COLUMN IF NOT EXISTS ip_ttl UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Time to live or hop limit', -- without ip
    ADD COLUMN IF NOT EXISTS tcp_flags UInt32 COMMENT 'TCP flags, of all packets of the flow ORed' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_mac UInt64 COMMENT 'Source MAC address' CODEC(ZSTD(1)), -- mac
    ADD COLUMN IF NOT EXISTS src_mac UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'Source MAC address', -- without mac
    ADD COLUMN IF NOT EXISTS dst_mac UInt64 COMMENT 'Destination MAC address' CODEC(ZSTD(1)), -- mac
    ADD COLUMN IF NOT EXISTS dst_mac UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'Destination MAC address', -- without mac
    ADD COLUMN IF NOT EXISTS vlan_id UInt32 COMMENT '802.1Q VLAN of the sampled packet, or IE 58' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS etype UInt32 COMMENT 'Ethertype of the network layer: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS icmp_type UInt32 COMMENT 'ICMP or ICMPv6 type' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS icmp_code UInt32 COMMENT 'ICMP or ICMPv6 code' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_vlan UInt32 COMMENT 'VLAN at the input' CODEC(ZSTD(1)), -- vlan
    ADD COLUMN IF NOT EXISTS src_vlan UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'VLAN at the input', -- without vlan
    ADD COLUMN IF NOT EXISTS dst_vlan UInt32 COMMENT 'VLAN at the output' CODEC(ZSTD(1)), -- vlan
    ADD COLUMN IF NOT EXISTS dst_vlan UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'VLAN at the output', -- without vlan
    ADD COLUMN IF NOT EXISTS fragment_id UInt32 COMMENT 'IP identification' CODEC(T64, ZSTD(1)), -- ip
    ADD COLUMN IF NOT EXISTS fragment_id UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'IP identification', -- without ip
    ADD COLUMN IF NOT EXISTS fragment_offset UInt32 COMMENT 'Fragment offset' CODEC(ZSTD(1)), -- ip
    ADD COLUMN IF NOT EXISTS fragment_offset UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Fragment offset', -- without ip
    ADD COLUMN IF NOT EXISTS ipv6_flow_label UInt32 COMMENT 'IPv6 flow label' CODEC(ZSTD(1)), -- ip
    ADD COLUMN IF NOT EXISTS ipv6_flow_label UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'IPv6 flow label', -- without ip
    ADD COLUMN IF NOT EXISTS ip_flags UInt32 COMMENT 'The 3 IPv4 flag bits, or the low 3 bits of the IPv6 fragment header' CODEC(T64, ZSTD(1)), -- ip
    ADD COLUMN IF NOT EXISTS ip_flags UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'The 3 IPv4 flag bits, or the low 3 bits of the IPv6 fragment header', -- without ip
    ADD COLUMN IF NOT EXISTS observation_domain_id UInt32 COMMENT 'NetFlow v9 source id or IPFIX observation domain' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS observation_point_id UInt32 COMMENT 'Observation point (IE 138)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS observation_point_id UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Observation point (IE 138)', -- without metering
    ADD COLUMN IF NOT EXISTS mpls_ttl Array(UInt32) COMMENT 'TTL of each MPLS label, outermost first' CODEC(ZSTD(1)), -- mpls
    ADD COLUMN IF NOT EXISTS mpls_ttl Array(UInt32) ALIAS defaultValueOfTypeName('Array(UInt32)') COMMENT 'TTL of each MPLS label, outermost first', -- without mpls
    ADD COLUMN IF NOT EXISTS mpls_label Array(UInt32) COMMENT 'MPLS labels, outermost first' CODEC(ZSTD(1)), -- mpls
    ADD COLUMN IF NOT EXISTS mpls_label Array(UInt32) ALIAS defaultValueOfTypeName('Array(UInt32)') COMMENT 'MPLS labels, outermost first', -- without mpls
    ADD COLUMN IF NOT EXISTS mpls_ip Array(IPv6) COMMENT 'Address of the MPLS top label (IE 47, 140)' CODEC(ZSTD(1)), -- mpls
    ADD COLUMN IF NOT EXISTS mpls_ip Array(IPv6) ALIAS defaultValueOfTypeName('Array(IPv6)') COMMENT 'Address of the MPLS top label (IE 47, 140)', -- without mpls
    ADD COLUMN IF NOT EXISTS bgp_next_hop IPv6 COMMENT 'BGP next hop' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS bgp_next_hop IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'BGP next hop', -- without bgp
    ADD COLUMN IF NOT EXISTS bgp_communities Array(UInt32) COMMENT 'BGP communities, AS in the high 16 bits' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS bgp_communities Array(UInt32) ALIAS defaultValueOfTypeName('Array(UInt32)') COMMENT 'BGP communities, AS in the high 16 bits', -- without bgp
    ADD COLUMN IF NOT EXISTS as_path Array(UInt32) COMMENT 'AS path to the destination' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS as_path Array(UInt32) ALIAS defaultValueOfTypeName('Array(UInt32)') COMMENT 'AS path to the destination', -- without bgp
    ADD COLUMN IF NOT EXISTS layer_stack Array(Enum8('Ethernet' = 0, 'IPv4' = 1, 'IPv6' = 2, 'TCP' = 3, 'UDP' = 4, 'MPLS' = 5, 'Dot1Q' = 6, 'ICMP' = 7, 'ICMPv6' = 8, 'GRE' = 9, 'IPv6HeaderRouting' = 10, 'IPv6HeaderFragment' = 11, 'Geneve' = 12, 'Teredo' = 13, 'Custom' = 99, 'OTHER' = -1)) COMMENT 'Layers of the sampled packet, outermost first' CODEC(ZSTD(1)), -- packet
    ADD COLUMN IF NOT EXISTS layer_stack Array(Enum8('Ethernet' = 0, 'IPv4' = 1, 'IPv6' = 2, 'TCP' = 3, 'UDP' = 4, 'MPLS' = 5, 'Dot1Q' = 6, 'ICMP' = 7, 'ICMPv6' = 8, 'GRE' = 9, 'IPv6HeaderRouting' = 10, 'IPv6HeaderFragment' = 11, 'Geneve' = 12, 'Teredo' = 13, 'Custom' = 99, 'OTHER' = -1)) ALIAS defaultValueOfTypeName('Array(Enum8(''Ethernet'' = 0, ''IPv4'' = 1, ''IPv6'' = 2, ''TCP'' = 3, ''UDP'' = 4, ''MPLS'' = 5, ''Dot1Q'' = 6, ''ICMP'' = 7, ''ICMPv6'' = 8, ''GRE'' = 9, ''IPv6HeaderRouting'' = 10, ''IPv6HeaderFragment'' = 11, ''Geneve'' = 12, ''Teredo'' = 13, ''Custom'' = 99, ''OTHER'' = -1))') COMMENT 'Layers of the sampled packet, outermost first', -- without packet
    ADD COLUMN IF NOT EXISTS layer_size Array(UInt32) COMMENT 'Header bytes of each layer' CODEC(ZSTD(1)), -- packet
    ADD COLUMN IF NOT EXISTS layer_size Array(UInt32) ALIAS defaultValueOfTypeName('Array(UInt32)') COMMENT 'Header bytes of each layer', -- without packet
    ADD COLUMN IF NOT EXISTS ipv6_routing_header_addresses Array(IPv6) COMMENT 'Addresses of the IPv6 routing header' CODEC(ZSTD(1)), -- packet
    ADD COLUMN IF NOT EXISTS ipv6_routing_header_addresses Array(IPv6) ALIAS defaultValueOfTypeName('Array(IPv6)') COMMENT 'Addresses of the IPv6 routing header', -- without packet
    ADD COLUMN IF NOT EXISTS ipv6_routing_header_seg_left UInt32 COMMENT 'Segments left in the IPv6 routing header' CODEC(ZSTD(1)), -- packet
    ADD COLUMN IF NOT EXISTS ipv6_routing_header_seg_left UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Segments left in the IPv6 routing header', -- without packet
    ADD COLUMN IF NOT EXISTS time_flow_start DateTime64(9, 'UTC') COMMENT 'First packet of the flow, Unix time' CODEC(GCD, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS time_flow_end DateTime64(9, 'UTC') COMMENT 'Last packet of the flow, Unix time' CODEC(GCD, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS flow_direction Enum8('DIRECTION_UNKNOWN' = 0, 'INGRESS' = 1, 'EGRESS' = 2, 'OTHER' = -1) COMMENT 'Where the flow was observed (IE 61): ingress or egress' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ingress_vrf_id Nullable(UInt32) COMMENT 'VRF of the input (IE 234)' CODEC(ZSTD(1)), -- vrf
    ADD COLUMN IF NOT EXISTS ingress_vrf_id Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'VRF of the input (IE 234)', -- without vrf
    ADD COLUMN IF NOT EXISTS egress_vrf_id Nullable(UInt32) COMMENT 'VRF of the output (IE 235)' CODEC(ZSTD(1)), -- vrf
    ADD COLUMN IF NOT EXISTS egress_vrf_id Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'VRF of the output (IE 235)', -- without vrf
    ADD COLUMN IF NOT EXISTS flow_end_reason UInt32 COMMENT 'Why the exporter ended the flow (IE 136): 1 idle, 2 active timeout, 3 end seen, 4 forced, 5 lack of resources' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS flow_id UInt64 COMMENT 'The exporter''s flow identifier (IE 148)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS flow_id UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'The exporter''s flow identifier (IE 148)', -- without metering
    ADD COLUMN IF NOT EXISTS post_nat_src_addr IPv6 COMMENT 'Source address after NAT (IE 225, 281)' CODEC(ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS post_nat_src_addr IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'Source address after NAT (IE 225, 281)', -- without nat
    ADD COLUMN IF NOT EXISTS post_nat_dst_addr IPv6 COMMENT 'Destination address after NAT (IE 226, 282)' CODEC(ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS post_nat_dst_addr IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'Destination address after NAT (IE 226, 282)', -- without nat
    ADD COLUMN IF NOT EXISTS post_nat_src_port UInt32 COMMENT 'Source port after NAT (IE 227)' CODEC(T64, ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS post_nat_src_port UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Source port after NAT (IE 227)', -- without nat
    ADD COLUMN IF NOT EXISTS post_nat_dst_port UInt32 COMMENT 'Destination port after NAT (IE 228)' CODEC(T64, ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS post_nat_dst_port UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Destination port after NAT (IE 228)', -- without nat
    ADD COLUMN IF NOT EXISTS nat_event Nullable(UInt32) COMMENT 'NAT event (IE 230)' CODEC(ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS nat_event Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'NAT event (IE 230)', -- without nat
    ADD COLUMN IF NOT EXISTS firewall_event Nullable(UInt32) COMMENT 'Firewall event (IE 233): 1 created, 2 deleted, 3 denied, 4 alert, 5 update' CODEC(ZSTD(1)), -- firewall
    ADD COLUMN IF NOT EXISTS firewall_event Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Firewall event (IE 233): 1 created, 2 deleted, 3 denied, 4 alert, 5 update', -- without firewall
    ADD COLUMN IF NOT EXISTS application_id String COMMENT 'Application tag as sent (IE 95, RFC 6759): engine id, then selector' CODEC(ZSTD(1)), -- application
    ADD COLUMN IF NOT EXISTS application_id String ALIAS defaultValueOfTypeName('String') COMMENT 'Application tag as sent (IE 95, RFC 6759): engine id, then selector', -- without application
    ADD COLUMN IF NOT EXISTS application_name LowCardinality(String) COMMENT 'Application name (IE 96)' CODEC(ZSTD(1)), -- application
    ADD COLUMN IF NOT EXISTS application_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Application name (IE 96)', -- without application
    ADD COLUMN IF NOT EXISTS user_name String COMMENT 'User name (IE 371, Cisco 40000)' CODEC(ZSTD(1)), -- application
    ADD COLUMN IF NOT EXISTS user_name String ALIAS defaultValueOfTypeName('String') COMMENT 'User name (IE 371, Cisco 40000)', -- without application
    ADD COLUMN IF NOT EXISTS in_phys_if UInt32 COMMENT 'Physical input interface (IE 252)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS in_phys_if UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Physical input interface (IE 252)', -- without metering
    ADD COLUMN IF NOT EXISTS out_phys_if UInt32 COMMENT 'Physical output interface (IE 253)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS out_phys_if UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Physical output interface (IE 253)', -- without metering
    ADD COLUMN IF NOT EXISTS customer_vlan_id Nullable(UInt32) COMMENT 'Customer VLAN of a QinQ frame (IE 245)' CODEC(ZSTD(1)), -- qinq
    ADD COLUMN IF NOT EXISTS customer_vlan_id Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Customer VLAN of a QinQ frame (IE 245)', -- without qinq
    ADD COLUMN IF NOT EXISTS post_customer_vlan_id Nullable(UInt32) COMMENT 'Customer VLAN after the box (IE 255)' CODEC(ZSTD(1)), -- qinq
    ADD COLUMN IF NOT EXISTS post_customer_vlan_id Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Customer VLAN after the box (IE 255)', -- without qinq
    ADD COLUMN IF NOT EXISTS vlan_priority Nullable(UInt32) COMMENT '802.1p priority (IE 244, or the sampled tag)' CODEC(ZSTD(1)), -- qinq
    ADD COLUMN IF NOT EXISTS vlan_priority Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT '802.1p priority (IE 244, or the sampled tag)', -- without qinq
    ADD COLUMN IF NOT EXISTS vni Nullable(UInt32) COMMENT 'VXLAN network identifier (IE 351)' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS vni Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'VXLAN network identifier (IE 351)', -- without tunnel
    ADD COLUMN IF NOT EXISTS src_peer_as UInt32 COMMENT 'AS that the packet came from (sFlow gateway record)' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS src_peer_as UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'AS that the packet came from (sFlow gateway record)', -- without bgp
    ADD COLUMN IF NOT EXISTS next_adjacent_as UInt32 COMMENT 'Next adjacent AS (IE 128)' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS next_adjacent_as UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Next adjacent AS (IE 128)', -- without bgp
    ADD COLUMN IF NOT EXISTS prev_adjacent_as UInt32 COMMENT 'Previous adjacent AS (IE 129)' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS prev_adjacent_as UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Previous adjacent AS (IE 129)', -- without bgp
    ADD COLUMN IF NOT EXISTS local_pref Nullable(UInt32) COMMENT 'BGP local preference (sFlow gateway record)' CODEC(ZSTD(1)), -- bgp
    ADD COLUMN IF NOT EXISTS local_pref Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'BGP local preference (sFlow gateway record)', -- without bgp
    ADD COLUMN IF NOT EXISTS out_if_discard_reason Nullable(UInt32) COMMENT 'Why the packet was discarded (sFlow output interface of format 1)' CODEC(ZSTD(1)), -- device
    ADD COLUMN IF NOT EXISTS out_if_discard_reason Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Why the packet was discarded (sFlow output interface of format 1)', -- without device
    ADD COLUMN IF NOT EXISTS out_if_multiple Nullable(UInt32) COMMENT 'Number of output interfaces (sFlow output interface of format 2); 0 unknown' CODEC(ZSTD(1)), -- device
    ADD COLUMN IF NOT EXISTS out_if_multiple Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Number of output interfaces (sFlow output interface of format 2); 0 unknown', -- without device
    ADD COLUMN IF NOT EXISTS drop_reason Nullable(UInt32) COMMENT 'Reason of an sFlow discarded-packet sample' CODEC(ZSTD(1)), -- device
    ADD COLUMN IF NOT EXISTS drop_reason Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Reason of an sFlow discarded-packet sample', -- without device
    ADD COLUMN IF NOT EXISTS inner_src_addr IPv6 COMMENT 'Source address of the encapsulated packet' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS inner_src_addr IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'Source address of the encapsulated packet', -- without tunnel
    ADD COLUMN IF NOT EXISTS inner_dst_addr IPv6 COMMENT 'Destination address of the encapsulated packet' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS inner_dst_addr IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'Destination address of the encapsulated packet', -- without tunnel
    ADD COLUMN IF NOT EXISTS inner_proto UInt32 COMMENT 'IP protocol of the encapsulated packet' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS inner_proto UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'IP protocol of the encapsulated packet', -- without tunnel
    ADD COLUMN IF NOT EXISTS inner_src_port UInt32 COMMENT 'Source port of the encapsulated packet' CODEC(T64, ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS inner_src_port UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Source port of the encapsulated packet', -- without tunnel
    ADD COLUMN IF NOT EXISTS inner_dst_port UInt32 COMMENT 'Destination port of the encapsulated packet' CODEC(T64, ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS inner_dst_port UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Destination port of the encapsulated packet', -- without tunnel
    ADD COLUMN IF NOT EXISTS inner_etype UInt32 COMMENT 'Ethertype of the encapsulated packet' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS inner_etype UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Ethertype of the encapsulated packet', -- without tunnel
    ADD COLUMN IF NOT EXISTS inner_ip_tos UInt32 COMMENT 'Type of service byte of the encapsulated packet' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS inner_ip_tos UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Type of service byte of the encapsulated packet', -- without tunnel
    ADD COLUMN IF NOT EXISTS sampling_rate_source Enum8('RATE_UNKNOWN' = 0, 'HEADER' = 1, 'OPTIONS' = 2, 'RECORD' = 3, 'CONFIGURED' = 4, 'OTHER' = -1) COMMENT 'Where sampling_rate comes from' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS in_if_name LowCardinality(String) COMMENT 'Name of the input interface' CODEC(ZSTD(1)), -- names
    ADD COLUMN IF NOT EXISTS in_if_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the input interface', -- without names
    ADD COLUMN IF NOT EXISTS out_if_name LowCardinality(String) COMMENT 'Name of the output interface' CODEC(ZSTD(1)), -- names
    ADD COLUMN IF NOT EXISTS out_if_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the output interface', -- without names
    ADD COLUMN IF NOT EXISTS in_if_description LowCardinality(String) COMMENT 'Description of the input interface' CODEC(ZSTD(1)), -- names
    ADD COLUMN IF NOT EXISTS in_if_description LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Description of the input interface', -- without names
    ADD COLUMN IF NOT EXISTS out_if_description LowCardinality(String) COMMENT 'Description of the output interface' CODEC(ZSTD(1)), -- names
    ADD COLUMN IF NOT EXISTS out_if_description LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Description of the output interface', -- without names
    ADD COLUMN IF NOT EXISTS ingress_vrf_name LowCardinality(String) COMMENT 'Name of the input''s VRF' CODEC(ZSTD(1)), -- vrf
    ADD COLUMN IF NOT EXISTS ingress_vrf_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the input''s VRF', -- without vrf
    ADD COLUMN IF NOT EXISTS egress_vrf_name LowCardinality(String) COMMENT 'Name of the output''s VRF' CODEC(ZSTD(1)), -- vrf
    ADD COLUMN IF NOT EXISTS egress_vrf_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the output''s VRF', -- without vrf
    ADD COLUMN IF NOT EXISTS exporter_name LowCardinality(String) COMMENT 'Configured name of the exporter' CODEC(ZSTD(1)), -- collector
    ADD COLUMN IF NOT EXISTS exporter_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Configured name of the exporter', -- without collector
    ADD COLUMN IF NOT EXISTS collector_id LowCardinality(String) COMMENT 'Configured name of the collector that decoded the flow' CODEC(ZSTD(1)), -- collector
    ADD COLUMN IF NOT EXISTS collector_id LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Configured name of the collector that decoded the flow', -- without collector
    ADD COLUMN IF NOT EXISTS exporter_address IPv6 COMMENT 'UDP source address of the datagram; absent where it is sampler_address' CODEC(ZSTD(1)), -- collector
    ADD COLUMN IF NOT EXISTS exporter_address IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'UDP source address of the datagram; absent where it is sampler_address', -- without collector
    ADD COLUMN IF NOT EXISTS original_exporter_address IPv6 COMMENT 'Exporter that measured the flow, where a mediator sends it on (IE 130, 131, 403, 404)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS original_exporter_address IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'Exporter that measured the flow, where a mediator sends it on (IE 130, 131, 403, 404)', -- without metering
    ADD COLUMN IF NOT EXISTS nat_port_start UInt32 COMMENT 'First port of a block that NAT gave to a subscriber (IE 361)' CODEC(T64, ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS nat_port_start UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'First port of a block that NAT gave to a subscriber (IE 361)', -- without nat
    ADD COLUMN IF NOT EXISTS nat_port_end UInt32 COMMENT 'Last port of the block (IE 362)' CODEC(T64, ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS nat_port_end UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Last port of the block (IE 362)', -- without nat
    ADD COLUMN IF NOT EXISTS nat_port_step UInt32 COMMENT 'From one port of the block to the next (IE 363)' CODEC(ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS nat_port_step UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'From one port of the block to the next (IE 363)', -- without nat
    ADD COLUMN IF NOT EXISTS nat_port_count UInt32 COMMENT 'Number of ports in the block (IE 364)' CODEC(ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS nat_port_count UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Number of ports in the block (IE 364)', -- without nat
    ADD COLUMN IF NOT EXISTS nat_pool_id UInt32 COMMENT 'Pool of the NAT (IE 283)' CODEC(ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS nat_pool_id UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Pool of the NAT (IE 283)', -- without nat
    ADD COLUMN IF NOT EXISTS nat_pool_name LowCardinality(String) COMMENT 'Name of the pool (IE 284)' CODEC(ZSTD(1)), -- nat
    ADD COLUMN IF NOT EXISTS nat_pool_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the pool (IE 284)', -- without nat
    ADD COLUMN IF NOT EXISTS wlan_ssid LowCardinality(String) COMMENT 'Name of the wireless network (IE 147)' CODEC(ZSTD(1)), -- wlan
    ADD COLUMN IF NOT EXISTS wlan_ssid LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the wireless network (IE 147)', -- without wlan
    ADD COLUMN IF NOT EXISTS station_mac UInt64 COMMENT 'MAC address of the wireless station (IE 365)' CODEC(ZSTD(1)), -- wlan
    ADD COLUMN IF NOT EXISTS station_mac UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'MAC address of the wireless station (IE 365)', -- without wlan
    ADD COLUMN IF NOT EXISTS station_address IPv6 COMMENT 'IP address of the wireless station (IE 366)' CODEC(ZSTD(1)), -- wlan
    ADD COLUMN IF NOT EXISTS station_address IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'IP address of the wireless station (IE 366)', -- without wlan
    ADD COLUMN IF NOT EXISTS access_point_mac UInt64 COMMENT 'MAC address of the wireless access point (IE 367)' CODEC(ZSTD(1)), -- wlan
    ADD COLUMN IF NOT EXISTS access_point_mac UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'MAC address of the wireless access point (IE 367)', -- without wlan
    ADD COLUMN IF NOT EXISTS mpls_label_type UInt32 COMMENT 'Who assigned the MPLS top label (IE 46): 1 TE, 2 pseudowire, 3 VPN, 4 BGP, 5 LDP' CODEC(ZSTD(1)), -- mpls
    ADD COLUMN IF NOT EXISTS mpls_label_type UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Who assigned the MPLS top label (IE 46): 1 TE, 2 pseudowire, 3 VPN, 4 BGP, 5 LDP', -- without mpls
    ADD COLUMN IF NOT EXISTS mpls_prefix_length UInt32 COMMENT 'Prefix length that the MPLS top label stands for (IE 91)' CODEC(ZSTD(1)), -- mpls
    ADD COLUMN IF NOT EXISTS mpls_prefix_length UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Prefix length that the MPLS top label stands for (IE 91)', -- without mpls
    ADD COLUMN IF NOT EXISTS mpls_vpn_rd String COMMENT 'Route distinguisher of the VPN as sent (IE 90): 8 bytes, see RFC 4364' CODEC(ZSTD(1)), -- mpls
    ADD COLUMN IF NOT EXISTS mpls_vpn_rd String ALIAS defaultValueOfTypeName('String') COMMENT 'Route distinguisher of the VPN as sent (IE 90): 8 bytes, see RFC 4364', -- without mpls
    ADD COLUMN IF NOT EXISTS flow_count UInt64 COMMENT 'Flows that the exporter put together into this one (IE 3)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS flow_count UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'Flows that the exporter put together into this one (IE 3)', -- without metering
    ADD COLUMN IF NOT EXISTS biflow_direction UInt32 COMMENT 'How the exporter told source from destination (IE 239): 1 initiator, 2 reverse initiator, 3 perimeter' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS biflow_direction UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'How the exporter told source from destination (IE 239): 1 initiator, 2 reverse initiator, 3 perimeter', -- without metering
    ADD COLUMN IF NOT EXISTS engine_type Nullable(UInt32) COMMENT 'Type of the switching engine (IE 38)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS engine_type Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Type of the switching engine (IE 38)', -- without metering
    ADD COLUMN IF NOT EXISTS engine_id Nullable(UInt32) COMMENT 'Switching engine (IE 39)' CODEC(ZSTD(1)), -- metering
    ADD COLUMN IF NOT EXISTS engine_id Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Switching engine (IE 39)', -- without metering
    ADD COLUMN IF NOT EXISTS ingress_acl_id String COMMENT 'Access list at the input of a firewall, as sent (element 33000)' CODEC(ZSTD(1)), -- firewall
    ADD COLUMN IF NOT EXISTS ingress_acl_id String ALIAS defaultValueOfTypeName('String') COMMENT 'Access list at the input of a firewall, as sent (element 33000)', -- without firewall
    ADD COLUMN IF NOT EXISTS egress_acl_id String COMMENT 'Access list at the output of a firewall, as sent (element 33001)' CODEC(ZSTD(1)), -- firewall
    ADD COLUMN IF NOT EXISTS egress_acl_id String ALIAS defaultValueOfTypeName('String') COMMENT 'Access list at the output of a firewall, as sent (element 33001)', -- without firewall
    ADD COLUMN IF NOT EXISTS firewall_event_code Nullable(UInt32) COMMENT 'The firewall''s own code of the event (element 33002)' CODEC(ZSTD(1)), -- firewall
    ADD COLUMN IF NOT EXISTS firewall_event_code Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'The firewall''s own code of the event (element 33002)', -- without firewall
    ADD COLUMN IF NOT EXISTS egress_queue Nullable(UInt32) COMMENT 'Queue that the packet left through (sFlow egress queue record)' CODEC(ZSTD(1)), -- device
    ADD COLUMN IF NOT EXISTS egress_queue Nullable(UInt32) ALIAS defaultValueOfTypeName('Nullable(UInt32)') COMMENT 'Queue that the packet left through (sFlow egress queue record)', -- without device
    ADD COLUMN IF NOT EXISTS access_list LowCardinality(String) COMMENT 'Access list that the packet met, by its name or else its number (sFlow ACL record)' CODEC(ZSTD(1)), -- firewall
    ADD COLUMN IF NOT EXISTS access_list LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Access list that the packet met, by its name or else its number (sFlow ACL record)', -- without firewall
    ADD COLUMN IF NOT EXISTS tunnel_src_addr IPv6 COMMENT 'Source address of the tunnel that the packet came or left through (sFlow tunnel records)' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS tunnel_src_addr IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'Source address of the tunnel that the packet came or left through (sFlow tunnel records)', -- without tunnel
    ADD COLUMN IF NOT EXISTS tunnel_dst_addr IPv6 COMMENT 'Destination address of the tunnel' CODEC(ZSTD(1)), -- tunnel
    ADD COLUMN IF NOT EXISTS tunnel_dst_addr IPv6 ALIAS defaultValueOfTypeName('IPv6') COMMENT 'Destination address of the tunnel', -- without tunnel
    ADD COLUMN IF NOT EXISTS http_host String COMMENT 'Host of an HTTP request (IE 460)' CODEC(ZSTD(1)), -- application
    ADD COLUMN IF NOT EXISTS http_host String ALIAS defaultValueOfTypeName('String') COMMENT 'Host of an HTTP request (IE 460)', -- without application
    ADD COLUMN IF NOT EXISTS http_url String COMMENT 'Target of an HTTP request (IE 461)' CODEC(ZSTD(1)), -- application
    ADD COLUMN IF NOT EXISTS http_url String ALIAS defaultValueOfTypeName('String') COMMENT 'Target of an HTTP request (IE 461)', -- without application
    ADD COLUMN IF NOT EXISTS http_status UInt32 COMMENT 'Status of the HTTP answer (IE 457)' CODEC(ZSTD(1)), -- application
    ADD COLUMN IF NOT EXISTS http_status UInt32 ALIAS defaultValueOfTypeName('UInt32') COMMENT 'Status of the HTTP answer (IE 457)', -- without application
    ADD COLUMN IF NOT EXISTS function_name LowCardinality(String) COMMENT 'Function of the agent that took or dropped the packet (sFlow function record)' CODEC(ZSTD(1)), -- device
    ADD COLUMN IF NOT EXISTS function_name LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Function of the agent that took or dropped the packet (sFlow function record)', -- without device
    ADD COLUMN IF NOT EXISTS src_country LowCardinality(String) COMMENT 'Country of the source address, two letters (ISO 3166-1)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dst_country LowCardinality(String) COMMENT 'Country of the destination address, two letters (ISO 3166-1)' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS src_network LowCardinality(String) COMMENT 'Name of the network that the source address is in' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS src_network LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the network that the source address is in', -- without enriched
    ADD COLUMN IF NOT EXISTS dst_network LowCardinality(String) COMMENT 'Name of the network that the destination address is in' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS dst_network LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Name of the network that the destination address is in', -- without enriched
    ADD COLUMN IF NOT EXISTS src_network_role LowCardinality(String) COMMENT 'Role of the source address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS src_network_role LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Role of the source address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS dst_network_role LowCardinality(String) COMMENT 'Role of the destination address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS dst_network_role LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Role of the destination address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS src_network_site LowCardinality(String) COMMENT 'Site of the source address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS src_network_site LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Site of the source address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS dst_network_site LowCardinality(String) COMMENT 'Site of the destination address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS dst_network_site LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Site of the destination address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS src_network_region LowCardinality(String) COMMENT 'Region of the source address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS src_network_region LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Region of the source address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS dst_network_region LowCardinality(String) COMMENT 'Region of the destination address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS dst_network_region LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Region of the destination address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS src_network_tenant LowCardinality(String) COMMENT 'Tenant of the source address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS src_network_tenant LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Tenant of the source address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS dst_network_tenant LowCardinality(String) COMMENT 'Tenant of the destination address''s network' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS dst_network_tenant LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Tenant of the destination address''s network', -- without enriched
    ADD COLUMN IF NOT EXISTS in_if_boundary LowCardinality(String) COMMENT 'Which side the input interface faces: external or internal' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS in_if_boundary LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Which side the input interface faces: external or internal', -- without enriched
    ADD COLUMN IF NOT EXISTS out_if_boundary LowCardinality(String) COMMENT 'Which side the output interface faces: external or internal' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS out_if_boundary LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Which side the output interface faces: external or internal', -- without enriched
    ADD COLUMN IF NOT EXISTS in_if_connectivity LowCardinality(String) COMMENT 'What the input interface connects to: transit, peering, customer and the like' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS in_if_connectivity LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'What the input interface connects to: transit, peering, customer and the like', -- without enriched
    ADD COLUMN IF NOT EXISTS out_if_connectivity LowCardinality(String) COMMENT 'What the output interface connects to: transit, peering, customer and the like' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS out_if_connectivity LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'What the output interface connects to: transit, peering, customer and the like', -- without enriched
    ADD COLUMN IF NOT EXISTS in_if_provider LowCardinality(String) COMMENT 'Whom the input interface connects to' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS in_if_provider LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Whom the input interface connects to', -- without enriched
    ADD COLUMN IF NOT EXISTS out_if_provider LowCardinality(String) COMMENT 'Whom the output interface connects to' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS out_if_provider LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Whom the output interface connects to', -- without enriched
    ADD COLUMN IF NOT EXISTS in_if_speed UInt64 COMMENT 'Speed of the input interface' CODEC(T64, ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS in_if_speed UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'Speed of the input interface', -- without enriched
    ADD COLUMN IF NOT EXISTS out_if_speed UInt64 COMMENT 'Speed of the output interface' CODEC(T64, ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS out_if_speed UInt64 ALIAS defaultValueOfTypeName('UInt64') COMMENT 'Speed of the output interface', -- without enriched
    ADD COLUMN IF NOT EXISTS exporter_site LowCardinality(String) COMMENT 'Configured site of the exporter' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS exporter_site LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Configured site of the exporter', -- without enriched
    ADD COLUMN IF NOT EXISTS exporter_role LowCardinality(String) COMMENT 'Configured role of the exporter' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS exporter_role LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Configured role of the exporter', -- without enriched
    ADD COLUMN IF NOT EXISTS exporter_tenant LowCardinality(String) COMMENT 'Configured tenant of the exporter' CODEC(ZSTD(1)), -- enriched
    ADD COLUMN IF NOT EXISTS exporter_tenant LowCardinality(String) ALIAS defaultValueOfTypeName('LowCardinality(String)') COMMENT 'Configured tenant of the exporter', -- without enriched
    ADD COLUMN IF NOT EXISTS kafka_topic LowCardinality(String) COMMENT 'Topic of the Kafka record that held the flow' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS kafka_partition UInt32 COMMENT 'Partition of that record' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS kafka_offset UInt64 COMMENT 'Offset of that record; all flows of a record share it' CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When the block that holds the row was written' CODEC(ZSTD(1)),
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
    ADD COLUMN IF NOT EXISTS bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    ADD COLUMN IF NOT EXISTS packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    ADD COLUMN IF NOT EXISTS service_port UInt32 ALIAS least(src_port, dst_port) COMMENT 'The lower of the two ports, which mostly is that of the service',
    ADD COLUMN IF NOT EXISTS time DateTime64(9, 'UTC') ALIAS time_received COMMENT 'When the flow was received, by the name that it has in the rollups',
    ADD COLUMN IF NOT EXISTS flows UInt64 ALIAS toUInt64(1) COMMENT 'Flows, by the name that they have in the rollups: 1',
    ADD INDEX IF NOT EXISTS src_addr_index src_addr TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS dst_addr_index dst_addr TYPE bloom_filter(0.01) GRANULARITY 1;

-- Of a table that an older version made: aliases that stood for something else, codecs that ClickHouse 24.8 cannot. No row
-- is rewritten.
ALTER TABLE {{db}}.flows_raw{{on_cluster}}
    MODIFY COLUMN time_flow_start DateTime64(9, 'UTC') CODEC(GCD, ZSTD(1)),
    MODIFY COLUMN time_flow_end DateTime64(9, 'UTC') CODEC(GCD, ZSTD(1)),
    MODIFY COLUMN inserted_at DEFAULT now64(3, 'UTC'),
    MODIFY COLUMN src_ip String ALIAS sluice_ip(src_addr) COMMENT 'Source address as text, IPv4 as IPv4',
    MODIFY COLUMN dst_ip String ALIAS sluice_ip(dst_addr) COMMENT 'Destination address as text, IPv4 as IPv4',
    MODIFY COLUMN sampler_ip String ALIAS sluice_ip(sampler_address) COMMENT 'Exporter as text, IPv4 as IPv4',
    MODIFY COLUMN next_hop_ip String ALIAS sluice_ip(next_hop) COMMENT 'Next hop as text, IPv4 as IPv4',
    MODIFY COLUMN bgp_next_hop_ip String ALIAS sluice_ip(bgp_next_hop) COMMENT 'BGP next hop as text, IPv4 as IPv4',
    MODIFY COLUMN post_nat_src_ip String ALIAS sluice_ip(post_nat_src_addr) COMMENT 'Source address after NAT as text, IPv4 as IPv4',
    MODIFY COLUMN post_nat_dst_ip String ALIAS sluice_ip(post_nat_dst_addr) COMMENT 'Destination address after NAT as text, IPv4 as IPv4',
    MODIFY COLUMN inner_src_ip String ALIAS sluice_ip(inner_src_addr) COMMENT 'Source address of the encapsulated packet as text, IPv4 as IPv4',
    MODIFY COLUMN inner_dst_ip String ALIAS sluice_ip(inner_dst_addr) COMMENT 'Destination address of the encapsulated packet as text, IPv4 as IPv4',
    MODIFY COLUMN src_mac_text String ALIAS sluice_mac(src_mac) COMMENT 'Source MAC address as text',
    MODIFY COLUMN dst_mac_text String ALIAS sluice_mac(dst_mac) COMMENT 'Destination MAC address as text',
    MODIFY COLUMN tcp_flags_text String ALIAS sluice_tcp_flags(tcp_flags) COMMENT 'TCP flags as letters',
    MODIFY COLUMN application_id_text String ALIAS if(empty(application_id), '', concat(toString(reinterpretAsUInt8(application_id)), ':', toString(reinterpretAsUInt64(reverse(substring(application_id, 2)))))) COMMENT 'Application tag as engine:selector',
    MODIFY COLUMN bytes_corrected UInt128 ALIAS bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN packets_corrected UInt128 ALIAS packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295)) COMMENT 'Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that',
    MODIFY COLUMN service_port UInt32 ALIAS least(src_port, dst_port) COMMENT 'The lower of the two ports, which mostly is that of the service',
    MODIFY COLUMN time DateTime64(9, 'UTC') ALIAS time_received COMMENT 'When the flow was received, by the name that it has in the rollups',
    MODIFY COLUMN flows UInt64 ALIAS toUInt64(1) COMMENT 'Flows, by the name that they have in the rollups: 1';

ALTER TABLE {{db}}.flows_raw{{on_cluster}} MODIFY TTL toDate(time_received) + INTERVAL {{retention}} DAY;
ALTER TABLE {{db}}.flows_raw{{on_cluster}} MODIFY SETTING non_replicated_deduplication_window = {{repeats}};

-- What was wrong with Kafka records, one row for each and reason. They are kept from when they were written here, since
-- a record may be old.
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
TTL toDate(inserted_at) + INTERVAL {{retention_errors}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{db}}.flows_errors{{on_cluster}}
    ADD COLUMN IF NOT EXISTS reason LowCardinality(String) DEFAULT 'unreadable' COMMENT 'unreadable: it is no flow messages, and its flows are lost. time: received too far from when it was written, and kept with that time. expired: older than flows_raw keeps',
    ADD COLUMN IF NOT EXISTS flows UInt64 COMMENT 'Flows of the record that this is about; 0 where it could not be read';

ALTER TABLE {{db}}.flows_errors{{on_cluster}} MODIFY TTL toDate(inserted_at) + INTERVAL {{retention_errors}} DAY;
