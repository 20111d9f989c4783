#include <bzlib.h>
#include <gmock/gmock.h>
#include <lz4.h>
#include <zstd.h>

#include <set>

#include "archive_support.hpp"
#include "nfdump/unpack.hpp"

namespace sluice::nfdump::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

void expect_common(const FlowRecord& flow) {
  EXPECT_EQ(flow.source(), ip("192.0.2.1"));
  EXPECT_EQ(flow.destination(), ip("198.51.100.10"));
  EXPECT_EQ(flow.time_flow_start_ns, 1'700'000'000'001'000'000U);
  EXPECT_EQ(flow.time_flow_end_ns, 1'700'000'003'002'000'000U);
  EXPECT_EQ(flow.packets, 10U);
  EXPECT_EQ(flow.bytes, 15000U);
  EXPECT_EQ(flow.src_port, 40000);
  EXPECT_EQ(flow.dst_port, 443);
  EXPECT_EQ(flow.proto, 6);
  EXPECT_EQ(flow.tcp_flags, 0x1b);
  EXPECT_EQ(flow.forwarding_status, 64);
  EXPECT_EQ(flow.ip_tos, 184);
  EXPECT_EQ(flow.etype, 0x0800);
  EXPECT_EQ(flow.sampling_rate, 0U);
  EXPECT_EQ(flow.sampling_rate_source, SamplingRateSource::unknown);
}

// Both layouts in both byte orders.
class BothOrders : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Order, BothOrders, testing::Bool(),
                         [](const auto& order) { return order.param ? "big" : "little"; });

TEST_P(BothOrders, Layout1IsRead) {
  NfdumpFile file(1, GetParam());
  file.record(7, exporter_record(file)).record(2, map_record(file, {5, 27}));
  file.record(10, flow1(file).u32(70000).u32(4200000).u64(1'700'000'004'003)).block();
  const auto read = read_back(file.bytes());
  EXPECT_EQ(read.error + read.warning, "");
  ASSERT_EQ(read.flows.size(), 1U);
  expect_common(read.flows[0]);
  EXPECT_EQ(read.flows[0].in_if, 70000U);
  EXPECT_EQ(read.flows[0].out_if, 4200000U);
  EXPECT_EQ(read.flows[0].flow_end_reason, 2);
  EXPECT_EQ(read.origins[0].exporter_address, ip("127.0.0.1"));
  EXPECT_EQ(read.origins[0].sampler_address, ip("127.0.0.1"));
  EXPECT_EQ(read.origins[0].type, FlowType::netflow9);
  EXPECT_EQ(read.origins[0].observation_domain_id, 42U);
  EXPECT_EQ(read.origins[0].time_received_ns, 1'700'000'004'003'000'000U);
  EXPECT_FALSE(read.has_extras[0]);
}

TEST_P(BothOrders, Layout2IsRead) {
  NfdumpFile file(2, GetParam());
  file.record(7, exporter_record(file, 10)).record(11, plain_flow2(file)).block();
  const auto read = read_back(file.bytes());
  EXPECT_EQ(read.error + read.warning, "");
  ASSERT_EQ(read.flows.size(), 1U);
  expect_common(read.flows[0]);
  EXPECT_EQ(read.origins[0].exporter_address, ip("127.0.0.1"));
  EXPECT_EQ(read.origins[0].type, FlowType::ipfix);
  EXPECT_EQ(read.origins[0].observation_domain_id, 42U);
  EXPECT_EQ(read.origins[0].time_received_ns, 1'700'000'004'003'000'000U);
}

TEST_P(BothOrders, ALongAddressIsTwoNumbersTheHighHalfFirst) {
  NfdumpFile one(1, GetParam()), two(2, GetParam());
  one.record(2, map_record(one, {})).record(10, flow1(one, 0x7)).block();
  HostBytes body = element(two.host(), 1, generic2(two.host()));
  body = element(body, 3, two.host().u64(0x20010db800000000).u64(1).u64(0x20010db800000000).u64(2));
  two.record(11, flow2(two, 2, body)).block();
  for (const auto& file : {one, two}) {
    const auto read = read_back(file.bytes());
    ASSERT_EQ(read.flows.size(), 1U);
    EXPECT_EQ(read.flows[0].source(), ip("2001:db8::1"));
    EXPECT_EQ(read.flows[0].destination(), ip("2001:db8::2"));
    EXPECT_EQ(read.flows[0].etype, 0x86dd);
    EXPECT_EQ(read.flows[0].bytes, 15000U);
  }
}

TEST(Archive, EveryPartOfLayout1GoesToItsField) {
  NfdumpFile file(1);
  file.record(2, map_record(file, {4, 6, 8, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 26, 27, 45}));
  HostBytes flow = flow1(file);
  flow.u16(1).u16(101).u16(64500).u16(64600).u8(40).u8(1).u8(24).u8(22);               // 4, 6, 8
  flow.u32(0xcb007101).u32(0xcb0071fe).u16(100).u16(200);                              // 9, 11, 13
  flow.u64(77).u64(88).u64(3);                                                         // 15, 17, 19
  flow.u64(0x020000000001).u64(0x020000000004).u64(0x020000000002).u64(0x03);          // 20, 21
  flow.u32(16000 << 4 | 5 << 1).u32(17000 << 4).u32(18000 << 4 | 1).zeros(28);         // 22
  flow.u32(0x0a000001).u32(0).u32(64501).u32(64502).u64(1'700'000'004'003).zeros(24);  // 23, 25, 26, 27, 45
  const auto read = read_back(file.record(10, flow).block().bytes());
  EXPECT_EQ(read.warning, "");
  ASSERT_EQ(read.flows.size(), 1U);
  const FlowRecord& f = read.flows[0];
  expect_common(f);
  EXPECT_THAT((std::vector<std::uint32_t>{f.in_if, f.out_if, f.src_as, f.dst_as}),
              ElementsAre(1, 101, 64500, 64600));
  EXPECT_THAT((std::vector<int>{f.src_net, f.dst_net, f.vlan_id, f.src_vlan, f.dst_vlan}),
              ElementsAre(24, 22, 100, 100, 200));
  EXPECT_EQ(f.flow_direction, FlowDirection::egress);
  EXPECT_EQ(f.next_hop_address(), ip("203.0.113.1"));
  EXPECT_EQ(f.src_mac, 0x020000000001U);
  EXPECT_EQ(f.dst_mac, 0x020000000002U);
  const FlowExtras& extras = *read.last.extras_of(read.last.flows()[0]);
  EXPECT_EQ(extras.get(ExtraAddress::bgp_next_hop), ip("203.0.113.254"));
  EXPECT_THAT(extras.list(ExtraList::mpls_label), ElementsAre(16000, 17000, 18000));
  EXPECT_EQ(extras.get(ExtraScalar::flow_count), 3U);
  EXPECT_EQ(extras.get(ExtraScalar::next_adjacent_as), 64501U);
  EXPECT_EQ(extras.get(ExtraScalar::prev_adjacent_as), 64502U);
  EXPECT_EQ(read.origins[0].exporter_address, ip("10.0.0.1"));
}

TEST(Archive, EveryPartOfLayout2GoesToItsField) {
  NfdumpFile file(2);
  const auto h = [&] { return file.host(); };
  HostBytes body = element(h(), 1, generic2(h()));
  body = element(body, 2, v4_pair(h()));
  body = element(body, 4, h().u32(1).u32(101).u8(24).u8(22).u8(1).u8(40).u8(1).u8(3).zeros(2));
  body = element(body, 5, h().u64(3).u64(77).u64(88));
  body = element(body, 6, h().u32(100).u32(200));
  body = element(body, 7, h().u32(4200000001).u32(64600));
  body = element(body, 8, h().u32(0xcb0071fe));
  body = element(body, 11, h().u64(0x20010db800000000).u64(9));
  body = element(body, 13, h().u64(0x20010db800000000).u64(10));
  body = element(body, 14, h().u32(16000 << 4 | 5 << 1).u32(17000 << 4).u32(18000 << 4 | 1).zeros(28));
  body = element(body, 15, h().u64(0).u64(0x020000000004).u64(0).u64(0x020000000003));
  body = element(body, 16, h().u32(64501).u32(64502));
  body = element(body, 19, h().u64(0).u32(7).u16(2015).u8(2).u8(0));
  body = element(body, 20, h().u32(0xcb007102).u32(0xcb007103));
  body = element(body, 22, h().u16(1024).u16(1025));
  body = element(body, 23, h().u32(1).u32(2).u32(3).zeros(12));
  body = element(body, 24, h().text("alice", 68));
  body = element(body, 25, h().u64(0).u32(11).u32(12).u32(13).u8(4).zeros(3));
  body = element(body, 26, h().u16(1).u16(2).u16(3).u16(4));
  body = element(body, 27, h().u8(13).u8(0).u8(1).u8(2));
  body = element(body, 99, h().zeros(3));  // not known
  body = element(body, 36, h().u32(21).u32(22));
  const auto read = read_back(file.record(11, flow2(file, 22, body)).block().bytes());
  EXPECT_EQ(read.warning, "");
  ASSERT_EQ(read.flows.size(), 1U);
  const FlowRecord& f = read.flows[0];
  expect_common(f);
  EXPECT_THAT((std::vector<std::uint32_t>{f.in_if, f.out_if, f.src_as, f.dst_as}),
              ElementsAre(1, 101, 4200000001, 64600));
  EXPECT_THAT((std::vector<int>{f.src_net, f.dst_net, f.src_vlan, f.dst_vlan, f.flow_end_reason}),
              ElementsAre(24, 22, 100, 200, 3));
  EXPECT_EQ(f.next_hop_address(), ip("2001:db8::9"));
  EXPECT_EQ(f.src_mac, 0x020000000003U) << "of the output, where the input says none";
  EXPECT_EQ(f.dst_mac, 0x020000000004U);
  EXPECT_EQ(read.origins[0].exporter_address, ip("2001:db8::a"));
  const FlowExtras& e = *read.last.extras_of(read.last.flows()[0]);
  EXPECT_EQ(e.get(ExtraAddress::bgp_next_hop), ip("203.0.113.254"));
  EXPECT_EQ(e.get(ExtraAddress::post_nat_src_addr), ip("203.0.113.2"));
  EXPECT_EQ(e.get(ExtraText::user_name), "alice");
  EXPECT_EQ(e.get(ExtraText::application_id), std::string("\x0d\0\1\2", 4));
  EXPECT_EQ(e.get(ExtraText::ingress_acl_id), std::string("\0\0\0\1\0\0\0\2\0\0\0\3", 12));
  EXPECT_FALSE(e.has(ExtraText::egress_acl_id));
  const std::pair<ExtraScalar, std::uint64_t> scalars[] = {{ExtraScalar::flow_count, 3},
                                                           {ExtraScalar::next_adjacent_as, 64501},
                                                           {ExtraScalar::flow_id, 7},
                                                           {ExtraScalar::firewall_event, 2},
                                                           {ExtraScalar::biflow_direction, 1},
                                                           {ExtraScalar::firewall_event_code, 2015},
                                                           {ExtraScalar::post_nat_dst_port, 1025},
                                                           {ExtraScalar::egress_vrf_id, 21},
                                                           {ExtraScalar::ingress_vrf_id, 22},
                                                           {ExtraScalar::nat_pool_id, 13},
                                                           {ExtraScalar::nat_event, 4},
                                                           {ExtraScalar::nat_port_count, 4}};
  for (const auto& [field, value] : scalars) EXPECT_EQ(e.get(field), value) << static_cast<int>(field);
}

TEST(Archive, CountsOfSampledFlowsAreTheFilesAndTheirRateIsOne) {
  NfdumpFile one(1), two(2);
  one.record(2, map_record(one, {})).record(10, flow1(one, 0x80)).record(10, flow1(one)).block();
  two.record(11, plain_flow2(two, 2)).record(11, plain_flow2(two)).block();
  for (const auto& file : {one, two}) {
    const auto read = read_back(file.bytes());
    ASSERT_EQ(read.flows.size(), 2U);
    EXPECT_EQ(read.flows[0].bytes, 15000U);
    EXPECT_EQ(read.flows[0].sampling_rate, 1U);
    EXPECT_EQ(read.flows[0].sampling_rate_source, SamplingRateSource::record);
    EXPECT_EQ(read.flows[1].sampling_rate, 0U);
    EXPECT_EQ(read.counts.sampled, 1U);
  }
}

TEST(Archive, WithoutATimeOfReceiptItIsTheFlowsEnd) {
  NfdumpFile file(1);
  file.record(2, map_record(file, {})).record(10, flow1(file)).block();
  const auto read = read_back(file.bytes());
  ASSERT_EQ(read.flows.size(), 1U);
  EXPECT_EQ(read.origins[0].time_received_ns, read.flows[0].time_flow_end_ns);
}

TEST(Archive, TypeAndCodeOfIcmpAreInThePort) {
  NfdumpFile file(2);
  HostBytes body = element(file.host(), 1, generic2(file.host(), 1, 3 * 256 + 1));
  body = element(body, 2, v4_pair(file.host()));
  const auto read = read_back(file.record(11, flow2(file, 2, body)).block().bytes());
  ASSERT_EQ(read.flows.size(), 1U);
  EXPECT_EQ(read.flows[0].icmp_type, 3);
  EXPECT_EQ(read.flows[0].icmp_code, 1);
}

TEST(Archive, AMapMayBeReplacedAndAnUnknownExtensionEndsWhatIsRead) {
  NfdumpFile file(1);
  file.record(2, map_record(file, {4})).record(10, flow1(file).u16(1).u16(2));
  file.record(2, map_record(file, {5, 60, 6})).record(10, flow1(file).u32(3).u32(4).zeros(9)).block();
  const auto read = read_back(file.bytes());
  EXPECT_EQ(read.warning, "");
  ASSERT_EQ(read.flows.size(), 2U);
  EXPECT_EQ(read.flows[0].in_if, 1U);
  EXPECT_EQ(read.flows[1].in_if, 3U);
  EXPECT_EQ(read.flows[1].src_as, 0U);
}

TEST(Archive, TheOldestRecordsHaveTheirExporterInFront) {
  NfdumpFile file(1);
  HostBytes flow = file.host().u8(0).u8(1).u16(1).u16(1).u16(2).u32(1'700'000'000).u32(1'700'000'003);
  flow.u8(64).u8(0x1b).u8(6).u8(184).u16(40000).u16(443);
  flow.add(v4_pair(file.host())).u32(10).u32(15000);
  file.record(7, exporter_record(file, 5)).record(2, map_record(file, {})).record(1, flow).block();
  const auto read = read_back(file.bytes());
  ASSERT_EQ(read.flows.size(), 1U) << read.warning;
  expect_common(read.flows[0]);
  EXPECT_EQ(read.origins[0].type, FlowType::netflow5);
  EXPECT_EQ(read.origins[0].exporter_address, ip("127.0.0.1"));
}

TEST(Archive, FlowsOfOneDatagramShareAnOrigin) {
  NfdumpFile file(2);
  for (int i = 0; i < 3; ++i) file.record(11, plain_flow2(file));
  const auto read = read_back(file.block().bytes());
  EXPECT_EQ(read.last.size(), 3U);
  EXPECT_EQ(read.last.origin_count(), 1U);
}

TEST(Archive, ManyFlowsComeInBatches) {
  NfdumpFile file(2);
  for (int block = 0; block < 3; ++block) {
    for (int i = 0; i < 700; ++i) file.record(11, plain_flow2(file));
    file.block();
  }
  const auto read = read_back(file.bytes());
  EXPECT_EQ(read.flows.size(), 2100U);
  EXPECT_EQ(read.counts.flows, 2100U);
  EXPECT_EQ(read.last.size(), 2100 - 2 * Archive::kFlowsAtOnce);
}

TEST(Archive, ABatchIsOfNoMoreThanAHundredDays) {
  constexpr std::uint64_t kDayMs = 86'400'000;
  NfdumpFile file(2);
  const auto add = [&](std::uint64_t day) {
    HostBytes generic = file.host().u64(day * kDayMs).u64(day * kDayMs).u64(day * kDayMs);
    file.record(11, flow2(file, 1, element(file.host(), 1, generic.zeros(24))));
  };
  for (std::size_t i = 0; i < Archive::kFlowsAtOnce; ++i) add(10'000);
  for (std::uint64_t day = 10'001; day <= 11'024; ++day) add(day);
  const Written written(file.block().bytes());
  auto archive = Archive::open(written.path());
  ASSERT_TRUE(archive);
  FlowBatch batch;
  std::size_t flows = 0;
  for (; archive->next(batch); flows += batch.size()) {
    std::set<std::uint64_t> days;
    for (const FlowRecord& flow : batch.flows())
      days.insert(batch.origin_of(flow).time_received_ns / kDayMs / 1'000'000);
    EXPECT_LE(days.size(), 100U);
  }
  EXPECT_EQ(flows, 2 * Archive::kFlowsAtOnce);
}

TEST(Archive, FlowsWithLongTextsComeInSmallBatches) {
  NfdumpFile file(2);
  HostBytes body = element(file.host(), 1, generic2(file.host()));
  body = element(body, 27, file.host().text(std::string(60'000, 'x'), 60'000));
  const HostBytes flow = flow2(file, 2, body);
  for (int block = 0; block < 4; ++block) {
    for (int i = 0; i < 10; ++i) file.record(11, flow);
    file.block();
  }
  const Written written(file.bytes());
  auto archive = Archive::open(written.path());
  ASSERT_TRUE(archive);
  FlowBatch batch;
  std::size_t flows = 0;
  for (; archive->next(batch); flows += batch.size()) EXPECT_LE(batch.size(), 5U);
  EXPECT_EQ(flows, 40U);
}

std::vector<std::byte> pack_lz4(const std::vector<std::byte>& plain) {
  std::vector<std::byte> out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(plain.size()))));
  out.resize(static_cast<std::size_t>(
      LZ4_compress_default(reinterpret_cast<const char*>(plain.data()), reinterpret_cast<char*>(out.data()),
                           static_cast<int>(plain.size()), static_cast<int>(out.size()))));
  return out;
}
std::vector<std::byte> pack_bz2(const std::vector<std::byte>& plain) {
  std::vector<std::byte> out(plain.size() + 1000);
  auto size = static_cast<unsigned>(out.size());
  std::vector<std::byte> from = plain;
  BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size, reinterpret_cast<char*>(from.data()),
                           static_cast<unsigned>(from.size()), 9, 0, 0);
  out.resize(size);
  return out;
}
std::vector<std::byte> pack_zstd(const std::vector<std::byte>& plain) {
  std::vector<std::byte> out(ZSTD_compressBound(plain.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
  return out;
}
/// A first byte says how many literals follow, up to 238; then the end's three bytes.
std::vector<std::byte> pack_lzo(const std::vector<std::byte>& plain) {
  std::vector<std::byte> out{static_cast<std::byte>(17 + plain.size())};
  out.resize(1 + plain.size());
  std::copy(plain.begin(), plain.end(), out.begin() + 1);
  for (const int end : {0x11, 0, 0}) out.push_back(static_cast<std::byte>(end));
  return out;
}

struct Packing {
  const char* name;
  NfdumpFile::Pack pack;
  int flag_of_layout1;  ///< -1: it has none
  unsigned number_of_layout2;
};
constexpr Packing kPackings[] = {{"LZO", pack_lzo, 0x1, 1},
                                 {"BZ2", pack_bz2, 0x8, 2},
                                 {"LZ4", pack_lz4, 0x10, 3},
                                 {"ZSTD", pack_zstd, -1, 4}};

TEST(Archive, EveryCompressionIsUnpacked) {
  for (const Packing& packing : kPackings) {
    NfdumpFile two(2);
    two.compression(packing.number_of_layout2).record(11, plain_flow2(two)).block(packing.pack);
    two.record(11, plain_flow2(two)).block(NfdumpFile::plain, 0x1);  // forced to be plain
    EXPECT_EQ(read_back(two.bytes()).flows.size(), 2U) << packing.name;
    if (packing.flag_of_layout1 < 0) continue;
    NfdumpFile one(1);
    one.compression(static_cast<unsigned>(packing.flag_of_layout1)).record(2, map_record(one, {}));
    one.record(10, flow1(one)).block(packing.pack);
    const auto read = read_back(one.bytes());
    ASSERT_EQ(read.flows.size(), 1U) << packing.name;
    expect_common(read.flows[0]);
  }
}

/// A literal, a match of all else with what is right before, and the end.
std::vector<std::byte> pack_zeros_by_lzo(const std::vector<std::byte>& plain) {
  const std::size_t rest = plain.size() - 4 - 33;  // four literals; 33 is the least that goes on in bytes
  std::vector<std::byte> out{std::byte{17 + 4}};
  out.resize(1 + 4);
  out.push_back(std::byte{0x20});
  out.resize(out.size() + (rest - 1) / 255);
  out.push_back(static_cast<std::byte>((rest - 1) % 255 + 1));
  for (const int byte : {0, 0, 0x11, 0, 0}) out.push_back(static_cast<std::byte>(byte));
  return out;
}

TEST(Archive, ABlockThatUnpacksToMoreThanTheMostCostsItselfAlone) {
  for (const Packing& packing : kPackings)
    for (const std::size_t more : {0U, 1U}) {
      const std::vector<std::byte> plain(kMostOfBlock + more);
      const auto pack = packing.pack == pack_lzo ? pack_zeros_by_lzo : packing.pack;
      NfdumpFile file(2);
      file.compression(packing.number_of_layout2).packed_block(pack(plain));
      file.record(11, plain_flow2(file)).block(NfdumpFile::plain, 0x1);
      const auto read = read_back(file.bytes());
      EXPECT_EQ(read.counts.bad_blocks, more) << packing.name;
      EXPECT_EQ(read.flows.size(), 1U) << packing.name;
    }
}

TEST(Archive, BlocksOfOtherKindsAndRecordsOfOthersAreSkipped) {
  NfdumpFile file(2);
  file.record(11, plain_flow2(file)).block(NfdumpFile::plain, 0, 4);
  file.record(8, file.host().zeros(20)).record(15, file.host().zeros(24)).record(999, file.host().zeros(3));
  file.record(11, plain_flow2(file)).block();
  const auto read = read_back(file.bytes());
  EXPECT_EQ(read.warning, "");
  EXPECT_EQ(read.flows.size(), 1U);
  EXPECT_EQ(read.counts.unknown_records, 1U);
  EXPECT_EQ(read.counts.unknown_blocks, 1U);
}

TEST(Archive, WhatCannotBeReadIsToldInOneSentence) {
  EXPECT_THAT(read_back({}).error, HasSubstr("is too short for a file of nfdump"));
  EXPECT_THAT(read_back(HostBytes().text("hello there", 11).data()).error, HasSubstr("is no file of nfdump"));
  EXPECT_THAT(read_back(HostBytes().u16(0xa50c).u16(3).zeros(300).data()).error, HasSubstr("in layout 3"));
  EXPECT_THAT(read_back(HostBytes().u16(0xa50c).u16(2).zeros(30).data()).error,
              HasSubstr("cut short in its head"));
  EXPECT_THAT(read_back(NfdumpFile(1).compression(0x9).bytes()).error,
              HasSubstr("more than one compression"));
  EXPECT_THAT(read_back(NfdumpFile(2).compression(9).bytes()).error, HasSubstr("of number 9"));
  EXPECT_THAT(read_back(NfdumpFile(2).encryption(1).bytes()).error, HasSubstr("is encrypted"));
  EXPECT_THAT(Archive::open("/nowhere/nfcapd").error(), HasSubstr("cannot be opened"));
  EXPECT_THAT(Archive::open("/").error(), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace sluice::nfdump::test
