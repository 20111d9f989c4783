#pragma once
// Values of user-defined fields of one flow. Each knows its field's number and type, so that it can be
// written to a message without looking anything up. Reused: clear() keeps the memory. One thread at a time.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/user_fields.hpp"

namespace sluice {

class UserValues {
 public:
  struct Value {
    std::uint32_t number = 0;   ///< of the field
    std::uint64_t integer = 0;  ///< type uint
    std::uint32_t at = 0;       ///< other types: place among the bytes
    std::uint32_t size = 0;
    UserType type = UserType::uint;
  };

  void clear();
  bool empty() const { return singles_.empty() && listed_.empty(); }

  /// A list keeps the value behind those it has; any other field only where it has none yet, or a zero.
  void put(const UserField& field, std::uint64_t integer);
  /// The same for the other types, where zero is a value of no bytes or of zeros alone.
  void put(const UserField& field, std::string_view bytes);

  /// Of fields that are no lists, at most one each.
  std::span<const Value> singles() const { return singles_; }
  /// Of all lists, in the order they were put.
  std::span<const Value> listed() const { return listed_; }
  /// nullptr where the field, which is no list, has none.
  const Value* single(std::uint32_t number) const;
  std::string_view bytes(const Value& value) const {
    return std::string_view(bytes_).substr(value.at, value.size);
  }
  /// Bytes of all values together.
  std::size_t byte_count() const { return bytes_.size(); }

 private:
  Value* place(const UserField& field);
  bool zero(const Value& value) const;

  std::vector<Value> singles_;
  std::vector<Value> listed_;
  std::string bytes_;
};

}  // namespace sluice
