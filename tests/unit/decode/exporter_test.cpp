#include <gtest/gtest.h>

#include <thread>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint64_t kHour = 3600ULL * 1000000000;

TEST(ExporterTable, IsBounded) {
  Limits limits;
  limits.max_exporters = 2;
  DecodeFixture decode(limits);
  for (std::uint32_t i = 0; i < 4; ++i) {
    decode.source = IpAddress::v4(0x0a000001 + i);
    const auto report = decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)));
    EXPECT_EQ(report.count(DecodeCount::flows), i < 2 ? 1u : 0u);
    EXPECT_EQ(report.count(DecodeError::exporter_limit), i < 2 ? 0u : 1u);
  }
  EXPECT_EQ(decode.exporters.size(), 2u);
  EXPECT_EQ(decode.exporters.refused(), 2u);
}

TEST(ExporterTable, NoiseMakesNoExporter) {
  DecodeFixture decode;
  const auto report = decode(WireBytes().u16(4711).zeros(100).data());
  EXPECT_EQ(report.count(DecodeError::unknown_version), 1u);
  EXPECT_EQ(decode(std::vector<std::byte>{}).count(DecodeError::truncated_header), 1u);
  EXPECT_EQ(decode.exporters.size(), 0u);
}

TEST(ExporterTable, ExpiresExportersAndTheDecoderFollows) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}));
  EXPECT_EQ(decode.exporters.expire(test::kReceivedNs + 23 * kHour), 0u);
  EXPECT_EQ(decode.exporters.expire(test::kReceivedNs + 25 * kHour), 1u);
  EXPECT_EQ(decode.exporters.size(), 0u);
  EXPECT_EQ(decode(SetMessage::ipfix().data(256, WireBytes().u32(1))).held_sets, 1u);
  EXPECT_EQ(decode.exporters.size(), 1u);
}

TEST(ExporterTable, TemplatesExpireUnlessSeenOrUsed) {
  Limits limits;
  limits.template_timeout_ns = kHour;
  DecodeFixture decode(limits);
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).tmpl(257, {{1, 4}}));
  decode(SetMessage::ipfix().data(256, WireBytes().u32(1)).bytes(), test::kReceivedNs + kHour / 2);
  decode.exporters.expire(test::kReceivedNs + kHour + kHour / 4);
  EXPECT_EQ(decode(SetMessage::ipfix().data(256, WireBytes().u32(1))).count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode(SetMessage::ipfix().data(257, WireBytes().u32(1))).held_sets, 1u);
}

TEST(RateGate, LetsASecondsWorthPassAtOnceAndThenSoManyASecond) {
  constexpr std::uint64_t kSecond = 1000000000;
  RateGate gate(100);
  const auto passed = [&gate](std::uint64_t at, int tried) {
    int n = 0;
    for (int i = 0; i < tried; ++i) n += gate.pass(at);
    return n;
  };
  EXPECT_EQ(passed(kSecond, 500), 100);
  EXPECT_EQ(passed(kSecond + kSecond / 2, 500), 50);
  EXPECT_EQ(passed(kSecond, 500), 0);  // a clock that was set back
  EXPECT_EQ(passed(100 * kSecond, 500), 100);
}

TEST(ExporterTable, WhatAnExporterSendsPastItsRateIsCounted) {
  ExporterSettings settings;
  settings.max_datagrams_per_second = 3;
  DecodeFixture decode({}, settings);
  std::uint32_t flows = 0;
  for (int i = 0; i < 10; ++i)
    flows += decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)))
                 .count(DecodeCount::flows);
  EXPECT_EQ(flows, 3u);
  decode.exporters.for_each([](const Exporter& exporter) {
    EXPECT_EQ(exporter.errors(Protocol::ipfix, DecodeError::rate_limit), 7u);
    EXPECT_EQ(exporter.counters[static_cast<std::size_t>(Protocol::ipfix)].counts[DecodeCount::datagrams],
              10u);
  });
}

TEST(ExporterTable, CountsByProtocol) {
  DecodeFixture decode(test::hold_nothing());
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)).data(300, WireBytes().u32(1)));
  decode(SetMessage::v9().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1).u32(2)));
  decode.exporters.for_each([](Exporter& exporter) {
    const ExporterCounters& ipfix = exporter.counters[static_cast<std::size_t>(Protocol::ipfix)];
    EXPECT_EQ(ipfix.counts[DecodeCount::datagrams], 1u);
    EXPECT_EQ(ipfix.counts[DecodeCount::flow_records], 1u);
    EXPECT_EQ(ipfix.errors[static_cast<std::size_t>(DecodeError::missing_template)], 1u);
    EXPECT_EQ(exporter.counters[static_cast<std::size_t>(Protocol::netflow9)].counts[DecodeCount::flows], 2u);
  });
}

TEST(ExporterTable, SettingsNameTheExporter) {
  ExporterSettings settings;
  settings.name = "edge1";
  DecodeFixture decode({}, settings);
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)));
  EXPECT_EQ(decode.batch.origin_of(decode.flow()).exporter_name, "edge1");
}

TEST(ExporterTable, SettingsChangeAndTemplatesStay) {
  ExporterSettings settings;
  ExporterTable exporters({}, {}, [&](const IpAddress&) { return settings; });
  DatagramDecoder decoder(exporters);
  FlowBatch batch;
  const auto decode = [&](SetMessage message) {
    batch.clear();
    const auto bytes = message.bytes();
    decoder.decode({.payload = bytes, .source = IpAddress::v4(0x0a000001), .received_ns = kHour}, batch);
  };
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}, {23, 4}}).data(256, WireBytes().u32(1).u32(2)));
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(exporters.change_settings(), 0u);
  settings.name = "core";
  settings.post_counters_reverse = true;
  settings.key_with_port = true;  // which stays: what was learnt is under the key
  EXPECT_EQ(exporters.change_settings(), 1u);
  EXPECT_EQ(exporters.change_settings(), 0u);
  decode(SetMessage::ipfix().data(256, WireBytes().u32(7).u32(8)));
  ASSERT_EQ(batch.size(), 2u);  // the way there, and the way back that element 23 counts now
  EXPECT_EQ(batch.origin_of(batch.flows()[0]).exporter_name, "core");
  EXPECT_EQ(exporters.size(), 1u);
}

TEST(ExporterTable, TwoThreadsShareOneExporter) {
  ExporterTable exporters({}, {});
  const auto tmpl = SetMessage::ipfix().tmpl(256, {{1, 4}}).bytes();
  const auto data = SetMessage::ipfix().data(256, WireBytes().u32(1)).bytes();
  {
    DatagramDecoder first(exporters);
    FlowBatch batch;
    first.decode({tmpl, IpAddress::v4(1), 1, test::kReceivedNs}, batch);
  }
  const auto work = [&] {
    DatagramDecoder decoder(exporters);
    FlowBatch batch;
    for (int i = 0; i < 2000; ++i) {
      batch.clear();
      decoder.decode({tmpl, IpAddress::v4(1), 1, test::kReceivedNs}, batch);
      ASSERT_EQ(
          decoder.decode({data, IpAddress::v4(1), 1, test::kReceivedNs}, batch).count(DecodeCount::flows),
          1u);
    }
  };
  std::thread a(work);
  std::thread b(work);
  a.join();
  b.join();
  exporters.for_each([](Exporter& exporter) {
    EXPECT_EQ(exporter.counters[static_cast<std::size_t>(Protocol::ipfix)].counts[DecodeCount::flows], 4000u);
  });
}

TEST(Accept, ListenersTakeWhatTheyAreToldTo) {
  const auto ipfix = SetMessage::ipfix().tmpl(256, {{1, 4}}).bytes();
  ExporterTable exporters({}, {});
  DatagramDecoder decoder(exporters);
  FlowBatch batch;
  const Datagram datagram{ipfix, IpAddress::v4(1), 1, test::kReceivedNs};
  EXPECT_EQ(decoder.decode(datagram, batch, Accept::automatic).count(DecodeCount::templates), 1u);
  EXPECT_EQ(decoder.decode(datagram, batch, Accept::ipfix).count(DecodeCount::templates), 1u);
  EXPECT_EQ(decoder.decode(datagram, batch, Accept::netflow).count(DecodeCount::templates), 1u);
  EXPECT_EQ(decoder.decode(datagram, batch, Accept::sflow).count(DecodeError::unknown_version), 1u);
}

}  // namespace
}  // namespace sluice::decode
