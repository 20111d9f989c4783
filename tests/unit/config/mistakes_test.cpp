// Every mistake with the exact sentence that it gives.
#include <gmock/gmock.h>

#include "support.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;

struct Mistake {
  const char* yaml;
  const char* message;  ///< all that is told
};

// clang-format off
const Mistake kMistakes[] = {
    {"recieve: {batch: 1}",
     R"(FILE:1: unknown key "recieve"; did you mean receive?)"},
    {"receive: {batchsize: 1}",
     R"(FILE:1: unknown key "receive.batchsize"; did you mean receive.batch?)"},
    {"receive: {zzz: 1}",
     R"(FILE:1: unknown key "receive.zzz"; known here are buffer, batch, steering, gro, exporters_only, tcp)"},
    {"topic: flows",
     R"(FILE:1: unknown key "topic"; did you mean kafka.topic?)"},
    {"workers: many",
     R"(FILE:1: workers is "many"; it takes a whole number from 0 to 1024)"},
    {"workers: -1",
     R"(FILE:1: workers is "-1"; it takes a whole number from 0 to 1024)"},
    {"workers: 5000",
     R"(FILE:1: workers is "5000"; it takes a whole number from 0 to 1024)"},
    {"workers: 1_000",
     R"(FILE:1: workers is "1_000"; it takes a whole number from 0 to 1024)"},
    {"workers: [1]",
     "FILE:1: workers is a list; it takes a whole number from 0 to 1024"},
    {"workers:",
     "FILE:1: workers is empty; it takes a whole number from 0 to 1024"},
    {R"(workers: 4
workers: 5)",
     R"(FILE:2: the key "workers" is given twice, first on line 1; keep one)"},
    {"receive: {buffer: 32 megs}",
     R"(FILE:1: receive.buffer is "32 megs"; it takes a size from 4KB to 1023MB, such as 64KB, 32MB or a plain number of bytes)"},
    {"receive: {buffer: 1KB}",
     R"(FILE:1: receive.buffer is "1KB"; it takes a size from 4KB to 1023MB, such as 64KB, 32MB or a plain number of bytes)"},
    {"receive: {batch: 0}",
     R"(FILE:1: receive.batch is "0"; it takes a whole number from 1 to 1024)"},
    {"receive: {gro: maybe}",
     R"(FILE:1: receive.gro is "maybe"; it takes true or false)"},
    {"receive: {steering: on}",
     R"(FILE:1: receive.steering is "on"; it takes auto or off)"},
    {"receive: 5",
     R"(FILE:1: receive is "5"; it takes a map of settings (buffer, batch, steering, gro, exporters_only, tcp))"},
    {"receive: [1, 2]",
     "FILE:1: receive is a list; it takes a map of settings (buffer, batch, steering, gro, exporters_only, tcp)"},
    {"decode: {template_timeout: 60}",
     R"(FILE:1: decode.template_timeout is "60"; add a unit (ms, s, m, h or d), such as 60s)"},
    {"decode: {template_timeout: 100ms}",
     R"(FILE:1: decode.template_timeout is "100ms"; it takes a duration from 1m to 365d in whole seconds, such as 10s, 5m, 24h or 30d)"},
    {"decode: {max_past: tomorrow}",
     R"(FILE:1: decode.max_past is "tomorrow"; it takes a duration from 1s to 365d in whole seconds, such as 10s, 5m, 24h or 30d)"},
    {"decode: {max_templates: 0}",
     R"(FILE:1: decode.max_templates is "0"; it takes a whole number from 1 to 65536)"},
    {"listeners: 2055",
     R"(FILE:1: listeners is "2055"; it takes a list such as ["0.0.0.0:2055", "[::]:6343"])"},
    {"listeners: []",
     "FILE:1: listeners is empty; name at least one, or leave it out for 6343, 2055 and 4739"},
    {R"(listeners: ["2055"])",
     R"(FILE:1: listeners[0] is "2055"; it takes "ADDRESS:PORT", such as "0.0.0.0:2055" or "[::]:2055", or a map of address, port, transport, protocol, receive_buffer, decapsulate, allow and tls)"},
    {R"(listeners: ["0.0.0.0:70000"])",
     R"(FILE:1: listeners[0] is "0.0.0.0:70000"; it takes "ADDRESS:PORT", such as "0.0.0.0:2055" or "[::]:2055", or a map of address, port, transport, protocol, receive_buffer, decapsulate, allow and tls)"},
    {R"(listeners: ["::1:2055"])",
     R"(FILE:1: listeners[0] is "::1:2055"; it takes "ADDRESS:PORT", such as "0.0.0.0:2055" or "[::]:2055", or a map of address, port, transport, protocol, receive_buffer, decapsulate, allow and tls)"},
    {R"(listeners:
  - {port: 70000})",
     R"(FILE:2: listeners[0].port is "70000"; it takes a port from 1 to 65535 (0: any free one))"},
    {R"(listeners:
  - {address: localhost, port: 2055})",
     R"(FILE:2: listeners[0].address is "localhost"; it takes an IPv4 or IPv6 address such as 0.0.0.0 or ::)"},
    {R"(listeners:
  - {address: "::"})",
     "FILE:2: listeners[0] has no port; add one, such as port: 2055"},
    {R"(listeners:
  - {port: 2055, protocol: netflow9})",
     R"(FILE:2: listeners[0].protocol is "netflow9"; it takes auto, sflow, netflow or ipfix)"},
    {R"(listeners:
  - "0.0.0.0:2055"
  - {address: 0.0.0.0, port: 2055})",
     "FILE:3: listeners[1] listens on 0.0.0.0:2055 as listeners[0] (line 2) does; keep one of them"},
    {"listeners: [{port: 4739, transport: sctp}]",
     R"(FILE:1: listeners[0].transport is "sctp"; it takes udp or tcp)"},
    {"listeners: [{port: 4739, transport: tcp, protocol: sflow}]",
     "FILE:1: listeners[0].protocol is not spoken over TCP; a listener of transport: tcp takes IPFIX alone"},
    {"listeners: [{port: 4739, transport: tcp, receive_buffer: 8MB}]",
     "FILE:1: listeners[0].receive_buffer is for UDP; the kernel sizes the buffers of TCP by itself"},
    {"listeners: [{port: 4739, tls: {certificate_file: a, key_file: b}}]",
     "FILE:1: listeners[0].tls.certificate_file is set for UDP; TLS needs transport: tcp"},
    {"listeners: [{port: 4739, transport: tcp, tls: {certificate_file: a}}]",
     "FILE:1: listeners[0].tls.certificate_file is set and listeners[0].tls.key_file is not; TLS needs both"},
    {"listeners: [{port: 4739, transport: tcp, tls: {key_file: a}}]",
     "FILE:1: listeners[0].tls.key_file is set and listeners[0].tls.certificate_file is not; TLS needs both"},
    {"listeners: [{port: 4739, transport: tcp, tls: {client_ca_file: a}}]",
     "FILE:1: listeners[0].tls.client_ca_file is set without a certificate of the listener's own; TLS needs "
     "that, and its key"},
    {R"(listeners:
  - {port: 8080, transport: tcp})",
     "FILE:2: listeners[0] listens on TCP [::]:8080, which metrics.listen on 127.0.0.1:8080 needs too; give "
     "them ports of their own"},
    {R"(exporters:
  - {prefix: 192.0.2.0/33})",
     R"(FILE:2: exporters[0].prefix is "192.0.2.0/33"; it takes a prefix or an address such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1)"},
    {R"(exporters:
  - {name: core})",
     "FILE:2: exporters[0] has no prefix; add one, such as prefix: 192.0.2.0/24"},
    {R"(exporters:
  - {prefix: 192.0.2.0/24}
  - {prefix: 192.0.2.7/24})",
     "FILE:3: exporters[1].prefix is 192.0.2.0/24, as that of exporters[0] (line 2); keep one of them"},
    {R"(exporters:
  - {prefix: 192.0.2.1, sampling_rate: 100})",
     R"(FILE:2: unknown key "exporters[0].sampling_rate"; known here are prefix, name, site, role, tenant, sampling_rate_default, sampling_rate_override, netflow5_sampling_16bit, key_with_port, max_datagrams_per_second, max_past, max_future, max_flow_age, times, decapsulate, sflow_bytes, split_biflows, mediator, firewall_volume, derive_forwarding_status, icmp_ports, post_counters)"},
    {"exporters: [192.0.2.1]",
     R"(FILE:1: exporters[0] is "192.0.2.1"; it takes a map such as {prefix: 192.0.2.0/24, name: core})"},
    {"kafka: {compression: lzma}",
     R"(FILE:1: kafka.compression is "lzma"; it takes none, gzip, snappy, lz4 or zstd)"},
    {"kafka: {acks: 2}",
     R"(FILE:1: kafka.acks is "2"; it takes 0, 1 or all)"},
    {"sinks: {c: {type: file, stream: options}}",
     R"(FILE:1: sinks.c.stream is "options"; it takes flows or counters)"},
    {"sinks: {a: {type: file, spool: {path: /s}}, b: {type: kafka, spool: {path: /s}}}",
     R"(FILE:1: sinks.b.spool.path is "/s", which is the spool of the sink a; each takes a directory of its own)"},
    {"sinks: {a: {type: file, spool: {path: /s/}}, b: {type: kafka, spool: {path: /s/x/../../s}}}",
     R"(FILE:1: sinks.b.spool.path is "/s/x/../../s", which is the spool of the sink a; each takes a directory of its own)"},
    {"sinks: {a: {type: file, spool: {path: s}}, b: {type: kafka, spool: {path: ./s}}}",
     R"(FILE:1: sinks.b.spool.path is "./s", which is the spool of the sink a; each takes a directory of its own)"},
    {"sinks: {c: {type: file, spool: {drop: all}}}",
     R"(FILE:1: sinks.c.spool.drop is "all"; it takes oldest or newest)"},
    {"sinks: {c: {type: stdout, stream: counters, filter: dst port 443}}",
     "FILE:1: sinks.c.filter is set, but only flows have what it asks for; with stream counters it takes nothing"},
    {"sinks:\n  c:\n    type: stdout\n    filter: prt 443\n",
     R"(FILE:4: sinks.c.filter is "prt 443"; at character 1 of the filter: 'prt' is no field and no word of the filter)"},
    {"sinks: {c: {type: stdout, filter: \"dst port\"}}",
     R"(FILE:1: sinks.c.filter is "dst port"; at the end of the filter: dst_port wants a number up to 65535, not the end)"},
    {"sinks: {c: {type: stdout, filter: [dst port 443]}}",
     "FILE:1: sinks.c.filter is a list; it takes a filter such as proto tcp and dst port 443"},
    {"sinks: {c: {type: stdout, stream: counters, json: {fields: goflow2}}}",
     "FILE:1: sinks.c.json.fields is goflow2, which only flows have; with stream counters it takes sluice"},
    {"sinks: {c: {type: kafka, stream: counters, partition_by: [src_addr]}}",
     "FILE:1: sinks.c.partition_by is a list of fields, which only flows have; with stream counters it takes exporter or round_robin"},
    {R"(kafka: {topic: "my flows"})",
     R"(FILE:1: kafka.topic is "my flows"; it takes 1 to 249 letters, digits, dots, dashes and underscores, as Kafka does)"},
    {R"(kafka: {brokers: "localhost:0"})",
     R"(FILE:1: kafka.brokers is "localhost:0"; it takes brokers as "host:port,host:port" with ports from 1 to 65535)"},
    {R"(kafka: {brokers: ""})",
     R"(FILE:1: kafka.brokers is ""; it takes brokers as "host:port,host:port" with ports from 1 to 65535)"},
    {"kafka: {format: columns}", R"(FILE:1: kafka.format is "columns"; it takes protobuf, json or native)"},
    {"kafka: {format: native, framing: single}",
     "FILE:1: kafka.framing is for records of one flow, and format native has many in each; it takes batch, or format protobuf"},
    {"kafka: {format: native, stream: counters}",
     "FILE:1: kafka.stream is counters, and format native is of flows alone; it takes flows, or format protobuf or json"},
    {"sinks: {c: {type: stdout, format: native}}",
     "FILE:1: sinks.c.format is native, which is for a topic that ClickHouse reads; with type stdout it takes protobuf or json"},
    {"sinks: {a: {type: kafka}, b: {type: kafka, format: native}}",
     "FILE:1: sinks.b.format is native, and the sink a writes protobuf or json to the same topic flows; each takes a topic of its own"},
    {"kafka: {block_bytes: 2MB}",
     "FILE:1: kafka.block_bytes is more than 1MB, which is what Kafka's brokers take in one record; it takes at most 1MB"},
    {"kafka: {block_bytes: 65MB}",
     R"(FILE:1: kafka.block_bytes is "65MB"; it takes a size from 4KB to 64MB, such as 64KB, 32MB or a plain number of bytes)"},
    {"sinks: {tables: {type: clickhouse, url: ftp://db}}", R"(FILE:1: sinks.tables.url is "ftp://db"; it takes URLs as http://HOST:PORT or https://HOST:PORT, with commas between several)"},
    {"sinks: {tables: {type: clickhouse, format: json}}",
     "FILE:1: sinks.tables.format is json; a sink of type clickhouse makes its columns of protobuf"},
    {"sinks: {tables: {type: clickhouse, stream: counters}}",
     "FILE:1: sinks.tables.stream is counters, for which there are no tables; a sink of type clickhouse takes flows"},
    {"sinks: {tables: {type: postgres, servers: 'db:port'}}",
     R"(FILE:1: sinks.tables.servers is "db:port"; it takes HOST:PORT, or the directory of a Unix socket such as /run/postgresql, with commas between several)"},
    {"sinks: {tables: {type: postgres, format: json}}",
     "FILE:1: sinks.tables.format is json; a sink of type postgres makes its rows of protobuf"},
    {"sinks: {tables: {type: postgres, stream: counters}}",
     "FILE:1: sinks.tables.stream is counters, for which there is no table; a sink of type postgres takes flows"},
    {"sinks: {tables: {type: postgres, table: my-flows}}",
     R"(FILE:1: sinks.tables.table is "my-flows"; it takes letters, digits and underscores, 1 to 48 of them)"},
    {"sinks: {tables: {type: postgres, columns: [time_received, src_adr]}}",
     R"(FILE:1: sinks.tables.columns names "src_adr", which is no column of a flow; did you mean src_addr?)"},
    {"sinks: {tables: {type: postgres, columns: [time_received, zone, zones]}}\nfields: [{name: zone, number: 2000, elements: [1]}]",
     R"(FILE:1: sinks.tables.columns names "zones", which is no column of a flow; did you mean zone?)"},
    {"sinks: {tables: {type: postgres, columns: [time_received, bytes, bytes]}}",
     R"(FILE:1: sinks.tables.columns names "bytes" twice; keep one)"},
    {"sinks: {tables: {type: postgres, columns: [src_addr, bytes]}}",
     "FILE:1: sinks.tables.columns has no time_received, by which the table is parted into days; add it"},
    {"sinks: {tables: {type: postgres, tls: {mode: verify-full}}}",
     "FILE:1: sinks.tables.tls.mode checks the server's certificate and tls.ca_file is empty; name the file of the authorities"},
    {"sinks: {tables: {type: mysql, servers: 'db:port'}}",
     R"(FILE:1: sinks.tables.servers is "db:port"; it takes HOST:PORT, or the path of a Unix socket such as /run/mysqld/mysqld.sock, with commas between several)"},
    {"sinks: {tables: {type: mysql, format: json}}",
     "FILE:1: sinks.tables.format is json; a sink of type mysql makes its rows of protobuf"},
    {"sinks: {tables: {type: mysql, columns: [src_addr, bytes]}}",
     "FILE:1: sinks.tables.columns has no time_received, by which the table is parted into days; add it"},
    {"sinks: {tables: {type: mysql, insert: copy}}",
     R"(FILE:1: sinks.tables.insert is "copy"; it takes auto or rows)"},
    {"sinks: {tables: {type: mysql, tls: {mode: verify-ca}}}",
     R"(FILE:1: sinks.tables.tls.mode is "verify-ca"; it takes disable, prefer, require or verify-full)"},
    {"sinks: {tables: {type: mysql, tls: {mode: verify-full}}}",
     "FILE:1: sinks.tables.tls.mode checks the server's certificate and tls.ca_file is empty; name the file of the authorities"},
    {"kafka: {flush_interval: 200}",
     R"(FILE:1: kafka.flush_interval is "200"; add a unit (ms, s, m, h or d), such as 200ms)"},
    {"kafka: {framing: lines}",
     R"(FILE:1: kafka.framing is "lines"; it takes batch, single or plain)"},
    {"kafka: {partition_by: src_addr}",
     R"(FILE:1: kafka.partition_by is "src_addr"; it takes exporter, round_robin or a list of fields such as [src_addr, dst_addr])"},
    {"kafka: {partition_by: [src_adr]}",
     R"(FILE:1: kafka.partition_by names "src_adr", which is no field of a flow; did you mean src_addr?)"},
    {"kafka: {partition_by: [nonsense]}",
     R"(FILE:1: kafka.partition_by names "nonsense", which is no field of a flow; sluice schema fields lists them)"},
    {"kafka: {partition_by: []}",
     "FILE:1: kafka.partition_by is empty; it takes exporter, round_robin or a list of fields such as [src_addr, dst_addr]"},
    {"kafka: {type: file}",
     R"(FILE:1: kafka.type is "file"; top-level kafka is a Kafka sink, others belong under sinks)"},
    {"kafka: {path: /tmp}",
     "FILE:1: kafka.path is a setting of file sinks; this sink is of type kafka, which has type, stream, filter, format, json, block_bytes, flush_interval, spool, brokers, topic, framing, partition_by, producers, buckets, buffer_bytes, compression, acks, tls, sasl, properties"},
    {"kafka: {rotate_every: 5m}",
     "FILE:1: kafka.rotate_every is a setting of file sinks; this sink is of type kafka, which has type, stream, filter, format, json, block_bytes, flush_interval, spool, brokers, topic, framing, partition_by, producers, buckets, buffer_bytes, compression, acks, tls, sasl, properties"},
    {"kafka: {properties: [a]}",
     "FILE:1: kafka.properties is a list; it takes a map of librdkafka's properties such as {linger.ms: 5}"},
    {"kafka: {sasl: {mechanism: SCRAM}}",
     R"(FILE:1: kafka.sasl.mechanism is "SCRAM"; it takes PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or "" for none)"},
    {R"(kafka:
  sasl:
    mechanism: PLAIN)",
     "FILE:3: kafka.sasl.mechanism PLAIN needs kafka.sasl.username and kafka.sasl.password"},
    {R"(kafka:
  sasl:
    mechanism: PLAIN
    username: me)",
     "FILE:3: kafka.sasl.mechanism PLAIN needs kafka.sasl.password"},
    {"kafka: {sasl: {username: me}}",
     "FILE:1: kafka.sasl.username is given without kafka.sasl.mechanism; it takes PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
    {"kafka: {sasl: {oauth: {token_url: 'https://login.example.net/token'}}}",
     "FILE:1: kafka.sasl.oauth.token_url is given without kafka.sasl.mechanism OAUTHBEARER"},
    {"kafka: {sasl: {mechanism: PLAIN, username: u, password: p, oauth: {client_id: me}}}",
     "FILE:1: kafka.sasl.oauth.client_id is given without kafka.sasl.mechanism OAUTHBEARER"},
    {"kafka: {sasl: {mechanism: OAUTHBEARER}}",
     "FILE:1: kafka.sasl.mechanism OAUTHBEARER needs kafka.sasl.oauth.token_url and "
     "kafka.sasl.oauth.client_id and kafka.sasl.oauth.client_secret"},
    {"kafka: {sasl: {mechanism: OAUTHBEARER, username: me}}",
     "FILE:1: kafka.sasl.username is of no use to OAUTHBEARER, which takes kafka.sasl.oauth.client_id and "
     "client_secret"},
    {"kafka: {sasl: {mechanism: OAUTHBEARER, oauth: {client_id: a, client_secret: b, token_url: "
     "'http://login.example.net/token'}}}",
     "FILE:1: kafka.sasl.oauth.token_url is \"http://login.example.net/token\"; it takes https://HOST/PATH, or "
     "http:// of this very machine"},
    {"kafka: {sasl: {oauth: {extensions: {auth: x}}}}",
     "FILE:1: kafka.sasl.oauth.extensions.auth is \"x\"; an extension is a name of letters, but not auth, and "
     "printable text"},
    {"kafka: {sasl: {password: hunter2}}",
     "FILE:1: kafka.sasl.password is given without kafka.sasl.mechanism; it takes PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
    {"kafka: {tls: {certificate_file: a.pem}}",
     "FILE:1: kafka.tls.certificate_file is given without kafka.tls.key_file; a certificate needs its key"},
    {"kafka: {tls: {key_file: a.pem}}",
     "FILE:1: kafka.tls.key_file is given without kafka.tls.certificate_file; a certificate needs its key"},
    {"kafka: {tls: true}",
     R"(FILE:1: kafka.tls is "true"; it takes a map of settings (enabled, ca_file, certificate_file, key_file, key_password, key_password_file, verify))"},
    {"kafka: {tls: {ca: x}}",
     R"(FILE:1: unknown key "kafka.tls.ca"; did you mean kafka.tls.ca_file?)"},
    {R"(kafka: {}
sinks:
  kafka: {type: kafka})",
     "FILE:1: kafka is the same sink as sinks.kafka on line 3; keep one of them"},
    {R"(sinks:
  out: {format: json})",
     "FILE:2: sinks.out has no type; it takes kafka, clickhouse, postgres, mysql, file or stdout"},
    {R"(sinks:
  out: {type: elastic})",
     R"(FILE:2: sinks.out.type is "elastic"; it takes kafka, clickhouse, postgres, mysql, file or stdout)"},
    {R"(sinks:
  Out: {type: stdout})",
     R"(FILE:2: "Out" is no name for a sink; it takes 1 to 64 of a-z, 0-9, _ and -)"},
    {R"(sinks:
  out:
    type: file
    topic: flows)",
     "FILE:4: sinks.out.topic is a setting of kafka sinks; this sink is of type file, which has type, stream, filter, format, json, block_bytes, flush_interval, spool, path, prefix, rotate_every, rotate_bytes, queue_bytes"},
    {R"(sinks:
  out:
    type: stdout
    tls: {enabled: true})",
     "FILE:4: sinks.out.tls is a setting of kafka sinks; this sink is of type stdout, which has type, stream, filter, format, json, block_bytes, flush_interval, spool, queue_bytes"},
    {"sinks: [kafka]",
     "FILE:1: sinks is a list; it takes a map of sinks such as {archive: {type: file, path: flows}}"},
    {"log: {level: warn}",
     R"(FILE:1: log.level is "warn"; it takes trace, debug, info, warning or error)"},
    {"log: {format: xml}",
     R"(FILE:1: log.format is "xml"; it takes text or json)"},
    {R"(log: {repeat_every: "10"})",
     R"(FILE:1: log.repeat_every is "10"; add a unit (ms, s, m, h or d), such as 10s)"},
    {"metrics: {listen: localhost:8080}",
     R"(FILE:1: metrics.listen is "localhost:8080"; it takes an address and a port such as "127.0.0.1:8080" or "[::1]:8080", or "" to turn it off)"},
    {R"(metrics: {listen: "8080"})",
     R"(FILE:1: metrics.listen is "8080"; it takes an address and a port such as "127.0.0.1:8080" or "[::1]:8080", or "" to turn it off)"},
    {"metrics: {allow: [10.0.0.0/8, home]}",
     R"(FILE:1: metrics.allow[1] is "home"; it takes a prefix or an address such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1)"},
    {"metrics: {allow: 10.0.0.0/8}",
     R"(FILE:1: metrics.allow is "10.0.0.0/8"; it takes a list of prefixes such as [192.0.2.0/24, "2001:db8::/32"])"},
    {R"(api: {listen: "0.0.0.0:8081"})",
     "FILE:1: api.listen 0.0.0.0:8081 is reachable from other machines; set api.token or listen on 127.0.0.1"},
    {R"(api: {listen: "127.0.0.1:8080"})",
     "FILE:1: metrics.listen and api.listen are both 127.0.0.1:8080; give them ports of their own"},
    {"web: {listen: '0.0.0.0:8082'}",
     "FILE:1: web.listen 0.0.0.0:8082 is reachable from other machines; set web.token_file or listen on "
     "127.0.0.1"},
    {"web: {tls: {key_file: /etc/key}}",
     "FILE:1: web.tls.key_file is given and web.tls.certificate_file is not; give both or none"},
    {"web: {collectors: [{token_file: /etc/token}]}",
     "FILE:1: web.collectors[0] has no url; add one, such as url: http://127.0.0.1:8081"},
    {"enrich: {snmp: {interval: 1s}}",
     R"(FILE:1: enrich.snmp.interval is "1s"; it takes a duration from 10s to 24h in whole seconds, such as 10s, 5m, 24h or 30d)"},
    {"enrich: {snmp: {devices: [{community: x}]}}",
     "FILE:1: enrich.snmp.devices[0] has no prefix; add one, such as prefix: 192.0.2.0/24"},
    {"enrich: {snmp: {devices: [192.0.2.1]}}",
     R"(FILE:1: enrich.snmp.devices[0] is "192.0.2.1"; it takes a map such as {prefix: 192.0.2.0/24, community_file: /etc/sluice/snmp-community})"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1}]}}",
     "FILE:1: enrich.snmp.devices[0] has no community; add community_file or community, or version: 3 with a user"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, community: x, address: core1}]}}",
     R"(FILE:1: enrich.snmp.devices[0].address is "core1"; it takes an IPv4 or IPv6 address such as 192.0.2.1, or "" for the exporter's own)"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, community: x, version: 1}]}}",
     R"(FILE:1: enrich.snmp.devices[0].version is "1"; it takes 2c or 3)"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, user: u, auth_password: 'long enough'}]}}",
     "FILE:1: enrich.snmp.devices[0].user is for version 3; add version: 3, or a community instead"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, version: 3, auth_protocol: none, privacy_protocol: none}]}}",
     "FILE:1: enrich.snmp.devices[0] has no user, which version 3 needs"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, version: 3, user: u, auth_password: 'long enough'}]}}",
     "FILE:1: enrich.snmp.devices[0] has no privacy_password for privacy_protocol AES; add it or privacy_password_file, or set "
     "privacy_protocol: none"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, version: 3, user: u, auth_password: short, privacy_protocol: none}]}}",
     "FILE:1: enrich.snmp.devices[0].auth_password has less than 8 characters, which SNMPv3 does not allow"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, version: 3, user: u, auth_protocol: none, auth_password: 'long enough', privacy_protocol: none}]}}",
     "FILE:1: enrich.snmp.devices[0].auth_password is set and enrich.snmp.devices[0].auth_protocol is none; keep one of them"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, version: 3, user: u, auth_protocol: none, privacy_password: 'long enough'}]}}",
     "FILE:1: enrich.snmp.devices[0].privacy_protocol is AES and auth_protocol none; SNMPv3 encrypts for users alone whom it authenticates"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, version: 3, user: u, community: x, auth_protocol: none, privacy_protocol: none}]}}",
     "FILE:1: enrich.snmp.devices[0].community is for version 2c; version 3 takes user and passwords"},
    {"enrich: {snmp: {devices: [{prefix: 192.0.2.1, version: 3, user: u, auth_protocol: SHA-1, auth_password: 'long enough', privacy_protocol: none}]}}",
     R"(FILE:1: enrich.snmp.devices[0].auth_protocol is "SHA-1"; it takes none, MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512)"},
    {"web: {clickhouse: {url: 'db1:8123'}}",
     "FILE:1: web.clickhouse.url is \"db1:8123\"; it takes a URL such as http://127.0.0.1:8123"},
    {"api: {token: a, token_file: /nonexistent}",
     "FILE:1: api.token and api.token_file are both given; keep one of them"},
    {"api: {token_file: /nonexistent/token}",
     R"(FILE:1: api.token_file names "/nonexistent/token", which cannot be read: No such file or directory)"},
    {"collector_id: ${NOT_SET_ANYWHERE}",
     "FILE:1: collector_id needs the environment variable NOT_SET_ANYWHERE, which is not set; set it or write ${NOT_SET_ANYWHERE:-default}"},
    {"collector_id: ${oops",
     "FILE:1: collector_id has a ${ that is not ${NAME} or ${NAME:-default}; write $${ for the characters themselves"},
    {R"(- a
- b)",
     R"(FILE:1: the file is no map of settings; it takes lines such as "workers: 4")"},
    {R"(workers: 4
  batch: 3)",
     "FILE:2: not valid YAML at column 8: illegal map value"},
    {"receive: {batch: 3",
     "FILE:1: not valid YAML at column 1: end of map flow not found"},
    {"a: b: c",
     "FILE:1: not valid YAML at column 5: illegal map value"},
    {R"(workers: 1
---
workers: 2)",
     "FILE:3: a second YAML document starts here; only one is read"},
    {R"(collector_id: "a\tb")",
     R"(FILE:1: collector_id is "a?b"; it takes up to 255 bytes of UTF-8 without control characters)"},
    {R"(? [a, b]
: c)",
     "FILE:1: a key here is a list or a map; keys are plain words"},
    {"enrich:\n  interfaces:\n    - {exporter: 192.0.2.1, index: 1, boundary: outside}",
     R"(FILE:3: enrich.interfaces[0].boundary is "outside"; it takes external or internal)"},
    {"<<: {workers: 4}",
     R"(FILE:1: unknown key "<<"; known here are collector_id, workers, listeners, receive, decode, exporters, enrich, fields, sources, kafka, sinks, log, metrics, api, state, run, user, shutdown_timeout, web)"},
};
// clang-format on

TEST(Mistakes, GiveTheirSentence) {
  for (const Mistake& mistake : kMistakes)
    EXPECT_THAT(told(load_text(mistake.yaml)), ElementsAre(mistake.message)) << mistake.yaml;
}

TEST(Mistakes, AreToldAllAtOnceInTheOrderOfTheFile) {
  const auto result = load_text(
      "api: {listen: 0.0.0.0:8081}\n"
      "workers: many\n"
      "kafka:\n"
      "  compresion: lz4\n"
      "  acks: none\n",
      {{"SLUICE_LOG__LEVEL", "loud"}}, {"receive.batch=0"});
  EXPECT_THAT(
      told(result),
      ElementsAre("FILE:1: api.listen 0.0.0.0:8081 is reachable from other machines; set api.token or listen "
                  "on 127.0.0.1",
                  "FILE:2: workers is \"many\"; it takes a whole number from 0 to 1024",
                  "FILE:4: unknown key \"kafka.compresion\"; did you mean kafka.compression?",
                  "FILE:5: kafka.acks is \"none\"; it takes 0, 1 or all",
                  "environment SLUICE_LOG__LEVEL: log.level is \"loud\"; it takes trace, debug, info, "
                  "warning or error",
                  "--set receive.batch: receive.batch is \"0\"; it takes a whole number from 1 to 1024"));
}

TEST(Mistakes, AWrongSettingIsToldOnceAlsoWhereOthersDependOnIt) {
  EXPECT_THAT(told(load_text("kafka: {sasl: {mechanism: PLIAN, username: me, password: hunter2}}")),
              ElementsAre("FILE:1: kafka.sasl.mechanism is \"PLIAN\"; it takes PLAIN, SCRAM-SHA-256, "
                          "SCRAM-SHA-512, OAUTHBEARER or \"\" for none"));
  EXPECT_THAT(
      told(load_text("workers: ${MISSING_NUMBER}")),
      ElementsAre(
          "FILE:1: workers needs the environment variable MISSING_NUMBER, which is not set; set it or write "
          "${MISSING_NUMBER:-default}"));
  EXPECT_THAT(told(load_text("listeners: [\"${MISSING_ADDRESS}:2055\"]")),
              ElementsAre("FILE:1: listeners[0] needs the environment variable MISSING_ADDRESS, which is not "
                          "set; set it or write "
                          "${MISSING_ADDRESS:-default}"));
}

TEST(Mistakes, TheDirectoryThatASinkHasByItselfIsTaken) {
  ::setenv("STATE_DIRECTORY", "/var/lib/sluice-test", 1);
  EXPECT_THAT(
      told(load_text(
          "sinks: {a: {type: file, spool: {path: /var/lib/sluice-test/spool/b}}, b: {type: kafka}}")),
      ElementsAre("FILE:1: sinks.a.spool.path is \"/var/lib/sluice-test/spool/b\", which is the spool of the "
                  "sink b; each takes a directory of its own"));
  ::unsetenv("STATE_DIRECTORY");
}

TEST(Mistakes, OneDirectoryBehindTwoNames) {
  const std::string name = (std::filesystem::temp_directory_path() / "sluice-two-names").string();
  std::filesystem::remove(name);
  std::filesystem::create_directory_symlink("/tmp", name);
  EXPECT_THAT(
      told(load_text("sinks: {a: {type: file, spool: {path: /tmp/s}}, b: {type: kafka, spool: {path: " +
                     name + "/s}}}")),
      ElementsAre("FILE:1: sinks.b.spool.path is \"" + name +
                  "/s\", which is the spool of the sink a; each takes a directory of its own"));
  std::filesystem::remove(name);
}

TEST(Mistakes, EndlessAliasesEnd) {
  const auto errors = told(load_text("x: &a [*a]"));
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0], "FILE:1: values are nested deeper than 32 levels here");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int k = 1; k < 10; ++k) bomb += ", " + below;
    bomb += "]\n";
  }
  EXPECT_THAT(told(load_text(bomb)),
              testing::Contains(testing::EndsWith("the file holds more than 100000 values")));
}

TEST(Mistakes, AnUnreadableFileIsOneSentence) {
  EXPECT_THAT(told(load({"no/such/sluice.yaml", {}, {}})),
              ElementsAre("no/such/sluice.yaml: cannot be read: No such file or directory"));
  EXPECT_THAT(told(load({"/", {}, {}})), ElementsAre("/: cannot be read: Is a directory"));
  EXPECT_THAT(told(load({std::nullopt, {}, {{"SLUICE_CONFIG", "no/such.yaml"}}})),
              ElementsAre("environment SLUICE_CONFIG: names \"no/such.yaml\", which cannot be read: No such "
                          "file or directory"));
  const TemporaryFile file("workers: 1");
  std::filesystem::permissions(file.path(), std::filesystem::perms::none);
  // root reads everything, so only others can see this one.
  if (::geteuid() != 0) {
    EXPECT_THAT(told(load({file.path(), {}, {}})),
                ElementsAre(file.path() + ": cannot be read: Permission denied"));
  }
}

TEST(Mistakes, SecretsAreNeverTold) {
  for (const char* yaml :
       {"api: {token: hunter2, token_file: /x}", "api: {tokn: hunter2}", "api: {token: [hunter2]}",
        "kafka: {sasl: {password: hunter2}}", "kafka: {sasl: {mechanism: PLAIN, password: hunter2}}"}) {
    const auto errors = told(load_text(yaml));
    EXPECT_THAT(errors, ElementsAre(testing::Not(testing::HasSubstr("hunter2")))) << yaml;
  }
  const auto errors = told(
      load({std::nullopt, {"api.tokn=hunter2", "api.token.x=hunter2"}, {{"SLUICE_API_TOKEN", "hunter2"}}}));
  EXPECT_EQ(errors.size(), 3U);
  EXPECT_THAT(errors, testing::Each(testing::Not(testing::HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace sluice::config
