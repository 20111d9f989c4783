#include "config/reload.hpp"

#include <algorithm>

#include "config/tables.hpp"
#include "flow/endpoint.hpp"

namespace sluice::config {
namespace {

bool keyed_with_port(const Config& config, const std::string& prefix) {
  const auto found = std::ranges::find(config.exporters, prefix, &ExporterRule::prefix);
  return found != config.exporters.end() && found->settings.key_with_port;
}

/// Of the exporters' settings, the one that stays as it is; whether it was to change.
bool keep_keys(const Config& running, Config& next) {
  bool changed = false;
  for (ExporterRule& rule : next.exporters) {
    const bool before = keyed_with_port(running, rule.prefix);
    changed |= std::exchange(rule.settings.key_with_port, before) != before;
  }
  return changed;
}

/// Who may send to listeners that are otherwise as they were; whether that was to change.
bool take_allowed(Config& running, const Config& next) {
  if (running.listeners.size() != next.listeners.size()) return false;
  std::vector<Listener> changed = running.listeners;
  for (std::size_t i = 0; i < changed.size(); ++i) changed[i].allow = next.listeners[i].allow;
  if (changed != next.listeners || changed == running.listeners) return false;
  running.listeners = std::move(changed);
  return true;
}

/// A listener that stays where others reach it needs its token still.
bool token_is_needed(const Config& next) {
  const auto api = parse_endpoint(next.api.listen);
  return api && !api->loopback() && next.api.token.empty();
}

/// What `sluice run` has no use for.
bool of_another(const std::string& path) { return path.starts_with("web."); }

void flatten(const Value& value, const std::string& path, Flat& out) {
  if (value.kind == Value::Kind::map) {
    for (std::size_t i = 0; i < value.items.size(); ++i)
      flatten(value.items[i], path.empty() ? value.keys[i] : path + "." + value.keys[i], out);
  } else if (value.kind == Value::Kind::list) {
    for (std::size_t i = 0; i < value.items.size(); ++i)
      flatten(value.items[i], path + "[" + std::to_string(i) + "]", out);
  } else {
    out.emplace_back(path, value.text);
  }
}

}  // namespace

Difference take_over(const Config& wanted, Config& running) {
  Difference out;
  Config next = wanted;
  const bool keys_changed = keep_keys(running, next);
  if (take_allowed(running, next)) out.reloaded.emplace_back("listeners[].allow");
  for (const Row<Config>& row : config_table()) {
    if (row.key == "exporters" && keys_changed) out.needs_restart.emplace_back("exporters[].key_with_port");
    if (!row.same || row.same(running, next) || of_another(row.key)) continue;
    if (row.reloads) {
      out.reloaded.push_back(row.key);
    } else {
      out.needs_restart.push_back(row.key);
      row.copy(running, next);
    }
  }
  if (token_is_needed(next) && !running.api.token.empty()) {
    next.api.token = running.api.token;
    std::erase(out.reloaded, "api.token");
    out.needs_restart.emplace_back("api.token");
  }
  running = std::move(next);
  return out;
}

Flat flattened(const Config& config) {
  Flat out;
  flatten(write_section(config_table(), config), "", out);
  std::erase_if(out, [](const auto& setting) { return of_another(setting.first); });
  return out;
}

}  // namespace sluice::config
