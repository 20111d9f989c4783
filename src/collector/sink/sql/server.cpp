#include "sink/sql/server.hpp"

#include "util/host_port.hpp"
#include "util/one_line.hpp"

namespace sluice::sink::sql {
namespace {

constexpr std::size_t kMostText = 300;  // of what a server says

std::optional<Server> server_in(std::string_view text, std::uint16_t usual_port) {
  if (text.starts_with('/')) {
    const auto colon = text.find(':');
    const std::string port =
        colon == std::string_view::npos ? std::to_string(usual_port) : std::string(text.substr(colon + 1));
    if (!parse_port(port)) return std::nullopt;
    return Server{std::string(text.substr(0, colon)), port, std::string(text)};
  }
  const auto parts = parse_host_port(text);
  if (!parts || parts->port == 0) return std::nullopt;
  const std::uint16_t port = parts->port.value_or(usual_port);
  return Server{std::string(parts->host), std::to_string(port), host_port(parts->host, port)};
}

}  // namespace

std::optional<std::vector<Server>> servers_in(std::string_view text, std::uint16_t usual_port) {
  std::vector<Server> out;
  for (;;) {
    const auto comma = text.find(',');
    auto server = server_in(text.substr(0, comma), usual_port);
    if (!server) return std::nullopt;
    out.push_back(std::move(*server));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

std::string words_of(const char* said) {
  std::string text = one_line(said == nullptr ? "" : said);
  while (text.ends_with(' ')) text.pop_back();
  if (text.size() > kMostText) text.resize(kMostText);
  return text;
}

}  // namespace sluice::sink::sql
