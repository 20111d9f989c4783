// A whole run: determinism, shares, sockets, mistakes, the report.
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <set>
#include <thread>

#include "capture.hpp"
#include "generate/destination.hpp"
#include "generate/receiver_fill.hpp"
#include "util/unique_fd.hpp"

namespace sluice::generate::test {
namespace {

constexpr FlowType kProtocols[] = {FlowType::sflow5, FlowType::netflow5, FlowType::netflow9, FlowType::ipfix};

TEST(Run, SameSeedSameBytes) {
  for (const auto protocol : kProtocols) {
    auto wanted = options(protocol, 2000);
    wanted.exporters = 3;
    const auto one = capture(wanted), again = capture(wanted);
    wanted.seed = 2;
    const auto other = capture(wanted);
    ASSERT_EQ(one.sent.size(), again.sent.size());
    std::size_t same_as_other = 0;
    for (std::size_t i = 0; i < one.sent.size(); ++i) {
      EXPECT_EQ(one.sent[i].payload, again.sent[i].payload);
      EXPECT_EQ(one.sent[i].time_ns, again.sent[i].time_ns);
      same_as_other += i < other.sent.size() && one.sent[i].payload == other.sent[i].payload;
    }
    EXPECT_LT(same_as_other, 20U);
  }
}

TEST(Run, FillsDatagramsToAbout1400BytesOrAsAsked) {
  for (const auto protocol : kProtocols) {
    auto wanted = options(protocol, 3000);
    std::size_t largest = 0;
    for (const auto& one : capture(wanted).sent) largest = std::max(largest, one.payload.size());
    EXPECT_LE(largest, 1400U);
    EXPECT_GT(largest, 1000U);
    wanted.flows_per_datagram = 2;
    wanted.templates = false;
    wanted.counter_interval = std::chrono::seconds(0);
    EXPECT_EQ(capture(wanted).report.datagrams, 1500U);
  }
}

TEST(Run, SharesTheFlowsEvenly) {
  auto wanted = options(FlowType::netflow9, 10);
  wanted.exporters = 4;
  const auto run = capture(wanted);
  EXPECT_EQ(run.report.exporters[0].flows, 3U);
  EXPECT_EQ(run.report.exporters[1].flows, 3U);
  EXPECT_EQ(run.report.exporters[2].flows, 2U);
  EXPECT_EQ(run.report.exporters[3].flows, 2U);
  EXPECT_EQ(run.report.exporters[3].observation_domain, 4U);
}

TEST(Run, DurationBoundsMadeUpTime) {
  auto wanted = options(FlowType::netflow5, 0);
  wanted.rate = 100;
  wanted.duration = std::chrono::seconds(5);
  const auto run = capture(wanted);
  EXPECT_NEAR(static_cast<double>(run.report.datagrams), 500, 2);
  EXPECT_EQ(run.sent.front().time_ns, kStart);
  EXPECT_NEAR(static_cast<double>(run.sent.back().time_ns - kStart), 5e9, 3e7);
}

TEST(Run, WritesWhereToSays) {
  auto wanted = options(FlowType::ipfix, 100);
  wanted.to = "127.0.0.1:9995";
  wanted.exporters = 2;
  wanted.source_port = 4000;
  const auto run = capture(wanted);
  EXPECT_EQ(run.sent[0].source, IpAddress::v4(0x7f000002));
  EXPECT_EQ(run.sent.back().source, IpAddress::v4(0x7f000003));
  EXPECT_EQ(run.sent[0].destination, IpAddress::v4(0x7f000001));
  EXPECT_EQ(run.sent[0].destination_port, 9995);
  EXPECT_EQ(run.sent[0].source_port, 4000);
}

TEST(Run, SharesOfIpv6AreKept) {
  for (const std::uint32_t per_datagram : {0U, 1U, 3U}) {
    auto wanted = options(FlowType::ipfix, 6000);
    wanted.ipv6_share = 0.35;
    wanted.flows_per_datagram = per_datagram;
    std::size_t datagrams = 0, octets = 0;
    for (const auto& one : capture(wanted).sent) ++datagrams, octets += one.payload.size();
    wanted.ipv6_share = 0;
    const auto without = capture(wanted).report;
    wanted.ipv6_share = 1;
    const auto only = capture(wanted).report;
    // Octets of records alone: headers differ with the number of datagrams.
    const auto records = [](std::uint64_t all, std::uint64_t count) {
      return static_cast<double>(all - 20 * count);
    };
    const double low = records(without.octets, without.datagrams),
                 high = records(only.octets, only.datagrams);
    const double share = (records(octets, datagrams) - low) / (high - low);
    EXPECT_NEAR(share, 0.35, 0.05) << per_datagram;
  }
}

struct Receiver {
  Receiver() : fd(socket(AF_INET, SOCK_DGRAM, 0)) {
    const int room = 8 << 20;
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    const timeval patience{5, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const SocketAddress any({IpAddress::v4(0x7f000001), 0});
    EXPECT_EQ(bind(fd.get(), any.get(), any.size()), 0);
    port = bound_endpoint(fd.get()).value().port;
  }
  std::string to() const { return "127.0.0.1:" + std::to_string(port); }
  Sent receive() {
    Sent out;
    out.payload.resize(65536);
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const auto got = recvfrom(fd.get(), out.payload.data(), out.payload.size(), 0,
                              reinterpret_cast<sockaddr*>(&from), &size);
    EXPECT_GT(got, 0) << "a datagram did not come";
    out.payload.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    const Endpoint source = endpoint_of(from);
    out.source = source.address;
    out.source_port = source.port;
    return out;
  }
  UniqueFd fd;
  std::uint16_t port = 0;
};

/// The same bytes over sockets as in the capture, from an address for each exporter.
void expect_sent_as_captured(Options wanted) {
  wanted.exporters = 3;
  wanted.rate = 0;
  const auto captured = capture(wanted);
  Receiver receiver;
  wanted.to = receiver.to();
  const auto report = run(wanted, {});
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->datagrams, captured.report.datagrams);
  EXPECT_EQ(report->octets, captured.report.octets);
  std::map<IpAddress, std::vector<Sent>> by_source;
  for (std::uint64_t i = 0; i < report->datagrams; ++i) {
    const Sent one = receiver.receive();
    by_source[one.source].push_back(one);
  }
  ASSERT_EQ(by_source.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& sent = by_source[*IpAddress::parse(report->exporters[i].address)];
    const auto wanted_sent = captured.of(*IpAddress::parse(captured.report.exporters[i].address));
    ASSERT_EQ(sent.size(), wanted_sent.size());
    for (std::size_t k = 0; k < sent.size(); ++k) {
      EXPECT_EQ(sent[k].source_port, report->exporters[i].port);
      EXPECT_EQ(sent[k].payload, wanted_sent[k].payload);
    }
  }
}

TEST(Run, SendsFromOneAddressAnExporter) {
  for (const auto protocol : kProtocols) expect_sent_as_captured(options(protocol, 1500));
}

TEST(Run, SegmentedSendsArriveAsDatagrams) {
  for (const auto protocol : kProtocols) {
    auto wanted = options(protocol, 1500);
    wanted.gso = true;
    expect_sent_as_captured(wanted);
  }
}

TEST(Run, TimesAreNowWhereNoStartIsSet) {
  Receiver receiver;
  auto wanted = options(FlowType::netflow5, 10);
  wanted.start_time_ns = 0;
  wanted.to = receiver.to();
  const auto before = std::chrono::system_clock::now();
  ASSERT_TRUE(run(wanted, {}));
  const auto sent = receiver.receive();
  const std::chrono::system_clock::time_point told{
      std::chrono::seconds(load_be<std::uint32_t>(sent.payload.data() + 8))};
  EXPECT_GE(told, before - std::chrono::seconds(1));
  EXPECT_LE(told, std::chrono::system_clock::now());
}

TEST(Run, ClosedLoopLosesNothingInASmallBuffer) {
  Receiver receiver;
  const int room = 1 << 18;
  setsockopt(receiver.fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  // Bounds what the loop lets in between two looks (128 datagrams) to what the buffer holds: small ones.
  auto wanted = options(FlowType::netflow5, 20000);
  wanted.flows_per_datagram = 1;
  wanted.rate = 0;
  wanted.closed_loop = true;
  wanted.to = receiver.to();
  Result<Report, std::string> report;
  std::thread sender([&] { report = run(wanted, {}); });
  std::set<std::uint32_t> sequences;
  for (int i = 0; i < 20000; ++i)
    sequences.insert(load_be<std::uint32_t>(receiver.receive().payload.data() + 16));
  sender.join();
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->datagrams, 20000U);
  EXPECT_EQ(sequences.size(), 20000U);
}

TEST(Run, FillIsThatOfTheFullestSocket) {
  Receiver receiver;
  ReceiverFill fill(receiver.port);
  EXPECT_EQ(fill.worst(), 0);
  auto wanted = options(FlowType::netflow9, 2000);
  wanted.to = receiver.to();
  wanted.rate = 0;
  ASSERT_TRUE(run(wanted, {}));
  EXPECT_GT(fill.worst(), 0);
  EXPECT_LT(fill.worst(), 1);
  EXPECT_LT(ReceiverFill(1).worst(), 0);
}

TEST(Run, GoesOnWhereNobodyListens) {
  std::string to;
  {
    Receiver gone;
    to = gone.to();
  }
  auto wanted = options(FlowType::netflow9, 5000);
  wanted.rate = 0;
  wanted.to = to;
  const auto report = run(wanted, {});
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->flows, 5000U);
  EXPECT_GT(report->refused, 0U);
}

TEST(Run, StopsWhenAsked) {
  Receiver receiver;
  auto wanted = options(FlowType::netflow9, 0);
  wanted.to = receiver.to();
  wanted.rate = 0.001;  // the second datagram would be due after a quarter of an hour
  std::stop_source stop;
  Result<Report, std::string> report;
  std::thread sender([&] { report = run(wanted, stop.get_token()); });
  receiver.receive();
  stop.request_stop();
  sender.join();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->datagrams, 1U);
}

TEST(Run, ReportIsOneLineOfJson) {
  Report report;
  report.datagrams = 2;
  report.seconds = 1.5;
  report.exporters = {{.address = "127.0.0.2", .port = 7}, {.address = "127.0.0.3"}};
  const std::string faults =
      R"("skipped_datagrams":0,"skipped_flows":0,"reordered_datagrams":0,"duplicated_datagrams":0,)"
      R"("duplicated_flows":0,"damaged_datagrams":0,"damaged_flows":0,"untold_flows":0,"restarts":0)";
  EXPECT_EQ(
      to_json(report),
      R"({"datagrams":2,"flows":0,"packets":0,"bytes":0,"octets":0,"templates":0,"options_records":0,)"
      R"("counter_samples":0,)" +
          faults +
          R"(,"refused":0,"undelivered":0,"seconds":1.5,)"
          R"("exporters":[{"address":"127.0.0.2","port":7,"observation_domain":0,"datagrams":0,"flows":0,)"
          R"("packets":0,"bytes":0,"options_records":0,)" +
          faults +
          R"(},{"address":"127.0.0.3","port":0,"observation_domain":0,"datagrams":0,"flows":0,)"
          R"("packets":0,"bytes":0,"options_records":0,)" +
          faults + "}]}");
}

}  // namespace
}  // namespace sluice::generate::test
