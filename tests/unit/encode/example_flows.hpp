#pragma once
// A few flows with known values, for lines that are compared as text.
#include "sluice/flow/batch.hpp"

namespace sluice::test {

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

/// 0: IPv4 TCP with rare fields; 1: IPv6 ICMP of another origin; 2: ARP without addresses.
inline void fill_examples(FlowBatch& batch) {
  Origin& v9 = batch.add_origin();
  v9.type = FlowType::netflow9;
  v9.sequence_num = 4711;
  v9.observation_domain_id = 256;
  v9.time_received_ns = 1'750'000'000'123'456'789;
  v9.sampler_address = v9.exporter_address = ip("192.0.2.1");
  v9.exporter_name = "edge-1";

  FlowRecord& tcp = batch.append_one();
  tcp.set_source(ip("198.51.100.7"));
  tcp.set_destination(ip("203.0.113.9"));
  tcp.set_next_hop(ip("192.0.2.254"));
  tcp.bytes = 18446744073709551615U;
  tcp.packets = 12;
  tcp.time_flow_start_ns = 1'749'999'990'000'000'000;
  tcp.time_flow_end_ns = 1'749'999'999'500'000'000;
  tcp.sampling_rate = 1000;
  tcp.sampling_rate_source = SamplingRateSource::options;
  tcp.src_mac = 0x00005e005301;
  tcp.dst_mac = 0xfedcba987654;
  tcp.in_if = 10;
  tcp.out_if = 4294967295;
  tcp.src_as = 64500;
  tcp.dst_as = 4200000000;
  tcp.src_port = 443;
  tcp.dst_port = 51000;
  tcp.etype = 0x0800;
  tcp.tcp_flags = 27;
  tcp.proto = 6;
  tcp.ip_tos = 184;
  tcp.ip_ttl = 61;
  tcp.src_net = 22;
  tcp.dst_net = 24;
  tcp.vlan_id = 100;
  tcp.flow_direction = FlowDirection::egress;
  FlowExtras& extras = batch.extras(tcp);
  extras.set(ExtraScalar::vlan_priority, 0);
  extras.set(ExtraAddress::bgp_next_hop, ip("2001:db8::1"));
  extras.set(ExtraText::application_id, std::string_view("\x0d\0\0\x01", 4));
  extras.set(ExtraText::user_name, "J\xfcrgen \"\\\n\t\x01/\u65e5");
  extras.list(ExtraList::as_path) = {64500, 64501};
  extras.list(ExtraList::layer_stack) = {0, 1, 3, 55};
  extras.list(ExtraList::mpls_label) = {16};
  extras.list(ExtraAddressList::mpls_ip) = {ip("192.0.2.33"), ip("2001:db8::33")};

  Origin& sflow = batch.add_origin();
  sflow.type = FlowType::sflow5;
  sflow.time_received_ns = 1'750'000'001'000'000'000;
  sflow.sampler_address = ip("2001:db8:0:1::2");
  sflow.exporter_address = ip("192.0.2.2");
  FlowRecord& icmp = batch.append_one();
  icmp.set_source(ip("2001:db8:1:2:3:4:5:6"));
  icmp.set_destination(ip("::ffff:192.0.2.5"));
  icmp.bytes = 1518;
  icmp.packets = 1;
  icmp.etype = 0x86dd;
  icmp.proto = 58;
  icmp.icmp_type = 128;
  icmp.src_net = 33;
  icmp.dst_net = 129;

  FlowRecord& arp = batch.append_one();
  arp.etype = 0x0806;
  arp.proto = 254;
}

}  // namespace sluice::test
