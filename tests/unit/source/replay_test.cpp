#include "source/replay.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "capture_builder.hpp"
#include "util/unique_fd.hpp"

namespace sluice::source::test {
namespace {

using testing::HasSubstr;

const IpAddress kLoopback = IpAddress::v4(0x7f000001);

/// A UDP socket on 127.0.0.1 that remembers what came and from where.
class Receiver {
 public:
  Receiver() : fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no socket on 127.0.0.1");
    port = ntohs(address.sin_port);
  }

  struct Got {
    std::string from;
    Octets payload;
  };
  /// What has arrived; on loopback a datagram is in the queue when its send returns.
  std::vector<Got> take() {
    std::vector<Got> out;
    Octets buffer(65536);
    for (;;) {
      sockaddr_storage from{};
      socklen_t size = sizeof(from);
      const auto n = ::recvfrom(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                reinterpret_cast<sockaddr*>(&from), &size);
      if (n < 0) return out;
      out.push_back({IpAddress::from_sockaddr(from).to_string(), Octets(buffer.begin(), buffer.begin() + n)});
    }
  }
  void close() { fd_.reset(); }

  std::uint16_t port = 0;

 private:
  UniqueFd fd_;
};

Octets frame(std::uint32_t source, const Octets& payload) {
  return ethernet(0x0800, ipv4({.source = source}, udp(5000, 2055, payload)));
}

ReplayCounts replayed(const ReplayOptions& options) {
  const std::atomic<bool> stop{false};
  auto counts = replay(options, stop);
  EXPECT_TRUE(counts) << counts.error();
  return counts ? *counts : ReplayCounts{};
}

TEST(Replay, SendsPayloadsUnchangedAndInOrder) {
  std::vector<Frame> frames;
  std::vector<Octets> payloads;
  for (unsigned i = 0; i < 50; ++i) {
    payloads.push_back(flow_payload(i % 5 == 0 ? 9000 : 100 + i, i));
    frames.push_back({.octets = frame(0xc0000201, payloads.back())});
  }
  const TemporaryFile file("x.pcap", pcap({}, frames));
  Receiver receiver;
  const auto counts = replayed({.files = {file.path()}, .target = kLoopback, .port = receiver.port});
  const auto got = receiver.take();
  ASSERT_EQ(got.size(), payloads.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].payload, payloads[i]) << i;
    bytes += payloads[i].size();
  }
  EXPECT_EQ(counts.datagrams, payloads.size());
  EXPECT_EQ(counts.bytes, bytes);
  EXPECT_EQ(counts.refused, 0U);
}

TEST(Replay, LeavesOutWhatIsNoFlowExportUnlessToldTo) {
  const TemporaryFile file(
      "x.pcap", pcap({}, {{.octets = frame(1, {1, 2, 3, 4})}, {.octets = frame(1, flow_payload(20, 1))}}));
  Receiver receiver;
  ReplayOptions options{.files = {file.path()}, .target = kLoopback, .port = receiver.port};
  EXPECT_EQ(replayed(options).skipped, 1U);
  EXPECT_EQ(receiver.take().size(), 1U);
  options.everything = true;
  EXPECT_EQ(replayed(options).skipped, 0U);
  EXPECT_EQ(receiver.take().size(), 2U);
}

TEST(Replay, GivesEachExporterAnAddressOfItsOwn) {
  const TemporaryFile file("x.pcap", pcap({}, {{.octets = frame(0xc0000201, flow_payload(20, 1))},
                                               {.octets = frame(0xc0000202, flow_payload(20, 2))},
                                               {.octets = frame(0xc0000201, flow_payload(20, 3))}}));
  Receiver receiver;
  const auto counts = replayed(
      {.files = {file.path()}, .target = kLoopback, .port = receiver.port, .loops = 2, .per_exporter = true});
  std::vector<std::string> sources;
  for (const auto& got : receiver.take()) sources.push_back(got.from);
  EXPECT_THAT(sources, testing::ElementsAre("127.0.1.1", "127.0.1.2", "127.0.1.1", "127.0.1.1", "127.0.1.2",
                                            "127.0.1.1"));
  ASSERT_EQ(counts.exporters.size(), 2U);
  EXPECT_EQ(counts.exporters[0].first.to_string(), "192.0.2.1");
  EXPECT_EQ(counts.exporters[0].second.to_string(), "127.0.1.1");
}

TEST(Replay, BindsToTheAddressAsked) {
  const TemporaryFile file("x.dat", flow_payload(20, 1));
  Receiver receiver;
  replayed({.files = {file.path()},
            .target = kLoopback,
            .port = receiver.port,
            .loops = 3,
            .bind = IpAddress::v4(0x7f000009)});
  const auto got = receiver.take();
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].from, "127.0.0.9");
}

TEST(Replay, KeepsTheRate) {
  const TemporaryFile file("x.dat", flow_payload(20, 1));
  Receiver receiver;
  const auto begin = std::chrono::steady_clock::now();
  const auto counts = replayed(
      {.files = {file.path()}, .target = kLoopback, .port = receiver.port, .rate = 1000, .loops = 101});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(counts.datagrams, 101U);
  EXPECT_GE(took.count(), 0.099);  // 100 intervals of 1 ms, the last may be 200 us early
  EXPECT_NEAR(counts.seconds, took.count(), 0.05);
}

TEST(Replay, KeepsTheTimingOfTheCapture) {
  const TemporaryFile file("x.pcap", pcap({}, {{.octets = frame(1, flow_payload(20, 1)), .seconds = 100},
                                               {.octets = frame(1, flow_payload(20, 2)), .seconds = 101}}));
  Receiver receiver;
  const auto begin = std::chrono::steady_clock::now();
  replayed({.files = {file.path()}, .target = kLoopback, .port = receiver.port, .speed = 10});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took.count(), 0.099);
  EXPECT_EQ(receiver.take().size(), 2U);
}

TEST(Replay, EndsWhenStopped) {
  const TemporaryFile file("x.dat", flow_payload(20, 1));
  Receiver receiver;
  std::atomic<bool> stop{false};
  Result<ReplayCounts, std::string> counts;
  std::thread sender([&] {
    counts = replay(
        {.files = {file.path()}, .target = kLoopback, .port = receiver.port, .rate = 100, .loops = 0}, stop);
  });
  std::size_t got = 0;
  while (got < 3) got += receiver.take().size();
  stop = true;
  sender.join();
  ASSERT_TRUE(counts);
  EXPECT_GE(counts->datagrams, 3U);
}

TEST(Replay, CountsRefusals) {
  const TemporaryFile file("x.dat", flow_payload(20, 1));
  Receiver receiver;
  receiver.close();
  const auto counts =
      replayed({.files = {file.path()}, .target = kLoopback, .port = receiver.port, .loops = 5});
  EXPECT_EQ(counts.datagrams, 5U);
  EXPECT_EQ(counts.refused, 4U);  // each is told by the next send
}

TEST(Replay, SaysWhatItCannotDo) {
  const std::atomic<bool> stop{false};
  const auto error_of = [&](const ReplayOptions& options) { return replay(options, stop).error(); };
  const TemporaryFile file("x.dat", flow_payload(20, 1));
  EXPECT_THAT(error_of({.files = {"/nowhere.pcap"}, .target = kLoopback, .port = 9}),
              HasSubstr("/nowhere.pcap: cannot be opened"));
  EXPECT_EQ(
      error_of(
          {.files = {file.path()}, .target = IpAddress::v4(0xc0000201), .port = 9, .per_exporter = true}),
      "a source address for each exporter needs a target in 127.0.0.0/8, not 192.0.2.1");
  EXPECT_EQ(
      error_of(
          {.files = {file.path()}, .target = kLoopback, .port = 9, .bind = IpAddress::parse("::1").value()}),
      "cannot send from ::1 to 127.0.0.1: one is IPv4, the other IPv6");
  EXPECT_THAT(
      error_of({.files = {file.path()}, .target = kLoopback, .port = 9, .bind = IpAddress::v4(0xc0000201)}),
      HasSubstr("cannot send from 192.0.2.1: "));
}

TEST(Replay, TellsThatAFileIsCutShort) {
  Octets content =
      pcap({}, {{.octets = frame(1, flow_payload(20, 1))}, {.octets = frame(1, flow_payload(20, 2))}});
  content.pop_back();
  const TemporaryFile file("x.pcap", content);
  Receiver receiver;
  const auto counts =
      replayed({.files = {file.path()}, .target = kLoopback, .port = receiver.port, .loops = 2});
  EXPECT_EQ(counts.datagrams, 2U);
  ASSERT_EQ(counts.warnings.size(), 1U);
  EXPECT_THAT(counts.warnings[0], HasSubstr("is cut short"));
}

}  // namespace
}  // namespace sluice::source::test
