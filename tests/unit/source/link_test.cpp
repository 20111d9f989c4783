// Link types, VLAN tags and the ways IP carries UDP, each through a whole file.
#include <gtest/gtest.h>

#include "capture_builder.hpp"

namespace sluice::source::test {
namespace {

const Octets kPayload = flow_payload(40, 3);
const Octets kV4 = ipv4({}, udp(5000, 2055, kPayload));
const Octets kV6 = ipv6(17, udp(5000, 2055, kPayload));

struct Case {
  std::string name;
  std::uint32_t link_type;
  Octets frame;
  bool v6 = false;
};

class EveryLink : public testing::TestWithParam<Case> {};

TEST_P(EveryLink, GivesTheDatagram) {
  const TemporaryFile file("x.pcap",
                           pcap({.link_type = GetParam().link_type}, {{.octets = GetParam().frame}}));
  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  const auto read = read_all(*capture);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].from, GetParam().v6 ? "2001:db8::1:5000" : "192.0.2.1:5000");
  EXPECT_EQ(read[0].to, GetParam().v6 ? "2001:db8::2:2055" : "198.51.100.1:2055");
  EXPECT_EQ(read[0].payload, kPayload);
}

Octets cooked1(unsigned ethertype, const Octets& data) {
  return Wire().zeros(14).u16(ethertype).add(data).octets;
}
Octets cooked2(unsigned ethertype, const Octets& data) {
  return Wire().u16(ethertype).zeros(18).add(data).octets;
}
Octets tag(unsigned ethertype, const Octets& data) { return Wire().u16(100).u16(ethertype).add(data).octets; }
Octets options_header(unsigned next, const Octets& data) {
  return Wire().u8(next).u8(1).zeros(14).add(data).octets;
}

INSTANTIATE_TEST_SUITE_P(
    Frames, EveryLink,
    testing::Values(
        Case{"null_v4", 0, Wire().u32(0x02000000).add(kV4).octets},
        Case{"null_v6", 0, Wire().u32(0x1e000000).add(kV6).octets, true},
        Case{"loop", 108, Wire().u32(2).add(kV4).octets}, Case{"ethernet_v4", 1, ethernet(0x0800, kV4)},
        Case{"ethernet_v6", 1, ethernet(0x86dd, kV6), true},
        Case{"vlan", 1, ethernet(0x8100, tag(0x0800, kV4))},
        Case{"qinq", 1, ethernet(0x88a8, tag(0x8100, tag(0x86dd, kV6))), true},
        Case{"old_qinq", 1, ethernet(0x9100, tag(0x8100, tag(0x0800, kV4)))},
        Case{"cooked1_v4", 113, cooked1(0x0800, kV4)},
        Case{"cooked1_vlan", 113, cooked1(0x8100, tag(0x0800, kV4))},
        Case{"cooked2_v6", 276, cooked2(0x86dd, kV6), true}, Case{"raw_v4", 101, kV4},
        Case{"raw_v6", 101, kV6, true}, Case{"raw_as_written_by_openbsd", 12, kV4}, Case{"ipv4", 228, kV4},
        Case{"ipv6", 229, kV6, true}, Case{"ppp", 9, Wire().u16(0x0021).add(kV4).octets},
        Case{"ppp_hdlc", 9, Wire().u16(0xff03).u16(0x0057).add(kV6).octets, true},
        Case{"ppp_compressed", 9, Wire().u8(0x21).add(kV4).octets},
        Case{"ipv4_options", 101, ipv4({.option_words = 3}, udp(5000, 2055, kPayload))},
        Case{"ipv6_hop_by_hop_and_destination", 101,
             ipv6(0, options_header(60, options_header(17, udp(5000, 2055, kPayload)))), true},
        Case{"ipv6_atomic_fragment", 101,
             ipv6(44, Wire().u8(17).u8(0).u16(0).u32(9).add(udp(5000, 2055, kPayload)).octets), true}),
    [](const auto& each) { return each.param.name; });

// Every shorter capture of a frame gives no datagram or a part of it, marked as such; never anything else.
TEST(CutFrames, GiveAPartOrNothing) {
  for (const auto& [link, frame] : std::vector<std::pair<std::uint32_t, Octets>>{
           {1, ethernet(0x88a8, tag(0x8100, tag(0x0800, kV4)))},
           {1, ethernet(0x86dd, ipv6(0, options_header(17, udp(5000, 2055, kPayload))))},
           {276, cooked2(0x86dd,
                         ipv6(44, Wire().u8(17).u8(0).u16(0).u32(9).add(udp(5000, 2055, kPayload)).octets))},
           {9, Wire().u16(0xff03).u16(0x0057).add(kV6).octets}})
    for (std::uint32_t size = 0; size < frame.size(); ++size) {
      const TemporaryFile file("cut.pcap", pcap({.link_type = link}, {{.octets = frame, .cut_to = size}}));
      auto capture = CaptureFile::open(file.path());
      ASSERT_TRUE(capture) << capture.error();
      const auto read = read_all(*capture);
      const std::size_t headers = frame.size() - kPayload.size();
      ASSERT_EQ(read.size(), size < headers ? 0U : 1U) << link << " cut to " << size;
      if (read.empty()) continue;
      EXPECT_TRUE(read[0].truncated);
      EXPECT_EQ(read[0].payload,
                Octets(kPayload.begin(), kPayload.begin() + static_cast<std::ptrdiff_t>(size - headers)));
    }
}

}  // namespace
}  // namespace sluice::source::test
