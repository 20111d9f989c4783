#include "config/tables.hpp"

#include <algorithm>

#include "sluice/config/endpoint.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKB = 1ULL << 10;
constexpr std::uint64_t kMB = 1ULL << 20;
constexpr std::uint64_t kTB = 1ULL << 40;
constexpr std::uint64_t kMaxSamplingRate = 0xffff'ffff;
// setsockopt takes an int and the kernel doubles it.
constexpr std::uint64_t kMaxReceiveBuffer = 1023 * kMB;

Codec<std::string> any_text(const std::string& what = "text") {
  return text("text", what, [](std::string_view) { return true; });
}

Codec<std::string> path_text() {
  return text("path", "the path of a file", [](std::string_view) { return true; });
}

Codec<std::string> name_text() {
  return text("text", "up to 255 bytes of UTF-8 without control characters",
              [](std::string_view given) { return given.size() <= 255; });
}

bool made_of(std::string_view given, std::string_view extra) {
  return std::all_of(given.begin(), given.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

/// "host", "host:9092", "[::1]:9092".
bool is_broker(std::string_view given) {
  const auto colon = given.rfind(':');
  const bool has_port = colon != std::string_view::npos && given.back() != ']';
  const std::string_view host = has_port ? given.substr(0, colon) : given;
  if (has_port) {
    const auto port = parse_integer(given.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return false;
  }
  if (host.starts_with('['))
    return host.size() > 2 && host.ends_with(']') &&
           IpAddress::parse(host.substr(1, host.size() - 2)).has_value();
  return !host.empty() && made_of(host, ".-_");
}

bool is_broker_list(std::string_view given) {
  for (;;) {
    const auto comma = given.find(',');
    std::string_view one = given.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!is_broker(one)) return false;
    if (comma == std::string_view::npos) return true;
    given.remove_prefix(comma + 1);
  }
}

Codec<std::string> brokers() {
  return text("text", "brokers as \"host:port,host:port\" with ports from 1 to 65535", is_broker_list);
}

// Kafka's own rule for names of topics.
Codec<std::string> topic() {
  return text("text", "1 to 249 letters, digits, dots, dashes and underscores, as Kafka does",
              [](std::string_view given) {
                return !given.empty() && given.size() <= 249 && given != "." && given != ".." &&
                       made_of(given, "._-");
              });
}

Codec<std::string> file_prefix() {
  return text(
      "text", "letters, digits, dots, dashes and underscores, at least one",
      [](std::string_view given) { return !given.empty() && given.size() <= 128 && made_of(given, "._-"); });
}

Codec<std::string> directory() {
  return text("path", "the path of a directory", [](std::string_view given) { return !given.empty(); });
}

Codec<std::string> listen(const std::string& usual_port) {
  return text("ADDRESS:PORT",
              "an address and a port such as \"127.0.0.1:" + usual_port + "\" or \"[::1]:" + usual_port +
                  "\", or \"\" to turn it off",
              [](std::string_view given) { return given.empty() || parse_endpoint(given).has_value(); });
}

Codec<std::string> address() {
  return text("address", "an IPv4 or IPv6 address such as 0.0.0.0 or ::", [](std::string_view given) {
    return IpAddress::parse(given).has_value();
  });
}

Codec<std::uint16_t> port() {
  auto codec = integer<std::uint16_t>(0, 65'535);
  codec.wants = "it takes a port from 1 to 65535 (0: any free one)";
  return codec;
}

Codec<std::string> prefix() {
  return text("prefix", "a prefix or an address such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1",
              [](std::string_view given) { return IpPrefix::parse(given).has_value(); });
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

template <class T, class Items, class One>
Value list_of(const Items& items, const One& one) {
  Value out = Value::list();
  for (const auto& item : items) out.items.push_back(one(item));
  return out;
}

Value write_listeners(const Config& config) {
  return list_of<Listener>(config.listeners,
                           [](const Listener& l) { return write_section(listener_table(), l); });
}

Value write_exporters(const Config& config) {
  return list_of<ExporterRule>(config.exporters,
                               [](const ExporterRule& e) { return write_section(exporter_table(), e); });
}

Value write_sinks(const Config& config) {
  Value out = Value::map();
  for (const auto& [name, sink] : config.sinks)
    out.set(name, write_section(sink_table(), sink, sink_types(sink.type)));
  return out;
}

Value write_allow(const Config& config) {
  return list_of<std::string>(config.metrics.allow,
                              [](const std::string& prefix) { return Value::of(prefix); });
}

Value write_partition_by(const Sink& sink) {
  switch (sink.kafka.partition_by) {
    case PartitionBy::exporter:
      return Value::of("exporter");
    case PartitionBy::round_robin:
      return Value::of("round_robin");
    case PartitionBy::fields:
      break;
  }
  return list_of<std::string>(sink.kafka.key_fields, [](const std::string& name) { return Value::of(name); });
}

void add_receive(Table<Config>& t) {
  using R = Receive;
  t.push_back(row<Config, &Config::receive, &R::buffer>(
      "receive.buffer", size(4 * kKB, kMaxReceiveBuffer), "bytes",
      "Kernel receive buffer of each socket; it has to hold what arrives while a worker is busy or asleep"));
  t.push_back(row<Config, &Config::receive, &R::batch>("receive.batch", integer<std::uint32_t>(1, 1024),
                                                       "datagrams",
                                                       "Datagrams that a worker takes by one system call"));
  t.push_back(row<Config, &Config::receive, &R::steering>(
      "receive.steering", choice<bool>({{"auto", true}, {"off", false}}), "",
      "auto: all datagrams of one source address go to one worker; off: the kernel's hash decides"));
  t.push_back(
      row<Config, &Config::receive, &R::gro>("receive.gro", boolean(), "",
                                             "UDP_GRO: cheaper where equal datagrams follow one another, but "
                                             "kernel drops are then counted in bundles"));
}

void add_decode(Table<Config>& t) {
  using D = Decode;
  const auto count = [&]<auto Member>(const std::string& key, std::uint64_t high, const char* unit,
                                      const char* meaning) {
    t.push_back(row<Config, &Config::decode, Member>("decode." + key, integer<std::uint32_t>(1, high), unit,
                                                     meaning));
  };
  const auto time = [&]<auto Member>(const std::string& key, Seconds low, const char* meaning) {
    t.push_back(row<Config, &Config::decode, Member>("decode." + key, duration<Seconds>(low, 365 * 24h), "",
                                                     meaning));
  };
  count.operator()<&D::max_exporters>(
      "max_exporters", 10'000'000, "exporters",
      "Exporters known at once; datagrams of further ones are refused and counted until one is forgotten");
  count.operator()<&D::max_templates>("max_templates", 65'536, "templates per exporter",
                                      "Templates kept of one exporter, all its observation domains together; "
                                      "further ones are refused and counted");
  count.operator()<&D::max_template_fields>(
      "max_template_fields", 16'384, "fields",
      "Fields of one template; a template with more is refused and counted");
  count.operator()<&D::max_record_length>(
      "max_record_length", 65'535, "bytes",
      "Least length of a template's records; a template whose records are longer is refused and counted");
  count.operator()<&D::max_samplers>("max_samplers", 65'536, "samplers per exporter",
                                     "Sampling rates kept of one exporter, learnt from its options data");
  time.operator()<&D::template_timeout>("template_timeout", 1min,
                                        "A template not sent again for this long is forgotten");
  time.operator()<&D::exporter_timeout>(
      "exporter_timeout", 1min, "An exporter silent for this long is forgotten with its templates and rates");
  time.operator()<&D::max_past>(
      "max_past", 1s, "A flow that ended longer than this before it was received gets the time of receipt");
  time.operator()<&D::max_future>(
      "max_future", 1s, "A flow that ends later than this after it was received gets the time of receipt");
  time.operator()<&D::max_flow_age>("max_flow_age", 1s,
                                    "A flow that began longer than this before its end begins at its end");
}

void add_rest(Table<Config>& t) {
  t.push_back(row<Config, &Config::log, &Log::level>("log.level",
                                                     word({"trace", "debug", "info", "warning", "error"}), "",
                                                     "The least important messages that are still written"));
  t.push_back(row<Config, &Config::log, &Log::format>(
      "log.format", choice<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}), "",
      "Form of the log on stderr: lines to read or one JSON object a line"));
  t.push_back(row<Config, &Config::log, &Log::repeat_every>(
      "log.repeat_every", duration<Seconds>(0s, 24h), "",
      "The same error is written once in this time, with the count of those left out; 0s: always"));
  t.push_back(row<Config, &Config::metrics, &Metrics::listen>(
      "metrics.listen", listen("8080"), "",
      "Where /metrics, /healthz and /readyz are served; empty: nowhere"));
  t.push_back(special<Config>("metrics.allow", "list of prefixes",
                              "Who may ask there; empty: everybody who reaches it", "[]", read_allow,
                              write_allow));
  t.push_back(row<Config, &Config::metrics, &Metrics::max_exporters>(
      "metrics.max_exporters", integer<std::uint32_t>(0, 1'000'000), "exporters",
      "Exporters with metrics under their own label; all further ones share the label \"other\""));
  t.push_back(row<Config, &Config::api, &Api::listen>(
      "api.listen", listen("8081"), "",
      "Where /api/v1 is served; empty: nowhere; off loopback api.token is demanded"));
  secret_rows<Config, &Config::api, &Api::token>(
      t, "api.token", "Bearer token that requests to /api/v1 must carry; empty: none");
  t.push_back(row<Config, &Config::shutdown_timeout>(
      "shutdown_timeout", duration<Milliseconds>(0ms, 10min), "",
      "How long the end may take to deliver what was received; what is left then is counted and told"));
}

Table<Config> make_config_table() {
  Table<Config> t;
  t.push_back(row<Config, &Config::collector_id>(
      "collector_id", name_text(), "",
      "Name of this collector, written into each flow's collector_id; empty: left out"));
  t.push_back(row<Config, &Config::workers>("workers", integer<std::uint32_t>(0, 1024), "threads",
                                            "Threads that receive and decode; 0: as many as cores"));
  t.push_back(special<Config>(
      "listeners", "list", "Where datagrams are received: \"ADDRESS:PORT\" or a map of the keys below",
      "[\"[::]:6343\", \"[::]:2055\", \"[::]:4739\"]", read_listeners, write_listeners));
  add_receive(t);
  add_decode(t);
  t.push_back(special<Config>("exporters", "list",
                              "What is known of exporters by source address; the longest prefix counts", "[]",
                              read_exporters, write_exporters));
  t.push_back(special<Config>(
      "sinks", "map", "Where flows go, by name; top-level kafka is short for the sink kafka of type kafka",
      "one named stdout of type stdout", read_sinks, write_sinks));
  add_rest(t);
  return t;
}

Table<Sink> make_sink_table();

}  // namespace

const Table<Config>& config_table() {
  static const Table<Config> table = make_config_table();
  return table;
}

const Table<Listener>& listener_table() {
  static const Table<Listener> table{
      row<Listener, &Listener::address>("address", address(), "",
                                        "Address to listen on; :: is IPv6 and IPv4"),
      row<Listener, &Listener::port>("port", port(), "", "UDP port; 0: any free one")
          .defaults_to("none, must be given"),
      row<Listener, &Listener::protocol>(
          "protocol",
          choice<ListenProtocol>({{"auto", ListenProtocol::automatic},
                                  {"sflow", ListenProtocol::sflow},
                                  {"netflow", ListenProtocol::netflow},
                                  {"ipfix", ListenProtocol::ipfix}}),
          "", "What is accepted there; auto: all of them, told apart by the version word"),
      row<Listener, &Listener::receive_buffer>("receive_buffer",
                                               size(4 * kKB, kMaxReceiveBuffer, "as receive.buffer"), "bytes",
                                               "Kernel receive buffer of this listener's sockets"),
  };
  return table;
}

const Table<ExporterRule>& exporter_table() {
  using E = ExporterRule;
  static const Table<ExporterRule> table{
      row<E, &E::prefix>("prefix", prefix(), "", "Source addresses that the entry is about")
          .defaults_to("none, must be given"),
      row<E, &E::name>("name", name_text(), "",
                       "Name of the exporter, written into each flow's exporter_name; empty: left out"),
      row<E, &E::sampling_rate_default>("sampling_rate_default", integer<std::uint64_t>(0, kMaxSamplingRate),
                                        "1 in N packets",
                                        "Sampling rate where the exporter tells none; 0: unknown"),
      row<E, &E::sampling_rate_override>("sampling_rate_override",
                                         integer<std::uint64_t>(0, kMaxSamplingRate), "1 in N packets",
                                         "Sampling rate whatever the exporter tells; 0: what it tells"),
      row<E, &E::netflow5_sampling_16bit>(
          "netflow5_sampling_16bit", boolean(), "",
          "The sampling field of NetFlow v5 is 16 bits of rate, without the 2 bits of mode in front"),
  };
  return table;
}

const Table<Sink>& sink_table() {
  static const Table<Sink> table = make_sink_table();
  return table;
}

SinkTypes sink_types(SinkType type) {
  switch (type) {
    case SinkType::kafka:
      return kKafka;
    case SinkType::file:
      return kFile;
    case SinkType::stdout_:
      return kStdout;
  }
  return kAnySink;
}

const Codec<SinkType>& sink_type_codec() {
  static const Codec<SinkType> codec =
      choice<SinkType>({{"kafka", SinkType::kafka}, {"file", SinkType::file}, {"stdout", SinkType::stdout_}});
  return codec;
}

namespace {

void add_common(Table<Sink>& t) {
  t.push_back(row<Sink, &Sink::type>("type", sink_type_codec(), "", "What the sink is")
                  .defaults_to("none, must be given"));
  t.push_back(row<Sink, &Sink::format>(
                  "format",
                  choice<SinkFormat>({{"protobuf", SinkFormat::protobuf}, {"json", SinkFormat::json}}), "",
                  "Form of the flows: framed protobuf messages or one JSON object a line")
                  .defaults_to("protobuf; for type stdout json"));
  t.push_back(row<Sink, &Sink::json_fields>(
      "json.fields",
      choice<JsonFields>(
          {{"sluice", JsonFields::sluice}, {"goflow2", JsonFields::goflow2}, {"kflow", JsonFields::kflow}}),
      "", "Names and forms of the fields of JSON: ours, GoFlow2's or KFlow's"));
  t.push_back(row<Sink, &Sink::kflow_drop_ipv6>("json.drop_ipv6", boolean(), "",
                                                "Leaves IPv6 flows out of kflow's JSON, and counts them"));
  t.push_back(row<Sink, &Sink::block_bytes>(
      "block_bytes", size(4 * kKB, kMB), "bytes",
      "Flows are gathered into a block that is sent when it has grown to about this"));
  t.push_back(row<Sink, &Sink::flush_interval>(
      "flush_interval", duration<Milliseconds>(1ms, 60s), "",
      "A block that has not grown so far is sent when its first flow is this old"));
}

void add_kafka(Table<Sink>& t) {
  using K = KafkaSink;
  const auto add = [&]<auto Member>(const char* key, auto codec, const char* unit,
                                    const char* meaning) -> Row<Sink>& {
    return t.emplace_back(row<Sink, &Sink::kafka, Member>(key, codec, unit, meaning).only(kKafka));
  };
  add.operator()<&K::brokers>("brokers", brokers(), "",
                              "Brokers to ask for the cluster, host:port with commas between");
  add.operator()<&K::topic>("topic", topic(), "", "Topic that the flows go to");
  add.operator()<&K::framing>(
         "framing",
         choice<Framing>({{"batch", Framing::batch}, {"single", Framing::single}, {"plain", Framing::plain}}),
         "",
         "batch: many flows a record; single: one flow a record, protobuf with its length in front; plain: "
         "one a record, "
         "without a length")
      .default_text = "batch; for format json single";
  t.push_back(special<Sink>(
                  "partition_by", "exporter, round_robin or a list of fields",
                  "What decides a flow's partition; with framing single the fields are the record's key too",
                  "exporter", read_partition_by, write_partition_by)
                  .only(kKafka));
  add.operator()<&K::producers>("producers", integer<std::uint32_t>(0, 64), "producers",
                                "Kafka clients of this sink; 0: as many as workers, at most 4");
  add.operator()<&K::buckets>(
      "buckets", integer<std::uint32_t>(1, 4096), "buckets",
      "Groups that flows are gathered in by key while the topic's partitions are not known");
  add.operator()<&K::buffer_bytes>(
      "buffer_bytes", size(kMB, kTB), "bytes",
      "Memory for what Kafka has not confirmed, all producers together; beyond it flows are shed "
      "and counted");
  add.operator()<&K::compression>(
      "compression", word({"none", "gzip", "snappy", "lz4", "zstd"}), "",
      "Compression of what is sent; it costs more CPU than receiving and decoding together");
  add.operator()<&K::acks>(
      "acks", word({"0", "1", "all"}), "",
      "Whom a record must have reached to count as delivered: nobody, the leader, all replicas in sync");
  add.operator()<&K::tls>("tls.enabled", boolean(), "", "Speak TLS with the brokers");
  add.operator()<&K::tls_ca_file>(
      "tls.ca_file", path_text(), "",
      "PEM file of the authorities that may vouch for brokers; empty: the system's");
  add.operator()<&K::tls_certificate_file>("tls.certificate_file", path_text(), "",
                                           "PEM file of the collector's own certificate (mutual TLS)");
  add.operator()<&K::tls_key_file>("tls.key_file", path_text(), "",
                                   "PEM file of that certificate's private key");
  secret_rows<Sink, &Sink::kafka, &K::tls_key_password>(t, "tls.key_password",
                                                        "Password of the private key; empty: none", kKafka);
  add.operator()<&K::tls_verify>("tls.verify", boolean(), "",
                                 "Check the broker's certificate and name; false accepts anybody");
  Codec<std::string> mechanism = word({"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"});
  mechanism.type = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or \"\"";
  mechanism.wants = "it takes PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or \"\" for none";
  add.operator()<&K::sasl_mechanism>("sasl.mechanism", mechanism, "",
                                     "How the collector logs in to the brokers; empty: not at all");
  add.operator()<&K::sasl_username>("sasl.username", any_text(), "", "User name for it");
  secret_rows<Sink, &Sink::kafka, &K::sasl_password>(t, "sasl.password", "Password for it", kKafka);
  t.push_back(special<Sink>("properties", "map",
                            "Properties of librdkafka, given to it as they are and stronger than all above",
                            "{}", read_properties, write_properties)
                  .only(kKafka));
}

void add_file_and_stdout(Table<Sink>& t) {
  using F = FileSink;
  const auto add = [&]<auto Member>(const char* key, auto codec, const char* unit, const char* meaning) {
    t.push_back(row<Sink, &Sink::file, Member>(key, codec, unit, meaning).only(kFile));
  };
  add.operator()<&F::path>("path", directory(), "",
                           "Directory that the files are written to; it is made where it is missing");
  add.operator()<&F::prefix>("prefix", file_prefix(), "",
                             "Beginning of the names: PREFIX-YYYYmmddTHHMMSSZ-N.pb or .jsonl");
  add.operator()<&F::rotate_every>("rotate_every", duration<Seconds>(0s, 365 * 24h), "",
                                   "A file is finished when it is this old; 0s: never by age");
  add.operator()<&F::rotate_bytes>("rotate_bytes", size(4 * kKB, 16 * kTB, "never by size"), "bytes",
                                   "A file is finished when it has grown to this");
  add.operator()<&F::queue_bytes>("queue_bytes", size(kMB, kTB), "bytes",
                                  "Memory for blocks not written yet; beyond it flows are shed and counted");
  t.push_back(row<Sink, &Sink::stdout_queue_bytes>(
                  "queue_bytes", size(kMB, kTB), "bytes",
                  "Memory for blocks not written yet; beyond it flows are shed and counted")
                  .only(kStdout));
}

Table<Sink> make_sink_table() {
  Table<Sink> t;
  add_common(t);
  add_kafka(t);
  add_file_and_stdout(t);
  return t;
}

}  // namespace
}  // namespace sluice::config
