#pragma once
// What options data says of an MPLS label (the table that a router keeps of the labels it gave away: IE 70
// with 46, 47 or 140, 90 and 91), as the text of a name: so it is bounded, kept on disk and forgotten as
// names are.
#include <string>
#include <string_view>

#include "sluice/flow/address.hpp"

namespace sluice::decode {

struct LabelFacts {
  std::uint8_t type = 0;           ///< IE 46; 0: not told
  std::uint8_t prefix_length = 0;  ///< IE 91; 0: not told
  IpAddress address;               ///< IE 47 or 140; empty: not told
  std::string_view rd;             ///< IE 90, as sent; borrowed

  /// Two bytes of numbers, the address behind its length, the route distinguisher. Empty where nothing is
  /// told.
  std::string text() const;
  /// Nothing told where the text is none of ours. The text is borrowed for `rd`.
  static LabelFacts of(std::string_view text);
};

}  // namespace sluice::decode
