// The setting `sinks`: what all sinks have in common; the rest is in the table of their types.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "config/tables.hpp"
#include "filter/parser.hpp"
#include "setting/text.hpp"
#include "sink/type.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using sink::Settings;

constexpr std::uint64_t kKB = 1ULL << 10;
constexpr std::uint64_t kMB = 1ULL << 20;

// Top-level `kafka:` is short for a sink of this name and type.
constexpr std::string_view kShorthand = "kafka";
// Beside the words of encode::kFormats.
constexpr std::string_view kNative = "native";

/// Index of its type.
Codec<std::size_t> type_codec() {
  std::vector<Word<std::size_t>> words;
  for (const sink::Type& type : sink::types()) words.push_back({type.name, words.size()});
  return choice(std::move(words));
}

/// The tree is made here, once for each time that the configuration is read.
Codec<filter::Expression> flow_filter() {
  return {"filter", "it takes a filter such as proto tcp and dst port 443",
          [](std::string_view text) -> std::optional<filter::Expression> {
            auto parsed = filter::parse(text);
            if (!parsed) return std::nullopt;
            return std::move(*parsed);
          },
          [](const filter::Expression& wanted) {
            return wanted.kind == filter::Expression::Kind::any ? "" : filter::to_text(wanted);
          },
          [](std::string_view text) {
            const auto parsed = filter::parse(text);
            return parsed ? "" : filter::describe(text, parsed.error());
          }};
}

void note_type(Reading& in, const std::string& path, const Value& value, Settings& /*has it already*/) {
  in.note(path, value);
}

Value write_type(const Settings& settings) { return Value::of(std::string(sink::type_name(settings))); }

/// What one word says of two settings: native is protobuf that a Kafka sink makes columns of.
struct Form {
  encode::Format format;
  bool native;
  friend bool operator==(const Form&, const Form&) = default;
};

Codec<Form> form_codec() {
  std::vector<Word<Form>> words;
  for (const auto& word : encode::kFormats) words.push_back({word.text, {word.value, false}});
  words.push_back({kNative, {encode::Format::protobuf, true}});
  return choice(words);
}

Row<Settings> format_row() {
  static const Codec<Form> codec = form_codec();
  return special<Settings>(
      "format", codec.type,
      "Form of the flows: framed protobuf messages, one JSON object a line, or, for type kafka, columns in "
      "ClickHouse's Native format for tables of one's own",
      "protobuf; for type stdout json",
      [](Reading& in, const std::string& path, const Value& value, Settings& settings) {
        Form form{settings.format, settings.native};
        if (!setting::read_text(in, path, value, codec, form)) return;
        settings.format = form.format;
        settings.native = form.native;
      },
      [](const Settings& settings) { return Value::of(codec.format({settings.format, settings.native})); });
}

Table<Settings> make_sink_table() {
  using S = Settings;
  Table<S> t{
      special<S>("type", type_codec().type, "What the sink is", "none, must be given", note_type, write_type),
      row<S, &S::stream>("stream", choice(encode::kStreams), "",
                         "What it gets: the flows, or what exporters count themselves (sFlow counters, "
                         "options data)"),
      row<S, &S::wanted>("filter", flow_filter(), "",
                         "Which flows it gets, in the language of filters (filter.md); empty: all"),
      format_row(),
      row<S, &S::json_fields>("json.fields", choice(encode::kJsonFields), "",
                              "Names and forms of the fields of JSON: ours, GoFlow2's or KFlow's"),
      row<S, &S::kflow_drop_ipv6>("json.drop_ipv6", boolean(), "",
                                  "Leaves IPv6 flows out of kflow's JSON, and counts them"),
      row<S, &S::block_bytes>(
          "block_bytes", size(4 * kKB, 64 * kMB), "bytes",
          "Flows are gathered into a block that is sent when it has grown to about this; for "
          "type kafka at most 1 MB")
          .defaults_to("64KB; for types clickhouse, postgres and mysql 4MB; for format native 128KB"),
      row<S, &S::flush_interval>("flush_interval", duration(1ms, 60s), "",
                                 "A block that has not grown so far is sent when its first flow is this old")
          .defaults_to("200ms; for types clickhouse, postgres and mysql, and for format native 1s"),
      row<S, &S::spool, &sink::SpoolSettings::path>(
          "spool.path",
          text("text", "the path of a directory, auto or \"\"", [](std::string_view) { return true; }), "",
          "Directory for blocks that cannot be delivered just now, this sink's alone; auto: spool/NAME in "
          "the "
          "state directory that systemd gives, none without that; empty: none")
          .defaults_to("auto; for type stdout \"\""),
      row<S, &S::spool, &sink::SpoolSettings::bytes>(
          "spool.bytes", size(kMB, 1024 * 1024 * kMB), "bytes",
          "How much may lie there; the last tenth of the file system is never used"),
      row<S, &S::spool, &sink::SpoolSettings::drop>(
          "spool.drop", choice(sink::kSpoolDrops), "",
          "What is shed when it is full: the oldest of what lies there, or the newest, which would come"),
  };
  for (const sink::Type& type : sink::types()) t.insert(t.end(), type.rows.begin(), type.rows.end());
  for (Row<S>& row : t) row.reloads = true;  // a sink that changes is made anew
  return t;
}

/// Name of a sink in messages.
std::string sink_path(bool shorthand, const std::string& name) {
  return shorthand ? std::string(kShorthand) : "sinks." + name;
}

/// The type, which decides what else may stand there; null (and a fault) where it is missing or no type.
const sink::Type* type_in(Reading& in, const std::string& path, const Value& map, bool shorthand) {
  static const Codec<std::size_t> codec = type_codec();
  const auto known = [](std::size_t index) { return &sink::types()[index]; };
  const Value* type = map.find("type");
  if (type == nullptr) {
    if (shorthand) return known(*codec.parse(kShorthand));
    in.fault(path, map.origin, path + " has no type; " + codec.wants);
    return nullptr;
  }
  const auto word = as_text(in, path + ".type", *type, codec.wants);
  if (!word) return nullptr;
  const auto parsed = codec.parse(*word);
  if (!parsed) {
    in.fault(path + ".type", type->origin, path + ".type is " + quote(*word) + "; " + codec.wants);
    return nullptr;
  }
  if (shorthand && *word != kShorthand) {
    in.fault(
        path + ".type", type->origin,
        path + ".type is " + quote(*word) + "; top-level kafka is a Kafka sink, others belong under sinks");
    return nullptr;
  }
  return known(*parsed);
}

void read_sink(Reading& in, const std::string& name, const Value& value, Config& config) {
  const bool shorthand = value.shorthand;
  const std::string path = sink_path(shorthand, name);
  in.note(path, value);
  if (!is_map_name(name)) {
    in.fault(path, value.origin,
             quote(name) + " is no name for a sink; it takes 1 to 64 of a-z, 0-9, _ and -");
    return;
  }
  const auto map = as_map(in, path, value, "it takes a map of settings (type, format, ...)");
  if (!map) return;
  Value placed = *map;
  placed.origin = value.origin;
  const sink::Type* const type = type_in(in, path, placed, shorthand);
  if (type == nullptr) return;
  Settings settings = type->defaults;
  read_section(in, sink_table(), path, placed, settings, type->name);
  type->complete([&](std::string_view key) { return in.given((path + ".").append(key)); }, settings);
  config.sinks[name] = std::move(settings);
}

void check_native(Reading& in, const std::string& path, const Settings& settings) {
  if (!settings.native || settings.kafka() != nullptr) return;
  const std::string format = path + ".format";
  in.fault(format, in.origin(format),
           format + " is native, which is for a topic that ClickHouse reads; with type " +
               std::string(sink::type_name(settings)) + " it takes protobuf or json");
}

/// Records of counters have none of the fields of a flow.
void check_counters(Reading& in, const std::string& path, const Settings& settings) {
  if (settings.stream != encode::Stream::counters) return;
  const std::string wanted = path + ".filter";
  if (settings.wanted.kind != filter::Expression::Kind::any)
    in.fault(wanted, in.origin(wanted),
             wanted + " is set, but only flows have what it asks for; with stream counters it takes nothing");
  if (settings.json_fields == encode::JsonFields::sluice) return;
  const std::string fields = path + ".json.fields";
  in.fault(fields, in.origin(fields),
           fields + " is " + std::string(word_of(encode::kJsonFields, settings.json_fields)) +
               ", which only flows have; with stream counters it takes sluice");
}

}  // namespace

bool is_map_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

const Table<Settings>& sink_table() {
  static const Table<Settings> table = make_sink_table();
  return table;
}

void read_sinks(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto map =
      as_map(in, path, value, "it takes a map of sinks such as {archive: {type: file, path: flows}}");
  if (!map) return;
  for (std::size_t i = 0; i < map->items.size(); ++i) read_sink(in, map->keys[i], map->items[i], config);
}

Value write_sinks(const Config& config) {
  Value out = Value::map();
  for (const auto& [name, settings] : config.sinks)
    out.set(name, write_section(sink_table(), settings, std::string(sink::type_name(settings))));
  return out;
}

/// However it is spelled; what is not there yet, and what cannot be looked at, is taken as it is written.
std::string resolved(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path absolute = fs::absolute(directory, error);
  if (error) return directory;
  fs::path out = fs::weakly_canonical(absolute, error);
  if (error) out = absolute.lexically_normal();
  return (out.has_filename() ? out : out.parent_path()).string();
}

std::string path_of(const Reading& in, const std::string& name) {
  return sink_path(name == kShorthand && in.given(std::string(kShorthand)), name);
}

/// Two that write to one directory would wait for each other for ever. Those that nobody gave a path go
/// first: it is the given ones that can be changed.
void check_spools(Reading& in, const Config& config) {
  std::map<std::string, std::string> owners;
  const auto check = [&](bool given, const std::string& name, const Settings& settings) {
    const std::string path = path_of(in, name) + ".spool.path";
    const std::string directory = sink::spool_directory(name, settings.spool);
    if (directory.empty() || in.given(path) != given) return;
    const auto [owner, first] = owners.emplace(resolved(directory), name);
    if (first) return;
    in.fault(path, in.origin(path),
             path + " is " + quote(directory) + ", which is the spool of the sink " + owner->second +
                 "; each takes a directory of its own");
  };
  for (const bool given : {false, true})
    for (const auto& [name, settings] : config.sinks) check(given, name, settings);
}

/// Whoever reads a topic expects one of the two in it.
void check_topics(Reading& in, const Config& config) {
  for (const auto& [name, settings] : config.sinks) {
    if (!settings.native || settings.kafka() == nullptr) continue;
    for (const auto& [other, others] : config.sinks) {
      const bool same = others.kafka() != nullptr && !others.native &&
                        others.kafka()->topic == settings.kafka()->topic &&
                        others.kafka()->brokers == settings.kafka()->brokers;
      const std::string path = path_of(in, name) + ".format";
      if (same)
        in.fault(path, in.origin(path),
                 path + " is native, and the sink " + other + " writes protobuf or json to the same topic " +
                     settings.kafka()->topic + "; each takes a topic of its own");
    }
  }
}

void check_sinks(Reading& in, const Config& config) {
  check_spools(in, config);
  check_topics(in, config);
  for (const auto& [name, settings] : config.sinks) {
    const std::string path = path_of(in, name);
    check_counters(in, path, settings);
    check_native(in, path, settings);
    sink::type_of(settings).check(in, path, settings);
    sink::type_of(settings).check_fields(in, path, config.fields, settings);
  }
}

std::vector<std::string> all_paths() {
  std::vector<std::string> out;
  for (const auto& row : config_table()) out.push_back(row.key);
  for (const auto& row : sink_table())
    if (usable(row, std::string(kShorthand))) out.push_back(std::string(kShorthand).append(".") + row.key);
  return out;
}

}  // namespace sluice::config
