#include "sink/postgres/copy_rows.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>

#include "flow/enumerations.hpp"
#include "flow/field_rows.hpp"
#include "util/clock.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink::postgres {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr std::size_t kKept = 32 << 20;  // of room that a large block made grow
constexpr std::uint64_t kLargestTime = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kNsPerDay = 86'400 * kNsPerSecond;
constexpr std::int64_t kMicrosecondsTo2000 = 946'684'800'000'000;
constexpr std::uint16_t kReceived = field_number("time_received_ns");
constexpr std::uint16_t kStart = field_number("time_flow_start_ns");
constexpr std::uint16_t kEnd = field_number("time_flow_end_ns");

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

std::string_view name_in(FieldKind kind, std::uint64_t value) {
  if (const Enumeration* enumeration = enumeration_of(kind))
    for (const Enumerator& one : enumeration->values)
      if (one.value == value) return one.name;
  return "OTHER";
}

bool is_list(const FieldInfo& field) {
  return field.kind == FieldKind::uint32_list || field.kind == FieldKind::layer_list ||
         field.kind == FieldKind::address_list;
}

std::string wrong_address(const FieldInfo& field, Bytes bytes) {
  if (bytes.empty() || bytes.size() == 4 || bytes.size() == 16) return {};
  return std::string(field.name) + ": an address of " + std::to_string(bytes.size()) +
         " bytes, not of 4 or 16";
}

}  // namespace

CopyRows::CopyRows(std::vector<Column> columns) : columns_(std::move(columns)), said_(columns_.size()) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::uint16_t number = columns_[i].field->number;
    if (by_number_.size() <= number) by_number_.resize(number + 1U);
    by_number_[number] = static_cast<std::uint16_t>(i + 1);
  }
}

void CopyRows::begin() {
  if (out_.capacity() > kKept) std::string().swap(out_);
  out_ = kSignature;
  rows_ = 0;
  days_.clear();
  cut_ = 0;
}

std::string_view CopyRows::finish() {
  put_16(out_, 0xffff);
  return out_;
}

/// Elements come one by one or many at once.
std::string CopyRows::hear_list(const FieldInfo& field, Said& said, std::uint64_t integer, Bytes bytes,
                                bool packed) {
  if (field.kind == FieldKind::address_list) {
    if (!packed) return {};
    said.addresses.push_back(bytes);
    return wrong_address(field, bytes);
  }
  if (!packed) return said.integers.push_back(integer), std::string();
  wire::Reader elements(bytes);
  while (!elements.at_end()) {
    const std::uint64_t element = elements.varint();
    if (elements.ok()) said.integers.push_back(element);
  }
  return elements.ok() ? std::string() : std::string(field.name) + ": " + elements.error();
}

/// What is wrong with the message; "" where nothing is.
std::string CopyRows::read(Bytes message) {
  wire::Reader reader(message);
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    if (!reader.ok()) break;
    if (field.number == kReceived) times_.received = field.integer;
    if (field.number == kStart) times_.start = field.integer;
    if (field.number == kEnd) times_.end = field.integer;
    if (field.number >= by_number_.size() || by_number_[field.number] == 0) continue;
    const std::size_t place = by_number_[field.number] - 1U;
    const FieldInfo& info = *columns_[place].field;
    Said& said = said_[place];
    said.anything = true;
    said.integer = field.integer;
    said.bytes = field.bytes;
    std::string wrong;
    if (is_list(info))
      wrong = hear_list(info, said, field.integer, field.bytes, field.type == wire::Type::delimited);
    else if (info.kind == FieldKind::address)
      wrong = wrong_address(info, field.bytes);
    if (!wrong.empty()) return wrong;
  }
  return reader.ok() ? std::string() : reader.error();
}

/// An absent end becomes the time of receipt, and an absent start the end.
void CopyRows::complete_times() {
  for (std::uint64_t* const time : {&times_.received, &times_.start, &times_.end})
    if (*time > kLargestTime) *time = 0;
  if (times_.end == 0) times_.end = times_.received;
  if (times_.start == 0) times_.start = times_.end;
}

Result<void, std::string> CopyRows::add(Bytes message) {
  times_ = {};
  for (Said& said : said_) {
    said.anything = false;
    said.integer = 0;
    said.bytes = {};
    said.integers.clear();
    said.addresses.clear();
  }
  if (std::string wrong = read(message); !wrong.empty()) return failure(std::move(wrong));
  complete_times();
  days_.insert(static_cast<Day>(times_.received / kNsPerDay));
  put_16(out_, columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) put(columns_[i], said_[i]);
  ++rows_;
  return {};
}

void CopyRows::put_integer(const Column& column, std::uint64_t value) {
  const auto at_most = [&](std::uint64_t largest) {
    if (value > largest) ++cut_;
    return std::min(value, largest);
  };
  switch (column.type) {
    case ColumnType::int2:
      put_32(out_, 2);
      return put_number(out_, static_cast<std::uint16_t>(at_most(0x7fff)));
    case ColumnType::int4:
      put_32(out_, 4);
      return put_number(out_, static_cast<std::uint32_t>(at_most(0x7fffffff)));
    case ColumnType::int8:
      put_32(out_, 8);
      return put_number(out_, at_most(std::numeric_limits<std::int64_t>::max()));
    default:
      return put_numeric(out_, value);
  }
}

void CopyRows::put_list(const Column& column, const Said& said) {
  const bool addresses = column.type == ColumnType::address_list;
  const std::size_t count = addresses ? said.addresses.size() : said.integers.size();
  if (count == 0) return put_null(out_);
  const std::size_t from = out_.size();
  put_32(out_, 0);  // its length, which is not known yet
  put_32(out_, 1);
  put_32(out_, addresses ? 1 : 0);  // an empty address is a NULL among the others
  put_32(out_, facts(column.type).element);
  put_32(out_, count);
  put_32(out_, 1);
  for (const Bytes address : said.addresses) address.empty() ? put_null(out_) : put_address(out_, address);
  for (const std::uint64_t integer : said.integers) {
    if (column.type == ColumnType::text_list) {
      put_text(out_, name_in(column.field->kind, integer));
    } else {
      put_32(out_, 8);
      put_number(out_, integer & 0xffffffff);
    }
  }
  std::string length;
  put_32(length, out_.size() - from - 4);
  out_.replace(from, 4, length);
}

void CopyRows::put(const Column& column, const Said& said) {
  switch (column.type) {
    case ColumnType::time:
      return put_time(out_, column.field->number == kReceived ? times_.received
                            : column.field->number == kStart  ? times_.start
                                                              : times_.end);
    case ColumnType::text:
      if (column.field->kind != FieldKind::text)
        return said.integer == 0 ? put_null(out_) : put_text(out_, name_in(column.field->kind, said.integer));
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
      return put_list(column, said);
    default:
      return column.field->optional && !said.anything ? put_null(out_) : put_integer(column, said.integer);
  }
}

}  // namespace sluice::sink::postgres
