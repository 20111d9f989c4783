#include "query/questions.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "flow/columns.hpp"
#include "query/choose_table.hpp"

namespace sluice::query {
namespace {

using testing::HasSubstr;

TEST(Document, IsTheFileOfTheTree) {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/queries.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(document(), text.str());
}

TEST(Document, HoldsWholeQuestions) {
  const auto questions = parse_questions(document());
  ASSERT_TRUE(questions) << questions.error();
  ASSERT_EQ(questions->size(), 37U);
  std::set<std::string> titles;
  for (const Question& question : *questions) {
    SCOPED_TRACE(question.title);
    EXPECT_TRUE(titles.insert(question.title).second);
    EXPECT_THAT(question.title, testing::EndsWith("?"));
    EXPECT_THAT(question.sql, testing::ContainsRegex("SELECT"));
    EXPECT_THAT(question.sql, testing::Not(HasSubstr(";")));
    EXPECT_GE(question.reading.size(), 40U) << question.reading;
    EXPECT_FALSE(question.parameters.empty());
    for (const Parameter& parameter : question.parameters) EXPECT_FALSE(parameter.placeholder.type.empty());
  }
}

// Which tables a question reads, and the slots that its answer has, where it has any: it may read none
// longer.
struct Reads {
  unsigned number;
  std::vector<std::string> tables;
  std::chrono::seconds step{};
  bool each_flow = false;  ///< it asks something of every flow, which sums do not tell
};

const std::vector<Reads>& reads() {
  using namespace std::chrono_literals;
  static const std::string raw(kRawTable);
  static const std::vector<Reads> rows = {
      {1, {raw}},
      {2, {"flows_1m"}},
      {3, {"flows_1m"}},
      {4, {"ases_5m"}},
      {5, {"ases_5m"}},
      {6, {"interfaces_5m"}, 5min},
      {7, {"interfaces_5m"}, 5min},
      {8, {raw}},
      {9, {raw}},
      {10, {raw}},
      {11, {raw}, 0s, true},  // the size of its packets
      {12, {"interfaces_1h"}, 1h},
      {13, {raw}},
      {14, {raw}},
      {15, {"interfaces_1h"}},
      {16, {raw}},
      {17, {raw}},
      {18, {raw}},
      {19, {raw}},
      {20, {raw}},
      {21, {raw}},
      {22, {raw}},
      {23, {raw}},
      {24, {raw}},
      {25, {"flows_1m"}},
      {26, {"flows_1m"}, 1min},
      {27, {raw}},
      {28, {"interfaces_5m", "interfaces_5m", "ases_5m"}},
      {29, {}},  // flows_errors, beside which there is nothing
      {30, {raw}},
      {31, {"countries_1h"}},
      {32, {raw}},
      {33, {raw}},
      {34, {raw}},
      {35, {raw}},
      {36, {raw}},
      {37, {raw}},
  };
  return rows;
}

/// The parts of a UNION ALL, each of which reads one table of flows.
std::vector<std::string> parts_of(std::string sql) {
  static const std::string joint = "UNION ALL";
  std::vector<std::string> out;
  for (auto at = sql.find(joint); at != std::string::npos; at = sql.find(joint)) {
    out.push_back(sql.substr(0, at));
    sql.erase(0, at + joint.size());
  }
  out.push_back(sql);
  return out;
}

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex wanted(pattern);
  std::vector<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end; ++at)
    out.push_back((*at)[1].str());
  return out;
}

/// The rollup that it reads, or flows_raw; empty where it reads neither.
std::string table_of(const std::string& part) {
  for (const std::string& table : matches(part, "FROM sluice\\.(\\w+)"))
    if (table == kRawTable || find_rollup(table)) return table;
  return "";
}

/// The columns of flows that it names; names that it gives by itself are none.
std::vector<std::string> columns_of(const std::string& part) {
  const auto own_list = matches(part, "\\bAS (\\w+)");
  const std::set<std::string> own(own_list.begin(), own_list.end());
  const std::string bare = std::regex_replace(part, std::regex("'[^']*'|\\{\\w+:"), "");
  const auto all = column_names();
  std::set<std::string> out;
  for (const std::string& word : matches(bare, "\\b([a-z]\\w*)\\b")) {
    const bool column = std::ranges::find(all, word) != all.end();
    if (column && !own.contains(word)) out.insert(word == "time_received" ? "time" : word);
  }
  return {out.begin(), out.end()};
}

/// What `sluice query --tables --columns ...` answers for a part of the question with its defaults.
std::string smallest_table(const Question& question, const std::string& part, std::chrono::seconds step) {
  const std::chrono::sys_seconds now{std::chrono::seconds(1795262417)};  // on no slot's bound
  std::map<std::string, std::string> values;
  for (const Parameter& one : question.parameters) values[one.placeholder.name] = one.fallback;
  const auto resolved = resolve(placeholders(question.sql), values, now);
  EXPECT_TRUE(resolved) << resolved.error();
  const auto choice = choose_table({.columns = columns_of(part),
                                    .from = time_of(resolved->at("from")).value(),
                                    .to = time_of(resolved->at("to")).value(),
                                    .step = step},
                                   now);
  return choice ? std::string(choice->table) : choice.error().reason;
}

TEST(Document, EachQuestionReadsTheSmallestTableThatCanAnswerIt) {
  const auto questions = parse_questions(document());
  ASSERT_TRUE(questions) << questions.error();
  ASSERT_EQ(questions->size(), reads().size());
  for (const Question& question : *questions) {
    SCOPED_TRACE(std::to_string(question.number) + ". " + question.title);
    const Reads& wanted = reads()[question.number - 1];
    EXPECT_EQ(wanted.number, question.number);
    std::vector<std::string> tables;
    for (const std::string& part : parts_of(question.sql)) {
      const std::string table = table_of(part);
      if (table.empty()) continue;
      tables.push_back(table);
      const std::string smallest =
          wanted.each_flow ? std::string(kRawTable) : smallest_table(question, part, wanted.step);
      EXPECT_EQ(table, smallest) << testing::PrintToString(columns_of(part));
    }
    EXPECT_EQ(tables, wanted.tables);
  }
}

constexpr const char* kGood =
    "# Title\n\n## Before the questions\n\ntext with `code=1`\n\n"
    "## 1. Who?\n\nProse.\n\n```sql\nSELECT {port:UInt16}\nWHERE {from:DateTime} < {to:DateTime}\n```\n\n"
    "Read it: one line\nand another.\n\n"
    "Parameters: `port=53` (the (UDP) port, as in `x=1`), `from=to-1h`,\n`to=now`\n\n"
    "## 2. What?\n\n```sql\nSELECT 1\n```\n\nRead it: it is 1.\n\n## After them\n";

std::string changed(std::string from, const std::string& to, std::string text = kGood) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("not in the text: " + from);
  return text.replace(at, from.size(), to);
}

TEST(ParseQuestions, TakesAllParts) {
  const auto questions = parse_questions(kGood);
  ASSERT_TRUE(questions) << questions.error();
  ASSERT_EQ(questions->size(), 2U);
  const Question& first = questions->front();
  EXPECT_EQ(first.number, 1U);
  EXPECT_EQ(first.title, "Who?");
  EXPECT_EQ(first.sql, "SELECT {port:UInt16}\nWHERE {from:DateTime} < {to:DateTime}\n");
  EXPECT_EQ(first.reading, "one line and another.");
  ASSERT_EQ(first.parameters.size(), 3U);
  EXPECT_EQ(first.parameters[0].placeholder, (Placeholder{"port", "UInt16"}));
  EXPECT_EQ(first.parameters[0].fallback, "53");
  EXPECT_EQ(first.parameters[0].meaning, "the (UDP) port, as in `x=1`");
  EXPECT_EQ(first.parameters[1].fallback, "to-1h");
  EXPECT_EQ(first.parameters[1].meaning, "");
  EXPECT_EQ(questions->back().title, "What?");
  EXPECT_TRUE(questions->back().parameters.empty());
}

TEST(ParseQuestions, SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, const char*> rows[] = {
      {changed("## 2. What?", "## 3. What?"), "docs/queries.md:22: question 3 should be number 2"},
      {changed("## 1. Who?", "## 2. Who?"), "docs/queries.md:7: question 2 should be number 1"},
      {changed("Read it: it is 1.", "It is 1."), "docs/queries.md:22: the question has no line \"Read it"},
      {changed("```sql\nSELECT 1\n```", "SELECT 1"), "docs/queries.md:22: the question has no ```sql block"},
      {changed("```\n\nRead it: it is 1.\n\n## After them\n", ""), "the ```sql block has no end"},
      {changed("Read it: it is 1.", "```sql\nSELECT 2\n```"), "a second ```sql block"},
      {changed("`port=53`", "`ports=53`"), "parameter ports is not in the SQL"},
      {changed("`port=53` (the (UDP) port, as in `x=1`), ", ""), "parameter port has no default"},
      {changed("`to=now`", "`to=now`, `to=now`"), "parameter to stands there twice"},
      {changed("`port=53`", "`port=many`"), "default of port: \"many\" is no number of type UInt16"},
      {changed("`to=now`", "`to=tomorrow`"), "default of from: \"to-1h\" is no time"},
      {changed("`from=to-1h`", "`from=`"), "default of from: \"\" is no time"},
  };
  for (const auto& [text, sentence] : rows) {
    const auto questions = parse_questions(text);
    ASSERT_FALSE(questions) << sentence;
    EXPECT_THAT(questions.error(), HasSubstr(sentence));
  }
}

TEST(ParseQuestions, NoQuestionsAreNoError) {
  EXPECT_EQ(parse_questions("").value().size(), 0U);
  EXPECT_EQ(parse_questions("## Heading\n## x. y\n## 99999999999999999999. z\n").value().size(), 0U);
}

}  // namespace
}  // namespace sluice::query
