#include "config/table.hpp"

#include <algorithm>

#include "config/tables.hpp"

namespace sluice::config {
namespace {

std::string joined(const std::string& a, const std::string& b) { return a.empty() ? b : a + "." + b; }

/// What may stand in the map at `inside`: the next parts of the rows' names.
std::vector<std::string> names_within(const std::vector<std::string>& rows, const std::string& inside) {
  const std::string prefix = inside.empty() ? "" : inside + ".";
  std::vector<std::string> out;
  for (const std::string& row : rows) {
    if (!row.starts_with(prefix)) continue;
    std::string name = row.substr(prefix.size(), row.find('.', prefix.size()) - prefix.size());
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// Full paths that a lone word at the wrong place could mean, and that variables are compared with.
std::vector<std::string> all_paths() {
  std::vector<std::string> out;
  for (const auto& row : config_table()) out.push_back(row.key);
  for (const auto& row : sink_table())
    if ((row.sinks & kKafka) != 0) out.push_back("kafka." + row.key);
  return out;
}

std::optional<std::string> suggestion(const SectionKeys& keys, const std::string& path,
                                      const std::string& inside, const std::string& key,
                                      const Origin& origin) {
  if (const auto near = nearest(key, names_within(keys.usable, inside))) {
    const std::string meant = joined(path, *near);
    return origin.layer == Layer::environment ? environment_name(meant) : meant;
  }
  const std::string full = joined(path, key);
  if (origin.layer == Layer::environment) {
    std::vector<std::string> names;
    for (const std::string& candidate : all_paths()) names.push_back(environment_name(candidate));
    // A single underscore where two are meant is the slip to expect; the rest must be as near.
    const auto near = nearest(environment_name(full), names);
    if (near) return near;
  }
  std::vector<std::string> elsewhere;
  for (const std::string& candidate : all_paths())
    if (candidate.ends_with("." + key)) elsewhere.push_back(candidate);
  if (path.empty() && elsewhere.size() == 1) return elsewhere.front();
  return std::nullopt;
}

}  // namespace

void unknown_key(Reading& in, const SectionKeys& keys, const std::string& path, const std::string& inside,
                 const std::string& key, const Origin& origin) {
  const std::string full = joined(path, key);
  const std::string in_section = joined(inside, key);
  for (std::size_t i = 0; i < keys.rows.size(); ++i) {
    if (keys.rows[i] != in_section && !keys.rows[i].starts_with(in_section + ".")) continue;
    in.fault(full, origin,
             full + " is a setting of " + keys.owners[i] + " sinks; this sink is of type " + keys.kind +
                 ", which has " + listed(names_within(keys.usable, inside)));
    return;
  }
  const auto meant = suggestion(keys, path, inside, key, origin);
  in.fault(full, origin,
           "unknown key " + quote(full) +
               (meant ? "; did you mean " + *meant + "?"
                      : "; known here are " + listed(names_within(keys.usable, inside))));
}

std::string wants_map(const SectionKeys& keys, const std::string& inside) {
  return "it takes a map of settings (" + listed(names_within(keys.usable, inside)) + ")";
}

std::string sink_type_names(SinkTypes types) {
  std::vector<std::string> names;
  if ((types & kKafka) != 0) names.emplace_back("kafka");
  if ((types & kFile) != 0) names.emplace_back("file");
  if ((types & kStdout) != 0) names.emplace_back("stdout");
  return join_or(names);
}

}  // namespace sluice::config
