#pragma once
// A block's flow messages as rows of a table: what each says of the columns' fields, with absent times filled
// in, and on which days the rows were received. How a row is held for a database is the business of whoever
// derives from Rows.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sink/sql/columns.hpp"
#include "sink/sql/days.hpp"
#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink::sql {

/// What a message says of a field. An absent time of a flow is filled in.
struct Said {
  std::uint64_t integer = 0;
  Bytes bytes{};
  bool anything = false;
};
/// One of the two, as the field is.
struct SaidList {
  std::vector<std::uint64_t> integers;
  std::vector<Bytes> bytes;
};

/// Reused from block to block; one thread.
class Rows {
 public:
  explicit Rows(std::vector<Source> sources);
  virtual ~Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// Forgets what it holds.
  void begin();
  /// One FlowMessage, without its length, which may be borrowed until the next begin(). Where it is none,
  /// what is wrong with it, and the whole is of no more use until then.
  Result<void, std::string> add(Bytes message);

  std::size_t rows() const { return rows_; }
  const std::set<Day>& days() const { return days_; }
  /// Values that were larger than their column takes, which has what it takes of them.
  std::uint64_t cut() const { return cut_; }

 protected:
  /// No rows are held any more.
  virtual void start() = 0;
  /// Holds the row that was read from a message of this size, rows() of which are before it.
  virtual void put(std::size_t message_bytes) = 0;

  const Said& said(std::size_t column) const { return said_[column]; }
  const SaidList& said_list(std::size_t column) const { return lists_[list_of_[column]]; }
  /// Elements of all the row's lists.
  std::size_t elements() const { return elements_; }
  /// No more than this, and counted where it was more.
  std::uint64_t at_most(std::uint64_t value, std::uint64_t largest) {
    if (value <= largest) return value;
    ++cut_;
    return largest;
  }

 private:
  /// How a place takes what a message says of it. What is of another wire type is passed over, as protobuf's
  /// own classes do.
  enum class Take : std::uint8_t { integer, bytes, address, integers, texts, addresses };

  void add_place(std::uint32_t number, Take take);
  std::size_t place_of(std::uint32_t number) const;
  bool hear(std::size_t place, std::uint64_t integer);
  bool hear(std::size_t place, Bytes bytes);
  bool hear_packed(std::size_t place, Bytes bytes);
  bool no_address(std::size_t place, Bytes bytes);
  void complete_times();

  const std::vector<Source> sources_;
  std::vector<std::uint16_t> by_number_;  ///< place and one; 0: no column; of numbers that are not large
  std::vector<std::pair<std::uint32_t, std::uint16_t>> large_numbers_;  ///< sorted; with place and one
  std::size_t received_ = 0, start_ = 0, end_ = 0;                      ///< places of the times
  std::vector<Said> said_;            ///< sources_, and after them times that are no column
  std::vector<Take> take_;            ///< parallel to said_
  std::vector<std::size_t> list_of_;  ///< parallel to said_
  std::vector<SaidList> lists_;       ///< the first is of all that are no lists
  std::size_t elements_ = 0;
  std::string wrong_;  ///< what hear() found
  std::size_t rows_ = 0;
  Day last_day_ = -1;
  std::set<Day> days_;
  std::uint64_t cut_ = 0;
};

}  // namespace sluice::sink::sql
