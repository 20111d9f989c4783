#include "query/table.hpp"

#include <algorithm>
#include <numeric>

#include "query/table_text.hpp"

namespace sluice::query {
namespace {

// An IPv6 address has up to 39 characters, and half an address is worth nothing.
constexpr std::size_t kNeverCut = 40;
constexpr std::size_t kGap = 2;

std::vector<std::string_view> fields(std::string_view line) {
  std::vector<std::string_view> out;
  for (auto tab = line.find('\t'); tab != std::string_view::npos; tab = line.find('\t')) {
    out.push_back(line.substr(0, tab));
    line.remove_prefix(tab + 1);
  }
  out.push_back(line);
  return out;
}

bool is_number(std::string_view type) {
  for (const std::string_view around : {"LowCardinality(", "Nullable("})
    if (type.starts_with(around)) type.remove_prefix(around.size());
  return std::ranges::any_of(
      std::vector<std::string_view>{"UInt", "Int", "Float", "Decimal", "BFloat"},
      [&](std::string_view name) { return type.starts_with(name) && !type.starts_with("Interval"); });
}

using Widths = std::vector<std::size_t>;

Widths widths_of(const Table& table) {
  Widths out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t width = columns_of(table.columns[i].name);
    for (const auto& row : table.rows) width = std::max(width, columns_of(row[i]));
    out.push_back(width);
  }
  return out;
}

std::size_t total(const Widths& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

/// Takes from the widest text, a character at a time, until the table fits or nothing is left to take.
bool squeeze(const Table& table, Widths& widths, std::size_t width) {
  while (total(widths) > width) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (!table.columns[i].number && widths[i] > kNeverCut &&
          (widest == widths.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == widths.size()) return false;
    --widths[widest];
  }
  return true;
}

/// One line; nothing stands behind the last text.
template <class Cell>
void append_line(std::string& out, const Table& table, const Widths& widths, Cell cell) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string text = cut(cell(i), widths[i]);
    const std::string fill(widths[i] - columns_of(text), ' ');
    if (i != 0) out.append(kGap, ' ');
    out += table.columns[i].number ? fill + text : text + fill;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

std::string as_columns(const Table& table, const Widths& widths) {
  std::string out;
  append_line(out, table, widths, [&](std::size_t i) { return table.columns[i].name; });
  append_line(out, table, widths, [&](std::size_t i) { return std::string(widths[i], '-'); });
  for (const auto& row : table.rows) append_line(out, table, widths, [&](std::size_t i) { return row[i]; });
  return out;
}

std::string as_blocks(const Table& table) {
  std::size_t width = 0;
  for (const auto& column : table.columns) width = std::max(width, columns_of(column.name));
  std::string out;
  for (std::size_t number = 0; number < table.rows.size(); ++number) {
    out += "-- row " + std::to_string(number + 1) + '\n';
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const std::string& name = table.columns[i].name;
      out += name + std::string(width - columns_of(name) + kGap, ' ') + table.rows[number][i];
      out.erase(out.find_last_not_of(' ') + 1);
      out += '\n';
    }
  }
  return out;
}

}  // namespace

Result<Table, std::string> parse_table(std::string_view text) {
  Table table;
  std::size_t number = 0;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const auto parts = fields(text.substr(0, end));
    text.remove_prefix(end + 1);
    if (number++ == 0) {
      for (const auto part : parts) table.columns.push_back({.name = shown_field(part)});
      continue;
    }
    if (parts.size() != table.columns.size())
      return failure("line " + std::to_string(number) + " of the answer has " + std::to_string(parts.size()) +
                     " fields, not " + std::to_string(table.columns.size()));
    if (number == 2) {
      for (std::size_t i = 0; i < parts.size(); ++i) table.columns[i].number = is_number(parts[i]);
      continue;
    }
    auto& row = table.rows.emplace_back();
    for (const auto part : parts) row.push_back(shown_field(part));
  }
  if (number == 1)
    return failure(std::string("the answer has one line, where names and types were expected"));
  return table;
}

std::string render(const Table& table, std::size_t width) {
  if (table.columns.empty()) return {};
  Widths widths = widths_of(table);
  if (width == 0 || squeeze(table, widths, width)) return as_columns(table, widths);
  return as_blocks(table);
}

std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::size_t length = columns_of(word);
    if (used != 0) out += used + 1 + length > width ? '\n' : ' ';
    used = out.ends_with('\n') || used == 0 ? length : used + 1 + length;
    out += word;
  }
  return out + '\n';
}

}  // namespace sluice::query
