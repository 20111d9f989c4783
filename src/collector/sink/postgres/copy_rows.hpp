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
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sink/postgres/columns.hpp"
#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink::postgres {

/// Days since 1970 in UTC.
using Day = std::int64_t;

/// Reused from block to block; one thread.
class CopyRows {
 public:
  explicit CopyRows(std::vector<Column> columns);

  /// Forgets what it holds.
  void begin();
  /// One FlowMessage, without its length. Where it is none, what is wrong with it, and the whole is of no
  /// more use until the next begin().
  Result<void, std::string> add(Bytes message);
  /// No row follows; good until the next begin().
  std::string_view finish();

  std::size_t rows() const { return rows_; }
  /// On which days the rows were received.
  const std::set<Day>& days() const { return days_; }
  /// Numbers that were larger than their column takes, which has its largest in their place.
  std::uint64_t cut() const { return cut_; }
  const std::vector<Column>& columns() const { return columns_; }

 private:
  /// What the message says of a field.
  struct Said {
    bool anything = false;
    std::uint64_t integer = 0;
    Bytes bytes{};
    std::vector<std::uint64_t> integers{};  ///< lists
    std::vector<Bytes> addresses{};
  };
  struct Times {
    std::uint64_t received = 0, start = 0, end = 0;
  };

  std::string read(Bytes message);
  std::string hear_list(const FieldInfo& field, Said& said, std::uint64_t integer, Bytes bytes, bool packed);
  void complete_times();
  void put(const Column& column, const Said& said);
  void put_integer(const Column& column, std::uint64_t value);
  void put_list(const Column& column, const Said& said);

  const std::vector<Column> columns_;
  std::vector<std::uint16_t> by_number_;  ///< place in columns_ and one; 0: no column
  std::vector<Said> said_;                ///< parallel to columns_
  Times times_;
  std::string out_;
  std::size_t rows_ = 0;
  std::set<Day> days_;
  std::uint64_t cut_ = 0;
};

}  // namespace sluice::sink::postgres
