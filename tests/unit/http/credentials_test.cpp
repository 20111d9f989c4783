#include "http/credentials.hpp"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

TEST(Credentials, Base64) {
  EXPECT_EQ(from_base64("ZGVmYXVsdDpzZWNyZXQ="), "default:secret");
  EXPECT_EQ(from_base64("dTo="), "u:");
  EXPECT_EQ(from_base64(""), "");
  EXPECT_FALSE(from_base64("no base64!"));
}

TEST(Credentials, BearerToken) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bEARER   abc"), "abc");
  for (const char* none : {"", "Bearer", "Bearer ", "Basic abc", "abc"})
    EXPECT_EQ(bearer_token(none), "") << none;
}

TEST(Credentials, BasicLogin) {
  using Login = std::pair<std::string, std::string>;
  EXPECT_EQ(basic_login("Basic ZGVmYXVsdDpzZWNyZXQ="), Login("default", "secret"));
  EXPECT_EQ(basic_login("bASIC dTo="), Login("u", ""));
  for (const char* none : {"", "Basic", "Basic dQ==", "Basic no base64!", "Bearer dTo="})
    EXPECT_FALSE(basic_login(none)) << none;
}

TEST(Credentials, SameSecret) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret("abc", "abc"));
  for (const char* other : {"", "ab", "abd", "abcabc", "ABC"})
    EXPECT_FALSE(same_secret(other, "abc")) << other;
  EXPECT_FALSE(same_secret("a", ""));
}

TEST(Base64, GoesThereAndBack) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("sluice:s3cret"), "c2x1aWNlOnMzY3JldA==");
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    EXPECT_EQ(from_base64(to_base64(all)), all);
  }
}

}  // namespace
}  // namespace sluice::http
