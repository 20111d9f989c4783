#pragma once
// What the run loop hands its exporters' turns to: datagrams for an outlet, or messages for Kafka.
#include "generate/mock_exporter.hpp"

namespace sluice::generate {

class Target {
 public:
  virtual ~Target() = default;
  /// One datagram of the exporter for each time; counts them in the report. May wait for room, until `stop`.
  virtual Result<void, std::string> emit(MockExporter& exporter, std::uint32_t index,
                                         std::span<const std::uint64_t> times_ns, Report& report,
                                         const std::stop_token& stop) = 0;
  /// Called now and then while nothing is due.
  virtual void idle() {}
  /// Waits for what is under way and completes the report.
  virtual Result<void, std::string> finish(Report& report) = 0;
  /// Who an exporter is on the wire.
  virtual Report::Exporter describe(std::uint32_t index) const = 0;
  /// Something that went wrong since the last call and cost nothing yet; "" for nothing.
  virtual std::string notice() { return {}; }
};

Result<std::unique_ptr<Target>, std::string> make_datagram_target(const Options& options);
Result<std::unique_ptr<Target>, std::string> make_kafka_target(const Options& options);

/// Adds flows to the totals and to their exporter's.
void count_flows(std::span<const FlowRecord> flows, std::uint32_t exporter, Report& report);

}  // namespace sluice::generate
