#include "sink/mysql/bound_rows.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>

#include "encode/json_text.hpp"
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
constexpr std::size_t kTime = 12;  // on the wire

std::vector<sql::Source> sources_of(const std::vector<Column>& columns) {
  std::vector<sql::Source> out;
  for (const Column& column : columns) out.push_back(column.source);
  return out;
}

struct Bound {
  enum_field_types type;
  std::size_t width;  ///< of a number; 0: an array has where each value is
};
/// In the order of ColumnType.
constexpr Bound kBound[] = {
    {MYSQL_TYPE_TINY, 1},     {MYSQL_TYPE_SHORT, 2},  {MYSQL_TYPE_LONG, 4}, {MYSQL_TYPE_LONGLONG, 8},
    {MYSQL_TYPE_DATETIME, 0}, {MYSQL_TYPE_STRING, 0}, {MYSQL_TYPE_BLOB, 0}, {MYSQL_TYPE_BLOB, 0},
    {MYSQL_TYPE_BLOB, 0},     {MYSQL_TYPE_STRING, 0},
};
const Bound& bound(ColumnType type) { return kBound[static_cast<std::size_t>(type)]; }

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

/// As much of a text as fits, without a part of a character at its end.
Bytes shortened(Bytes text, std::size_t most) {
  while (most != 0 && (std::to_integer<unsigned>(text[most]) & 0xc0U) == 0x80) --most;
  return text.first(most);
}

std::string address_json(Bytes address) {
  if (address.empty()) return "null";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size()) ==
      nullptr)
    return "null";
  return '"' + std::string(text.data()) + '"';
}

/// Of a list of texts, or of bytes: these in hexadecimal.
std::string text_json(FieldKind kind, Bytes bytes) {
  std::vector<std::byte> room(encode::text_json_bound(bytes.size()));
  encode::JsonText out(room.data());
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  kind == FieldKind::text ? out.text(text) : out.hex(text);
  return {reinterpret_cast<const char*>(room.data()), out.size()};
}

}  // namespace

BoundRows::BoundRows(std::vector<Column> columns)
    : Rows(sources_of(columns)), columns_(std::move(columns)), cells_(columns_.size()) {
  for (const Column& column : columns_) {
    names_.emplace_back(column.source.kind);
    fixed_bytes_ += column.type == T::time ? kTime : column.type == T::mac ? kMac : bound(column.type).width;
  }
}

void BoundRows::start() {
  made_.clear();
  ends_.clear();
  put_ = piece_rows_ = piece_bytes_ = 0;
}

/// For more rows than there are.
void BoundRows::make_room() {
  room_ = std::max<std::size_t>(kPieceRows, 2 * room_);
  for (std::size_t place = 0; place < columns_.size(); ++place) {
    Cells& cells = cells_[place];
    const T type = columns_[place].type;
    const std::size_t width = type == T::mac ? kMac : bound(type).width;
    cells.bytes.resize(room_ * width);
    if (bound(type).width != 0) {
      if (columns_[place].source.optional) cells.nulls.resize(room_);
      continue;
    }
    cells.places.resize(room_);
    if (type == T::time) {
      cells.times.resize(room_);
      for (std::size_t row = 0; row < room_; ++row) cells.places[row] = cells.times.data() + row;
      continue;
    }
    cells.lengths.resize(room_, kMac);
    cells.nulls.resize(room_);
    if (type == T::mac)
      for (std::size_t row = 0; row < room_; ++row) cells.places[row] = cells.bytes.data() + row * kMac;
  }
}

template <class V>
void BoundRows::put_integer(Cells& cells, std::size_t place) {
  const sql::Said& value = said(place);
  const auto fits = static_cast<V>(at_most(value.integer, std::numeric_limits<V>::max()));
  std::memcpy(cells.bytes.data() + put_ * sizeof(V), &fits, sizeof(V));
  if (!cells.nulls.empty()) cells.nulls[put_] = value.anything ? 0 : 1;
}

void BoundRows::put_text(Cells& cells, Bytes bytes) {
  cells.places[put_] = bytes.data();
  cells.lengths[put_] = static_cast<unsigned long>(bytes.size());
  cells.nulls[put_] = bytes.empty() ? 1 : 0;
  piece_bytes_ += bytes.size();
}
void BoundRows::put_text(Cells& cells, std::string_view text) { put_text(cells, bytes_of(text)); }

void BoundRows::put_told_text(Cells& cells, Bytes bytes) {
  const bool whole = at_most(bytes.size(), kLongestText) == bytes.size();
  put_text(cells, whole ? bytes : shortened(bytes, kLongestText));
}

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
  const auto second = static_cast<unsigned>(ns / kNsPerSecond % 86'400);
  MYSQL_TIME& time = cells.times[put_];
  time = date_;
  time.hour = second / 3600;
  time.minute = second / 60 % 60;
  time.second = second % 60;
  time.second_part = static_cast<unsigned long>(ns % kNsPerSecond / 1000);
}

void BoundRows::put_mac(Cells& cells, std::uint64_t mac) {
  unsigned char* const to = cells.bytes.data() + put_ * kMac;
  for (std::size_t i = 0; i < kMac; ++i)
    to[i] = static_cast<unsigned char>(mac >> (8 * (kMac - 1 - i)) & 0xff);
  cells.nulls[put_] = mac == 0 ? 1 : 0;
}

/// In JSON.
std::string BoundRows::list_of(std::size_t place) {
  const sql::SaidList& list = said_list(place);
  std::string out;
  const auto more = [&](const std::string& element) { out.append(out.empty() ? "[" : ",").append(element); };
  const sql::Source& source = columns_[place].source;
  const std::size_t bytes = at_most(list.bytes.size(), kMostElements);
  for (std::size_t i = 0; i < bytes; ++i)
    more(source.kind == FieldKind::address ? address_json(list.bytes[i])
                                           : text_json(source.kind, list.bytes[i]));
  const std::uint64_t mask = source.kind == FieldKind::uint32 ? 0xffffffff : ~std::uint64_t{0};
  const std::size_t integers = at_most(list.integers.size(), kMostElements);
  for (std::size_t i = 0; i < integers; ++i)
    more(names_[place].none() ? std::to_string(list.integers[i] & mask)
                              : '"' + std::string(names_[place].of(list.integers[i])) + '"');
  if (!out.empty()) out += ']';
  return out;
}

inline void BoundRows::put_value(std::size_t place) {
  const sql::Said& value = said(place);
  Cells& cells = cells_[place];
  switch (columns_[place].type) {
    case T::int8:
      return put_integer<std::uint8_t>(cells, place);
    case T::int16:
      return put_integer<std::uint16_t>(cells, place);
    case T::int32:
      return put_integer<std::uint32_t>(cells, place);
    case T::int64:
      return put_integer<std::uint64_t>(cells, place);
    case T::time:
      return put_time(cells, value.integer);
    case T::text:
      if (names_[place].none()) return put_told_text(cells, value.bytes);
      return put_text(cells, value.integer == 0 ? std::string_view() : names_[place].of(value.integer));
    case T::bytes:
      return put_text(cells, value.bytes.first(at_most(value.bytes.size(), kLongestBytes)));
    case T::address:
      return put_text(cells, value.bytes);
    case T::mac:
      return put_mac(cells, value.integer);
    case T::list:
      return put_text(cells, made_.emplace_back(list_of(place)));
  }
}

void BoundRows::put(std::size_t /*message_bytes*/) {
  if (put_ == room_) make_room();
  for (std::size_t place = 0; place < columns_.size(); ++place) put_value(place);
  ++put_;
  piece_bytes_ += fixed_bytes_;
  if (++piece_rows_ < kPieceRows && piece_bytes_ < kPieceBytes) return;
  ends_.push_back(put_);
  piece_rows_ = piece_bytes_ = 0;
}

std::vector<std::size_t> BoundRows::pieces() const {
  std::vector<std::size_t> out = ends_;
  if (out.empty() || out.back() != put_) out.push_back(put_);
  return out;
}

/// The value of this row, or the arrays that begin with it.
MYSQL_BIND BoundRows::bind(std::size_t place, std::size_t row) const {
  // libmariadb only reads what is bound to a parameter.
  const Cells& cells = cells_[place];
  const Bound& as = bound(columns_[place].type);
  MYSQL_BIND out{};
  out.buffer_type = as.type;
  out.is_unsigned = 1;
  if (as.width == 0) {
    out.buffer = static_cast<void*>(const_cast<const void**>(cells.places.data()) + row);
    if (!cells.lengths.empty()) out.length = const_cast<unsigned long*>(cells.lengths.data()) + row;
  } else {
    out.buffer = const_cast<unsigned char*>(cells.bytes.data()) + row * as.width;
  }
  if (!cells.nulls.empty()) out.u.indicator = const_cast<char*>(cells.nulls.data()) + row;
  return out;
}

std::vector<MYSQL_BIND> BoundRows::arrays(std::size_t from) {
  std::vector<MYSQL_BIND> out;
  for (std::size_t place = 0; place < columns_.size(); ++place) out.push_back(bind(place, from));
  return out;
}

std::vector<MYSQL_BIND> BoundRows::values(std::size_t from, std::size_t rows) {
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
