#pragma once
// Files of comma-separated values (RFC 4180) with a line of column names. Any thread.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice::enrich {

/// A mistake in a file, by its line; line 0 is the file itself.
struct FileFault {
  std::uint64_t line = 0;
  std::string text;
};

/// A row's values in the order of the wanted columns; "" where the file has no such column.
using OnRow = std::function<void(std::uint64_t line, const std::vector<std::string>& values)>;

/// Reads all rows; empty lines and those that begin with # are passed over. The first line names the columns
/// in any order: names that are not wanted are mistakes, as is one that stands twice, or the absence of one
/// of `needed`. A row with more or fewer values than columns is a mistake and does not reach on_row.
std::vector<FileFault> read_csv(const std::string& path, const std::vector<std::string>& wanted,
                                const std::vector<std::string>& needed, const OnRow& on_row);

/// The same of a file without a line of column names: rows as they are. Only what is no CSV is a mistake.
std::vector<FileFault> read_csv_rows(const std::string& path, const OnRow& on_row);

}  // namespace sluice::enrich
