#include "sluice/flow/user_values.hpp"

#include <algorithm>

namespace sluice {

void UserValues::clear() {
  singles_.clear();
  listed_.clear();
  bytes_.clear();
}

const UserValues::Value* UserValues::single(std::uint32_t number) const {
  const auto found = std::ranges::find(singles_, number, &Value::number);
  return found == singles_.end() ? nullptr : &*found;
}

bool UserValues::zero(const Value& value) const {
  if (value.type == UserType::uint) return value.integer == 0;
  return bytes(value).find_first_not_of('\0') == std::string_view::npos;
}

/// Where a value of the field goes; nullptr where the one that is there stays.
UserValues::Value* UserValues::place(const UserField& field) {
  Value fresh;
  fresh.number = field.number;
  fresh.type = field.type;
  if (field.list) return &listed_.emplace_back(fresh);
  const auto found = std::ranges::find(singles_, field.number, &Value::number);
  if (found == singles_.end()) return &singles_.emplace_back(fresh);
  return zero(*found) ? &*found : nullptr;
}

void UserValues::put(const UserField& field, std::uint64_t integer) {
  if (Value* value = place(field)) value->integer = integer;
}

void UserValues::put(const UserField& field, std::string_view bytes) {
  Value* value = place(field);
  if (value == nullptr) return;
  value->at = static_cast<std::uint32_t>(bytes_.size());
  value->size = static_cast<std::uint32_t>(bytes.size());
  bytes_.append(bytes);
}

}  // namespace sluice
