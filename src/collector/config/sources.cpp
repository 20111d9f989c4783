// The setting `sources`: flows that come in messages rather than from exporters.
#include <algorithm>

#include "config/tables.hpp"
#include "setting/text.hpp"

namespace sluice::config {
namespace {

using intake::Settings;

Codec<std::size_t> type_codec() {
  std::vector<Word<std::size_t>> words;
  for (const std::string_view type : intake::kTypes) words.push_back({type, words.size()});
  return choice(std::move(words));
}

void note_type(Reading& in, const std::string& path, const Value& value, Settings& /*there is but one*/) {
  std::size_t ignored = 0;
  read_text(in, path, value, type_codec(), ignored);
}

Value write_type(const Settings& /*there is but one*/) {
  return Value::of(std::string(intake::kTypes.front()));
}

Table<Settings> make_source_table() {
  Table<Settings> t{special<Settings>("type", type_codec().type, "What the source is", "none, must be given",
                                      note_type, write_type)};
  for (Row<Settings>& row : intake::settings_rows()) t.push_back(std::move(row));
  return t;
}

void want(Reading& in, const std::string& path, const Value& map, const char* key, const char* such_as) {
  if (map.find(key) == nullptr)
    in.fault(path, map.origin, path + " has no " + key + "; add one, such as " + key + ": " + such_as);
}

void read_source(Reading& in, const std::string& name, const Value& value, Config& config) {
  const std::string path = "sources." + name;
  in.note(path, value);
  if (!is_map_name(name)) {
    in.fault(path, value.origin,
             quote(name) + " is no name for a source; it takes 1 to 64 of a-z, 0-9, _ and -");
    return;
  }
  const auto map = as_map(in, path, value, "it takes a map of settings (type, brokers, topic, ...)");
  if (!map) return;
  Value placed = *map;
  placed.origin = value.origin;
  want(in, path, placed, "type", "kafka");
  want(in, path, placed, "topic", "flows-raw");
  Settings settings;
  read_section(in, source_table(), path, placed, settings);
  config.sources[name] = std::move(settings);
}

/// What a source would read of what a sink writes it would read for ever.
void check_circles(Reading& in, const Config& config, const std::string& path, const Settings& source) {
  for (const auto& [name, sink] : config.sinks) {
    const sink::KafkaSettings* const kafka = sink.kafka();
    if (kafka == nullptr || kafka->topic != source.topic || kafka->brokers != source.brokers) continue;
    std::string message = path + ".topic is " + quote(source.topic);
    message += ", which the sink " + name + " writes to; flows would go round for ever";
    in.fault(path + ".topic", in.origin(path + ".topic"), message);
  }
}

}  // namespace

const Table<Settings>& source_table() {
  static const Table<Settings> table = make_source_table();
  return table;
}

void read_sources(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto map = as_map(
      in, path, value,
      "it takes a map of sources such as {upstream: {type: kafka, brokers: kafka:9092, topic: flows-raw}}");
  if (!map) return;
  for (std::size_t i = 0; i < map->items.size(); ++i) read_source(in, map->keys[i], map->items[i], config);
}

Value write_sources(const Config& config) {
  Value out = Value::map();
  for (const auto& [name, settings] : config.sources) out.set(name, write_section(source_table(), settings));
  return out;
}

void check_sources(Reading& in, const Config& config) {
  for (const auto& [name, settings] : config.sources) {
    const std::string path = "sources." + name;
    intake::check(in, path, settings);
    check_circles(in, config, path, settings);
  }
}

}  // namespace sluice::config
