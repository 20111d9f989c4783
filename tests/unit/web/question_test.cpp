#include <gmock/gmock.h>

#include "support.hpp"

namespace sluice::web {
namespace {

using test::kNow;
using test::question;
using test::read;
using testing::HasSubstr;

TEST(Question, HasDefaults) {
  const Question one = question(json::object());
  EXPECT_EQ(one.to, kNow);
  EXPECT_EQ(one.from, kNow - std::chrono::hours(1));
  EXPECT_TRUE(one.to_now);
  EXPECT_EQ(one.limit, 10U);
  EXPECT_EQ(one.filter.kind, filter::Expression::Kind::any);
  EXPECT_EQ(one.columns.size(), column_sets().front().columns.size());
}

TEST(Question, TakesTimesInEveryForm) {
  for (const json& from : {json("2026-11-29T09:00:00Z"), json("2026-11-29 09:00"), json("now-1h"),
                           json(1'795'942'800), json("1795942800")})
    EXPECT_EQ(question({{"from", from}}).from, kNow - std::chrono::hours(1)) << from;
  EXPECT_FALSE(question({{"from", "now-2h"}, {"to", "now-1h"}}).to_now);
  EXPECT_EQ(question({{"before", "period"}, {"from", "now-2h"}}).before, std::chrono::hours(2));
  EXPECT_EQ(question({{"before", "week"}}).before, std::chrono::days(7));
}

struct Wrong {
  json body;
  const char* code;
  const char* key;
};
TEST(Question, SaysWhichKeyIsWrong) {
  const Wrong wrong[] = {
      {{{"colour", 1}}, "unknown_key", "colour"},
      {{{"from", "soon"}}, "time", "from"},
      {{{"from", -1}}, "time", "from"},
      {{{"from", "now"}, {"to", "now-1h"}}, "time", "to"},
      {{{"from", 0}}, "time", "from"},
      {{{"filter", "prt 3"}}, "filter", "filter"},
      {{{"filter", 3}}, "value", "filter"},
      {{{"by", {"nothing"}}}, "value", "by"},
      {{{"by", {"bytes_sampled"}}}, "value", "by"},
      {{{"by", {"as_path"}}}, "value", "by"},
      {{{"by", {"proto", "proto"}}}, "value", "by"},
      {{{"by", {"proto/8"}}}, "value", "by"},
      {{{"by", {"src_addr/33"}}}, "value", "by"},
      {{{"by", {"src_addr/24/129"}}}, "value", "by"},
      {{{"by", {"src_addr/"}}}, "value", "by"},
      {{{"by", "proto"}}, "value", "by"},
      {{{"by", {"src_as", "dst_as", "in_if", "out_if", "proto", "etype", "src_addr"}}}, "value", "by"},
      {{{"unit", "pounds"}}, "value", "unit"},
      {{{"limit", 0}}, "value", "limit"},
      {{{"limit", 51}}, "value", "limit"},
      {{{"limit", -1}}, "value", "limit"},
      {{{"limit", 1.5}}, "value", "limit"},
      {{{"points", 100'000}}, "value", "points"},
      {{{"order", "time"}}, "value", "order"},
      {{{"columns", {"x; DROP TABLE flows_raw"}}}, "value", "columns"},
      {{{"exporters", {"edge-1"}}}, "value", "exporters"},
      {{{"id", "short"}}, "value", "id"},
      {{{"id", "quote'quote"}}, "value", "id"},
      {{{"costly", "yes"}}, "value", "costly"},
  };
  for (const Wrong& one : wrong) {
    const auto got = read(one.body);
    ASSERT_FALSE(got) << one.body;
    EXPECT_EQ(got.error().code, one.code) << one.body;
    EXPECT_EQ(got.error().more["key"], one.key) << one.body;
    EXPECT_THAT(got.error().text, HasSubstr(one.key)) << one.body;
  }
  EXPECT_EQ(read(json::array()).error().code, "json");
}

TEST(Dimension, EveryFieldThatGroupsHasOne) {
  std::size_t found = 0;
  for (const filter::Quantity& quantity : filter::quantities()) {
    if (!groups(quantity)) continue;
    ++found;
    const auto dimension = find_dimension(quantity.name);
    ASSERT_TRUE(dimension) << quantity.name;
    EXPECT_EQ(reversed(reversed(*dimension)), *dimension) << quantity.name;
  }
  EXPECT_GT(found, 60U);
}

TEST(Dimension, TellsValuesAsTheFilterWritesThem) {
  const auto cell = [](const char* name, const json& value) { return cell_of(*find_dimension(name), value); };
  EXPECT_EQ(cell("src_as", 65001), (json{{"value", "65001"}, {"filter", "src_as = 65001"}}));
  EXPECT_EQ(cell("proto", 6), (json{{"value", "tcp"}, {"filter", "proto = tcp"}}));
  EXPECT_EQ(cell("src_addr", "::ffff:192.0.2.1"),
            (json{{"value", "192.0.2.1"}, {"filter", "src_addr = 192.0.2.1"}}));
  EXPECT_EQ(cell("src_addr/24", "::ffff:192.0.2.0"),
            (json{{"value", "192.0.2.0/24"}, {"filter", "src_addr in 192.0.2.0/24"}}));
  EXPECT_EQ(cell("src_addr/24", "2001:db8::"),
            (json{{"value", "2001:db8::/48"}, {"filter", "src_addr in 2001:db8::/48"}}));
  EXPECT_EQ(cell("src_mac", 0x005300000001ULL)["value"], "00:53:00:00:00:01");
  EXPECT_EQ(cell("type", "NETFLOW_V9")["filter"], "type = NETFLOW_V9");
  EXPECT_EQ(cell("type", "OTHER"), (json{{"value", "OTHER"}}));
  EXPECT_EQ(cell("exporter_name", "a\"b"), (json{{"value", "a\"b"}, {"filter", "exporter_name = 'a\"b'"}}));
  EXPECT_EQ(cell("exporter_name", "a\"b'c"), (json{{"value", "a\"b'c"}}));
}

}  // namespace
}  // namespace sluice::web
