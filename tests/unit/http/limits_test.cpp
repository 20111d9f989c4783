// As many connections as there may be: who goes, who stays, who is answered all the same.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <list>
#include <ranges>

#include "unit/http/client.hpp"

namespace sluice::http {
namespace {

using test::Client;
using namespace std::chrono_literals;
constexpr std::chrono::milliseconds kLong{20000};  // never waited out: only a test that fails does

Response hello(const Request&) { return {.content_type = "text/plain", .body = "hello", .headers = {}}; }

class Limited : public testing::Test {
 protected:
  explicit Limited(Limits limits = {.connections = 3}) : options_(test::on("127.0.0.1")) {
    options_.limits = limits;
    options_.limits.body = 16384;
  }
  void start() {
    server_ = Server::start(io_, options_, hello).value();
    thread_ = std::thread([this] { io_.run(); });
  }
  void TearDown() override {
    boost::asio::post(io_, [&] { server_.reset(); });
    if (thread_.joinable()) thread_.join();
  }
  Client& connected() { return clients_.emplace_back(server_->port()); }
  std::uint64_t count(HttpCount what) const { return server_->counts()[what]; }

  Options options_;
  boost::asio::io_context io_;
  std::unique_ptr<Server> server_;
  std::list<Client> clients_;
  std::thread thread_;
};

TEST_F(Limited, TheOldestIdleOneGoes) {
  start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(connected().get("/").result_int(), 200U);
  EXPECT_EQ(clients_.front().get("/").result_int(), 200U);  // now the second has waited for the longest
  EXPECT_EQ(connected().get("/").result_int(), 200U);
  auto second = std::next(clients_.begin());
  EXPECT_TRUE(second->closed_within(kLong));
  clients_.erase(second);
  for (Client& client : clients_) EXPECT_EQ(client.get("/").result_int(), 200U) << "the others go on";
  EXPECT_EQ(count(HttpCount::evicted), 1U);
  EXPECT_EQ(count(HttpCount::open), 3U);
  EXPECT_EQ(count(HttpCount::turned_away), 0U);
}

TEST_F(Limited, IdleOnesGoBeforeThoseThatAsk) {
  options_.limits.fresh = {};
  start();
  Client& asks = connected();
  asks.send("GET / HTTP/1.1\r\nHost: local");
  Client& silent = connected();
  EXPECT_EQ(connected().get("/").result_int(), 200U);
  EXPECT_EQ(connected().get("/").result_int(), 200U);
  EXPECT_TRUE(silent.closed_within(kLong));
  asks.send("host\r\n\r\n");
  EXPECT_EQ(asks.read().result_int(), 200U);
}

TEST_F(Limited, HalfRequestsKeepNobodyOut) {
  start();
  for (int i = 0; i < 50; ++i)
    connected().send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhalf");
  EXPECT_EQ(connected().get("/").result_int(), 200U);
}

// The attacker has begun requests, the client has only connected: that one is not the first to go.
TEST_F(Limited, WhoHasOnlyJustComeIsHeard) {
  options_.limits.fresh = kLong;
  start();
  for (int i = 0; i < 3; ++i) connected().send("GET /met");
  Client& client = connected();
  for (int i = 0; i < 2; ++i) connected().send("GET /met");
  while (count(HttpCount::connections) < 6) std::this_thread::yield();
  EXPECT_EQ(client.get("/").result_int(), 200U);
  EXPECT_EQ(count(HttpCount::evicted), 3U);
}

// However many come after it, a connection has its time to say what it wants; they wait for theirs.
TEST_F(Limited, NobodyIsEndedBeforeItWasHeard) {
  options_.limits.heard = kLong;
  start();
  Client& slow = connected();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(connected().get("/").result_int(), 200U);
  for (int i = 0; i < 5; ++i) connected().send("GET /met");
  for (Client& client : std::views::take(clients_, 3)) EXPECT_EQ(client.get("/").result_int(), 200U);
  EXPECT_EQ(slow.get("/").result_int(), 200U);
  EXPECT_EQ(count(HttpCount::evicted), 0U);
}

TEST_F(Limited, WhoWaitsTakesThePlaceThatBecomesFree) {
  options_.limits.heard = kLong;
  start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(connected().get("/").result_int(), 200U);
  Client& waits = connected();
  waits.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  clients_.pop_front();
  EXPECT_EQ(waits.read().result_int(), 200U);
  EXPECT_EQ(count(HttpCount::evicted), 0U);
}

TEST_F(Limited, AQueueIsNoLongerThanTheTimeToBeHeard) {
  options_.limits.heard = 400ms;
  options_.limits.fresh = 400ms;
  start();
  for (int i = 0; i < 150; ++i) connected().send("GET /met");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(connected().get("/").result_int(), 200U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s) << "and not a third of 400 ms for each of 150";
}

class LimitedPerClient : public Limited {
 protected:
  LimitedPerClient() : Limited({.connections = 64, .per_client = 3}) {}
};

TEST_F(LimitedPerClient, AClientEndsItsOwn) {
  start();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(connected().get("/").result_int(), 200U);
  EXPECT_TRUE(clients_.front().closed_within(kLong));
  EXPECT_EQ(count(HttpCount::open), 3U);
}

/// Leaves the process as many descriptors as it has open, and so many more.
class FewDescriptors {
 public:
  explicit FewDescriptors(unsigned more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next) + more;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(Limited, TheLastDescriptorsAreForOthers) {
  options_.limits.connections = 1000;
  start();
  // Clients have theirs of the same process, so those are taken before.
  for (int i = 0; i < 40; ++i) clients_.emplace_back(server_->port());
  while (count(HttpCount::open) < 40) std::this_thread::yield();
  const FewDescriptors few(10);
  Client more(server_->port());
  EXPECT_EQ(more.get("/").result_int(), 200U) << "an idle one made room";
  EXPECT_GE(count(HttpCount::evicted), 1U);
  for (int i = 0; i < 4; ++i) {
    const int file = ::dup(0);
    EXPECT_GE(file, 0) << "left for others";
    ::close(file);
  }
}

TEST_F(Limited, WithoutADescriptorItNeitherSpinsNorStops) {
  options_.limits.connections = 1000;
  start();
  // A connection that the kernel has made waits until there is a descriptor for it.
  Client waiting(server_->port());
  EXPECT_EQ(waiting.get("/").result_int(), 200U);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  Client late(server_->port());
  while (count(HttpCount::connections) < 2) std::this_thread::yield();
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket third(io);
  third.open(boost::asio::ip::tcp::v4());
  rlimit none = before;
  none.rlim_cur = 3;
  ::setrlimit(RLIMIT_NOFILE, &none);
  third.connect({boost::asio::ip::address_v4::loopback(), server_->port()});
  const auto failures = [this] { return count(HttpCount::accept_failures); };
  while (failures() < 1) std::this_thread::yield();
  const auto before_more = failures();
  const auto begun = std::chrono::steady_clock::now();
  while (failures() < before_more + 4) std::this_thread::yield();
  // Ten times in a second at most: the first may have come at once, the others not.
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 290ms);
  ::setrlimit(RLIMIT_NOFILE, &before);
  while (count(HttpCount::connections) < 3) std::this_thread::yield();
}

}  // namespace
}  // namespace sluice::http
