// The HTTP of connections: what is read, what is refused, how connections go on and end.
#include <condition_variable>
#include <future>
#include <list>

#include "unit/store/http_fixture.hpp"

namespace sluice::store {
namespace {

using testing::HasSubstr;

TEST_F(HttpTest, Health) {
  start();
  EXPECT_EQ(ask("GET /ping").body, "Ok.\n");
  EXPECT_EQ(ask("GET /").body, "Ok.\n");
  EXPECT_EQ(ask("GET /replicas_status").body, "Ok.\n");
  const auto head = ask("HEAD /ping");
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.headers.at("Content-Length"), "4");
  EXPECT_EQ(head.body, "");
}

TEST_F(HttpTest, UnknownPathsAndMethods) {
  start();
  EXPECT_EQ(ask("GET /nope").status, 404U);
  EXPECT_THAT(ask("GET /nope").body, HasSubstr("There is no handle /nope"));
  const auto put = ask("PUT /");
  EXPECT_EQ(put.status, 405U);
  EXPECT_EQ(put.headers.at("Allow"), "GET, HEAD, POST");
}

TEST_F(HttpTest, AConnectionGoesOn) {
  start();
  auto connection = client();
  EXPECT_EQ(connection.ask("POST /", "", "SELECT 1").body, "1\n");
  EXPECT_EQ(connection.ask("POST /nope", "", "a body nobody reads").status, 404U);
  EXPECT_EQ(connection.ask("POST /", "", "SELECT 1").body, "1\n");
  EXPECT_EQ(connection.ask("GET /ping", "Connection: close\r\n").headers.at("Connection"), "close");
  EXPECT_TRUE(connection.ended());
}

TEST_F(HttpTest, RequestsMayComeTogether) {
  start();
  auto connection = client();
  connection.send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nSELECT 1"
      "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(connection.receive().body, "1\n");
  EXPECT_EQ(connection.receive().body, "Ok.\n");
}

TEST_F(HttpTest, BodiesInChunks) {
  start();
  auto connection = client();
  connection.send(
      "POST /?query=INSERT+INTO+t+FORMAT+CSV HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n");
  connection.send("2\r\n1,\r\n");
  connection.send("2\r\n2\n\r\n0\r\n\r\n");
  EXPECT_EQ(connection.receive().status, 200U);
  EXPECT_EQ(engine_.inserted(), "1,2\n");
}

TEST_F(HttpTest, ABodyIsAskedForWhereTheClientWaits) {
  start();
  auto connection = client();
  connection.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n");
  const std::string_view wanted = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(connection.read_exactly(wanted.size()), wanted);
  connection.send("SELECT 1");
  EXPECT_EQ(connection.receive().body, "1\n");
}

TEST_F(HttpTest, ABodyIsNotAskedForWhereNobodyWantsIt) {
  start({.credentials = {"default", "secret"}});
  auto connection = client();
  connection.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.receive().status, 401U);
  EXPECT_TRUE(connection.ended());
}

TEST_F(HttpTest, WhatIsNoHttpIsRefused) {
  start();
  auto connection = client();
  connection.send("nonsense\r\n\r\n");
  EXPECT_EQ(connection.receive().status, 400U);
  EXPECT_TRUE(connection.ended());
}

TEST_F(HttpTest, HeadsAreBounded) {
  start();
  auto connection = client();
  connection.send("GET /?query=" + std::string(1U << 20, 'x'));
  EXPECT_EQ(connection.receive().status, 431U);
}

TEST_F(HttpTest, TheOldestIdleConnectionMakesRoom) {
  start({}, 2);
  auto first = client();
  EXPECT_EQ(first.ask("GET /ping").status, 200U);
  auto second = client();
  EXPECT_EQ(second.ask("GET /ping").status, 200U);
  EXPECT_EQ(ask("GET /ping").status, 200U);
  EXPECT_TRUE(first.ended());
}

TEST_F(HttpTest, WhereStatementsTakeAllConnectionsHealthIsAnsweredStill) {
  std::promise<void> end;
  const auto ended = end.get_future().share();
  engine_.reply = [&](const std::string&) {
    ended.wait();
    return std::string("1\n");
  };
  start({}, 2);
  std::list<HttpClient> busy;
  for (int i = 0; i < 2; ++i)
    busy.emplace_back(server_->port())
        .send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nSELECT 1");
  while (engine_.calls().size() < 2) std::this_thread::yield();
  EXPECT_EQ(ask("GET /ping").body, "Ok.\n");
  EXPECT_EQ(ask("POST /", "", "SELECT 1").status, 503U);
  end.set_value();
  for (auto& one : busy) EXPECT_EQ(one.receive().body, "1\n");
  EXPECT_EQ(server_->counts()[http::HttpCount::turned_away], 1U);
}

TEST_F(HttpTest, AClientThatLeavesEndsItsStatement) {
  std::atomic<unsigned> left{0};
  engine_.reply = [&](const std::string&) {
    const unsigned before = left;
    while (engine_.cancelled <= before) std::this_thread::yield();
    return std::string("1\n");
  };
  start();
  for (const char* const format : {"TabSeparated", "JSON"}) {  // which comes in pieces, and which as a whole
    {
      auto leaves = client();
      leaves.send("POST /?default_format=" + std::string(format) +
                  " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nSELECT 1");
    }
    while (engine_.cancelled <= left) std::this_thread::yield();
    ++left;
  }
}

TEST_F(HttpTest, AClientThatStaysEndsNothing) {
  start();
  auto stays = client();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(stays.ask("POST /", "", "SELECT 1").body, "1\n");
  EXPECT_EQ(engine_.cancelled, 0U);
}

TEST_F(HttpTest, LargeAnswersComeInPieces) {
  const std::string large(3U << 20, 'x');
  engine_.reply = [&](const std::string&) { return large; };
  start();
  auto connection = client();
  const auto answer = connection.ask("POST /", "", "SELECT x");
  EXPECT_EQ(answer.headers.at("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body, large);
  EXPECT_EQ(connection.ask("GET /ping").status, 200U);
}

TEST_F(HttpTest, Http10HasNoPieces) {
  const std::string large(3U << 20, 'x');
  engine_.reply = [&](const std::string&) { return large; };
  start();
  auto connection = client();
  connection.send("POST / HTTP/1.0\r\nContent-Length: 8\r\n\r\nSELECT x");
  const auto answer = connection.receive();
  EXPECT_EQ(answer.headers.count("Transfer-Encoding"), 0U);
  EXPECT_EQ(answer.body, large);
}

TEST_F(HttpTest, AnErrorOnTheWayCutsTheAnswerOff) {
  engine_.reply = [](const std::string&) {
    return std::string(3U << 20, 'x') + "!Code: 395. DB::Exception: Too late. (LATE)";
  };
  start();
  const auto answer = ask("POST /", "", "SELECT x");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.cut_off);
  EXPECT_THAT(answer.body,
              testing::EndsWith("Code: 395. DB::Exception: Too late. (LATE) (version 26.7.2.1)\n"));
}

/// What a client can read of it, however little more its decoder takes.
std::string decoded(Coding coding, std::string_view bytes) {
  const auto decoder = make_decoder(coding);
  std::string out, buffer(1U << 16, '\0');
  for (;;) {
    const auto step = decoder->step(bytes, buffer.data(), buffer.size());
    if (!step || (step->consumed == 0 && step->produced == 0)) return out;
    out.append(buffer, 0, step->produced);
    bytes.remove_prefix(step->consumed);
  }
}

TEST_F(HttpTest, AnErrorOnTheWayCanBeReadInEveryCoding) {
  engine_.reply = [](const std::string&) {
    return std::string(3U << 20, 'x') + "!Code: 395. DB::Exception: Too late. (LATE)";
  };
  start();
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd, Coding::lz4, Coding::br}) {
    const auto answer = ask("POST /?enable_http_compression=1",
                            "Accept-Encoding: " + std::string(name(coding)) + "\r\n", "SELECT x");
    EXPECT_TRUE(answer.cut_off);
    EXPECT_EQ(answer.headers.at("Content-Encoding"), name(coding));
    EXPECT_THAT(decoded(coding, answer.body), testing::EndsWith("Too late. (LATE) (version 26.7.2.1)\n"))
        << name(coding);
  }
}

TEST_F(HttpTest, WhatIsThrownIsAnAnswer) {
  engine_.reply = [](const std::string&) -> FakeEngine::Reply { throw std::runtime_error("no memory"); };
  start();
  const auto answer = ask("POST /", "", "SELECT 1");
  EXPECT_EQ(answer.status, 500U);
  EXPECT_EQ(answer.body, "The store failed: no memory.\n");
  EXPECT_EQ(ask("GET /ping").status, 200U);
}

/// Statements wait in it until they are let go.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --inside_;
  }
  void wait_for(unsigned inside) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ == inside; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  unsigned inside() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned inside_ = 0;
  bool open_ = false;
};

TEST_F(HttpTest, AsManyStatementsAtOnceAsAllowed) {
  Gate gate;
  engine_.reply = [&](const std::string&) {
    gate.pass();
    return FakeEngine::Reply("1\n");
  };
  start({.credentials = {}, .connections = 3});
  std::atomic<unsigned> right{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&] { right += ask("POST /", "", "SELECT 1").body == "1\n" ? 1U : 0U; });
  gate.wait_for(3);
  EXPECT_EQ(ask("GET /ping").status, 200U);  // needs none of them
  EXPECT_EQ(gate.inside(), 3U);
  gate.open();
  clients.clear();
  EXPECT_EQ(right, 8U);
}

// Each piece comes in time; without an end to it one of the few places would be held for as long as one
// likes.
TEST_F(HttpTest, AnInsertThatTricklesIsEnded) {
  patience_ = std::chrono::milliseconds(100);
  start({.credentials = {}, .connections = 1});
  HttpClient slow = client();
  slow.send(
      "POST /?query=INSERT+INTO+t+FORMAT+CSV HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n");
  std::jthread trickle([&] {
    try {
      for (int i = 0; i < 10'000; ++i) {
        slow.send("1\n");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    } catch (const boost::system::system_error&) {
      // It was ended.
    }
  });
  EXPECT_EQ(ask("POST /", "", "SELECT 1").status, 200U) << "it has the place then";
  trickle.join();
  EXPECT_EQ(engine_.inserted(), "");
  EXPECT_EQ(server_->counts()[http::HttpCount::late], 1U);
}

TEST_F(HttpTest, EndingWaitsForWhatRuns) {
  Gate gate;
  engine_.reply = [&](const std::string&) {
    gate.pass();
    return FakeEngine::Reply("1\n");
  };
  start();
  auto idle = client();
  EXPECT_EQ(idle.ask("GET /ping").status, 200U);
  HttpAnswer answer;
  std::jthread asking([&] { answer = ask("POST /", "", "SELECT 1"); });
  gate.wait_for(1);
  stop_.request_stop();
  EXPECT_TRUE(idle.ended());  // at once
  gate.open();
  asking.join();
  EXPECT_EQ(answer.body, "1\n");
  stop();
  EXPECT_FALSE(hurried_);
}

TEST_F(HttpTest, EndingHurriesWhatDoesNotEnd) {
  Gate gate;
  engine_.reply = [&](const std::string&) {
    gate.pass();
    return FakeEngine::Reply("1\n");
  };
  start();
  std::jthread asking([&] { (void)ask("POST /", "", "SELECT 1"); });
  gate.wait_for(1);
  stop_.request_stop();
  while (!hurried_) std::this_thread::yield();
  gate.open();
  stop();
}

TEST(ServerTest, APortThatIsTakenIsSaid) {
  const auto first = http::StreamServer::listen(listener({.at = {IpAddress::v4(0x7f000001), 0},
                                                          .connections = 4,
                                                          .per_client = 0,
                                                          .hosts = {},
                                                          .password = false}));
  ASSERT_TRUE(first);
  const auto second =
      http::StreamServer::listen(listener({.at = {IpAddress::v4(0x7f000001), (*first)->port()},
                                           .connections = 4,
                                           .per_client = 0,
                                           .hosts = {},
                                           .password = false}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "cannot listen on 127.0.0.1:" + std::to_string((*first)->port()) +
                                ": Address already in use; --http takes another address or port");
}

}  // namespace
}  // namespace sluice::store
