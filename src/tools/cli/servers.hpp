#pragma once
// Where the servers are that commands ask: an option says it for one call, an environment variable for all.
#include <string>

#include "cli/command.hpp"
#include "http/url.hpp"
#include "sluice/util/result.hpp"

namespace sluice::cli {

struct ServerKind {
  const char* variable;
  const char* usual;
  http::UsualPorts ports = {};
};
inline constexpr ServerKind kClickHouse{"CLICKHOUSE_URL", "http://127.0.0.1:8123"};
inline constexpr ServerKind kApi{"SLUICE_API_URL", "http://127.0.0.1:8081"};
inline constexpr ServerKind kMetrics{"SLUICE_METRICS_URL", "http://127.0.0.1:8080"};
inline constexpr ServerKind kGrafana{"GRAFANA_URL", "http://127.0.0.1:3000", {.plain = "3000", .tls = "443"}};
inline constexpr ServerKind kPrometheus{
    "PROMETHEUS_URL", "http://127.0.0.1:9090", {.plain = "9090", .tls = "443"}};

/// An option for the URL of a server of that kind; `value` is empty where it is not given.
Option add_server_option(Command command, const std::string& name, std::string& value,
                         const std::string& what, const ServerKind& kind);

/// What `given`, the value of the option `name`, says, else the variable, else the usual one.
struct Place {
  std::string text;  ///< as it was given
  std::string from;  ///< who gave it: the option, else the variable; empty where it is the usual one
};
Place place_of(const std::string& name, const std::string& given, const ServerKind& kind);

struct Server : Place {
  http::Url url;
};
/// The error is a sentence that begins with the option or the variable.
Result<Server, std::string> server_at(const Place& place, const ServerKind& kind);
Result<Server, std::string> server_of(const std::string& name, const std::string& given,
                                      const ServerKind& kind);

}  // namespace sluice::cli
