#include "filter/evaluate.hpp"

#include <gtest/gtest.h>

#include "filter/parser.hpp"

namespace sluice::filter::test {
namespace {

/// One flow in which every kind of quantity has a value.
class Evaluate : public ::testing::Test {
 protected:
  void SetUp() override {
    Origin& origin = batch_.add_origin();
    origin.sampler_address = *IpAddress::parse("192.0.2.1");
    origin.exporter_name = "edge-1";
    origin.type = FlowType::ipfix;
    FlowRecord& flow = batch_.append_one();
    flow.set_source(*IpAddress::parse("198.51.100.7"));
    flow.set_destination(*IpAddress::parse("203.0.113.9"));
    flow.proto = 6;
    flow.src_port = 40000;
    flow.dst_port = 443;
    flow.tcp_flags = 0x1b;
    flow.etype = 0x0800;
    flow.bytes = 1000;
    flow.packets = 10;
    flow.sampling_rate = 100;
    flow.src_mac = 0x005300000001;
    flow.in_if = 3;
    flow.flow_direction = FlowDirection::ingress;
    FlowExtras& extras = batch_.extras(flow);
    extras.list(ExtraList::mpls_label) = {16, 17};
    extras.list(ExtraAddressList::mpls_ip) = {*IpAddress::parse("192.0.2.77")};
    extras.set(ExtraText::in_if_name, "ae0.100");
    extras.set(ExtraScalar::nat_event, 1);
  }

  bool matched(std::string_view text) {
    const auto parsed = parse(text);
    EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().text);
    return parsed && matches(*parsed, batch_, batch_.flows()[0]);
  }

  FlowBatch batch_;
};

TEST_F(Evaluate, WhatIsTrue) {
  for (const char* text : {"any",
                           "tcp",
                           "ipv4",
                           "src ip 198.51.100.7",
                           "host 203.0.113.9",
                           "src net 198.51.100.0/24",
                           "net 0.0.0.0/0",
                           "src_addr in [192.0.2.1, 198.51.100.0/25]",
                           "port 443",
                           "dst port in [80 443]",
                           "src port > 1023",
                           "dst port < 1024",
                           "flags SA",
                           "flags = 0x1b",
                           "bytes = 100k",
                           "bytes_sampled = 1000",
                           "packets > 999",
                           "bpp = 100",
                           "in if 3",
                           "in_if_name like \"AE%\"",
                           "in_if_name like ae0.___",
                           "in_if_name = ae0.100",
                           "mpls label1 16",
                           "mpls label2 > 16",
                           "mpls any 17",
                           "mpls_ip = 192.0.2.77",
                           "exporter edge-1",
                           "exporter 192.0.2.1",
                           "nat event add",
                           "flowdir ingress",
                           "type = ipfix",
                           "dst_port < src_port",
                           "in src mac 00:53:00:00:00:01",
                           "not udp",
                           "udp or tcp",
                           "tcp and not port 80",
                           "bgp_next_hop = ::",
                           "in_if != 4",
                           "src_port != dst_port"})
    EXPECT_TRUE(matched(text)) << text;
}

TEST_F(Evaluate, WhatIsNot) {
  for (const char* text : {"not any",
                           "udp",
                           "ipv6",
                           "dst ip 198.51.100.7",
                           "src and dst ip 198.51.100.7",
                           "net 2001:db8::/32",
                           "net ::/96",
                           "src net 198.51.101.0/24",
                           "port 80",
                           "port in [80..442, 444]",
                           "src port > 40000",
                           "flags SR",
                           "flags = 2",
                           "bytes = 1000",
                           "in if 4",
                           "in_if_name like ae1%",
                           "in_if_name like ae0",
                           "mpls label3 0",
                           "mpls any 18",
                           "mpls_ip in 198.51.100.0/24",
                           "exporter edge-2",
                           "nat event delete",
                           "flowdir egress",
                           "icmp-type 0",
                           "tcp and udp",
                           "dst port > 65535",
                           "src_port < dst_port",
                           "as_path = 0"})
    EXPECT_FALSE(matched(text)) << text;
}

TEST_F(Evaluate, AbsentIsZeroAsInTheTables) {
  EXPECT_TRUE(matched("ingress_vrf_id = 0 and firewall_event = 0"));
  EXPECT_TRUE(matched("application_name = ''"));
  EXPECT_TRUE(matched("next ip ::"));
}

}  // namespace
}  // namespace sluice::filter::test
