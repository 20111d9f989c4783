#include "query/table.hpp"

#include <gmock/gmock.h>

#include "query/table_text.hpp"

namespace sluice::query {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTalkers =
    "source\ttotal_bytes\tseen\nString\tUInt64\tDateTime\n192.0.2.1\t1234567890123\t2026-11-21 "
    "12:00:00\n2001:db8::1\t5\t2026-11-21 12:00:00\n";

std::string rendered(const std::string& tsv, std::size_t width = 0) {
  const auto table = parse_table(tsv);
  return table ? render(*table, width) : table.error();
}

TEST(Table, PutsNumbersAtTheRight) {
  EXPECT_EQ(rendered(kTalkers),
            "source         total_bytes  seen\n"
            "-----------  -------------  -------------------\n"
            "192.0.2.1    1234567890123  2026-11-21 12:00:00\n"
            "2001:db8::1              5  2026-11-21 12:00:00\n");
}

TEST(Table, KnowsNumbersByType) {
  const auto table = parse_table(
      "a\tb\tc\td\te\tf\tg\nInt8\tNullable(UInt64)\tLowCardinality(Nullable(Float64))\tDecimal(9, "
      "2)\tString\t"
      "IntervalDay\tArray(UInt8)\n");
  ASSERT_TRUE(table);
  std::vector<bool> numbers;
  for (const auto& column : table->columns) numbers.push_back(column.number);
  EXPECT_THAT(numbers, ElementsAre(true, true, true, true, false, false, false));
}

TEST(Table, ThatFitsExactlyStaysColumns) {
  EXPECT_THAT(rendered(kTalkers, 47), testing::StartsWith("source         total_bytes"));
}

TEST(Table, TooWideBecomesBlocks) {
  EXPECT_EQ(rendered(kTalkers, 46),
            "-- row 1\n"
            "source       192.0.2.1\n"
            "total_bytes  1234567890123\n"
            "seen         2026-11-21 12:00:00\n"
            "-- row 2\n"
            "source       2001:db8::1\n"
            "total_bytes  5\n"
            "seen         2026-11-21 12:00:00\n");
}

TEST(Table, LongTextsAreCutBeforeThat) {
  const std::string text(60, 'x');
  const std::string tsv = "name\tn\nString\tUInt8\n" + text + "\t7\n";
  EXPECT_EQ(rendered(tsv, 50), "name" + std::string(43, ' ') + "  n\n" + std::string(47, '-') + "  -\n" +
                                   std::string(46, 'x') + "\u2026  7\n");
  EXPECT_THAT(rendered(tsv, 43), HasSubstr(std::string(39, 'x') + "\u2026  7\n"));
  EXPECT_THAT(rendered(tsv, 42), testing::StartsWith("-- row 1\n")) << "40 characters hold any address";
}

TEST(Table, CountsCharactersNotBytes) {
  EXPECT_EQ(rendered("name\tn\nString\tUInt8\nZürich–Köln\t1\nabcdefghijk\t1\n"),
            "name         n\n-----------  -\nZürich–Köln  1\nabcdefghijk  1\n");
}

TEST(Table, HalfALineIsLeftOut) { EXPECT_EQ(parse_table("a\nUInt8\n1\n2").value().rows.size(), 1U); }

TEST(Table, SaysWhatIsNoTable) {
  EXPECT_EQ(parse_table("a\tb\nUInt8\n").error(), "line 2 of the answer has 1 fields, not 2");
  EXPECT_EQ(parse_table("a\tb\nUInt8\tUInt8\n1\t2\t3\n").error(), "line 3 of the answer has 3 fields, not 2");
  EXPECT_THAT(parse_table("Ok.\n").error(), HasSubstr("one line"));
  EXPECT_EQ(rendered(""), "");
}

TEST(Table, EmptyTextsAndNoRows) {
  EXPECT_EQ(rendered("a\nString\n"), "a\n-\n");
  EXPECT_EQ(rendered("a\tb\nString\tString\n\t\n"), "a  b\n-  -\n\n");
}

TEST(Wrapped, BreaksAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree\n");
  EXPECT_EQ(wrapped("one two three", 6), "one\ntwo\nthree\n");
  EXPECT_EQ(wrapped("one incomprehensibilities two", 8), "one\nincomprehensibilities\ntwo\n");
  EXPECT_EQ(wrapped("K\u00f6ln am Rhein", 13), "K\u00f6ln am Rhein\n");
  EXPECT_EQ(wrapped("", 5), "\n");
}

TEST(ShownField, NothingSteersTheTerminal) {
  EXPECT_EQ(shown_field("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(shown_field("bell\x07\x7f"), "bell\\x07\\x7f");
  EXPECT_EQ(shown_field("\xc2\x9b"
                        "31m"),
            "\\xc2\\x9b31m")
      << "the C1 form of ESC [";
  EXPECT_EQ(shown_field("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(shown_field("\xe2\x82"), "\\xe2\\x82") << "a character cut short";
  EXPECT_EQ(shown_field("a\rb"), "a\\x0db");
}

TEST(ShownField, EscapesOfTheFormat) {
  EXPECT_EQ(shown_field("it\\'s C:\\\\x"), "it's C:\\x");
  EXPECT_EQ(shown_field("two\\nlines"), "two\\nlines");
  EXPECT_EQ(shown_field("\\N"), "NULL");
  EXPECT_EQ(shown_field("\\"), "\\");
  EXPECT_EQ(shown_field("Zürich \u2026"), "Zürich \u2026");
}

TEST(Cut, KeepsWholeCharacters) {
  EXPECT_EQ(cut("Köln", 4), "Köln");
  EXPECT_EQ(cut("Köln", 3), "Kö\u2026");
  EXPECT_EQ(cut("Köln", 1), "\u2026");
  EXPECT_EQ(columns_of("Kö\u2026"), 3U);
}

}  // namespace
}  // namespace sluice::query
