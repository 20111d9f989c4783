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
  // The shorthand has no row of its own.
  if (const auto sinks = std::find(out.begin(), out.end(), "sinks"); sinks != out.end())
    out.insert(sinks, "kafka");
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

/// The one name that the word begins, or that begins the word ("ca" for ca_file, "batchsize" for batch).
std::optional<std::string> only_continuation(const std::string& word, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names)
    if ((word.size() > 1 && name.starts_with(word)) || (name.size() > 3 && word.starts_with(name)))
      found.push_back(name);
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

std::optional<std::string> suggestion(const SectionKeys& keys, const std::string& path,
                                      const std::string& inside, const std::string& key,
                                      const Origin& origin) {
  const std::vector<std::string> names = names_within(keys.usable, inside);
  auto near = nearest(key, names);
  if (!near && origin.layer != Layer::environment) near = only_continuation(key, names);
  if (near) {
    const std::string meant = joined(path, *near);
    return origin.layer == Layer::environment ? environment_name(meant) : meant;
  }
  const std::string full = joined(path, key);
  if (origin.layer == Layer::environment) {
    // A single underscore where two are meant is the slip to expect here.
    std::vector<std::string> variables;
    for (const std::string& candidate : all_paths()) variables.push_back(environment_name(candidate));
    if (auto meant = nearest(environment_name(full), variables)) return meant;
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
