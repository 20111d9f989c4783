#pragma once
// Where AS numbers of addresses are looked up. Made by one thread, then read by any.
#include <cstdint>
#include <memory>
#include <string>

#include "sluice/flow/address.hpp"

namespace sluice::enrich {

class Ases {
 public:
  Ases() = default;
  virtual ~Ases() = default;
  Ases(const Ases&) = delete;
  Ases& operator=(const Ases&) = delete;

  /// 0 where the address has none.
  virtual std::uint32_t as_of(const IpAddress& address) const = 0;
  /// Whose AS it is, one line; "" where that is not known.
  virtual std::string organisation_of(const IpAddress& address) const = 0;
  virtual std::uint64_t bytes() const = 0;
  /// Unix time at which its maker made it; 0 where it does not say.
  virtual std::uint64_t built_seconds() const = 0;
};

/// A file in MaxMind's format, or, where its name ends in .csv, one of ranges (as_ranges.hpp). Throws
/// SetupError of `setting`.
std::shared_ptr<const Ases> read_ases(const std::string& setting, const std::string& path);

}  // namespace sluice::enrich
