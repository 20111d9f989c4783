// The settings of a Kafka sink: rows, rules, and what follows from them.
#include "sink/kafka/settings.hpp"

#include <algorithm>

#include "setting/text.hpp"
#include "sink/kafka/client.hpp"
#include "sink/kafka/kafka.hpp"
#include "sink/type.hpp"
#include "sluice/flow/address.hpp"
#include "sluice/flow/fields.hpp"
#include "util/host_port.hpp"

namespace sluice::sink {
namespace {

using setting::Codec;
using setting::element;
using setting::quote;
using setting::Reading;
using setting::Row;
using setting::Value;
using K = KafkaSettings;

constexpr std::uint64_t kMB = 1ULL << 20;
constexpr std::uint64_t kTB = 1ULL << 40;

/// "host", "host:9092", "[::1]:9092".
bool is_broker(std::string_view given) {
  const auto parts = parse_host_port(given);
  if (!parts || parts->port == 0) return false;
  return parts->bracketed ? IpAddress::parse(parts->host).has_value() : setting::made_of(parts->host, ".-_");
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
  return setting::text("text", "brokers as \"host:port,host:port\" with ports from 1 to 65535",
                       is_broker_list);
}

// Kafka's own rule for names of topics.
Codec<std::string> topic() {
  return setting::text("text", "1 to 249 letters, digits, dots, dashes and underscores, as Kafka does",
                       [](std::string_view given) {
                         return !given.empty() && given.size() <= 249 && given != "." && given != ".." &&
                                setting::made_of(given, "._-");
                       });
}

void read_key_field(Reading& in, const std::string& path, const Value& item, const std::string& name,
                    std::vector<std::string>& fields) {
  if (find_field(name) == nullptr) {
    std::vector<std::string> names;
    for (const FieldInfo& field : flow_fields()) names.emplace_back(field.name);
    const auto meant = setting::nearest(name, names);
    in.fault(path, item.origin,
             path + " names " + quote(name) + ", which is no field of a flow; " +
                 (meant ? "did you mean " + *meant + "?" : "sluice schema fields lists them"));
  } else if (std::find(fields.begin(), fields.end(), name) != fields.end()) {
    in.fault(path, item.origin, path + " names " + quote(name) + " twice; keep one");
  }
  fields.push_back(name);
}

void read_partition_by(Reading& in, const std::string& path, const Value& value, K& kafka) {
  in.note(path, value);
  const std::string wants = "it takes exporter, round_robin or a list of fields such as [src_addr, dst_addr]";
  if (value.kind == Value::Kind::text) {
    if (const auto known = value_of(kPartitionings, value.text)) {
      kafka.partition_by = *known;
      return;
    }
  }
  const auto list = as_list(in, path, value, wants);
  if (!list) return;
  if (list->items.empty()) in.fault(path, value.origin, path + " is empty; " + wants);
  kafka.partition_by = PartitionBy::fields;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Value& item = list->items[i];
    const auto name = as_text(in, element(path, i), item, "it takes the name of a field such as src_addr");
    if (name) read_key_field(in, path, item, *name, kafka.key_fields);
  }
}

Value write_partition_by(const K& kafka) {
  if (kafka.partition_by != PartitionBy::fields)
    return Value::of(std::string(word_of(kPartitionings, kafka.partition_by)));
  return setting::list_of(kafka.key_fields, [](const std::string& name) { return Value::of(name); });
}

void read_properties(Reading& in, const std::string& path, const Value& value, K& kafka) {
  in.note(path, value);
  const auto map =
      as_map(in, path, value, "it takes a map of librdkafka's properties such as {linger.ms: 5}");
  if (!map) return;
  for (std::size_t i = 0; i < map->items.size(); ++i) {
    const std::string& key = map->keys[i];
    std::string where = path;
    where.append(".").append(key);
    in.note(where, map->items[i]);
    const auto text = as_text(in, where, map->items[i], "it takes text or a number");
    if (text) kafka.properties[key] = *text;
  }
}

bool tells_a_secret(const std::string& property) {
  return property.find("password") != std::string::npos || property.find("secret") != std::string::npos ||
         property == "ssl.key.pem" || property == "sasl.oauthbearer.config" || property == "sasl.jaas.config";
}

Value write_properties(const K& kafka) {
  Value out = Value::map();
  for (const auto& [key, text] : kafka.properties)
    out.set(key, Value::of(tells_a_secret(key) ? "********" : text));
  return out;
}

template <auto Member, class V>
Row<K> row(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return setting::row<K, Member>(key, std::move(codec), unit, meaning);
}

void add_sending(setting::Table<K>& t) {
  t.push_back(row<&K::brokers>("brokers", brokers(), "",
                               "Brokers to ask for the cluster, host:port with commas between"));
  t.push_back(row<&K::topic>("topic", topic(), "", "Topic that the flows go to")
                  .defaults_to("flows; for stream counters counters"));
  t.push_back(row<&K::framing>("framing", setting::choice(kFramings), "",
                               "batch: many flows a record; single: one flow a record, protobuf with its "
                               "length in front; plain: one a record, without a length")
                  .defaults_to("batch; for format json single"));
  t.push_back(setting::special<K>(
      "partition_by", "exporter, round_robin or a list of fields",
      "What decides a flow's partition; with framing single the fields are the record's key too", "exporter",
      read_partition_by, write_partition_by));
  t.push_back(row<&K::producers>("producers", setting::integer<std::uint32_t>(0, 64), "producers",
                                 "Kafka clients of this sink; 0: as many as workers, at most 4"));
  t.push_back(row<&K::buckets>(
      "buckets", setting::integer<std::uint32_t>(1, 4096), "buckets",
      "Groups that flows are gathered in by key while the topic's partitions are not known"));
  t.push_back(row<&K::buffer_bytes>(
      "buffer_bytes", setting::size(kMB, kTB), "bytes",
      "Memory for what Kafka has not confirmed, all producers together; beyond it flows are shed "
      "and counted"));
  t.push_back(row<&K::compression>(
      "compression", setting::word({kCompressions.begin(), kCompressions.end()}), "",
      "Compression of what is sent; it costs more CPU than receiving and decoding together"));
  t.push_back(row<&K::acks>(
      "acks", setting::word({"0", "1", "all"}), "",
      "Whom a record must have reached to count as delivered: nobody, the leader, all replicas in sync"));
}

void add_security(setting::Table<K>& t) {
  t.push_back(row<&K::tls>("tls.enabled", setting::boolean(), "", "Speak TLS with the brokers"));
  t.push_back(
      row<&K::tls_ca_file>("tls.ca_file", setting::file_path(), "",
                           "PEM file of the authorities that may vouch for brokers; empty: the system's"));
  t.push_back(row<&K::tls_certificate_file>("tls.certificate_file", setting::file_path(), "",
                                            "PEM file of the collector's own certificate (mutual TLS)"));
  t.push_back(row<&K::tls_key_file>("tls.key_file", setting::file_path(), "",
                                    "PEM file of that certificate's private key"));
  setting::secret_rows<K, &K::tls_key_password>(t, "tls.key_password",
                                                "Password of the private key; empty: none");
  t.push_back(row<&K::tls_verify>("tls.verify", setting::boolean(), "",
                                  "Check the broker's certificate and name; false accepts anybody"));
  Codec<std::string> mechanism = setting::word({"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"});
  mechanism.type = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or \"\"";
  mechanism.wants = "it takes PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or \"\" for none";
  t.push_back(row<&K::sasl_mechanism>("sasl.mechanism", mechanism, "",
                                      "How the collector logs in to the brokers; empty: not at all"));
  t.push_back(row<&K::sasl_username>("sasl.username",
                                     setting::text("text", "text", [](std::string_view) { return true; }), "",
                                     "User name for it"));
  setting::secret_rows<K, &K::sasl_password>(t, "sasl.password", "Password for it");
  t.push_back(setting::special<K>(
      "properties", "map", "Properties of librdkafka, given to it as they are and stronger than all above",
      "{}", read_properties, write_properties));
}

void complete(const Settings& settings, const Given& given, K& kafka) {
  if (!given("framing"))
    kafka.framing = settings.format == encode::Format::json ? Framing::single : Framing::batch;
  if (settings.stream == encode::Stream::counters && !given("topic")) kafka.topic = "counters";
}

void check_certificate(Reading& in, const std::string& path, const K& kafka) {
  const std::string tls = path + ".tls.";
  const bool certificate = !kafka.tls_certificate_file.empty() || in.failed(tls + "certificate_file");
  const bool key = !kafka.tls_key_file.empty() || in.failed(tls + "key_file");
  if (certificate == key) return;
  const std::string given = tls + (certificate ? "certificate_file" : "key_file");
  const std::string missing = tls + (certificate ? "key_file" : "certificate_file");
  in.fault(given, in.origin(given), given + " is given without " + missing + "; a certificate needs its key");
}

void check_login(Reading& in, const std::string& path, const K& kafka) {
  const std::string sasl = path + ".sasl.";
  if (in.failed(sasl + "mechanism")) return;
  if (kafka.sasl_mechanism.empty()) {
    for (const std::string name : {"username", "password", "password_file"}) {
      const bool set = name == "username" ? !kafka.sasl_username.empty() : in.given(sasl + name);
      if (!set) continue;
      std::string sentence = sasl + name;
      sentence.append(" is given without ").append(sasl);
      sentence.append("mechanism; it takes PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512");
      in.fault(sasl + name, in.origin(sasl + name), sentence);
      return;
    }
    return;
  }
  std::vector<std::string> missing;
  if (kafka.sasl_username.empty() && !in.failed(sasl + "username")) missing.push_back(sasl + "username");
  if (kafka.sasl_password.empty() && !in.failed(sasl + "password") && !in.failed(sasl + "password_file"))
    missing.push_back(sasl + "password");
  if (missing.empty()) return;
  in.fault(sasl + "mechanism", in.origin(sasl + "mechanism"),
           sasl + "mechanism " + kafka.sasl_mechanism + " needs " + missing.front() +
               (missing.size() > 1 ? " and " + missing.back() : std::string{}));
}

void check(Reading& in, const std::string& path, const Settings& settings, const K& kafka) {
  check_certificate(in, path, kafka);
  check_login(in, path, kafka);
  // Records of counters have none of the fields of a flow.
  const std::string partition_by = path + ".partition_by";
  if (settings.stream == encode::Stream::counters && kafka.partition_by == PartitionBy::fields)
    in.fault(partition_by, in.origin(partition_by),
             partition_by +
                 " is a list of fields, which only flows have; with stream counters it takes exporter or "
                 "round_robin");
}

void shape(const K& kafka, StreamSpec& spec) {
  spec.framing = kafka.framing;
  spec.key = kafka.partition_by;
  if (spec.key == PartitionBy::fields) spec.key_fields = kafka.key_fields;
}

std::unique_ptr<Sink> make(const Making& making, const K&) {
  return std::make_unique<KafkaSink>(making.name, making.settings, making.workers, making.log);
}

void try_out(const Making& making, const K&, const OnMistake& mistake) {
  try_out_kafka(making.name, making.settings, mistake);
}

}  // namespace

TypeOf<KafkaSettings> describe(const KafkaSettings&) {
  TypeOf<KafkaSettings> type;
  type.name = "kafka";
  add_sending(type.rows);
  add_security(type.rows);
  type.complete = complete;
  type.check = check;
  type.shape = shape;
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
