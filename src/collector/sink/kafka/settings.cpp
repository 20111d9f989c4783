// The settings of a Kafka sink: rows, rules, and what follows from them.
#include "sink/kafka/settings.hpp"

#include <algorithm>

#include "setting/text.hpp"
#include "sink/kafka/client.hpp"
#include "sink/kafka/connection.hpp"
#include "sink/kafka/kafka.hpp"
#include "sink/queue_bytes.hpp"
#include "sink/type.hpp"
#include "sluice/flow/fields.hpp"

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

template <auto Member, class V>
Row<K> row(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return setting::row<K, Member>(key, std::move(codec), unit, meaning);
}

void add_sending(setting::Table<K>& t) {
  t.push_back(row<&K::topic>("topic", kafka_topic(), "", "Topic that the flows go to")
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
      "Memory for what Kafka has not confirmed, all producers together, two blocks of each worker and reader "
      "of a source at the least; beyond it they go to the spool, or are shed and counted"));
  t.push_back(row<&K::compression>(
      "compression", setting::word({kCompressions.begin(), kCompressions.end()}), "",
      "Compression of what is sent; it costs more CPU than receiving and decoding together"));
  t.push_back(row<&K::acks>(
      "acks", setting::word({"0", "1", "all"}), "",
      "Whom a record must have reached to count as delivered: nobody, the leader, all replicas in sync"));
}

// A record of columns begins with their names, some 2 KB, and each costs the table's consumer as much as many
// flows do: of a thousand flows neither is seen any more.
constexpr std::uint64_t kNativeBlock = 128ULL << 10;
constexpr std::chrono::seconds kNativeFlush{1};

void complete(Settings& settings, const Given& given, K& kafka) {
  if (settings.native && !given("block_bytes")) settings.block_bytes = kNativeBlock;
  if (settings.native && !given("flush_interval")) settings.flush_interval = kNativeFlush;
  if (!given("framing"))
    kafka.framing = settings.format == encode::Format::json ? Framing::single : Framing::batch;
  if (settings.stream == encode::Stream::counters && !given("topic")) kafka.topic = "counters";
}

void check_native(Reading& in, const std::string& path, const Settings& settings, const K& kafka) {
  const auto wants = [&](const char* key, bool right, const char* sentence) {
    const std::string name = path + '.' + key;
    if (settings.native && !right && !in.failed(name)) in.fault(name, in.origin(name), name + sentence);
  };
  wants("stream", settings.stream == encode::Stream::flows,
        " is counters, and format native is of flows alone; it takes flows, or format protobuf or json");
  wants(
      "framing", kafka.framing == Framing::batch,
      " is for records of one flow, and format native has many in each; it takes batch, or format protobuf");
}

void check(Reading& in, const std::string& path, const Settings& settings, const K& kafka) {
  check_connection(in, path, kafka);
  const std::string block_bytes = path + ".block_bytes";
  if (settings.block_bytes > kMB && !in.failed(block_bytes))
    in.fault(block_bytes, in.origin(block_bytes),
             block_bytes +
                 " is more than 1MB, which is what Kafka's brokers take in one record; it takes at most 1MB");
  check_native(in, path, settings, kafka);
  // Records of counters have none of the fields of a flow.
  const std::string partition_by = path + ".partition_by";
  if (settings.stream == encode::Stream::counters && kafka.partition_by == PartitionBy::fields)
    in.fault(partition_by, in.origin(partition_by),
             partition_by +
                 " is a list of fields, which only flows have; with stream counters it takes exporter or "
                 "round_robin");
}

KafkaConnection& connection_of(K& kafka) { return kafka; }

void shape(const K& kafka, StreamSpec& spec) {
  spec.framing = kafka.framing;
  spec.key = kafka.partition_by;
  if (spec.key == PartitionBy::fields) spec.key_fields = kafka.key_fields;
}

std::unique_ptr<Sink> make(const Making& making, const K& kafka) {
  holds_two_blocks(making, "buffer_bytes", kafka.buffer_bytes,
                   [](SetupError mistake) { throw SetupError(mistake); });
  return std::make_unique<KafkaSink>(making.name, making.settings, making.workers, making.log,
                                     making.user_fields);
}

void try_out(const Making& making, const K& kafka, const OnMistake& mistake) {
  holds_two_blocks(making, "buffer_bytes", kafka.buffer_bytes, mistake);
  try_out_kafka(making.name, making.settings, mistake);
}

}  // namespace

TypeOf<KafkaSettings> describe(const KafkaSettings&) {
  TypeOf<KafkaSettings> type;
  type.name = "kafka";
  setting::append_rows<K, KafkaConnection>(type.rows, {brokers_row()}, &connection_of, "");
  add_sending(type.rows);
  setting::append_rows<K, KafkaConnection>(type.rows, security_rows(), &connection_of, "");
  type.complete = complete;
  type.check = check;
  type.shape = shape;
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
