// The settings of sinks.
#include <algorithm>

#include "config/tables.hpp"
#include "sluice/flow/address.hpp"
#include "util/host_port.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKB = 1ULL << 10;
constexpr std::uint64_t kMB = 1ULL << 20;
constexpr std::uint64_t kTB = 1ULL << 40;

Codec<std::string> any_text(const std::string& what = "text") {
  return text("text", what, [](std::string_view) { return true; });
}

Codec<std::string> path_text() {
  return text("path", "the path of a file", [](std::string_view) { return true; });
}

bool made_of(std::string_view given, std::string_view extra) {
  return std::all_of(given.begin(), given.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

/// "host", "host:9092", "[::1]:9092".
bool is_broker(std::string_view given) {
  const auto parts = parse_host_port(given);
  if (!parts || parts->port == 0) return false;
  return parts->bracketed ? IpAddress::parse(parts->host).has_value() : made_of(parts->host, ".-_");
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

Value write_partition_by(const Sink& sink) {
  switch (sink.kafka.partition_by) {
    case PartitionBy::exporter:
      return Value::of("exporter");
    case PartitionBy::round_robin:
      return Value::of("round_robin");
    case PartitionBy::fields:
      break;
  }
  return list_of(sink.kafka.key_fields, [](const std::string& name) { return Value::of(name); });
}

void add_common(Table<Sink>& t) {
  t.push_back(row<Sink, &Sink::type>("type", sink_type_codec(), "", "What the sink is")
                  .defaults_to("none, must be given"));
  t.push_back(row<Sink, &Sink::stream>(
      "stream", choice<SinkStream>({{"flows", SinkStream::flows}, {"counters", SinkStream::counters}}), "",
      "What it gets: the flows, or what exporters count themselves (sFlow counters, options data)"));
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
  add.operator()<&K::topic>("topic", topic(), "", "Topic that the flows go to").default_text =
      "flows; for stream counters counters";
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
  const auto add = [&]<auto Member>(const char* key, auto codec, const char* unit,
                                    const char* meaning) -> Row<Sink>& {
    return t.emplace_back(row<Sink, &Sink::file, Member>(key, codec, unit, meaning).only(kFile));
  };
  add.operator()<&F::path>("path", directory(), "",
                           "Directory that the files are written to; it is made where it is missing");
  add.operator()<&F::prefix>("prefix", file_prefix(), "",
                             "Beginning of the names: PREFIX-YYYYmmddTHHMMSSZ-N.pb or .jsonl")
      .default_text = "flows; for stream counters counters";
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

}  // namespace sluice::config
