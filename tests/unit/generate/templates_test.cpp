// NetFlow v9 and IPFIX: templates, sampling options, sequence numbers, sums.
#include "capture.hpp"
#include "walk.hpp"

namespace sluice::generate::test {
namespace {

class Templates : public testing::TestWithParam<FlowType> {
 protected:
  bool ipfix() const { return GetParam() == FlowType::ipfix; }
};

std::vector<SetsSeen> walk(const std::vector<Sent>& sent) {
  SetWalker walker;
  std::vector<SetsSeen> out;
  for (const auto& one : sent) out.push_back(walker(one.payload));
  return out;
}

TEST_P(Templates, ComeFirstWithTheSamplingRate) {
  auto wanted = options(GetParam(), 100);
  wanted.sampling = 250;
  wanted.observation_domain = 77;
  const auto seen = walk(capture(wanted).sent);
  ASSERT_GE(seen.size(), 2U);
  EXPECT_EQ(seen[0].templates, 2U);
  EXPECT_EQ(seen[0].options_templates, 1U);
  EXPECT_EQ(seen[0].domain, 77U);
  ASSERT_EQ(seen[0].options.size(), 1U);
  EXPECT_TRUE(seen[0].flows.empty());
  const Record& rate = seen[0].options[0];
  if (ipfix()) {
    EXPECT_EQ(rate.at(305), 1U);
    EXPECT_EQ(rate.at(306), 249U);
    EXPECT_EQ(rate.at(302), 1U);
  } else {
    EXPECT_EQ(rate.at(50), 250U);
    EXPECT_EQ(rate.at(48), 1U);
  }
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].templates, 0U);
    for (const auto& flow : seen[i].flows) EXPECT_EQ(flow.at(ipfix() ? 302 : 48), 1U);
  }
}

TEST_P(Templates, WithoutSamplingNoOptionsAreSent) {
  auto wanted = options(GetParam(), 100);
  wanted.sampling = 0;
  const auto run = capture(wanted);
  EXPECT_EQ(run.report.options_records, 0U);
  EXPECT_EQ(run.report.templates, 2U);
  EXPECT_EQ(walk(run.sent)[0].options_templates, 0U);
}

TEST_P(Templates, SumsAreThoseOfTheReport) {
  auto wanted = options(GetParam(), 5000);
  wanted.exporters = 3;
  const auto run = capture(wanted);
  std::uint64_t flows = 0, packets = 0, bytes = 0, octets = 0, datagrams = 0;
  ASSERT_EQ(run.report.exporters.size(), 3U);
  for (const auto& exporter : run.report.exporters) {
    const auto sent = run.of(*IpAddress::parse(exporter.address));
    std::uint64_t own_flows = 0, own_packets = 0, own_bytes = 0;
    for (const auto& one : sent) octets += one.payload.size();
    for (const auto& seen : walk(sent)) {
      EXPECT_EQ(seen.domain, exporter.observation_domain);
      EXPECT_EQ(seen.unknown_sets, 0U);
      for (const auto& flow : seen.flows) ++own_flows, own_packets += flow.at(2), own_bytes += flow.at(1);
    }
    EXPECT_EQ(own_flows, exporter.flows);
    EXPECT_EQ(own_packets, exporter.packets);
    EXPECT_EQ(own_bytes, exporter.bytes);
    EXPECT_EQ(sent.size(), exporter.datagrams);
    flows += own_flows, packets += own_packets, bytes += own_bytes, datagrams += sent.size();
  }
  EXPECT_EQ(flows, 5000U);
  EXPECT_EQ(run.report.flows, flows);
  EXPECT_EQ(run.report.packets, packets);
  EXPECT_EQ(run.report.bytes, bytes);
  EXPECT_EQ(run.report.octets, octets);
  EXPECT_EQ(run.report.datagrams, datagrams);
}

TEST_P(Templates, SequenceGoesOnWithoutAGap) {
  auto wanted = options(GetParam(), 3000);
  wanted.template_datagrams = 20;  // options records count in IPFIX, so they must be in between
  const auto seen = walk(capture(wanted).sent);
  std::uint32_t expected = 0;
  for (const auto& one : seen) {
    EXPECT_EQ(one.sequence, expected);
    expected += ipfix() ? static_cast<std::uint32_t>(one.data_records()) : 1;
    if (!ipfix()) {
      EXPECT_EQ(one.header_count, one.templates + one.options_templates + one.data_records());
    }
  }
}

TEST_P(Templates, AreRepeatedByCountAndByTime) {
  auto wanted = options(GetParam(), 3000);
  wanted.template_datagrams = 50;
  auto seen = walk(capture(wanted).sent);
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i].templates != 0, i % 51 == 0) << i;

  wanted.template_datagrams = 0;
  wanted.template_interval = std::chrono::seconds(2);
  wanted.rate = 50;  // made-up time: 100 datagrams in two seconds
  seen = walk(capture(wanted).sent);
  ASSERT_GT(seen.size(), 150U);
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i].templates != 0, i % 100 == 0) << i;
}

TEST_P(Templates, CanBeLeftOut) {
  auto wanted = options(GetParam(), 500);
  wanted.templates = false;
  const auto run = capture(wanted);
  EXPECT_EQ(run.report.templates, 0U);
  EXPECT_EQ(run.report.flows, 500U);
  for (const auto& seen : walk(run.sent)) {
    EXPECT_EQ(seen.templates + seen.options_templates, 0U);
    EXPECT_GT(seen.unknown_sets, 0U);
  }
}

TEST_P(Templates, GapsAreCountedInTheSequenceOnly) {
  auto wanted = options(GetParam(), 10000);
  wanted.gap = 0.1;
  const auto run = capture(wanted);
  EXPECT_EQ(run.report.flows + run.report.faults.skipped_flows, 10000U);
  EXPECT_GT(run.report.faults.skipped_datagrams, 20U);
  std::uint64_t missing = 0;
  std::uint32_t expected = 0;
  for (const auto& one : walk(run.sent)) {
    missing += one.sequence - expected;
    expected = one.sequence + (ipfix() ? static_cast<std::uint32_t>(one.data_records()) : 1);
  }
  // What was skipped after the last datagram cannot show.
  const std::uint64_t skipped =
      ipfix() ? run.report.faults.skipped_flows : run.report.faults.skipped_datagrams;
  EXPECT_LE(missing, skipped);
  EXPECT_GE(missing + (ipfix() ? 100 : 5), skipped);
}

TEST_P(Templates, TimesAreBeforeTheExport) {
  for (const auto& one : walk(capture(options(GetParam(), 2000)).sent)) {
    EXPECT_GE(one.seconds, kStart / 1000000000);
    for (const auto& flow : one.flows) {
      const std::uint64_t start = flow.at(ipfix() ? 152 : 22), end = flow.at(ipfix() ? 153 : 21);
      EXPECT_LE(start, end);
      const std::uint64_t now = ipfix() ? one.seconds * 1000ULL : one.uptime;
      EXPECT_LE(end, now);
      EXPECT_LE(now - end, 17000U);
      EXPECT_LE(end - start, 60000U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Templates, testing::Values(FlowType::netflow9, FlowType::ipfix),
                         [](const auto& p) { return p.param == FlowType::ipfix ? "ipfix" : "netflow9"; });

}  // namespace
}  // namespace sluice::generate::test
