#include "markdown.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <regex>

namespace sluice::docs::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) out.push_back(line);
  return out;
}

/// The language behind a line that opens or closes a fence.
struct Fence {
  bool is = false;
  std::string language;
};
Fence fence(const std::string& line) {
  const auto at = line.find_first_not_of(' ');
  if (at == std::string::npos || line.compare(at, 3, "```") != 0) return {};
  return {.is = true, .language = line.substr(at + 3)};
}

bool indented(const std::string& line) { return line.starts_with("    "); }
bool blank(const std::string& line) { return line.find_first_not_of(' ') == std::string::npos; }
bool elsewhere(const std::string& target) {
  return target.find("://") != std::string::npos || target.starts_with("mailto:");
}

std::string without_emphasis(std::string text) {
  static const std::regex kLink("\\[([^\\]]*)\\]\\([^)]*\\)");
  text = std::regex_replace(text, kLink, "$1");
  std::erase(text, '`');
  std::erase(text, '*');
  return text;
}

Link link_of(const fs::path& document, const std::string& line, const std::string& target) {
  Link out{.line = line, .target = target, .file = {}, .anchor = {}};
  if (elsewhere(target)) return out;
  const auto hash = target.find('#');
  const std::string file = target.substr(0, hash);
  out.file = file.empty() ? document : (document.parent_path() / file).lexically_normal();
  if (hash != std::string::npos) out.anchor = target.substr(hash + 1);
  return out;
}

}  // namespace

std::vector<fs::path> documents() {
  const fs::path root = SLUICE_SOURCE_DIR;
  std::vector<fs::path> out{root / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> prose(const fs::path& path) {
  std::vector<std::string> out;
  bool fenced = false;
  for (const std::string& line : lines_of(path)) {
    if (fence(line).is)
      fenced = !fenced;
    else if (!fenced && !indented(line))
      out.push_back(line);
  }
  return out;
}

std::vector<Block> blocks(const fs::path& path) {
  std::vector<Block> out;
  bool fenced = false;
  bool open = false;
  int number = 0;
  std::size_t indent = 0;  // of the fence, as in a list
  for (const std::string& line : lines_of(path)) {
    ++number;
    if (const Fence edge = fence(line); edge.is) {
      fenced = !fenced;
      open = false;
      indent = line.find('`');
      if (fenced) out.push_back({.language = edge.language, .first_line = number + 1, .lines = {}});
    } else if (fenced) {
      out.back().lines.push_back(line.substr(std::min({indent, line.find_first_not_of(' '), line.size()})));
    } else if (indented(line) && !blank(line)) {
      if (!open) out.push_back({.language = {}, .first_line = number, .lines = {}});
      open = true;
      out.back().lines.push_back(line.substr(4));
    } else if (!blank(line)) {
      open = false;
    }
  }
  return out;
}

std::vector<std::string> spans(const std::string& line) {
  static const std::regex kSpan("(`+)(.*?[^`])\\1(?!`)");
  std::vector<std::string> out;
  for (std::sregex_iterator it(line.begin(), line.end(), kSpan), end; it != end; ++it)
    out.push_back((*it)[2].str());
  return out;
}

std::string slug(const std::string& heading) {
  std::string out;
  for (const char c : without_emphasis(heading)) {
    const auto u = static_cast<unsigned char>(c);
    if (c == ' ')
      out += '-';
    else if (u >= 0x80 || std::isalnum(u) || c == '-' || c == '_')
      out += static_cast<char>(std::tolower(u));
  }
  return out;
}

std::set<std::string> anchors(const fs::path& path) {
  static const std::regex kHeading("^ {0,3}#{1,6} +(.*[^# ]) *#*$");
  static const std::regex kId("<a (?:id|name)=\"([^\"]+)\"");
  std::map<std::string, int> seen;
  std::set<std::string> out;
  for (const std::string& line : prose(path)) {
    std::smatch match;
    for (std::sregex_iterator it(line.begin(), line.end(), kId), end; it != end; ++it)
      out.insert((*it)[1].str());
    if (!std::regex_match(line, match, kHeading)) continue;
    const std::string base = slug(match[1].str());
    std::string anchor = base;
    while (!out.insert(anchor).second) anchor = base + '-' + std::to_string(++seen[base]);
  }
  return out;
}

std::vector<Link> links(const fs::path& path) {
  static const std::regex kSpan("`[^`]*`");
  static const std::regex kInline("\\]\\(([^) ]+)[^)]*\\)");
  static const std::regex kReference("^\\[[^\\]]+\\]: *(\\S+)");
  static const std::regex kHtml("(?:src|href)=\"([^\"]+)\"");
  std::vector<Link> out;
  for (const std::string& line : prose(path)) {
    const std::string plain = std::regex_replace(line, kSpan, "code");
    for (const std::regex& kind : {kInline, kReference, kHtml})
      for (std::sregex_iterator it(plain.begin(), plain.end(), kind), end; it != end; ++it)
        out.push_back(link_of(path, line, (*it)[1].str()));
  }
  return out;
}

}  // namespace sluice::docs::test
