// docs/protocols.md says of each thing that exporters really send how it is handled and which test shows it:
// the tests named are there, each test of a row stands in it, and the sums are those of the table.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

const std::string kSource = SLUICE_SOURCE_DIR;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
    std::string found = (*at)[1].str();
    if (at->size() > 2) found += "." + (*at)[2].str();
    out.push_back(found);
  }
  return out;
}

/// "Suite.Name" of each unit test in the sources.
const std::set<std::string>& tests_in_the_sources() {
  static const std::set<std::string> names = [] {
    std::set<std::string> out;
    const std::regex test(R"(TEST(?:_F|_P)?\((\w+),\s*(\w+)\))");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource + "/tests/unit"))
      if (entry.path().extension() == ".cpp")
        for (const std::string& name : matches(text_of(entry.path()), test)) out.insert(name);
    return out;
  }();
  return names;
}

std::string section() {
  const std::string text = text_of(kSource + "/docs/protocols.md");
  const auto begin = text.find("## What exporters really send\n");
  const auto end = text.find("\n## ", begin + 1);
  EXPECT_NE(begin, std::string::npos);
  return begin == std::string::npos ? "" : text.substr(begin, end - begin);
}

struct QuirkRow {
  std::string number, handled;
  std::vector<std::string> tests;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) out.push_back(cell.substr(1, cell.size() - 2));
  return out;
}

const std::regex kQuotedTest(R"(`([A-Z]\w+)\.(\w+)`)");

std::vector<QuirkRow> rows() {
  std::vector<QuirkRow> out;
  std::istringstream in(section());
  for (std::string line; std::getline(in, line);) {
    if (!std::regex_search(line, std::regex(R"(^\| \d+[a-z]? \|)"))) continue;
    const auto cells = cells_of(line);
    if (cells.size() != 5) {
      ADD_FAILURE() << "five cells: " << line;
      continue;
    }
    out.push_back({cells[0], cells[3], matches(cells[4], kQuotedTest)});
  }
  return out;
}

TEST(QuirkTable, EachRowIsHandledOrRefusedAndNamesItsTests) {
  const std::vector<QuirkRow> table = rows();
  ASSERT_FALSE(table.empty());
  std::set<std::string> numbers;
  for (const QuirkRow& row : table) {
    EXPECT_TRUE(numbers.insert(row.number).second) << row.number << " stands twice";
    EXPECT_FALSE(row.tests.empty()) << row.number;
    EXPECT_TRUE(std::ranges::any_of(
        row.tests, [&](const std::string& test) { return test.starts_with("Quirk.Row" + row.number + "_"); }))
        << "a test of its own for row " << row.number;
  }
  for (int number = 1; number <= 58; ++number)
    EXPECT_TRUE(numbers.contains(std::to_string(number))) << number;
}

TEST(QuirkTable, TheTestsThatItNamesAreThere) {
  for (const std::string& name : matches(section(), kQuotedTest))
    EXPECT_TRUE(tests_in_the_sources().contains(name)) << name;
}

TEST(QuirkTable, EachTestOfARowStandsInIt) {
  std::map<std::string, std::vector<std::string>> tests;
  for (const QuirkRow& row : rows()) tests[row.number] = row.tests;
  for (const std::string& name : tests_in_the_sources()) {
    std::smatch found;
    if (!std::regex_search(name, found, std::regex(R"(^Quirk\.Row(\d+[a-z]?)_)"))) continue;
    const auto& named = tests[found[1].str()];
    EXPECT_NE(std::ranges::find(named, name), named.end()) << name;
  }
}

TEST(QuirkTable, TheSumsAreThoseOfTheTable) {
  const std::vector<QuirkRow> table = rows();
  const auto count = [&](std::string_view how) {
    return std::ranges::count_if(table, [how](const QuirkRow& row) { return row.handled.starts_with(how); });
  };
  const auto handled = count("default");
  const auto configured = count("setting: `");
  const auto refused = count("refused: ");
  EXPECT_EQ(static_cast<std::size_t>(handled + configured + refused), table.size());
  std::ostringstream sums;
  sums << "\n"
       << table.size() << " rows: " << handled << " handled by default, " << configured << " by a setting, "
       << refused << " refused.\n";
  EXPECT_NE(section().find(sums.str()), std::string::npos) << sums.str();
}

}  // namespace
}  // namespace sluice
