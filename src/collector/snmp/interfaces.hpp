#pragma once
// What is known of devices' interfaces: immutable once it is shared, so that any thread may read it.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::snmp {

struct Interface {
  std::string name;         ///< ifName, or ifDescr where there is none
  std::string description;  ///< ifAlias
  std::uint64_t speed = 0;  ///< bits per second; 0: unknown
  friend bool operator==(const Interface&, const Interface&) = default;
};

/// Of one device, by ifIndex.
class Interfaces {
 public:
  using Entry = std::pair<std::uint32_t, Interface>;

  Interfaces() = default;
  /// Sorts; of two with one ifIndex the first stays.
  explicit Interfaces(std::vector<Entry> entries);

  /// Null where there is none; lives as long as this.
  const Interface* find(std::uint32_t if_index) const;
  const std::vector<Entry>& all() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  friend bool operator==(const Interfaces& a, const Interfaces& b) { return a.entries_ == b.entries_; }

 private:
  std::vector<Entry> entries_;
  std::uint64_t bytes_ = 0;  ///< of memory, about
};

/// The latest answer of a device.
struct Answer {
  std::shared_ptr<const Interfaces> interfaces;
  std::uint64_t answered_ns = 0;  ///< Unix time
};

/// Of all devices at one moment.
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(SeededMap<IpAddress, Answer> answers) : answers_(std::move(answers)) {}

  /// Null where nothing is known of the exporter; lives as long as this.
  const Interfaces* find(const IpAddress& exporter) const {
    const auto found = answers_.find(exporter);
    return found == answers_.end() ? nullptr : found->second.interfaces.get();
  }
  const Interface* find(const IpAddress& exporter, std::uint32_t if_index) const {
    const Interfaces* const known = find(exporter);
    return known ? known->find(if_index) : nullptr;
  }
  const SeededMap<IpAddress, Answer>& all() const { return answers_; }

 private:
  SeededMap<IpAddress, Answer> answers_;
};

/// Of memory, beside the string itself.
std::uint64_t heap_bytes(const std::string& text);

inline constexpr std::size_t kMaxText = 255;  ///< bytes of a name or a description

/// A device's text as it may go into flows: to its first zero byte, at most kMaxText bytes of valid UTF-8
/// that are cut between characters, with U+FFFD for what is none, and a space for each control character.
std::string clean_text(std::string_view text);

}  // namespace sluice::snmp
