#pragma once
// Flow messages as one block of ClickHouse's Native format: column by column, with the names and forms that
// flows_raw has. Only columns that a flow of the block has a value in are written; the server fills the
// others with their defaults, which are what an absent field means. Not so of an enumeration, whose default
// is the lowest of its numbers, OTHER: those are always written. Columns follow from the table of fields, and
// from the fields that a user's configuration adds.
//
// Layout (ClickHouse, "Native"): number of columns and of rows as varints; then for each column its name and
// its type, each with its length as a varint before it, and the values of all rows back to back. Integers are
// little endian, a text has its length as a varint before it, Nullable has a byte for each row before its
// values, and Array the end of each row's elements, as UInt64, before the elements.
//
// Shape::arrays is a single row: each column is an Array of all flows' values. It is what a Kafka record of
// `format: native` holds, for ARRAY JOIN; ClickHouse reads a long array much faster than many short records.
// Its times are numbers with the names of the message, as in flows_feed, whose views judge and complete them.
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/fields.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink {

/// Reused from block to block; one thread.
class NativeBlock {
 public:
  enum class Shape : std::uint8_t { rows, arrays };

  /// With columns for fields of a user's own too, which may be null.
  explicit NativeBlock(UserFieldsPtr user_fields = nullptr, Shape shape = Shape::rows);
  NativeBlock(NativeBlock&&) = default;
  NativeBlock& operator=(NativeBlock&&) = default;

  /// Forgets what it holds and makes room for this many rows, no more of which are taken.
  void begin(std::size_t rows);
  /// One FlowMessage, without its length. Where it is none, what is wrong with it, and the whole block is of
  /// no more use until the next begin().
  Result<void, std::string> add(Bytes message);
  std::size_t rows() const { return rows_; }
  /// Appends the block; there is at least one flow.
  void write(std::string& out);

 private:
  enum class Form : std::uint8_t {
    int8,
    uint32,
    uint64,
    time,
    address,
    text,
    int8s,
    uint32s,
    uint64s,
    addresses,
    texts
  };
  using Numbers = std::bitset<128>;  ///< all that Int8 has but its negative ones
  struct Column {
    Form form;
    bool optional;
    bool used = false;
    std::byte* fixed = nullptr;  ///< of `values`, and of `nulls`
    std::byte* absent = nullptr;
    Numbers known{};           ///< enumerations: those that have a name
    std::uint32_t number = 0;  ///< of the message's field
    std::string_view field;    ///< its name there; both names are the table's of fields or user_fields_'
    std::string_view name;
    std::size_t filled = 0;             ///< rows that texts and lists are complete for
    std::vector<std::byte> values{};    ///< of a fixed width: all rows from the start
    std::vector<std::byte> nulls{};     ///< optional fields: 1 where the row has no value
    std::vector<std::uint64_t> ends{};  ///< lists: elements up to each row's end
  };

  Form form_of(FieldKind kind) const;
  static Numbers known_numbers(FieldKind kind);
  static std::byte enumerated(const Numbers& known, std::uint64_t value);
  static Form form_of(const UserField& field);
  void use(Column& column) const;
  static void fill_up(Column& column, std::size_t rows);
  std::size_t bound() const;
  Column* numbered(std::uint32_t number);
  Column* users(std::uint32_t number) const;
  void store(Column& column, std::uint64_t integer) const;
  bool store(Column& column, Bytes bytes);
  void append(Column& column, std::uint64_t integer) const;
  static void put_text_of(Column& column, Bytes bytes);
  bool no_address(const Column& column, Bytes bytes);
  void complete_times();
  Column& named(std::string_view name);

  UserFieldsPtr user_fields_;
  Shape shape_;
  std::vector<Column> columns_;
  std::vector<Column*> by_number_;  ///< null: no such field
  std::vector<Column*> users_;      ///< in the order of their numbers
  std::size_t rows_ = 0;
  std::size_t room_ = 0;
  std::string wrong_;
};

}  // namespace sluice::sink
