#pragma once
// Makes data sources and dashboards in a running Grafana by its HTTP API. Blocks the calling thread; any
// thread, no state is shared between calls.
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "query/client.hpp"
#include "sluice/util/result.hpp"

namespace sluice::query {

struct Dashboard {
  std::string file = {};  ///< its name, for messages
  std::string json = {};  ///< Grafana's dashboard model, with a uid
};

/// Where the tables of flows are that dashboards ask.
enum class Database : std::uint8_t { clickhouse, postgres, mysql };
/// As options name it, in the enum's order.
inline constexpr std::array<std::string_view, 3> kDatabases{"clickhouse", "postgres", "mysql"};

/// Those of deploy/grafana that this database answers, and Prometheus, as they were when the program was
/// built.
std::vector<Dashboard> dashboards(Database database);

struct GrafanaSetup {
  http::Url grafana = {};
  http::Trust trust = {};   ///< whom to believe that it is that
  std::string token = {};   ///< of a service account; never written anywhere but into requests
  std::string folder = {};  ///< its title
  Database database = Database::clickhouse;
  http::Url clickhouse = {};        ///< as Grafana reaches it, where it is that
  std::string server = {};          ///< HOST:PORT of another database, as Grafana reaches it
  std::string database_name = {};   ///< there
  std::string tls = {};             ///< sslmode of PostgreSQL: disable, require, verify-ca or verify-full
  Login login = {};                 ///< of the database
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
