#include "sink/mysql/bound_rows.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>

#include "sink/sql/columns.hpp"
#include "util/clock.hpp"

namespace sluice::sink::mysql {
namespace {

using T = ColumnType;

constexpr std::size_t kPieceRows = 1000;
constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kLongestText = 255;      // of varchar(255), whose characters may be bytes
constexpr std::size_t kLongestBytes = 0xffff;  // of blob
constexpr std::size_t kMostElements = 10'000;
constexpr std::size_t kMac = 6;

std::vector<const FieldInfo*> fields_of(const std::vector<Column>& columns) {
  std::vector<const FieldInfo*> out;
  for (const Column& column : columns) out.push_back(column.field);
  return out;
}

struct Bound {
  enum_field_types type;
  std::size_t width;  ///< 0: an array has where each value is
};
Bound bound(ColumnType type) {
  switch (type) {
    case T::int8:
      return {MYSQL_TYPE_TINY, 1};
    case T::int16:
      return {MYSQL_TYPE_SHORT, 2};
    case T::int32:
      return {MYSQL_TYPE_LONG, 4};
    case T::int64:
      return {MYSQL_TYPE_LONGLONG, 8};
    case T::time:
      return {MYSQL_TYPE_DATETIME, 0};
    case T::text:
    case T::list:
      return {MYSQL_TYPE_STRING, 0};
    case T::bytes:
    case T::address:
    case T::mac:
      return {MYSQL_TYPE_BLOB, 0};
  }
  return {MYSQL_TYPE_NULL, 0};
}

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

/// As much of a text as fits, without a part of a character at its end.
Bytes shortened(Bytes text, std::size_t most) {
  while (most != 0 && (std::to_integer<unsigned>(text[most]) & 0xc0U) == 0x80) --most;
  return text.first(most);
}

std::string address_text(Bytes address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size()) ==
      nullptr)
    return "null";
  return '"' + std::string(text.data()) + '"';
}

}  // namespace

BoundRows::BoundRows(std::vector<Column> columns)
    : Rows(fields_of(columns)), columns_(std::move(columns)), cells_(columns_.size()) {}

void BoundRows::start() {
  for (Cells& cells : cells_) {
    cells.bytes.clear();
    cells.times.clear();
    cells.places.clear();
    cells.lengths.clear();
    cells.nulls.clear();
  }
  made_.clear();
  ends_.clear();
  put_ = piece_rows_ = piece_bytes_ = 0;
}

void BoundRows::put_integer(std::size_t place) {
  const Column& column = columns_[place];
  Cells& cells = cells_[place];
  const std::size_t width = bound(column.type).width;
  const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * width);
  const std::uint64_t value = at_most(said(place).integer, largest);
  const std::size_t at = cells.bytes.size();
  cells.bytes.resize(at + width);
  std::memcpy(cells.bytes.data() + at, &value, width);  // little endian, as all that runs here
  if (column.field->optional) cells.nulls.push_back(said(place).anything ? 0 : 1);
  piece_bytes_ += width;
}

void BoundRows::put_text(Cells& cells, Bytes bytes) {
  cells.places.push_back(bytes.data());
  cells.lengths.push_back(static_cast<unsigned long>(bytes.size()));
  cells.nulls.push_back(bytes.empty() ? 1 : 0);
  piece_bytes_ += bytes.size();
}
void BoundRows::put_text(Cells& cells, std::string_view text) { put_text(cells, bytes_of(text)); }

void BoundRows::put_time(Cells& cells, std::uint64_t ns) {
  const sql::Day day = sql::day_of(ns);
  if (day != day_) {
    const std::chrono::year_month_day on{std::chrono::sys_days{std::chrono::days{day}}};
    day_ = day;
    date_ = {};
    date_.year = static_cast<unsigned>(static_cast<int>(on.year()));
    date_.month = static_cast<unsigned>(on.month());
    date_.day = static_cast<unsigned>(on.day());
    date_.time_type = MYSQL_TIMESTAMP_DATETIME;
  }
  const std::uint64_t seconds = ns / kNsPerSecond;
  MYSQL_TIME& time = cells.times.emplace_back(date_);
  time.hour = static_cast<unsigned>(seconds / 3600 % 24);
  time.minute = static_cast<unsigned>(seconds / 60 % 60);
  time.second = static_cast<unsigned>(seconds % 60);
  time.second_part = static_cast<unsigned long>(ns % kNsPerSecond / 1000);
  cells.places.push_back(nullptr);
  piece_bytes_ += 12;
}

void BoundRows::put_mac(Cells& cells, std::uint64_t mac) {
  for (std::size_t i = 0; i < kMac; ++i)
    cells.bytes.push_back(static_cast<unsigned char>(mac >> (8 * (kMac - 1 - i)) & 0xff));
  cells.places.push_back(nullptr);
  cells.lengths.push_back(kMac);
  cells.nulls.push_back(mac == 0 ? 1 : 0);
  piece_bytes_ += kMac;
}

/// In JSON.
std::string BoundRows::list_of(std::size_t place) {
  const sql::SaidList& list = said_list(place);
  std::string out;
  const auto more = [&](const std::string& element) { out.append(out.empty() ? "[" : ",").append(element); };
  const FieldKind kind = columns_[place].field->kind;
  const std::size_t addresses = at_most(list.addresses.size(), kMostElements);
  for (std::size_t i = 0; i < addresses; ++i)
    more(list.addresses[i].empty() ? "null" : address_text(list.addresses[i]));
  const std::size_t integers = at_most(list.integers.size(), kMostElements);
  for (std::size_t i = 0; i < integers; ++i)
    more(kind == FieldKind::layer_list ? '"' + std::string(sql::name_in(kind, list.integers[i])) + '"'
                                       : std::to_string(list.integers[i] & 0xffffffff));
  if (!out.empty()) out += ']';
  return out;
}

void BoundRows::put() {
  for (std::size_t place = 0; place < columns_.size(); ++place) {
    const Column& column = columns_[place];
    const sql::Said& value = said(place);
    Cells& cells = cells_[place];
    switch (column.type) {
      case T::time:
        put_time(cells, time(place));
        break;
      case T::text:
        if (column.field->kind != FieldKind::text)
          put_text(cells,
                   value.integer == 0 ? std::string_view() : sql::name_in(column.field->kind, value.integer));
        else if (at_most(value.bytes.size(), kLongestText) == value.bytes.size())
          put_text(cells, value.bytes);
        else
          put_text(cells, shortened(value.bytes, kLongestText));
        break;
      case T::bytes:
        put_text(cells, value.bytes.first(at_most(value.bytes.size(), kLongestBytes)));
        break;
      case T::address:
        put_text(cells, value.bytes);
        break;
      case T::mac:
        put_mac(cells, value.integer);
        break;
      case T::list:
        put_text(cells, made_.emplace_back(list_of(place)));
        break;
      default:
        put_integer(place);
    }
  }
  ++put_;
  if (++piece_rows_ < kPieceRows && piece_bytes_ < kPieceBytes) return;
  ends_.push_back(put_);
  piece_rows_ = piece_bytes_ = 0;
}

std::vector<std::size_t> BoundRows::pieces() const {
  std::vector<std::size_t> out = ends_;
  if (out.empty() || out.back() != put_) out.push_back(put_);
  return out;
}

/// What is made here moves while it grows.
void BoundRows::point_at_made() {
  for (std::size_t place = 0; place < columns_.size(); ++place) {
    Cells& cells = cells_[place];
    if (columns_[place].type == T::mac)
      for (std::size_t row = 0; row < put_; ++row) cells.places[row] = cells.bytes.data() + row * kMac;
    if (columns_[place].type == T::time)
      for (std::size_t row = 0; row < put_; ++row) cells.places[row] = cells.times.data() + row;
  }
}

/// The value of this row, or the arrays that begin with it.
MYSQL_BIND BoundRows::bind(std::size_t place, std::size_t row) const {
  // libmariadb only reads what is bound to a parameter.
  const Cells& cells = cells_[place];
  const Bound as = bound(columns_[place].type);
  MYSQL_BIND out{};
  out.buffer_type = as.type;
  out.is_unsigned = 1;
  if (as.width == 0) {
    out.buffer = const_cast<const void**>(cells.places.data()) + row;
    if (!cells.lengths.empty()) out.length = const_cast<unsigned long*>(cells.lengths.data()) + row;
  } else {
    out.buffer = const_cast<unsigned char*>(cells.bytes.data()) + row * as.width;
  }
  if (!cells.nulls.empty()) out.u.indicator = const_cast<char*>(cells.nulls.data()) + row;
  return out;
}

std::vector<MYSQL_BIND> BoundRows::arrays(std::size_t from) {
  if (from == 0) point_at_made();
  std::vector<MYSQL_BIND> out;
  for (std::size_t place = 0; place < columns_.size(); ++place) out.push_back(bind(place, from));
  return out;
}

std::vector<MYSQL_BIND> BoundRows::values(std::size_t from, std::size_t rows) {
  if (from == 0) point_at_made();
  std::vector<MYSQL_BIND> out;
  out.reserve(rows * columns_.size());
  for (std::size_t row = from; row < from + rows; ++row)
    for (std::size_t place = 0; place < columns_.size(); ++place) {
      MYSQL_BIND one = bind(place, row);
      if (bound(columns_[place].type).width == 0) {
        one.buffer = const_cast<void*>(*static_cast<const void**>(one.buffer));
        if (one.length != nullptr) one.buffer_length = *one.length;
      }
      if (one.u.indicator != nullptr) one.is_null = one.u.indicator;
      one.u.indicator = nullptr;
      out.push_back(one);
    }
  return out;
}

}  // namespace sluice::sink::mysql
