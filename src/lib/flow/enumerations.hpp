#pragma once
// The enumerations of the message: their names, and those of their values, as in flow.proto. Constant data;
// any thread.
#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/flow/fields.hpp"

namespace sluice {

struct Enumerator {
  std::uint32_t value;
  std::string_view name;
};

struct Enumeration {
  FieldKind kind;                      ///< of the fields that hold it, or a list of it
  std::string_view type;               ///< "FlowType"
  std::span<const Enumerator> values;  ///< in the order of their numbers
};

/// All of them.
std::span<const Enumeration> enumerations();
/// nullptr for a kind that is none.
const Enumeration* enumeration_of(FieldKind kind);

}  // namespace sluice
