#include <gmock/gmock.h>

#include <list>
#include <stdexcept>

#include "http/codec.hpp"
#include "unit/http/client.hpp"

namespace sluice::http {
namespace {

using test::Client;
using test::RunningServer;
using ::testing::HasSubstr;
constexpr std::chrono::milliseconds kLong{20000};  // never waited out: only a test that fails does

Handler echo() {
  return by_path(
      {{"/echo",
        [](const Request& request) -> Response {
          return {.status = 200,
                  .content_type = "text/plain",
                  .body = request.peer.to_string() + " " + std::string(request.query),
                  .headers = {{"X-Test", "yes"}}};
        }},
       {"/throws", [](const Request&) -> Response { throw std::runtime_error("out of \"luck\""); }}});
}

class HttpServerTest : public ::testing::Test {
 protected:
  RunningServer server_{echo()};
};

TEST_F(HttpServerTest, AnswersByPathWithoutTheQuery) {
  const auto answer = get(server_, "/echo?a=1");
  EXPECT_EQ(answer.result_int(), 200U);
  EXPECT_EQ(answer.body(), "127.0.0.1 a=1");
  EXPECT_EQ(answer["Content-Type"], "text/plain");
  EXPECT_EQ(answer["X-Test"], "yes");
}

// A handler may give back what it was sent, and a client reads the first line that begins with a name.
TEST(HttpServer, NoHeaderBeginsAnother) {
  RunningServer server([](const Request&) -> Response {
    return {
        .content_type = "text/plain\nX-Evil: 1",
        .body = "body",
        .headers = {{"X-Echo", "a\r\nX-Evil: 1\r\n\r\n<b>"}, {"X-Tail", std::string("\0\x7f\x1b\té", 6)}}};
  });
  const auto answer = get(server, "/");
  EXPECT_EQ(answer.count("X-Evil"), 0U);
  EXPECT_EQ(answer["X-Echo"], "a  X-Evil: 1    <b>");
  EXPECT_EQ(answer["X-Tail"], "é");
  EXPECT_EQ(answer.body(), "body");
}

TEST_F(HttpServerTest, UnknownPathIs404InJson) {
  const auto answer = get(server_, "/nothing\"here");
  EXPECT_EQ(answer.result_int(), 404U);
  EXPECT_EQ(answer["Content-Type"], "application/json");
  EXPECT_EQ(answer.body(), "{\"error\":\"there is nothing at /nothing\\\"here\"}\n");
}

TEST_F(HttpServerTest, OtherMethodsAre405) {
  const auto answer = Client(server_.port()).request(test::http::verb::post, "/echo");
  EXPECT_EQ(answer.result_int(), 405U);
  EXPECT_EQ(answer["Allow"], "GET, HEAD");
  EXPECT_EQ(answer.body(), "{\"error\":\"only GET and HEAD are known here\"}\n");
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  Client client(server_.port());
  const auto head = client.request(test::http::verb::head, "/echo?abc");
  EXPECT_EQ(head.result_int(), 200U);
  EXPECT_EQ(head["Content-Length"], "13");
  EXPECT_EQ(head.body(), "");
  EXPECT_EQ(client.get("/echo?abc").body(), "127.0.0.1 abc") << "the connection goes on right after the head";
}

TEST_F(HttpServerTest, HandlerThatThrowsIs500) {
  const auto answer = get(server_, "/throws");
  EXPECT_EQ(answer.result_int(), 500U);
  EXPECT_EQ(answer.body(), "{\"error\":\"out of \\\"luck\\\"\"}\n");
  EXPECT_EQ(get(server_, "/echo").result_int(), 200U);
}

TEST_F(HttpServerTest, KeepsTheConnectionForManyRequests) {
  Client client(server_.port());
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(client.get("/echo?" + std::to_string(i)).body(), "127.0.0.1 " + std::to_string(i));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Client client(server_.port());
  client.send(
      "GET /echo?1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /echo?2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read().body(), "127.0.0.1 1");
  EXPECT_EQ(client.read().body(), "127.0.0.1 2");
}

TEST_F(HttpServerTest, ClosesWhenTheClientWantsIt) {
  Client client(server_.port());
  EXPECT_EQ(client.request(test::http::verb::get, "/echo", "", 10).result_int(), 200U);
  EXPECT_TRUE(client.closed_within(kLong));
}

TEST_F(HttpServerTest, WhatIsNotHttpIs400) {
  Client client(server_.port());
  client.send("\x16\x03\x01 hello TLS\r\n\r\n");
  EXPECT_EQ(client.read().result_int(), 400U);
  EXPECT_TRUE(client.closed_within(kLong));
}

TEST_F(HttpServerTest, HeadOfARequestIsLimited) {
  Client client(server_.port());
  client.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  EXPECT_EQ(client.read().result_int(), 431U);
  EXPECT_TRUE(client.closed_within(kLong));
}

TEST_F(HttpServerTest, BodyOfARequestIsLimited) {
  Client client(server_.port());
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" +
              std::string(1000000, 'x'));
  EXPECT_EQ(client.read().result_int(), 413U);
  EXPECT_TRUE(client.closed_within(kLong));
}

TEST_F(HttpServerTest, EndsAllConnectionsWhenItStops) {
  Client busy(server_.port());
  EXPECT_EQ(busy.get("/echo").result_int(), 200U);
  Client idle(server_.port());
  EXPECT_EQ(idle.get("/echo").result_int(), 200U);
  server_.stop();
  EXPECT_TRUE(busy.closed_within(kLong));
  EXPECT_TRUE(idle.closed_within(kLong));
  EXPECT_THROW(Client(server_.port()), boost::system::system_error);
}

TEST(HttpServer, SlowClientsAreEnded) {
  Options options = test::on("127.0.0.1");
  options.deadlines.idle = options.deadlines.head = std::chrono::milliseconds(50);
  const RunningServer server(echo(), options);
  Client silent(server.port());
  Client half(server.port());
  half.send("GET /echo HTT");
  EXPECT_TRUE(silent.closed_within(kLong));
  EXPECT_TRUE(half.closed_within(kLong));
}

TEST(HttpServer, SpeaksIpv6AndBoth) {
  try {
    const RunningServer only_v6(echo(), test::on("::1"));
    EXPECT_EQ(Client(only_v6.port(), "::1").get("/echo").body(), "::1 ");
  } catch (const std::runtime_error& error) {
    GTEST_SKIP() << "no IPv6 on this machine: " << error.what();
  }
  const RunningServer both(echo(), test::on("::"));
  EXPECT_EQ(Client(both.port(), "::1").get("/echo").body(), "::1 ");
  EXPECT_EQ(Client(both.port(), "127.0.0.1").get("/echo").body(), "127.0.0.1 ") << "unmapped";
}

TEST(HttpServer, TheWholeRequestHasADeadline) {
  Options options = test::on("127.0.0.1");
  options.deadlines.request = std::chrono::milliseconds(50);
  const RunningServer server(echo(), options);
  Client no_body(server.port());
  no_body.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhalf");
  EXPECT_TRUE(no_body.closed_within(kLong));
}

TEST(HttpServer, RequestsMayBeRefusedByTheirHead) {
  Options options = test::on("127.0.0.1");
  options.admit_request = [](const Request& head) -> std::optional<Response> {
    if (head.header("x-name") == "welcome") return std::nullopt;
    return error_response(421, std::string(head.header("X-Name")) + " is not served here");
  };
  const RunningServer server(echo(), options);
  Client welcome(server.port());
  welcome.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nX-Name: welcome\r\n\r\n");
  EXPECT_EQ(welcome.read().result_int(), 200U);
  Client other(server.port());
  other.send(
      "GET /echo HTTP/1.1\r\nHost: localhost\r\nX-Name: b\r\nContent-Length: 1000\r\n\r\n");  // the body is
                                                                                              // not waited
                                                                                              // for
  const auto answer = other.read();
  EXPECT_EQ(answer.result_int(), 421U);
  EXPECT_EQ(answer.body(), "{\"error\":\"b is not served here\"}\n");
  EXPECT_TRUE(other.closed_within(kLong));
}

TEST(HttpServer, ClientsAreToldToSendTheirBody) {
  Options options = test::on("127.0.0.1");
  options.methods = {"POST"};
  const RunningServer server(
      [](const Request& request) -> Response {
        return {
            .status = 200, .content_type = "text/plain", .body = std::string(request.body), .headers = {}};
      },
      options);
  Client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_EQ(client.read().body(), "body");
  EXPECT_EQ(client.get("/")["Allow"], "POST");
}

TEST(HttpServer, LargeAnswersAreGzippedForWhoTakesIt) {
  const std::string text(5000, 'x');
  Options options = test::on("127.0.0.1");
  options.gzip_from = 1000;
  const RunningServer server(
      [&](const Request& request) -> Response {
        return {.status = 200,
                .content_type = "text/plain",
                .body = request.path == "/large" ? text : "small",
                .headers = {}};
      },
      options);
  const auto ask = [&](const std::string& path, const std::string& accepted) {
    Client client(server.port());
    client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: " + accepted + "\r\n\r\n");
    return client.read();
  };
  const auto answer = ask("/large", "br, GZIP");
  EXPECT_EQ(answer["Content-Encoding"], "gzip");
  EXPECT_EQ(answer["Vary"], "Accept-Encoding");
  const auto decoder = make_zlib_decoder();
  std::string decoded(text.size() + 1, '\0');
  const auto step = decoder->step(answer.body(), decoded.data(), decoded.size());
  ASSERT_TRUE(step) << step.error();
  EXPECT_TRUE(decoder->complete());
  EXPECT_EQ(decoded.substr(0, step->produced), text);
  EXPECT_EQ(ask("/large", "gzip;q=0, br").body(), text);
  EXPECT_EQ(ask("/small", "gzip").body(), "small");
}

TEST(HttpServer, TakenPortIsOneSentence) {
  const RunningServer server(echo());
  boost::asio::io_context io;
  Options options = test::on("127.0.0.1");
  options.at.port = server.port();
  const auto second = Server::start(io, options, echo());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "cannot listen on 127.0.0.1:" + std::to_string(server.port()) +
                                " for metrics: Address already in use; set metrics.listen");
}

TEST(HttpServer, ForeignAddressIsOneSentence) {
  boost::asio::io_context io;
  Options options = test::on("2001:db8::1");
  options.at.port = 8081;
  options.purpose = "api";
  options.advice = "set api.listen";
  const auto server = Server::start(io, options, echo());
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error(), HasSubstr("cannot listen on [2001:db8::1]:8081 for api: "));
  EXPECT_THAT(server.error(), HasSubstr("; set api.listen"));
}

TEST(HttpServer, MayEndBeforeTheContextEverRuns) {
  boost::asio::io_context io;
  std::uint16_t port = 0;
  {
    const auto server = Server::start(io, test::on("127.0.0.1"), echo());
    ASSERT_TRUE(server) << server.error();
    port = (*server)->port();
  }
  EXPECT_THROW(Client{port}, boost::system::system_error);
  EXPECT_NO_THROW(io.run());
}

}  // namespace
}  // namespace sluice::http
