#pragma once
// Names of the message's enumerators, as in flow.proto.
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/flow/fields.hpp"

namespace sluice::encode {

/// For kinds flow_type, direction, rate_source and layer_list; "" where there is no such enumerator or kind.
std::string_view enum_name(FieldKind kind, std::uint64_t value);
std::optional<std::uint32_t> enum_value(FieldKind kind, std::string_view name);

/// IANA's keyword of an IP protocol number, "" above the last assigned one.
std::string_view protocol_keyword(std::uint8_t protocol);

}  // namespace sluice::encode
