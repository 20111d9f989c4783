// What goes wrong on purpose: each fault is in the bytes, and the report says exactly how often.
#include <gmock/gmock.h>

#include <algorithm>

#include "capture.hpp"
#include "sluice/decode/datagram_decoder.hpp"

namespace sluice::generate::test {
namespace {

std::string protocol_name(FlowType type) {
  switch (type) {
    case FlowType::sflow5:
      return "sflow";
    case FlowType::netflow5:
      return "netflow5";
    case FlowType::netflow9:
      return "netflow9";
    default:
      return "ipfix";
  }
}

class FaultsTest : public testing::TestWithParam<FlowType> {
 protected:
  /// Sequence numbers that count datagrams need no look into them.
  bool numbers_datagrams() const {
    return GetParam() == FlowType::sflow5 || GetParam() == FlowType::netflow9;
  }
  bool has_templates() const { return GetParam() == FlowType::netflow9 || GetParam() == FlowType::ipfix; }
  decode::Protocol protocol() const {
    switch (GetParam()) {
      case FlowType::sflow5:
        return decode::Protocol::sflow5;
      case FlowType::netflow5:
        return decode::Protocol::netflow5;
      case FlowType::netflow9:
        return decode::Protocol::netflow9;
      default:
        return decode::Protocol::ipfix;
    }
  }
  std::uint32_t sequence(const Sent& one) const {
    const std::size_t at = GetParam() == FlowType::ipfix ? 8 : GetParam() == FlowType::netflow9 ? 12 : 16;
    return load_be<std::uint32_t>(one.payload.data() + at);
  }
  /// sysUptime, milliseconds. IPFIX has none.
  std::uint32_t uptime(const Sent& one) const {
    return load_be<std::uint32_t>(one.payload.data() + (GetParam() == FlowType::sflow5 ? 20 : 4));
  }
};

/// Decodes a run as a collector would.
struct Collector {
  decode::ExporterTable table{{}, {}};
  decode::DatagramDecoder decoder{table};
  FlowBatch batch;
  std::uint64_t flow_records = 0, options_records = 0, datagrams_with_errors = 0;

  void take(const std::vector<Sent>& sent) {
    for (const Sent& one : sent) {
      batch.clear();
      const auto report = decoder.decode({one.payload, one.source, one.source_port, one.time_ns}, batch);
      flow_records += report.count(decode::DecodeCount::flow_records);
      options_records += report.count(decode::DecodeCount::options_records);
      datagrams_with_errors += report.any_error();
    }
  }
  decode::SequenceCounts sequence_of(const IpAddress& address, decode::Protocol protocol) {
    const auto exporter = table.find_or_add({address, 0}, kStart);
    return exporter->counters_of(protocol).sequence;
  }
};

TEST_P(FaultsTest, ADuplicateIsTheSameDatagramAgain) {
  auto wanted = options(GetParam(), 4000);
  const auto plain = capture(wanted);
  wanted.duplicate = 0.2;
  const auto run = capture(wanted);
  const FaultCounts& faults = run.report.faults;
  EXPECT_GT(faults.duplicated_datagrams, 10U);
  EXPECT_EQ(run.report.flows, plain.report.flows);
  EXPECT_EQ(run.report.datagrams, plain.report.datagrams);
  std::vector<std::vector<std::byte>> once;
  std::uint64_t again = 0, octets = 0;
  for (const Sent& one : run.sent) {
    octets += one.payload.size();
    if (!once.empty() && once.back() == one.payload)
      ++again;
    else
      once.push_back(one.payload);
  }
  EXPECT_EQ(again, faults.duplicated_datagrams);
  EXPECT_EQ(octets, run.report.octets);
  ASSERT_EQ(once.size(), plain.sent.size());
  for (std::size_t i = 0; i < once.size(); ++i) ASSERT_EQ(once[i], plain.sent[i].payload);
}

TEST_P(FaultsTest, TheLastOneIsSentHoweverTheRunEnds) {
  auto wanted = options(GetParam(), 0);
  wanted.duration = std::chrono::seconds(1);
  wanted.rate = 1000;
  wanted.exporters = 20;
  wanted.gap = 0.5;
  const auto run = capture(wanted);
  Collector collector;
  collector.take(run.sent);
  for (const Report::Exporter& said : run.report.exporters) {
    const auto counts = collector.sequence_of(*IpAddress::parse(said.address), protocol());
    const std::uint64_t counted = numbers_datagrams()
                                      ? said.datagrams + said.faults.skipped_datagrams
                                      : said.flows + said.faults.skipped_flows + said.options_records;
    EXPECT_EQ(counted, counts.in_order + counts.passed_over) << said.address;
  }
}

TEST_P(FaultsTest, ALateDatagramLeavesAfterOneToThreeOthers) {
  auto wanted = options(GetParam(), 4000);
  auto plain = capture(wanted).sent;
  wanted.reorder = 0.1;
  const auto run = capture(wanted);
  ASSERT_EQ(run.sent.size(), plain.size());
  // Numbers that come after a greater one were overtaken.
  std::uint64_t late = 0;
  std::uint32_t highest = 0;
  for (std::size_t i = 0; i < run.sent.size(); ++i) {
    late += sequence(run.sent[i]) < highest;
    highest = std::max(highest, sequence(run.sent[i]));
    EXPECT_TRUE(i == 0 || run.sent[i].time_ns >= run.sent[i - 1].time_ns);
  }
  EXPECT_GT(late, 10U);
  EXPECT_EQ(late, run.report.faults.reordered_datagrams);
  auto payloads = [](const std::vector<Sent>& sent) {
    std::vector<std::vector<std::byte>> out;
    for (const Sent& one : sent) out.push_back(one.payload);
    std::ranges::sort(out);
    return out;
  };
  EXPECT_EQ(payloads(run.sent), payloads(plain));
  EXPECT_EQ(sequence(run.sent.front()), sequence(plain.front()));
  EXPECT_EQ(highest, sequence(plain.back())) << "that the last one is late, nobody could tell";
}

TEST_P(FaultsTest, AMalformedDatagramLosesItsLastFlow) {
  auto wanted = options(GetParam(), 4000);
  wanted.malformed = 0.1;
  const auto run = capture(wanted);
  EXPECT_GT(run.report.faults.damaged_datagrams, 5U);
  EXPECT_EQ(run.report.faults.damaged_flows, run.report.faults.damaged_datagrams);
  EXPECT_EQ(run.report.flows + run.report.faults.damaged_flows, 4000U);
  Collector collector;
  collector.take(run.sent);
  EXPECT_EQ(collector.flow_records, run.report.flows);
  EXPECT_EQ(collector.datagrams_with_errors, run.report.faults.damaged_datagrams);
}

TEST_P(FaultsTest, ARestartCountsAnewAndTellsTheTemplatesAgain) {
  auto wanted = options(GetParam(), 3000);
  wanted.flows_per_datagram = 3;
  wanted.restart_after = 300;
  wanted.counter_interval = std::chrono::seconds(0);
  const auto run = capture(wanted);
  EXPECT_EQ(run.report.faults.restarts, 3U);
  EXPECT_EQ(run.report.templates, has_templates() ? 4 * 3U : 0U);
  const std::size_t length = has_templates() ? 301 : 300;
  ASSERT_EQ(run.sent.size(), 900 + 100 + (has_templates() ? 4U : 0U));
  for (std::size_t i = 0; i < run.sent.size(); ++i) {
    if (i % length == 0) {
      EXPECT_EQ(sequence(run.sent[i]), sequence(run.sent[0])) << i;
    }
    if (GetParam() == FlowType::ipfix) continue;
    EXPECT_EQ(uptime(run.sent[i]) > 86'000'000U, i < length) << i;
    EXPECT_TRUE(i < length || uptime(run.sent[i]) < 100'000U) << i;
  }
  Collector collector;
  collector.take(run.sent);
  EXPECT_EQ(collector.flow_records, 3000U);
  EXPECT_EQ(collector.datagrams_with_errors, 0U);
}

TEST_P(FaultsTest, TheSameSeedHasTheSameFaults) {
  auto wanted = options(GetParam(), 3000);
  wanted.exporters = 2;
  wanted.gap = wanted.reorder = wanted.duplicate = wanted.malformed = 0.05;
  wanted.restart_after = 100;
  const auto one = capture(wanted), again = capture(wanted);
  EXPECT_EQ(to_json(one.report).substr(0, 300), to_json(again.report).substr(0, 300));
  ASSERT_EQ(one.sent.size(), again.sent.size());
  for (std::size_t i = 0; i < one.sent.size(); ++i) ASSERT_EQ(one.sent[i].payload, again.sent[i].payload);
}

/// All of it at once: what the report counts is what a collector finds in the numbers.
TEST_P(FaultsTest, AgreeWithWhatACollectorFinds) {
  auto wanted = options(GetParam(), 20000);
  wanted.exporters = 3;
  wanted.flows_per_datagram = 4;
  wanted.gap = wanted.reorder = wanted.duplicate = wanted.malformed = 0.04;
  wanted.restart_after = 700;
  const auto run = capture(wanted);
  Collector collector;
  collector.take(run.sent);
  EXPECT_EQ(collector.flow_records, run.report.flows + run.report.faults.duplicated_flows);
  for (const Report::Exporter& exporter : run.report.exporters) {
    SCOPED_TRACE(exporter.address);
    const FaultCounts& faults = exporter.faults;
    const auto counts = collector.sequence_of(*IpAddress::parse(exporter.address), protocol());
    EXPECT_GT(faults.skipped_datagrams, 10U);
    EXPECT_GT(faults.reordered_datagrams, 10U);
    EXPECT_EQ(counts.restarts, faults.restarts);
    const std::uint64_t records = exporter.flows + exporter.options_records;
    if (numbers_datagrams()) {
      EXPECT_EQ(counts.lost(), faults.skipped_datagrams);
      EXPECT_EQ(counts.repeated, faults.duplicated_datagrams);
      EXPECT_EQ(counts.late, faults.reordered_datagrams);
      EXPECT_EQ(counts.in_order + counts.late, exporter.datagrams);
      EXPECT_EQ(counts.unknown, 0U);
    } else {
      EXPECT_EQ(counts.repeated, faults.duplicated_flows);
      EXPECT_EQ(counts.in_order + counts.late + counts.recovered, records);
      EXPECT_EQ(counts.lost() + counts.unknown - counts.recovered,
                faults.skipped_flows + faults.damaged_flows);
      EXPECT_GE(counts.unknown, faults.damaged_flows / 2);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, FaultsTest,
                         testing::Values(FlowType::sflow5, FlowType::netflow5, FlowType::netflow9,
                                         FlowType::ipfix),
                         [](const auto& p) { return protocol_name(p.param); });

TEST(Faults, TemplatesMayComeLate) {
  for (const auto type : {FlowType::netflow9, FlowType::ipfix}) {
    auto wanted = options(type, 3000);
    wanted.rate = 20;
    wanted.late_templates = std::chrono::seconds(3);
    const auto run = capture(wanted);
    Collector collector;
    std::vector<Sent> early, late;
    for (const Sent& one : run.sent) (one.time_ns < kStart + 3'000'000'000 ? early : late).push_back(one);
    EXPECT_EQ(early.size(), 60U);
    auto plain = options(type, 3000);
    plain.rate = 20;
    plain.templates = false;
    plain.duration = std::chrono::seconds(3);
    const std::uint64_t of_early = capture(plain).report.flows;
    EXPECT_EQ(run.report.faults.untold_flows, of_early);
    EXPECT_EQ(run.report.flows, 3000U);
    collector.take(late);
    EXPECT_EQ(collector.flow_records, 3000 - of_early);
  }
}

TEST(Faults, TheTemplateOfIpv6MayBeMissing) {
  for (const auto type : {FlowType::netflow9, FlowType::ipfix}) {
    auto wanted = options(type, 3000);
    wanted.ipv6_template = false;
    const auto run = capture(wanted);
    EXPECT_EQ(run.report.templates, 2U);
    EXPECT_NEAR(static_cast<double>(run.report.faults.untold_flows), 600, 100);
    Collector collector;
    collector.take(run.sent);
    EXPECT_EQ(collector.flow_records, 3000 - run.report.faults.untold_flows);
  }
}

}  // namespace
}  // namespace sluice::generate::test
