#pragma once
// Looks at the machine, a running collector, broker and ClickHouse as a configuration names them. Nothing is
// changed anywhere: no topic is made, no consumer group joined, ports are taken for a moment only.
#include <chrono>
#include <optional>

#include "config/config.hpp"
#include "doctor/finding.hpp"
#include "query/client.hpp"

namespace sluice::doctor {

struct Options {
  /// ClickHouse's HTTP interface. None: the usual one on this machine is tried where flows go to Kafka, and
  /// that nobody is there is then no failure.
  std::optional<http::Url> clickhouse = std::nullopt;
  query::Login login = {};
  http::Trust trust = {};  ///< whom to believe that it is ClickHouse
  /// Losses within this time count as going on now.
  std::chrono::milliseconds watch{1000};
};

/// Blocks for some seconds, longer where broker or ClickHouse do not answer. Call from one thread.
Findings examine(const config::Config& config, const Options& options);

/// The version of the scripts in deploy/clickhouse that this program was built with.
unsigned schema_version();

}  // namespace sluice::doctor
