#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "doctor_support.hpp"
#include "net/udp_socket.hpp"

namespace sluice::doctor::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kNoCapability = "Name:\tsluice\nCapEff:\t0000000000000000\n";

config::Config one_listener() {
  config::Config config;
  config.listeners = {{.port = 2055, .protocol = {}, .receive_buffer = 0, .decapsulate = {}}};
  return config;
}

TEST(ReceiveBuffers, EnoughIsGranted) {
  Folder folder;
  folder.write("proc/sys/net/core/rmem_max", "33554432\n");
  EXPECT_THAT(check_receive_buffers(one_listener(), folder.machine(), nobody()), Says(Status::ok, "32 MB"));
}

TEST(ReceiveBuffers, TooLittleIsGrantedAndTheSysctlIsNamed) {
  Folder folder;
  folder.write("proc/sys/net/core/rmem_max", "212992\n");
  folder.write("proc/self/status", kNoCapability);
  const Finding found = check_receive_buffers(one_listener(), folder.machine(), nobody());
  EXPECT_THAT(found, Says(Status::warning, "grants receive buffers of 208 KB where 32 MB"));
  EXPECT_THAT(found.sentence, HasSubstr("sysctl -w net.core.rmem_max=33554432"));
}

TEST(ReceiveBuffers, ACapabilityIsAsGood) {
  Folder folder;
  folder.write("proc/sys/net/core/rmem_max", "212992\n");
  folder.write("proc/self/status", "Name:\tsluice\nCapEff:\t0000000000001000\n");
  EXPECT_THAT(check_receive_buffers(one_listener(), folder.machine(), nobody()),
              Says(Status::ok, "need CAP_NET_ADMIN, which this user has"));
}

TEST(ReceiveBuffers, WithoutTheSettingTheLogIsNamed) {
  Folder folder;
  EXPECT_THAT(check_receive_buffers(one_listener(), folder.machine(), nobody()),
              Says(Status::warning, "the log"));
}

TEST(ReceiveBuffers, OfARunningCollectorWhatItGotCounts) {
  Folder folder;
  folder.write("proc/sys/net/core/rmem_max", "212992\n");
  const std::string metric = "sluice_workers 2\nsluice_listener_queue_limit_bytes{listener=\"[::]:2055\"} ";
  EXPECT_THAT(check_receive_buffers(one_listener(), folder.machine(), running(metric + "134217728\n")),
              Says(Status::ok, "64 MB"));
  EXPECT_THAT(check_receive_buffers(one_listener(), folder.machine(), running(metric + "851968\n")),
              Says(Status::warning, "got receive buffers of 416 KB where 64 MB"));
}

TEST(ConnectionTable, FullAndNearlyFull) {
  Folder folder;
  EXPECT_THAT(check_connection_table(folder.machine()), IsEmpty());
  folder.write("proc/sys/net/netfilter/nf_conntrack_max", "65536\n");
  const auto with = [&](const char* count) {
    folder.write("proc/sys/net/netfilter/nf_conntrack_count", count);
    return check_connection_table(folder.machine());
  };
  EXPECT_THAT(with("12\n"), ElementsAre(Says(Status::ok, "12 connections of 65536")));
  EXPECT_THAT(with("60000\n"), ElementsAre(Says(Status::warning, "will drop")));
  EXPECT_THAT(with("65536\n"), ElementsAre(Says(Status::fail, "notrack")));
}

TEST(OpenFiles, OfTheCollectorOrOfThisUser) {
  EXPECT_THAT(check_descriptors(running("process_open_fds 30\nprocess_max_fds 1024\n"), 64),
              Says(Status::ok, "30 file descriptors"));
  EXPECT_THAT(check_descriptors(running("process_open_fds 900\nprocess_max_fds 1024\n"), 4096),
              Says(Status::warning, "LimitNOFILE"));
  EXPECT_THAT(check_descriptors(nobody(), 4096), Says(Status::ok, "4,096 files"));
  EXPECT_THAT(check_descriptors(nobody(), 64), Says(Status::warning, "ulimit"));
}

TEST(UdpDrops, AreReadAndCompared) {
  Folder folder;
  EXPECT_EQ(udp_drops(folder.machine()), std::nullopt);
  folder.write(
      "proc/net/snmp",
      "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
      "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 10 1 7 9 7 0\n"
      "UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdpLite: 0 0 0 0 3 0\n");
  EXPECT_EQ(udp_drops(folder.machine()), 7U);
  folder.write("proc/net/snmp6",
               "Udp6InErrors                    \t5\nUdp6RcvbufErrors                \t5\n"
               "UdpLite6RcvbufErrors            \t9\n");
  EXPECT_EQ(udp_drops(folder.machine()), 12U);
  EXPECT_THAT(check_udp_drops(7, 7), ElementsAre(Says(Status::ok, "")));
  EXPECT_THAT(check_udp_drops(7, 1207), ElementsAre(Says(Status::warning, "1,200 datagrams")));
  EXPECT_THAT(check_udp_drops(std::nullopt, 7), IsEmpty());
}

TEST(Clock, AsTheKernelSays) {
  EXPECT_THAT(check_clock({.known = true, .synchronised = true}), Says(Status::ok, "synchronised"));
  EXPECT_THAT(check_clock({.known = true, .synchronised = false}), Says(Status::warning, "chrony"));
  EXPECT_THAT(check_clock({}), Says(Status::warning, "does not say"));
  clock_state();  // whatever it is here
}

TEST(Directories, StateFileAndFileSinks) {
  Folder folder;
  config::Config config;
  config.state.file = (folder.path() / "not/yet/there/state").string();
  config.sinks["frames"].own = sink::FileSettings{};
  std::get<sink::FileSettings>(config.sinks["frames"].own).path = (folder.path() / "frames").string();
  std::get<sink::FileSettings>(config.sinks["frames"].own).rotate_bytes = 1024;
  EXPECT_THAT(check_directories(config), ElementsAre(Is("state file", Status::ok, "free of"),
                                                     Is("directory of sink frames", Status::ok, "free of")));
  std::get<sink::FileSettings>(config.sinks["frames"].own).rotate_bytes = 1ULL << 60U;
  EXPECT_THAT(check_directories(config), testing::Contains(Says(Status::warning, "make room")));
}

TEST(Directories, AFileInTheWayAndNoStateFile) {
  Folder folder;
  folder.write("frames", "a file");
  config::Config config;
  config.sinks["frames"].own = sink::FileSettings{};
  std::get<sink::FileSettings>(config.sinks["frames"].own).path = (folder.path() / "frames").string();
  EXPECT_THAT(check_directories(config),
              ElementsAre(Is("state file", Status::warning, "is not set"),
                          Is("directory of sink frames", Status::fail, "is no directory")));
}

TEST(Directories, ThatAreNotOurs) {
  if (::geteuid() != 0) {
    config::Config config;
    config.state.file = "/proc/sluice-state";
    EXPECT_THAT(check_directories(config), ElementsAre(Says(Status::fail, "cannot be written to")));
    return;
  }
  // For root only a read-only file system is closed; proc says so of its own.
  config::Config config;
  config.state.file = "/proc/sys/sluice-state";
  EXPECT_THAT(check_directories(config), ElementsAre(testing::Not(Says(Status::ok, " free of "))));
}

class Ports : public testing::Test {
 protected:
  Ports() {
    config_.listeners.clear();
    config_.metrics.listen = config_.api.listen = "";
  }
  net::UdpSocket socket_ = net::UdpSocket::open({.address = IpAddress::parse("127.0.0.1").value(),
                                                 .port = 0,
                                                 .receive_buffer = 0,
                                                 .reuse_port = false,
                                                 .gro = false})
                               .value();
  void listen() {
    config_.listeners = {{.address = "127.0.0.1",
                          .port = socket_.local_port(),
                          .protocol = {},
                          .receive_buffer = 0,
                          .decapsulate = {}}};
  }
  config::Config config_;
};

TEST_F(Ports, AFreeOne) {
  listen();
  {
    const net::UdpSocket closed = std::move(socket_);
  }
  EXPECT_THAT(check_ports(config_, {}, nobody()), ElementsAre(Says(Status::ok, "free")));
}

TEST_F(Ports, OneThatAnotherHasAndWhoItIs) {
  listen();
  EXPECT_THAT(check_ports(config_, {}, nobody()),
              ElementsAre(Says(Status::fail, "(process " + std::to_string(::getpid()) + ")")));
}

TEST_F(Ports, OfACollectorThatMayNotBeAsked) {
  listen();
  const Collector refused{Collector::Presence::refused, "http://127.0.0.1:8080", {}};
  // Here it is seen whose it is, and that is not a sluice.
  EXPECT_THAT(check_ports(config_, {}, refused), ElementsAre(Says(Status::fail, "it is held by ")));
  const Folder without_proc;
  EXPECT_THAT(check_ports(config_, without_proc.machine(), refused),
              ElementsAre(Says(Status::ok, "metrics.allow does not let")));
  config_.listeners.front().address = "192.0.2.1";  // not in use, but nobody can have it
  EXPECT_THAT(check_ports(config_, without_proc.machine(), refused),
              ElementsAre(Says(Status::fail, "Cannot assign")));
}

TEST_F(Ports, OneThatTheRunningCollectorHas) {
  listen();
  EXPECT_THAT(check_ports(config_, {},
                          running("sluice_listener_datagrams_total{listener=\"127.0.0.1:" +
                                  std::to_string(socket_.local_port()) + "\",protocol=\"auto\"} 7\n")),
              ElementsAre(Says(Status::ok, "running sluice")));
}

TEST_F(Ports, OfHttp) {
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  config_.metrics.listen = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  EXPECT_THAT(check_ports(config_, {}, nobody()), ElementsAre(Says(Status::fail, "(process ")));
  EXPECT_THAT(check_ports(config_, {}, running("")), ElementsAre(Says(Status::ok, "running sluice")));
  acceptor.close();
  EXPECT_THAT(check_ports(config_, {}, nobody()), ElementsAre(Says(Status::ok, "free")));
  config_.metrics.listen = "192.0.2.1:8080";
  EXPECT_THAT(check_ports(config_, {}, nobody()), ElementsAre(Says(Status::fail, "cannot be listened on")));
}

TEST(Text, Numbers) {
  EXPECT_EQ(counted(1, "flow"), "1 flow");
  EXPECT_EQ(counted(1234567, "flow"), "1,234,567 flows");
  EXPECT_EQ(size_text(212992), "208 KB");
  EXPECT_EQ(size_text(1.5 * 1024 * 1024), "1.5 MB");
  EXPECT_EQ(percent(0.125), "12.5 %");
  EXPECT_EQ(percent(0.0012), "0.12 %");
}

}  // namespace
}  // namespace sluice::doctor::test
