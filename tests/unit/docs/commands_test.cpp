// What README.md and docs/**/*.md tell to type is there: every `sluice` command with its options in the
// program's help, every option of a script of deploy in the script, every setting and metric in its table,
// and every YAML block that is a configuration passes `sluice check`.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "markdown.hpp"
#include "unit/cli/process.hpp"

namespace sluice::docs::test {
namespace {

namespace fs = std::filesystem;
using cli::test::read_file;

const fs::path kRoot = SLUICE_SOURCE_DIR;

struct Word {
  std::string text;
  bool quoted = false;
};
using Words = std::vector<Word>;

/// The words of each command in a line of shell. A quote that is not closed reaches to the end of the line.
std::vector<Words> commands(const std::string& line) {
  std::vector<Words> out(1);
  Word word;
  const auto end_word = [&] {
    if (word.quoted || !word.text.empty()) out.back().push_back(word);
    word = {};
  };
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote) {
      if (c == quote)
        quote = 0;
      else
        word.text += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      word.quoted = true;
    } else if (c == '#' && word.text.empty() && !out.back().empty()) {
      break;
    } else if (c == ' ' || c == '\t' || c == '[' || c == ']') {
      end_word();
    } else if (std::string_view("|&;()<>`").find(c) != std::string_view::npos) {
      end_word();
      out.emplace_back();
    } else {
      word.text += c;
    }
  }
  end_word();
  return out;
}

struct Command {
  std::string where;
  Words words;
};

void add_commands(std::vector<Command>& all, const std::string& where, const std::string& line) {
  for (Words& words : commands(line))
    if (!words.empty()) all.push_back({where + ": " + line, std::move(words)});
}

std::vector<Command> commands_of(const fs::path& document) {
  std::vector<Command> out;
  const std::string name = document.lexically_relative(kRoot);
  for (const Block& block : blocks(document)) {
    std::string line;
    for (const std::string& part : block.lines) {
      line += part;
      if (line.ends_with('\\')) {
        line.back() = ' ';
        continue;
      }
      add_commands(out, name, line);
      line.clear();
    }
  }
  for (const std::string& line : prose(document))
    for (const std::string& span : spans(line)) add_commands(out, name, span);
  return out;
}

const std::string& help(const std::string& of) {
  static std::map<std::string, std::string> known;
  const auto [at, is_new] = known.try_emplace(of);
  if (is_new) at->second = cli::test::sluice(of + " --help").out;
  return at->second;
}

/// Names that the help of a command lists as its commands.
std::set<std::string> commands_under(const std::string& of) {
  std::set<std::string> out;
  const std::string text = help(of);
  static const std::regex kHeader("\n(?:Sub)?commands:\n", std::regex::icase);
  static const std::regex kName("^  ([a-z][a-z-]*)");
  std::smatch header;
  if (!std::regex_search(text, header, kHeader)) return out;
  for (const std::string& line : cli::test::lines(header.suffix())) {
    std::smatch name;
    if (line.empty()) break;
    if (std::regex_search(line, name, kName)) out.insert(name[1].str());
  }
  return out;
}

bool stands_in(const std::string& text, const std::string& option) {
  static const std::regex kSpecial(R"([.*+?^$()\[\]{}|\\-])");
  return std::regex_search(
      text,
      std::regex("(^|[^a-zA-Z0-9-])" + std::regex_replace(option, kSpecial, "\\$&") + "($|[^a-zA-Z0-9-])"));
}

bool is_option(const Word& word) {
  static const std::regex kOption("-[a-zA-Z]|--[a-z][a-z0-9-]*");
  return !word.quoted && std::regex_match(word.text.substr(0, word.text.find('=')), kOption);
}
std::string name_of(const Word& option) { return option.text.substr(0, option.text.find('=')); }
bool is_placeholder(const std::string& word) {
  return word == "..." || std::ranges::none_of(word, [](unsigned char c) { return std::islower(c) != 0; });
}

bool is_sluice(const Word& word) {
  return word.text == "sluice" || word.text == "$sluice" || word.text.ends_with("bin/sluice");
}

/// Where `sluice` is run: the first word behind a prompt, sudo and variables, or before one of its commands.
std::size_t start_of_sluice(const Words& words) {
  static const std::regex kBefore(R"(\$|#|%|sudo|exec|nohup|time|[A-Z_]+=.*)");
  const std::set<std::string> known = commands_under("");
  bool first = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string next = i + 1 < words.size() ? words[i + 1].text : "";
    // "sluice store: ready" is what it says, not what is typed.
    if (is_sluice(words[i]) && !next.ends_with(':') && (first || known.contains(next))) return i;
    first = first && std::regex_match(words[i].text, kBefore);
  }
  return words.size();
}

/// "" where the program has the command and its options, else what is missing.
std::string fault_of(const Words& words, std::size_t at) {
  std::string command;
  for (++at; at < words.size(); ++at) {
    const std::set<std::string> known = commands_under(command);
    const Word& word = words[at];
    if (known.empty() || word.quoted || is_placeholder(word.text)) break;
    if (is_option(word)) {
      if (command.empty() && !stands_in(help(""), name_of(word))) return "sluice has no option " + word.text;
      break;
    }
    if (!known.contains(word.text)) return "sluice " + command + " has no command " + word.text;
    command += (command.empty() ? "" : " ") + word.text;
  }
  for (; at < words.size(); ++at)
    if (is_option(words[at]) && !stands_in(help(command), name_of(words[at])))
      return "sluice " + command + " has no option " + name_of(words[at]);
  return {};
}

TEST(Commands, AreReadAsAShellDoes) {
  const auto read = commands("$ A=1 sluice query 'SELECT 1 | -x' --url=U | wc -l  # and so on");
  ASSERT_EQ(read.size(), 2U);
  ASSERT_EQ(read[0].size(), 6U);
  EXPECT_EQ(start_of_sluice(read[0]), 2U);
  EXPECT_EQ(fault_of(read[0], 2), "");
  const auto fault = [](const std::string& line) {
    const Words words = commands(line).front();
    const std::size_t at = start_of_sluice(words);
    return at == words.size() ? "not run" : fault_of(words, at);
  };
  EXPECT_EQ(fault("sluice frob"), "sluice  has no command frob");
  EXPECT_EQ(fault("sluice query --frob"), "sluice query has no option --frob");
  EXPECT_EQ(fault("sudo build/release/bin/sluice schema proto --frob=1"),
            "sluice schema proto has no option --frob");
  EXPECT_EQ(fault("docker exec box sluice check --frob"), "sluice check has no option --frob");
  EXPECT_EQ(fault("systemctl restart sluice"), "not run");
  EXPECT_EQ(fault("sluice frob: ready"), "not run");
  EXPECT_EQ(fault("sluice COMMAND --help"), "");
}

TEST(Commands, OfTheDocumentsAreInTheHelp) {
  ASSERT_TRUE(commands_under("").contains("run")) << help("");
  std::size_t found = 0;
  for (const fs::path& document : documents()) {
    for (const Command& command : commands_of(document)) {
      const std::size_t at = start_of_sluice(command.words);
      if (at == command.words.size()) continue;
      ++found;
      EXPECT_EQ(fault_of(command.words, at), "") << command.where;
    }
  }
  EXPECT_GE(found, 50U);
}

TEST(Commands, OfTheScriptsOfDeployAreInThem) {
  std::size_t found = 0;
  for (const fs::path& document : documents()) {
    for (const Command& command : commands_of(document)) {
      const auto script = std::ranges::find_if(command.words, [](const Word& word) {
        return word.text.ends_with(".sh") &&
               (word.text.starts_with("deploy/") || word.text.starts_with("./deploy/"));
      });
      if (script == command.words.end()) continue;
      ++found;
      const std::string text = read_file(kRoot / script->text);
      ASSERT_FALSE(text.empty()) << command.where;
      for (auto word = script + 1; word != command.words.end(); ++word) {
        if (is_option(*word)) {
          EXPECT_TRUE(stands_in(text, name_of(*word))) << command.where << "\n" << word->text;
        }
      }
    }
  }
  EXPECT_GE(found, 5U);
}

/// First cells of a document's tables that are code.
std::set<std::string> first_cells(const char* document) {
  static const std::regex kCell("^\\| `([^`]+)` \\|");
  std::set<std::string> out;
  for (const std::string& line : prose(kRoot / "docs" / document)) {
    std::smatch cell;
    if (std::regex_search(line, cell, kCell)) out.insert(cell[1].str());
  }
  return out;
}

/// As in the table: kafka.topic and sinks.archive.topic are sinks.NAME.topic.
std::string as_in_the_table(const std::string& setting) {
  static const std::regex kSink("^(?:kafka|sinks\\.[a-z0-9_-]+)(\\.|$)");
  return std::regex_replace(setting, kSink, "sinks.NAME$1");
}

bool is_setting(const std::set<std::string>& known, const std::string& text) {
  const std::string setting = as_in_the_table(text);
  if (known.contains(setting) || setting.starts_with("sinks.NAME.properties.")) return true;
  const auto next = known.lower_bound(setting);
  return next != known.end() && next->starts_with(setting) && (*next)[setting.size()] == '.';
}

TEST(Names, OfSettingsAreThoseOfTheTable) {
  static const std::regex kSetting(
      R"((?:listeners\[\]|receive|decode|exporters\[\]|fields\[\]|sinks|kafka|log|metrics|api|state)\.[a-zA-Z0-9_.\[\]-]+)");
  static const std::regex kFile(
      R"(.*\.(md|sh|py|hpp|cpp|yaml|yml|proto|json|jsonl|sql|service|conf|pb|bad))");
  const std::set<std::string> known = first_cells("configuration.md");
  ASSERT_TRUE(known.contains("decode.max_past"));
  EXPECT_TRUE(is_setting(known, "kafka.topic"));
  EXPECT_FALSE(is_setting(known, "kafka.topics"));
  std::size_t found = 0;
  for (const fs::path& document : documents()) {
    if (document.filename() == "architecture.md") continue;  // speaks of threads and files by such names
    // In its tables the first cell is another program's.
    const bool tells_others = document.filename() == "migration.md";
    for (const std::string& line : prose(document))
      for (const std::string& span :
           spans(tells_others && line.starts_with('|') ? line.substr(line.find('|', 1)) : line)) {
        if (!std::regex_match(span, kSetting) || std::regex_match(span, kFile)) continue;
        ++found;
        EXPECT_TRUE(is_setting(known, span)) << document << ": there is no setting " << span;
      }
  }
  EXPECT_GE(found, 50U);
}

TEST(Names, OfMetricsAreThoseOfTheTable) {
  static const std::regex kMetric(
      R"((sluice_(?:listener|protocol|sink|state|exporters?)_[a-z_]+|sluice_[a-z_]+(?:_total|_seconds|_bytes))(?:\{.*\})?)");
  const std::set<std::string> known = first_cells("metrics.md");
  ASSERT_TRUE(known.contains("sluice_ready"));
  std::size_t found = 0;
  for (const fs::path& document : documents())
    for (const std::string& line : prose(document))
      for (const std::string& span : spans(line)) {
        std::smatch metric;
        if (!std::regex_match(span, metric, kMetric)) continue;
        ++found;
        EXPECT_TRUE(known.contains(metric[1].str())) << document << ": there is no metric " << span;
      }
  EXPECT_GE(found, 20U);
}

TEST(Configurations, OfTheDocumentsAreRight) {
  std::set<std::string> top{"kafka", "sinks"};
  for (const std::string& setting : first_cells("configuration.md"))
    top.insert(setting.substr(0, setting.find_first_of(".[")));
  static const std::regex kKey("^([a-z_]+):");
  const cli::test::Folder folder;
  std::size_t found = 0;
  for (const fs::path& document : documents()) {
    for (const Block& block : blocks(document)) {
      std::string text;
      std::string first;
      for (const std::string& line : block.lines) {
        std::smatch key;
        if (first.empty() && std::regex_search(line, key, kKey)) first = key[1].str();
        text += line + '\n';
      }
      if (block.language != "yaml" || !top.contains(first)) continue;
      ++found;
      const auto checked = cli::test::sluice("check -c " + folder.write("block.yaml", text));
      // Files with secrets, and directories, are the reader's; a port may be taken for the moment, by another
      // test too.
      const std::string faults = std::regex_replace(
          checked.err,
          std::regex("[^\n]*(_file names [^\n]* cannot be read:|: cannot write /var/lib/sluice/"
                     "|: /var/lib/sluice/[^\n]* cannot be opened: No such file"
                     "|: Address already in use[^\n]*[(]no fault of the configuration[)])[^\n]*\n"),
          "");
      EXPECT_EQ(faults, "") << document << ":" << block.first_line;
      EXPECT_TRUE(checked.status == 0 || checked.err != faults) << document << ":" << block.first_line;
    }
  }
  EXPECT_GE(found, 2U);
}

}  // namespace
}  // namespace sluice::docs::test
