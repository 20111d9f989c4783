#include "sink/sql/rows.hpp"

#include <algorithm>
#include <limits>

#include "flow/field_rows.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink::sql {
namespace {

constexpr std::uint64_t kLargestTime = std::numeric_limits<std::int64_t>::max();
constexpr std::uint16_t kReceived = field_number("time_received_ns");
constexpr std::uint16_t kStart = field_number("time_flow_start_ns");
constexpr std::uint16_t kEnd = field_number("time_flow_end_ns");

std::string wrong_address(const FieldInfo& field, Bytes bytes) {
  if (bytes.empty() || bytes.size() == 4 || bytes.size() == 16) return {};
  return std::string(field.name) + ": an address of " + std::to_string(bytes.size()) +
         " bytes, not of 4 or 16";
}

}  // namespace

bool is_list(const FieldInfo& field) {
  return field.kind == FieldKind::uint32_list || field.kind == FieldKind::layer_list ||
         field.kind == FieldKind::address_list;
}

Rows::Rows(std::vector<const FieldInfo*> fields)
    : fields_(std::move(fields)), said_(fields_.size()), lists_(1) {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::uint16_t number = fields_[i]->number;
    if (by_number_.size() <= number) by_number_.resize(number + 1U);
    by_number_[number] = static_cast<std::uint16_t>(i + 1);
    list_of_.push_back(is_list(*fields_[i]) ? lists_.size() : 0);
    if (list_of_.back() != 0) lists_.emplace_back();
  }
}

void Rows::begin() {
  rows_ = 0;
  days_.clear();
  last_day_ = -1;
  cut_ = 0;
  start();
}

/// Elements come one by one or many at once.
std::string Rows::hear_list(const FieldInfo& field, SaidList& list, std::uint64_t integer, Bytes bytes,
                            bool packed) {
  if (field.kind == FieldKind::address_list) {
    if (!packed) return {};
    list.addresses.push_back(bytes);
    return wrong_address(field, bytes);
  }
  if (!packed) return list.integers.push_back(integer), std::string();
  wire::Reader elements(bytes);
  while (!elements.at_end()) {
    const std::uint64_t element = elements.varint();
    if (elements.ok()) list.integers.push_back(element);
  }
  return elements.ok() ? std::string() : std::string(field.name) + ": " + elements.error();
}

/// What is wrong with the message; "" where nothing is.
std::string Rows::read(Bytes message) {
  wire::Reader reader(message);
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    if (!reader.ok()) break;
    if (field.number == kReceived) times_.received = field.integer;
    if (field.number == kStart) times_.start = field.integer;
    if (field.number == kEnd) times_.end = field.integer;
    if (field.number >= by_number_.size() || by_number_[field.number] == 0) continue;
    const std::size_t place = by_number_[field.number] - 1U;
    const FieldInfo& info = *fields_[place];
    said_[place] = {true, field.integer, field.bytes};
    std::string wrong;
    if (list_of_[place] != 0)
      wrong = hear_list(info, lists_[list_of_[place]], field.integer, field.bytes,
                        field.type == wire::Type::delimited);
    else if (info.kind == FieldKind::address)
      wrong = wrong_address(info, field.bytes);
    if (!wrong.empty()) return wrong;
  }
  return reader.ok() ? std::string() : reader.error();
}

/// An absent end becomes the time of receipt, and an absent start the end.
void Rows::complete_times() {
  for (std::uint64_t* const time : {&times_.received, &times_.start, &times_.end})
    if (*time > kLargestTime) *time = 0;
  if (times_.end == 0) times_.end = times_.received;
  if (times_.start == 0) times_.start = times_.end;
}

std::uint64_t Rows::time(std::size_t column) const {
  const std::uint16_t number = fields_[column]->number;
  return number == kReceived ? times_.received : number == kStart ? times_.start : times_.end;
}

Result<void, std::string> Rows::add(Bytes message) {
  times_ = {};
  std::fill(said_.begin(), said_.end(), Said{});
  for (SaidList& list : lists_) {
    list.integers.clear();
    list.addresses.clear();
  }
  if (std::string wrong = read(message); !wrong.empty()) return failure(std::move(wrong));
  complete_times();
  if (const Day day = day_of(times_.received); day != last_day_) days_.insert(last_day_ = day);
  put();
  ++rows_;
  return {};
}

}  // namespace sluice::sink::sql
