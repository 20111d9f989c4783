#pragma once
// A block's flow messages as rows of a table: what each says of the columns' fields, with absent times filled
// in, and on which days the rows were received. How a row is held for a database is the business of whoever
// derives from Rows.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sink/sql/days.hpp"
#include "sluice/flow/fields.hpp"
#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink::sql {

/// What a message says of a field.
struct Said {
  bool anything = false;
  std::uint64_t integer = 0;
  Bytes bytes{};
};
struct SaidList {
  std::vector<std::uint64_t> integers;
  std::vector<Bytes> addresses;
};

/// Reused from block to block; one thread.
class Rows {
 public:
  explicit Rows(std::vector<const FieldInfo*> fields);
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
  /// Holds the row that was read.
  virtual void put() = 0;

  const Said& said(std::size_t column) const { return said_[column]; }
  const SaidList& said_list(std::size_t column) const { return lists_[list_of_[column]]; }
  /// Of a column whose field is a time.
  std::uint64_t time(std::size_t column) const;
  /// No more than this, and counted where it was more.
  std::uint64_t at_most(std::uint64_t value, std::uint64_t largest) {
    if (value <= largest) return value;
    ++cut_;
    return largest;
  }

 private:
  struct Times {
    std::uint64_t received = 0, start = 0, end = 0;
  };

  std::string read(Bytes message);
  std::string hear_list(const FieldInfo& field, SaidList& list, std::uint64_t integer, Bytes bytes,
                        bool packed);
  void complete_times();

  const std::vector<const FieldInfo*> fields_;
  std::vector<std::uint16_t> by_number_;  ///< place in fields_ and one; 0: no column
  std::vector<Said> said_;                ///< parallel to fields_
  std::vector<std::size_t> list_of_;      ///< parallel to fields_
  std::vector<SaidList> lists_;           ///< the first is of all that are no lists
  Times times_;
  std::size_t rows_ = 0;
  Day last_day_ = -1;
  std::set<Day> days_;
  std::uint64_t cut_ = 0;
};

bool is_list(const FieldInfo& field);

}  // namespace sluice::sink::sql
