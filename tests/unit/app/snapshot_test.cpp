// Collector::snapshot(): what a running collector has counted, from socket to sink.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "app/collector.hpp"
#include "flow/endpoint.hpp"
#include "support/set_message.hpp"
#include "util/unique_fd.hpp"

namespace sluice::app {
namespace {

using namespace std::chrono_literals;
using decode::DecodeCount;
using metrics::Snapshot;
using sink::SinkCount;
using state::StateCount;
using state::StateKind;
using test::SetMessage;
using test::WireBytes;
using worker::ListenerCount;

/// One worker with a file sink and a state file, on a port of its own; exporters are addresses of loopback.
class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() : directory_(testing::TempDir() + "snapshot_test." + std::to_string(::getpid())) {
    std::filesystem::create_directories(directory_);
    config_.workers = 1;
    config_.listeners = {{.address = "127.0.0.1", .port = 0}};
    config_.exporters = {{.prefix = "127.0.0.1", .settings = {}}};
    config_.exporters[0].settings.name = "edge-1";
    config_.log.level = "error";
    config_.metrics.max_exporters = 1;
    config_.state.file = directory_ + "/state";
    auto& archive = config_.sinks["archive"].own.emplace<sink::FileSettings>();
    archive.path = directory_ + "/flows";
    std::filesystem::create_directories(archive.path);
  }
  ~SnapshotTest() override { std::filesystem::remove_all(directory_); }

  /// From 127.0.0.`host`.
  void send(const Snapshot& running, unsigned host, SetMessage message) {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM, 0));
    const SocketAddress from({IpAddress::v4(0x7f000000 + host), 0});
    ASSERT_EQ(::bind(socket.get(), from.get(), from.size()), 0);
    const SocketAddress to(parse_endpoint(running.listeners.at(0).address).value());
    const auto bytes = message.bytes();
    ASSERT_EQ(::sendto(socket.get(), bytes.data(), bytes.size(), 0, to.get(), to.size()),
              static_cast<ssize_t>(bytes.size()));
    bytes_sent_ += bytes.size();
  }

  template <class Condition>
  static Snapshot eventually(const Collector& collector, Condition&& condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    for (;;) {
      Snapshot now = collector.snapshot();
      if (condition(now)) return now;
      if (std::chrono::steady_clock::now() > until) {
        ADD_FAILURE() << "it did not come about in 20 s";
        return now;
      }
      std::this_thread::sleep_for(1ms);
    }
  }

  const std::string directory_;
  config::Config config_;
  std::uint64_t bytes_sent_ = 0;
};

SetMessage templates() { return SetMessage::ipfix(1, 0).tmpl(256, {{8, 4}, {1, 4}}); }
SetMessage flows(std::uint32_t sequence) {
  return SetMessage::ipfix(1, sequence)
      .data(256, WireBytes().address("192.0.2.1").u32(100).address("192.0.2.2").u32(200));
}
const metrics::ProtocolRow& of(const Snapshot& snapshot, decode::Protocol protocol) {
  return snapshot.protocols.at(static_cast<std::size_t>(protocol));
}
std::uint64_t count(const Snapshot& snapshot, DecodeCount what) {
  return of(snapshot, decode::Protocol::ipfix).counts[what];
}
std::uint64_t decoded(const Snapshot& snapshot) { return count(snapshot, DecodeCount::datagrams); }

TEST_F(SnapshotTest, OfOneThatDoesNotRunSaysWhy) {
  Logging log(config_.log);
  Collector collector(config_, log);
  EXPECT_FALSE(collector.snapshot().ready);
  EXPECT_EQ(collector.snapshot().not_ready_because, "the workers are not running");
  collector.start();
  EXPECT_TRUE(collector.snapshot().ready);
  EXPECT_EQ(collector.snapshot().not_ready_because, "");
  EXPECT_GT(collector.snapshot().start_time_seconds, 1700000000);
  collector.stop();
  EXPECT_FALSE(collector.snapshot().ready);
}

TEST_F(SnapshotTest, FollowsDatagramsFromSocketToSink) {
  Logging log(config_.log);
  Collector collector(config_, log);
  collector.start();
  const Snapshot before = collector.snapshot();
  EXPECT_EQ(before.protocols.size(), static_cast<std::size_t>(decode::Protocol::count));
  EXPECT_EQ(decoded(before), 0U);
  EXPECT_TRUE(before.exporters.empty());

  send(before, 1, templates());
  send(before, 1, flows(0));
  send(before, 1, SetMessage::ipfix(1, 2).data(300, WireBytes().u32(1)));  // waits for its template
  const Snapshot now = eventually(collector, [](const Snapshot& s) {
    return decoded(s) == 3 && s.sinks.at(0).counts[SinkCount::delivered_flows] == 2;
  });
  collector.stop();

  const metrics::ListenerRow& listener = now.listeners.at(0);
  EXPECT_EQ(listener.protocol, "auto");
  EXPECT_EQ(listener.counts[ListenerCount::datagrams], 3U);
  EXPECT_EQ(listener.counts[ListenerCount::bytes], bytes_sent_);
  EXPECT_EQ(listener.counts[ListenerCount::truncated], 0U);
  EXPECT_GT(listener.counts[ListenerCount::queue_limit_bytes], 0U);

  EXPECT_EQ(count(now, DecodeCount::bytes), bytes_sent_);
  EXPECT_EQ(count(now, DecodeCount::flow_records), 2U);
  EXPECT_EQ(count(now, DecodeCount::flows), 2U);
  EXPECT_EQ(count(now, DecodeCount::templates), 1U);
  EXPECT_EQ(count(now, DecodeCount::rates_unknown), 2U);
  EXPECT_EQ(of(now, decode::Protocol::ipfix).held[decode::HeldCount::datagrams], 1U);
  EXPECT_EQ(of(now, decode::Protocol::netflow9).counts, Counts<DecodeCount>{});

  ASSERT_EQ(now.exporters.size(), 1U);
  const metrics::ExporterRow& exporter = now.exporters[0];
  EXPECT_EQ(exporter.address, "127.0.0.1");
  EXPECT_EQ(exporter.name, "edge-1");
  EXPECT_EQ(exporter.protocol, "ipfix");
  EXPECT_EQ(exporter.counts[DecodeCount::datagrams], 3U);
  EXPECT_EQ(exporter.counts[DecodeCount::flows], 2U);
  EXPECT_EQ(exporter.held[decode::HeldCount::datagrams], 1U);
  EXPECT_EQ(exporter.gauges[metrics::ExporterGauge::templates], 1U);
  EXPECT_EQ(exporter.numbered, "records");
  EXPECT_EQ(exporter.sequence[metrics::SequenceFate::in_order], 2U);
  EXPECT_EQ(exporter.lost_records, 0U);

  const metrics::SinkRow& archive = now.sinks.at(0);
  EXPECT_EQ(archive.sink, "archive");
  EXPECT_EQ(archive.type, "file");
  EXPECT_EQ(archive.counts[SinkCount::queued_flows], 0U);
  ASSERT_EQ(now.exporter_sinks.size(), 1U);
  EXPECT_EQ(now.exporter_sinks[0].address, "127.0.0.1");
  EXPECT_EQ(now.exporter_sinks[0].sink, "archive");
  EXPECT_EQ(now.exporter_sinks[0].book.sum(), 2U);
}

TEST_F(SnapshotTest, TimesAndStartsThatWereReplacedAreOneSumOfAnExporter) {
  Logging log(config_.log);
  Collector collector(config_, log);
  collector.start();
  // IE 152 and 153: start and end in milliseconds. An end in 1970, and a start after its end.
  const auto now_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                     std::chrono::system_clock::now().time_since_epoch())
                                                     .count());
  SetMessage message = SetMessage::ipfix(1, 0).tmpl(256, {{8, 4}, {152, 8}, {153, 8}});
  message.data(
      256,
      WireBytes().address("192.0.2.1").u64(1).u64(1).address("192.0.2.1").u64(now_ms).u64(now_ms - 1000));
  send(collector.snapshot(), 1, message);
  const Snapshot now = eventually(collector, [](const Snapshot& s) { return decoded(s) == 1; });
  collector.stop();
  EXPECT_EQ(count(now, DecodeCount::times_replaced), 1U);
  EXPECT_EQ(count(now, DecodeCount::starts_replaced), 1U);
  EXPECT_EQ(now.exporters.at(0).counts[DecodeCount::times_replaced], 2U);
  EXPECT_EQ(now.exporters.at(0).counts[DecodeCount::templates], 0U) << "shown of protocols only";
}

TEST_F(SnapshotTest, ExportersPastTheNumberShareARow) {
  Logging log(config_.log);
  Collector collector(config_, log);
  collector.start();
  for (const unsigned host : {1U, 2U, 3U}) {
    send(collector.snapshot(), host, templates());
    send(collector.snapshot(), host, flows(0));
    eventually(collector, [&](const Snapshot& s) { return decoded(s) == 2 * host; });
  }
  // The sink counts a block for itself first, and then for each exporter.
  const Snapshot now = eventually(collector, [](const Snapshot& s) {
    std::uint64_t delivered = 0;
    for (const auto& row : s.exporter_sinks) delivered += row.book.delivered;
    return s.sinks.at(0).counts[SinkCount::delivered_flows] == 6 && delivered == 6;
  });
  collector.stop();
  EXPECT_EQ(now.counts[metrics::CollectorCount::exporters_known], 3U);
  ASSERT_EQ(now.exporters.size(), 2U);
  EXPECT_EQ(now.exporters[0].address, "127.0.0.1");
  const metrics::ExporterRow& others = now.exporters[1];
  EXPECT_EQ(others.address, "other");
  EXPECT_EQ(others.name, "");
  EXPECT_EQ(others.protocol, "ipfix");
  EXPECT_EQ(others.counts[DecodeCount::datagrams], 4U);
  EXPECT_EQ(others.counts[DecodeCount::flows], 4U);
  EXPECT_EQ(others.gauges[metrics::ExporterGauge::templates], 2U);
  EXPECT_EQ(others.sequence[metrics::SequenceFate::in_order], 4U);
  ASSERT_EQ(now.exporter_sinks.size(), 2U);
  EXPECT_EQ(now.exporter_sinks[1].address, "other");
  EXPECT_EQ(now.exporter_sinks[1].book.delivered, 4U);
}

TEST_F(SnapshotTest, StateFileIsToldOverARestart) {
  Logging log(config_.log);
  {
    Collector collector(config_, log);
    collector.start();
    send(collector.snapshot(), 1, templates());
    const Snapshot now = eventually(collector, [](const Snapshot& s) {
      return decoded(s) == 1 && s.state.counts[StateCount::writes] > 0;
    });
    EXPECT_TRUE(now.state.kept);
    EXPECT_EQ(now.state.restored, Counts<StateKind>{});
    EXPECT_GT(now.state.last_write_seconds, 1700000000);
  }
  {
    Collector collector(config_, log);
    const Snapshot now = collector.snapshot();
    EXPECT_EQ(now.state.counts[StateCount::restored_exporters], 1U);
    EXPECT_EQ(now.state.restored[StateKind::templates], 1U);
    EXPECT_EQ(now.state.unrefreshed[StateKind::templates], 1U);
    EXPECT_GT(now.state.counts[StateCount::bytes], 0U);
  }
  config_.state.file.clear();
  const Collector collector(config_, log);
  EXPECT_FALSE(collector.snapshot().state.kept);
}

}  // namespace
}  // namespace sluice::app
