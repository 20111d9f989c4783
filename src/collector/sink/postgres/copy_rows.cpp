#include "sink/postgres/copy_rows.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>

#include "sink/sql/columns.hpp"

namespace sluice::sink::postgres {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr std::size_t kKept = 32 << 20;  // of room that a large block made grow
constexpr std::int64_t kMicrosecondsTo2000 = 946'684'800'000'000;

template <std::unsigned_integral V>
void put_number(std::string& out, V value) {
  for (std::size_t shift = sizeof(V) * 8; shift != 0; shift -= 8)
    out += static_cast<char>(value >> (shift - 8) & 0xff);
}
void put_16(std::string& out, std::uint64_t value) { put_number(out, static_cast<std::uint16_t>(value)); }
void put_32(std::string& out, std::uint64_t value) { put_number(out, static_cast<std::uint32_t>(value)); }
void put_null(std::string& out) { put_32(out, 0xffffffff); }

void put_bytes(std::string& out, Bytes bytes) {
  put_32(out, bytes.size());
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void put_text(std::string& out, std::string_view text) {
  put_32(out, text.size());
  out += text;
}

/// PostgreSQL's texts hold no NUL.
void put_told_text(std::string& out, Bytes bytes) {
  const std::size_t from = out.size() + 4;
  put_bytes(out, bytes);
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), '\0', ' ');
}

void put_address(std::string& out, Bytes bytes) {
  put_32(out, 4 + bytes.size());
  out += static_cast<char>(bytes.size() == 4 ? 2 : 3);
  out += static_cast<char>(bytes.size() * 8);
  out += '\0';
  out += static_cast<char>(bytes.size());
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void put_time(std::string& out, std::uint64_t ns) {
  put_32(out, 8);
  put_number(out, static_cast<std::uint64_t>(static_cast<std::int64_t>(ns / 1000) - kMicrosecondsTo2000));
}

void put_numeric(std::string& out, std::uint64_t value) {
  std::array<std::uint16_t, 5> groups{};
  std::size_t count = 0;
  for (; value != 0; value /= 10'000) groups[count++] = static_cast<std::uint16_t>(value % 10'000);
  put_32(out, 8 + 2 * count);
  put_16(out, count);
  put_16(out, count == 0 ? 0 : count - 1);  // weight of the first group
  put_16(out, 0);                           // sign
  put_16(out, 0);                           // digits behind the point
  while (count != 0) put_number(out, groups[--count]);
}

std::vector<const FieldInfo*> fields_of(const std::vector<Column>& columns) {
  std::vector<const FieldInfo*> out;
  for (const Column& column : columns) out.push_back(column.field);
  return out;
}

}  // namespace

CopyRows::CopyRows(std::vector<Column> columns) : Rows(fields_of(columns)), columns_(std::move(columns)) {}

void CopyRows::start() {
  if (out_.capacity() > kKept) std::string().swap(out_);
  out_ = kSignature;
  finished_ = false;
}

std::string_view CopyRows::finish() {
  if (!finished_) put_16(out_, 0xffff);
  finished_ = true;
  return out_;
}

void CopyRows::put() {
  put_16(out_, columns_.size());
  for (std::size_t place = 0; place < columns_.size(); ++place) put_value(place);
}

void CopyRows::put_integer(const Column& column, std::uint64_t value) {
  switch (column.type) {
    case ColumnType::int2:
      put_32(out_, 2);
      return put_number(out_, static_cast<std::uint16_t>(at_most(value, 0x7fff)));
    case ColumnType::int4:
      put_32(out_, 4);
      return put_number(out_, static_cast<std::uint32_t>(at_most(value, 0x7fffffff)));
    case ColumnType::int8:
      put_32(out_, 8);
      return put_number(out_, at_most(value, std::numeric_limits<std::int64_t>::max()));
    default:
      return put_numeric(out_, value);
  }
}

void CopyRows::put_list(const Column& column, const sql::SaidList& list) {
  const bool addresses = column.type == ColumnType::address_list;
  const std::size_t count = addresses ? list.addresses.size() : list.integers.size();
  if (count == 0) return put_null(out_);
  const std::size_t from = out_.size();
  put_32(out_, 0);  // its length, which is not known yet
  put_32(out_, 1);
  put_32(out_, addresses ? 1 : 0);  // an empty address is a NULL among the others
  put_32(out_, facts(column.type).element);
  put_32(out_, count);
  put_32(out_, 1);
  for (const Bytes address : list.addresses) address.empty() ? put_null(out_) : put_address(out_, address);
  for (const std::uint64_t integer : list.integers) {
    if (column.type == ColumnType::text_list) {
      put_text(out_, sql::name_in(column.field->kind, integer));
    } else {
      put_32(out_, 8);
      put_number(out_, integer & 0xffffffff);
    }
  }
  std::string length;
  put_32(length, out_.size() - from - 4);
  out_.replace(from, 4, length);
}

void CopyRows::put_value(std::size_t place) {
  const Column& column = columns_[place];
  const sql::Said& said = this->said(place);
  switch (column.type) {
    case ColumnType::time:
      return put_time(out_, time(place));
    case ColumnType::text:
      if (column.field->kind != FieldKind::text)
        return said.integer == 0 ? put_null(out_)
                                 : put_text(out_, sql::name_in(column.field->kind, said.integer));
      return said.bytes.empty() ? put_null(out_) : put_told_text(out_, said.bytes);
    case ColumnType::bytes:
      return said.bytes.empty() ? put_null(out_) : put_bytes(out_, said.bytes);
    case ColumnType::address:
      return said.bytes.empty() ? put_null(out_) : put_address(out_, said.bytes);
    case ColumnType::mac:
      if (said.integer == 0) return put_null(out_);
      put_32(out_, 6);
      put_16(out_, said.integer >> 32);
      return put_32(out_, said.integer);
    case ColumnType::int8_list:
    case ColumnType::address_list:
    case ColumnType::text_list:
      return put_list(column, said_list(place));
    default:
      return column.field->optional && !said.anything ? put_null(out_) : put_integer(column, said.integer);
  }
}

}  // namespace sluice::sink::postgres
