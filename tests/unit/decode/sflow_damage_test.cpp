// Damaged, hostile and merely odd datagrams: what is lost is counted, what is good beside it is kept.
#include "unit/decode/sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using test::PacketBuilder;
using test::SflowDatagram;
using test::SflowSample;
using test::XdrBytes;

SflowSample good_sample() {
  return SflowSample::flow().raw_header(
      PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(53, 4000).bytes(), 100);
}
XdrBytes zeros(std::size_t n) {
  XdrBytes out;
  out.zeros(n);
  return out;
}

TEST(SflowDamage, HeaderCutShortIsCountedAndLeavesNoOrigin) {
  const auto header = SflowDatagram().bytes();
  for (std::size_t n = 0; n < header.size(); ++n) {
    SflowDecode d{Bytes(header).first(n)};
    EXPECT_EQ(d.errors(DecodeError::truncated_header), 1U) << n;
    EXPECT_EQ(d.batch.origin_count(), 0U) << n;
  }
}

TEST(SflowDamage, AgentAddressOfUnknownTypeEndsTheHeader) {
  XdrBytes datagram;
  datagram.u32(5).u32(3).zeros(100);
  SflowDecode d{Bytes(datagram.data())};
  EXPECT_EQ(d.errors(DecodeError::truncated_header), 1U);
}

TEST(SflowDamage, OtherVersionIsNotRead) {
  XdrBytes datagram;
  datagram.u32(4).u32(1).zeros(100);
  SflowDecode d{Bytes(datagram.data())};
  EXPECT_EQ(d.errors(DecodeError::unknown_version), 1U);
  EXPECT_EQ(d.errors(DecodeError::truncated_header), 0U);
}

TEST(SflowDamage, UnknownSamplesAreSkippedByTheirLength) {
  SflowDecode d(SflowDatagram()
                    .add(SflowSample::unknown(0, 99, 40))
                    .add(good_sample())
                    .add(SflowSample::unknown(1991, 1, 24))  // Brocade's ACL sample
                    .add(good_sample()));
  EXPECT_EQ(d.errors(DecodeError::unknown_sample), 2U);
  EXPECT_EQ(d.errors(DecodeError::bad_sample), 0U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 2U);
}

TEST(SflowDamage, UnknownAndEnterpriseRecordsAreSkippedWithoutAnError) {
  SflowDecode d(SflowSample::flow()
                    .record(1012, zeros(16))
                    .record(1, zeros(20), 4413)
                    .sampled_ethernet(64, 1, 2, 0x0806));
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.flow().bytes, 64U);
}

TEST(SflowDamage, RecordLengthNotMultipleOfFourIsPadded) {
  SflowDecode d(SflowSample::flow().record_of_length(1012, 5, zeros(5)).sampled_ethernet(64, 1, 2, 0x0806));
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.flow().bytes, 64U);
}

TEST(SflowDamage, BadRecordCostsOnlyItself) {
  SflowDecode d(SflowSample::flow()
                    .record(1, zeros(8))  // a raw header needs 16
                    .sampled_ethernet(64, 1, 2, 0x0806)
                    .record(1003, zeros(4)));
  EXPECT_EQ(d.errors(DecodeError::bad_sample_record), 2U);
  EXPECT_EQ(d.errors(DecodeError::bad_sample), 0U);
  ASSERT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_EQ(d.flow().bytes, 64U);
}

TEST(SflowDamage, RecordPastItsSampleCostsNotTheNextSample) {
  SflowDecode d(
      SflowDatagram()
          .add(SflowSample::flow().sampled_ethernet(64, 1, 2, 0x0806).record_of_length(1002, 4000, zeros(16)))
          .add(good_sample()));
  EXPECT_EQ(d.errors(DecodeError::bad_sample_record), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 2U);
  EXPECT_EQ(d.flow(0).bytes, 64U);
  EXPECT_EQ(d.flow(0).next_hop_size, 0);
}

TEST(SflowDamage, RawHeaderLongerThanItsRecordIsABadRecord) {
  XdrBytes body;
  body.u32(1).u32(100).u32(4).u32(0xfffffff0).zeros(40);
  SflowDecode d(SflowSample::flow().record(1, body).sampled_ethernet(64, 1, 2, 0x0806));
  EXPECT_EQ(d.errors(DecodeError::bad_sample_record), 1U);
  EXPECT_EQ(d.flow().bytes, 64U);
}

TEST(SflowDamage, SampleWithoutOneGoodRecordIsNoFlow) {
  SflowDecode d(SflowDatagram().add(SflowSample::flow().record(1, zeros(8))).add(good_sample()));
  EXPECT_EQ(d.errors(DecodeError::bad_sample), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flow_records), 1U);
  EXPECT_EQ(d.batch.size(), 1U);
  EXPECT_EQ(d.flow().bytes, 100U);
}

TEST(SflowDamage, SampleWhoseFixedPartIsCutIsDroppedAlone) {
  for (const auto& sample : {SflowSample::flow(), SflowSample::expanded_flow(), SflowSample::counter(),
                             SflowSample::expanded_counter(), SflowSample::discarded()}) {
    const auto fixed = sample.body().data();
    test::XdrBytes datagram;
    datagram.u32(5);
    datagram.typed_address("192.0.2.254").u32(0).u32(1).u32(1).u32(2);
    datagram.u32(sample.format()).u32(fixed.size() - 4).raw(Bytes(fixed).first(fixed.size() - 4));
    const auto good = good_sample().body();
    datagram.u32(1).u32(good.size()).raw(good.data());
    SflowDecode d{Bytes(datagram.data())};
    EXPECT_EQ(d.errors(DecodeError::bad_sample), 1U) << sample.format();
    EXPECT_EQ(d.report.count(DecodeCount::flows), 1U) << sample.format();
    EXPECT_EQ(d.report.count(DecodeCount::counter_samples) + d.report.count(DecodeCount::discard_samples), 0U)
        << sample.format();
  }
}

TEST(SflowDamage, SamplePastTheDatagramKeepsItsWholeRecords) {
  const SflowSample sample = good_sample().sampled_ethernet(64, 1, 2, 0x0806);
  SflowDecode d(SflowDatagram().add(good_sample()).add_of_length(sample, sample.body().size() + 400));
  EXPECT_EQ(d.errors(DecodeError::bad_sample), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 2U);
  EXPECT_EQ(d.flow(1).source().to_string(), "192.0.2.1");
}

TEST(SflowDamage, FewerSamplesThanPromisedIsOneFault) {
  SflowDecode d(SflowDatagram().add(good_sample()).claim_samples(0xffffffff));
  EXPECT_EQ(d.errors(DecodeError::bad_sample), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
}

TEST(SflowDamage, FewerRecordsThanPromisedIsOneFault) {
  SflowDecode d(SflowDatagram().add(good_sample().claim_records(0xffffffff)).add(good_sample()));
  EXPECT_EQ(d.errors(DecodeError::bad_sample_record), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 2U);
}

// Brocade pads samples and datagrams by 4 or 20 bytes.
TEST(SflowDamage, PaddingBehindRecordsAndSamplesIsNoFault) {
  for (const std::size_t n : {std::size_t{4}, std::size_t{20}}) {
    SflowDecode d(SflowDatagram().add(good_sample().tail(n)).add(good_sample()).tail(n));
    EXPECT_FALSE(d.report.any_error()) << n;
    EXPECT_EQ(d.report.count(DecodeCount::flows), 2U) << n;
  }
}

TEST(SflowDamage, HugeCountsInGatewayAreBoundedByTheBytes) {
  struct Case {
    const char* rule;
    std::initializer_list<std::uint32_t> words;  // from the number of path segments on
  };
  const Case cases[] = {
      {"segments", {0xffffffff, 2, 1, 64500}},
      {"segment length", {1, 2, 0xffffffff, 64500, 64501}},
      {"communities", {0, 0xffffffff, 1, 2, 3}},
      {"no local preference", {0, 0}},
  };
  for (const Case& c : cases) {
    XdrBytes body;
    body.typed_address("192.0.2.253").u32(1).u32(2).u32(3);
    for (const auto word : c.words) body.u32(word);
    SflowDecode d(SflowSample::flow().sampled_ethernet(64, 1, 2, 0x0806).record(1003, body));
    EXPECT_EQ(d.errors(DecodeError::bad_sample_record), 1U) << c.rule;
    EXPECT_EQ(d.flow().dst_as, 0U) << c.rule;
    EXPECT_TRUE(d.extras().list(ExtraList::as_path).empty()) << c.rule;
  }
}

TEST(SflowDamage, BadGatewayLeavesAGoodOneAlone) {
  SflowDecode d(SflowSample::flow()
                    .extended_gateway({"192.0.2.253", 1, 2, 3, {{4, 5}}, {6}, 7})
                    .record(1003, zeros(8)));
  EXPECT_EQ(d.flow().dst_as, 5U);
  EXPECT_EQ(d.extras().list(ExtraList::as_path).size(), 2U);
}

std::vector<std::byte> datagram_of_everything() {
  const auto v6 = PacketBuilder()
                      .ethernet()
                      .vlan(7, 1)
                      .ipv6("2001:db8::1", "2001:db8::2")
                      .options(0)
                      .tcp(443, 50000)
                      .bytes();
  return SflowDatagram()
      .add(good_sample()
               .extended_switch(1, 2, 3, 4)
               .extended_router("192.0.2.254", 24, 16)
               .extended_gateway({"2001:db8::ff", 1, 2, 3, {{4, 5}, {6}}, {7, 8}, 9}))
      .add(SflowSample::expanded_flow()
               .raw_header(v6, 1500)
               .sampled_ip({1400, 6, "2001:db8::1", "2001:db8::2"})
               .record(1004, zeros(16))
               .record(1006, zeros(12))
               .record(1007, zeros(8))
               .record(1012, zeros(16))
               .record(1020, zeros(8))
               .record(1029, zeros(4)))
      .add(SflowSample::counter().record(1, zeros(88)).record(2, zeros(52)))
      .add(SflowSample::expanded_counter().record(2001, zeros(20)))
      .add(SflowSample::discarded().record(1036, zeros(4)))
      .add(SflowSample::unknown(1991, 1, 24))
      .add(SflowSample::flow()
               .sampled_ethernet(64, 1, 2, 0x0800)
               .sampled_ip({46, 17, "192.0.2.1", "192.0.2.2"}))
      .bytes();
}

// Watches that nodes open and close in step, whatever the bytes.
class BalanceObserver : public RawObserver {
 public:
  void open(std::string_view) override { ++depth; }
  void number(std::string_view, std::uint64_t) override { ASSERT_GT(depth, 0); }
  void bytes(std::string_view, Bytes value) override {
    ASSERT_GT(depth, 0);
    for (const std::byte b : value) touched ^= b;
  }
  void close() override { ASSERT_GE(--depth, 0); }
  int depth = 0;
  std::byte touched{};
};

TEST(SflowDamage, CutAtEveryLengthDecodesWhatIsThere) {
  const auto whole = datagram_of_everything();
  ASSERT_EQ(SflowDecode(Bytes(whole)).report.count(DecodeCount::flows), 4U);
  std::uint32_t flows = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    BalanceObserver observer;
    SflowDecode d(Bytes(cut), {}, &observer);
    EXPECT_TRUE(d.report.any_error()) << n;
    EXPECT_EQ(d.report.count(DecodeCount::flows), d.batch.size()) << n;
    EXPECT_GE(d.report.count(DecodeCount::flows), flows) << "more bytes never mean fewer flows, " << n;
    EXPECT_EQ(observer.depth, 0) << n;
    flows = d.report.count(DecodeCount::flows);
  }
}

TEST(SflowDamage, EveryByteFlippedDecodesWithoutHarm) {
  const auto whole = datagram_of_everything();
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const unsigned mask : {0x01U, 0x80U, 0xffU}) {
      auto flipped = whole;
      flipped[at] ^= static_cast<std::byte>(mask);
      BalanceObserver observer;
      SflowDecode d(Bytes(flipped), {}, &observer);
      ASSERT_EQ(d.report.count(DecodeCount::flows), d.batch.size()) << at;
      ASSERT_EQ(observer.depth, 0) << at;
    }
}

}  // namespace
}  // namespace sluice::decode
