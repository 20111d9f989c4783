#pragma once
// The machinery of the tables: a row is one setting with its reader, its writer and its line of the
// reference.
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/codec.hpp"
#include "config/layers.hpp"
#include "config/reading.hpp"
#include "config/value.hpp"

namespace sluice::config {

/// Which sinks have a setting; only the table of sinks uses it.
using SinkTypes = std::uint8_t;
constexpr SinkTypes kKafka = 1;
constexpr SinkTypes kFile = 2;
constexpr SinkTypes kStdout = 4;
constexpr SinkTypes kAnySink = 7;

template <class T>
struct Row {
  std::string key;  ///< within the section, with dots: "tls.ca_file"
  std::string type;
  std::string unit;
  std::string meaning;
  std::function<void(Reading&, const std::string& path, const Value&, T&)> read;
  std::function<Value(const T&)> write;  ///< empty: not written (the file spelling of a secret)
  SinkTypes sinks = kAnySink;
  std::string default_text;  ///< for the reference where the default is not the value in the struct
  bool secret = false;

  Row&& only(SinkTypes types) && {
    sinks = types;
    return std::move(*this);
  }
  Row&& defaults_to(std::string words) && {
    default_text = std::move(words);
    return std::move(*this);
  }
};

template <class T>
using Table = std::vector<Row<T>>;

/// The member that a chain of member pointers leads to.
template <auto... Members, class T>
auto& member(T& object) {
  return (object.*....*Members);
}
template <auto... Members, class T>
const auto& member_of(const T& object) {
  return (object.*....*Members);
}

/// A setting that is one text. An empty value is "" where the codec takes that.
template <class T, auto... Members, class V>
Row<T> row(std::string key, Codec<V> codec, std::string unit, std::string meaning) {
  Row<T> out;
  out.key = std::move(key);
  out.type = codec.type;
  out.unit = std::move(unit);
  out.meaning = std::move(meaning);
  out.read = [codec](Reading& in, const std::string& path, const Value& value, T& target) {
    in.note(path, value);
    if (value.kind == Value::Kind::null) {
      if (const auto empty = codec.parse("")) {
        member<Members...>(target) = *empty;
        return;
      }
    }
    const auto text = as_text(in, path, value, codec.wants);
    if (!text) return;
    if (const auto parsed = codec.parse(*text)) {
      member<Members...>(target) = *parsed;
      return;
    }
    const std::string hint = codec.hint ? codec.hint(*text) : "";
    in.fault(path, value.origin, path + " is " + quote(*text) + "; " + (hint.empty() ? codec.wants : hint));
  };
  out.write = [codec](const T& source) { return Value::of(codec.format(member_of<Members...>(source))); };
  return out;
}

/// A setting that is no single text.
template <class T>
Row<T> special(std::string key, std::string type, std::string meaning, std::string default_text,
               std::function<void(Reading&, const std::string&, const Value&, T&)> read,
               std::function<Value(const T&)> write) {
  Row<T> out;
  out.key = std::move(key);
  out.type = std::move(type);
  out.meaning = std::move(meaning);
  out.default_text = std::move(default_text);
  out.read = std::move(read);
  out.write = std::move(write);
  return out;
}

/// A list as it is written.
template <class Items, class One>
Value list_of(const Items& items, const One& one) {
  Value out = Value::list();
  for (const auto& item : items) out.items.push_back(one(item));
  return out;
}

/// A secret may be written in place or named by KEY_file; two rows.
template <class T, auto... Members>
void secret_rows(Table<T>& table, const std::string& key, const std::string& meaning,
                 SinkTypes sinks = kAnySink) {
  Row<T> plain;
  plain.key = key;
  plain.type = "text, secret";
  plain.meaning = meaning;
  plain.sinks = sinks;
  plain.secret = true;
  plain.read = [](Reading& in, const std::string& path, const Value& value, T& target) {
    if (value.kind == Value::Kind::null) return;
    const auto text = as_text(in, path, value, "it takes text");
    // An empty text is how the full configuration file says "none", beside which the file spelling may stand.
    if (!text || text->empty()) return;
    in.note(path, value);
    if (in.given(path + "_file"))
      in.fault(path, value.origin, path + " and " + path + "_file are both given; keep one of them");
    member<Members...>(target) = *text;
  };
  plain.write = [](const T& source) {
    return Value::of(member_of<Members...>(source).empty() ? "" : "********");
  };
  table.push_back(std::move(plain));

  Row<T> file;
  file.key = key + "_file";
  file.type = "path";
  file.meaning = "File whose content is " + key + ", without the newline at its end";
  file.sinks = sinks;
  file.default_text = "\"\"";
  file.read = [](Reading& in, const std::string& path, const Value& value, T& target) {
    if (value.kind == Value::Kind::null) return;
    const auto name = as_text(in, path, value, "it takes the path of a file");
    if (!name || name->empty()) return;
    in.note(path, value);
    const std::string secret = path.substr(0, path.size() - 5);
    if (in.given(secret)) {
      in.fault(path, value.origin, secret + " and " + path + " are both given; keep one of them");
      return;
    }
    std::string reason;
    auto content = read_small_file(*name, reason);
    if (!content) {
      in.fault(path, value.origin, path + " names " + quote(*name) + ", which cannot be read: " + reason);
      return;
    }
    while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
    if (content->empty())
      in.fault(path, value.origin,
               path + " names " + quote(*name) + ", which is empty; it takes a file with the secret");
    member<Members...>(target) = *content;
  };
  table.push_back(std::move(file));
}

/// How keys of a section are told apart from the rest, and what messages say of it.
struct SectionKeys {
  std::vector<std::string> rows;    ///< of this section, all types
  std::vector<std::string> usable;  ///< the rows this one may have
  std::vector<std::string> owners;  ///< per row: "kafka", "file or stdout"; parallel to rows
  std::string kind;                 ///< "file" where this is a file sink, else ""
};

/// A map was met at `path`; `inside` is its dotted place within the section ("" or "tls").
void unknown_key(Reading& in, const SectionKeys& keys, const std::string& path, const std::string& inside,
                 const std::string& key, const Origin& origin);
/// "it takes a map of settings (enabled, ca_file, ...)".
std::string wants_map(const SectionKeys& keys, const std::string& inside);
/// Names of the sink types, for SectionKeys::owners.
std::string sink_type_names(SinkTypes types);

template <class T>
SectionKeys section_keys(const Table<T>& table, SinkTypes sinks) {
  SectionKeys keys;
  for (const Row<T>& row : table) {
    keys.rows.push_back(row.key);
    keys.owners.push_back(sink_type_names(row.sinks));
    if ((row.sinks & sinks) != 0) keys.usable.push_back(row.key);
  }
  if (sinks != kAnySink) keys.kind = sink_type_names(sinks);
  return keys;
}

/// Reads all keys of the map `value`; `path` is what messages call it ("" at the top), `inside` as above.
template <class T>
void read_members(Reading& in, const Table<T>& table, const SectionKeys& keys, SinkTypes sinks,
                  const std::string& path, const std::string& inside, const Value& map, T& target) {
  for (std::size_t i = 0; i < map.items.size(); ++i) {
    const std::string key = (inside.empty() ? "" : inside + ".") + map.keys[i];
    const std::string full = (path.empty() ? "" : path + ".") + map.keys[i];
    const Row<T>* exact = nullptr;
    bool section = false;
    for (const Row<T>& row : table) {
      if ((row.sinks & sinks) == 0) continue;
      if (row.key == key) exact = &row;
      if (row.key.starts_with(key + ".")) section = true;
    }
    if (exact != nullptr) {
      exact->read(in, full, map.items[i], target);
    } else if (section) {
      if (const auto inner = as_map(in, full, map.items[i], wants_map(keys, key)))
        read_members(in, table, keys, sinks, full, key, *inner, target);
    } else {
      unknown_key(in, keys, path, inside, map.keys[i], map.items[i].origin);
    }
  }
}

template <class T>
void read_section(Reading& in, const Table<T>& table, const std::string& path, const Value& map, T& target,
                  SinkTypes sinks = kAnySink) {
  read_members(in, table, section_keys(table, sinks), sinks, path, "", map, target);
}

/// The section as a map of values, dotted keys as maps within.
template <class T>
Value write_section(const Table<T>& table, const T& source, SinkTypes sinks = kAnySink) {
  Value out = Value::map();
  for (const Row<T>& row : table) {
    if (!row.write || (row.sinks & sinks) == 0) continue;
    Value* map = &out;
    std::string key = row.key;
    for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.')) {
      const std::string head = key.substr(0, dot);
      Value* next = map->find(head);
      map = next != nullptr ? next : &map->set(head, Value::map());
      key.erase(0, dot + 1);
    }
    map->set(key, row.write(source));
  }
  return out;
}

}  // namespace sluice::config
