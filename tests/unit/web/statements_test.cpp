// Nothing that somebody typed or an exporter sent is in a statement's text.
#include "web/statements.hpp"

#include <gmock/gmock.h>

#include <regex>

#include "query/parameters.hpp"
#include "support.hpp"

namespace sluice::web {
namespace {

using test::kNow;
using test::question;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile[] = {"hostile'; DROP TABLE flows_raw; --", "hostile\\' OR 1=1",
                                    "hostile {p0:String}", "hostile`", "hostile\n--"};

/// Each value has a place, each place a value.
void expect_bound(const Statement& statement) {
  std::set<std::string> places, values;
  for (const auto& place : query::placeholders(statement.sql)) places.insert(place.name);
  for (const auto& [name, value] : statement.parameters) values.insert(name);
  EXPECT_EQ(places, values) << statement.sql;
  EXPECT_THAT(statement.sql, Not(HasSubstr("hostile")));
  EXPECT_TRUE(statement.sql.starts_with("SELECT ")) << statement.sql;
}

std::vector<Statement> all_of(const Question& one, const std::vector<Key>& keys) {
  const auto plan = make_plan(one, kNow, {}, 0);
  EXPECT_TRUE(plan);
  if (!plan) return {};
  if (one.view == View::flows)
    return {flows_statement(one, *plan, std::nullopt), flows_statement(one, *plan, FlowCursor{"123", 4}),
            export_statement(one, *plan, 10)};
  std::vector<Statement> out{total_statement(one, *plan), table_statement(one, *plan),
                             unknown_statement(one, *plan), export_statement(one, *plan, 10)};
  if (one.view == View::table) return out;
  for (const Part part : {Part{}, Part{true, false}, Part{false, true}, Part{true, true}}) {
    out.push_back(series_statement(one, *plan, keys, part));
    out.push_back(coverage_statement(one, *plan, part));
  }
  if (!one.by.empty()) out.push_back(rank_statement(one, *plan, finished_slots(*plan, kNow)));
  return out;
}

TEST(Statements, BindEveryValue) {
  for (const std::string text : kHostile) {
    const std::string filter = "exporter_name = \"" + text + "\" or in_if_name like \"" + text +
                               "\" or src net 192.0.2.0/24 and bytes > 5";
    for (const View view : {View::series, View::table, View::flows})
      for (const char* rank : {"mean", "max", "last", "p95"}) {
        const json by = view == View::flows ? json::array()
                                            : json{"exporter_name", "src_as", "src_addr/24", "service_port"};
        const Question one = question(
            {{"filter", filter}, {"by", by}, {"rank", rank}, {"exporters", {"192.0.2.1"}}, {"before", "day"}},
            view);
        for (const Statement& statement : all_of(one, {{text, 5, "::ffff:192.0.2.0", 443}}))
          expect_bound(statement);
      }
  }
}

TEST(Statements, NameOnlyTablesOfTheProgram) {
  static const std::regex kFrom("FROM ([a-z_0-9.(]+)");
  const Question one = question({{"by", {"src_as"}}, {"filter", "proto tcp"}, {"rank", "p95"}});
  for (const Statement& statement : all_of(one, {{5}}))
    for (std::sregex_iterator at(statement.sql.begin(), statement.sql.end(), kFrom), end; at != end; ++at) {
      const std::string name = (*at)[1];
      EXPECT_TRUE(name == "(" || name == kRawTable || find_rollup(name) != nullptr || name.starts_with("("))
          << statement.sql;
    }
}

TEST(Statements, RankByTheSlotsThatAreFinished) {
  const auto last = [](const json& range, std::chrono::seconds now) {
    Question one = question({{"by", {"src_as"}}, {"rank", "last"}, {"step", 60}});
    one.from = kNow - std::chrono::seconds(range[0].get<int>());
    one.to = kNow - std::chrono::seconds(range[1].get<int>());
    const auto plan = make_plan(one, kNow, {}, 0);
    if (!plan) return std::string("no plan");
    const Statement statement = rank_statement(one, *plan, finished_slots(*plan, kNow + now));
    static const std::regex kLast(R"(sumIf\(v, slot = \{(p\d+):UInt64\} - 1\))");
    std::smatch found;
    return std::regex_search(statement.sql, found, kLast) ? statement.parameters.at(found[1]) : statement.sql;
  };
  using std::chrono::seconds;
  EXPECT_EQ(last({7200, 3600}, seconds(0)), "60") << "all of a range in the past";
  EXPECT_EQ(last({3600, 0}, seconds(14)), "59") << "the last is still arriving";
  EXPECT_EQ(last({3600, 0}, seconds(15)), "60");
  EXPECT_EQ(last({3600, -30}, seconds(30)), "60") << "another is not over";
  EXPECT_EQ(last({7200, 7140}, seconds(0)), "1") << "a single one";
  EXPECT_EQ(last({10, 0}, seconds(0)), "1") << "none is finished";
}

TEST(Cursor, IsReadBackAndNothingElseIs) {
  const auto read = parse_cursor(cursor_text({"1795946400000000000", 17}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value, "1795946400000000000");
  EXPECT_EQ(read->skip, 17U);
  for (const char* text : {"", ":", "1", "1:", ":1", "x:1", "1:x", "1:1 ", "-1:1", "1:-1",
                           "111111111111111111111:1", "1:99999999999"})
    EXPECT_FALSE(parse_cursor(text)) << text;
}

}  // namespace
}  // namespace sluice::web
