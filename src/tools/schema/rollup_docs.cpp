#include <algorithm>
#include <string_view>
#include <vector>

#include "flow/rollups.hpp"
#include "schema/columns.hpp"
#include "schema/rollup_files.hpp"

namespace sluice::schema {
namespace {

using Rows = std::vector<const Rollup*>;

/// What is made of `source` directly.
Rows children(std::string_view source) {
  Rows out;
  for (const Rollup& row : rollups())
    if (row.source == source) out.push_back(&row);
  return out;
}

using Lines = std::vector<std::string>;

/// A name with what is made of it at its right: one goes on in the line, of several each has its own.
Lines drawn(std::string_view name, const std::vector<Lines>& right) {
  const bool several = right.size() > 1;
  const std::string blank(name.size() + 2, ' ');
  Lines out;
  for (const Lines& lines : right) {
    const bool last = &lines == &right.back();
    for (const std::string& line : lines) {
      const bool first = &line == &lines.front();
      std::string left = blank + (!several ? "  " : first ? "+-> " : last ? "    " : "|   ");
      if (out.empty()) left = std::string(name) + (several ? " -+-> " : " -> ");
      out.push_back(left + line);
    }
  }
  if (out.empty()) out.emplace_back(name);
  return out;
}

Lines drawn(const Rollup& row) {
  std::vector<Lines> right;
  for (const Rollup* child : children(row.name)) right.push_back(drawn(*child));
  return drawn(row.name, right);
}

/// Rows that are told together: those below one another that differ in their slots alone.
std::vector<Rows> groups() {
  std::vector<Rows> out;
  for (const Rollup& row : rollups()) {
    const bool same = !out.empty() && out.back().front()->keys == row.keys && row.about.empty();
    if (same)
      out.back().push_back(&row);
    else
      out.push_back({&row});
  }
  return out;
}

/// "a", "a and b", "a, b and c", each once.
std::string enumerated(std::vector<std::string> words, std::string_view last) {
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? std::string(last) : ", ") + words[i];
  return out;
}

std::string replaced(std::string text, std::string_view what, const std::string& with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

std::string about(const Rows& rows) {
  std::vector<std::string> days, options;
  for (const Rollup* row : rows) {
    days.push_back(std::to_string(row->retention.days));
    options.push_back("`--retention-" + std::string(row->retention.name) + "`");
  }
  const std::string text(rows.front()->about);
  return replaced(replaced(text, "{kept}", enumerated(days, " and ") + " days"), "{options}",
                  enumerated(options, ", "));
}

std::string column_row(const RollupColumn& column, bool of_several) {
  const std::string meaning = of_several && column.role == RollupColumn::Role::time
                                  ? "Start of the slot in which the collector received the flows"
                                  : column.meaning;
  return markdown_row(column.name, type_of(column), column.role == RollupColumn::Role::alias, column.unit,
                      meaning);
}

std::string section(const Rows& rows) {
  std::string title;
  for (const Rollup* row : rows) title += (title.empty() ? "" : ", ") + std::string(row->name);
  std::string out = "### " + title + "\n\n" + about(rows) +
                    "\n\n| Column | Type | Unit | Meaning |\n| --- | --- | --- | --- |\n";
  for (const RollupColumn& column : rollup_columns(*rows.front())) out += column_row(column, rows.size() > 1);
  return out + '\n';
}

}  // namespace

std::string rollup_tree() {
  std::vector<Lines> right;
  for (const Rollup* child : children(kRawTable)) right.push_back(drawn(*child));
  right.push_back({"exporter_names, interface_names"});
  std::string out = "\n";
  for (const std::string& line : drawn(kRawTable, right)) out += "    " + line + '\n';
  return out + '\n';
}

std::string rollup_sections() {
  std::string out = "\n";
  for (const Rows& rows : groups()) out += section(rows);
  return out;
}

}  // namespace sluice::schema
