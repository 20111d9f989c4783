#pragma once
// Flow messages as the arrays that libmariadb binds: for each column the values of all rows, or where they
// are and how long, and which of them are NULL. Texts and addresses stay where they are in the block.
#include <mysql.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sink/mysql/columns.hpp"
#include "sink/sql/rows.hpp"

namespace sluice::sink::mysql {

/// Reused from block to block; one thread. The block lives for as long as its rows are bound.
class BoundRows final : public sql::Rows {
 public:
  explicit BoundRows(std::vector<Column> columns);

  const std::vector<Column>& columns() const { return columns_; }
  /// Where pieces end, none of which is more than a thousand rows or, but for a row's part, a megabyte: a
  /// server takes no statement that is larger than its max_allowed_packet.
  std::vector<std::size_t> pieces() const;
  /// The arrays from this row on, a parameter for each column. Good until the next add().
  std::vector<MYSQL_BIND> arrays(std::size_t from);
  /// So many rows one by one, a parameter for each value.
  std::vector<MYSQL_BIND> values(std::size_t from, std::size_t rows);

 private:
  /// Those that a column has none of are empty, others have `room_`.
  struct Cells {
    std::vector<unsigned char> bytes;  ///< numbers of all rows, or MAC addresses
    std::vector<MYSQL_TIME> times;
    std::vector<const void*> places;  ///< of all that is no number: where each row's value is
    std::vector<unsigned long> lengths;
    std::vector<char> nulls;  ///< 1: NULL; empty where none can be
  };

  void start() override;
  void put(std::size_t message_bytes) override;
  void make_room();
  void put_value(std::size_t place);
  template <class V>
  void put_integer(Cells& cells, std::size_t place);
  void put_text(Cells& cells, Bytes bytes);
  void put_text(Cells& cells, std::string_view text);
  void put_told_text(Cells& cells, Bytes bytes);
  void put_time(Cells& cells, std::uint64_t ns);
  void put_mac(Cells& cells, std::uint64_t mac);
  std::string list_of(std::size_t place);
  MYSQL_BIND bind(std::size_t place, std::size_t row) const;

  const std::vector<Column> columns_;
  std::vector<Cells> cells_;            ///< parallel to columns_
  std::vector<sql::ValueNames> names_;  ///< parallel to columns_
  std::deque<std::string> made_;        ///< texts that stand nowhere in the block
  std::vector<std::size_t> ends_;
  std::size_t fixed_bytes_ = 0;  ///< of a row's numbers and times
  std::size_t room_ = 0;         ///< rows that the cells have room for
  std::size_t put_ = 0, piece_rows_ = 0, piece_bytes_ = 0;
  sql::Day day_ = -1;  ///< of `date_`
  MYSQL_TIME date_{};
};

}  // namespace sluice::sink::mysql
