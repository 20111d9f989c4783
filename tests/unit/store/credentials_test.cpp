// Who is let in, asked by HTTP.
#include "unit/store/http_fixture.hpp"

namespace sluice::store {
namespace {

using testing::HasSubstr;

class CredentialsTest : public HttpTest {
 protected:
  unsigned status(std::string_view line, std::string_view headers = "") const {
    return ask(line, headers, "SELECT 1").status;
  }
};

TEST_F(CredentialsTest, WithoutAPasswordTheUserHasAnEmptyOne) {
  start();
  EXPECT_EQ(status("POST /"), 200U);
  EXPECT_EQ(status("POST /?user=default&password="), 200U);
  EXPECT_EQ(status("POST /", "Authorization: Basic ZGVmYXVsdDo=\r\n"), 200U);  // default:
  EXPECT_EQ(status("POST /?user=other"), 403U);
  EXPECT_EQ(status("POST /?password=x"), 403U);
}

TEST_F(CredentialsTest, APasswordIsTakenInThreeWays) {
  start({.credentials = {"ops", "secret"}});
  EXPECT_EQ(status("POST /", "X-ClickHouse-User: ops\r\nX-ClickHouse-Key: secret\r\n"), 200U);
  EXPECT_EQ(status("POST /", "Authorization: Basic b3BzOnNlY3JldA==\r\n"), 200U);
  EXPECT_EQ(status("POST /", "Authorization: basic b3BzOnNlY3JldA==\r\n"), 200U);
  EXPECT_EQ(status("POST /?user=ops&password=secret"), 200U);
}

TEST_F(CredentialsTest, WrongOnesGetClickHousesError) {
  start({.credentials = {"ops", "secret"}});
  for (const std::string_view line :
       {"POST /?user=ops&password=wrong", "POST /?user=ops&password=", "POST /?user=ops&password=secrets",
        "POST /?user=default&password=secret", "POST /?password=secret"}) {
    const auto answer = ask(line, "", "SELECT 1");
    EXPECT_EQ(answer.status, 403U) << line;
    EXPECT_EQ(answer.headers.at("X-ClickHouse-Exception-Code"), "516");
    EXPECT_THAT(answer.body,
                HasSubstr("Authentication failed: password is incorrect, or there is no user with such name. "
                          "(AUTHENTICATION_FAILED)"));
  }
  EXPECT_EQ(status("POST /", "Authorization: Bearer secret\r\n"), 403U);
  EXPECT_EQ(status("POST /", "Authorization: Basic !\r\n"), 403U);
  EXPECT_EQ(status("POST /?user=ops&password=secret", "X-ClickHouse-User: ops\r\n"), 403U);
  EXPECT_TRUE(engine_.calls().empty());
}

TEST_F(CredentialsTest, NoneIsAskedFor) {
  start({.credentials = {"default", "secret"}});
  const auto answer = ask("POST /", "", "SELECT 1");
  EXPECT_EQ(answer.status, 401U);
  EXPECT_THAT(answer.headers.at("WWW-Authenticate"), HasSubstr("Basic"));
  EXPECT_EQ(ask("GET /ping").status, 200U);
}

TEST_F(CredentialsTest, PagesInBrowsersNeedAPassword) {
  start();
  EXPECT_EQ(status("POST /", "Origin: http://evil.example\r\n"), 403U);
  EXPECT_TRUE(engine_.calls().empty());
}

// The browser remembers the login that was typed into it, and sends it along for the pages of everybody.
TEST_F(CredentialsTest, PagesOfOthersMayNotUseALoginThatIsRemembered) {
  start({.credentials = {"default", "secret"}});
  const std::string login = "Authorization: Basic ZGVmYXVsdDpzZWNyZXQ=\r\n";
  for (const char* const foreign : {"Origin: http://evil.example\r\n", "Origin: null\r\n",
                                    "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"})
    for (const char* const line : {"POST /", "GET /?query=SELECT+1"})
      EXPECT_EQ(status(line, login + foreign), 403U) << line << ' ' << foreign;
  EXPECT_TRUE(engine_.calls().empty());
  EXPECT_EQ(status("POST /", login + "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"), 200U);
  EXPECT_EQ(status("POST /", login), 200U);
}

}  // namespace
}  // namespace sluice::store
