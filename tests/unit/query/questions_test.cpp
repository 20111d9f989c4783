#include "query/questions.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice::query {
namespace {

using testing::HasSubstr;

TEST(Document, IsTheFileOfTheTree) {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/queries.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(document(), text.str());
}

TEST(Document, HoldsThirtyQuestions) {
  const auto questions = parse_questions(document());
  ASSERT_TRUE(questions) << questions.error();
  ASSERT_EQ(questions->size(), 30U);
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
