#include "query/server.hpp"

#include <charconv>
#include <cstdint>

namespace sluice::query {
namespace {

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

/// Anything that could end the request line or a header early is none of a URL's business.
bool printable(std::string_view text) {
  for (const char c : text)
    if (c <= ' ' || c == 0x7f) return false;
  return true;
}

}  // namespace

std::string Server::authority() const {
  return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + port;
}

std::string Server::to_string() const { return "http://" + authority() + (path == "/" ? "" : path); }

Result<Server, std::string> parse_url(std::string_view url, std::string_view usual_port) {
  const auto wrong = [&](const std::string& what) {
    return failure('"' + std::string(url) + "\" " + what + "; it takes http://HOST:PORT");
  };
  std::string_view rest = url;
  if (rest.starts_with("https://")) return wrong("is HTTPS, which is not spoken here");
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.find("://") != std::string_view::npos || !printable(rest)) return wrong("is no URL of a server");
  Server server{.port = std::string(usual_port)};
  if (const auto slash = rest.find_first_of("/?#"); slash != std::string_view::npos) {
    if (rest.find_first_of("?#") != std::string_view::npos)
      return wrong("has parameters, which are set here");
    server.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (rest.find('@') != std::string_view::npos)
    return failure(
        std::string("a user or password in the URL would be seen by everybody on this machine; "
                    "there are --user and --password-file"));
  std::string_view port;
  bool has_port = false;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return wrong("lacks a ]");
    server.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    has_port = rest.starts_with(':');
    if (!has_port && !rest.empty()) return wrong("is no URL of a server");
    port = has_port ? rest.substr(1) : rest;
  } else {
    const auto colon = rest.find(':');
    has_port = colon != std::string_view::npos;
    server.host = rest.substr(0, colon);
    if (has_port) port = rest.substr(colon + 1);
  }
  if (server.host.empty()) return wrong("names no host");
  if (has_port && !is_port(port)) return wrong("has no port from 1 to 65535");
  if (has_port) server.port = port;
  return server;
}

}  // namespace sluice::query
