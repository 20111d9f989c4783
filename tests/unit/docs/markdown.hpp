#pragma once
// Reads README.md and docs/**/*.md as their readers do: prose, code, headings with their anchors, links.
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace sluice::docs::test {

/// README.md and every .md file below docs, sorted.
std::vector<std::filesystem::path> documents();

/// Lines that are no code: neither in a fence nor indented by four or more.
std::vector<std::string> prose(const std::filesystem::path& path);

/// A block of code: `language` is what stands behind the fence, empty for one that is indented.
struct Block {
  std::string language;
  int first_line = 0;
  std::vector<std::string> lines;
};
std::vector<Block> blocks(const std::filesystem::path& path);

/// What stands between backticks in a line of prose.
std::vector<std::string> spans(const std::string& line);

/// The anchor that GitHub gives a heading: small letters, no punctuation, dashes for blanks.
std::string slug(const std::string& heading);
/// Anchors of all headings, those that stand twice numbered as GitHub does, and of HTML ids.
std::set<std::string> anchors(const std::filesystem::path& path);

struct Link {
  std::string line;
  std::string target;
  /// The file that a relative target names, for one within the page the page itself; empty for addresses
  /// elsewhere.
  std::filesystem::path file;
  std::string anchor;
};
std::vector<Link> links(const std::filesystem::path& path);

}  // namespace sluice::docs::test
