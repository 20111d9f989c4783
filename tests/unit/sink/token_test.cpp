#include "sink/kafka/token.hpp"

#include <gmock/gmock.h>

#include "http/credentials.hpp"
#include "sink/kafka/settings.hpp"

namespace sluice::sink {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;
using testing::HasSubstr;

const system_clock::time_point kNow{seconds(1'800'000'000)};

std::string jwt(const std::string& claims) {
  std::string middle = http::to_base64(claims);
  while (middle.ends_with('=')) middle.pop_back();
  for (char& c : middle) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return "e30." + middle + ".sig";
}

std::string answer(const std::string& token, const std::string& more = "") {
  return R"({"access_token":")" + token + '"' + more + '}';
}

TEST(Token, LivesAsLongAsTheServerSays) {
  const auto token =
      read_token(answer(jwt(R"({"sub":"flows~~?>","exp":1})"), R"(,"expires_in":90)"), "me", kNow);
  ASSERT_TRUE(token) << token.error();
  EXPECT_EQ(token->expires, kNow + seconds(90));
  EXPECT_EQ(token->principal, "flows~~?>");
}

TEST(Token, LivesAsLongAsItSaysItself) {
  const auto token = read_token(answer(jwt(R"({"exp":1800000060.5})")), "me", kNow);
  ASSERT_TRUE(token) << token.error();
  EXPECT_EQ(token->expires, kNow + seconds(60));
  EXPECT_EQ(token->principal, "me");
}

TEST(Token, NeedNotBeReadable) {
  const auto token = read_token(answer("opaque", R"(,"expires_in":"3600")"), "me", kNow);
  ASSERT_TRUE(token) << token.error();
  EXPECT_EQ(token->expires, kNow + seconds(3600));
  EXPECT_EQ(token->value, "opaque");
  EXPECT_EQ(token->principal, "me");
}

TEST(Token, WhoseItIsMayBeLogged) {
  const auto token = read_token(answer(jwt(R"({"sub":"a\nb"})"), R"(,"expires_in":90)"), "me", kNow);
  ASSERT_TRUE(token) << token.error();
  EXPECT_EQ(token->principal, "me");
}

TEST(Token, ALongLifeIsCut) {
  const auto itself = read_token(answer(jwt(R"({"exp":999999999999})")), "me", kNow);
  ASSERT_TRUE(itself) << itself.error();
  EXPECT_LT(itself->expires, kNow + std::chrono::hours(24 * 366 * 10));
  const auto token = read_token(answer("opaque", R"(,"expires_in":999999999999)"), "me", kNow);
  ASSERT_TRUE(token) << token.error();
  EXPECT_LT(token->expires, kNow + std::chrono::hours(24 * 366 * 10));
}

/// (answer, what is wrong with it): bytes from the network.
using Wrong = std::pair<std::string, std::string>;
class WrongToken : public testing::TestWithParam<Wrong> {};

TEST_P(WrongToken, IsToldAndNotUsed) {
  const auto token = read_token(GetParam().first, "me", kNow);
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error(), HasSubstr(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Answers, WrongToken,
    testing::Values(Wrong{"", "gives no access_token"}, Wrong{"[]", "gives no access_token"},
                    Wrong{"{", "gives no access_token"},
                    Wrong{R"({"access_token":5})", "gives no access_token"},
                    Wrong{R"({"access_token":""})", "gives no access_token"},
                    Wrong{answer("opaque"), "how long its token lives"},
                    Wrong{answer("a.b.c"), "how long its token lives"},
                    Wrong{answer("a.%%%.c"), "how long its token lives"},
                    Wrong{answer("..."), "how long its token lives"},
                    Wrong{answer("opaque", R"(,"expires_in":-5)"), "how long its token lives"},
                    Wrong{answer("opaque", R"(,"expires_in":1e300)"), "how long its token lives"},
                    Wrong{answer("opaque", R"(,"expires_in":"soon")"), "how long its token lives"},
                    Wrong{answer("opaque", R"(,"expires_in":0)"), "over already"},
                    Wrong{answer(jwt(R"({"exp":1799999999})")), "over already"}));

TEST(TokenUrl, IsHttpsOrOfThisVeryMachine) {
  for (const char* url : {"https://login.example.net/token", "http://127.0.0.1:8080/token", "http://[::1]/t",
                          "http://localhost/t", "https://10.0.0.1"})
    EXPECT_TRUE(parse_token_url(url)) << url;
  for (const char* url :
       {"http://login.example.net/token", "http://127.0.0.1.example.net/", "login.example.net",
        "127.0.0.1/token", "ftp://localhost/", "http://192.0.2.1/", "https://"})
    EXPECT_FALSE(parse_token_url(url)) << url;
}

TEST(TokenUrl, HasTheUsualPorts) {
  EXPECT_EQ(parse_token_url("https://login.example.net/a/b")->to_string(),
            "https://login.example.net:443/a/b");
  EXPECT_EQ(parse_token_url("http://localhost/a")->port, "80");
}

}  // namespace
}  // namespace sluice::sink
