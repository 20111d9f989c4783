#pragma once
// What is set of a sink's spool. Plain values; read once at start.
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/util/words.hpp"

namespace sluice::sink {

/// What goes where there is no room for more.
enum class SpoolDrop : std::uint8_t { oldest, newest };
inline constexpr Words<SpoolDrop, 2> kSpoolDrops{
    {{"oldest", SpoolDrop::oldest}, {"newest", SpoolDrop::newest}}};

inline constexpr std::string_view kSpoolAuto = "auto";

struct SpoolSettings {
  /// "": none. "auto": of the sink's name in spool/ of systemd's state directory, and none without that; what
  /// a type of sink that spools begins with.
  std::string path;
  std::uint64_t bytes = 4ULL << 30;
  SpoolDrop drop = SpoolDrop::oldest;
  friend bool operator==(const SpoolSettings&, const SpoolSettings&) = default;
};

/// Where it is for the sink of this name; "": nowhere.
std::string spool_directory(const std::string& sink_name, const SpoolSettings& settings);

}  // namespace sluice::sink
