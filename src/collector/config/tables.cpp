#include "config/tables.hpp"

#include "flow/endpoint.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKB = 1ULL << 10;
constexpr std::uint64_t kMB = 1ULL << 20;
constexpr std::uint64_t kMaxSamplingRate = 0xffff'ffff;
// setsockopt takes an int and the kernel doubles it.
constexpr std::uint64_t kMaxReceiveBuffer = 1023 * kMB;

Codec<std::string> name_text() {
  return text("text", "up to 255 bytes of UTF-8 without control characters",
              [](std::string_view given) { return given.size() <= 255; });
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

/// 0s stands for the setting under decode.
Codec<std::optional<std::uint64_t>> own_bound() { return zero_for_none(seconds_as_ns(0s, 365 * 24h)); }

/// 0: none.
Codec<std::optional<std::uint64_t>> own_rate() {
  return zero_for_none(integer<std::uint64_t>(0, kMaxSamplingRate));
}

Value write_listeners(const Config& config) {
  return list_of(config.listeners, [](const Listener& l) { return write_section(listener_table(), l); });
}

Value write_exporters(const Config& config) {
  return list_of(config.exporters, [](const ExporterRule& e) { return write_section(exporter_table(), e); });
}

Value write_prefixes(const std::vector<std::string>& prefixes) {
  return list_of(prefixes, [](const std::string& prefix) { return Value::of(prefix); });
}

Value write_listener_allow(const Listener& listener) { return write_prefixes(listener.allow); }

template <auto Member, class V>
Row<Config> tcp_row(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return row<Config, &Config::receive, &Receive::tcp, Member>(std::string("receive.tcp.") + key,
                                                              std::move(codec), unit, meaning);
}

void add_tcp(Table<Config>& t) {
  t.push_back(tcp_row<&Tcp::connections>(
      "connections", integer<std::uint32_t>(1, 10'000), "connections",
      "TCP sessions at once, all listeners together; one more takes the place of the oldest that has sent no "
      "message yet, else it is refused and counted"));
  t.push_back(tcp_row<&Tcp::connections_per_address>("connections_per_address",
                                                     integer<std::uint32_t>(0, 10'000), "connections",
                                                     "The same for those of one address; 0: no limit"));
  t.push_back(tcp_row<&Tcp::waiting_bytes>(
      "waiting_bytes", size(64 * kKB, 1024 * kMB), "bytes",
      "Memory for messages that are not whole, all sessions together; past it the session is ended whose "
      "message takes longest"));
  t.push_back(tcp_row<&Tcp::message_timeout>(
      "message_timeout", duration(100ms, 10min), "",
      "How long a message may take from its first byte to its last, and the handshake of TLS; a slower "
      "session is ended"));
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
      "receive.steering", choice<bool>({{{"auto", true}, {"off", false}}}), "",
      "auto: all datagrams of one source address go to one worker; off: the kernel's hash decides"));
  t.push_back(
      row<Config, &Config::receive, &R::gro>("receive.gro", boolean(), "",
                                             "UDP_GRO: cheaper where equal datagrams follow one another, but "
                                             "kernel drops are then counted in bundles"));
  t.push_back(row<Config, &Config::receive, &R::exporters_only>(
                  "receive.exporters_only", boolean(), "",
                  "true: only the prefixes under exporters may send, at any listener; datagrams of others "
                  "are counted and lost")
                  .at_reload());
  add_tcp(t);
}

using Texts = std::vector<std::string>;

/// A list of texts of one of the HTTP listeners.
template <auto Place, Texts HttpListener::* List>
Row<Config> list_row(std::string key, std::string type, std::string meaning,
                     void (*read)(Reading&, const std::string&, const Value&, Texts&)) {
  Row<Config> out = special<Config>(
      std::move(key), std::move(type), std::move(meaning), "[]",
      [read](Reading& in, const std::string& path, const Value& value, Config& config) {
        read(in, path, value, config.*Place.*List);
      },
      [](const Config& config) { return write_prefixes(config.*Place.*List); });
  out.same = [](const Config& a, const Config& b) { return a.*Place.*List == b.*Place.*List; };
  out.copy = [](const Config& from, Config& to) { to.*Place.*List = from.*Place.*List; };
  out.reloads = true;
  return out;
}

/// What both HTTP listeners have.
template <auto Place>
void add_http(Table<Config>& t, const std::string& name, const std::string& token) {
  using H = HttpListener;
  t.push_back(list_row<Place, &H::allow>(name + ".allow", "list of prefixes",
                                         "Who may ask there; empty: everybody who reaches it",
                                         read_prefixes));
  t.push_back(list_row<Place, &H::hosts>(
      name + ".hosts", "list of names",
      "Names that it may be asked by, besides those of the machine; not looked at where there is a token",
      read_hosts));
  secret_rows<Config, Place, &H::token>(t, name + ".token", token, true);
  t.push_back(
      row<Config, Place, &H::certificate_file>(
          name + ".tls.certificate_file", file_path(), "",
          "PEM file of the server's certificate and those between it and the authority; empty: no TLS")
          .at_reload());
  t.push_back(row<Config, Place, &H::key_file>(name + ".tls.key_file", file_path(), "",
                                               "PEM file of the certificate's key, without a password")
                  .at_reload());
  t.push_back(row<Config, Place, &H::connections>(
                  name + ".connections", integer<std::uint32_t>(1, 10'000), "connections",
                  "Connections at once; one more ends the one that has waited for its client for the longest")
                  .at_reload());
  t.push_back(row<Config, Place, &H::connections_per_client>(
                  name + ".connections_per_client", integer<std::uint32_t>(0, 10'000), "connections",
                  "The same for those of one address, or one /64 of IPv6; 0: no limit")
                  .at_reload());
  t.push_back(
      row<Config, Place, &H::timeout>(name + ".timeout", duration(100ms, 10min), "",
                                      "How long a client may take to send a request, and to take the answer")
          .at_reload());
}

template <auto Member>
Row<Config> limit(const char* key, std::uint64_t high, const char* unit, const char* meaning) {
  return row<Config, &Config::decode, &Decode::limits, Member>(key, integer<std::uint32_t>(1, high), unit,
                                                               meaning);
}

template <auto... Members>
Row<Config> timeout(const char* key, Seconds low, Seconds high, const char* meaning) {
  return row<Config, &Config::decode, Members...>(key, seconds_as_ns(low, high), "", meaning);
}

void add_limits(Table<Config>& t) {
  using L = decode::Limits;
  t.push_back(limit<&L::max_exporters>(
      "decode.max_exporters", 10'000'000, "exporters",
      "Exporters known at once; datagrams of further ones are refused and counted until one is forgotten"));
  t.push_back(
      limit<&L::max_templates>("decode.max_templates", 65'536, "templates per exporter",
                               "Templates kept of one exporter, all its observation domains together; "
                               "further ones are refused and counted"));
  t.push_back(
      limit<&L::max_template_fields>("decode.max_template_fields", 16'384, "fields",
                                     "Fields of one template; a template with more is refused and counted"));
  t.push_back(limit<&L::max_record_length>(
      "decode.max_record_length", 65'535, "bytes",
      "Least length of a template's records; a template whose records are longer is refused and counted"));
  t.push_back(limit<&L::max_samplers>("decode.max_samplers", 65'536, "samplers per exporter",
                                      "Sampling rates kept of one exporter, learnt from its options data"));
  t.push_back(limit<&L::max_streams>(
      "decode.max_streams", 1'000'000, "streams per exporter",
      "Streams of one exporter whose sequence numbers are followed (observation domains, engines, sFlow "
      "agents), and in each of sFlow as many sources; datagrams of further ones are counted as untracked"));
  t.push_back(limit<&L::max_names>("decode.max_names", 1'000'000, "names per exporter",
                                   "Interfaces, VRFs, applications and MPLS labels of one exporter whose "
                                   "names are kept, learnt from its options data"));
  t.push_back(limit<&L::max_connections>("decode.max_connections", 10'000'000, "connections per exporter",
                                         "Connections of one firewall remembered as counted by its update "
                                         "events, see firewall_volume; of more, the "
                                         "older half is forgotten and counted"));
}

void add_times(Table<Config>& t) {
  using L = decode::Limits;
  using B = decode::TimeBounds;
  constexpr Seconds kYear = 365 * 24h;
  t.push_back(timeout<&Decode::limits, &L::template_timeout_ns>(
      "decode.template_timeout", 1min, kYear, "A template not sent again for this long is forgotten"));
  t.push_back(timeout<&Decode::limits, &L::exporter_timeout_ns>(
      "decode.exporter_timeout", 1min, kYear,
      "An exporter silent for this long is forgotten with its templates and rates"));
  t.push_back(timeout<&Decode::times, &B::max_past_ns>(
      "decode.max_past", 1s, kYear,
      "A flow that ended longer than this before it was received gets the time of receipt"));
  t.push_back(timeout<&Decode::times, &B::max_future_ns>(
      "decode.max_future", 1s, kYear,
      "A flow that ends later than this after it was received gets the time of receipt"));
  t.push_back(timeout<&Decode::times, &B::max_flow_age_ns>(
      "decode.max_flow_age", 1s, kYear,
      "A flow that began longer than this before its end begins at its end"));
}

void add_held(Table<Config>& t) {
  using L = decode::Limits;
  t.push_back(row<Config, &Config::decode, &Decode::limits, &L::state_bytes>(
      "decode.state_bytes", size(kMB, 1024 * 1024 * kMB), "bytes",
      "Memory for all exporters and what they teach and what waits, together; beyond it those go first of "
      "whom no flow was ever decoded, and what goes is counted"));
  t.push_back(row<Config, &Config::decode, &Decode::limits, &L::held_bytes_per_exporter>(
      "decode.held_bytes_per_exporter", size(4 * kKB, 1024 * kMB, "nothing is held"), "bytes",
      "Data of one exporter that waits for its template, each set with 256 bytes of books; beyond it the "
      "oldest is dropped and counted"));
  t.push_back(row<Config, &Config::decode, &Decode::limits, &L::held_bytes>(
      "decode.held_bytes", size(4 * kKB, 1024 * 1024 * kMB, "nothing is held"), "bytes",
      "The same of all exporters together, a part of decode.state_bytes; beyond it an exporter has the room "
      "that it has got"));
  t.push_back(timeout<&Decode::limits, &L::held_timeout_ns>(
      "decode.held_timeout", 0s, 24h,
      "How long data waits for its template; what waits longer is lost and counted; 0s: nothing is held"));
}

void add_rest(Table<Config>& t) {
  t.push_back(row<Config, &Config::log, &Log::level>("log.level",
                                                     word({"trace", "debug", "info", "warning", "error"}), "",
                                                     "The least important messages that are still written")
                  .at_reload());
  t.push_back(row<Config, &Config::log, &Log::format>(
      "log.format", choice<LogFormat>({{{"text", LogFormat::text}, {"json", LogFormat::json}}}), "",
      "Form of the log on stderr: lines to read or one JSON object a line"));
  t.push_back(row<Config, &Config::log, &Log::repeat_every>(
                  "log.repeat_every", whole_seconds(0s, 24h), "",
                  "The same error is written once in this time, with the count of those left out; 0s: always")
                  .at_reload());
  t.push_back(row<Config, &Config::metrics, &Metrics::listen>(
      "metrics.listen", listen("8080"), "",
      "Where /metrics, /healthz and /readyz are served; empty: nowhere"));
  add_http<&Config::metrics>(t, "metrics", "Bearer token that requests to /metrics must carry; empty: none");
  t.push_back(row<Config, &Config::metrics, &Metrics::max_exporters>(
                  "metrics.max_exporters", integer<std::uint32_t>(0, 1'000'000), "exporters",
                  "Exporters with metrics under their own label; all further ones share the label \"other\"")
                  .at_reload());
  t.push_back(row<Config, &Config::api, &Api::listen>(
      "api.listen", listen("8081"), "",
      "Where /api/v1 is served; empty: nowhere; off loopback api.token is demanded"));
  add_http<&Config::api>(t, "api", "Bearer token that requests to /api/v1 must carry; empty: none");
  t.push_back(row<Config, &Config::state, &State::file>(
      "state.file", file_path(), "",
      "File in which templates, sampling rates and names outlive a restart; its directory must be there; "
      "empty: nothing is kept"));
  t.push_back(row<Config, &Config::run, &Run::takeover>(
      "run.takeover", file_path(), "",
      "Unix socket at which `sluice run --takeover` of the same user takes over from this collector; empty: "
      "nowhere"));
  t.push_back(row<Config, &Config::user>(
      "user", name_text(), "",
      "Whom a collector that root starts becomes once its sockets are open; empty: nobody else"));
  t.push_back(
      row<Config, &Config::shutdown_timeout>(
          "shutdown_timeout", duration(0ms, 10min), "",
          "How long the end may take to deliver what was received; what is left then is counted and told")
          .at_reload());
  add_web(t);
}

Table<Config> make_config_table() {
  Table<Config> t;
  t.push_back(row<Config, &Config::collector_id>(
                  "collector_id", name_text(), "",
                  "Name of this collector, written into each flow's collector_id; empty: left out")
                  .at_reload());
  t.push_back(row<Config, &Config::workers>("workers", integer<std::uint32_t>(0, 1024), "threads",
                                            "Threads that receive and decode; 0: as many as cores"));
  t.push_back(special<Config>("listeners", "list",
                              "Where datagrams are received: \"ADDRESS:PORT\" or a map of the keys below",
                              "[\"[::]:6343\", \"[::]:2055\", \"[::]:4739\"]", read_listeners,
                              write_listeners)
                  .holds<&Config::listeners>());
  add_receive(t);
  add_limits(t);
  add_times(t);
  add_held(t);
  t.push_back(special<Config>("exporters", "list",
                              "What is known of exporters by source address; the longest prefix counts", "[]",
                              read_exporters, write_exporters)
                  .holds<&Config::exporters>()
                  .at_reload());
  add_enrich(t);
  add_bmp(t);
  add_snmp(t);
  t.push_back(
      special<Config>("fields", "list",
                      "Fields of your own in each flow, from elements or from bits of sampled packets", "[]",
                      read_user_fields, write_user_fields)
          .holds<&Config::fields>());
  t.push_back(special<Config>("sources", "map",
                              "Flows that come in messages, by name; with sources and without listeners "
                              "nothing else is received",
                              "{}", read_sources, write_sources)
                  .holds<&Config::sources>());
  t.push_back(
      special<Config>("sinks", "map",
                      "Where flows go, by name; top-level kafka is short for the sink kafka of type kafka",
                      "one named stdout of type stdout", read_sinks, write_sinks)
          .holds<&Config::sinks>()
          .at_reload());
  t.back().also = "kafka";
  add_rest(t);
  return t;
}

/// What decode::ExporterSettings has.
template <auto Member, class V>
Row<ExporterRule> about(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return row<ExporterRule, &ExporterRule::settings, Member>(key, std::move(codec), unit, meaning);
}

/// The listener's, unless said here.
Codec<std::optional<decode::Decapsulate>> own_decapsulation() {
  std::vector<Word<std::optional<decode::Decapsulate>>> words{{"listener", std::nullopt}};
  for (const auto& [text, value] : decode::kDecapsulations) words.push_back({text, value});
  return choice(std::move(words));
}

Table<ExporterRule> make_exporter_table() {
  using E = ExporterRule;
  using S = decode::ExporterSettings;
  Table<ExporterRule> t{
      row<E, &E::prefix>("prefix", prefix(), "", "Source addresses that the entry is about")
          .defaults_to("none, must be given"),
      about<&S::name>("name", name_text(), "",
                      "Name of the exporter, written into each flow's exporter_name; empty: left out"),
      about<&S::site>("site", name_text(), "",
                      "Where the exporter stands, written into exporter_site; empty: left out"),
      about<&S::role>("role", name_text(), "",
                      "What the exporter is for, written into exporter_role; empty: left out"),
      about<&S::tenant>("tenant", name_text(), "",
                        "Whose exporter it is, written into exporter_tenant; empty: left out"),
      about<&S::sampling_rate_default>("sampling_rate_default", own_rate(), "1 in N packets",
                                       "Sampling rate where the exporter tells none; 0: unknown"),
      about<&S::sampling_rate_override>("sampling_rate_override", own_rate(), "1 in N packets",
                                        "Sampling rate whatever the exporter tells; 0: what it tells"),
      about<&S::netflow5_sampling_16bit>(
          "netflow5_sampling_16bit", boolean(), "",
          "The sampling field of NetFlow v5 is 16 bits of rate, without the 2 bits of mode in front"),
      about<&S::key_with_port>(
          "key_with_port", boolean(), "",
          "Each source port is an exporter of its own: several boxes behind one address"),
      about<&S::max_datagrams_per_second>(
          "max_datagrams_per_second", integer<std::uint32_t>(0, 10'000'000), "datagrams per second",
          "What one exporter may send in a second on average, and at once; more is counted and lost; 0: no "
          "limit"),
      about<&S::max_past_ns>("max_past", own_bound(), "",
                             "As decode.max_past, for these exporters; 0s: as there"),
      about<&S::max_future_ns>("max_future", own_bound(), "",
                               "As decode.max_future, for these exporters; 0s: as there"),
      about<&S::max_flow_age_ns>("max_flow_age", own_bound(), "",
                                 "As decode.max_flow_age, for these exporters; 0s: as there"),
      about<&S::times_received>("times", choice<bool>({{{"exporter", false}, {"received", true}}}), "",
                                "received: flows end when they are received and last as long as the exporter "
                                "says, for boxes whose clock is wrong"),
      about<&S::decapsulate>(
          "decapsulate", own_decapsulation(), "",
          "As listeners[].decapsulate, for these exporters; listener: as the one they send to"),
      about<&S::sflow_ip_bytes>(
          "sflow_bytes", choice<bool>({{{"frame", false}, {"ip", true}}}), "",
          "Bytes of a packet sampled by sFlow: the length of the frame or that of the IP packet in it"),
      about<&S::split_biflows>(
          "split_biflows", boolean(), "",
          "A record that counts both directions becomes two flows; false: the way there alone"),
      about<&S::mediator>("mediator", boolean(), "",
                          "It sends on what others measured: where a record names its exporter, that is "
                          "sampler_address"),
      about<&S::teardown_repeats_updates>(
          "firewall_volume", choice<bool>({{{"once", true}, {"as_sent", false}}}), "",
          "once: a firewall's event of a connection's end counts nothing where update events did; as_sent: "
          "each event counts"),
      about<&S::derive_forwarding_status>("derive_forwarding_status", boolean(), "",
                                          "Output interface 0 and an empty next hop mean dropped, where the "
                                          "exporter sends no forwarding status"),
      about<&S::icmp_in_both_ports>(
          "icmp_ports", choice<bool>({{{"destination", false}, {"both", true}}}), "",
          "Where ICMP type and code are, if no element says them: in the destination port, or the type in "
          "the source port and the code in the destination port"),
      about<&S::post_counters_reverse>("post_counters", choice<bool>({{{"post", false}, {"reverse", true}}}),
                                       "",
                                       "What elements 23 and 24 count: what left the device (IANA), or the "
                                       "way back (nProbe's OUT_BYTES and "
                                       "OUT_PKTS)"),
  };
  // How an exporter is known stays, as all that was learnt of it is under that name.
  for (Row<ExporterRule>& row : t) row.reloads = row.key != "key_with_port";
  return t;
}

}  // namespace

const Table<Config>& config_table() {
  static const Table<Config> table = make_config_table();
  return table;
}

const Table<Listener>& listener_table() {
  static const Table<Listener> table{
      row<Listener, &Listener::address>("address", address(), "",
                                        "Address to listen on; :: is IPv6 and IPv4"),
      row<Listener, &Listener::port>("port", port(), "", "UDP or TCP port; 0: any free one")
          .defaults_to("none, must be given"),
      row<Listener, &Listener::transport>(
          "transport", choice(kTransports), "",
          "udp: datagrams of all protocols; tcp: sessions that bring IPFIX messages, behind TLS where there "
          "is a certificate"),
      row<Listener, &Listener::protocol>(
          "protocol", choice(decode::kAccepts), "",
          "What is accepted there; auto: all of them, told apart by the version word"),
      row<Listener, &Listener::receive_buffer>("receive_buffer",
                                               size(4 * kKB, kMaxReceiveBuffer, "as receive.buffer"), "bytes",
                                               "Kernel receive buffer of this listener's sockets"),
      row<Listener, &Listener::decapsulate>(
          "decapsulate", choice(decode::kDecapsulations), "",
          "Which header of a sampled packet in a tunnel is the flow's; the other one fills the inner_ "
          "fields"),
      special<Listener>("allow", "list of prefixes",
                        "Who may send there; datagrams of others are counted and lost; empty: everybody",
                        "[]", read_listener_allow, write_listener_allow)
          .at_reload(),
      row<Listener, &Listener::certificate_file>(
          "tls.certificate_file", file_path(), "",
          "PEM file of the server's certificate and those between it and the authority, for TLS over TCP; "
          "read anew at a reload; empty: no TLS"),
      row<Listener, &Listener::key_file>("tls.key_file", file_path(), "",
                                         "PEM file of the certificate's key, without a password"),
      row<Listener, &Listener::client_ca_file>(
          "tls.client_ca_file", file_path(), "",
          "PEM file of the authorities whose clients alone may send there; empty: whoever speaks TLS"),
  };
  return table;
}

const Table<ExporterRule>& exporter_table() {
  static const Table<ExporterRule> table = make_exporter_table();
  return table;
}

}  // namespace sluice::config
