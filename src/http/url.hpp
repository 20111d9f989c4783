#pragma once
// Where an HTTP server is. A value; any thread.
#include <string>
#include <string_view>

#include "sluice/util/result.hpp"

namespace sluice::http {

struct Url {
  bool tls = false;           ///< https://
  std::string host = {};      ///< name or address, an IPv6 address without its brackets
  std::string port = "8123";  ///< ClickHouse's own where the URL has none
  std::string path = "/";     ///< what a proxy wants before the target

  /// "https://127.0.0.1:8443"; "[::1]:8443" is what the Host header wants of it.
  std::string to_string() const;
  std::string authority() const;
};

/// Taken where a URL has none.
struct UsualPorts {
  std::string_view plain = "8123";
  std::string_view tls = "8443";
};

/// "http://127.0.0.1:8123", "https://[::1]:8443/clickhouse", or without "http://"; else what is wrong with
/// it. Names are not looked up here.
Result<Url, std::string> parse_url(std::string_view text, const UsualPorts& usual = {});

}  // namespace sluice::http
