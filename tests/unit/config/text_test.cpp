#include "setting/text.hpp"

#include <gtest/gtest.h>

#include <map>

namespace sluice::setting {
namespace {

using namespace std::chrono_literals;

TEST(Text, SizesAreOf1024) {
  const std::map<std::string, std::uint64_t> sizes{{"0", 0},
                                                   {"1", 1},
                                                   {"64KB", 65536},
                                                   {"64KiB", 65536},
                                                   {"64kb", 65536},
                                                   {"32MB", 32u << 20},
                                                   {"32MiB", 32u << 20},
                                                   {"1GB", 1u << 30},
                                                   {"1GiB", 1u << 30},
                                                   {"2TB", 2ULL << 40}};
  for (const auto& [text, bytes] : sizes) EXPECT_EQ(parse_size(text), bytes) << text;
  for (const char* text : {"", "KB", "64 KB", "64K", "-1", "+1", "1.5MB", "1_000", "64KBs", "0x10",
                           "18446744073709551616", "9999999999TB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Text, DurationsHaveAUnit) {
  const std::map<std::string, std::chrono::milliseconds> durations{
      {"0s", 0ms}, {"0ms", 0ms}, {"250ms", 250ms}, {"10s", 10s}, {"5m", 5min}, {"24h", 24h}, {"30d", 720h}};
  for (const auto& [text, duration] : durations) EXPECT_EQ(parse_duration(text), duration) << text;
  for (const char* text : {"", "10", "s", "10 s", "-1s", "1.5s", "10S", "10sec", "5min",
                           "99999999999999999999s", "999999999999999d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Text, WhatIsWrittenIsReadBack) {
  for (const std::uint64_t bytes :
       {0ULL, 1ULL, 1023ULL, 1024ULL, 1025ULL, 65535ULL, 65536ULL, 3ULL << 20, 1ULL << 30, 5ULL << 40})
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  for (const auto duration :
       {0ms, 1ms, 999ms, 1000ms, 1500ms, 60000ms, 61000ms, 3600000ms, 86400000ms, 172800000ms})
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  EXPECT_EQ(format_size(32u << 20), "32MB");
  EXPECT_EQ(format_size(65535), "65535");
  EXPECT_EQ(format_duration(24h), "24h");
  EXPECT_EQ(format_duration(720h), "30d");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0s), "0s");
}

TEST(Text, QuotedTextIsShortAndClean) {
  EXPECT_EQ(quote("a\nb\x7f"), "\"a?b?\"");
  EXPECT_EQ(quote("M\xc3\xbcnchen"), "\"M\xc3\xbcnchen\"");
  EXPECT_EQ(quote("\xff\xfe"), "\"??\"");
  EXPECT_EQ(quote(std::string(200, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

TEST(Text, CleanTextIsUtf8WithoutControls) {
  for (const char* text : {"", "plain", "M\xc3\xbcnchen", "\xe2\x82\xac", "\xf0\x9f\x90\x98"})
    EXPECT_TRUE(is_clean_text(text)) << text;
  for (const char* text :
       {"\t", "a\n", "\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"})
    EXPECT_FALSE(is_clean_text(text)) << text;
}

TEST(Text, NearestForgivesSlipsOnly) {
  const std::vector<std::string> words{"brokers", "topic", "partition_by", "tls"};
  EXPECT_EQ(nearest("broker", words), "brokers");
  EXPECT_EQ(nearest("borkers", words), "brokers");
  EXPECT_EQ(nearest("TOPIC", words), "topic");
  EXPECT_EQ(nearest("partition-by", words), "partition_by");
  EXPECT_EQ(nearest("sasl", words), std::nullopt);
  EXPECT_EQ(nearest("x", words), std::nullopt);
}

std::string substituted(const std::string& text) {
  static const std::map<std::string, std::string> kVariables{
      {"HOST", "kafka1"}, {"EMPTY", ""}, {"NESTED", "${HOST}"}};
  std::optional<std::string> problem;
  const auto get = [](const std::string& name) {
    const auto found = kVariables.find(name);
    return found == kVariables.end() ? nullptr : &found->second;
  };
  std::string out = substitute(text, get, problem);
  return problem ? "problem: " + *problem : out;
}

TEST(Text, SubstitutesVariables) {
  EXPECT_EQ(substituted("${HOST}:9092"), "kafka1:9092");
  EXPECT_EQ(substituted("${HOST},${HOST}"), "kafka1,kafka1");
  EXPECT_EQ(substituted("${PORT:-9092}"), "9092");
  EXPECT_EQ(substituted("${PORT:-}"), "");
  EXPECT_EQ(substituted("${EMPTY}"), "");
  EXPECT_EQ(substituted("${EMPTY:-filled}"), "filled");
  EXPECT_EQ(substituted("${NESTED}"), "${HOST}");
  EXPECT_EQ(substituted("$HOST $ $$ {HOST}"), "$HOST $ $$ {HOST}");
  EXPECT_EQ(substituted("$${HOST}"), "${HOST}");
  for (const char* bad : {"${", "${}", "${A B}", "${1}", "${A-b}", "${:-x}"})
    EXPECT_EQ(substituted(bad).substr(0, 8), "problem:") << bad;
  EXPECT_EQ(
      substituted("${PORT}"),
      "problem: needs the environment variable PORT, which is not set; set it or write ${PORT:-default}");
}

TEST(Text, EscapedTextIsSubstitutedToItself) {
  for (const char* text : {"", "$", "$$", "${", "${HOST}", "$${HOST}", "$$${x", "a$b${c}d"})
    EXPECT_EQ(substituted(escape_substitution(text)), text);
}

}  // namespace
}  // namespace sluice::setting
