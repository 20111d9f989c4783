// Data that comes before its template.
#include <gtest/gtest.h>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kReceivedNs;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint64_t kSecond = 1000000000;
constexpr std::uint64_t kOverhead = HeldData::kOverhead;
const SetMessage::Fields kBytes{{1, 4}};

WireBytes one(std::uint32_t bytes) { return WireBytes().u32(bytes); }

/// Counts of the only exporter, for one protocol.
struct Held {
  Held(const DecodeFixture& decode, Protocol version) {
    decode.exporters.for_each([&](Exporter& exporter) {
      for (std::size_t i = 0; i < counts.size(); ++i)
        counts[i] += exporter.held.count(version, static_cast<HeldCount>(i));
      missing += exporter.errors(version, DecodeError::missing_template);
    });
    for (std::size_t i = 0; i < counts.size(); ++i)
      EXPECT_EQ(counts[i], decode.exporters.held().count(version, static_cast<HeldCount>(i))) << i;
  }
  std::uint64_t operator[](HeldCount what) const { return counts[static_cast<std::size_t>(what)]; }

  std::array<std::uint64_t, static_cast<std::size_t>(HeldCount::count)> counts{};
  std::uint64_t missing = 0;
};

class HeldDataOf : public testing::TestWithParam<Protocol> {
 protected:
  SetMessage message(std::uint32_t domain = 1, std::uint32_t sequence = 7) const {
    return GetParam() == Protocol::ipfix ? SetMessage::ipfix(domain, sequence)
                                         : SetMessage::v9(domain, sequence);
  }
};

INSTANTIATE_TEST_SUITE_P(Protocols, HeldDataOf, testing::Values(Protocol::netflow9, Protocol::ipfix),
                         [](const auto& one) { return std::string(name(one.param)); });

TEST_P(HeldDataOf, IsDecodedWhenItsTemplateComes) {
  DecodeFixture decode;
  const auto early = decode(message(1, 41).data(256, one(100)));
  EXPECT_EQ(early.held_sets, 1u);
  EXPECT_EQ(early.count(DecodeCount::flows), 0u);
  EXPECT_FALSE(early.any_error());
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::datagrams], 1u);
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::bytes], 4u);

  const auto report =
      decode(message(1, 50).tmpl(256, kBytes).data(256, one(200)).bytes(), kReceivedNs + 90 * kSecond);
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(report.count(DecodeCount::flow_records), 2u);
  EXPECT_EQ(report.recovered_records, 1u);
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(0).bytes, 100u);
  EXPECT_EQ(decode.flow(1).bytes, 200u);
  const Held held(decode, GetParam());
  EXPECT_EQ(held[HeldCount::datagrams], 0u);
  EXPECT_EQ(held[HeldCount::bytes], 0u);
  EXPECT_EQ(held[HeldCount::decoded_datagrams], 1u);
  EXPECT_EQ(held[HeldCount::decoded_bytes], 4u);
  EXPECT_EQ(held.missing, 0u);
  EXPECT_EQ(decode.exporters.held().used(), 0u);
}

TEST_P(HeldDataOf, KeepsTheOriginOfItsDatagram) {
  ExporterSettings settings;
  settings.name = "edge1";
  DecodeFixture decode({}, settings);
  decode(message(9, 41).data(256, one(100)));
  decode(message(9, 50).tmpl(256, kBytes).data(256, one(200)).bytes(), kReceivedNs + 90 * kSecond);
  ASSERT_EQ(decode.batch.size(), 2u);
  const Origin& then = decode.batch.origin_of(decode.flow(0));
  EXPECT_EQ(then.time_received_ns, kReceivedNs);
  EXPECT_EQ(then.sequence_num, 41u);
  EXPECT_EQ(then.observation_domain_id, 9u);
  EXPECT_EQ(then.exporter_name, "edge1");
  EXPECT_EQ(then.exporter_address, decode.source);
  const Origin& now = decode.batch.origin_of(decode.flow(1));
  EXPECT_EQ(now.time_received_ns, kReceivedNs + 90 * kSecond);
  EXPECT_EQ(now.sequence_num, 50u);
  EXPECT_EQ(now.type, then.type);
}

/// A template that comes after the time bound is no reason to doubt times that were right.
TEST_P(HeldDataOf, TimesAreJudgedByWhenItWasReceived) {
  DecodeFixture decode;
  const std::uint64_t end_ms = kReceivedNs / 1000000 - 5000;
  WireBytes times;
  times.u32(static_cast<std::uint32_t>(end_ms >> 32)).u32(static_cast<std::uint32_t>(end_ms));
  decode(message().data(256, times));
  const auto report = decode(message().tmpl(256, {{153, 8}}).bytes(), kReceivedNs + 48 * 3600 * kSecond);
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(report.count(DecodeCount::times_replaced), 0u);
  EXPECT_EQ(decode.flow().time_flow_end_ns, end_ms * 1000000);
}

TEST_P(HeldDataOf, TheTemplateStaysAsFreshAsItIs) {
  Limits limits;
  limits.template_timeout_ns = 3600 * kSecond;
  DecodeFixture decode(limits);
  decode(message().data(256, one(1)));
  decode(message().tmpl(256, kBytes).bytes(), kReceivedNs + 3000 * kSecond);
  decode.exporters.expire(kReceivedNs + 4000 * kSecond);
  EXPECT_EQ(decode(message().data(256, one(1))).count(DecodeCount::flows), 1u);
}

TEST_P(HeldDataOf, SetsOfOneDatagramAreOneDatagramInTheBooks) {
  DecodeFixture decode;
  EXPECT_EQ(decode(message().data(256, one(1)).data(257, one(2)).data(256, one(3))).held_sets, 3u);
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::datagrams], 1u);
  const auto first = decode(message().tmpl(256, kBytes));
  EXPECT_EQ(first.recovered_records, 2u);
  EXPECT_EQ(decode.batch.origin_of(decode.flow(0)).sequence_num, 7u);
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::datagrams], 1u) << "a set of it waits";
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::decoded_datagrams], 0u);
  decode(message().tmpl(257, kBytes));
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::datagrams], 0u);
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::decoded_datagrams], 1u);
}

TEST_P(HeldDataOf, ComesInTheOrderOfArrivalAndOfItsDomainAlone) {
  DecodeFixture decode;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    decode(message(1).data(256, one(i)));
    decode(message(2).data(256, one(100 + i)));
  }
  EXPECT_EQ(decode(message(1).tmpl(256, kBytes)).recovered_records, 5u);
  for (std::uint32_t i = 1; i <= 5; ++i) EXPECT_EQ(decode.flow(i - 1).bytes, i);
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::datagrams], 5u);
}

TEST_P(HeldDataOf, TemplateBehindItsDataInOneDatagram) {
  DecodeFixture decode;
  const auto report = decode(message().data(256, one(1)).tmpl(256, kBytes).data(256, one(2)));
  EXPECT_EQ(report.held_sets, 1u);
  EXPECT_EQ(report.recovered_records, 1u);
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(Held(decode, GetParam())[HeldCount::decoded_datagrams], 1u);
}

TEST_P(HeldDataOf, OptionsDataTeachesWhenItsTemplateComes) {
  DecodeFixture decode;
  const std::uint16_t scope = GetParam() == Protocol::ipfix ? 149 : 1;
  decode(message().data(300, WireBytes().u32(1).u32(64)));
  const auto report = decode(message().options_tmpl(300, {{scope, 4}}, {{34, 4}}));
  EXPECT_EQ(report.count(DecodeCount::options_records), 1u);
  EXPECT_EQ(report.recovered_records, 1u);
  decode(message().tmpl(256, kBytes).data(256, one(1)));
  EXPECT_EQ(decode.flow().sampling_rate, 64u);
}

TEST_P(HeldDataOf, BelongsToTheLayoutThatComes) {
  DecodeFixture decode;
  decode(message().tmpl(256, kBytes));
  decode.exporters.expire(kReceivedNs + 25 * 3600 * kSecond);  // the template is forgotten
  decode(message().data(256, one(5)));
  decode(message().tmpl(256, {{2, 2}, {1, 2}}));  // the id means something else now
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(decode.flow().packets, 0u);
  EXPECT_EQ(decode.flow().bytes, 5u);
}

TEST(HeldData, WithdrawalLeavesWhatWaitsAlone) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().data(256, one(1)));
  decode(SetMessage::ipfix().withdraw(256));
  decode(SetMessage::ipfix().withdraw(2));
  EXPECT_EQ(decode(SetMessage::ipfix().tmpl(256, kBytes)).recovered_records, 1u);
}

TEST(HeldData, TemplateThatIsRefusedDecodesNothing) {
  Limits limits;
  limits.max_template_fields = 1;
  DecodeFixture decode(limits);
  decode(SetMessage::ipfix().data(256, one(1)));
  EXPECT_EQ(decode(SetMessage::ipfix().tmpl(256, {{1, 2}, {2, 2}})).recovered_records, 0u);
  EXPECT_EQ(Held(decode, Protocol::ipfix)[HeldCount::datagrams], 1u);
}

TEST(HeldData, ExpiresAndIsCountedAsLost) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().data(256, one(1)).data(257, one(1)));
  decode(SetMessage::v9().data(256, one(1)).bytes(), kReceivedNs + 600 * kSecond);
  EXPECT_EQ(decode.exporters.expire_held(kReceivedNs + 1800 * kSecond), 0u);
  EXPECT_EQ(decode.exporters.expire_held(kReceivedNs + 1801 * kSecond), 2u);
  const Held ipfix(decode, Protocol::ipfix);
  EXPECT_EQ(ipfix[HeldCount::expired_datagrams], 1u);
  EXPECT_EQ(ipfix[HeldCount::expired_bytes], 8u);
  EXPECT_EQ(ipfix[HeldCount::lost_sets], 2u);
  EXPECT_EQ(ipfix[HeldCount::datagrams], 0u);
  EXPECT_EQ(ipfix.missing, 2u);
  EXPECT_EQ(Held(decode, Protocol::netflow9)[HeldCount::datagrams], 1u);
  EXPECT_EQ(decode(SetMessage::ipfix().tmpl(256, kBytes)).recovered_records, 0u);
  decode.exporters.expire(kReceivedNs + 3600 * kSecond);
  EXPECT_EQ(Held(decode, Protocol::netflow9)[HeldCount::expired_datagrams], 1u);
  EXPECT_EQ(decode.exporters.held().used(), 0u);
}

TEST(HeldData, AnExporterThatGoesTakesItsDataWithIt) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().data(256, one(1)));
  decode.exporters.expire(kReceivedNs + 25 * 3600 * kSecond);
  decode(SetMessage::ipfix(1).data(256, one(1)));  // the decoder lets go of the old one
  EXPECT_EQ(decode.exporters.held().count(Protocol::ipfix, HeldCount::expired_datagrams), 1u);
  EXPECT_EQ(decode.exporters.held().count(Protocol::ipfix, HeldCount::datagrams), 1u);
  EXPECT_EQ(decode.exporters.held().used(), kOverhead + 4);
}

TEST(HeldData, TheOldestGoesWhereAnExporterHasNoRoom) {
  Limits limits;
  limits.held_bytes_per_exporter = 3 * (kOverhead + 4);
  DecodeFixture decode(limits);
  for (std::uint32_t i = 1; i <= 5; ++i)
    EXPECT_EQ(decode(SetMessage::ipfix().data(256, one(i))).held_sets, 1u);
  const Held full(decode, Protocol::ipfix);
  EXPECT_EQ(full[HeldCount::datagrams], 3u);
  EXPECT_EQ(full[HeldCount::refused_datagrams], 2u);
  EXPECT_EQ(full[HeldCount::refused_bytes], 8u);
  EXPECT_EQ(full.missing, 2u);
  EXPECT_EQ(decode(SetMessage::ipfix().tmpl(256, kBytes)).recovered_records, 3u);
  EXPECT_EQ(decode.flow(0).bytes, 3u);
}

TEST(HeldData, WhatIsTooLargeForTheRoomIsRefusedAndCostsNothingElse) {
  Limits limits;
  limits.held_bytes_per_exporter = kOverhead + 8;
  DecodeFixture decode(limits);
  decode(SetMessage::ipfix().data(256, one(1)));
  const auto report = decode(SetMessage::ipfix().data(256, WireBytes().zeros(9)));
  EXPECT_EQ(report.held_sets, 0u);
  EXPECT_EQ(report.count(DecodeError::missing_template), 1u);
  const Held held(decode, Protocol::ipfix);
  EXPECT_EQ(held[HeldCount::datagrams], 1u);
  EXPECT_EQ(held[HeldCount::refused_datagrams], 1u);
  EXPECT_EQ(held[HeldCount::refused_bytes], 9u);
  EXPECT_EQ(held[HeldCount::lost_sets], 0u) << "the report told it";
  EXPECT_EQ(held.missing, 1u);
}

TEST(HeldData, ADatagramThatLostASetIsNoDecodedOne) {
  Limits limits;
  limits.held_bytes_per_exporter = kOverhead + 8;
  DecodeFixture decode(limits);
  decode(SetMessage::ipfix().data(256, one(1)).data(257, WireBytes().zeros(9)));
  decode(SetMessage::ipfix().tmpl(256, kBytes));
  const Held held(decode, Protocol::ipfix);
  EXPECT_EQ(held[HeldCount::decoded_bytes], 4u);
  EXPECT_EQ(held[HeldCount::decoded_datagrams], 0u);
  EXPECT_EQ(held[HeldCount::refused_datagrams], 1u);
}

TEST(HeldData, ADatagramThatDrivesOutItselfIsBookedOnce) {
  Limits limits;
  limits.held_bytes_per_exporter = kOverhead + 4;
  DecodeFixture decode(limits);
  decode(SetMessage::ipfix().data(256, one(1)).data(256, one(2)).data(256, one(3)));
  EXPECT_EQ(Held(decode, Protocol::ipfix)[HeldCount::datagrams], 1u);
  EXPECT_EQ(Held(decode, Protocol::ipfix)[HeldCount::refused_datagrams], 0u);
  EXPECT_EQ(decode(SetMessage::ipfix().tmpl(256, kBytes)).recovered_records, 1u);
  EXPECT_EQ(decode.flow().bytes, 3u);
  EXPECT_EQ(Held(decode, Protocol::ipfix)[HeldCount::refused_datagrams], 1u);
}

/// The room of all is first come, first served; nobody's flood drives out what another exporter holds.
TEST(HeldData, AllExportersTogetherAreBounded) {
  Limits limits;
  limits.held_bytes = 3 * (kOverhead + 4);
  DecodeFixture decode(limits);
  for (std::uint32_t i = 0; i < 3; ++i) decode(SetMessage::ipfix().data(256, one(i)));
  decode.source = IpAddress::v4(0x0a000001);
  const auto report = decode(SetMessage::ipfix().data(256, one(9)));
  EXPECT_EQ(report.count(DecodeError::missing_template), 1u);
  EXPECT_EQ(decode.exporters.held().used(), limits.held_bytes);
  EXPECT_EQ(Held(decode, Protocol::ipfix)[HeldCount::datagrams], 3u);
  EXPECT_EQ(Held(decode, Protocol::ipfix)[HeldCount::refused_datagrams], 1u);

  decode.source = IpAddress::v4(0xc0000209);  // the first one has something to give up for its own
  EXPECT_EQ(decode(SetMessage::ipfix().data(256, one(4))).held_sets, 1u);
  EXPECT_EQ(decode(SetMessage::ipfix().tmpl(256, kBytes)).recovered_records, 3u);
  EXPECT_EQ(decode.exporters.held().used(), 0u);
}

TEST(HeldData, EachLimitOfZeroTurnsItOff) {
  for (auto off : {&Limits::held_bytes, &Limits::held_bytes_per_exporter, &Limits::held_timeout_ns}) {
    Limits limits;
    limits.*off = 0;
    DecodeFixture decode(limits);
    const auto report = decode(SetMessage::ipfix().data(256, one(1)));
    EXPECT_EQ(report.held_sets, 0u);
    EXPECT_EQ(report.count(DecodeError::missing_template), 1u);
    EXPECT_EQ(Held(decode, Protocol::ipfix)[HeldCount::refused_datagrams], 0u);
  }
}

TEST(HeldData, DamagedRecordsAreFoundWhenTheTemplateComes) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().data(256, WireBytes().u8(200).u8('b').u32(2)));
  const auto report = decode(SetMessage::ipfix().tmpl(256, {{371, kVariableLength}, {1, 4}}));
  EXPECT_EQ(report.count(DecodeError::bad_record), 1u);
  EXPECT_EQ(report.recovered_records, 0u);
}

}  // namespace
}  // namespace sluice::decode
