#include "cli/servers.hpp"

#include <cstdlib>

namespace sluice::cli {

Option add_server_option(Command command, const std::string& name, std::string& value,
                         const std::string& what, const ServerKind& kind) {
  return command.add_option(name, value, what + " (default: $" + kind.variable + ", else " + kind.usual + ')')
      .type_name("URL");
}

Place place_of(const std::string& name, const std::string& given, const ServerKind& kind) {
  if (!given.empty()) return {.text = given, .from = name};
  const char* const variable = std::getenv(kind.variable);
  if (variable != nullptr && *variable != '\0') return {.text = variable, .from = kind.variable};
  return {.text = kind.usual, .from = ""};
}

Result<Server, std::string> server_at(const Place& place, const ServerKind& kind) {
  auto url = http::parse_url(place.text, kind.ports);
  if (!url) return failure(place.from + ": " + url.error());
  return Server{place, std::move(*url)};
}

Result<Server, std::string> server_of(const std::string& name, const std::string& given,
                                      const ServerKind& kind) {
  return server_at(place_of(name, given, kind), kind);
}

}  // namespace sluice::cli
