#pragma once
// Where ClickHouse's HTTP interface is, as `--url` says it. A value; any thread.
#include <string>
#include <string_view>

#include "sluice/util/result.hpp"

namespace sluice::query {

struct Server {
  std::string host = {};      ///< name or address, an IPv6 address without its brackets
  std::string port = "8123";  ///< ClickHouse's own where the URL has none
  std::string path = "/";     ///< what a proxy wants before the parameters

  /// "http://127.0.0.1:8123"; "[::1]:8123" is what the Host header wants of it.
  std::string to_string() const;
  std::string authority() const;
};

/// "http://127.0.0.1:8123", "http://[::1]:8123/clickhouse", or without "http://"; else what is wrong with it.
/// Names are not looked up here. `port` is taken where the URL has none.
Result<Server, std::string> parse_url(std::string_view url, std::string_view port = "8123");

}  // namespace sluice::query
