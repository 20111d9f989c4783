#pragma once
// Counters that an enum tells apart: an array of numbers, and a table that says how each is called. A counter
// is counted by its enumerator and shown by its row; whoever shows counters (metrics, JSON, a console,
// another program's metrics) loops over the table and names none.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

/// A number for each enumerator before `Enum::count`, all 0 at first. No locks: who may touch it is its
/// owner's to say.
template <class Enum, class Number = std::uint64_t>
struct Counts {
  static constexpr std::size_t kSize = static_cast<std::size_t>(Enum::count);
  std::array<Number, kSize> values{};

  constexpr Number& operator[](Enum which) { return values[static_cast<std::size_t>(which)]; }
  constexpr const Number& operator[](Enum which) const { return values[static_cast<std::size_t>(which)]; }
  /// Adds number by number. A plain loop over arrays, which compilers turn into vector instructions.
  template <class Other>
  constexpr Counts& operator+=(const Counts<Enum, Other>& more) {
    for (std::size_t i = 0; i < kSize; ++i) values[i] += more.values[i];
    return *this;
  }
  friend bool operator==(const Counts&, const Counts&) = default;
};

enum class CountKind : std::uint8_t {
  total,  ///< only grows while the process lives
  gauge,  ///< goes up and down
};

/// A counter's row in a table, which has a row for each enumerator, in the enum's order.
template <class Enum>
struct CountInfo {
  Enum count;
  std::string_view key;  ///< in JSON
  CountKind kind;
  std::string_view help;      ///< one line, without a full stop
  std::string_view metric{};  ///< middle of the metric's name, where it is not the key; see metric_of()
};

/// What stands between a metric's prefix and, for a total, "_total".
template <class Info>
constexpr std::string_view metric_of(const Info& info) {
  return info.metric.empty() ? info.key : info.metric;
}

/// The row of an enumerator that the table has one for.
template <class Table, class Enum>
constexpr const auto& row_of(const Table& table, Enum which) {
  return table[static_cast<std::size_t>(which)];
}

/// Whether the rows are those of the first enumerators, in order, and each can be shown.
template <class Table>
constexpr bool rows_in_order(const Table& table) {
  std::size_t next = 0;
  for (const auto& info : table)
    if (static_cast<std::size_t>(info.count) != next++ || info.key.empty() || info.help.empty()) return false;
  return true;
}

}  // namespace sluice
