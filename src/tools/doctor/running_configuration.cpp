// Whether the running collector works by the configuration that doctor was given.
#include <nlohmann/json.hpp>

#include "config/reload.hpp"
#include "doctor/checks.hpp"
#include "flow/endpoint.hpp"

namespace sluice::doctor {
namespace {

constexpr const char* kCheck = "running configuration";

/// "a, b, c and 4 more".
std::string listed(const std::vector<std::string>& paths) {
  constexpr std::size_t kShown = 8;
  std::string out;
  for (std::size_t i = 0; i < std::min(paths.size(), kShown); ++i) out += (i == 0 ? "" : ", ") + paths[i];
  if (paths.size() > kShown) out += " and " + std::to_string(paths.size() - kShown) + " more";
  return out;
}

std::optional<config::Flat> settings_of(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("settings") || !answer["settings"].is_object())
    return std::nullopt;
  config::Flat out;
  for (const auto& [path, value] : answer["settings"].items()) {
    if (!value.is_string()) return std::nullopt;
    out.emplace_back(path, value.get<std::string>());
  }
  return out;
}

}  // namespace

Findings compare_configurations(const config::Config& wanted, const std::string& body) {
  const auto running = settings_of(body);
  if (!running)
    return {{kCheck, Status::warning, "What answers at api.listen tells no configuration; is it a sluice?"}};
  const config::Difference found = config::difference(config::flattened(wanted), *running);
  if (found.reloaded.empty() && found.needs_restart.empty())
    return {{kCheck, Status::ok, "The running sluice works by this configuration."}};
  std::string sentence = "The running sluice works by another configuration";
  if (!found.reloaded.empty())
    sentence += "; a reload (`systemctl reload sluice`, or SIGHUP) brings " + listed(found.reloaded);
  if (!found.needs_restart.empty()) sentence += "; a restart is needed for " + listed(found.needs_restart);
  return {{kCheck, Status::warning, sentence + "."}};
}

Findings check_running_configuration(const config::Config& config, const Collector& collector,
                                     const http::Trust& trust) {
  const auto endpoint = parse_endpoint(config.api.listen);
  if (!collector.runs() || !endpoint) return {};
  http::Url server = server_of(*endpoint);
  server.tls = !config.api.certificate_file.empty();
  const auto body = query::get(server, "/api/v1/config", config.api.token, trust);
  if (body) return compare_configurations(config, *body);
  const std::string unseen =
      "so its configuration was not compared with this one; a restart brings this one.";
  if (body.error().code == 401)
    return {{kCheck, Status::warning, "The running sluice wants another api.token, " + unseen}};
  return {{kCheck, Status::warning,
           "The running sluice does not answer at " + server.to_string() + " (api.listen), " + unseen}};
}

}  // namespace sluice::doctor
