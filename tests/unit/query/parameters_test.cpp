#include "query/parameters.hpp"

#include <gmock/gmock.h>

namespace sluice::query {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Values = std::map<std::string, std::string>;

// 2026-11-21 12:30:15 UTC
const auto kNow = std::chrono::system_clock::from_time_t(1795264215);

TEST(Placeholders, StandInTheirOrderOnce) {
  EXPECT_THAT(placeholders("SELECT {a:UInt8} + { b : DateTime('UTC') }, {a:UInt8}, {c:Map(String, UInt64)}"),
              ElementsAre(Placeholder{"a", "UInt8"}, Placeholder{"b", "DateTime('UTC')"},
                          Placeholder{"c", "Map(String,UInt64)"}));
}

TEST(Placeholders, AreNotLookedForInQuotesAndComments) {
  EXPECT_THAT(placeholders("SELECT '{a:UInt8}', 'it\\'s {b:UInt8}', \"{c:UInt8}\", `{d:UInt8}` -- {e:UInt8}\n"
                           "/* {f:UInt8} */, {g:UInt8} -- {h:UInt8}"),
              ElementsAre(Placeholder{"g", "UInt8"}));
}

TEST(Placeholders, OtherBracesAreNone) {
  EXPECT_THAT(placeholders("SELECT {'a': 1}, {}, {a}, { :x}, {a-b:UInt8}, {"), IsEmpty());
  EXPECT_THAT(placeholders("'never ends {a:UInt8}"), IsEmpty());
  EXPECT_THAT(placeholders("'\\"), IsEmpty());
  EXPECT_THAT(placeholders(""), IsEmpty());
}

std::string time_of(const std::string& text, const Values& others = {}) {
  Values values = others;
  values["t"] = text;
  const auto resolved = resolve({{"t", "DateTime('UTC')"}, {"to", "DateTime"}, {"n", "UInt8"}}, values, kNow);
  return resolved ? resolved->at("t") : resolved.error();
}

TEST(Times, AreGivenInManyWays) {
  EXPECT_EQ(time_of("2026-11-20 01:02:03"), "2026-11-20 01:02:03");
  EXPECT_EQ(time_of("2026-11-20T01:02:03Z"), "2026-11-20 01:02:03");
  EXPECT_EQ(time_of("2026-11-20 01:02"), "2026-11-20 01:02:00");
  EXPECT_EQ(time_of("2026-11-20"), "2026-11-20 00:00:00");
  EXPECT_EQ(time_of("now"), "2026-11-21 12:30:15");
  EXPECT_EQ(time_of("now-15s"), "2026-11-21 12:30:00");
  EXPECT_EQ(time_of("now-30m"), "2026-11-21 12:00:15");
  EXPECT_EQ(time_of("now+2h"), "2026-11-21 14:30:15");
  EXPECT_EQ(time_of("now-21d"), "2026-10-31 12:30:15");
  EXPECT_EQ(time_of("now-1w"), "2026-11-14 12:30:15");
}

TEST(Times, ReferToAnotherParameter) {
  EXPECT_EQ(time_of("to-1h", {{"to", "2026-11-20 12:00"}}), "2026-11-20 11:00:00");
  EXPECT_EQ(time_of("to", {{"to", "now-1d"}}), "2026-11-20 12:30:15");
}

TEST(Times, ThatAreNone) {
  for (const char* text : {"", "yesterday", "now-", "now-1", "now-h", "now-1y", "now--1h", "now-1h30m", "-1h",
                           "2026-13-01", "2026-11-20 25:00", "2026-11-20 12:00:00 x", "now-99999999999h"})
    EXPECT_THAT(time_of(text), HasSubstr("is no time")) << text;
  EXPECT_THAT(time_of("to-1h"), HasSubstr("is no time")) << "to has no value";
  EXPECT_THAT(time_of("n-1h", {{"n", "1"}}), HasSubstr("is no time")) << "n is a number";
  EXPECT_THAT(time_of("t-1h"), HasSubstr("is no time")) << "a circle";
  EXPECT_THAT(time_of("to-1h", {{"to", "t-1h"}}), HasSubstr("is no time")) << "a circle of two";
}

TEST(Values, NumbersAreChecked) {
  const auto fits = [](const char* type, const char* value) {
    return resolve({{"n", type}}, {{"n", value}}, kNow).has_value();
  };
  EXPECT_TRUE(fits("UInt8", "255"));
  EXPECT_FALSE(fits("UInt8", "256"));
  EXPECT_TRUE(fits("UInt16", "65535"));
  EXPECT_FALSE(fits("UInt16", "65536"));
  EXPECT_FALSE(fits("UInt32", "-1"));
  EXPECT_FALSE(fits("UInt32", "4294967296"));
  EXPECT_TRUE(fits("UInt64", "18446744073709551615"));
  EXPECT_FALSE(fits("UInt64", "ten"));
  EXPECT_FALSE(fits("UInt64", ""));
  EXPECT_TRUE(fits("Int64", "-1"));
  EXPECT_FALSE(fits("Int64", "1.5"));
  EXPECT_TRUE(fits("Float64", "1.5"));
  EXPECT_FALSE(fits("Float64", "1,5"));
  EXPECT_TRUE(fits("String", "anything"));
  EXPECT_THAT(resolve({{"n", "UInt8"}}, {{"n", "x"}}, kNow).error(), "n: \"x\" is no number of type UInt8");
}

TEST(Values, OthersStayAsTheyAre) {
  const Values values{{"s", "now"}, {"unknown", "now"}, {"m", "{'a': 1}"}};
  EXPECT_EQ(resolve({{"s", "String"}, {"m", "Map(String,UInt64)"}}, values, kNow).value(), values);
}

}  // namespace
}  // namespace sluice::query
