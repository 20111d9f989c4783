// The house as docs/architecture.md draws it is the house as it is built: its table of modules is held
// against what CMake links, and what CMake links against what the sources include. Arrows go one way: lib <-
// http <- collector <- tools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace sluice::docs::test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SLUICE_SOURCE_DIR;
constexpr std::string_view kWings[] = {"lib", "http", "collector", "tools"};

struct Module {
  std::size_t wing = 0;
  fs::path directory;
  std::set<std::string> links;
};
using Modules = std::map<std::string, Module>;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::set<std::string> words(const std::string& text) {
  std::istringstream in(std::regex_replace(text, std::regex("[,`]"), " "));
  std::set<std::string> out;
  for (std::string word; in >> word;) out.insert(word);
  return out;
}

/// sluice_module(NAME ... DEPS a b ...) of each folder of src.
Modules modules() {
  Modules out;
  const std::regex module("sluice_module\\((\\w+)([^)]*)\\)"), deps("\\bDEPS\\s+([a-z_\\s]+)");
  for (std::size_t wing = 0; wing < std::size(kWings); ++wing)
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src" / kWings[wing])) {
      if (entry.path().filename() != "CMakeLists.txt") continue;
      const std::string text = text_of(entry.path());
      std::smatch found;
      if (!std::regex_search(text, found, module)) continue;
      const std::string name = found[1], arguments = found[2];
      Module& one = out[name];
      one.wing = wing;
      one.directory = entry.path().parent_path();
      if (std::regex_search(arguments, found, deps)) one.links = words(found[1]);
    }
  return out;
}

void reach(const Modules& all, const std::string& from, std::set<std::string>& seen) {
  for (const std::string& name : all.at(from).links)
    if (seen.insert(name).second) reach(all, name, seen);
}

/// The module that each #include of a source names, "sluice/M/x.hpp" or "M/x.hpp".
std::set<std::string> included(const fs::path& source) {
  const std::regex line("#include \"(?:sluice/)?(\\w+)/[^\"]+\"");
  const std::string text = text_of(source);
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) out.insert((*at)[1]);
  return out;
}

bool is_source(const fs::path& path) {
  const std::string extension = path.extension();
  return extension == ".cpp" || extension == ".hpp" || extension == ".inc";
}

TEST(Modules, LinkNothingAboveThem) {
  const Modules all = modules();
  ASSERT_GE(all.size(), 20U);
  for (const auto& [name, one] : all)
    for (const std::string& link : one.links) {
      ASSERT_TRUE(all.contains(link)) << name << " links " << link << ", which is no module";
      EXPECT_LE(all.at(link).wing, one.wing) << name << " of " << kWings[one.wing] << " links " << link;
    }
}

TEST(Modules, LinkInNoCircle) {
  const Modules all = modules();
  for (const auto& [name, one] : all) {
    std::set<std::string> seen;
    reach(all, name, seen);
    EXPECT_FALSE(seen.contains(name)) << name;
  }
}

TEST(Modules, IncludeOnlyWhatTheyLink) {
  const Modules all = modules();
  const std::set<std::string> wings{"lib", "collector", "tools"};  // on the include path, for http's sake
  for (const auto& [name, one] : all) {
    std::set<std::string> allowed{name};
    reach(all, name, allowed);
    std::vector<fs::path> places{one.directory};
    if (fs::exists(kRoot / "include/sluice" / name)) places.push_back(kRoot / "include/sluice" / name);
    for (const fs::path& place : places)
      for (const auto& entry : fs::recursive_directory_iterator(place)) {
        if (!is_source(entry.path())) continue;
        for (const std::string& module : included(entry.path())) {
          EXPECT_FALSE(wings.contains(module)) << entry.path() << " names a wing in an include";
          EXPECT_TRUE(!all.contains(module) || allowed.contains(module))
              << entry.path() << " includes a header of " << module << ", which " << name << " does not link";
        }
      }
  }
}

/// Rows | `module` | what it is | links | of the section "Modules".
std::map<std::string, std::set<std::string>> documented() {
  std::ifstream file(kRoot / "docs/architecture.md");
  const std::regex row("\\| `(\\w+)` \\|[^|]*\\|([^|]*)\\|\\s*");
  std::map<std::string, std::set<std::string>> out;
  bool here = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) here = line == "## Modules";
    std::smatch found;
    if (here && std::regex_match(line, found, row)) out[found[1]] = words(found[2]);
  }
  return out;
}

TEST(Modules, AreInTheDocumentWithWhatTheyLink) {
  std::map<std::string, std::set<std::string>> built;
  for (const auto& [name, one] : modules()) built[name] = one.links;
  EXPECT_THAT(documented(), testing::ContainerEq(built));
}

}  // namespace
}  // namespace sluice::docs::test
