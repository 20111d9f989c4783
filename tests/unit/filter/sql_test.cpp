#include "filter/sql.hpp"

#include <gtest/gtest.h>

#include "filter/parser.hpp"

namespace sluice::filter::test {
namespace {

Sql sql_of(std::string_view text) {
  const auto parsed = parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? to_sql(*parsed, "f") : Sql{};
}

TEST(SqlOfFilters, BindsValues) {
  const Sql sql = sql_of("src port > 1023 and not host 192.0.2.1");
  EXPECT_EQ(sql.condition,
            "((src_port >= {f0:UInt64} AND NOT (src_addr = {f1:IPv6} OR dst_addr = {f2:IPv6})))");
  const std::map<std::string, std::string> values{
      {"f0", "1024"}, {"f1", "::ffff:192.0.2.1"}, {"f2", "::ffff:192.0.2.1"}};
  EXPECT_EQ(sql.parameters, values);
}

TEST(SqlOfFilters, ListsAndPrefixesAreRanges) {
  EXPECT_EQ(sql_of("src_addr in 192.0.2.0/24").condition, "(src_addr BETWEEN {f0:IPv6} AND {f1:IPv6})");
  EXPECT_EQ(sql_of("src port in [1, 3, 4]").condition,
            "((src_port = {f0:UInt64} OR src_port BETWEEN {f1:UInt64} AND {f2:UInt64}))");
  EXPECT_EQ(sql_of("as_path[2] = 3").condition, "((length(as_path) >= 2 AND as_path[2] = {f0:UInt64}))");
  EXPECT_EQ(sql_of("as_path = 3").condition, "(arrayExists(element -> element = {f0:UInt64}, as_path))");
}

TEST(SqlOfFilters, NothingOfAUsersStandsInTheStatement) {
  for (const char* hostile :
       {"x' OR 1=1 --", "\\", "\\' OR 1 --", "{f0:String}", "%'; DROP TABLE flows_raw", "`\n/*"})
    for (const char* form : {"in_if_name = \"", "in_if_name like \"", "in_if_name in [a, \""}) {
      std::string text = std::string(form) + hostile + "\"";
      if (text.find('[') != std::string::npos) text += "]";
      const Sql sql = sql_of(text);
      EXPECT_EQ(sql.condition.find_first_not_of("abcdefghijklmnopqrstuvwxyzILKEANStrgUy_0123456789 ={}:()"),
                std::string::npos)
          << sql.condition;
      EXPECT_EQ(sql.condition.find("DROP"), std::string::npos);
      EXPECT_EQ(sql.parameters.size(), 1U);
    }
}

TEST(SqlOfFilters, ArraysAndPatternsAreEscaped) {
  EXPECT_EQ(sql_of("in_if_name in [\"it's\", \"a\\b\"]").parameters.at("f0"), "['a\\\\b', 'it\\'s']");
  EXPECT_EQ(sql_of("in_if_name like \"a\\b%\"").parameters.at("f0"), "a\\\\b%");
}

}  // namespace
}  // namespace sluice::filter::test
