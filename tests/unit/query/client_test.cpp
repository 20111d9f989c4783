#include "query/client.hpp"

#include <gmock/gmock.h>

#include "fake_server.hpp"

namespace sluice::query {
namespace {

using test::answer;
using test::FakeServer;
using testing::HasSubstr;
using testing::Not;

struct Answered {
  bool fine = false;
  Problem problem;
  std::string format;
  std::string body;
};

Answered ask(const http::Url& server, const Request& request, const Login& login = {}) {
  Answered out;
  const auto result =
      query::ask(server, login, request, [&](std::string_view format, std::string_view piece) {
        out.format = format;
        out.body += piece;
        return true;
      });
  out.fine = result.has_value();
  if (!result) out.problem = result.error();
  return out;
}

Answered ask(const std::string& response, const Request& request = {.sql = "SELECT 1", .format = "CSV"}) {
  FakeServer fake(response);
  return ask(fake.server(), request);
}

TEST(Client, SendsTheStatementAndItsParameters) {
  FakeServer fake(answer("200 OK", "", "1\n"));
  const auto answered = ask(fake.server(), {.sql = "SELECT {a:String}",
                                            .database = "my db",
                                            .format = "CSV",
                                            .parameters = {{"a", "x&y=\t\\\n%\xc3\xa9"}, {"b", "it's"}}});
  EXPECT_TRUE(answered.fine);
  const auto request = fake.request();
  EXPECT_EQ(request.method(), test::http::verb::post);
  EXPECT_EQ(std::string(request.target()),
            "/?wait_end_of_query=1&database=my%20db&default_format=CSV"
            "&param_a=x%26y%3D%5Ct%5C%5C%5Cn%25%C3%A9&param_b=it%27s");
  EXPECT_EQ(request.body(), "SELECT {a:String}");
  EXPECT_EQ(std::string(request[test::http::field::host]), fake.server().authority());
  EXPECT_EQ(request.count("X-ClickHouse-User"), 0U);
  EXPECT_EQ(request.count("X-ClickHouse-Key"), 0U);
}

TEST(Client, SendsArraysAsTheyStandInSql) {
  FakeServer fake(answer("200 OK", "", "1\n"));
  ask(fake.server(), {.sql = "SELECT {a:Array(String)}, {b:String}",
                      .parameters = {{"a", R"(['it\'s', 'a\\b'])"}, {"b", R"(a\b)"}}});
  EXPECT_EQ(std::string(fake.request().target()),
            "/?wait_end_of_query=1&param_a=%5B%27it%5C%27s%27%2C%20%27a%5C%5Cb%27%5D&param_b=a%5C%5Cb");
}

TEST(Client, SendsSettingsAndTellsWhatWasRead) {
  FakeServer fake(
      answer("200 OK",
             "X-ClickHouse-Summary: {\"read_rows\":\"12\",\"read_bytes\":\"345\",\"written_rows\":\"0\"}\r\n",
             "1\n"));
  const auto cost =
      query::ask(fake.server(), {}, {.sql = "SELECT 1", .settings = {{"readonly", "1"}}, .as_it_comes = true},
                 [](auto, auto) { return true; });
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->rows, 12U);
  EXPECT_EQ(cost->bytes, 345U);
  EXPECT_EQ(std::string(fake.request().target()), "/?wait_end_of_query=0&readonly=1");
}

TEST(Client, GetsWhatIsNoClickHouses) {
  FakeServer fake(answer("200 OK", "", "{}\n"));
  const auto body = get(fake.server(), "/api/v1/exporters", "s3cret");
  ASSERT_TRUE(body) << body.error().text;
  EXPECT_EQ(*body, "{}\n");
  const auto request = fake.request();
  EXPECT_EQ(request.method(), test::http::verb::get);
  EXPECT_EQ(std::string(request.target()), "/api/v1/exporters");
  EXPECT_EQ(std::string(request[test::http::field::authorization]), "Bearer s3cret");

  FakeServer open(answer("200 OK", "", ""));
  EXPECT_TRUE(get(open.server(), "/", ""));
  EXPECT_EQ(open.request().count(test::http::field::authorization), 0U);
  FakeServer closed(answer("401 Unauthorized", "", "{}"));
  const auto refused = get(closed.server(), "/", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 401);
  EXPECT_EQ(refused.error().kind, Problem::Kind::refused);
  FakeServer noise("no HTTP at all\r\n");
  EXPECT_EQ(get(noise.server(), "/", "").error().kind, Problem::Kind::strange);
}

TEST(Client, LogsIn) {
  FakeServer fake(answer("200 OK", "", ""));
  EXPECT_TRUE(ask(fake.server(), {.sql = "SELECT 1"}, {.user = "reader", .password = "s3cret"}).fine);
  const auto request = fake.request();
  EXPECT_EQ(std::string(request["X-ClickHouse-User"]), "reader");
  EXPECT_EQ(std::string(request["X-ClickHouse-Key"]), "s3cret");
  EXPECT_THAT(std::string(request.target()), Not(HasSubstr("s3cret")));
}

TEST(Client, APasswordAloneIsTheDefaultUsers) {
  FakeServer fake(answer("200 OK", "", ""));
  EXPECT_TRUE(ask(fake.server(), {.sql = "SELECT 1"}, {.password = "s3cret"}).fine);
  EXPECT_EQ(std::string(fake.request()["X-ClickHouse-User"]), "default");
}

TEST(Client, ReachesIPv6AndAPath) {
  FakeServer fake(answer("200 OK", "", "1\n"), "::1");
  http::Url server = fake.server();
  server.path = "/clickhouse/";
  EXPECT_EQ(ask(server, {.sql = "SELECT 1"}).body, "1\n");
  const auto request = fake.request();
  EXPECT_THAT(std::string(request.target()), testing::StartsWith("/clickhouse/?"));
  EXPECT_EQ(std::string(request[test::http::field::host]), "[::1]:" + server.port);
}

TEST(Client, GivesTheAnswerAndItsFormat) {
  const auto answered = ask(answer("200 OK", "X-ClickHouse-Format: JSON\r\n", "{}\n"));
  EXPECT_TRUE(answered.fine);
  EXPECT_EQ(answered.format, "JSON");
  EXPECT_EQ(answered.body, "{}\n");
}

TEST(Client, WithoutAFormatHeaderItIsWhatWasAskedFor) {
  EXPECT_EQ(ask(answer("200 OK", "", "1\n")).format, "CSV");
}

TEST(Client, ReadsChunks) {
  EXPECT_EQ(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n").body,
            "abcde");
}

TEST(Client, ReadsUntilTheConnectionEnds) {
  EXPECT_EQ(ask("HTTP/1.1 200 OK\r\n\r\nall of it").body, "all of it");
}

TEST(Client, TakesAnAnswerOfAnyLength) {
  const std::string body(3'000'000, 'x');
  EXPECT_EQ(ask(answer("200 OK", "", body)).body, body);
}

TEST(Client, EndsWhereNoMoreIsWanted) {
  FakeServer fake(answer("200 OK", "", std::string(1'000'000, 'x')));
  std::size_t pieces = 0;
  const auto result =
      query::ask(fake.server(), {}, {.sql = "SELECT 1"}, [&](std::string_view, std::string_view) {
        ++pieces;
        return false;
      });
  EXPECT_TRUE(result);
  EXPECT_EQ(pieces, 1U);
}

TEST(Client, NothingAnswers) {
  http::Url server;
  {
    FakeServer gone(answer("200 OK", "", ""));
    server = gone.server();
    ask(server, {.sql = "SELECT 1"});
  }
  const auto answered = ask(server, {.sql = "SELECT 1"});
  EXPECT_FALSE(answered.fine);
  EXPECT_EQ(answered.problem.kind, Problem::Kind::unreachable);
  EXPECT_EQ(answered.problem.text, "nothing answers at " + server.to_string() + " (Connection refused)");
}

TEST(Client, AnAnswerThatBreaksOffIsNone) {
  const auto answered = ask("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_FALSE(answered.fine);
  EXPECT_EQ(answered.problem.kind, Problem::Kind::unreachable);
  EXPECT_THAT(answered.problem.text, HasSubstr("broke before the answer was complete"));
  EXPECT_FALSE(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab").fine);
  EXPECT_THAT(ask("").problem.text, HasSubstr("broke before"));
}

TEST(Client, WhatSpeaksNoHttpIsToldApart) {
  const auto answered = ask("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(answered.problem.kind, Problem::Kind::strange);
  EXPECT_THAT(answered.problem.text, HasSubstr("does not speak HTTP"));
}

TEST(Client, WhatIsNoClickHouseIsToldApart) {
  const auto answered = ask(answer("404 Not Found", "", "{\"error\":\"there is nothing at /\"}\nmore"));
  EXPECT_EQ(answered.problem.kind, Problem::Kind::strange);
  EXPECT_THAT(answered.problem.text,
              testing::EndsWith("is no ClickHouse: status 404, \"{\"error\":\"there is nothing at /\"}\""));
}

TEST(Client, ErrorsOfClickHouseHaveTheirCode) {
  const auto answered =
      ask(answer("404 Not Found", "X-ClickHouse-Exception-Code: 60\r\n",
                 "Code: 60. DB::Exception: Unknown table expression identifier 'x' in scope SELECT "
                 "* FROM x. (UNKNOWN_TABLE) (version 24.8.14.39 (official build))\n"));
  EXPECT_EQ(answered.problem.kind, Problem::Kind::refused);
  EXPECT_EQ(answered.problem.code, 60);
  EXPECT_EQ(answered.problem.text,
            "Unknown table expression identifier 'x' in scope SELECT * FROM x. (UNKNOWN_TABLE)");
}

TEST(ProblemOf, LeavesOutWhatCouldHaveStoodThere) {
  EXPECT_EQ(problem_of(
                "Code: 62. DB::Exception: Syntax error: failed at position 7 (x): x. Expected one of: token, "
                "Dot (or not), end of query. (SYNTAX_ERROR) (version 24.8.1.1)",
                62)
                .text,
            "Syntax error: failed at position 7 (x): x. (SYNTAX_ERROR)");
  EXPECT_EQ(problem_of("x. Expected one of: a, b", 62).text, "x.");
}

TEST(ProblemOf, TakesTheCodeFromTheText) {
  EXPECT_EQ(problem_of("Code: 62. DB::Exception: Syntax error\n", 0).code, 62);
  EXPECT_EQ(problem_of("Code: 62. DB::Exception: Syntax error\n", 0).text, "Syntax error");
  EXPECT_EQ(problem_of("Code: x", 7).text, "Code: x");
  EXPECT_EQ(problem_of("Code: x", 7).code, 7);
  EXPECT_EQ(problem_of("Code: 5.", 0).text, "");
  EXPECT_EQ(problem_of("", 5).text, "");
}

}  // namespace
}  // namespace sluice::query
