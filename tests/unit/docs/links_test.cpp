// Every relative link of README.md and docs/*.md leads to a file that exists, and to a heading that exists
// where it names one; so does every path of the tree that is written as code.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

namespace fs = std::filesystem;

/// Lines that are no code: neither in a fence nor indented by four or more.
std::vector<std::string> prose(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> out;
  bool fenced = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      fenced = !fenced;
      continue;
    }
    if (!fenced && !line.starts_with("    ")) out.push_back(line);
  }
  return out;
}

/// The anchor that GitHub and most others give a heading: small letters, no punctuation, dashes for blanks.
std::string slug(const std::string& heading) {
  std::string out;
  for (const char c : heading) {
    const auto u = static_cast<unsigned char>(c);
    if (c == ' ')
      out += '-';
    else if (u >= 0x80 || std::isalnum(u) || c == '-' || c == '_')
      out += static_cast<char>(std::tolower(u));
  }
  return out;
}

std::set<std::string> anchors(const fs::path& path) {
  static const std::regex kHeading("^#{1,6} +(.*[^# ]) *#*$");
  static const std::regex kLink("\\[([^\\]]*)\\]\\([^)]*\\)");
  std::map<std::string, int> seen;
  std::set<std::string> out;
  for (const std::string& line : prose(path)) {
    std::smatch match;
    if (!std::regex_match(line, match, kHeading)) continue;
    const std::string base = slug(std::regex_replace(match[1].str(), kLink, "$1"));
    const int before = seen[base]++;
    out.insert(before ? base + "-" + std::to_string(before) : base);
  }
  return out;
}

struct Link {
  std::string line;
  std::string target;
};

std::vector<Link> links(const fs::path& path) {
  static const std::regex kSpan("`[^`]*`");
  static const std::regex kInline("\\]\\(([^) ]+)[^)]*\\)");
  static const std::regex kReference("^\\[[^\\]]+\\]: *(\\S+)");
  std::vector<Link> out;
  for (const std::string& line : prose(path)) {
    const std::string plain = std::regex_replace(line, kSpan, "code");
    for (const std::regex& kind : {kInline, kReference})
      for (std::sregex_iterator it(plain.begin(), plain.end(), kind), end; it != end; ++it)
        out.push_back({line, (*it)[1].str()});
  }
  return out;
}

bool elsewhere(const std::string& target) {
  return target.find("://") != std::string::npos || target.starts_with("mailto:");
}

std::vector<fs::path> documents() {
  const fs::path root = SLUICE_SOURCE_DIR;
  std::vector<fs::path> out{root / "README.md"};
  for (const auto& entry : fs::directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") out.push_back(entry.path());
  return out;
}

TEST(Links, LeadToFilesAndHeadingsThatExist) {
  std::size_t followed = 0;
  for (const fs::path& document : documents()) {
    for (const Link& link : links(document)) {
      if (elsewhere(link.target)) continue;
      ++followed;
      const auto hash = link.target.find('#');
      const std::string file = link.target.substr(0, hash);
      const fs::path path = file.empty() ? document : document.parent_path() / file;
      ASSERT_FALSE(file.starts_with('/')) << document << ": " << link.line << "\nis a path of this machine";
      EXPECT_TRUE(fs::exists(path)) << document << ": " << link.line << "\nthere is no " << path;
      if (hash == std::string::npos || !fs::exists(path)) continue;
      EXPECT_TRUE(anchors(path).contains(link.target.substr(hash + 1)))
          << document << ": " << link.line << "\n"
          << path << " has no heading #" << link.target.substr(hash + 1);
    }
  }
  EXPECT_GE(followed, 10U) << "the documents link to each other; were the links found?";
}

TEST(Links, PathsOfTheTreeExist) {
  // Capital letters stand for a name of the reader's choice.
  static const std::regex kPath("`((?:config|deploy|docs|include|proto|src|tests)/[a-z0-9_./-]+)`");
  std::size_t found = 0;
  for (const fs::path& document : documents()) {
    for (const std::string& line : prose(document)) {
      for (std::sregex_iterator it(line.begin(), line.end(), kPath), end; it != end; ++it) {
        ++found;
        EXPECT_TRUE(fs::exists(fs::path(SLUICE_SOURCE_DIR) / (*it)[1].str())) << document << ": " << line;
      }
    }
  }
  EXPECT_GE(found, 30U);
}

TEST(Links, HeadingsGetTheirAnchors) {
  EXPECT_EQ(slug("Decode errors"), "decode-errors");
  EXPECT_EQ(slug("`/metrics` and /healthz"), "metrics-and-healthz");
  EXPECT_EQ(slug("NetFlow v9, IPFIX: sets"), "netflow-v9-ipfix-sets");
}

}  // namespace
}  // namespace sluice
