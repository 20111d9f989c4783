#include "sink/clickhouse/native.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "flow/columns.hpp"
#include "flow/enumerations.hpp"
#include "sluice/flow/address.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink {
namespace {

constexpr std::uint64_t kLargestTime = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kOther = 0xff;  // 'OTHER' = -1 of each enumeration in the tables

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

void put_bytes(std::string& out, const void* from, std::size_t size) {
  const std::size_t before = out.size();
  out.resize(before + size);
  if (size != 0) std::memcpy(out.data() + before, from, size);
}

std::byte* grow(std::vector<std::byte>& to, std::size_t size) {
  const std::size_t before = to.size();
  to.resize(before + size);
  return to.data() + before;
}

/// The host is little endian, as ClickHouse's format is (asserted where the daemon is built for others).
template <class V>
void put_at(std::byte* to, V value) {
  std::memcpy(to, &value, sizeof(value));
}

void put_address(std::byte* to, Bytes bytes) {
  static constexpr std::byte kMapped[12] = {
      {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}};
  if (bytes.size() == 4) {
    std::memcpy(to, kMapped, sizeof(kMapped));
    std::memcpy(to + sizeof(kMapped), bytes.data(), 4);
  } else if (bytes.size() == 16) {
    std::memcpy(to, bytes.data(), 16);
  }
}

bool known(FieldKind kind, std::uint64_t value) {
  const Enumeration* enumeration = enumeration_of(kind);
  return enumeration != nullptr &&
         std::ranges::any_of(enumeration->values, [&](const Enumerator& one) { return one.value == value; });
}

}  // namespace

struct NativeForm {
  std::size_t width;  ///< of a value, of an element where it is a list; 0: its bytes tell
  bool list;
  std::string_view type;
};

namespace {

/// In the order of NativeBlock::Form. Enumerations go as numbers, which the server makes names of.
constexpr NativeForm kForms[] = {
    {1, false, "Int8"},        {4, false, "UInt32"},
    {8, false, "UInt64"},      {8, false, "DateTime64(9, 'UTC')"},
    {16, false, "IPv6"},       {0, false, "String"},
    {1, true, "Array(Int8)"},  {4, true, "Array(UInt32)"},
    {16, true, "Array(IPv6)"},
};

template <class F>
const NativeForm& facts(F form) {
  return kForms[static_cast<std::size_t>(form)];
}

}  // namespace

NativeBlock::Form NativeBlock::form_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return Form::int8;
    case FieldKind::uint32:
      return Form::uint32;
    case FieldKind::uint64:
    case FieldKind::mac:
      return Form::uint64;
    case FieldKind::time_ns:
      return Form::time;
    case FieldKind::address:
      return Form::address;
    case FieldKind::raw:
    case FieldKind::text:
      return Form::text;
    case FieldKind::uint32_list:
      return Form::uint32s;
    case FieldKind::layer_list:
      return Form::int8s;
    case FieldKind::address_list:
      return Form::addresses;
  }
  return Form::text;
}

NativeBlock::NativeBlock() {
  for (const FieldInfo& field : flow_fields()) {
    if (by_number_.size() <= field.number) by_number_.resize(field.number + 1U);
    columns_.push_back({.field = &field, .name = column_name(field), .form = form_of(field.kind)});
    by_number_[field.number] = static_cast<std::uint16_t>(columns_.size());
  }
}

void NativeBlock::begin(std::size_t rows) {
  rows_ = 0;
  room_ = rows;
  for (Column& column : columns_) {
    column.used = false;
    if (column.form == Form::int8) use(column);
  }
}

/// Its first value in this block: all rows have room, and no value yet.
void NativeBlock::use(Column& column) const {
  const NativeForm& form = facts(column.form);
  column.used = true;
  column.filled = 0;
  column.values.clear();
  column.ends.clear();
  column.nulls.clear();
  if (form.width != 0 && !form.list) column.values.resize(room_ * form.width);
  if (column.field->optional) column.nulls.resize(room_, std::byte{1});
}

/// Texts and lists of the rows before `rows` that have none.
void NativeBlock::fill_up(Column& column, std::size_t rows) {
  const NativeForm& form = facts(column.form);
  if (form.list) {
    column.ends.resize(rows, column.ends.empty() ? 0 : column.ends.back());
  } else if (form.width == 0 && column.filled < rows) {
    grow(column.values, rows - column.filled);  // a length of 0 each
    column.filled = rows;
  }
}

std::string NativeBlock::store(Column& column, std::uint64_t integer) const {
  if (!column.nulls.empty()) column.nulls[rows_] = std::byte{0};
  std::byte* const values = column.values.data();
  switch (column.form) {
    case Form::int8:
      values[rows_] = static_cast<std::byte>(known(column.field->kind, integer) ? integer : kOther);
      break;
    case Form::uint32:
      put_at(values + rows_ * 4, static_cast<std::uint32_t>(integer));
      break;
    case Form::time:
      put_at(values + rows_ * 8, integer > kLargestTime ? 0 : integer);
      break;
    case Form::uint64:
      put_at(values + rows_ * 8, integer);
      break;
    case Form::uint32s:
      if (column.ends.size() <= rows_) fill_up(column, rows_ + 1);
      put_at(grow(column.values, 4), static_cast<std::uint32_t>(integer));
      ++column.ends.back();
      break;
    case Form::int8s:
      if (column.ends.size() <= rows_) fill_up(column, rows_ + 1);
      *grow(column.values, 1) = static_cast<std::byte>(known(column.field->kind, integer) ? integer : kOther);
      ++column.ends.back();
      break;
    default:
      break;  // a wire type that is not the table's: passed over, as protobuf's classes do
  }
  return {};
}

std::string NativeBlock::store(Column& column, Bytes bytes) const {
  switch (column.form) {
    case Form::address:
    case Form::addresses:
      if (bytes.size() != 0 && bytes.size() != 4 && bytes.size() != 16)
        return std::string(column.field->name) + ": an address of " + std::to_string(bytes.size()) +
               " bytes, not of 4 or 16";
      if (column.form == Form::address) {
        put_address(column.values.data() + rows_ * 16, bytes);
        break;
      }
      if (column.ends.size() <= rows_) fill_up(column, rows_ + 1);
      put_address(grow(column.values, 16), bytes);
      ++column.ends.back();
      break;
    case Form::text: {
      if (column.filled > rows_) break;  // the first of two counts
      fill_up(column, rows_);
      for (std::uint64_t left = bytes.size();; left >>= 7) {
        *grow(column.values, 1) = static_cast<std::byte>(left < 0x80 ? left : left | 0x80);
        if (left < 0x80) break;
      }
      if (!bytes.empty()) std::memcpy(grow(column.values, bytes.size()), bytes.data(), bytes.size());
      column.filled = rows_ + 1;
      break;
    }
    case Form::uint32s:
    case Form::int8s: {
      wire::Reader elements(bytes);
      while (!elements.at_end()) {
        const std::uint64_t value = elements.varint();
        if (elements.ok()) store(column, value);
      }
      if (!elements.ok()) return std::string(column.field->name) + ": " + elements.error();
      break;
    }
    default:
      break;
  }
  return {};
}

Result<void, std::string> NativeBlock::add(Bytes message) {
  if (rows_ == room_) return failure(std::string("more rows than the block was said to have"));
  wire::Reader reader(message);
  std::string wrong;
  while (!reader.at_end() && wrong.empty()) {
    const wire::Field field = reader.field();
    if (!reader.ok()) break;
    if (field.number >= by_number_.size() || by_number_[field.number] == 0) continue;
    Column& column = columns_[by_number_[field.number] - 1U];
    if (!column.used) use(column);
    if (field.type == wire::Type::varint)
      wrong = store(column, field.integer);
    else if (field.type == wire::Type::delimited)
      wrong = store(column, field.bytes);
  }
  if (!reader.ok()) wrong = reader.error();
  if (!wrong.empty()) return failure(std::move(wrong));
  ++rows_;
  return {};
}

NativeBlock::Column& NativeBlock::named(std::string_view name) {
  return *std::ranges::find(columns_, name, &Column::name);
}

/// An absent end becomes the time of receipt, and an absent start the end, as in flows_raw_view.
void NativeBlock::complete_times() {
  const auto complete = [&](Column& to, const Column& from) {
    if (!from.used) return;
    if (!to.used) use(to);
    for (std::size_t at = 0; at < rows_ * 8; at += 8) {
      std::uint64_t value = 0;
      std::memcpy(&value, to.values.data() + at, 8);
      if (value == 0) std::memcpy(to.values.data() + at, from.values.data() + at, 8);
    }
  };
  complete(named("time_flow_end"), named("time_received"));
  complete(named("time_flow_start"), named("time_flow_end"));
}

void NativeBlock::write(std::string& out) {
  complete_times();
  put_varint(out, static_cast<std::uint64_t>(std::ranges::count_if(columns_, &Column::used)));
  put_varint(out, rows_);
  for (Column& column : columns_) {
    if (!column.used) continue;
    const NativeForm& form = facts(column.form);
    put_text(out, column.name);
    const bool nullable = !column.nulls.empty();
    put_text(out, nullable ? "Nullable(" + std::string(form.type) + ")" : std::string(form.type));
    if (nullable) put_bytes(out, column.nulls.data(), rows_);
    fill_up(column, rows_);
    if (form.list) put_bytes(out, column.ends.data(), rows_ * sizeof(std::uint64_t));
    const bool fixed = form.width != 0 && !form.list;
    put_bytes(out, column.values.data(), fixed ? rows_ * form.width : column.values.size());
  }
}

}  // namespace sluice::sink
