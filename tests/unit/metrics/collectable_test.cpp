#include "metrics/collectable.hpp"

#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "unit/metrics/full_snapshot.hpp"

namespace sluice::metrics {
namespace {

using test::full_snapshot;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// The sample lines of the text format.
std::vector<std::string> samples(const std::vector<prometheus::MetricFamily>& all) {
  std::vector<std::string> lines;
  std::istringstream in(text(all));
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with('#')) lines.push_back(line);
  return lines;
}

TEST(Families, EveryFigureOfTheSnapshotIsThereOnce) {
  const auto lines = samples(families(full_snapshot()));
  // The figures 101..., 201..., ... of full_snapshot() are all different, so a column that shows its
  // neighbour's value leaves a hole.
  const std::set<int> ranges[] = {{101, 106}, {201, 214}, {221, 228}, {301, 310}, {351, 358}, {331, 338},
                                  {330, 330}, {401, 403}, {501, 508}, {601, 601}, {701, 713}, {961, 968}};
  for (const auto& range : ranges)
    for (int value = *range.begin(); value <= *range.rbegin(); ++value) {
      const std::string figure = std::to_string(value);
      const auto ends = [&](const std::string& line) { return line.substr(line.rfind(' ') + 1) == figure; };
      EXPECT_EQ(std::count_if(lines.begin(), lines.end(), ends), 1) << value;
    }
}

TEST(Families, LabelsAndNamesOfEachKindOfRow) {
  const auto lines = samples(families(full_snapshot()));
  EXPECT_THAT(lines,
              Contains("sluice_build_info{version=\"1.2.3\",commit=\"abcdef0\",compiler=\"g++ 12.2\"} 1"));
  EXPECT_THAT(lines, Contains("sluice_steering_info{mode=\"source_address\"} 1"));
  EXPECT_THAT(lines, Contains("sluice_ready 1"));
  EXPECT_THAT(lines,
              Contains("sluice_listener_kernel_drops_total{listener=\"[::]:2055\",protocol=\"auto\"} 104"));
  EXPECT_THAT(lines,
              Contains("sluice_listener_queue_fill_ratio{listener=\"[::]:2055\",protocol=\"auto\"} 0.25"));
  EXPECT_THAT(lines,
              Contains("sluice_listener_datagrams_total{listener=\"[::]:6343\",protocol=\"sflow\"} 111"));
  EXPECT_THAT(lines, Contains("sluice_tcp_messages_total{listener=\"[::]:4739\",transport=\"tls\"} 122"));
  EXPECT_THAT(lines, Contains("sluice_tcp_ended_sessions_total{listener=\"[::]:4739\",transport=\"tls\","
                              "reason=\"slow\"} 125"));
  EXPECT_THAT(lines, Contains("sluice_protocol_flows_total{protocol=\"netflow9\"} 204"));
  EXPECT_THAT(lines,
              Contains("sluice_protocol_decode_errors_total{protocol=\"netflow9\",reason=\"bad_set\"} 214"));
  EXPECT_THAT(lines, Contains("sluice_exporter_sampling_rate{exporter=\"192.0.2.1\",name=\"edge-1\","
                              "protocol=\"netflow9\"} 1000"));
  EXPECT_THAT(lines,
              Contains("sluice_exporter_last_seen_timestamp_seconds{exporter=\"192.0.2.1\",name=\"edge-1\","
                       "protocol=\"netflow9\"} 1700000100.5"));
  EXPECT_THAT(lines, Contains("sluice_exporter_decode_errors_total{exporter=\"192.0.2.1\",name=\"edge-1\","
                              "protocol=\"netflow9\",reason=\"missing_template\"} 310"));
  EXPECT_THAT(lines, Contains("sluice_sink_failed_flows_total{sink=\"kafka\",type=\"kafka\","
                              "reason=\"MSG_TIMED_OUT\"} 508"));
}

TEST(Families, StateFileIsThereWhereOneIsKept) {
  Snapshot snapshot = full_snapshot();
  EXPECT_THAT(samples(families(snapshot)), Contains("sluice_state_unrefreshed{kind=\"rates\"} 710"));
  snapshot.state.kept = false;
  EXPECT_THAT(text(families(snapshot)), Not(HasSubstr("sluice_state_")));
}

TEST(Families, SnmpIsThereWhereDevicesAreAsked) {
  Snapshot snapshot = full_snapshot();
  const auto lines = samples(families(snapshot));
  EXPECT_THAT(lines, Contains("sluice_snmp_refused_devices_total 902"));
  EXPECT_THAT(lines, Contains("sluice_snmp_device_polls_total{device=\"192.0.2.1\"} 911"));
  EXPECT_THAT(lines, Contains("sluice_snmp_device_interfaces{device=\"192.0.2.1\"} 912"));
  EXPECT_THAT(lines, Contains("sluice_snmp_device_standing{device=\"192.0.2.1\",standing=\"fine\"} 1"));
  snapshot.snmp.devices.front().standing.clear();  // as in the row of those past the bound
  EXPECT_THAT(text(families(snapshot)), Not(HasSubstr("sluice_snmp_device_standing{")));
  snapshot.snmp.on = false;
  EXPECT_THAT(text(families(snapshot)), Not(HasSubstr("sluice_snmp_")));
}

TEST(Families, DecodeTimeBucketsAddUp) {
  const auto lines = samples(families(full_snapshot()));
  EXPECT_THAT(lines, Contains("sluice_decode_seconds_count 66"));
  EXPECT_THAT(lines, Contains("sluice_decode_seconds_sum 1.5"));
  EXPECT_THAT(lines, Contains("sluice_decode_seconds_bucket{le=\"0.01\"} 55"));
  EXPECT_THAT(lines, Contains("sluice_decode_seconds_bucket{le=\"+Inf\"} 66"));
  const auto all = families(full_snapshot());
  const auto found =
      std::find_if(all.begin(), all.end(), [](const auto& f) { return f.name == "sluice_decode_seconds"; });
  ASSERT_NE(found, all.end());
  const auto& buckets = found->metric.at(0).histogram.bucket;
  ASSERT_EQ(buckets.size(), worker::kDecodeTimeBoundsNs.size() + 1);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) EXPECT_EQ(buckets[i].cumulative_count, sum += i + 1);
}

TEST(Families, LargeCountersStayWhole) {
  Snapshot snapshot = full_snapshot();
  snapshot.listeners[0].counts[worker::ListenerCount::bytes] =
      9007199254740991;  // 2^53 - 1, the last that a double holds exactly
  EXPECT_THAT(
      samples(families(snapshot)),
      Contains("sluice_listener_bytes_total{listener=\"[::]:2055\",protocol=\"auto\"} 9007199254740991"));
}

TEST(Families, HostileNamesAreEscaped) {
  Snapshot snapshot = full_snapshot();
  snapshot.exporters[0].name = "a\"b\\c\nd";
  const auto lines = samples(families(snapshot));
  EXPECT_THAT(lines, Contains("sluice_exporter_flows_total{exporter=\"192.0.2.1\",name=\"a\\\"b\\\\c\\nd\","
                              "protocol=\"netflow9\"} 304"));
}

TEST(Families, WithoutRowsThereAreNoEmptyFamilies) {
  const std::string out = text(families(Snapshot{}));
  EXPECT_THAT(out, Not(HasSubstr("sluice_sink_")));
  EXPECT_THAT(out, Not(HasSubstr("sluice_exporter_")));
  EXPECT_THAT(out, HasSubstr("sluice_ready 0"));
}

TEST(Families, NamesFollowTheRules) {
  for (const auto& family : families(full_snapshot())) {
    EXPECT_EQ(family.type == prometheus::MetricType::Counter, family.name.ends_with("_total")) << family.name;
    EXPECT_TRUE(family.name.starts_with("sluice_")) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
  }
}

TEST(SnapshotCollectable, TakesASnapshotAtEachCollection) {
  unsigned asked = 0;
  const SnapshotCollectable collectable([&] {
    Snapshot snapshot;
    snapshot.workers = ++asked;
    return snapshot;
  });
  EXPECT_THAT(text(collectable.Collect()), HasSubstr("sluice_workers 1\n"));
  EXPECT_THAT(text(collectable.Collect()), HasSubstr("sluice_workers 2\n"));
  EXPECT_THAT(text(collectable.Collect()), HasSubstr("process_open_fds "));
}

}  // namespace
}  // namespace sluice::metrics
