// The settings that hold other settings: lists of listeners and exporters, the map of sinks.
#include <algorithm>
#include <string_view>

#include "config/tables.hpp"
#include "config/text.hpp"
#include "flow/endpoint.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::config {
namespace {

std::string element(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

constexpr const char* kListenerForm =
    "it takes \"ADDRESS:PORT\", such as \"0.0.0.0:2055\" or \"[::]:2055\", or a map of address, port, "
    "protocol, receive_buffer and decapsulate";

bool read_listener(Reading& in, const std::string& path, const Value& value, Listener& out) {
  in.note(path, value);
  if (value.broken) return false;
  if (value.kind == Value::Kind::text) {
    const auto endpoint = parse_endpoint(value.text);
    if (!endpoint) {
      in.fault(path, value.origin, path + " is " + quote(value.text) + "; " + kListenerForm);
      return false;
    }
    out.address = endpoint->address.to_string();
    out.port = endpoint->port;
    return true;
  }
  if (value.kind != Value::Kind::map) {
    in.fault(path, value.origin, path + " is " + described(value) + "; " + kListenerForm);
    return false;
  }
  const std::size_t before = in.findings().size();
  read_section(in, listener_table(), path, value, out);
  if (value.find("port") == nullptr)
    in.fault(path, value.origin, path + " has no port; add one, such as port: 2055");
  return in.findings().size() == before;
}

bool read_exporter(Reading& in, const std::string& path, const Value& value, ExporterRule& out) {
  in.note(path, value);
  if (value.broken) return false;
  if (value.kind != Value::Kind::map) {
    in.fault(
        path, value.origin,
        path + " is " + described(value) + "; it takes a map such as {prefix: 192.0.2.0/24, name: core}");
    return false;
  }
  const std::size_t before = in.findings().size();
  read_section(in, exporter_table(), path, value, out);
  if (value.find("prefix") == nullptr)
    in.fault(path, value.origin, path + " has no prefix; add one, such as prefix: 192.0.2.0/24");
  return in.findings().size() == before;
}

bool is_sink_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// The type, which decides what else may stand there; nothing (and a fault) where it is missing or no type.
std::optional<SinkType> type_of(Reading& in, const std::string& path, const Value& map, bool shorthand) {
  const Value* type = map.find("type");
  if (type == nullptr) {
    if (shorthand) return SinkType::kafka;
    in.fault(path, map.origin, path + " has no type; " + sink_type_codec().wants);
    return std::nullopt;
  }
  const auto word = as_text(in, path + ".type", *type, sink_type_codec().wants);
  if (!word) return std::nullopt;
  const auto parsed = sink_type_codec().parse(*word);
  if (!parsed) {
    in.fault(path + ".type", type->origin,
             path + ".type is " + quote(*word) + "; " + sink_type_codec().wants);
  } else if (shorthand && parsed != SinkType::kafka) {
    in.fault(
        path + ".type", type->origin,
        path + ".type is " + quote(*word) + "; top-level kafka is a Kafka sink, others belong under sinks");
    return std::nullopt;
  }
  return parsed;
}

void read_sink(Reading& in, const std::string& name, const Value& value, Config& config) {
  const bool shorthand = value.shorthand;
  const std::string path = sink_path(shorthand, name);
  in.note(path, value);
  if (!is_sink_name(name)) {
    in.fault(path, value.origin,
             quote(name) + " is no name for a sink; it takes 1 to 64 of a-z, 0-9, _ and -");
    return;
  }
  const auto map = as_map(in, path, value, "it takes a map of settings (type, format, ...)");
  if (!map) return;
  Value placed = *map;
  placed.origin = value.origin;
  const auto type = type_of(in, path, placed, shorthand);
  if (!type) return;
  Sink sink;
  sink.type = *type;
  if (sink.type == SinkType::stdout_) sink.format = SinkFormat::json;
  read_section(in, sink_table(), path, placed, sink, sink_types(*type));
  if (!in.given(path + ".framing"))
    sink.kafka.framing = sink.format == SinkFormat::json ? Framing::single : Framing::batch;
  if (sink.stream == SinkStream::counters) {
    if (!in.given(path + ".topic")) sink.kafka.topic = "counters";
    if (!in.given(path + ".prefix")) sink.file.prefix = "counters";
  }
  config.sinks[name] = std::move(sink);
}

bool tells_a_secret(const std::string& property) {
  return property.find("password") != std::string::npos || property.find("secret") != std::string::npos ||
         property == "ssl.key.pem" || property == "sasl.oauthbearer.config" || property == "sasl.jaas.config";
}

}  // namespace

std::string sink_path(bool shorthand, const std::string& name) {
  return shorthand ? "kafka" : "sinks." + name;
}

void read_listeners(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list = as_list(in, path, value, "it takes a list such as [\"0.0.0.0:2055\", \"[::]:6343\"]");
  if (!list) return;
  if (list->items.empty())
    in.fault(path, value.origin,
             path + " is empty; name at least one, or leave it out for 6343, 2055 and 4739");
  config.listeners.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    // One that is wrong stays in the list, so that messages about the others keep their numbers.
    if (!read_listener(in, element(path, i), list->items[i], config.listeners.emplace_back()))
      config.listeners.back().port = 0;
  }
}

void read_exporters(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of maps such as [{prefix: 192.0.2.0/24, name: core}]");
  if (!list) return;
  config.exporters.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    if (!read_exporter(in, element(path, i), list->items[i], config.exporters.emplace_back()))
      config.exporters.back().prefix.clear();
  }
}

void read_sinks(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto map =
      as_map(in, path, value, "it takes a map of sinks such as {archive: {type: file, path: flows}}");
  if (!map) return;
  for (std::size_t i = 0; i < map->items.size(); ++i) read_sink(in, map->keys[i], map->items[i], config);
}

void read_partition_by(Reading& in, const std::string& path, const Value& value, Sink& sink) {
  in.note(path, value);
  const std::string wants = "it takes exporter, round_robin or a list of fields such as [src_addr, dst_addr]";
  if (value.kind == Value::Kind::text && (value.text == "exporter" || value.text == "round_robin")) {
    sink.kafka.partition_by = value.text == "exporter" ? PartitionBy::exporter : PartitionBy::round_robin;
    return;
  }
  const auto list = as_list(in, path, value, wants);
  if (!list) return;
  if (list->items.empty()) in.fault(path, value.origin, path + " is empty; " + wants);
  std::vector<std::string> names;
  for (const FieldInfo& field : flow_fields()) names.emplace_back(field.name);
  sink.kafka.partition_by = PartitionBy::fields;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Value& item = list->items[i];
    const auto name = as_text(in, element(path, i), item, "it takes the name of a field such as src_addr");
    if (!name) continue;
    if (find_field(*name) == nullptr) {
      const auto meant = nearest(*name, names);
      in.fault(path, item.origin,
               path + " names " + quote(*name) + ", which is no field of a flow; " +
                   (meant ? "did you mean " + *meant + "?" : "sluice schema fields lists them"));
    } else if (std::find(sink.kafka.key_fields.begin(), sink.kafka.key_fields.end(), *name) !=
               sink.kafka.key_fields.end()) {
      in.fault(path, item.origin, path + " names " + quote(*name) + " twice; keep one");
    }
    sink.kafka.key_fields.push_back(*name);
  }
}

void read_properties(Reading& in, const std::string& path, const Value& value, Sink& sink) {
  in.note(path, value);
  const auto map =
      as_map(in, path, value, "it takes a map of librdkafka's properties such as {linger.ms: 5}");
  if (!map) return;
  for (std::size_t i = 0; i < map->items.size(); ++i) {
    const std::string& key = map->keys[i];
    std::string where = path;
    where.append(".").append(key);
    const auto text = as_text(in, where, map->items[i], "it takes text or a number");
    if (text) sink.kafka.properties[key] = *text;
  }
}

void read_allow(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of prefixes such as [192.0.2.0/24, \"2001:db8::/32\"]");
  if (!list) return;
  config.metrics.allow.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string wants =
        "it takes a prefix or an address such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1";
    const auto text = as_text(in, element(path, i), list->items[i], wants);
    if (!text) continue;
    if (!IpPrefix::parse(*text))
      in.fault(element(path, i), list->items[i].origin,
               element(path, i) + " is " + quote(*text) + "; " + wants);
    config.metrics.allow.push_back(*text);
  }
}

Value write_properties(const Sink& sink) {
  Value out = Value::map();
  for (const auto& [key, text] : sink.kafka.properties)
    out.set(key, Value::of(tells_a_secret(key) ? "********" : text));
  return out;
}

}  // namespace sluice::config
