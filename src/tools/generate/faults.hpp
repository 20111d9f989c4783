#pragma once
// What goes wrong between a mock exporter and its collector, drawn for each datagram of flows: one fault at
// the most, so that each can be told from the others and held against a collector's counts.
#include <cstdint>

#include "generate/generate.hpp"
#include "generate/population.hpp"

namespace sluice::generate {

enum class Fault : std::uint8_t {
  none,
  skipped,    ///< counted in the sequence, never sent
  late,       ///< leaves after some that were made after it
  doubled,    ///< leaves twice
  malformed,  ///< its last flow cannot be read
};

/// Draws of its own, so that the flows do not change with the faults.
class Faults {
 public:
  Faults(const Options& options, std::uint32_t exporter)
      : options_(options), gaps_(~options.seed - exporter), others_(~options.seed ^ exporter) {}

  Fault draw() {
    if (options_.gap > 0 && gaps_.share() < options_.gap) return Fault::skipped;
    if (options_.malformed > 0 && others_.share() < options_.malformed) return Fault::malformed;
    if (options_.duplicate > 0 && others_.share() < options_.duplicate) return Fault::doubled;
    if (options_.reorder > 0 && others_.share() < options_.reorder) return Fault::late;
    return Fault::none;
  }
  /// How many datagrams leave before one that is late.
  std::uint32_t draw_delay() { return 1 + others_.below(kLatest); }

 private:
  static constexpr std::uint32_t kLatest = 3;

  const Options& options_;
  Random gaps_, others_;
};

}  // namespace sluice::generate
