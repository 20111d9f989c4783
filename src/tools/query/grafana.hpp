#pragma once
// Makes data sources and dashboards in a running Grafana by its HTTP API. Blocks the calling thread; any
// thread, no state is shared between calls.
#include <functional>
#include <string>
#include <vector>

#include "query/client.hpp"
#include "sluice/util/result.hpp"

namespace sluice::query {

struct Dashboard {
  std::string file = {};  ///< its name, for messages
  std::string json = {};  ///< Grafana's dashboard model, with a uid
};

/// Those of deploy/grafana/dashboards, as they were when the program was built.
std::vector<Dashboard> dashboards();

struct GrafanaSetup {
  http::Url grafana = {};
  http::Trust trust = {};     ///< whom to believe that it is that
  std::string token = {};     ///< of a service account; never written anywhere but into requests
  std::string folder = {};    ///< its title
  http::Url clickhouse = {};  ///< as Grafana reaches it
  Login clickhouse_login = {};
  std::string prometheus_url = {};  ///< as Grafana reaches it
  std::vector<Dashboard> dashboards = {};
};

/// Is told of each thing once it is as it should be: "data source Sluice Prometheus", "made".
using Told = std::function<void(const std::string& thing, const std::string& fate)>;

/// Data sources, the folder, and dashboards, in this order. What is there as wanted is left alone, so that a
/// second call changes nothing; but a password is always given again, since Grafana does not show it. The
/// error is the first thing that went wrong, as a sentence; what was told before it stays.
Result<void, std::string> set_up(const GrafanaSetup& setup, const Told& told);

}  // namespace sluice::query
