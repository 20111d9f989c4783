#pragma once
// Every setting, with its default in place. Plain values; read once at start. Where they come from and how
// mistakes are told is in load.hpp.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/flow/user_fields.hpp"

namespace sluice::config {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

enum class ListenProtocol { automatic, sflow, netflow, ipfix };
/// Whose header is the flow's, of a sampled packet in a tunnel.
enum class Decapsulate { outer, inner };

struct Listener {
  std::string address = "::";  ///< IPv4 or IPv6 address; "::" is both families
  std::uint16_t port = 0;
  ListenProtocol protocol = ListenProtocol::automatic;
  std::uint64_t receive_buffer = 0;  ///< bytes per socket; 0: receive.buffer
  Decapsulate decapsulate = Decapsulate::outer;
  friend bool operator==(const Listener&, const Listener&) = default;
};

struct Receive {
  std::uint64_t buffer = 32ULL << 20;  ///< bytes of kernel receive buffer per socket
  std::uint32_t batch = 256;           ///< datagrams taken by one system call
  bool steering = true;                ///< one exporter to one worker, by source address
  bool gro = false;                    ///< UDP_GRO: cheaper when senders aggregate, kernel drops less exact
  friend bool operator==(const Receive&, const Receive&) = default;
};

struct Decode {
  std::uint32_t max_exporters = 20000;
  std::uint32_t max_templates = 4096;  ///< per exporter
  std::uint32_t max_template_fields = 512;
  std::uint32_t max_record_length = 65535;  ///< bytes
  std::uint32_t max_samplers = 4096;        ///< per exporter
  Seconds template_timeout{24 * 3600};
  Seconds exporter_timeout{24 * 3600};
  Seconds max_past{24 * 3600};                        ///< flow end before receipt
  Seconds max_future{3600};                           ///< flow end after receipt
  Seconds max_flow_age{30 * 24 * 3600};               ///< flow start before flow end
  std::uint32_t max_names = 8192;                     ///< per exporter
  std::uint32_t max_streams = 4096;                   ///< per exporter
  std::uint64_t held_bytes_per_exporter = 256 << 10;  ///< of data that waits for templates; 0: none is held
  std::uint64_t held_bytes = 64 << 20;                ///< all exporters together; 0: none is held
  Seconds held_timeout{30 * 60};                      ///< 0: none is held
  std::uint32_t max_connections = 65536;              ///< per exporter
  friend bool operator==(const Decode&, const Decode&) = default;
};

enum class FlowTimes { exporter, received };
enum class ByteUnit { frame, ip };
enum class FirewallVolume { once, as_sent };
enum class IcmpPorts { destination, both };

struct ExporterRule {
  std::string prefix;  ///< 192.0.2.0/24, 2001:db8::/32 or an address; the longest match counts
  std::string name;
  std::uint64_t sampling_rate_default = 0;   ///< 0: none
  std::uint64_t sampling_rate_override = 0;  ///< 0: none
  bool netflow5_sampling_16bit = false;
  bool key_with_port = false;  ///< each source port is an exporter of its own
  Seconds max_past{0};         ///< 0: as decode's, as are the next two
  Seconds max_future{0};
  Seconds max_flow_age{0};
  FlowTimes times = FlowTimes::exporter;
  std::optional<Decapsulate> decapsulate = std::nullopt;  ///< none: as the listener's
  ByteUnit sflow_bytes = ByteUnit::frame;
  bool split_biflows = true;
  FirewallVolume firewall_volume = FirewallVolume::once;
  bool derive_forwarding_status = false;
  IcmpPorts icmp_ports = IcmpPorts::destination;
  friend bool operator==(const ExporterRule&, const ExporterRule&) = default;
};

enum class SinkType { kafka, file, stdout_ };
enum class SinkFormat { protobuf, json };
enum class JsonFields { sluice, goflow2, kflow };
enum class Framing { batch, single, plain };
enum class PartitionBy { exporter, round_robin, fields };

struct KafkaSink {
  std::string brokers = "localhost:9092";
  std::string topic = "flows";       ///< of stream counters "counters"
  Framing framing = Framing::batch;  ///< the default for JSON is single
  PartitionBy partition_by = PartitionBy::exporter;
  std::vector<std::string> key_fields;        ///< partition_by: fields
  std::uint32_t producers = 0;                ///< 0: as many as workers, at most 4
  std::uint32_t buckets = 16;                 ///< while the topic's partitions are not known
  std::uint64_t buffer_bytes = 256ULL << 20;  ///< all producers and open blocks together
  std::string compression = "none";           ///< none, gzip, snappy, lz4, zstd
  std::string acks = "all";                   ///< 0, 1, all
  bool tls = false;
  std::string tls_ca_file, tls_certificate_file, tls_key_file, tls_key_password;
  bool tls_verify = true;
  std::string sasl_mechanism;  ///< "", PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
  std::string sasl_username, sasl_password;
  std::map<std::string, std::string> properties;  ///< to librdkafka untouched
  friend bool operator==(const KafkaSink&, const KafkaSink&) = default;
};

struct FileSink {
  std::string path = "flows";    ///< directory
  std::string prefix = "flows";  ///< PREFIX-YYYYmmddTHHMMSSZ-N.pb or .jsonl; of counters "counters"
  Seconds rotate_every{300};     ///< 0: never by time
  std::uint64_t rotate_bytes = 1ULL << 30;  ///< 0: never by size
  std::uint64_t queue_bytes = 64ULL << 20;
  friend bool operator==(const FileSink&, const FileSink&) = default;
};

/// Which of the two streams a sink gets.
enum class SinkStream { flows, counters };

struct Sink {
  SinkType type = SinkType::stdout_;
  SinkStream stream = SinkStream::flows;
  SinkFormat format = SinkFormat::protobuf;  ///< the default for stdout is json
  JsonFields json_fields = JsonFields::sluice;
  bool kflow_drop_ipv6 = false;
  std::uint64_t block_bytes = 64 << 10;  ///< a block is sent when it has grown to about this
  Milliseconds flush_interval{200};      ///< or when its first flow is this old
  KafkaSink kafka;
  FileSink file;
  std::uint64_t stdout_queue_bytes = 16ULL << 20;
  friend bool operator==(const Sink&, const Sink&) = default;
};

enum class LogFormat { text, json };

struct Log {
  std::string level = "info";  ///< trace, debug, info, warning, error
  LogFormat format = LogFormat::text;
  Seconds repeat_every{10};  ///< the same error is said once in this time, with a count
  friend bool operator==(const Log&, const Log&) = default;
};

struct Metrics {
  std::string listen = "127.0.0.1:8080";  ///< "" turns it off; parse_endpoint() takes it
  std::vector<std::string> allow;         ///< prefixes that may ask; empty: all
  std::uint32_t max_exporters = 1000;     ///< exporters with labels of their own
  friend bool operator==(const Metrics&, const Metrics&) = default;
};

struct Api {
  std::string listen = "127.0.0.1:8081";  ///< "" turns it off
  std::string token;                      ///< demanded off loopback
  friend bool operator==(const Api&, const Api&) = default;
};

struct State {
  std::string file;  ///< templates, sampling rates and names are kept in it over a restart; "": nowhere
  friend bool operator==(const State&, const State&) = default;
};

struct Config {
  std::string collector_id;
  std::uint32_t workers = 0;  ///< 0: as many as cores
  std::vector<Listener> listeners = {
      {.port = 6343, .protocol = ListenProtocol::automatic, .receive_buffer = 0, .decapsulate = {}},
      {.port = 2055, .protocol = ListenProtocol::automatic, .receive_buffer = 0, .decapsulate = {}},
      {.port = 4739, .protocol = ListenProtocol::automatic, .receive_buffer = 0, .decapsulate = {}}};
  Receive receive;
  Decode decode;
  std::vector<ExporterRule> exporters;
  std::vector<UserField> fields;      ///< that the message has besides its own
  std::map<std::string, Sink> sinks;  ///< empty: one named stdout, JSON
  Log log;
  Metrics metrics;
  Api api;
  State state;
  Milliseconds shutdown_timeout{10000};  ///< for flushing sinks at the end
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace sluice::config
