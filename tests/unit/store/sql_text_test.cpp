#include "store/sql_text.hpp"

#include <gtest/gtest.h>

namespace sluice::store {
namespace {

std::string data_of(std::string_view text) { return std::string(text.substr(analyse(text).data_begin)); }

TEST(SqlText, NothingIsNothing) {
  for (const std::string_view text : {"", "  \n", "-- only a comment", "/* and */ # another", ";", "/* open"})
    EXPECT_EQ(analyse(text).kind, StatementKind::none) << text;
}

TEST(SqlText, KindIsToldByTheFirstWord) {
  EXPECT_EQ(analyse("select 1").kind, StatementKind::select);
  EXPECT_EQ(analyse("/* x */ WITH 1 AS a SELECT a").kind, StatementKind::select);
  EXPECT_EQ(analyse("(SELECT 1) UNION ALL (SELECT 2)").kind, StatementKind::select);
  EXPECT_EQ(analyse("SHOW TABLES").kind, StatementKind::other);
  EXPECT_EQ(analyse("set max_threads = 1").kind, StatementKind::set);
  EXPECT_EQ(analyse("SETTINGS").kind, StatementKind::other);
}

TEST(SqlText, DataFollowsTheFormatAndOneLineBreak) {
  const auto statement = analyse("INSERT INTO t (a, b) FORMAT CSV\n\n1,2\n");
  EXPECT_EQ(statement.kind, StatementKind::insert_data);
  EXPECT_EQ(statement.format, "CSV");
  EXPECT_EQ(statement.insert_head, "INSERT INTO t (a, b) ");
  EXPECT_EQ(data_of("INSERT INTO t FORMAT CSV\n\n1,2\n"), "\n1,2\n");
  EXPECT_EQ(data_of("INSERT INTO t FORMAT TSV \t\r\n1\t2"), "1\t2");
  EXPECT_EQ(data_of("INSERT INTO t FORMAT RowBinary"), "");
}

TEST(SqlText, DataMayHoldAnyByte) {
  const std::string data("\0\n\n';FORMAT x\x01", 15);
  const std::string text = "INSERT INTO t FORMAT RowBinary\n" + data;
  EXPECT_EQ(data_of(text), data);
}

TEST(SqlText, ValuesAreDataToo) {
  const auto statement = analyse("INSERT INTO t VALUES (1, 'x'), (2, 'y')");
  EXPECT_EQ(statement.kind, StatementKind::insert_data);
  EXPECT_EQ(statement.format, "VALUES");
  EXPECT_EQ(statement.insert_head, "INSERT INTO t ");
  EXPECT_EQ(data_of("INSERT INTO t VALUES (1)"), " (1)");
}

TEST(SqlText, TablesMayHaveTheNamesOfClauses) {
  EXPECT_EQ(analyse("INSERT INTO values VALUES (1)").insert_head, "INSERT INTO values ");
  EXPECT_EQ(analyse("INSERT INTO TABLE db.format FORMAT CSV\n1").insert_head, "INSERT INTO TABLE db.format ");
  EXPECT_EQ(analyse("INSERT INTO `select` FORMAT CSV\n1").kind, StatementKind::insert_data);
  EXPECT_EQ(analyse("insert into t (`values`, \"format\", select) format JSONEachRow {}").format,
            "JSONEachRow");
}

TEST(SqlText, SettingsStayWithTheHead) {
  EXPECT_EQ(analyse("INSERT INTO t SETTINGS async_insert=1 FORMAT CSV\n1").insert_head,
            "INSERT INTO t SETTINGS async_insert=1 ");
  const std::string_view text = "INSERT INTO t FORMAT CSV SETTINGS a = 1, b.c = 'x,y', d = -0.5\n1,2";
  EXPECT_EQ(analyse(text).insert_head, "INSERT INTO t SETTINGS a = 1, b.c = 'x,y', d = -0.5");
  EXPECT_EQ(data_of(text), "1,2");
}

TEST(SqlText, QueriesBringNoData) {
  EXPECT_EQ(analyse("INSERT INTO t SELECT * FROM u").kind, StatementKind::insert_select);
  EXPECT_EQ(analyse("INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x").kind, StatementKind::insert_select);
  EXPECT_EQ(analyse("INSERT INTO t SELECT values FROM u").kind, StatementKind::insert_select);
  EXPECT_FALSE(analyse("INSERT INTO t SELECT * FROM u").data_for_query);
  EXPECT_TRUE(analyse("INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV\n1").data_for_query);
  EXPECT_EQ(analyse("INSERT INTO FUNCTION remote('x', 'SELECT', 'y') FORMAT CSV\n1").kind,
            StatementKind::insert_data);
}

TEST(SqlText, FormatOfAnAnswer) {
  EXPECT_EQ(analyse("SELECT 1 FORMAT JSON").format, "JSON");
  EXPECT_EQ(analyse("SELECT 1 format CSV;").format, "CSV");
  EXPECT_EQ(analyse("SHOW TABLES FORMAT Native SETTINGS max_threads=1").format, "Native");
  EXPECT_EQ(analyse("SELECT format('{}', 1)").format, "");
  EXPECT_EQ(analyse("SELECT format FROM t").format, "");
  EXPECT_EQ(analyse("SELECT ' FORMAT JSON'").format, "");
  EXPECT_EQ(analyse("SELECT 1 -- FORMAT JSON").format, "");
  EXPECT_EQ(analyse("SELECT $$ FORMAT JSON$$").format, "");
  EXPECT_EQ(analyse("SELECT 'it''s \\' FORMAT x' FORMAT CSV").format, "CSV");
}

TEST(SqlText, FilesOfTheServerAreNoticed) {
  EXPECT_TRUE(analyse("SELECT 1 INTO OUTFILE 'x'").writes_file);
  EXPECT_TRUE(analyse("select 1 into /* */ outfile 'x' format CSV").writes_file);
  EXPECT_TRUE(analyse("EXPLAIN SELECT 1 INTO OUTFILE 'x'").writes_file);
  EXPECT_FALSE(analyse("SELECT 'INTO OUTFILE'").writes_file);
  EXPECT_TRUE(analyse("INSERT INTO t FROM INFILE 'x' FORMAT CSV").reads_file);
}

TEST(SqlText, WhatIsCutAnywhereIsRead) {
  const std::string text =
      "INSERT INTO `a`.b (c, \"d\") SETTINGS x='y', z=$q$w$q$ /* c */ FORMAT CSV SETTINGS e=1.5 \n1,2";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto statement = analyse(std::string_view(text).substr(0, size));
    EXPECT_LE(statement.data_begin, size);
  }
}

TEST(SqlText, Quoting) {
  EXPECT_EQ(quoted("it's a \\"), "'it\\'s a \\\\'");
  EXPECT_EQ(quoted_name("a`b\\"), "`a\\`b\\\\`");
}

}  // namespace
}  // namespace sluice::store
