// session_id: what stays from one request to the next, and what does not.
#include "unit/store/http_fixture.hpp"

namespace sluice::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SessionTest : public HttpTest {
 protected:
  HttpAnswer post(std::string_view parameters, std::string_view sql) const {
    return ask("POST /?" + std::string(parameters), "", sql);
  }
};

TEST_F(SessionTest, WithoutOneEveryRequestStartsAfresh) {
  start();
  post("", "SELECT 1");
  post("", "SELECT 1");
  EXPECT_EQ(engine_.sessions_opened(), 2U);
}

TEST_F(SessionTest, OneIsKept) {
  start();
  post("session_id=s", "SELECT 1");
  post("session_id=s", "SELECT 1");
  EXPECT_EQ(engine_.sessions_opened(), 1U);
  post("session_id=other", "SELECT 1");
  EXPECT_EQ(engine_.sessions_opened(), 2U);
}

TEST_F(SessionTest, ARequestsOwnSettingsEndWithIt) {
  start();
  post("session_id=s", "SET max_threads = 3");
  post("session_id=s&max_threads=1&extremes=1", "SELECT 1");
  post("session_id=s", "SELECT 2");
  EXPECT_THAT(
      engine_.statements(),
      ElementsAre("SET max_threads = 3", "SET max_threads = '1', extremes = '1'", "SELECT 1",
                  "SET max_threads = DEFAULT, extremes = DEFAULT", "SET max_threads = 3", "SELECT 2"));
}

TEST_F(SessionTest, ARequestsOwnDatabaseEndsWithIt) {
  engine_.reply = [](const std::string& sql) {
    return FakeEngine::Reply(sql == "SELECT currentDatabase()" ? "before\n" : "1\n");
  };
  start();
  post("session_id=s&database=d", "SELECT 1");
  post("session_id=s", "SELECT 2");
  EXPECT_THAT(engine_.statements(),
              ElementsAre("SELECT currentDatabase()", "USE `d`", "SELECT 1", "USE `before`", "SELECT 2"));
}

TEST_F(SessionTest, GetChangesNothing) {
  start();
  EXPECT_EQ(ask("GET /?session_id=s&query=SELECT+1").status, 200U);
  EXPECT_EQ(ask("GET /?session_id=s&query=DROP+TABLE+t").headers.at("X-ClickHouse-Exception-Code"), "164");
  EXPECT_THAT(engine_.statements(), ElementsAre("SELECT 1"));
}

// What the classifier has no name for the engine may know, and would do.
TEST_F(SessionTest, GetDoesNothingThatIsNotKnownToRead) {
  engine_.knows = [](std::string_view sql) { return sql.starts_with("SELECT"); };
  start();
  for (const std::string_view sql : {"UNDROP+TABLE+t", "SELECT+1;DROP+TABLE+t", "DROP+TABLE+t;"}) {
    for (const std::string_view method : {"GET", "HEAD"}) {
      const auto answer = ask(std::string(method) + " /?session_id=s&query=" + std::string(sql));
      EXPECT_NE(answer.status, 200U) << sql;
      EXPECT_THAT(answer.headers.at("X-ClickHouse-Exception-Code"), testing::AnyOf("164", "62")) << sql;
    }
  }
  EXPECT_TRUE(engine_.calls().empty());
  EXPECT_EQ(post("session_id=s", "UNDROP TABLE t").status, 200U);
}

TEST_F(SessionTest, OneThatMustBeThere) {
  start();
  const auto answer = post("session_id=s&session_check=1", "SELECT 1");
  EXPECT_EQ(answer.headers.at("X-ClickHouse-Exception-Code"), "372");
  post("session_id=s", "SELECT 1");
  EXPECT_EQ(post("session_id=s&session_check=1", "SELECT 1").status, 200U);
}

TEST_F(SessionTest, TimeoutsAreHeldTo) {
  start();
  post("session_id=s&session_timeout=0", "SELECT 1");
  EXPECT_EQ(post("session_id=s&session_check=1", "SELECT 1").headers.at("X-ClickHouse-Exception-Code"),
            "372");
  for (const std::string_view wrong : {"3601", "-1", "x", "99999999999999"})
    EXPECT_THAT(post("session_id=s&session_timeout=" + std::string(wrong), "SELECT 1").body,
                HasSubstr("INVALID_SESSION_TIMEOUT"))
        << wrong;
}

TEST_F(SessionTest, OneRequestAtATime) {
  std::atomic<bool> inside{false}, go_on{false};
  engine_.reply = [&](const std::string& sql) {
    if (sql == "SELECT slow") {
      inside = true;
      inside.notify_all();
      go_on.wait(false);
    }
    return FakeEngine::Reply("1\n");
  };
  start();
  std::jthread slow([&] { post("session_id=s", "SELECT slow"); });
  inside.wait(false);
  const auto answer = post("session_id=s", "SELECT 1");
  EXPECT_EQ(answer.headers.at("X-ClickHouse-Exception-Code"), "373");
  EXPECT_THAT(answer.body, HasSubstr("Session s is locked by a concurrent client"));
  EXPECT_EQ(post("session_id=t", "SELECT 1").status, 200U);
  go_on = true;
  go_on.notify_all();
  slow.join();
  EXPECT_EQ(post("session_id=s", "SELECT 1").status, 200U);
}

}  // namespace
}  // namespace sluice::store
