#include "config/layers.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "setting/section.hpp"
#include "setting/text.hpp"

namespace sluice::config {
namespace {

using namespace setting;

constexpr std::string_view kPrefix = kEnvironmentPrefix;

std::vector<std::string> split(const std::string& path, char separator) {
  std::vector<std::string> out;
  std::size_t start = 0;
  for (std::size_t end = 0; end != std::string::npos; start = end + 1) {
    end = path.find(separator, start);
    out.push_back(path.substr(start, end == std::string::npos ? end : end - start));
  }
  return out;
}

/// Top-level `kafka` is short for the sink of that name; names of librdkafka's properties have dots of their
/// own.
std::vector<std::string> canonical(const std::string& path, bool& shorthand) {
  std::vector<std::string> keys = split(path, '.');
  shorthand = keys.front() == "kafka";
  if (shorthand) keys.insert(keys.begin(), "sinks");
  if (keys.size() > 4 && (keys[0] == "sinks" || keys[0] == "sources") && keys[2] == "properties") {
    for (std::size_t i = 4; i < keys.size(); ++i) keys[3] += "." + keys[i];
    keys.resize(4);
  }
  return keys;
}

/// Makes `node` a map that can take a setting of a stronger layer.
void make_map(Value& node, const std::string& path, const Origin& origin, std::vector<Finding>& findings) {
  if (node.kind == Value::Kind::text && node.raw) {
    if (auto parsed = parse_yaml(node.text, "", node.origin, findings)) {
      parsed->shorthand = node.shorthand;
      node = std::move(*parsed);
    }
  }
  if (node.kind == Value::Kind::map) return;
  if (node.kind == Value::Kind::list)
    findings.push_back({origin, path + " is a list, which is given whole, as YAML text"});
  else if (node.kind == Value::Kind::text)
    findings.push_back({node.origin, path + " is " + quote(node.text) + "; it takes a map of settings"});
  const bool shorthand = node.shorthand;
  const Origin place = node.origin;
  node = Value::map();
  node.shorthand = shorthand;
  node.origin = place.source.empty() ? origin : place;
}

/// A secret and the file that holds it are one setting in two spellings: the stronger layer's spelling
/// counts.
void drop_weaker_spelling(Value& map, const std::string& key, Layer layer) {
  constexpr std::string_view kSuffix = "_file";
  const bool is_file = key.ends_with(kSuffix);
  const std::string plain = is_file ? key.substr(0, key.size() - kSuffix.size()) : key;
  if (plain != "password" && plain != "key_password" && plain != "token") return;
  const std::string other = is_file ? plain : plain + std::string(kSuffix);
  if (const Value* found = map.find(other); found != nullptr && found->origin.layer < layer)
    map.remove(other);
}

void lay_over(Value& root, const std::string& path, std::string text, const Origin& origin,
              std::vector<Finding>& findings) {
  bool shorthand = false;
  const std::vector<std::string> keys = canonical(path, shorthand);
  if (std::find(keys.begin(), keys.end(), "") != keys.end()) {
    findings.push_back(
        {origin, "a part of the name " + quote(path) + " is empty; it takes names such as kafka.topic"});
    return;
  }
  Value* node = &root;
  std::string where;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    where += (where.empty() ? "" : ".") + keys[i];
    Value* next = node->find(keys[i]);
    if (next == nullptr) {
      next = &node->set(keys[i], Value::map());
      next->origin = origin;
      next->shorthand = shorthand && i == 1;
    }
    make_map(*next, where, origin, findings);
    node = next;
  }
  const Value* old = node->find(keys.back());
  if (old != nullptr && old->origin.layer == Layer::environment && origin.layer == Layer::environment) {
    findings.push_back({origin, "sets the same as " + old->origin.source + "; keep one of them"});
    return;
  }
  Value value = Value::of(std::move(text));
  value.raw = true;
  value.shorthand = (shorthand && keys.size() == 2) || (old != nullptr && old->shorthand);
  value.origin = origin;
  drop_weaker_spelling(*node, keys.back(), origin.layer);
  node->set(keys.back(), std::move(value));
}

/// Kubernetes gives every container variables for each Service; those of a Service called sluice are not
/// ours: SLUICE_SERVICE_HOST, SLUICE_SERVICE_PORT_NETFLOW, SLUICE_PORT=udp://..., SLUICE_PORT_2055_UDP_ADDR.
bool is_service_link(const std::string& name, const std::string& value) {
  if (name.find("__") != std::string::npos) return false;
  if (name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT")) return true;
  if (name.find("_SERVICE_PORT_") != std::string::npos) return true;
  if (name.ends_with("_PORT") && value.find("://") != std::string::npos) return true;
  const auto port = name.find("_PORT_");
  if (port == std::string::npos) return false;
  const std::string_view rest = std::string_view(name).substr(port + 6);
  const std::string_view protocol = rest.substr(std::min(rest.find_first_not_of("0123456789"), rest.size()));
  return protocol.size() < rest.size() &&
         (protocol.starts_with("_TCP") || protocol.starts_with("_UDP") || protocol.starts_with("_SCTP"));
}

/// What the commands read that ask a running sluice.
bool is_of_commands(const std::string& name) {
  return name == "SLUICE_CONFIG" || name == "SLUICE_API_URL" || name == "SLUICE_METRICS_URL";
}

void lay_environment(Value& root, const Environment& environment, std::vector<Finding>& findings) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix) || is_of_commands(name) || is_service_link(name, value)) continue;
    std::string path;
    for (std::size_t i = kPrefix.size(); i < name.size(); ++i) {
      const bool dot = name.compare(i, 2, "__") == 0;
      path += dot ? '.' : static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
      if (dot) ++i;
    }
    lay_over(root, path, value, {Layer::environment, 0, "environment " + name}, findings);
  }
}

void lay_settings(Value& root, const std::vector<std::string>& settings, std::vector<Finding>& findings) {
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    const std::string path = setting.substr(0, equals);
    const Origin origin{Layer::set, 0, path.empty() ? "--set" : "--set " + path};
    if (equals == std::string::npos || path.empty())
      findings.push_back({origin, "takes NAME=VALUE, such as --set kafka.topic=flows"});
    else
      lay_over(root, path, setting.substr(equals + 1), origin, findings);
  }
}

/// Substitutes ${NAME} in all texts of the file.
void substitute_all(Value& value, const std::string& path, const Environment& environment,
                    std::vector<Finding>& findings) {
  if (value.kind == Value::Kind::text && value.text.find("${") != std::string::npos) {
    std::optional<std::string> problem;
    const auto get = [&](const std::string& name) {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : &found->second;
    };
    value.text = substitute(value.text, get, problem);
    value.raw = true;
    if (problem) findings.push_back({value.origin, path + " " + *problem});
    value.broken = problem.has_value();
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const bool map = value.kind == Value::Kind::map;
    const std::string inner =
        map ? (path.empty() ? "" : path + ".") + value.keys[i] : path + "[" + std::to_string(i) + "]";
    substitute_all(value.items[i], inner, environment, findings);
  }
}

/// Moves top-level `kafka` to sinks.kafka, so that the layers above find it under one name.
void move_shorthand(Value& root, std::vector<Finding>& findings) {
  const Value* found = root.find("kafka");
  if (found == nullptr) return;
  Value kafka = *found;
  Value* sinks = root.find("sinks");
  if (sinks != nullptr && sinks->kind == Value::Kind::map) {
    if (const Value* twin = sinks->find("kafka")) {
      findings.push_back({kafka.origin, "kafka is the same sink as sinks.kafka on line " +
                                            std::to_string(twin->origin.line) + "; keep one of them"});
      root.remove("kafka");
      return;
    }
  }
  root.remove("kafka");
  sinks = root.find("sinks");
  if (sinks == nullptr || sinks->kind == Value::Kind::null) {
    sinks = &root.set("sinks", Value::map());
    sinks->origin = kafka.origin;
  }
  kafka.shorthand = true;
  if (sinks->kind == Value::Kind::map) sinks->set("kafka", std::move(kafka));
}

/// The file's tree; nothing where it cannot be read or is no map.
std::optional<Value> read_yaml_file(const std::string& path, const std::string& named_by,
                                    const Environment& environment, std::vector<Finding>& findings) {
  std::string reason;
  const auto text = read_small_file(path, reason);
  if (!text) {
    const Origin origin{Layer::file, 0, named_by.empty() ? path : named_by};
    const std::string what = named_by.empty() ? "" : "names " + quote(path) + ", which ";
    findings.push_back({origin, what + "cannot be read: " + reason});
    return std::nullopt;
  }
  auto root = parse_yaml(*text, path, {Layer::file, 1, path + ":1"}, findings);
  if (!root) return std::nullopt;
  if (root->kind == Value::Kind::null) return Value::map();
  if (root->kind != Value::Kind::map) {
    findings.push_back(
        {root->origin, "the file is no map of settings; it takes lines such as \"workers: 4\""});
    return std::nullopt;
  }
  substitute_all(*root, "", environment, findings);
  move_shorthand(*root, findings);
  return root;
}

}  // namespace

Layers read_layers(const LoadRequest& request, std::vector<Finding>& findings) {
  Layers layers;
  const auto variable = request.environment.find("SLUICE_CONFIG");
  const bool from_variable =
      !request.file && variable != request.environment.end() && !variable->second.empty();
  if (request.file || from_variable) {
    auto root =
        read_yaml_file(request.file ? *request.file : variable->second,
                       from_variable ? "environment SLUICE_CONFIG" : "", request.environment, findings);
    layers.file_failed = !root;
    if (root) layers.root = std::move(*root);
  }
  lay_environment(layers.root, request.environment, findings);
  lay_settings(layers.root, request.set, findings);
  return layers;
}

Environment current_environment() {
  Environment out;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace sluice::config
