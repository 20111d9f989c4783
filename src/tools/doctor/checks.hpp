#pragma once
// The checks, one function for each subject. What they look at is handed in, so that tests can hand in other
// things: a machine is a directory with proc in it, ClickHouse is a function that answers statements.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "doctor/finding.hpp"
#include "doctor/reading.hpp"
#include "flow/endpoint.hpp"
#include "query/client.hpp"

namespace sluice::doctor {

/// What answers at metrics.listen.
struct Collector {
  enum class Presence { off, nobody, stranger, refused, untrusted, sluice };
  Presence presence = Presence::nobody;
  std::string where;  ///< "http://127.0.0.1:8080"
  Reading metrics;    ///< of a sluice
  bool runs() const { return presence == Presence::sluice; }
};
Collector ask_collector(const config::Config& config, const http::Trust& trust = {});
/// Where a listener is asked: one on all addresses on loopback.
http::Url server_of(const Endpoint& endpoint);

/// The root of a machine's proc.
struct Machine {
  std::filesystem::path root = "/";
};
/// A file's content without blanks at its ends; empty where it cannot be read.
std::string read_text(const std::filesystem::path& path);
/// "sluice (process 123)" for who holds a port in proc/net/TABLE and its IPv6 sibling; empty where that
/// cannot be seen, which without root is so for processes of others.
std::string holder_of(const Machine& machine, const std::string& table, std::uint16_t port);

Finding check_receive_buffers(const config::Config& config, const Machine& machine,
                              const Collector& collector);
/// Nothing where the kernel tracks no connections.
Findings check_connection_table(const Machine& machine);
Finding check_descriptors(const Collector& collector, std::uint64_t own_limit);
/// UdpRcvbufErrors of all programs, now and a moment ago.
std::optional<std::uint64_t> udp_drops(const Machine& machine);
Findings check_udp_drops(std::optional<std::uint64_t> before, std::optional<std::uint64_t> after);

/// What adjtimex(2) says.
struct ClockState {
  bool known = false;
  bool synchronised = false;
};
ClockState clock_state();
Finding check_clock(const ClockState& clock);

Findings check_ports(const config::Config& config, const Machine& machine, const Collector& collector);
/// state.file and what file sinks write to.
Findings check_directories(const config::Config& config);

/// Whether the running collector works by this configuration, and what brings it there; nothing where it
/// cannot be asked. The second: `body` is what /api/v1/config answered.
Findings check_running_configuration(const config::Config& config, const Collector& collector,
                                     const http::Trust& trust = {});
Findings compare_configurations(const config::Config& wanted, const std::string& body);

/// The running collector itself, and what it lost: since its start, and between two readings.
Findings check_collector(const Collector& collector);
Findings check_losses(const Reading& before, const Reading& after);
/// Devices of enrich.snmp; nothing where there are none. `now_seconds`: Unix time.
Findings check_snmp(const config::Config& config, const Reading& metrics, double now_seconds);

/// Sources of names that the running collector has: wrong, old, or never of use.
Findings check_names(const Collector& collector, double now_seconds);

/// Routers that tell routes by BMP, or should.
Findings check_routers(const Collector& collector, double now_seconds);

/// Whether what the sink sends fits the topic's max.message.bytes; nothing where it does.
Findings check_sizes(const std::string& sink_name, const sink::Settings& sink, const std::string& topic,
                     std::uint64_t max_message_bytes);
/// Broker and topic of each source and each Kafka sink, and what sources have not delivered yet.
Findings check_brokers(const config::Config& config);
/// Server and table of each sink that writes into an SQL database.
Findings check_databases(const config::Config& config);
/// Records of the topic that the group has not confirmed; an error is a sentence. The group is not joined.
Result<std::uint64_t, std::string> consumer_lag(const std::string& sink_name, const sink::Settings& sink,
                                                const std::string& topic, const std::string& group);

/// One statement, its answer as TSV.
using Ask = std::function<Result<std::string, query::Problem>(const std::string& sql)>;
/// Lag of a topic's group, see consumer_lag(); nothing where no sink of this configuration writes the topic.
using Lag = std::function<std::optional<Result<std::uint64_t, std::string>>(const std::string& topic,
                                                                            const std::string& group)>;
struct Store {
  std::string where;   ///< "http://127.0.0.1:8123"
  bool named = false;  ///< the operator said that it is there
  Ask ask;
  Lag lag;
};
Findings check_clickhouse(const config::Config& config, const Store& store, double now_seconds);

/// "1 datagram", "2,500 datagrams".
std::string counted(double n, const char* one);
/// "32 MB", "212992 bytes".
std::string size_text(double bytes);
/// "1.5 %".
std::string percent(double ratio);

/// The oldest ClickHouse that deploy/clickhouse/apply.sh runs on, as it says itself: "24.8".
const char* oldest_server();

}  // namespace sluice::doctor
