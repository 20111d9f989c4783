#pragma once
// Reads and writes a section of the configuration by its table of rows.
#include <string>
#include <vector>

#include "setting/row.hpp"

namespace sluice::setting {

/// The environment variables of settings begin with it.
inline constexpr std::string_view kEnvironmentPrefix = "SLUICE_";
/// SLUICE_KAFKA__TOPIC for kafka.topic.
std::string environment_name(const std::string& path);

/// How keys of a section are told apart from the rest, and what messages say of it.
struct SectionKeys {
  std::vector<std::string> rows;    ///< of this section, all kinds
  std::vector<std::string> usable;  ///< the rows this one may have
  std::vector<std::string> owners;  ///< parallel to rows: Row::only_for
  std::string kind;                 ///< "file" where this is a file sink, else ""
};

/// A map was met at `path`; `inside` is its dotted place within the section ("" or "tls").
void unknown_key(Reading& in, const SectionKeys& keys, const std::string& path, const std::string& inside,
                 const std::string& key, const Origin& origin);
/// "it takes a map of settings (enabled, ca_file, ...)".
std::string wants_map(const SectionKeys& keys, const std::string& inside);

template <class T>
bool usable(const Row<T>& row, const std::string& kind) {
  return row.only_for.empty() || row.only_for == kind;
}

template <class T>
SectionKeys section_keys(const Table<T>& table, const std::string& kind) {
  SectionKeys keys;
  keys.kind = kind;
  const auto add = [&](const Row<T>& row, const std::string& key) {
    keys.rows.push_back(key);
    keys.owners.push_back(row.only_for);
    if (usable(row, kind)) keys.usable.push_back(key);
  };
  for (const Row<T>& row : table) {
    if (!row.also.empty()) add(row, row.also);
    add(row, row.key);
  }
  return keys;
}

/// Reads all keys of the map `value`; `path` is what messages call it ("" at the top), `inside` as above.
template <class T>
void read_members(Reading& in, const Table<T>& table, const SectionKeys& keys, const std::string& path,
                  const std::string& inside, const Value& map, T& target) {
  for (std::size_t i = 0; i < map.items.size(); ++i) {
    const std::string key = (inside.empty() ? "" : inside + ".") + map.keys[i];
    const std::string full = (path.empty() ? "" : path + ".") + map.keys[i];
    const Row<T>* exact = nullptr;
    bool section = false;
    for (const Row<T>& row : table) {
      if (!usable(row, keys.kind)) continue;
      if (row.key == key) exact = &row;
      if (row.key.starts_with(key + ".")) section = true;
    }
    if (exact != nullptr) {
      exact->read(in, full, map.items[i], target);
    } else if (section) {
      if (const auto inner = as_map(in, full, map.items[i], wants_map(keys, key)))
        read_members(in, table, keys, full, key, *inner, target);
    } else {
      unknown_key(in, keys, path, inside, map.keys[i], map.items[i].origin);
    }
  }
}

/// `kind`: which of the kinds of the section this is, where it has such ("file" of the sinks).
template <class T>
void read_section(Reading& in, const Table<T>& table, const std::string& path, const Value& map, T& target,
                  const std::string& kind = "") {
  read_members(in, table, section_keys(table, kind), path, "", map, target);
}

/// Puts the value at the dotted key, in maps within.
void place(Value& map, std::string key, Value value);

/// The section as a map of values, dotted keys as maps within.
template <class T>
Value write_section(const Table<T>& table, const T& source, const std::string& kind = "") {
  Value out = Value::map();
  for (const Row<T>& row : table)
    if (row.write && usable(row, kind)) place(out, row.key, row.write(source));
  return out;
}

}  // namespace sluice::setting
