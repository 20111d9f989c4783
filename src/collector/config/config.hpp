#pragma once
// Every setting, with its default in place, as the modules that it is for take it. Plain values; read once at
// start. Where they come from and how
// mistakes are told is in load.hpp.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bmp/limits.hpp"
#include "enrich/settings.hpp"
#include "intake/settings.hpp"
#include "sink/settings.hpp"
#include "sluice/decode/limits.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/words.hpp"
#include "snmp/settings.hpp"

namespace sluice::config {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

enum class Transport { udp, tcp };
inline constexpr Words<Transport, 2> kTransports{{{"udp", Transport::udp}, {"tcp", Transport::tcp}}};

struct Listener {
  std::string address = "::";  ///< IPv4 or IPv6 address; "::" is both families
  std::uint16_t port = 0;
  Transport transport = Transport::udp;
  decode::Accept protocol = decode::Accept::automatic;
  std::uint64_t receive_buffer = 0;  ///< bytes per socket; 0: receive.buffer
  decode::Decapsulate decapsulate = decode::Decapsulate::outer;
  std::vector<std::string> allow{};            ///< prefixes that may send; empty: all
  std::string certificate_file{}, key_file{};  ///< of TLS over TCP; "": plain
  std::string client_ca_file{};                ///< whose clients alone may send, over TLS; "": all
  friend bool operator==(const Listener&, const Listener&) = default;
};

inline Listener udp_listener(std::uint16_t port) {
  Listener out;
  out.port = port;
  return out;
}

/// Of all listeners that take TCP, together.
struct Tcp {
  std::uint32_t connections = 1000;                  ///< at once
  std::uint32_t connections_per_address = 16;        ///< 0: as many as there may be
  std::uint64_t waiting_bytes = 8ULL << 20;          ///< of messages that are not whole
  std::chrono::milliseconds message_timeout{10000};  ///< from a message's first byte to its last
  friend bool operator==(const Tcp&, const Tcp&) = default;
};

struct Receive {
  std::uint64_t buffer = 32ULL << 20;  ///< bytes of kernel receive buffer per socket
  std::uint32_t batch = 256;           ///< datagrams taken by one system call
  bool steering = true;                ///< one exporter to one worker, by source address
  bool gro = false;                    ///< UDP_GRO: cheaper when senders aggregate, kernel drops less exact
  bool exporters_only = false;         ///< only the prefixes under `exporters` may send
  Tcp tcp{};
  friend bool operator==(const Receive&, const Receive&) = default;
};

struct Decode {
  decode::Limits limits;
  decode::TimeBounds times;
  friend bool operator==(const Decode&, const Decode&) = default;
};

struct ExporterRule {
  std::string prefix;  ///< 192.0.2.0/24, 2001:db8::/32 or an address; the longest match counts
  decode::ExporterSettings settings;
  friend bool operator==(const ExporterRule&, const ExporterRule&) = default;
};

enum class LogFormat { text, json };

struct Log {
  std::string level = "info";  ///< trace, debug, info, warning, error
  LogFormat format = LogFormat::text;
  Seconds repeat_every{10};  ///< the same error is said once in this time, with a count
  friend bool operator==(const Log&, const Log&) = default;
};

/// What both HTTP listeners have.
struct HttpListener {
  std::vector<std::string> allow;             ///< prefixes that may ask; empty: all
  std::vector<std::string> hosts;             ///< names to be asked by, besides the machine's own
  std::string token;                          ///< of each request; "": none
  std::string certificate_file, key_file;     ///< "": plain HTTP
  std::uint32_t connections = 64;             ///< at once
  std::uint32_t connections_per_client = 16;  ///< of them, of one address
  Milliseconds timeout{10000};                ///< for a request, and for the client to take the answer
  friend bool operator==(const HttpListener&, const HttpListener&) = default;
};

struct Metrics : HttpListener {
  std::string listen = "127.0.0.1:8080";  ///< "" turns it off; parse_endpoint() takes it
  std::uint32_t max_exporters = 1000;     ///< exporters with labels of their own
  friend bool operator==(const Metrics&, const Metrics&) = default;
};

struct Api : HttpListener {
  std::string listen = "127.0.0.1:8081";  ///< "" turns it off; a token is demanded off loopback
  friend bool operator==(const Api&, const Api&) = default;
};

/// Routes of flows, as routers tell them by BMP.
struct Bmp {
  std::string listen;                 ///< "": nowhere; parse_endpoint() takes it
  std::vector<std::string> allow;     ///< prefixes that may connect; empty: all
  std::vector<std::string> defaults;  ///< addresses of routers
  Milliseconds keep{0};               ///< how long routes outlive their session
  bmp::Limits limits;
  friend bool operator==(const Bmp&, const Bmp&) = default;
};

struct State {
  std::string file;  ///< templates, sampling rates and names are kept in it over a restart; "": nowhere
  friend bool operator==(const State&, const State&) = default;
};

struct Run {
  std::string takeover;  ///< Unix socket at which `sluice run --takeover` gets the sockets; "": none
  friend bool operator==(const Run&, const Run&) = default;
};

struct WebCollector {
  std::string url;         ///< of its API
  std::string token_file;  ///< "": none
  friend bool operator==(const WebCollector&, const WebCollector&) = default;
};

/// Of `sluice web`; `sluice run` has no use for it. Secrets are names of files, which are read by the one who
/// needs them.
struct Web {
  std::string listen = "127.0.0.1:8082";
  std::string token_file;          ///< demanded off loopback
  std::vector<std::string> hosts;  ///< further names that it is asked by
  std::string tls_certificate_file, tls_key_file;
  std::string clickhouse_url = "http://127.0.0.1:8123";
  std::string clickhouse_user, clickhouse_password_file, clickhouse_ca_file;
  std::string clickhouse_database = "sluice";
  std::vector<WebCollector> collectors;
  Seconds query_time{30};                       ///< longest of one statement
  std::uint64_t query_memory = 2ULL << 30;      ///< bytes of one statement
  std::uint32_t query_rows = 10'000;            ///< most of an answer on the screen
  std::uint64_t query_export_rows = 2'000'000;  ///< most of an export
  std::uint32_t query_at_once = 6;              ///< statements
  std::uint64_t query_ask_above = 200'000'000;  ///< rows that are read only where somebody says so
  friend bool operator==(const Web&, const Web&) = default;
};

struct Config {
  std::string collector_id;
  std::uint32_t workers = 0;  ///< 0: as many as cores
  std::vector<Listener> listeners = {udp_listener(6343), udp_listener(2055), udp_listener(4739)};
  Receive receive;
  Decode decode;
  std::vector<ExporterRule> exporters;
  enrich::SourceSettings enrich;  ///< names
  Bmp bmp;
  std::vector<UserField> fields;  ///< that the message has besides its own
  snmp::Settings snmp;            ///< enrich.snmp
  /// Flows that come in messages. With them and without `listeners` there is no listener.
  std::map<std::string, intake::Settings> sources;
  std::map<std::string, sink::Settings> sinks;  ///< empty: one named stdout, JSON
  Log log;
  Metrics metrics;
  Api api;
  State state;
  Run run;
  std::string user;  ///< started as root it becomes that one; "": stays who it is
  Web web;
  Milliseconds shutdown_timeout{10000};  ///< for flushing sinks at the end
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace sluice::config
