#pragma once
// What the collector does, in a line for `systemctl status`.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::app {

/// Sums since the start, at one moment.
struct Activity {
  struct Sink {
    std::string name;
    std::uint64_t delivered_flows = 0;
    std::uint64_t queued_flows = 0;  ///< now
    std::uint64_t lost_flows = 0;    ///< failed or shed
  };
  struct Source {
    std::string name;
    std::uint64_t flows = 0;        ///< read
    std::uint64_t lag_records = 0;  ///< now
  };
  std::size_t exporters = 0;  ///< known now
  std::uint64_t datagrams = 0, flows = 0, kernel_drops = 0;
  std::vector<Source> sources;
  std::vector<Sink> sinks;
};

/// Rates between two moments that lie `apart`; what waits and what was lost as it is at the second.
std::string describe(const Activity& before, const Activity& now, std::chrono::duration<double> apart);

}  // namespace sluice::app
