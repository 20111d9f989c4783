#include "schema/rollup_files.hpp"

#include <gmock/gmock.h>

#include "schema/distributed.hpp"

namespace sluice::schema {
namespace {

using testing::HasSubstr;

TEST(RollupFiles, EachColumnHasAType) {
  for (const Rollup& rollup : rollups())
    for (const RollupColumn& column : rollup_columns(rollup))
      EXPECT_NE(type_of(column), "") << rollup.name << '.' << column.name;
}

TEST(RollupFiles, EachRollupIsMadeInOneOfTheTwoFiles) {
  const std::string sql = rollups_sql();
  const std::string shorter = short_rollups_sql();
  for (const Rollup& rollup : rollups()) {
    const std::string statement = "CREATE TABLE IF NOT EXISTS {{db}}." + std::string(rollup.name) + "{{";
    EXPECT_NE(sql.find(statement) == std::string::npos, shorter.find(statement) == std::string::npos)
        << rollup.name;
  }
}

TEST(RollupFiles, SomethingIsSaidAboveEachTableOfColumns) {
  EXPECT_THAT(rollup_sections(), testing::Not(HasSubstr("\n\n\n"))) << "a row without .about";
  EXPECT_THAT(rollup_sections(), testing::Not(HasSubstr("{"))) << "a word in braces that stands for nothing";
}

TEST(RollupFiles, EachRollupIsOnEveryList) {
  for (const Rollup& rollup : rollups()) {
    const std::string name(rollup.name);
    EXPECT_THAT(stop_sql(), HasSubstr("{{db}}." + name + "_view{{on_cluster}}"));
    EXPECT_THAT(distributed_sql(), HasSubstr("'" + name + "'"));
    EXPECT_THAT(rollups_shell(), HasSubstr("[" + name + "]=" + std::string(rollup.source)));
    EXPECT_THAT(rollups_shell(), HasSubstr("--retention-" + std::string(rollup.retention.name) + " N"));
    EXPECT_THAT(rollup_tree(), HasSubstr(name));
    EXPECT_THAT(rollup_sections(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace sluice::schema
