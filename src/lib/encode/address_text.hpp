#pragma once
// Addresses as text without the C library's detour: a JSON line has several.
#include <cstddef>

#include "sluice/flow/address.hpp"

namespace sluice::encode {

inline constexpr std::size_t kMaxAddressText = 45;

/// "192.0.2.1" or RFC 5952 text such as "2001:db8::1"; nothing for the empty address. Returns the end; writes
/// at most kMaxAddressText characters.
char* put_address_text(char* out, const IpAddress& address);

}  // namespace sluice::encode
