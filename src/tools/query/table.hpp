#pragma once
// An answer as a table for people. Pure functions; any thread.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/util/result.hpp"

namespace sluice::query {

/// A ClickHouse answer in TabSeparatedWithNamesAndTypes, unescaped as far as a screen can show it.
struct Table {
  struct Column {
    std::string name;
    bool number = false;
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  ///< each as long as columns
};

/// Of the text whole lines are taken; what follows the last newline is left out. Names of interfaces come
/// from exporters: whatever could steer a terminal is shown as \xNN. The error says where the text is no such
/// table.
Result<Table, std::string> parse_table(std::string_view text);

/// Columns with numbers at the right; where that is wider than `width` characters (0: as wide as it gets),
/// long texts are cut, and where that is not enough each row becomes a block of lines. Ends with a newline.
std::string render(const Table& table, std::size_t width);

/// Text in lines of at most `width` characters, broken at blanks; a longer word has a line of its own.
std::string wrapped(std::string_view text, std::size_t width);

}  // namespace sluice::query
