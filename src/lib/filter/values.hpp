#pragma once
// What follows a quantity: an operator, or none for =, and one value or a list of them.
#include <optional>

#include "filter/cursor.hpp"
#include "filter/expression.hpp"

namespace sluice::filter {

struct Compared {
  std::variant<Numbers, Addresses, Texts, Other> values;
  bool negated = false;
  bool never = false;  ///< no value can be: below 0, beyond the greatest
};

/// Whether an operator is next, so that a name before it is a quantity.
bool at_operator(const Cursor& cursor);

std::optional<Compared> parse_values(Cursor& cursor, const Quantity& quantity);

/// A prefix, or an address and a netmask; for `net`.
std::optional<Addresses> parse_net(Cursor& cursor);

/// That all of these bits are set, or any of them.
Compared bits_of(std::uint64_t bits, bool any);

/// A number in decimal (k, m, g, t behind it are powers of 1000) or hexadecimal; nothing where it is none or
/// does not fit.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// The addresses of a prefix.
Range<Address> range_of(const IpPrefix& prefix);

}  // namespace sluice::filter
