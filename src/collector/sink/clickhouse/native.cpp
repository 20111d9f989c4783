#include "sink/clickhouse/native.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

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
  out.append(static_cast<const char*>(from), size);
}

/// Of an array's elements.
void put_end(std::string& out, std::uint64_t end) { put_bytes(out, &end, sizeof(end)); }

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

/// False: it is none.
bool put_address(std::byte* to, Bytes bytes) {
  static constexpr std::byte kMapped[12] = {
      {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}};
  if (bytes.size() == 4) {
    std::memcpy(to, kMapped, sizeof(kMapped));
    std::memcpy(to + sizeof(kMapped), bytes.data(), 4);
    return true;
  }
  if (bytes.size() == 16) std::memcpy(to, bytes.data(), 16);
  return bytes.size() == 16 || bytes.empty();
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
    {1, false, "Int8"},         {4, false, "UInt32"},
    {8, false, "UInt64"},       {8, false, "DateTime64(9, 'UTC')"},
    {16, false, "IPv6"},        {0, false, "String"},
    {1, true, "Array(Int8)"},   {4, true, "Array(UInt32)"},
    {8, true, "Array(UInt64)"}, {16, true, "Array(IPv6)"},
    {0, true, "Array(String)"},
};

template <class F>
const NativeForm& facts(F form) {
  return kForms[static_cast<std::size_t>(form)];
}

}  // namespace

NativeBlock::Form NativeBlock::form_of(FieldKind kind) const {
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
      return shape_ == Shape::rows ? Form::time : Form::uint64;
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

NativeBlock::Numbers NativeBlock::known_numbers(FieldKind kind) {
  Numbers out;
  if (const Enumeration* enumeration = enumeration_of(kind))
    for (const Enumerator& one : enumeration->values) out.set(one.value);
  return out;
}

inline std::byte NativeBlock::enumerated(const Numbers& known, std::uint64_t value) {
  return static_cast<std::byte>(value < known.size() && known[value] ? value : kOther);
}

NativeBlock::Form NativeBlock::form_of(const UserField& field) {
  switch (field.type) {
    case UserType::uint:
      return field.list ? Form::uint64s : Form::uint64;
    case UserType::address:
      return field.list ? Form::addresses : Form::address;
    case UserType::string:
    case UserType::bytes:
      break;
  }
  return field.list ? Form::texts : Form::text;
}

NativeBlock::NativeBlock(UserFieldsPtr user_fields, Shape shape)
    : user_fields_(std::move(user_fields)), shape_(shape) {
  for (const FieldInfo& field : flow_fields())
    columns_.push_back({.form = form_of(field.kind),
                        .optional = field.optional,
                        .known = known_numbers(field.kind),
                        .number = field.number,
                        .field = field.name,
                        .name = shape == Shape::rows ? column_name(field) : field.name});
  const std::size_t own = columns_.size();
  if (user_fields_)
    for (const UserField& field : user_fields_->all())
      columns_.push_back({.form = form_of(field),
                          .optional = field.type == UserType::uint && !field.list,
                          .number = field.number,
                          .field = field.name,
                          .name = field.name});
  for (std::size_t i = 0; i < own; ++i) {
    Column& column = columns_[i];
    if (by_number_.size() <= column.number) by_number_.resize(column.number + 1U);
    by_number_[column.number] = &column;
  }
  for (std::size_t i = own; i < columns_.size(); ++i) users_.push_back(&columns_[i]);
  std::ranges::sort(users_, {}, &Column::number);
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
  if (column.optional) column.nulls.resize(room_, std::byte{1});
  column.fixed = column.values.data();
  column.absent = column.nulls.data();
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

inline void NativeBlock::store(Column& column, std::uint64_t integer) const {
  if (column.optional) column.absent[rows_] = std::byte{0};
  std::byte* const values = column.fixed;
  switch (column.form) {
    case Form::int8:
      values[rows_] = enumerated(column.known, integer);
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
    case Form::uint64s:
    case Form::int8s:
      append(column, integer);
      break;
    default:
      break;  // a wire type that is not the table's: passed over, as protobuf's classes do
  }
}

/// An element of a list.
void NativeBlock::append(Column& column, std::uint64_t integer) const {
  if (column.ends.size() <= rows_) fill_up(column, rows_ + 1);
  if (column.form == Form::uint32s)
    put_at(grow(column.values, 4), static_cast<std::uint32_t>(integer));
  else if (column.form == Form::uint64s)
    put_at(grow(column.values, 8), integer);
  else
    *grow(column.values, 1) = enumerated(column.known, integer);
  ++column.ends.back();
}

/// False: it is none of its kind, and `wrong_` says why.
inline bool NativeBlock::store(Column& column, Bytes bytes) {
  switch (column.form) {
    case Form::address:
      if (put_address(column.fixed + rows_ * 16, bytes)) break;
      return no_address(column, bytes);
    case Form::addresses:
      if (column.ends.size() <= rows_) fill_up(column, rows_ + 1);
      if (!put_address(grow(column.values, 16), bytes)) return no_address(column, bytes);
      ++column.ends.back();
      break;
    case Form::text:
      if (column.filled > rows_) break;  // the first of two counts
      fill_up(column, rows_);
      put_text_of(column, bytes);
      column.filled = rows_ + 1;
      break;
    case Form::texts:
      if (column.ends.size() <= rows_) fill_up(column, rows_ + 1);
      put_text_of(column, bytes);
      ++column.ends.back();
      break;
    case Form::uint32s:
    case Form::uint64s:
    case Form::int8s: {
      wire::Reader elements(bytes);
      while (!elements.at_end()) {
        const std::uint64_t value = elements.varint();
        if (elements.ok()) append(column, value);
      }
      if (elements.ok()) break;
      wrong_ = std::string(column.field) + ": " + elements.error();
      return false;
    }
    default:
      break;
  }
  return true;
}

void NativeBlock::put_text_of(Column& column, Bytes bytes) {
  for (std::uint64_t left = bytes.size();; left >>= 7) {
    *grow(column.values, 1) = static_cast<std::byte>(left < 0x80 ? left : left | 0x80);
    if (left < 0x80) break;
  }
  if (!bytes.empty()) std::memcpy(grow(column.values, bytes.size()), bytes.data(), bytes.size());
}

bool NativeBlock::no_address(const Column& column, Bytes bytes) {
  wrong_ = std::string(column.field) + ": an address of " + std::to_string(bytes.size()) +
           " bytes, not of 4 or 16";
  return false;
}

/// Null: no column is of it.
inline NativeBlock::Column* NativeBlock::numbered(std::uint32_t number) {
  Column* const column = number < by_number_.size() ? by_number_[number] : users(number);
  if (column != nullptr && !column->used) use(*column);
  return column;
}

NativeBlock::Column* NativeBlock::users(std::uint32_t number) const {
  const auto found = std::ranges::lower_bound(users_, number, {}, &Column::number);
  return found == users_.end() || (*found)->number != number ? nullptr : *found;
}

Result<void, std::string> NativeBlock::add(Bytes message) {
  if (rows_ == room_) return failure(std::string("more rows than the block was said to have"));
  const char* const error = wire::each_field(
      message,
      [this](std::uint32_t number, std::uint64_t integer) {
        if (Column* const column = numbered(number)) store(*column, integer);
        return true;
      },
      [this](std::uint32_t number, Bytes bytes) {
        Column* const column = numbered(number);
        return column == nullptr || store(*column, bytes);
      });
  if (error != nullptr) return failure(std::string(error));
  if (!wrong_.empty()) return failure(std::exchange(wrong_, {}));
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

/// What it takes at the most.
std::size_t NativeBlock::bound() const {
  constexpr std::size_t kNames = 96;  // of a column and its type, with their lengths, and the array's end
  std::size_t out = 2 * kNames;
  for (const Column& column : columns_) {
    if (!column.used) continue;
    const NativeForm& form = facts(column.form);
    const bool fixed = form.width != 0 && !form.list;
    out += kNames + column.name.size() + (column.optional ? rows_ : 0) +
           (form.list ? rows_ * sizeof(std::uint64_t) : 0) +
           (fixed ? rows_ * form.width : column.values.size() + (form.list ? 0 : rows_));
  }
  return out;
}

void NativeBlock::write(std::string& out) {
  const bool arrays = shape_ == Shape::arrays;
  if (!arrays) complete_times();
  out.reserve(out.size() + bound());
  put_varint(out, static_cast<std::uint64_t>(std::ranges::count_if(columns_, &Column::used)));
  put_varint(out, arrays ? 1 : rows_);
  for (Column& column : columns_) {
    if (!column.used) continue;
    const NativeForm& form = facts(column.form);
    put_text(out, column.name);
    const bool nullable = column.optional;
    std::string type(form.type);
    if (nullable) type = "Nullable(" + type + ")";
    put_text(out, arrays ? "Array(" + type + ")" : type);
    if (arrays) put_end(out, rows_);
    if (nullable) put_bytes(out, column.nulls.data(), rows_);
    fill_up(column, rows_);
    if (form.list) put_bytes(out, column.ends.data(), rows_ * sizeof(std::uint64_t));
    const bool fixed = form.width != 0 && !form.list;
    put_bytes(out, column.values.data(), fixed ? rows_ * form.width : column.values.size());
  }
}

}  // namespace sluice::sink
