#include "store/unfinished_inserts.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/util/seeded_hash.hpp"

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLogs = "deduplication_logs";
constexpr std::string_view kAdded = "1", kDropped = "2";  // what a line of a log begins with

/// Blocks of a partition that are in one part.
struct Range {
  std::uint64_t first = 0, last = 0;
};
using Parts = std::map<std::string, std::vector<Range>, std::less<>>;

/// The text up to the next `end`, which is taken off; all where there is none.
std::string_view cut(std::string_view& text, char end) {
  const auto at = std::min(text.find(end), text.size());
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return out;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Part {
  std::string_view partition;
  Range blocks;
};

/// PARTITION_FIRST_LAST_LEVEL, after a mutation _VERSION; nothing for tmp_insert_... and other names.
std::optional<Part> parse_part(std::string_view name) {
  Part out{cut(name, '_'), {}};
  const auto first = number(cut(name, '_')), last = number(cut(name, '_')), level = number(cut(name, '_'));
  if (!first || !last || !level || *first > *last || (!name.empty() && !number(name))) return std::nullopt;
  out.blocks = {*first, *last};
  return out;
}

Parts parts_in(const fs::path& table) {
  Parts out;
  std::error_code error;
  for (fs::directory_iterator at(table, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (const auto part = parse_part(name)) out[std::string(part->partition)].push_back(part->blocks);
  }
  return out;
}

bool holds(const Parts& parts, const Part& part) {
  const auto found = parts.find(part.partition);
  return found != parts.end() && std::ranges::any_of(found->second, [&](const Range& there) {
           return there.first <= part.blocks.first && part.blocks.last <= there.last;
         });
}

/// deduplication_log_N.txt by N, as the engine reads them.
std::map<std::uint64_t, fs::path> logs_in(const fs::path& directory) {
  constexpr std::string_view kBegin = "deduplication_log_", kEnd = ".txt";
  std::map<std::uint64_t, fs::path> out;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) continue;
    const auto digits =
        std::string_view(name).substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
    if (const auto n = number(digits)) out[*n] = at->path();
  }
  return out;
}

/// The part of each token that the logs hold; `whole`: bytes of the last log up to the end of its last line.
SeededMap<std::string, std::string> tokens_of(const std::map<std::uint64_t, fs::path>& logs,
                                              std::uint64_t& whole) {
  SeededMap<std::string, std::string> out;
  for (const auto& [n, path] : logs) {
    whole = 0;
    std::ifstream in(path, std::ios::binary);
    for (std::string line; std::getline(in, line) && !in.eof();) {  // a line that is cut off ends the file
      whole += line.size() + 1;
      std::string_view rest = line;
      const std::string_view what = cut(rest, '\t'), part = cut(rest, '\t');
      if (what == kAdded)
        out.insert_or_assign(std::string(rest), part);
      else if (what == kDropped)
        out.erase(std::string(rest));
    }
  }
  return out;
}

/// As many lines as tokens were forgotten.
std::string drops(const fs::path& table, const SeededMap<std::string, std::string>& tokens,
                  std::size_t& forgotten) {
  const Parts parts = parts_in(table);
  std::string out;
  for (const auto& [token, name] : tokens) {
    const auto part = parse_part(name);
    if (!part || holds(parts, *part)) continue;
    out.append(kDropped).append("\t").append(name).append("\t").append(token).append("\n");
    ++forgotten;
  }
  return out;
}

/// False: it cannot be written.
bool mend(const fs::path& table, std::size_t& forgotten) {
  const auto logs = logs_in(table / kLogs);
  if (logs.empty()) return true;
  std::uint64_t whole = 0;
  const auto tokens = tokens_of(logs, whole);
  const std::string lines = drops(table, tokens, forgotten);
  const fs::path& last = logs.rbegin()->second;
  std::error_code error;
  if (fs::file_size(last, error) > whole && !error) fs::resize_file(last, whole, error);
  if (error) return false;
  if (lines.empty()) return true;
  std::ofstream out(last, std::ios::binary | std::ios::app);
  out << lines;
  out.close();
  return static_cast<bool>(out);
}

}  // namespace

Result<std::size_t, std::string> forget_unfinished_inserts(const fs::path& data) {
  std::size_t forgotten = 0;
  std::string wrong;
  std::error_code error;
  for (fs::directory_iterator group(data / "store", error), end; !error && group != end;
       group.increment(error)) {
    std::error_code none;
    for (fs::directory_iterator table(group->path(), none); !none && table != end; table.increment(none))
      if (!mend(table->path(), forgotten))
        wrong = "cannot write in " + (table->path() / kLogs).string() +
                ": INSERTs that were cut off there may be lost when they are repeated";
  }
  if (!wrong.empty()) return failure(wrong);
  return forgotten;
}

}  // namespace sluice::store
