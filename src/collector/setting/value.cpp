#include "setting/value.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

#include "setting/text.hpp"

namespace sluice::setting {
namespace {

// Aliases let a small file describe a huge or endless tree; no real configuration comes near these.
constexpr int kMaxDepth = 32;
constexpr int kMaxValues = 100'000;

/// Turns yaml-cpp's nodes into values and finds what the tree alone can tell: keys given twice, keys no text.
class Converter {
 public:
  Converter(const std::string& file, const Origin& origin, std::vector<Finding>& findings)
      : file_(file), origin_(origin), findings_(findings) {}

  Origin at(const YAML::Mark& mark) const {
    if (file_.empty()) return origin_;
    const int line = mark.is_null() ? 1 : mark.line + 1;
    return {origin_.layer, line, file_ + ":" + std::to_string(line)};
  }

  Value convert(const YAML::Node& node, const Origin& origin, int depth) {
    Value value;
    value.origin = origin;
    if (depth > kMaxDepth || ++values_ > kMaxValues) {
      if (!std::exchange(too_big_, true))
        findings_.push_back({origin, depth > kMaxDepth ? "values are nested deeper than 32 levels here"
                                                       : "the file holds more than 100000 values"});
      return value;
    }
    if (node.IsScalar()) {
      value.kind = Value::Kind::text;
      value.text = node.Scalar();
    } else if (node.IsSequence()) {
      value.kind = Value::Kind::list;
      for (const auto& item : node) value.items.push_back(convert(item, at(item.Mark()), depth + 1));
    } else if (node.IsMap()) {
      value.kind = Value::Kind::map;
      for (const auto& member : node) add_member(value, member.first, member.second, depth);
    }
    return value;
  }

 private:
  void add_member(Value& map, const YAML::Node& key, const YAML::Node& node, int depth) {
    const Origin origin = at(key.Mark());
    if (!key.IsScalar()) {
      findings_.push_back({origin, "a key here is a list or a map; keys are plain words"});
      return;
    }
    if (const Value* first = map.find(key.Scalar())) {
      const std::string where =
          first->origin.line > 0 ? ", first on line " + std::to_string(first->origin.line) : "";
      findings_.push_back(
          {origin, "the key " + quote(key.Scalar()) + " is given twice" + where + "; keep one"});
      return;
    }
    map.set(key.Scalar(), convert(node, origin, depth + 1));
  }

  const std::string& file_;
  const Origin& origin_;
  std::vector<Finding>& findings_;
  int values_ = 0;
  bool too_big_ = false;
};

void emit(YAML::Emitter& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      out << YAML::Null;
      return;
    case Value::Kind::text:
      out << escape_substitution(value.text);
      return;
    case Value::Kind::list: {
      const bool plain = std::all_of(value.items.begin(), value.items.end(),
                                     [](const Value& item) { return item.kind == Value::Kind::text; });
      if (plain) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const Value& item : value.items) emit(out, item);
      out << YAML::EndSeq;
      return;
    }
    case Value::Kind::map:
      if (value.items.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        out << YAML::Key << value.keys[i] << YAML::Value;
        emit(out, value.items[i]);
      }
      out << YAML::EndMap;
      return;
  }
}

}  // namespace

Value Value::of(std::string text) {
  Value value;
  value.kind = Kind::text;
  value.text = std::move(text);
  return value;
}

Value Value::list() {
  Value value;
  value.kind = Kind::list;
  return value;
}

Value Value::map() {
  Value value;
  value.kind = Kind::map;
  return value;
}

Value* Value::find(std::string_view key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

const Value* Value::find(std::string_view key) const { return const_cast<Value*>(this)->find(key); }

Value& Value::set(std::string key, Value value) {
  if (Value* existing = find(key)) return *existing = std::move(value);
  keys.push_back(std::move(key));
  return items.emplace_back(std::move(value));
}

void Value::remove(std::string_view key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found == keys.end()) return;
  items.erase(items.begin() + (found - keys.begin()));
  keys.erase(found);
}

std::optional<Value> parse_yaml(const std::string& text, const std::string& file, const Origin& origin,
                                std::vector<Finding>& findings) {
  Converter converter(file, origin, findings);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      findings.push_back(
          {converter.at(documents[1].Mark()), "a second YAML document starts here; only one is read"});
      return std::nullopt;
    }
    const YAML::Node root = documents.empty() ? YAML::Node() : documents[0];
    return converter.convert(root, converter.at(root.Mark()), 0);
  } catch (const YAML::Exception& error) {
    const std::string where =
        error.mark.is_null() ? "" : " at column " + std::to_string(error.mark.column + 1);
    findings.push_back({converter.at(error.mark), "not valid YAML" + where + ": " + error.msg});
  }
  return std::nullopt;
}

std::string emit_yaml(const Value& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace sluice::setting
