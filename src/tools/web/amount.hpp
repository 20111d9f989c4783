#pragma once
// Sums of the store. Corrected ones are UInt128 there: a device that is out of its mind, or hostile, sends
// 2^63 bytes at a rate of 1000. Adding and subtracting stop at the ends of the range. A value; any thread.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "web/error.hpp"

namespace sluice::web {

class Amount {
 public:
  constexpr Amount() = default;
  constexpr Amount(std::uint64_t value) : value_(value) {}  // NOLINT(google-explicit-constructor)

  /// What JSON reads as a whole number is exact; from 2^64 on it is a double. Anything else is 0.
  static Amount of(const json& cell) {
    if (cell.is_number_unsigned()) return {cell.get<std::uint64_t>()};
    if (!cell.is_number_float()) return {};
    const double value = cell.get<double>();
    Amount out;
    if (value >= std::ldexp(1.0, 128))
      out.value_ = kMost;
    else if (value > 0)
      out.value_ = static_cast<Wide>(value);
    return out;
  }

  Amount& operator+=(Amount other) {
    value_ = other.value_ > kMost - value_ ? kMost : value_ + other.value_;
    return *this;
  }
  /// Not below 0.
  friend Amount less(Amount a, Amount b) {
    a.value_ -= std::min(a.value_, b.value_);
    return a;
  }
  friend constexpr bool operator==(Amount, Amount) = default;
  friend constexpr auto operator<=>(Amount, Amount) = default;

  double number() const { return static_cast<double>(value_); }
  /// Exact below 2^64.
  json to_json() const {
    if (value_ <= std::numeric_limits<std::uint64_t>::max()) return static_cast<std::uint64_t>(value_);
    return number();
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr Wide kMost = ~Wide{0};
  Wide value_ = 0;
};

/// 0 of nothing.
inline double share_of(Amount part, Amount all) { return all == Amount{} ? 0 : part.number() / all.number(); }

}  // namespace sluice::web
