#include "sink/postgres/copy_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstring>
#include <limits>

namespace sluice::sink::postgres {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr std::size_t kKept = 32 << 20;  // of room that a large block made grow
constexpr std::int64_t kMicrosecondsTo2000 = 946'684'800'000'000;

// The most that a value takes beside its bytes in the message: a length, and what goes before an address or a
// list's elements; a number, of which a numeric's five groups are the longest.
constexpr std::size_t kMostOfValue = 4 + 20;

static_assert(std::endian::native == std::endian::little);
std::uint16_t big_endian(std::uint16_t value) { return __builtin_bswap16(value); }
std::uint32_t big_endian(std::uint32_t value) { return __builtin_bswap32(value); }
std::uint64_t big_endian(std::uint64_t value) { return __builtin_bswap64(value); }

/// All of these write where there is room, and return where the next goes.
template <std::unsigned_integral V>
char* put_number(char* to, V value) {
  const V turned = big_endian(value);
  std::memcpy(to, &turned, sizeof(turned));
  return to + sizeof(turned);
}
char* put_16(char* to, std::uint64_t value) { return put_number(to, static_cast<std::uint16_t>(value)); }
char* put_32(char* to, std::uint64_t value) { return put_number(to, static_cast<std::uint32_t>(value)); }
char* put_64(char* to, std::uint64_t value) { return put_number(to, value); }
char* put_null(char* to) { return put_32(to, 0xffffffff); }

char* put_raw(char* to, const void* from, std::size_t size) {
  if (size == 0) return to;
  std::memcpy(to, from, size);
  return to + size;
}

char* put_text(char* to, std::string_view text) {
  return put_raw(put_32(to, text.size()), text.data(), text.size());
}

char* put_bytes(char* to, Bytes bytes) {
  return bytes.empty() ? put_null(to) : put_raw(put_32(to, bytes.size()), bytes.data(), bytes.size());
}

/// PostgreSQL's texts hold no NUL.
char* put_clean_text(char* to, Bytes bytes) {
  char* const end = put_raw(put_32(to, bytes.size()), bytes.data(), bytes.size());
  std::replace(to + 4, end, '\0', ' ');
  return end;
}
char* put_told_text(char* to, Bytes bytes) {
  return bytes.empty() ? put_null(to) : put_clean_text(to, bytes);
}

char* put_address(char* to, Bytes bytes) {
  if (bytes.empty()) return put_null(to);
  const bool v4 = bytes.size() == 4;
  to = put_32(to, v4 ? 8 : 20);
  to = put_32(to, v4 ? 0x02'20'00'04 : 0x03'80'00'10);
  return v4 ? put_raw(to, bytes.data(), 4) : put_raw(to, bytes.data(), 16);
}

char* put_time(char* to, std::uint64_t ns) {
  const auto since_2000 = static_cast<std::int64_t>(ns / 1000) - kMicrosecondsTo2000;
  return put_64(put_32(to, 8), static_cast<std::uint64_t>(since_2000));
}

char* put_mac(char* to, std::uint64_t mac) {
  if (mac == 0) return put_null(to);
  return put_32(put_16(put_32(to, 6), mac >> 32), mac);
}

char* put_numeric(char* to, std::uint64_t value) {
  std::array<std::uint16_t, 5> groups{};
  std::size_t count = 0;
  for (; value != 0; value /= 10'000) groups[count++] = static_cast<std::uint16_t>(value % 10'000);
  to = put_32(to, 8 + 2 * count);
  to = put_16(to, count);
  to = put_16(to, count == 0 ? 0 : count - 1);  // weight of the first group
  to = put_32(to, 0);                           // sign, and digits behind the point
  while (count != 0) to = put_number(to, groups[--count]);
  return to;
}

std::vector<sql::Source> sources_of(const std::vector<Column>& columns) {
  std::vector<sql::Source> out;
  for (const Column& column : columns) out.push_back(column.source);
  return out;
}

}  // namespace

CopyRows::CopyRows(std::vector<Column> columns) : Rows(sources_of(columns)), columns_(std::move(columns)) {
  most_of_row_ = 2;
  for (const Column& column : columns_) {
    names_.emplace_back(column.source.kind);
    most_of_row_ += kMostOfValue + names_.back().longest();
    most_of_element_ = std::max(most_of_element_, kMostOfValue + names_.back().longest());
  }
}

void CopyRows::start() {
  out_.begin(kKept);
  out_.ends_at(put_raw(out_.more(kSignature.size()), kSignature.data(), kSignature.size()));
  finished_ = false;
}

std::string_view CopyRows::finish() {
  if (!finished_) out_.ends_at(put_16(out_.more(2), 0xffff));
  finished_ = true;
  return out_.text();
}

void CopyRows::put(std::size_t message_bytes) {
  char* to = out_.more(most_of_row_ + message_bytes + elements() * most_of_element_);
  to = put_16(to, columns_.size());
  for (std::size_t place = 0; place < columns_.size(); ++place) to = put_value(to, place);
  out_.ends_at(to);
}

inline char* CopyRows::put_integer(char* to, ColumnType type, std::uint64_t value) {
  switch (type) {
    case ColumnType::int2:
      return put_16(put_32(to, 2), at_most(value, 0x7fff));
    case ColumnType::int4:
      return put_32(put_32(to, 4), at_most(value, 0x7fffffff));
    case ColumnType::int8:
      return put_64(put_32(to, 8), at_most(value, std::numeric_limits<std::int64_t>::max()));
    default:
      return put_numeric(to, value);
  }
}

char* CopyRows::put_list(char* const to, std::size_t place) const {
  const Column& column = columns_[place];
  const sql::SaidList& list = said_list(place);
  const bool addresses = column.type == ColumnType::address_list;
  const std::size_t count = list.integers.size() + list.bytes.size();
  if (count == 0) return put_null(to);
  char* at = put_32(to + 4, 1);        // before it goes its length, which is not known yet
  at = put_32(at, addresses ? 1 : 0);  // an empty address is a NULL among the others
  at = put_32(at, facts(column.type).element);
  at = put_32(at, count);
  at = put_32(at, 1);
  for (const Bytes bytes : list.bytes)
    at = addresses ? put_address(at, bytes)
         : column.type == ColumnType::text_list
             ? put_clean_text(at, bytes)
             : put_raw(put_32(at, bytes.size()), bytes.data(), bytes.size());
  for (const std::uint64_t integer : list.integers) {
    if (column.type == ColumnType::text_list)
      at = put_text(at, names_[place].of(integer));
    else if (column.type == ColumnType::numeric_list)
      at = put_numeric(at, integer);
    else
      at = put_64(put_32(at, 8), integer & 0xffffffff);
  }
  put_32(to, static_cast<std::size_t>(at - to) - 4);
  return at;
}

inline char* CopyRows::put_value(char* to, std::size_t place) {
  const Column& column = columns_[place];
  const sql::Said& said = this->said(place);
  switch (column.type) {
    case ColumnType::time:
      return put_time(to, said.integer);
    case ColumnType::text:
      if (names_[place].none()) return put_told_text(to, said.bytes);
      return said.integer == 0 ? put_null(to) : put_text(to, names_[place].of(said.integer));
    case ColumnType::bytes:
      return put_bytes(to, said.bytes);
    case ColumnType::address:
      return put_address(to, said.bytes);
    case ColumnType::mac:
      return put_mac(to, said.integer);
    case ColumnType::int8_list:
    case ColumnType::address_list:
    case ColumnType::text_list:
    case ColumnType::numeric_list:
    case ColumnType::bytes_list:
      return put_list(to, place);
    default:
      return column.source.optional && !said.anything ? put_null(to)
                                                      : put_integer(to, column.type, said.integer);
  }
}

}  // namespace sluice::sink::postgres
