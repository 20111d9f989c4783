# Made by `sluice schema write` from src/lib/flow/field_rows.hpp and columns.cpp; changes belong there.
# Columns of flows_raw that it may be made without; apply.sh reads this file, which runs nothing.
# shellcheck shell=bash disable=SC2034

column_sets=(packet ip mac vlan qinq mpls bgp vrf nat firewall application tunnel wlan device metering names collector enriched)

declare -A set_columns=(
  [packet]='layer_stack layer_size ipv6_routing_header_addresses ipv6_routing_header_seg_left'
  [ip]='ip_ttl fragment_id fragment_offset ipv6_flow_label ip_flags'
  [mac]='src_mac dst_mac'
  [vlan]='src_vlan dst_vlan'
  [qinq]='customer_vlan_id post_customer_vlan_id vlan_priority'
  [mpls]='mpls_ttl mpls_label mpls_ip mpls_label_type mpls_prefix_length mpls_vpn_rd'
  [bgp]='next_hop_as bgp_next_hop bgp_communities as_path src_peer_as next_adjacent_as prev_adjacent_as local_pref'
  [vrf]='ingress_vrf_id egress_vrf_id ingress_vrf_name egress_vrf_name'
  [nat]='post_nat_src_addr post_nat_dst_addr post_nat_src_port post_nat_dst_port nat_event nat_port_start nat_port_end nat_port_step nat_port_count nat_pool_id nat_pool_name'
  [firewall]='firewall_event ingress_acl_id egress_acl_id firewall_event_code access_list'
  [application]='application_id application_name user_name http_host http_url http_status'
  [tunnel]='vni inner_src_addr inner_dst_addr inner_proto inner_src_port inner_dst_port inner_etype inner_ip_tos tunnel_src_addr tunnel_dst_addr'
  [wlan]='wlan_ssid station_mac station_address access_point_mac'
  [device]='out_if_discard_reason out_if_multiple drop_reason egress_queue function_name'
  [metering]='observation_point_id flow_id in_phys_if out_phys_if original_exporter_address flow_count biflow_direction engine_type engine_id'
  [names]='in_if_name out_if_name in_if_description out_if_description'
  [collector]='exporter_name collector_id exporter_address'
  [enriched]='src_network dst_network src_network_role dst_network_role src_network_site dst_network_site src_network_region dst_network_region src_network_tenant dst_network_tenant in_if_boundary out_if_boundary in_if_connectivity out_if_connectivity in_if_provider out_if_provider in_if_speed out_if_speed exporter_site exporter_role exporter_tenant'
)

# What is computed of them.
declare -A set_aliases=(
  [packet]=''
  [ip]=''
  [mac]='src_mac_text dst_mac_text'
  [vlan]=''
  [qinq]=''
  [mpls]=''
  [bgp]='bgp_next_hop_ip'
  [vrf]=''
  [nat]='post_nat_src_ip post_nat_dst_ip'
  [firewall]=''
  [application]='application_id_text'
  [tunnel]='inner_src_ip inner_dst_ip'
  [wlan]=''
  [device]=''
  [metering]=''
  [names]=''
  [collector]=''
  [enriched]=''
)
