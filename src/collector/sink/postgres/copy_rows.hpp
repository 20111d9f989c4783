#pragma once
// Flow messages as the data of COPY ... FROM STDIN (FORMAT binary).
//
// Layout (PostgreSQL, "COPY", Binary Format): a signature, flags and the length of an extension, both 0; then
// each row as the number of its columns (16 bits) and each value as its length (32 bits, -1: NULL) and bytes;
// -1 in place of a row at the end. All numbers are big endian. What a value looks like is its type's own
// business: a time is microseconds since 2000, an address its family (2 or 3), its bits, a flag, its length
// and the bytes, a numeric groups of four decimal digits, a list its number of dimensions, whether there are
// NULLs, its elements' type, their number, the first one's index, and each as a value of a row.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sink/postgres/columns.hpp"
#include "sink/sql/output.hpp"
#include "sink/sql/rows.hpp"

namespace sluice::sink::postgres {

/// Reused from block to block; one thread.
class CopyRows final : public sql::Rows {
 public:
  explicit CopyRows(std::vector<Column> columns);

  /// No row follows; good until the next begin().
  std::string_view finish();
  const std::vector<Column>& columns() const { return columns_; }

 private:
  void start() override;
  void put(std::size_t message_bytes) override;
  char* put_value(char* to, std::size_t place);
  char* put_integer(char* to, ColumnType type, std::uint64_t value);
  char* put_list(char* to, std::size_t place) const;

  const std::vector<Column> columns_;
  std::vector<sql::ValueNames> names_;  ///< parallel to columns_
  std::size_t most_of_element_ = 0;     ///< bytes of a list's element beside what it has of the message
  std::size_t most_of_row_ = 0;         ///< of a row beside those and what it has of the message
  sql::Output out_;
  bool finished_ = false;
};

}  // namespace sluice::sink::postgres
