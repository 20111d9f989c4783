#include "setting/section.hpp"

#include <algorithm>
#include <cctype>

namespace sluice::setting {
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

/// The one name that the word begins, or that begins the word ("ca" for ca_file, "batchsize" for batch).
std::optional<std::string> only_continuation(const std::string& word, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names)
    if ((word.size() > 1 && name.starts_with(word)) || (name.size() > 3 && word.starts_with(name)))
      found.push_back(name);
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

std::optional<std::string> suggestion(const Reading& in, const SectionKeys& keys, const std::string& path,
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
    for (const std::string& candidate : in.all_paths()) variables.push_back(environment_name(candidate));
    if (auto meant = nearest(environment_name(full), variables)) return meant;
  }
  std::vector<std::string> elsewhere;
  for (const std::string& candidate : in.all_paths())
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
  const auto meant = suggestion(in, keys, path, inside, key, origin);
  in.fault(full, origin,
           "unknown key " + quote(full) +
               (meant ? "; did you mean " + *meant + "?"
                      : "; known here are " + listed(names_within(keys.usable, inside))));
}

std::string wants_map(const SectionKeys& keys, const std::string& inside) {
  return "it takes a map of settings (" + listed(names_within(keys.usable, inside)) + ")";
}

void place(Value& map, std::string key, Value value) {
  Value* inner = &map;
  for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.')) {
    const std::string head = key.substr(0, dot);
    Value* next = inner->find(head);
    inner = next != nullptr ? next : &inner->set(head, Value::map());
    key.erase(0, dot + 1);
  }
  inner->set(key, std::move(value));
}

std::string environment_name(const std::string& path) {
  std::string out(kEnvironmentPrefix);
  for (const char c : path)
    out += c == '.' ? "__" : std::string(1, static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return out;
}

}  // namespace sluice::setting
