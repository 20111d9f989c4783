// Statements by HTTP: what reaches the engine, and what is answered.
#include "unit/store/http_fixture.hpp"

namespace sluice::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class QueryTest : public HttpTest {
 protected:
  FakeEngine::Call only_call() const {
    const auto calls = engine_.calls();
    return calls.size() == 1 ? calls.front() : FakeEngine::Call{"not one call", "", "", {}};
  }
};

TEST_F(QueryTest, StatementInTheBody) {
  start();
  const auto answer = ask("POST /", "", "SELECT 1");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "1\n");
  EXPECT_EQ(only_call().sql, "SELECT 1");
  EXPECT_EQ(only_call().format, "TabSeparated");
  EXPECT_EQ(answer.headers.at("X-ClickHouse-Format"), "TabSeparated");
  EXPECT_EQ(answer.headers.at("X-ClickHouse-Timezone"), "Etc/UTC");
  EXPECT_EQ(answer.headers.at("Content-Type"), "text/tab-separated-values; charset=UTF-8");
  EXPECT_FALSE(answer.headers.at("X-ClickHouse-Server-Display-Name").empty());
  EXPECT_EQ(answer.headers.at("X-ClickHouse-Query-Id").size(), 36U);
  EXPECT_THAT(answer.headers.at("X-ClickHouse-Summary"), HasSubstr("\"result_rows\":\"1\""));
}

TEST_F(QueryTest, StatementInTheUrlAndTheBody) {
  start();
  EXPECT_EQ(ask("POST /?query=SELECT", "", "1").status, 200U);
  EXPECT_EQ(only_call().sql, "SELECT\n1");
}

TEST_F(QueryTest, TheFormatIsTheStatementsElseTheRequests) {
  start();
  EXPECT_EQ(ask("POST /?default_format=CSV", "", "SELECT 1").headers.at("X-ClickHouse-Format"), "CSV");
  EXPECT_EQ(ask("POST /", "X-ClickHouse-Format: JSON\r\n", "SELECT 1").headers.at("Content-Type"),
            "application/json; charset=UTF-8");
  EXPECT_EQ(ask("POST /?default_format=CSV", "", "SELECT 1 FORMAT XML").headers.at("X-ClickHouse-Format"),
            "XML");
  EXPECT_EQ(engine_.calls()[0].kind, "stream");
  EXPECT_EQ(engine_.calls()[1].kind, "run");  // its count of rows would be wrong in pieces
}

TEST_F(QueryTest, WhatComesBackInHeadersStaysInThem) {
  start();
  const std::string evil = "x%0d%0aX-Evil:%201%0d%0a%0d%0aevil";
  for (const std::string_view name : {"query_id", "default_format"}) {
    const auto target = "POST /?" + std::string(name) + '=' + evil;
    for (const std::string_view sql : {"SELECT 1", "syntax"}) {
      const auto answer = ask(target, "", sql);
      EXPECT_EQ(answer.headers.count("X-Evil"), 0U) << name << ' ' << sql;
      EXPECT_THAT(answer.body, testing::Not(HasSubstr("evil"))) << name << ' ' << sql;
    }
  }
}

TEST_F(QueryTest, TheWholeAnswerWhereItIsAskedFor) {
  start();
  EXPECT_EQ(ask("POST /?wait_end_of_query=1", "", "SELECT 1").status, 200U);
  EXPECT_EQ(only_call().kind, "run");
}

TEST_F(QueryTest, SettingsDatabaseAndParameters) {
  start();
  ask("POST "
      "/?database=a%60b&max_threads=2&param_x=it%27s&log_comment=it%27s&query_id=q1&buffer_size=5&user="
      "default",
      "", "SELECT {x:String}");
  EXPECT_THAT(
      engine_.statements(),
      ElementsAre("USE `a\\`b`", "SET max_threads = '2', log_comment = 'it\\'s'", "SELECT {x:String}"));
  ASSERT_EQ(engine_.calls()[2].parameters.size(), 1U);
  EXPECT_EQ(engine_.calls()[2].parameters[0].name, "x");
  EXPECT_EQ(engine_.calls()[2].parameters[0].value, "it's");
}

TEST_F(QueryTest, NamesOfSettingsAreNoPlaceForStatements) {
  start();
  const auto answer = ask("POST /?max_threads%3D1%2Creadonly=0", "", "SELECT 1");
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(answer.headers.at("X-ClickHouse-Exception-Code"), "115");
  EXPECT_TRUE(engine_.calls().empty());
}

TEST_F(QueryTest, ErrorsOfSettingsAndDatabases) {
  engine_.reply = [](const std::string& sql) -> FakeEngine::Reply {
    if (sql.starts_with("USE"))
      return failure(std::string("Code: 81. DB::Exception: No. (UNKNOWN_DATABASE)"));
    return "1\n";
  };
  start();
  const auto answer = ask("POST /", "X-ClickHouse-Database: nope\r\n", "SELECT 1");
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(answer.body, "Code: 81. DB::Exception: No. (UNKNOWN_DATABASE) (version 26.7.2.1)\n");
}

TEST_F(QueryTest, GetIsReadonly) {
  start();
  EXPECT_EQ(ask("GET /?query=SELECT+1&readonly=0").body, "1\n");
  EXPECT_THAT(engine_.statements(), ElementsAre("SET readonly = '1'", "SELECT 1"));
  EXPECT_EQ(ask("GET /?query=DROP+TABLE+t").headers.at("X-ClickHouse-Exception-Code"), "164");
  EXPECT_EQ(ask("GET /?query=INSERT+INTO+t+VALUES+(1)").headers.at("X-ClickHouse-Exception-Code"), "164");
  EXPECT_EQ(engine_.inserted(), "");
}

TEST_F(QueryTest, OneStatementARequest) {
  start();
  for (const std::string_view text : {"SELECT 1; SELECT 2", "", "-- nothing", "syntax"}) {
    const auto answer = ask("POST /", "", text);
    EXPECT_EQ(answer.status, 400U) << text;
    EXPECT_EQ(answer.headers.at("X-ClickHouse-Exception-Code"), "62") << text;
  }
  EXPECT_TRUE(engine_.calls().empty());
  EXPECT_EQ(ask("POST /", "", "SELECT 1;").status, 200U);
}

TEST_F(QueryTest, ErrorsBeforeTheFirstMegabyteHaveTheirStatus) {
  engine_.reply = [](const std::string&) {
    return std::string(100, 'x') + "!Code: 159. DB::Exception: Too long. (TIMEOUT_EXCEEDED)";
  };
  start();
  const auto answer = ask("POST /", "", "SELECT 1");
  EXPECT_EQ(answer.status, 408U);
  EXPECT_EQ(answer.body, "Code: 159. DB::Exception: Too long. (TIMEOUT_EXCEEDED) (version 26.7.2.1)\n");
}

TEST_F(QueryTest, InsertFromTheBody) {
  start();
  const std::string data("1,\"\n\n\0\"\n", 9);
  const auto answer = ask("POST /?query=INSERT+INTO+t+FORMAT+CSV", "", data);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.headers.at("X-ClickHouse-Summary"), HasSubstr("\"written_rows\":\"2\""));
  ASSERT_EQ(engine_.calls().size(), 2U);
  EXPECT_EQ(engine_.calls()[0].sql, "SET max_execution_time = '0'")
      << "data may come for as long as it takes";
  const auto call = engine_.calls()[1];
  EXPECT_EQ(call.kind, "insert");
  EXPECT_EQ(call.sql, "INSERT INTO t ");
  EXPECT_EQ(call.format, "CSV");
  EXPECT_EQ(engine_.inserted(), data);
}

TEST_F(QueryTest, WhatChangesSomethingTakesItsTimeUnlessTheRequestSaysOtherwise) {
  start();
  ask("POST /", "", "OPTIMIZE TABLE t FINAL");
  ask("POST /?max_execution_time=7", "", "OPTIMIZE TABLE t FINAL");
  EXPECT_THAT(engine_.statements(), ElementsAre("SET max_execution_time = '0'", "OPTIMIZE TABLE t FINAL",
                                                "SET max_execution_time = '7'", "OPTIMIZE TABLE t FINAL"));
}

TEST_F(QueryTest, InsertWithStatementAndDataInTheBody) {
  start();
  std::string data;
  for (int i = 0; i < 50'000; ++i) data += std::to_string(i) + "\n";
  EXPECT_EQ(ask("POST /", "", "INSERT INTO t FORMAT TSV\n" + data).status, 200U);
  EXPECT_EQ(engine_.inserted(), data);
  EXPECT_EQ(ask("POST /?query=INSERT+INTO+t", "", "FORMAT TSV\nx").status, 200U);
  EXPECT_EQ(engine_.inserted(), data + "x");
}

TEST_F(QueryTest, InsertThatFails) {
  engine_.reply = [](const std::string&) { return "Code: 27. DB::Exception: Bad row. (X)"; };
  start();
  const auto answer = ask("POST /?query=INSERT+INTO+t+FORMAT+CSV", "", std::string(500'000, 'x'));
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.headers.at("X-ClickHouse-Exception-Code"), "27");
}

TEST_F(QueryTest, EveryContentEncoding) {
  start();
  std::string wanted;
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd, Coding::lz4, Coding::br}) {
    const std::string row = "row in " + std::string(name(coding)) + "\n";
    const auto encoder = make_encoder(coding);
    std::string body;
    encoder->encode(row, body);
    encoder->finish(body);
    const std::string header = "Content-Encoding: " + std::string(name(coding)) + "\r\n";
    EXPECT_EQ(ask("POST /?query=INSERT+INTO+t+FORMAT+TSV", header, body).status, 200U) << name(coding);
    wanted += row;
    const auto damaged =
        ask("POST /?query=INSERT+INTO+t+FORMAT+TSV", header, body.substr(0, body.size() - 3));
    EXPECT_EQ(damaged.status, 400U) << name(coding);
    EXPECT_THAT(damaged.body, HasSubstr("Code: 117"));
    EXPECT_EQ(ask("POST /?query=INSERT+INTO+t+FORMAT+TSV", header, "").status, 200U) << name(coding);
  }
  EXPECT_EQ(engine_.inserted(), wanted);
}

TEST_F(QueryTest, UnknownContentEncoding) {
  start();
  const auto answer = ask("POST /?query=INSERT+INTO+t+FORMAT+TSV", "Content-Encoding: xz\r\n", "x");
  EXPECT_EQ(answer.status, 415U);
  EXPECT_EQ(answer.headers.at("Accept-Encoding"), "gzip, deflate, zstd, lz4, br");
  EXPECT_THAT(answer.body, HasSubstr("'xz' is not known here"));
  EXPECT_EQ(engine_.inserted(), "");
}

TEST_F(QueryTest, AnswersAreEncodedWhereItIsAskedFor) {
  const std::string text(10'000, 'x');
  engine_.reply = [&](const std::string&) { return text; };
  start();
  EXPECT_EQ(ask("POST /", "Accept-Encoding: gzip\r\n", "SELECT 1").headers.count("Content-Encoding"), 0U);
  const auto answer =
      ask("POST /?enable_http_compression=1", "Accept-Encoding: gzip, deflate\r\n", "SELECT 1");
  EXPECT_EQ(answer.headers.at("Content-Encoding"), "gzip");
  EXPECT_LT(answer.body.size(), 1000U);
  std::string decoded(text.size(), '\0');
  const auto step = make_decoder(Coding::gzip)->step(answer.body, decoded.data(), decoded.size());
  ASSERT_TRUE(step);
  EXPECT_EQ(decoded, text);
}

TEST_F(QueryTest, WhatAServerForbids) {
  start();
  EXPECT_THAT(ask("POST /", "", "SELECT 1 INTO OUTFILE 'x'").body, HasSubstr("INTO OUTFILE is not allowed"));
  EXPECT_EQ(ask("POST /", "", "INSERT INTO t FROM INFILE 'x' FORMAT CSV").status, 501U);
  EXPECT_EQ(ask("POST /", "", "INSERT INTO t SELECT a FROM input('a Int8') FORMAT CSV\n1").status, 501U);
  EXPECT_EQ(ask("POST /", "Content-Type: multipart/form-data; boundary=x\r\n", "x").status, 501U);
  EXPECT_THAT(engine_.statements(), testing::Each(testing::StartsWith("SET ")));
}

TEST_F(QueryTest, StatementsAreBounded) {
  start();
  const auto answer = ask("POST /", "", "SELECT " + std::string(17U << 20, '1'));
  EXPECT_EQ(answer.status, 413U);
}

}  // namespace
}  // namespace sluice::store
