#pragma once
// What the two HTTP listeners answer. Handlers take a snapshot for each request and keep nothing.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http/server.hpp"
#include "metrics/snapshot.hpp"

namespace sluice::api {

/// What both listeners ask of their server; `purpose` is "metrics" or "api", as the settings name them. Who
/// may ask is added by whoever knows.
http::Options listener(const Endpoint& at, const std::string& purpose);

/// /metrics (Prometheus text), /healthz (200 while the process answers), /readyz (200, or 503 with the
/// reason).
http::Handler make_metrics_handler(metrics::SnapshotSource source);

/// What the API tells of the configuration, and does with it. Called on the thread that serves HTTP.
struct Configuration {
  /// Every setting in force as path and value, secrets as "********".
  std::function<std::vector<std::pair<std::string, std::string>>()> settings;
  struct Reloaded {
    std::vector<std::string> errors;  ///< sentences with file and line; then nothing has changed
    std::vector<std::string> reloaded, needs_restart;  ///< paths of settings
  };
  std::function<Reloaded()> reload;
  /// Whether whoever asks has shown that it may.
  bool may_reload = false;
};

/// /api/v1/status, /api/v1/exporters, /api/v1/listeners, /api/v1/sinks as JSON objects; docs/api.md has
/// their keys, which for counters are those of the tables that metrics::Snapshot is made of. /api/v1/config
/// shows the settings in force, and POST to /api/v1/reload reads them again, where `configuration` has the
/// functions.
http::Handler make_api_handler(metrics::SnapshotSource source, Configuration configuration = {});

}  // namespace sluice::api
