// Every relative link of README.md and docs/**/*.md leads to a file that exists, and to a heading that exists
// where it names one; so does every path of the tree that is written as code; README.md leads to every file
// of docs; and the drawn map has the modules that there are.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "markdown.hpp"
#include "unit/cli/process.hpp"

namespace sluice::docs::test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SLUICE_SOURCE_DIR;

TEST(Links, LeadToFilesAndHeadingsThatExist) {
  std::size_t followed = 0;
  for (const fs::path& document : documents()) {
    for (const Link& link : links(document)) {
      if (link.file.empty()) continue;
      ++followed;
      ASSERT_FALSE(link.target.starts_with('/'))
          << document << ": " << link.line << "\nis a path of this machine";
      EXPECT_TRUE(fs::exists(link.file)) << document << ": " << link.line << "\nthere is no " << link.file;
      if (link.anchor.empty() || !fs::exists(link.file)) continue;
      EXPECT_TRUE(anchors(link.file).contains(link.anchor))
          << document << ": " << link.line << "\n"
          << link.file << " has no heading #" << link.anchor;
    }
  }
  EXPECT_GE(followed, 10U) << "the documents link to each other; were the links found?";
}

TEST(Links, StayWithinTheTree) {
  for (const fs::path& document : documents())
    for (const Link& link : links(document))
      EXPECT_FALSE(link.file.lexically_relative(kRoot).string().starts_with(".."))
          << document << ": " << link.line;
}

TEST(Links, LeadFromTheReadmeToEveryFileOfDocs) {
  std::set<fs::path> reached{kRoot / "README.md"};
  std::deque<fs::path> next{kRoot / "README.md"};
  for (; !next.empty(); next.pop_front()) {
    if (next.front().extension() != ".md") continue;
    for (const Link& link : links(next.front()))
      if (!link.file.empty() && reached.insert(link.file).second) next.push_back(link.file);
  }
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.is_directory()) continue;
    EXPECT_TRUE(reached.contains(entry.path()))
        << entry.path() << ": no way of links leads here from README.md; name it where its readers look";
  }
}

TEST(Links, PathsOfTheTreeExist) {
  // Capital letters stand for a name of the reader's choice.
  static const std::regex kPath("`((?:config|deploy|docs|include|proto|src|tests)/[a-z0-9_./-]+)`");
  std::size_t found = 0;
  for (const fs::path& document : documents()) {
    for (const std::string& line : prose(document)) {
      for (std::sregex_iterator it(line.begin(), line.end(), kPath), end; it != end; ++it) {
        ++found;
        EXPECT_TRUE(fs::exists(kRoot / (*it)[1].str())) << document << ": " << line;
      }
    }
  }
  EXPECT_GE(found, 30U);
}

TEST(Pictures, TheMapHasTheModulesThatThereAre) {
  static const std::regex kName(R"(class="name"[^>]*>([a-z]+)<)");
  const std::string map = cli::test::read_file(kRoot / "docs/pictures/architecture.svg");
  std::set<std::string> drawn;
  for (std::sregex_iterator it(map.begin(), map.end(), kName), end; it != end; ++it)
    drawn.insert((*it)[1].str());
  // The two halves of http, which has no modules below it.
  EXPECT_EQ(drawn.erase("server") + drawn.erase("client"), 2U);

  std::set<std::string> there;
  for (const char* wing : {"lib", "collector", "tools"})
    for (const auto& entry : fs::directory_iterator(kRoot / "src" / wing))
      if (entry.is_directory()) there.insert(entry.path().filename());
  EXPECT_EQ(drawn, there);
}

TEST(Links, HeadingsGetTheirAnchors) {
  EXPECT_EQ(slug("Decode errors"), "decode-errors");
  EXPECT_EQ(slug("`/metrics` and /healthz"), "metrics-and-healthz");
  EXPECT_EQ(slug("NetFlow v9, IPFIX: sets"), "netflow-v9-ipfix-sets");
  EXPECT_EQ(slug("**Half**, *double*: what_is [it](x.md#y)?"), "half-double-what_is-it");
  EXPECT_EQ(slug("a - b"), "a---b");
}

}  // namespace
}  // namespace sluice::docs::test
