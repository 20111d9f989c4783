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
#include <string>
#include <string_view>
#include <vector>

#include "sink/postgres/columns.hpp"
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
  void put() override;
  void put_value(std::size_t place);
  void put_integer(const Column& column, std::uint64_t value);
  void put_list(const Column& column, const sql::SaidList& list);

  const std::vector<Column> columns_;
  std::string out_;
  bool finished_ = false;
};

}  // namespace sluice::sink::postgres
