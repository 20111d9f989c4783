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

#include "sink/settings.hpp"
#include "sluice/decode/limits.hpp"
#include "sluice/flow/user_fields.hpp"

namespace sluice::config {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

struct Listener {
  std::string address = "::";  ///< IPv4 or IPv6 address; "::" is both families
  std::uint16_t port = 0;
  decode::Accept protocol = decode::Accept::automatic;
  std::uint64_t receive_buffer = 0;  ///< bytes per socket; 0: receive.buffer
  decode::Decapsulate decapsulate = decode::Decapsulate::outer;
  std::vector<std::string> allow{};  ///< prefixes that may send; empty: all
  friend bool operator==(const Listener&, const Listener&) = default;
};

struct Receive {
  std::uint64_t buffer = 32ULL << 20;  ///< bytes of kernel receive buffer per socket
  std::uint32_t batch = 256;           ///< datagrams taken by one system call
  bool steering = true;                ///< one exporter to one worker, by source address
  bool gro = false;                    ///< UDP_GRO: cheaper when senders aggregate, kernel drops less exact
  bool exporters_only = false;         ///< only the prefixes under `exporters` may send
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

struct Run {
  std::string takeover;  ///< Unix socket at which `sluice run --takeover` gets the sockets; "": none
  friend bool operator==(const Run&, const Run&) = default;
};

struct Config {
  std::string collector_id;
  std::uint32_t workers = 0;  ///< 0: as many as cores
  std::vector<Listener> listeners = {{.port = 6343,
                                      .protocol = decode::Accept::automatic,
                                      .receive_buffer = 0,
                                      .decapsulate = {},
                                      .allow = {}},
                                     {.port = 2055,
                                      .protocol = decode::Accept::automatic,
                                      .receive_buffer = 0,
                                      .decapsulate = {},
                                      .allow = {}},
                                     {.port = 4739,
                                      .protocol = decode::Accept::automatic,
                                      .receive_buffer = 0,
                                      .decapsulate = {},
                                      .allow = {}}};
  Receive receive;
  Decode decode;
  std::vector<ExporterRule> exporters;
  std::vector<UserField> fields;                ///< that the message has besides its own
  std::map<std::string, sink::Settings> sinks;  ///< empty: one named stdout, JSON
  Log log;
  Metrics metrics;
  Api api;
  State state;
  Run run;
  Milliseconds shutdown_timeout{10000};  ///< for flushing sinks at the end
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace sluice::config
