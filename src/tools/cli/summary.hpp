#pragma once
// What `sluice decode` found in all its files, told at the end on stderr.
#include <array>
#include <cstdint>
#include <string>

#include "nfdump/archive.hpp"
#include "sluice/decode/datagram.hpp"
#include "source/capture.hpp"
#include "source/messages.hpp"

namespace sluice::cli {

class Summary {
 public:
  void add(const decode::DecodeReport& report);
  void add(const source::CaptureCounts& counts);
  void add(const source::MessageCounts& counts);
  void add(const nfdump::Counts& counts);
  /// Data sets that waited for a template that did not come, or had to go for want of room.
  void add_lost_sets(std::uint64_t sets) {
    errors_[static_cast<std::size_t>(decode::DecodeError::missing_template)] += sets;
  }
  void add_not_export() { ++not_export_; }

  /// Lines of a name and a number; what did not occur is left out, but for the first ones.
  std::string text() const;

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(decode::Protocol::count)> datagrams_{};
  std::array<std::uint64_t, static_cast<std::size_t>(decode::DecodeError::count)> errors_{};
  Counts<decode::DecodeCount> counts_;
  std::uint64_t not_export_ = 0;
  std::uint64_t truncated_ = 0;
  std::uint64_t incomplete_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t bad_messages_ = 0;
  nfdump::Counts archives_;
};

}  // namespace sluice::cli
