#pragma once
// A file in MaxMind's format (mmdb), read whole into memory of its own: whoever writes over the file, or cuts
// it, takes nothing from under a look-up. Made by one thread, then read by any number; libmaxminddb looks at
// each offset before it follows it, so a damaged file gives wrong answers or none. A file that somebody
// made to harm may nest values until the stack ends: take them from whom you trust.
#include <maxminddb.h>

#include <cstdint>
#include <string>

#include "enrich/ases.hpp"
#include "util/unique_fd.hpp"

namespace sluice::enrich {

class Database final : public Ases {
 public:
  /// Throws SetupError: the file cannot be read, is greater than kLargest, or is none of this format.
  explicit Database(const std::string& path);
  ~Database() override;

  /// 4 GB: what libmaxminddb's offsets reach.
  static constexpr std::uint64_t kLargest = 4ULL << 30;

  /// autonomous_system_number, or asn; 0 where the address has none.
  std::uint32_t as_of(const IpAddress& address) const override;
  /// Two letters: country.iso_code, country_code, or country; false where the address has none.
  bool country_of(const IpAddress& address, char (&code)[2]) const;
  /// autonomous_system_organization, or the like; "" where there is none.
  std::string organisation_of(const IpAddress& address) const override;

  const std::string& path() const { return path_; }
  std::string type() const;  ///< "GeoLite2-ASN", as the file says
  std::uint64_t built_seconds() const override;
  std::uint64_t bytes() const override { return bytes_; }

 private:
  bool entry_of(const IpAddress& address, MMDB_entry_s& entry) const;

  std::string path_;
  std::uint64_t bytes_ = 0;  // before the copy, which sets it
  UniqueFd copy_;
  MMDB_s file_{};
};

/// Null where the path is empty. Throws SetupError of `setting`.
std::shared_ptr<const Database> read_database(const std::string& setting, const std::string& path);

}  // namespace sluice::enrich
