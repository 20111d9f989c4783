// What must be taken, and what it becomes.
#include <gmock/gmock.h>

#include "filter/parser.hpp"
#include "support.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Values, MustPass) {
  for (const char* yaml : {
           "",
           "# nothing but a comment",
           "---\n",
           "{}",
           "workers: 0",
           "workers: 1024",
           "workers: \"4\"",
           "collector_id:",
           "collector_id: München",
           "listeners: [\"0.0.0.0:2055\", \"[::1]:2055\", \"127.0.0.1:0\", \"127.0.0.1:0\"]",
           "listeners:\n  - {port: 2055, address: 192.0.2.1, protocol: netflow, receive_buffer: 0}",
           "listeners:\n  - {port: 65535, receive_buffer: 4KB}",
           "receive: {buffer: 4096, batch: 1, steering: off, gro: yes}",
           "receive: {buffer: 1023MB, batch: 1024, steering: auto, gro: FALSE}",
           "receive:",
           "decode: {template_timeout: 365d, exporter_timeout: 60s, max_past: 1000ms, max_record_length: 1}",
           "exporters: []",
           "exporters:",
           "exporters:\n  - {prefix: 192.0.2.0/24}\n  - {prefix: 192.0.2.0/25}\n  - {prefix: "
           "\"2001:db8::/32\"}\n  - {prefix: 192.0.2.1}",
           "exporters:\n  - {prefix: 0.0.0.0/0, sampling_rate_default: 4294967295, netflow5_sampling_16bit: "
           "true}",
           "sinks: {}",
           "sinks:",
           "sinks: {a-b_1: {type: stdout, queue_bytes: 1MB}}",
           "sinks: {f: {type: file, path: /tmp/x, prefix: a.b-c, rotate_every: 0s, rotate_bytes: 0}}",
           "sinks: {one: {type: kafka}, two: {type: kafka}, kafka: {type: file}}",
           "kafka: {type: kafka}",
           "kafka: {brokers: kafka1}",
           "kafka: {brokers: \"kafka1:9092, kafka2:9092,[2001:db8::1]:9092,192.0.2.1\"}",
           "kafka: {topic: flows.v1-raw_x, acks: 0, compression: zstd, buckets: 1, producers: 64}",
           "kafka: {block_bytes: 4KB, flush_interval: 1ms, buffer_bytes: 1GB, framing: plain}",
           "kafka: {partition_by: round_robin}",
           "kafka: {format: native, framing: batch, topic: columns}",
           "kafka: {partition_by: [src_addr, dst_port, exporter_name]}",
           "kafka: {tls: {enabled: true, ca_file: ca.pem, certificate_file: c.pem, key_file: k.pem, "
           "key_password: x, verify: false}}",
           "kafka: {sasl: {mechanism: SCRAM-SHA-512, username: u, password: p}}",
           "kafka: {sasl: {mechanism: OAUTHBEARER, oauth: {token_url: \"http://localhost:8080/t\", "
           "client_id: i, "
           "client_secret: s, extensions: {logicalCluster: lkc-1}}}}",
           "kafka: {properties: {linger.ms: 5, socket.keepalive.enable: true, empty: \"\"}}",
           "log: {level: trace, format: json, repeat_every: 0s}",
           "metrics: {listen: \"\", allow: [10.0.0.0/8, \"::1\"], max_exporters: 0}",
           "metrics: {listen: \"[::]:8080\"}",
           "metrics: {listen: \"127.0.0.1:0\"}\napi: {listen: \"127.0.0.1:0\"}",
           "api: {listen: \"0.0.0.0:8081\", token: x}",
           "api: {listen: \"[::1]:8081\"}",
           "api: {listen: \"\"}",
           "shutdown_timeout: 0ms",
           "shutdown_timeout: 10m",
       })
    EXPECT_THAT(told(load_text(yaml)), IsEmpty()) << yaml;
}

TEST(Values, NothingIsTheDefaults) {
  const auto result = load({});
  ASSERT_TRUE(result.ok());
  Config expected;
  expected.sinks = result.config.sinks;
  EXPECT_EQ(result.config, expected);
  ASSERT_EQ(result.config.sinks.size(), 1U);
  const sink::Settings& sink = result.config.sinks.at("stdout");
  EXPECT_EQ(sink.own, sink::OwnSettings(sink::StdoutSettings{}));
  EXPECT_EQ(sink.format, encode::Format::json);
  EXPECT_EQ(load_text("sinks: {stdout: {type: stdout}}").config, result.config);
}

TEST(Values, FormatAndFramingDependOnOneAnother) {
  const auto result = load_text(
      "sinks:\n"
      "  k: {type: kafka}\n"
      "  kj: {type: kafka, format: json}\n"
      "  kjb: {type: kafka, framing: batch, format: json}\n"
      "  ks: {type: kafka, framing: single}\n"
      "  f: {type: file}\n"
      "  s: {type: stdout}\n"
      "  sp: {type: stdout, format: protobuf}\n"
      "  n: {type: kafka, format: native, topic: columns}\n"
      "  nb: {type: kafka, format: native, topic: columns, block_bytes: 64KB, flush_interval: 200ms}\n");
  const auto& sinks = result.config.sinks;
  ASSERT_EQ(sinks.size(), 9U);
  EXPECT_EQ(sinks.at("k").format, encode::Format::protobuf);
  EXPECT_EQ(kafka_of(result, "k").framing, sink::Framing::batch);
  EXPECT_EQ(kafka_of(result, "kj").framing, sink::Framing::single);
  EXPECT_EQ(kafka_of(result, "kjb").framing, sink::Framing::batch);
  EXPECT_EQ(kafka_of(result, "ks").framing, sink::Framing::single);
  EXPECT_EQ(sinks.at("f").format, encode::Format::protobuf);
  EXPECT_EQ(sinks.at("s").format, encode::Format::json);
  EXPECT_EQ(sinks.at("sp").format, encode::Format::protobuf);
  EXPECT_FALSE(sinks.at("k").native);
  const sink::Settings& native = sinks.at("n");
  EXPECT_TRUE(native.native);
  EXPECT_EQ(native.format, encode::Format::protobuf);
  EXPECT_EQ(kafka_of(result, "n").framing, sink::Framing::batch);
  EXPECT_EQ(native.block_bytes, 128U << 10);
  EXPECT_EQ(native.flush_interval, 1s);
  EXPECT_EQ(sinks.at("nb").block_bytes, 64U << 10) << "what is given counts";
  EXPECT_EQ(sinks.at("nb").flush_interval, 200ms);
}

TEST(Values, LandWhereTheyBelong) {
  const auto result = load_text(
      "collector_id: edge\n"
      "workers: 3\n"
      "listeners: [{address: 192.0.2.1, port: 9995, protocol: ipfix, receive_buffer: 8MB, decapsulate: "
      "inner, allow: [10.0.0.0/8, \"2001:db8::/32\"]},\n"
      "  {port: 9995, transport: tcp, tls: {certificate_file: l, key_file: m, client_ca_file: n}}]\n"
      "receive: {buffer: 1MB, batch: 17, steering: off, gro: true, exporters_only: true,\n"
      "  tcp: {connections: 18, connections_per_address: 19, waiting_bytes: 20MB, message_timeout: 21s}}\n"
      "decode: {max_exporters: 1, max_templates: 2, max_template_fields: 3, max_record_length: 4, "
      "max_samplers: 5, max_names: 12, max_streams: 13,\n"
      "  template_timeout: 6m, exporter_timeout: 7m, max_past: 8s, max_future: 9s, max_flow_age: 10s,\n"
      "  held_bytes_per_exporter: 13KB, held_bytes: 14MB, state_bytes: 15MB, held_timeout: 15m, "
      "max_connections: 11}\n"
      "exporters: [{prefix: 192.0.2.0/24, name: core, sampling_rate_default: 100, sampling_rate_override: "
      "200,\n"
      "  netflow5_sampling_16bit: true, key_with_port: true, max_past: 1m, max_future: 2m, max_flow_age: "
      "3m,\n"
      "  times: received, decapsulate: inner, sflow_bytes: ip, split_biflows: false, mediator: true, "
      "firewall_volume: "
      "as_sent,\n"
      "  derive_forwarding_status: true, icmp_ports: both, post_counters: reverse, max_datagrams_per_second: "
      "500}, {prefix: 192.0.2.9, "
      "decapsulate: "
      "listener}]\n"
      "log: {level: debug, format: json, repeat_every: 1m}\n"
      "metrics: {listen: \"0.0.0.0:9\", allow: [10.0.0.0/8], hosts: [metrics.example.org, sluice], token: m, "
      "max_exporters: 11,\n"
      "  tls: {certificate_file: c, key_file: k}, connections: 12, connections_per_client: 13, timeout: "
      "14s}\n"
      "api: {listen: \"0.0.0.0:10\", token: t, connections_per_client: 0}\n"
      "state: {file: /var/lib/sluice/state}\n"
      "shutdown_timeout: 1500ms\n"
      "sinks: {f: {type: file, filter: dst port 443 and TCP, path: p, prefix: x, rotate_every: 1h, "
      "rotate_bytes: 2GB, queue_bytes: 3MB},\n"
      "  s: {type: stdout, json: {fields: kflow, drop_ipv6: true}, block_bytes: 8KB, flush_interval: 1s, "
      "queue_bytes: 4MB},\n"
      "  t: {type: kafka, sasl: {mechanism: OAUTHBEARER, oauth: {token_url: \"https://h/t\", client_id: i, "
      "client_secret: s, scope: o,\n"
      "    audience: w, client_auth: body, ca_file: f, extensions: {k: v}}}}}\n"
      "kafka: {brokers: b:1, topic: t, framing: plain, partition_by: [src_addr], producers: 2, buckets: 3, "
      "buffer_bytes: 4MB,\n"
      "  compression: lz4, acks: 1, tls: {enabled: true, ca_file: a, certificate_file: b, key_file: c, "
      "key_password: d, verify: no},\n"
      "  sasl: {mechanism: SCRAM-SHA-256, username: u, password: p}, properties: {a.b: c}}\n");
  ASSERT_THAT(told(result), IsEmpty());
  Config e;
  e.collector_id = "edge";
  e.workers = 3;
  e.listeners = {{.address = "192.0.2.1",
                  .port = 9995,
                  .protocol = decode::Accept::ipfix,
                  .receive_buffer = 8u << 20,
                  .decapsulate = decode::Decapsulate::inner,
                  .allow = {"10.0.0.0/8", "2001:db8::/32"}},
                 {.port = 9995,
                  .transport = Transport::tcp,
                  .certificate_file = "l",
                  .key_file = "m",
                  .client_ca_file = "n"}};
  e.receive = {1u << 20, 17, false, true, true, {18, 19, 20u << 20, 21s}};
  const auto seconds = [](std::uint64_t n) { return n * 1'000'000'000; };
  e.decode.limits = {.max_exporters = 1,
                     .max_templates = 2,
                     .max_template_fields = 3,
                     .max_record_length = 4,
                     .max_samplers = 5,
                     .max_names = 12,
                     .max_streams = 13,
                     .max_connections = 11,
                     .template_timeout_ns = seconds(360),
                     .exporter_timeout_ns = seconds(420),
                     .state_bytes = 15 << 20,
                     .held_bytes_per_exporter = 13 << 10,
                     .held_bytes = 14 << 20,
                     .held_timeout_ns = seconds(900)};
  e.decode.times = {.max_past_ns = seconds(8), .max_future_ns = seconds(9), .max_flow_age_ns = seconds(10)};
  e.exporters = {{.prefix = "192.0.2.0/24",
                  .settings = {.name = "core",
                               .sampling_rate_default = 100,
                               .sampling_rate_override = 200,
                               .netflow5_sampling_16bit = true,
                               .key_with_port = true,
                               .max_past_ns = seconds(60),
                               .max_future_ns = seconds(120),
                               .max_flow_age_ns = seconds(180),
                               .times_received = true,
                               .decapsulate = decode::Decapsulate::inner,
                               .sflow_ip_bytes = true,
                               .split_biflows = false,
                               .mediator = true,
                               .teardown_repeats_updates = false,
                               .derive_forwarding_status = true,
                               .icmp_in_both_ports = true,
                               .max_datagrams_per_second = 500,
                               .post_counters_reverse = true}},
                 {.prefix = "192.0.2.9", .settings = {}}};
  e.log = {"debug", LogFormat::json, 60s};
  e.metrics.listen = "0.0.0.0:9";
  e.metrics.allow = {"10.0.0.0/8"};
  e.metrics.hosts = {"metrics.example.org", "sluice"};
  e.metrics.token = "m";
  e.metrics.certificate_file = "c";
  e.metrics.key_file = "k";
  e.metrics.connections = 12;
  e.metrics.connections_per_client = 13;
  e.metrics.timeout = 14s;
  e.metrics.max_exporters = 11;
  e.api.listen = "0.0.0.0:10";
  e.api.token = "t";
  e.api.connections_per_client = 0;
  e.state = {"/var/lib/sluice/state"};
  e.shutdown_timeout = 1500ms;
  e.sinks["f"].own = sink::FileSettings{"p", "x", 3600s, 2ULL << 30, 3u << 20};
  e.sinks["f"].wanted = filter::parse("dst port 443 and proto tcp").value();
  sink::Settings& s = e.sinks["s"];
  s.format = encode::Format::json;
  s.json_fields = encode::JsonFields::kflow;
  s.kflow_drop_ipv6 = true;
  s.block_bytes = 8192;
  s.flush_interval = 1000ms;
  s.own = sink::StdoutSettings{4u << 20};
  e.sinks["kafka"].own = sink::KafkaSettings{{"b:1",
                                              true,
                                              "a",
                                              "b",
                                              "c",
                                              "d",
                                              false,
                                              "SCRAM-SHA-256",
                                              "u",
                                              "p",
                                              "",
                                              "",
                                              "",
                                              "",
                                              "",
                                              sink::ClientAuth::header,
                                              "",
                                              {},
                                              {{"a.b", "c"}}},
                                             "t",
                                             sink::Framing::plain,
                                             sink::PartitionBy::fields,
                                             {"src_addr"},
                                             2,
                                             3,
                                             4u << 20,
                                             "lz4",
                                             "1"};
  sink::KafkaSettings& t = std::get<sink::KafkaSettings>(e.sinks["t"].own = sink::KafkaSettings{});
  t.sasl_mechanism = "OAUTHBEARER";
  t.oauth_token_url = "https://h/t";
  t.oauth_client_id = "i";
  t.oauth_client_secret = "s";
  t.oauth_scope = "o";
  t.oauth_audience = "w";
  t.oauth_client_auth = sink::ClientAuth::body;
  t.oauth_ca_file = "f";
  t.oauth_extensions = {{"k", "v"}};
  for (const char* name : {"f", "kafka", "t"}) e.sinks[name].spool.path = "auto";
  EXPECT_EQ(result.config, e);
}

}  // namespace
}  // namespace sluice::config
