#include "http/url.hpp"

#include "util/host_port.hpp"

namespace sluice::http {
namespace {

/// Anything that could end the request line or a header early is none of a URL's business.
bool printable(std::string_view text) {
  for (const char c : text)
    if (c <= ' ' || c == 0x7f) return false;
  return true;
}

}  // namespace

std::string Url::authority() const {
  return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + port;
}

std::string Url::to_string() const {
  return (tls ? "https://" : "http://") + authority() + (path == "/" ? "" : path);
}

Result<Url, std::string> parse_url(std::string_view text, const UsualPorts& usual) {
  const auto wrong = [&](const std::string& what) {
    return failure('"' + std::string(text) + "\" " + what +
                   "; it takes http://HOST:PORT or https://HOST:PORT");
  };
  std::string_view rest = text;
  const bool tls = rest.starts_with("https://");
  if (tls) rest.remove_prefix(8);
  if (!tls && rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.find("://") != std::string_view::npos || !printable(rest)) return wrong("is no URL of a server");
  Url url{.tls = tls, .port = std::string(tls ? usual.tls : usual.plain)};
  if (const auto slash = rest.find_first_of("/?#"); slash != std::string_view::npos) {
    if (rest.find_first_of("?#") != std::string_view::npos)
      return wrong("has parameters, which are set here");
    url.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (rest.find('@') != std::string_view::npos)
    return failure(
        std::string("a user or password in the URL would be seen by everybody on this machine; "
                    "there are --user and --password-file"));
  const auto bracket = rest.find(']');
  if (rest.starts_with('[') && bracket == std::string_view::npos) return wrong("lacks a ]");
  if (rest.empty() || rest.starts_with(':') || rest.starts_with("[]")) return wrong("names no host");
  const auto parsed = parse_host_port(rest);
  const std::string_view behind = rest.starts_with('[') ? rest.substr(bracket + 1) : rest;
  if (!parsed && behind.find(':') == std::string_view::npos) return wrong("is no URL of a server");
  if (!parsed || parsed->port == 0) return wrong("has no port from 1 to 65535");
  url.host = parsed->host;
  if (parsed->port) url.port = std::to_string(*parsed->port);
  return url;
}

}  // namespace sluice::http
