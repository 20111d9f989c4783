#pragma once
// Flow messages as one block of ClickHouse's Native format: column by column, with the names and forms that
// flows_raw has. Only columns that a flow of the block has a value in are written; the server fills the
// others with their defaults, which are what an absent field means. Not so of an enumeration, whose default
// is the lowest of its numbers, OTHER: those are always written. Columns follow from the table of fields.
//
// Layout (ClickHouse, "Native"): number of columns and of rows as varints; then for each column its name and
// its type, each with its length as a varint before it, and the values of all rows back to back. Integers are
// little endian, a text has its length as a varint before it, Nullable has a byte for each row before its
// values, and Array the end of each row's elements, as UInt64, before the elements.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/fields.hpp"
#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink {

/// Reused from block to block; one thread.
class NativeBlock {
 public:
  NativeBlock();

  /// Forgets what it holds and makes room for this many rows, no more of which are taken.
  void begin(std::size_t rows);
  /// One FlowMessage, without its length. Where it is none, what is wrong with it, and the whole block is of
  /// no more use until the next begin().
  Result<void, std::string> add(Bytes message);
  std::size_t rows() const { return rows_; }
  /// Appends the block; there is at least one row.
  void write(std::string& out);

 private:
  enum class Form : std::uint8_t { int8, uint32, uint64, time, address, text, int8s, uint32s, addresses };
  struct Column {
    const FieldInfo* field;
    std::string_view name;
    Form form;
    bool used = false;
    std::size_t filled = 0;             ///< rows that texts and lists are complete for
    std::vector<std::byte> values{};    ///< of a fixed width: all rows from the start
    std::vector<std::byte> nulls{};     ///< optional fields: 1 where the row has no value
    std::vector<std::uint64_t> ends{};  ///< lists: elements up to each row's end
  };

  static Form form_of(FieldKind kind);
  void use(Column& column) const;
  static void fill_up(Column& column, std::size_t rows);
  std::string store(Column& column, std::uint64_t integer) const;
  std::string store(Column& column, Bytes bytes) const;
  void complete_times();
  Column& named(std::string_view name);

  std::vector<Column> columns_;
  std::vector<std::uint16_t> by_number_;  ///< place in columns_ and one; 0: no such field
  std::size_t rows_ = 0;
  std::size_t room_ = 0;
};

}  // namespace sluice::sink
