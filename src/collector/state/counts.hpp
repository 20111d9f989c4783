#pragma once
// What is counted of the state file.
#include <array>
#include <cstdint>

#include "sluice/util/counts.hpp"

namespace sluice::state {

enum class StateCount : std::uint8_t {
  writes,
  write_errors,
  set_aside,           ///< files that could not be read, renamed to FILE.bad
  bytes,               ///< of the file last written or read
  unwritten_changes,   ///< now
  restored_exporters,  ///< read at the start
  refused,             ///< of all that was read: over a limit, too old, or not to be understood
  count
};

/// How each is called, in the enum's order.
inline constexpr std::array kStateCounts{
    CountInfo{StateCount::writes, "writes", CountKind::total, "Times that state.file was written"},
    CountInfo{StateCount::write_errors, "write_errors", CountKind::total,
              "Times that it could not be written"},
    CountInfo{StateCount::set_aside, "set_aside", CountKind::total,
              "Files that could not be read at the start"},
    CountInfo{StateCount::bytes, "bytes", CountKind::gauge, "Size of state.file"},
    CountInfo{StateCount::unwritten_changes, "unwritten_changes", CountKind::gauge,
              "Datagrams whose news are not in state.file yet"},
    CountInfo{StateCount::restored_exporters, "restored_exporters", CountKind::gauge,
              "Exporters read from state.file at the start"},
    CountInfo{StateCount::refused, "refused", CountKind::gauge,
              "What state.file held at the start and was too old or over a limit"},
};
static_assert(rows_in_order(kStateCounts) && kStateCounts.size() == Counts<StateCount>::kSize);

/// Kinds of what is kept. They are read at the start, and each counts as not refreshed until its exporter
/// sends it again.
enum class StateKind : std::uint8_t { templates, rates, names, count };
/// JSON keys and values of the label `kind`, in the enum's order.
inline constexpr std::array<const char*, Counts<StateKind>::kSize> kStateKinds{"templates", "rates", "names"};

}  // namespace sluice::state
