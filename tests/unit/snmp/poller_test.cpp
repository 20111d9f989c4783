// The poller without a device: what it is asked, what it keeps, and that nobody waits for it. Devices that
// answer are those of tests/integration/test_snmp.py.
#include "snmp/poller.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <span>
#include <thread>

#include "snmp/kept.hpp"
#include "snmp/view.hpp"
#include "util/unique_fd.hpp"

namespace sluice::snmp {
namespace {

using namespace std::chrono_literals;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

IpAddress address(const char* text) { return *IpAddress::parse(text); }

std::size_t threads() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

template <class Is>
bool until(const Is& is) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!is()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

/// A port of 127.0.0.1 from which nothing comes back.
struct Silence {
  Silence() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no socket");
    port = ntohs(at.sin_port);
  }
  std::size_t received() {
    while (::recv(fd.get(), nullptr, 0, MSG_DONTWAIT) >= 0) ++count;
    return count;
  }
  UniqueFd fd{::socket(AF_INET, SOCK_DGRAM, 0)};
  std::uint16_t port = 0;
  std::size_t count = 0;
};

/// Tells whoever asks the same engine, and nothing else: RFC 3412 and 3414, in BER of short lengths.
class Engine {
 public:
  Engine() : thread_([this] { run(); }) {}
  ~Engine() {
    stop_ = true;
    thread_.join();
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  std::uint16_t port() const { return socket_.port; }

 private:
  static std::string tagged(char tag, const std::string& content) {
    return tag + std::string(1, static_cast<char>(content.size())) + content;
  }
  static std::string integer(char value) { return tagged(0x02, std::string(1, value)); }
  /// The message's id, as it is: what follows the version in the sequence after it.
  static std::string id_of(const std::string& request) {
    const std::size_t version = request.find(std::string("\x02\x01\x03\x30", 4));
    if (version == std::string::npos) return {};
    const std::size_t id = request.find('\x02', version + 4);
    if (id == std::string::npos || id + 1 >= request.size()) return {};
    return request.substr(id, 2 + static_cast<unsigned char>(request[id + 1]));
  }
  static bool is_discovery(const std::string& request) {
    return request.find(std::string("\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00", 10)) != std::string::npos;
  }
  static std::string report(const std::string& id) {
    const std::string engine = tagged(0x04, std::string("\x80\x00\x1f\x88\x04same", 9));
    const std::string unknown("\x2b\x06\x01\x06\x03\x0f\x01\x01\x04\x00", 10);  // usmStatsUnknownEngineIDs.0
    const std::string value = tagged(0x30, tagged(0x06, unknown) + tagged(0x41, std::string(1, 1)));
    const std::string pdu = tagged('\xa8', integer(0) + integer(0) + integer(0) + tagged(0x30, value));
    const std::string user = tagged(
        0x30, engine + integer(1) + integer(1) + tagged(0x04, "") + tagged(0x04, "") + tagged(0x04, ""));
    const std::string head = tagged(
        0x30, id + tagged(0x02, std::string("\x7f\xff", 2)) + tagged(0x04, std::string(1, 0)) + integer(3));
    return tagged(0x30,
                  integer(3) + head + tagged(0x04, user) + tagged(0x30, engine + tagged(0x04, "") + pdu));
  }
  void run() {
    while (!stop_) {
      pollfd ready{socket_.fd.get(), POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      std::string request(1500, ' ');
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const auto got = ::recvfrom(socket_.fd.get(), request.data(), request.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &size);
      request.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
      if (!is_discovery(request)) continue;
      const std::string reply = report(id_of(request));
      ::sendto(socket_.fd.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  Silence socket_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Settings settings_of(std::uint16_t port, Version version = Version::v2c) {
  Settings out;
  out.timeout = 100ms;
  out.retries = 1;
  Device device;
  device.prefix = "127.0.0.0/8";
  device.address = "127.0.0.1";
  device.port = port;
  device.version = version;
  device.community = "public";
  device.user = "somebody";
  device.auth_password = device.privacy_password = "long enough";
  out.devices = {device};
  return out;
}

DeviceStats stats_of(const Poller& poller, const IpAddress& exporter) {
  const Stats stats = poller.stats();
  const auto found = stats.devices.find(exporter);
  return found == stats.devices.end() ? DeviceStats{} : found->second;
}

const LogFn kSilent = [](LogLevel, const std::string&) {};

TEST(Poller, WithoutDevicesThereIsNoThread) {
  const std::size_t before = threads();
  Poller poller(kSilent);
  poller.change({});
  EXPECT_EQ(threads(), before);
  EXPECT_FALSE(poller.on());
  poller.want(address("127.0.0.1"));
  View view(&poller);
  EXPECT_FALSE(view.of(address("127.0.0.1")).any());
  EXPECT_TRUE(poller.stats().devices.empty());
}

TEST(Poller, BeginsAndEndsWithTheSettings) {
  Silence silence;
  const std::size_t before = threads();
  Poller poller(kSilent);
  poller.change(settings_of(silence.port));
  EXPECT_EQ(threads(), before + 1);
  poller.change({});
  EXPECT_EQ(threads(), before);
}

TEST(Poller, AsksAgainAndThenGivesUpForAWhile) {
  for (const Version version : {Version::v2c, Version::v3}) {
    Silence silence;
    Poller poller(kSilent);
    poller.change(settings_of(silence.port, version));
    poller.want(address("127.0.0.1"));
    ASSERT_TRUE(until([&] { return stats_of(poller, address("127.0.0.1")).standing == Standing::silent; }));
    const DeviceStats stats = stats_of(poller, address("127.0.0.1"));
    EXPECT_EQ(stats.counts[DeviceCount::polls], 1U);
    EXPECT_EQ(stats.counts[DeviceCount::requests], 1U);
    EXPECT_EQ(stats.counts[DeviceCount::resends], 1U);
    EXPECT_EQ(stats.counts[DeviceCount::timeouts], 1U);
    EXPECT_EQ(stats.counts[DeviceCount::answers], 0U);
    EXPECT_EQ(silence.received(), 2U);
  }
}

/// 150 devices show one engine, and one of them does not answer any further: they wait for each other.
TEST(Poller, DevicesOfOneEngineKeepNoOtherWaiting) {
  Engine engine;
  Silence silence;
  Poller poller(kSilent);
  Settings settings = settings_of(engine.port(), Version::v3);
  settings.timeout = 2s;
  settings.devices.front().prefix = "127.0.1.0/24";
  Device other = settings_of(silence.port).devices.front();
  other.prefix = "127.0.2.0/24";
  settings.devices.push_back(other);
  poller.change(settings);
  for (std::uint32_t i = 1; i <= 150; ++i) poller.want(IpAddress::v4(0x7f000100 + i));
  const auto answers_of = [&](std::uint32_t first, std::uint32_t count) {
    std::uint64_t answers = 0;
    for (std::uint32_t i = 0; i < count; ++i)
      answers += stats_of(poller, IpAddress::v4(first + i)).counts[DeviceCount::answers];
    return answers;
  };
  ASSERT_TRUE(until([&] { return answers_of(0x7f000101, 150) >= 150; })) << "all have shown their engine";
  poller.want(address("127.0.2.1"));
  ASSERT_TRUE(until([&] { return stats_of(poller, address("127.0.2.1")).standing == Standing::silent; }));
  std::size_t waiting = 0;
  for (std::uint32_t i = 1; i <= 150; ++i)
    waiting += stats_of(poller, IpAddress::v4(0x7f000100 + i)).standing == Standing::waiting ? 1 : 0;
  EXPECT_GT(waiting, 128U) << "each has the user for four seconds";
}

TEST(Poller, EndsInTheMidstOfAPoll) {
  Silence silence;
  Poller poller(kSilent);
  Settings patient = settings_of(silence.port, Version::v3);
  patient.timeout = 60s;
  poller.change(patient);
  poller.want(address("127.0.0.1"));
  ASSERT_TRUE(until([&] { return silence.received() > 0; }));
  const auto began = std::chrono::steady_clock::now();
  poller.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s) << "it does not wait for the device";
}

TEST(Poller, AsksNobodyWhomNoPrefixHolds) {
  Silence silence;
  Poller poller(kSilent);
  poller.change(settings_of(silence.port));
  poller.want(address("192.0.2.1"));
  poller.want(address("127.0.0.9"));
  ASSERT_TRUE(until([&] { return poller.stats().devices.size() == 1; }));
  EXPECT_EQ(poller.stats().devices.begin()->first, address("127.0.0.9"));
}

TEST(Poller, KnowsNoMoreDevicesThanItMay) {
  Silence silence;
  Poller poller(kSilent);
  Settings few = settings_of(silence.port);
  few.max_devices = 3;
  poller.change(few);
  for (std::uint32_t i = 1; i <= 10; ++i) poller.want(IpAddress::v4(0x7f000000 + i));
  ASSERT_TRUE(until([&] { return poller.stats().counts[PollerCount::refused] == 7; }));
  EXPECT_EQ(poller.stats().devices.size(), 3U);
}

TEST(Poller, HasTheNamesOfTheFileAtOnceAndKeepsThemWhileTheDeviceIsAway) {
  Silence silence;
  const IpAddress exporter = address("127.0.0.7");
  const Answer kept{std::make_shared<const Interfaces>(Interfaces({{3, {"ge-0/0/3", "to there", 1}}})), 1000};
  Poller poller(kSilent);
  const Settings settings = settings_of(silence.port);
  ASSERT_TRUE(poller.restore(bytes_of(to_message(exporter, kept)), settings, 2000));
  EXPECT_FALSE(poller.restore(bytes_of(to_message(exporter, kept)), settings, 2000)) << "twice";
  EXPECT_FALSE(poller.restore(bytes_of(to_message(address("192.0.2.1"), kept)), settings, 2000))
      << "no prefix";
  EXPECT_FALSE(poller.restore(bytes_of("nonsense"), settings, 2000));
  const std::uint64_t far = 40ULL * 24 * 3600 * 1'000'000'000;
  EXPECT_FALSE(poller.restore(bytes_of(to_message(address("127.0.0.8"), kept)), settings, far)) << "too old";
  poller.change(settings);
  View view(&poller);
  ASSERT_NE(view.of(exporter).find(3), nullptr);
  EXPECT_EQ(view.of(exporter).find(3)->name, "ge-0/0/3");
  ASSERT_TRUE(until([&] { return stats_of(poller, exporter).standing == Standing::silent; }));
  EXPECT_EQ(view.of(exporter).find(3)->name, "ge-0/0/3");
  EXPECT_EQ(stats_of(poller, exporter).answered_ns, 1000U);
  EXPECT_EQ(stats_of(poller, exporter).counts[DeviceCount::interfaces], 1U);
  EXPECT_EQ(poller.stats().counts[PollerCount::restored], 1U);
}

TEST(Poller, ForgetsDevicesThatAreConfiguredNoMore) {
  Silence silence;
  const IpAddress exporter = address("127.0.0.7");
  const Answer kept{std::make_shared<const Interfaces>(Interfaces({{3, {"ge-0/0/3", "", 1}}})), 1000};
  Poller poller(kSilent);
  Settings settings = settings_of(silence.port);
  ASSERT_TRUE(poller.restore(bytes_of(to_message(exporter, kept)), settings, 2000));
  poller.change(settings);
  EXPECT_NE(poller.snapshot()->find(exporter), nullptr);
  settings.devices.front().prefix = "192.0.2.0/24";
  poller.change(settings);
  EXPECT_EQ(poller.snapshot()->find(exporter), nullptr);
  EXPECT_TRUE(poller.stats().devices.empty());
}

TEST(Poller, IsAskedForMissingInterfacesOnceForEach) {
  Silence silence;
  const IpAddress exporter = address("127.0.0.7");
  const Answer kept{std::make_shared<const Interfaces>(Interfaces({{3, {"ge-0/0/3", "", 1}}})), 1000};
  Poller poller(kSilent);
  Settings settings = settings_of(silence.port);
  settings.min_interval = 3600s;
  settings.interval = 3600s;
  ASSERT_TRUE(poller.restore(bytes_of(to_message(exporter, kept)), settings, 2000));
  poller.change(settings);
  for (int i = 0; i < 100; ++i) poller.missing(exporter, 77);
  poller.missing(exporter, 3);  // which is known
  ASSERT_TRUE(until([&] { return stats_of(poller, exporter).standing == Standing::silent; }));
  EXPECT_EQ(stats_of(poller, exporter).counts[DeviceCount::absent], 1U);
  EXPECT_EQ(stats_of(poller, exporter).counts[DeviceCount::polls], 1U);
}

TEST(Poller, MayBeAskedByManyThreads) {
  Silence silence;
  Poller poller(kSilent);
  poller.change(settings_of(silence.port));
  std::vector<std::thread> askers;
  for (std::uint32_t t = 0; t < 4; ++t)
    askers.emplace_back([&poller, t] {
      View view(&poller);
      for (std::uint32_t i = 0; i < 2000; ++i) {
        auto names = view.of(IpAddress::v4(0x7f000000 + (i + t) % 50));
        names.find(i);
      }
    });
  for (int i = 0; i < 5; ++i) {
    Settings changed = settings_of(silence.port);
    changed.retries = static_cast<std::uint32_t>(i % 2);
    poller.change(changed);
  }
  for (std::thread& one : askers) one.join();
  poller.stop();
}

}  // namespace
}  // namespace sluice::snmp
