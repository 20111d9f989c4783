#pragma once
// A row is one setting: its reader, its writer and its line of the reference. Sections of the configuration
// are tables of rows; what reads and writes a whole one is in section.hpp. Rows are made once at the start
// and constant from then on.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "setting/codec.hpp"
#include "setting/reading.hpp"
#include "setting/value.hpp"

namespace sluice::setting {

template <class T>
struct Row {
  std::string key;  ///< within the section, with dots: "tls.ca_file"
  std::string type;
  std::string unit;
  std::string meaning;
  std::function<void(Reading&, const std::string& path, const Value&, T&)> read;
  std::function<Value(const T&)> write;  ///< empty: not written (the file spelling of a secret)
  std::string only_for;                  ///< the one kind of the section that has it; "": all
  std::string default_text;  ///< for the reference where the default is not the value in the struct
  /// Whether the setting is the same in both, and the way from one to the other. Empty where another row has
  /// the value (the file spelling of a secret).
  std::function<bool(const T&, const T&)> same;
  std::function<void(const T& from, T& to)> copy;
  bool reloads = false;  ///< a change takes effect at a reload; else at a restart
  std::string also;      ///< a key that stands for a part of it and has no row: top-level kafka of sinks

  Row&& defaults_to(std::string words) && {
    default_text = std::move(words);
    return std::move(*this);
  }
  Row&& at_reload() && {
    reloads = true;
    return std::move(*this);
  }
  /// Where the value is, for a row that is no single text.
  template <auto Member>
  Row&& holds() && {
    same = [](const T& a, const T& b) { return a.*Member == b.*Member; };
    copy = [](const T& from, T& to) { to.*Member = from.*Member; };
    return std::move(*this);
  }
};

template <class T>
using Table = std::vector<Row<T>>;

/// The member that a chain of member pointers leads to.
template <class T, class V, auto... Members>
V& member(T& object) {
  return (object.*....*Members);
}

/// Reads a setting that is one text; false and a fault told where the codec refuses it. An empty value is ""
/// where the codec takes that.
template <class V>
bool read_text(Reading& in, const std::string& path, const Value& value, const Codec<V>& codec, V& target) {
  in.note(path, value);
  if (value.kind == Value::Kind::null) {
    if (auto empty = codec.parse("")) return target = std::move(*empty), true;
  }
  const auto text = as_text(in, path, value, codec.wants);
  if (!text) return false;
  if (auto parsed = codec.parse(*text)) return target = std::move(*parsed), true;
  refuse(in, path, value, *text, codec.hint ? codec.hint(*text) : "", codec.wants);
  return false;
}

/// A row by the way to its value: one instance for each pair of types, not for each setting.
template <class T, class V>
Row<T> row_at(V& (*place)(T&), std::string key, Codec<V> codec, std::string unit, std::string meaning) {
  Row<T> out;
  out.key = std::move(key);
  out.type = codec.type;
  out.unit = std::move(unit);
  out.meaning = std::move(meaning);
  const auto shared = std::make_shared<const Codec<V>>(std::move(codec));
  out.read = [shared, place](Reading& in, const std::string& path, const Value& value, T& target) {
    read_text(in, path, value, *shared, place(target));
  };
  out.write = [shared, place](const T& source) {
    return Value::of(shared->format(place(const_cast<T&>(source))));  // which is only read
  };
  out.same = [place](const T& a, const T& b) {
    return place(const_cast<T&>(a)) == place(const_cast<T&>(b));  // which are only read
  };
  out.copy = [place](const T& from, T& to) { place(to) = place(const_cast<T&>(from)); };  // likewise
  return out;
}

/// A setting that is one text.
template <class T, auto... Members, class V>
Row<T> row(std::string key, Codec<V> codec, std::string unit, std::string meaning) {
  return row_at<T, V>(&member<T, V, Members...>, std::move(key), std::move(codec), std::move(unit),
                      std::move(meaning));
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

/// A secret may be written in place or named by KEY_file; two rows.
template <class T, auto... Members>
void secret_rows(Table<T>& table, const std::string& key, const std::string& meaning, bool reloads = false) {
  Row<T> plain;
  plain.key = key;
  plain.type = "text, secret";
  plain.meaning = meaning;
  plain.read = [](Reading& in, const std::string& path, const Value& value, T& target) {
    read_secret(in, path, value, member<T, std::string, Members...>(target));
  };
  plain.write = [](const T& source) {
    return Value::of(member<const T, const std::string, Members...>(source).empty() ? "" : "********");
  };
  plain.same = [](const T& a, const T& b) {
    return member<const T, const std::string, Members...>(a) ==
           member<const T, const std::string, Members...>(b);
  };
  plain.copy = [](const T& from, T& to) {
    member<T, std::string, Members...>(to) = member<const T, const std::string, Members...>(from);
  };
  plain.reloads = reloads;
  table.push_back(std::move(plain));

  Row<T> file;
  file.key = key + "_file";
  file.type = "path";
  file.meaning = "File whose content is " + key + ", without the newline at its end";
  file.default_text = "\"\"";
  file.reloads = reloads;
  file.read = [](Reading& in, const std::string& path, const Value& value, T& target) {
    read_secret_file(in, path, value, member<T, std::string, Members...>(target));
  };
  table.push_back(std::move(file));
}

/// A list as it is written.
template <class Items, class One>
Value list_of(const Items& items, const One& one) {
  Value out = Value::list();
  for (const auto& item : items) out.items.push_back(one(item));
  return out;
}

/// The rows of a part of T as rows of T; `place` gives the part, which is there whenever they are used.
template <class T, class Part>
void append_rows(Table<T>& to, const Table<Part>& rows, Part& (*place)(T&), const std::string& only_for) {
  for (const Row<Part>& part : rows) {
    Row<T> out;
    out.key = part.key;
    out.type = part.type;
    out.unit = part.unit;
    out.meaning = part.meaning;
    out.only_for = only_for;
    out.default_text = part.default_text;
    if (out.default_text.empty() && part.write) out.default_text = part.write(Part{}).text;
    if (out.default_text.empty()) out.default_text = "\"\"";
    out.read = [read = part.read, place](Reading& in, const std::string& path, const Value& value,
                                         T& target) { read(in, path, value, place(target)); };
    if (part.write)
      out.write = [write = part.write, place](const T& source) {
        return write(place(const_cast<T&>(source)));  // which is only read
      };
    to.push_back(std::move(out));
  }
}

}  // namespace sluice::setting
