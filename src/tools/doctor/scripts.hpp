#pragma once
// What deploy/clickhouse/apply.sh says of itself.
namespace sluice::doctor {

/// The oldest ClickHouse that the scripts run on, "24.8".
const char* oldest_server();

}  // namespace sluice::doctor
