#include "worker/sessions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "sluice/decode/datagram_decoder.hpp"
#include "support/set_message.hpp"

namespace sluice::worker {
namespace {

using namespace std::chrono_literals;
using test::SetMessage;
using test::WireBytes;

/// Somebody who connects, from an address of loopback.
class Client {
 public:
  Client(const Endpoint& to, const char* from) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const SocketAddress own({IpAddress::parse(from).value(), 0}), there(to);
    EXPECT_EQ(::bind(fd_.get(), own.get(), own.size()), 0);
    EXPECT_EQ(::connect(fd_.get(), there.get(), there.size()), 0);
  }
  void send(Bytes bytes) const {
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void close() { fd_.reset(); }
  /// The other side has ended it.
  bool over() const {
    char byte = 0;
    const ssize_t got = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }

 private:
  UniqueFd fd_;
};

std::vector<std::byte> definition(std::uint32_t domain = 1) {
  return SetMessage::ipfix(domain, 0).tmpl(256, {{8, 4}, {1, 4}}).bytes();
}
std::vector<std::byte> data(std::uint32_t sequence = 0, std::uint32_t domain = 1) {
  return SetMessage::ipfix(domain, sequence).data(256, WireBytes().address("192.0.2.1").u32(1)).bytes();
}

/// Turns by itself: there is no other thread.
class SessionsTest : public testing::Test {
 protected:
  void open() {
    auto listener = net::TcpListener::open({IpAddress::parse("127.0.0.1").value(), 0});
    ASSERT_TRUE(listener.has_value());
    at_ = listener->at();
    std::vector<SessionInlet> inlets;
    inlets.push_back({.listener = std::move(*listener), .identity = {}});
    sessions_ = std::make_unique<Sessions>(
        limits_, std::move(inlets), exporters_, &admission_,
        [this](const Endpoint&, SessionEnd why, const std::string&) { ends_.push_back(why); });
  }
  Client connect(const char* from = "127.0.0.1") {
    if (!sessions_) open();
    Client out(at_, from);
    return out;
  }
  template <class Condition>
  bool turn_until(const Condition& condition) {
    const auto take = [this](std::size_t, const decode::Datagram& message) {
      return decoder_.decode(message, flows_, decode::Accept::ipfix);
    };
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      if (sessions_->turn(take) == 0) std::this_thread::sleep_for(1ms);
    }
    return true;
  }
  bool turn_until_open(std::uint64_t n) {
    return turn_until([&] { return count(SessionCount::open) == n; });
  }
  bool turn_until_messages(std::uint64_t n) {
    return turn_until([&] { return count(SessionCount::messages) == n; });
  }
  bool turn_until_ended() {
    return turn_until([&] { return !ends_.empty(); });
  }
  std::uint64_t count(SessionCount what) const { return sessions_->counts(0)[what].get(); }
  std::uint64_t ended(SessionEnd why) const { return sessions_->ends(0)[why].get(); }
  std::shared_ptr<decode::Exporter> exporter(const char* address = "127.0.0.1") {
    return exporters_.find_or_add({IpAddress::parse(address).value(), 0}, 1);
  }
  std::size_t templates() { return exporter()->templates.size(decode::Protocol::ipfix); }
  const decode::SequenceCounts& sequence() {
    return exporter()->counters_of(decode::Protocol::ipfix).sequence;
  }

  SessionLimits limits_{.connections = 4, .per_address = 3, .waiting_bytes = 1 << 20, .message_timeout = 1h};
  decode::ExporterTable exporters_{{}, {}};
  decode::DatagramDecoder decoder_{exporters_};
  FlowBatch flows_;
  net::CurrentAdmission admission_{net::Admission(1)};
  Endpoint at_;
  std::vector<SessionEnd> ends_;
  std::unique_ptr<Sessions> sessions_;  // before what it borrows
};

using Ends = std::vector<SessionEnd>;

TEST_F(SessionsTest, WhatASessionBringsIsDecoded) {
  Client client = connect();
  client.send(definition());
  for (std::uint32_t i = 0; i < 5; ++i) client.send(data(i));
  ASSERT_TRUE(turn_until_messages(6));
  EXPECT_EQ(flows_.size(), 5u);
  EXPECT_EQ(count(SessionCount::accepted), 1u);
  EXPECT_EQ(count(SessionCount::bytes), definition().size() + 5 * data().size());
  client.close();
  ASSERT_TRUE(turn_until_open(0));
  EXPECT_EQ(ends_, Ends{SessionEnd::by_exporter});
  EXPECT_EQ(count(SessionCount::discarded_bytes), 0u);
}

TEST_F(SessionsTest, WhatIsNoMessageEndsTheSessionAndNoOther) {
  Client good = connect("127.0.0.2");
  good.send(definition());
  ASSERT_TRUE(turn_until_messages(1));
  Client bad = connect();
  bad.send(definition());
  std::vector<std::byte> lie = data();
  lie[2] = lie[3] = std::byte{0};
  bad.send(lie);
  bad.send(data());
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(count(SessionCount::discarded_bytes), 2 * lie.size());
  EXPECT_EQ(ends_, Ends{SessionEnd::bad_message});
  EXPECT_TRUE(bad.over());
  good.send(data());
  ASSERT_TRUE(turn_until_messages(3));
  EXPECT_EQ(flows_.size(), 1u);
}

TEST_F(SessionsTest, AnEndWithinAMessageIsToldFromOneBetweenTwo) {
  Client client = connect();
  client.send(Bytes(data()).first(17));
  ASSERT_TRUE(turn_until([&] { return count(SessionCount::waiting_bytes) > 0; }));
  client.close();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ends_, Ends{SessionEnd::cut_off});
  EXPECT_EQ(count(SessionCount::waiting_bytes), 0u);
  EXPECT_EQ(count(SessionCount::discarded_bytes), 17u);
}

TEST_F(SessionsTest, WhoSendsSlowlyIsCutAndWhoIsSilentIsNot) {
  limits_.message_timeout = 50ms;
  Client silent = connect("127.0.0.2");
  silent.send(definition());
  ASSERT_TRUE(turn_until_messages(1));
  Client slow = connect();
  const auto message = data();
  std::size_t sent = 0;
  auto next = std::chrono::steady_clock::now();
  // A byte now and then keeps nobody's session alive: all of them would take ten times as long as there is.
  ASSERT_TRUE(turn_until([&] {
    if (ends_.empty() && sent < message.size() && std::chrono::steady_clock::now() >= next) {
      slow.send(Bytes(message).subspan(sent++, 1));
      next += 20ms;
    }
    return !ends_.empty();
  }));
  EXPECT_EQ(ends_, Ends{SessionEnd::slow});
  EXPECT_LT(sent, message.size() / 2);
  EXPECT_FALSE(silent.over());
  EXPECT_TRUE(slow.over());
}

TEST_F(SessionsTest, OneAddressHasSoManySessions) {
  std::vector<Client> clients;
  for (unsigned i = 0; i < limits_.per_address; ++i) {
    clients.push_back(connect());
    clients.back().send(definition());
  }
  ASSERT_TRUE(turn_until_messages(3));
  clients.push_back(connect());
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ends_, Ends{SessionEnd::address_limit});
  EXPECT_TRUE(clients.back().over());
  Client other = connect("127.0.0.2");
  ASSERT_TRUE(turn_until_open(4));
}

TEST_F(SessionsTest, AllTogetherHaveSoManyAndWhoSaysNothingMakesRoom) {
  Client silent = connect("127.0.0.2");
  ASSERT_TRUE(turn_until_open(1));
  std::vector<Client> clients;
  for (const char* from : {"127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"}) {
    clients.push_back(connect(from));
    clients.back().send(definition());
    ASSERT_TRUE(turn_until_messages(clients.size()));
  }
  EXPECT_EQ(ends_, Ends{SessionEnd::made_room});
  EXPECT_TRUE(silent.over());
  Client late = connect("127.0.0.7");
  ASSERT_TRUE(turn_until([&] { return ends_.size() == 2; }));
  EXPECT_EQ(ends_.back(), SessionEnd::connection_limit);
  EXPECT_EQ(count(SessionCount::open), 4u);
}

TEST_F(SessionsTest, MessagesThatAreNotWholeHaveSoMuchMemory) {
  limits_.waiting_bytes = 100000;
  std::vector<std::byte> most(65535, std::byte{0});
  const auto head = data();
  std::copy_n(head.begin(), 16, most.begin());
  most[2] = most[3] = std::byte{0xff};
  Client oldest = connect("127.0.0.2"), younger = connect("127.0.0.3");
  oldest.send(Bytes(most).first(60000));
  ASSERT_TRUE(turn_until([&] { return count(SessionCount::waiting_bytes) >= 60000; }));
  younger.send(Bytes(most).first(60000));
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ends_, Ends{SessionEnd::buffer_limit});
  EXPECT_TRUE(oldest.over());
  younger.send(Bytes(most).subspan(60000));
  ASSERT_TRUE(turn_until_messages(1));
  EXPECT_EQ(count(SessionCount::waiting_bytes), 0u);
}

TEST_F(SessionsTest, WhoMayNotSendIsRefusedBeforeAnythingIsMade) {
  net::Admission some(1);
  const std::vector prefixes{*IpPrefix::parse("127.0.0.2")};
  some[0] = {.all = false, .sets = {net::AddressSet(prefixes)}};
  admission_.replace(some);
  Client refused = connect();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ends_, Ends{SessionEnd::not_allowed});
  EXPECT_EQ(count(SessionCount::accepted), 0u);
  EXPECT_EQ(sessions_->refused().read().size(), 1u);
  EXPECT_EQ(exporters_.size(), 0u);
  Client allowed = connect("127.0.0.2");
  ASSERT_TRUE(turn_until_open(1));
}

TEST_F(SessionsTest, WhoMaySendNoMoreIsEndedAtAReload) {
  Client client = connect();
  client.send(definition());
  ASSERT_TRUE(turn_until_messages(1));
  net::Admission nobody(1);
  nobody[0] = {.all = false, .sets = {net::AddressSet()}};
  admission_.replace(nobody);
  ASSERT_TRUE(turn_until_open(0));
  EXPECT_EQ(ends_, Ends{SessionEnd::not_allowed});
}

TEST_F(SessionsTest, TemplatesEndWithTheirSession) {
  Client client = connect();
  client.send(definition());
  ASSERT_TRUE(turn_until_messages(1));
  EXPECT_EQ(templates(), 1u);
  client.close();
  ASSERT_TRUE(turn_until_open(0));
  EXPECT_EQ(templates(), 0u);
}

TEST_F(SessionsTest, TemplatesOfADomainStayForAnotherSessionThatHasIt) {
  Client first = connect(), second = connect();
  first.send(definition(1));
  first.send(definition(2));
  ASSERT_TRUE(turn_until_messages(2));
  second.send(definition(1));
  ASSERT_TRUE(turn_until_messages(3));
  first.close();
  ASSERT_TRUE(turn_until_open(1));
  EXPECT_EQ(templates(), 1u);
  second.send(data(0, 1));
  ASSERT_TRUE(turn_until_messages(4));
  EXPECT_EQ(flows_.size(), 1u);
}

TEST_F(SessionsTest, TemplatesDoNotExpireWithinASession) {
  Client client = connect();
  client.send(definition());
  ASSERT_TRUE(turn_until_messages(1));
  const std::uint64_t in_a_year = exporter()->last_seen_ns + 365ULL * 24 * 3600 * 1000000000;
  EXPECT_EQ(exporters_.expire(in_a_year), 0u);
  EXPECT_EQ(templates(), 1u);
  client.close();
  ASSERT_TRUE(turn_until_open(0));
  EXPECT_EQ(exporters_.expire(in_a_year), 1u);
}

TEST_F(SessionsTest, EachSessionCountsItsRecordsAnew) {
  for (unsigned n = 0; n < 2; ++n) {
    Client client = connect();
    client.send(definition());
    for (std::uint32_t i = 0; i < 3; ++i) client.send(data(i));
    client.close();
    ASSERT_TRUE(turn_until([&] { return ends_.size() == n + 1; }));
  }
  EXPECT_EQ(sequence().in_order, 6u);
  EXPECT_EQ(sequence().restarts, 0u);
  EXPECT_EQ(sequence().lost(), 0u);
}

TEST_F(SessionsTest, WhatTheExporterLeftOutIsLost) {
  Client client = connect();
  client.send(definition());
  for (const std::uint32_t i : {0U, 1U, 5U}) client.send(data(i));
  ASSERT_TRUE(turn_until_messages(4));
  EXPECT_EQ(sequence().lost(), 3u);
}

TEST_F(SessionsTest, WhomTheTableForgotMustBeginAnew) {
  Client client = connect();
  client.send(definition());
  ASSERT_TRUE(turn_until_messages(1));
  exporters_.memory_is_short();
  client.send(data());
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ends_, Ends{SessionEnd::forgotten});
  EXPECT_EQ(flows_.size(), 0u);
}

TEST_F(SessionsTest, AllEndWhereItIsClosed) {
  Client client = connect();
  client.send(definition());
  ASSERT_TRUE(turn_until_messages(1));
  sessions_->close();
  EXPECT_EQ(ended(SessionEnd::stopped), 1u);
  EXPECT_TRUE(client.over());
  EXPECT_EQ(templates(), 0u);
}

TEST(SessionEnds, EachHasAWordAndASentence) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(SessionEnd::count); ++i) {
    EXPECT_EQ(kSessionEnds[i].value, static_cast<SessionEnd>(i));
    EXPECT_FALSE(sentence(static_cast<SessionEnd>(i)).empty());
  }
}

}  // namespace
}  // namespace sluice::worker
