#include "http/client.hpp"

#include <gmock/gmock.h>

#include "unit/http/client.hpp"
#include "unit/http/fake_peer.hpp"

namespace sluice::http {
namespace {

using test::FakePeer;
using test::RunningServer;
using testing::HasSubstr;

Url url(std::uint16_t port) { return {.host = "127.0.0.1", .port = std::to_string(port)}; }

/// Tells what it was asked.
Handler mirror() {
  return [](const Request& request) -> Response {
    std::string text(request.method);
    for (const std::string_view part : {request.path, request.query, request.header("X-Test"), request.body})
      text += "|" + std::string(part);
    return {.status = 201, .content_type = "text/plain", .body = text, .headers = {{"X-Answer", "yes"}}};
  };
}

Options posting() {
  Options options = test::on("127.0.0.1");
  options.methods = {"GET", "HEAD", "POST"};
  return options;
}

TEST(HttpClient, SendsACallAndGivesTheAnswer) {
  const RunningServer server(mirror(), posting());
  const auto answer = fetch_whole(
      url(server.port()),
      {.method = "POST", .target = "/a?b=c", .headers = {{"X-Test", "said"}}, .body = "the body"});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->head.status, 201U);
  EXPECT_EQ(answer->head.header("x-answer"), "yes");
  EXPECT_EQ(answer->head.header("X-None"), "");
  EXPECT_EQ(answer->body, "POST|/a|b=c|said|the body");
}

TEST(HttpClient, NoHeaderBeginsAnother) {
  const RunningServer server(mirror());
  const auto answer =
      fetch_whole(url(server.port()), {.target = "/x", .headers = {{"X-Other", "a\r\nX-Test: b"}}});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body, "GET|/x|||");
}

TEST(HttpClient, APathOfTheUrlComesFirst) {
  const RunningServer server(mirror());
  Url of = url(server.port());
  of.path = "/proxy/";
  EXPECT_EQ(fetch_whole(of, {.target = "/x"})->body, "GET|/proxy/x|||");
  EXPECT_EQ(fetch_whole(of, {.target = "?x"})->body, "GET|/proxy/|x||");
  of.path = "/proxy";
  EXPECT_EQ(fetch_whole(of, {.target = "/x"})->body, "GET|/proxy/x|||");
}

TEST(HttpClient, AHeadHasNoBody) {
  const RunningServer server(mirror());
  const auto answer = fetch_whole(url(server.port()), {.method = "HEAD", .target = "/x"});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->head.header("Content-Length"), "10");
  EXPECT_EQ(answer->body, "");
}

TEST(HttpClient, AnAnswerIsLimited) {
  const RunningServer server(mirror());
  const auto call = [&](std::uint64_t limit) {
    return fetch_whole(url(server.port()), {.target = "/x"}, {}, {}, limit);
  };
  EXPECT_TRUE(call(9));
  const auto answer = call(8);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Trouble::Kind::too_large);
  EXPECT_EQ(answer.error().text,
            "the answer of " + url(server.port()).to_string() + " is larger than 8 bytes");
}

TEST(HttpClient, AnAnswerThatDoesNotComeIsGivenUp) {
  for (const char* begun : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    FakePeer silent(begun, FakePeer::Then::wait);
    const auto answer =
        fetch_whole(url(silent.port()), {.target = "/"}, {.answer = std::chrono::milliseconds(50)});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Trouble::Kind::unreachable);
    EXPECT_EQ(answer.error().text, "no answer from " + url(silent.port()).to_string() + " within 50 ms");
  }
}

TEST(HttpClient, IsGivenUpAsSoonAsSomebodySaysSo) {
  for (const char* begun : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    FakePeer silent(begun, FakePeer::Then::wait);
    int asked = 0;
    const auto answer =
        fetch_whole(url(silent.port()), {.target = "/"},
                    {.answer = std::chrono::hours(1), .give_up = [&] { return ++asked > 5; }});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Trouble::Kind::given_up);
    EXPECT_THAT(answer.error().text, HasSubstr(url(silent.port()).to_string()));
    EXPECT_EQ(asked, 6) << "once it is given up nobody is asked again";
  }
}

TEST(HttpClient, WhoNeverGivesUpHasHisAnswer) {
  const RunningServer server(mirror());
  const auto answer = fetch_whole(url(server.port()), {.target = "/x"}, {.give_up = [] { return false; }});
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body, "GET|/x|||");
}

TEST(HttpClient, ANameThatNobodyKnows) {
  const auto answer = fetch_whole({.host = "there.is.no.such.host.invalid"}, {.target = "/"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Trouble::Kind::unreachable);
  EXPECT_THAT(answer.error().text,
              HasSubstr("nothing answers at http://there.is.no.such.host.invalid:8123 ("));
}

}  // namespace
}  // namespace sluice::http
