// What the engine's formatter has written of a statement, and what of it leads outside.
#include "store/outside.hpp"

#include <gmock/gmock.h>

#include "unit/store/http_fixture.hpp"

namespace sluice::store {
namespace {

TEST(Outside, FilesOfAnswersAndData) {
  EXPECT_TRUE(reaches_outside("SELECT `(` INTO OUTFILE 'x'"));
  EXPECT_TRUE(reaches_outside("INSERT INTO t FROM INFILE 'x' FORMAT CSV"));
  EXPECT_FALSE(reaches_outside("SELECT `INTO OUTFILE`, 'INTO OUTFILE', infile FROM outfile"));
}

TEST(Outside, SourcesOfDictionaries) {
  const auto made = [](const std::string& source) {
    return "CREATE DICTIONARY d (`k` UInt64 DEFAULT 'SOURCE(') PRIMARY KEY k SOURCE(" + source +
           ") LIFETIME(MIN 0 MAX 0) LAYOUT(FLAT())";
  };
  for (const char* const inside :
       {"CLICKHOUSE(QUERY 'SELECT 1')", "CLICKHOUSE(USER 'sluice_files' DB 'a' TABLE 'host')",
        "FILE(PATH 'x' FORMAT 'CSV')", "NULL()"})
    EXPECT_FALSE(reaches_outside(made(inside))) << inside;
  for (const char* const outside :
       {"EXECUTABLE(COMMAND 'id' FORMAT 'TSV')", "HTTP(URL 'http://x' FORMAT 'TSV')", "MYSQL(HOST 'a')", "",
        "`file`()", "CLICKHOUSE(QUERY 'a' HOST 'b')", "CLICKHOUSE(PORT 9000)",
        "CLICKHOUSE(NAME 'collection')", "CLICKHOUSE(SECURE 1)"}) {
    EXPECT_TRUE(reaches_outside(made(outside))) << outside;
    EXPECT_TRUE(reaches_outside("CREATE TABLE t (`n` Int8) ENGINE = Memory PARALLEL WITH " + made(outside)))
        << outside;
  }
  EXPECT_TRUE(
      reaches_outside("CREATE DICTIONARY d SOURCE(CLICKHOUSE(QUERY 'a')) SOURCE(EXECUTABLE(COMMAND 'b'))"));
}

TEST(Outside, DisksOfTables) {
  EXPECT_TRUE(
      reaches_outside("CREATE TABLE t (`n` Int8) ENGINE = MergeTree SETTINGS disk = disk(type = s3)"));
  EXPECT_FALSE(reaches_outside("SELECT disk, (1), `disk`(2) FROM system.disks"));
}

/// Names may be written with escapes, words of the language may not.
TEST(Outside, WhatIsLookedAtCloser) {
  for (const char* const closer :
       {"CREATE TABLE u (s String) ENGINE = MergeTree ORDER BY s SETTINGS `d\\x69sk` = `d\\x69sk`(type = "
        "web)",
        "replace table u (s String) ENGINE = Memory", "ALTER TABLE u MODIFY SETTING \"d\\x69sk\" = 1",
        "/* */AtTaCh TABLE u", "SELECT 1 INTO/**/OUTFILE 'x'", "INSERT INTO t FROM INFILE 'x'"})
    EXPECT_TRUE(may_reach_outside(closer)) << closer;
  EXPECT_FALSE(may_reach_outside("SELECT dictGet('d', 'v', 1), `d\\x69sk` FROM t"));
}

/// The engine is asked only where it may matter, and what it writes counts.
TEST_F(HttpTest, WhatReachesOutsideIsRefused) {
  engine_.reply = [](const std::string& sql) -> FakeEngine::Reply {
    if (sql.starts_with("SELECT formatQuerySingleLine(")) return "SELECT `(` INTO OUTFILE 'x'\n";
    return "1\n";
  };
  start();
  EXPECT_EQ(ask("POST /", "", "SELECT “(” INTO OUTFILE 'x'").headers.at("X-ClickHouse-Exception-Code"),
            "358");
  EXPECT_EQ(ask("POST /", "", "SELECT 1").status, 200U);
  EXPECT_EQ(engine_.statements(),
            (std::vector<std::string>{"SELECT formatQuerySingleLine('SELECT “(” INTO OUTFILE \\'x\\'')",
                                      "SELECT 1"}));
}

TEST_F(HttpTest, WhereItIsAllowedNobodyLooks) {
  start({.credentials = {}, .allow_external = true});
  EXPECT_EQ(ask("POST /", "", "SELECT “(” INTO OUTFILE 'x'").status, 200U);
  EXPECT_EQ(engine_.statements().size(), 1U);
}

}  // namespace
}  // namespace sluice::store
