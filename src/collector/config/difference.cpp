// Two configurations that are known by what flattened() gave of them.
#include <algorithm>
#include <map>
#include <set>

#include "config/reload.hpp"
#include "config/tables.hpp"
#include "flow/endpoint.hpp"

namespace sluice::config {
namespace {

using Settings = std::map<std::string, std::string>;

constexpr std::string_view kExporters = "exporters[";

/// Entries of `exporters` by their prefix rather than their number: which comes first means nothing.
Settings by_path(const Flat& flat) {
  Settings prefixes;  // "exporters[0]" -> "192.0.2.0/24"
  const auto entry = [](const std::string& path) { return path.substr(0, path.find(']') + 1); };
  for (const auto& [path, value] : flat)
    if (path.starts_with(kExporters) && path.ends_with("].prefix")) prefixes[entry(path)] = value;
  Settings out;
  for (const auto& [path, value] : flat) {
    const auto prefix = path.starts_with(kExporters) ? prefixes.find(entry(path)) : prefixes.end();
    out[prefix == prefixes.end()
            ? path
            : std::string(kExporters) + prefix->second + path.substr(prefix->first.size() - 1)] = value;
  }
  return out;
}

std::string at(const Settings& settings, const std::string& path) {
  const auto found = settings.find(path);
  return found == settings.end() ? "" : found->second;
}

bool part_of(const std::string& path, const std::string& key) {
  return path.starts_with(key) &&
         (path.size() == key.size() || path[key.size()] == '.' || path[key.size()] == '[');
}

bool allows(const std::string& path) {
  return part_of(path, "listeners") && path.find("].allow") != std::string::npos;
}

/// See token_is_needed() of take_over(): the listener stays where it is, and may be where others reach it.
bool keeps_token(const Settings& wanted, const Settings& running) {
  const auto api = parse_endpoint(at(running, "api.listen"));
  return at(wanted, "api.token").empty() && api && !api->loopback();
}

/// Only of an exporter that is wanted; one that the other does not know is known by its address alone there.
bool changes_key(const std::string& path, const Settings& wanted, const Settings& running) {
  if (!path.ends_with("].key_with_port") || !wanted.contains(path)) return false;
  const auto row = std::ranges::find(exporter_table(), "key_with_port", &Row<ExporterRule>::key);
  const auto known = running.find(path);
  return wanted.at(path) != (known == running.end() ? row->write(ExporterRule{}).text : known->second);
}

/// "sinks.kafka" of "sinks.kafka.topic", "listeners[0]"; empty where the path is none of an entry.
std::string entry_of(const std::string& path) {
  for (const std::string_view map : {"sources.", "sinks."})
    if (path.starts_with(map)) return path.substr(0, path.find('.', map.size()));
  const auto end = path.find(']');
  return end == std::string::npos ? "" : path.substr(0, end + 1);
}

bool has_part_of(const Settings& settings, const std::string& entry) {
  return std::ranges::any_of(settings, [&](const auto& one) { return part_of(one.first, entry); });
}

/// What is not the same in both; an entry that only one of them has counts as one.
std::set<std::string> unlike(const Settings& wanted, const Settings& running) {
  std::set<std::string> out;
  for (const auto* from : {&wanted, &running}) {
    for (const auto& [path, value] : *from) {
      if (wanted.contains(path) && running.contains(path) && wanted.at(path) == running.at(path)) continue;
      const std::string entry = entry_of(path);
      const bool in_both = entry.empty() || (has_part_of(wanted, entry) && has_part_of(running, entry));
      out.insert(in_both ? path : entry);
      if (!in_both && changes_key(path, wanted, running)) out.insert(path);
    }
  }
  return out;
}

}  // namespace

Difference difference(const Flat& wanted_flat, const Flat& running_flat) {
  const Settings wanted = by_path(wanted_flat), running = by_path(running_flat);
  const std::set<std::string> paths = unlike(wanted, running);
  const bool listeners_change = std::ranges::any_of(
      paths, [](const std::string& path) { return part_of(path, "listeners") && !allows(path); });
  Difference out;
  for (const Row<Config>& row : config_table()) {
    if (!row.same) continue;
    for (const std::string& path : paths) {
      if (!part_of(path, row.key)) continue;
      bool reloads = row.reloads;
      if (allows(path)) reloads = !listeners_change;
      if (row.key == "exporters" && changes_key(path, wanted, running)) reloads = false;
      if (path == "api.token" && keeps_token(wanted, running)) reloads = false;
      (reloads ? out.reloaded : out.needs_restart).push_back(path);
    }
  }
  return out;
}

}  // namespace sluice::config
