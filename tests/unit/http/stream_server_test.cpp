// A server whose handlers block, on threads of its own.
#include <gmock/gmock.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "certificates.hpp"
#include "http/client.hpp"
#include "unit/http/client.hpp"

namespace sluice::http {
namespace {

constexpr std::chrono::milliseconds kLong{20000};  // never waited out: only a test that fails does

class StreamServerTest : public testing::Test {
 protected:
  void start(StreamHandler handler, Options options = test::on("127.0.0.1"),
             std::chrono::milliseconds grace = kLong) {
    tls_ = options.tls.has_value();
    options.limits.body = std::nullopt;
    server_ = StreamServer::listen(std::move(options)).value();
    thread_ = std::thread([this, grace, handler = std::move(handler)] {
      server_->run(handler, stop_.get_token(), grace, [this] { hurried_.set_value(); });
    });
  }
  void TearDown() override { stop(); }
  void stop() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  Url url() const { return {.tls = tls_, .host = "127.0.0.1", .port = std::to_string(server_->port())}; }

  std::stop_source stop_;
  bool tls_ = false;
  std::promise<void> hurried_;
  std::unique_ptr<StreamServer> server_;
  std::thread thread_;
};

/// Gives back what it is sent, piece by piece.
void echo(Exchange& exchange) {
  exchange.begin(200, {{"Content-Type", "text/plain"}});
  std::array<char, 10'000> piece{};
  for (;;) {
    const auto got = exchange.read(piece.data(), piece.size());
    if (!got) return;
    if (*got == 0) break;
    if (!exchange.write({piece.data(), *got})) return;
  }
  exchange.end();
}

std::string large_text() {
  std::string text;
  while (text.size() < 3'000'000) text += std::to_string(text.size()) + ' ';
  return text;
}

TEST_F(StreamServerTest, BodiesAndAnswersInPieces) {
  // The client sends all before it reads, so the answer waits for the end of the body.
  start([](Exchange& exchange) {
    std::string text;
    std::array<char, 10'000> piece{};
    for (auto got = exchange.read(piece.data(), piece.size()); got && *got > 0;
         got = exchange.read(piece.data(), piece.size()))
      text.append(piece.data(), *got);
    exchange.begin(200, {});
    for (std::size_t at = 0; at < text.size(); at += 700'000)
      exchange.write(std::string_view(text).substr(at, 700'000));
    exchange.end();
  });
  const std::string text = large_text();
  const auto answer = fetch_whole(url(), {.method = "POST", .target = "/", .body = text});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->head.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer->body, text);
}

TEST_F(StreamServerTest, OverTls) {
  test::Authority authority;
  const auto files = authority.sign();
  Options options = test::on("127.0.0.1");
  options.tls = Identity::from_files(files.certificate, files.key).value();
  const std::string text = large_text();
  start([&](Exchange& exchange) { exchange.respond(200, {}, text); }, options);
  const auto answer = fetch_whole(url(), {.target = "/"}, {}, Trust::from_file(authority.ca_file()).value());
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body, text);
}

TEST_F(StreamServerTest, APieceIsSeenBeforeTheNext) {
  start(echo);
  test::Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_THAT(client.read_until("3\r\nabc\r\n"), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  client.send("2\r\nde\r\n");
  EXPECT_EQ(client.read_until("de\r\n"), "2\r\nde\r\n");
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST_F(StreamServerTest, AHandlerSeesThatItsClientHasGone) {
  std::promise<void> asked;
  std::promise<bool> seen;
  start([&](Exchange& exchange) {
    const bool early = exchange.client_gone();
    asked.set_value();
    const auto end = std::chrono::steady_clock::now() + kLong;
    while (!exchange.client_gone() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    seen.set_value(!early && exchange.client_gone());
  });
  {
    test::Client client(server_->port());
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    asked.get_future().wait();
  }
  EXPECT_TRUE(seen.get_future().get());
}

TEST_F(StreamServerTest, WritingToNobodyFails) {
  std::promise<bool> failed;
  start([&](Exchange& exchange) {
    exchange.begin(200, {});
    const std::string piece(1U << 20, 'x');
    const auto end = std::chrono::steady_clock::now() + kLong;
    bool fine = true;
    while (fine && std::chrono::steady_clock::now() < end) fine = exchange.write(piece);
    failed.set_value(!fine && !exchange.end());
  });
  {
    test::Client client(server_->port());
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.read_until("\r\n\r\n");
  }
  EXPECT_TRUE(failed.get_future().get());
}

TEST_F(StreamServerTest, AClientThatDoesNotReadIsEnded) {
  std::promise<bool> failed;
  Options options = test::on("127.0.0.1");
  options.deadlines.answer = std::chrono::milliseconds(50);
  start(
      [&](Exchange& exchange) {
        exchange.begin(200, {});
        const std::string piece(1U << 20, 'x');
        bool fine = true;
        for (int i = 0; fine && i < 1000; ++i) fine = exchange.write(piece);
        failed.set_value(!fine);
      },
      options);
  test::Client client(server_->port());
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(failed.get_future().get());
}

TEST_F(StreamServerTest, ABodyThatDoesNotComeIsAnError) {
  std::promise<std::string> error;
  Options options = test::on("127.0.0.1");
  options.deadlines.body = std::chrono::milliseconds(50);
  start(
      [&](Exchange& exchange) {
        std::array<char, 100> piece{};
        const auto first = exchange.read(piece.data(), piece.size());
        const auto second = exchange.read(piece.data(), piece.size());
        error.set_value(first && *first == 4 && !second ? second.error() : "none");
      },
      options);
  test::Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_THAT(error.get_future().get(), testing::HasSubstr("timeout"));
}

/// Reads all of a body; tells how much came, and why no more did.
struct Reader {
  void operator()(Exchange& exchange) {
    std::array<char, 1000> piece{};
    std::size_t size = 0;
    auto got = exchange.read(piece.data(), piece.size());
    for (; got && *got > 0; got = exchange.read(piece.data(), piece.size())) size += *got;
    if (got) exchange.respond(200, {}, "");
    ended->set_value({size, got ? "" : got.error()});
  }
  using End = std::pair<std::size_t, std::string>;
  std::shared_ptr<std::promise<End>> ended = std::make_shared<std::promise<End>>();
};

// Each piece comes in time, and the whole never would.
TEST_F(StreamServerTest, ABodyThatTricklesIsEnded) {
  Options options = test::on("127.0.0.1");
  options.deadlines.pace = {.at_first = std::chrono::milliseconds(100), .bytes_per_second = 100};
  Reader reader;
  start(reader, options);
  test::Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n");
  int sent = 0;
  while (sent < 2000 && !client.closed_within(std::chrono::milliseconds(20)) && ++sent) try {
      client.send("x");
    } catch (const boost::system::system_error&) {
      break;  // it was closed meanwhile
    }
  EXPECT_LT(sent, 2000);
  const auto [size, why] = reader.ended->get_future().get();
  EXPECT_LT(size, 2000U);
  EXPECT_THAT(why, testing::HasSubstr("timeout"));
  EXPECT_EQ(server_->counts()[HttpCount::late], 1U);
}

TEST_F(StreamServerTest, ABodyThatKeepsItsPaceMayTakeLong) {
  Options options = test::on("127.0.0.1");
  options.deadlines.pace = {.at_first = std::chrono::milliseconds(500), .bytes_per_second = 1000};
  Reader reader;
  start(reader, options);
  test::Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n");
  for (int i = 0; i < 10; ++i) {  // a second in sum, of which half would be too long for nothing
    client.send(std::string(1000, 'x'));
    EXPECT_FALSE(i < 9 && client.closed_within(std::chrono::milliseconds(100)));
  }
  EXPECT_EQ(client.read().result_int(), 200U);
  EXPECT_EQ(reader.ended->get_future().get(), Reader::End(10'000, ""));
}

TEST_F(StreamServerTest, EndingClosesWhatDoesNotEnd) {
  std::promise<void> inside;
  start(
      [&](Exchange& exchange) {
        inside.set_value();
        std::array<char, 100> piece{};
        (void)exchange.read(piece.data(), piece.size());  // which never comes
      },
      test::on("127.0.0.1"), std::chrono::milliseconds(20));
  test::Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n");
  inside.get_future().wait();
  stop();
  EXPECT_EQ(hurried_.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_TRUE(client.closed_within(kLong));
}

TEST_F(StreamServerTest, WhatIsThrownLaterCutsTheAnswerOff) {
  start([](Exchange& exchange) {
    exchange.begin(200, {});
    exchange.write("begun");
    throw std::runtime_error("late");
  });
  const auto answer = fetch_whole(url(), {.target = "/"});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text, testing::HasSubstr("broke before the answer was complete"));
}

/// One connection, which is not spared for having just come, and health beside it.
Options for_one() {
  Options options = test::on("127.0.0.1");
  options.limits.connections = 1;
  options.limits.fresh = options.limits.heard = {};
  options.limits.moving = kLong;
  options.health = {"/ping"};
  return options;
}

TEST_F(StreamServerTest, AnAnswerThatIsTakenIsNotCutOff) {
  const std::string text = std::string(64U << 20, 'x') + "end";  // more than the kernel keeps
  start(
      [&](Exchange& exchange) {
        exchange.respond(200, {}, exchange.request().path == "/ping" ? std::string_view("Ok.") : text);
      },
      for_one());
  test::Client client(server_->port());
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.read_until("\r\n\r\n");
  EXPECT_EQ(test::Client(server_->port()).get("/").result_int(), 503U);
  EXPECT_EQ(test::Client(server_->port()).get("/ping").result_int(), 200U);
  EXPECT_EQ(client.read_until("end").size(), text.size());
  EXPECT_EQ(server_->counts()[HttpCount::evicted], 0U);
}

TEST_F(StreamServerTest, ABodyThatComesIsNotCutOff) {
  std::promise<void> begun;
  start(
      [&](Exchange& exchange) {
        if (exchange.request().method != "POST") return exchange.respond(200, {}, "");
        std::array<char, 100> piece{};
        std::size_t size = 0;
        for (auto got = exchange.read(piece.data(), piece.size()); got && *got > 0;
             got = exchange.read(piece.data(), piece.size())) {
          size += *got;
          if (size == 10'000) begun.set_value();
        }
        exchange.respond(200, {}, std::to_string(size));
      },
      for_one());
  test::Client client(server_->port());
  const std::string half(10'000, 'x');
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n");
  client.send(half);
  begun.get_future().wait();
  EXPECT_EQ(test::Client(server_->port()).get("/").result_int(), 503U);
  client.send(half);
  EXPECT_EQ(client.read().body(), "20000");
  EXPECT_EQ(server_->counts()[HttpCount::evicted], 0U);
}

TEST_F(StreamServerTest, WhatHardlyMovesGoes) {
  std::promise<void> begun;
  start(
      [&](Exchange& exchange) {
        if (exchange.request().method != "POST") return exchange.respond(200, {}, "");
        std::array<char, 100> piece{};
        (void)exchange.read(piece.data(), piece.size());
        begun.set_value();
        (void)exchange.read(piece.data(), piece.size());
      },
      for_one());
  test::Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nhalf");
  begun.get_future().wait();
  unsigned status = 503;  // until the handler waits for the rest
  while (status == 503) status = test::Client(server_->port()).get("/").result_int();
  EXPECT_EQ(status, 200U);
  EXPECT_TRUE(client.closed_within(kLong));
}

// While all are at work, who asks for health neither ends another who does, nor stays.
TEST_F(StreamServerTest, HealthIsAnsweredBesideHealth) {
  std::promise<void> inside, go_on;
  start(
      [&](Exchange& exchange) {
        if (exchange.request().path == "/slow") {
          inside.set_value();
          go_on.get_future().wait();
        }
        exchange.respond(200, {}, "");
      },
      for_one());
  test::Client slow(server_->port());
  slow.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  inside.get_future().wait();
  test::Client first(server_->port());
  for (int i = 0; i < 20; ++i) {
    const auto answer = test::Client(server_->port()).get("/ping");
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_FALSE(answer.keep_alive());
  }
  EXPECT_EQ(first.get("/ping").result_int(), 200U);
  EXPECT_EQ(server_->counts()[HttpCount::evicted], 0U);
  go_on.set_value();
  EXPECT_EQ(slow.read().result_int(), 200U);
}

}  // namespace
}  // namespace sluice::http
