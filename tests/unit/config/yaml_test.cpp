// The effective configuration, written and read back.
#include <gmock/gmock.h>

#include "support.hpp"

namespace sluice::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Config read_back(const Config& config) {
  const std::string text = to_yaml(config);
  const auto result = load_text(text);
  EXPECT_THAT(told(result), IsEmpty()) << text;
  return result.config;
}

TEST(ToYaml, DefaultsComeBack) { EXPECT_EQ(read_back(defaults()), defaults()); }

TEST(ToYaml, EverythingComesBack) {
  const auto result = load_text(
      "collector_id: 'a: b # $${c} $$$${d} \"e\" München'\n"
      "workers: 3\n"
      "listeners: [\"0.0.0.0:1\", {port: 2, protocol: sflow, receive_buffer: 12345, allow: [10.0.0.0/8, "
      "'::1']}]\n"
      "receive: {buffer: 1MB, batch: 17, steering: off, gro: true}\n"
      "decode: {max_templates: 7, template_timeout: 90s, max_past: 2d}\n"
      "exporters: [{prefix: 192.0.2.0/24, name: 'true'}, {prefix: '::/0', name: ~, sampling_rate_override: "
      "5}]\n"
      "kafka: {framing: single, partition_by: [src_addr, dst_addr], flush_interval: 1500ms, properties: "
      "{linger.ms: 5, x: '', '1': 'null'}}\n"
      "sinks:\n"
      "  f: {type: file, format: json, json: {fields: goflow2}, path: 'a b', rotate_every: 0s, rotate_bytes: "
      "0}\n"
      "  p: {type: stdout, format: protobuf, queue_bytes: 5MB}\n"
      "  k-2: {type: kafka, format: json, framing: batch, partition_by: round_robin, acks: 0}\n"
      "metrics: {listen: '', allow: [10.0.0.0/8, '::1']}\n"
      "api: {listen: '[::1]:9'}\n");
  ASSERT_THAT(told(result), IsEmpty());
  EXPECT_EQ(read_back(result.config), result.config);
}

TEST(ToYaml, MasksSecrets) {
  const auto result = load_text(
      "api: {token: hunter2}\n"
      "kafka: {tls: {key_password: hunter2}, sasl: {mechanism: PLAIN, username: me, password: hunter2},\n"
      "  properties: {ssl.key.password: hunter2, sasl.oauthbearer.client.secret: hunter2, client.id: "
      "shown}}\n");
  ASSERT_THAT(told(result), IsEmpty());
  const std::string text = to_yaml(result.config);
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, HasSubstr("shown"));
  Config masked = result.config;
  masked.api.token = "********";
  auto& kafka = std::get<sink::KafkaSettings>(masked.sinks.at("kafka").own);
  kafka.tls_key_password = kafka.sasl_password = "********";
  kafka.properties["ssl.key.password"] = kafka.properties["sasl.oauthbearer.client.secret"] = "********";
  EXPECT_EQ(read_back(result.config), masked);
}

TEST(ToYaml, DefaultsAsTheyAreShown) {
  EXPECT_EQ(to_yaml(load_text("listeners: ['[::]:2055']\nsinks: {out: {type: stdout}}").config),
            "collector_id: \"\"\n"
            "workers: 0\n"
            "listeners:\n"
            "  - address: \"::\"\n"
            "    port: 2055\n"
            "    transport: udp\n"
            "    protocol: auto\n"
            "    receive_buffer: 0\n"
            "    decapsulate: outer\n"
            "    allow: []\n"
            "    tls:\n"
            "      certificate_file: \"\"\n"
            "      key_file: \"\"\n"
            "      client_ca_file: \"\"\n"
            "receive:\n"
            "  buffer: 32MB\n"
            "  batch: 256\n"
            "  steering: auto\n"
            "  gro: false\n"
            "  exporters_only: false\n"
            "  tcp:\n"
            "    connections: 1000\n"
            "    connections_per_address: 16\n"
            "    waiting_bytes: 8MB\n"
            "    message_timeout: 10s\n"
            "decode:\n"
            "  max_exporters: 20000\n"
            "  max_templates: 4096\n"
            "  max_template_fields: 512\n"
            "  max_record_length: 65535\n"
            "  max_samplers: 4096\n"
            "  max_streams: 4096\n"
            "  max_names: 8192\n"
            "  max_connections: 65536\n"
            "  template_timeout: 24h\n"
            "  exporter_timeout: 24h\n"
            "  max_past: 24h\n"
            "  max_future: 1h\n"
            "  max_flow_age: 30d\n"
            "  state_bytes: 256MB\n"
            "  held_bytes_per_exporter: 256KB\n"
            "  held_bytes: 64MB\n"
            "  held_timeout: 30m\n"
            "exporters: []\n"
            "enrich:\n"
            "  as:\n"
            "    file: \"\"\n"
            "    from: [exporter, networks, database]\n"
            "  country:\n"
            "    file: \"\"\n"
            "  networks: []\n"
            "  networks_file: \"\"\n"
            "  interfaces: []\n"
            "  interfaces_file: \"\"\n"
            "  rules: []\n"
            "  check_every: 10s\n"
            "  cached_addresses: 32768\n"
            "  bmp:\n"
            "    listen: \"\"\n"
            "    allow: []\n"
            "    default: []\n"
            "    keep: 0s\n"
            "    max_sessions: 100\n"
            "    max_sessions_per_address: 4\n"
            "    max_peers_per_session: 1000\n"
            "    max_routes: 20000000\n"
            "    max_routes_per_session: 5000000\n"
            "    memory_per_session: 1GB\n"
            "    max_message: 128KB\n"
            "    message_timeout: 30s\n"
            "  snmp:\n"
            "    interval: 5m\n"
            "    min_interval: 30s\n"
            "    timeout: 2s\n"
            "    retries: 2\n"
            "    max_devices: 1000\n"
            "    max_interfaces: 10000\n"
            "    max_bytes: 256MB\n"
            "    devices: []\n"
            "fields: []\n"
            "sources: {}\n"
            "sinks:\n"
            "  out:\n"
            "    type: stdout\n"
            "    stream: flows\n"
            "    filter: \"\"\n"
            "    format: json\n"
            "    json:\n"
            "      fields: sluice\n"
            "      drop_ipv6: false\n"
            "    block_bytes: 64KB\n"
            "    flush_interval: 200ms\n"
            "    spool:\n"
            "      path: \"\"\n"
            "      bytes: 4GB\n"
            "      drop: oldest\n"
            "    queue_bytes: 16MB\n"
            "log:\n"
            "  level: info\n"
            "  format: text\n"
            "  repeat_every: 10s\n"
            "metrics:\n"
            "  listen: 127.0.0.1:8080\n"
            "  allow: []\n"
            "  hosts: []\n"
            "  token: \"\"\n"
            "  tls:\n"
            "    certificate_file: \"\"\n"
            "    key_file: \"\"\n"
            "  connections: 64\n"
            "  connections_per_client: 16\n"
            "  timeout: 10s\n"
            "  max_exporters: 1000\n"
            "api:\n"
            "  listen: 127.0.0.1:8081\n"
            "  allow: []\n"
            "  hosts: []\n"
            "  token: \"\"\n"
            "  tls:\n"
            "    certificate_file: \"\"\n"
            "    key_file: \"\"\n"
            "  connections: 64\n"
            "  connections_per_client: 16\n"
            "  timeout: 10s\n"
            "state:\n"
            "  file: \"\"\n"
            "run:\n"
            "  takeover: \"\"\n"
            "user: \"\"\n"
            "shutdown_timeout: 10s\n"
            "web:\n"
            "  listen: 127.0.0.1:8082\n"
            "  token_file: \"\"\n"
            "  hosts: []\n"
            "  tls:\n"
            "    certificate_file: \"\"\n"
            "    key_file: \"\"\n"
            "  clickhouse:\n"
            "    url: http://127.0.0.1:8123\n"
            "    user: \"\"\n"
            "    password_file: \"\"\n"
            "    database: sluice\n"
            "    ca_file: \"\"\n"
            "  collectors: []\n"
            "  query:\n"
            "    time: 30s\n"
            "    memory: 2GB\n"
            "    rows: 10000\n"
            "    export_rows: 2000000\n"
            "    at_once: 6\n"
            "    ask_above: 200000000\n");
}

}  // namespace
}  // namespace sluice::config
