#!/usr/bin/python3
"""The shipped tables at work in the engine: conversions, sums, names, apply.sh."""
import ipaddress
import os
import shutil
import subprocess

from harness import schema, store
from harness.case import Case, main
from harness.columns import NOBODY, PROTO, SCRIPTS, T0, fields, is_address, raw_name, raw_type, rollups, unhex
from harness.tables import StoreCase


class Tables(StoreCase):
    def test_raw_columns(self):
        rows = self.store.query("SELECT name, type, comment, default_kind FROM system.columns "
                                "WHERE database = 'sluice' AND table = 'flows_raw' ORDER BY position")
        found = {name: (kind, comment, default) for name, kind, comment, default in rows}
        for field in fields():
            kind, comment, default = found.pop(raw_name(field))
            self.assertTrue(kind.removeprefix("Array(").startswith(raw_type(field).removeprefix("Array(").rstrip(")")),
                            f"{field.name}: {kind}, not {raw_type(field)}")
            self.assertEqual(kind.startswith("Array("), field.label == "repeated", field.name)
            self.assertEqual(default, "", field.name)
            self.assertEqual(comment, field.comment, field.name)
        own = {name for name, (_, _, default) in found.items() if default in ("", "DEFAULT")}
        self.assertEqual(own, {"kafka_topic", "kafka_partition", "kafka_offset", "inserted_at"})
        self.assertTrue(all(comment for _, comment, _ in found.values()), "a column without a comment")

    def test_raw_table(self):
        self.assertEqual(self.store.query("SELECT sorting_key, partition_key FROM system.tables "
                                          "WHERE database = 'sluice' AND name = 'flows_raw'"),
                         [["toStartOfFiveMinutes(time_received), sampler_address, in_if, out_if", "toDate(time_received)"]])
        text = self.store.value("SELECT create_table_query FROM system.tables WHERE database = 'sluice' AND name = 'flows_raw'")
        self.assertIn("ttl_only_drop_parts = 1", text)
        self.assertIn("TTL toDate(time_received) + toIntervalDay(30)", text)
        self.assertEqual(self.store.query("SELECT expr, type FROM system.data_skipping_indices "
                                          "WHERE database = 'sluice' AND table = 'flows_raw' ORDER BY expr"),
                         [["dst_addr", "bloom_filter"], ["src_addr", "bloom_filter"]])

    def test_index_is_used(self):
        self.feed({"src_addr": "unhex('c0000201')", "time_received_ns": T0})
        plan = self.store.text("EXPLAIN indexes = 1 SELECT * FROM sluice.flows_raw WHERE src_addr = toIPv6('192.0.2.1')")
        self.assertIn("src_addr_index", plan)

    def test_addresses(self):
        raw = [b"", bytes([192, 0, 2, 1]), bytes(4), b"\xff" * 4, ipaddress.ip_address("2001:db8::1").packed, bytes(16),
               b"\xff" * 16, ipaddress.ip_address("::ffff:192.0.2.1").packed, b"abc", b"\x20" * 17]
        expected = ["::", "::ffff:192.0.2.1", "::ffff:0.0.0.0", "::ffff:255.255.255.255", "2001:db8::1", "::",
                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:192.0.2.1", "::", "::"]
        people = ["::", "192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::",
                  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "192.0.2.1", "::", "::"]
        names = [field.name for field in fields() if is_address(field) and field.label != "repeated"]
        self.feed(*({"in_if": number, "time_received_ns": T0, **{name: unhex(address) for name in names}}
                    for number, address in enumerate(raw)))
        for name in names:
            self.assertEqual(self.store.query(f"SELECT {name} FROM sluice.flows_raw ORDER BY in_if"),
                             [[text] for text in expected], name)
        aliases = [row[0] for row in self.store.query("SELECT name FROM system.columns WHERE database = 'sluice' "
                                                      "AND table = 'flows_raw' AND name LIKE '%_ip' AND default_kind = 'ALIAS'")]
        self.assertEqual(len(aliases), 9)
        for alias in aliases:
            self.assertEqual(self.store.query(f"SELECT {alias} FROM sluice.flows_raw ORDER BY in_if"),
                             [[text] for text in people], alias)

    def test_address_lists(self):
        self.feed({"mpls_ip": f"[{unhex(bytes([192, 0, 2, 1]))}, {unhex(bytes(16))}]", "time_received_ns": T0})
        self.assertEqual(self.store.query("SELECT mpls_ip, ipv6_routing_header_addresses FROM sluice.flows_raw"),
                         [[["::ffff:192.0.2.1", "::"], []]])

    def test_nanoseconds(self):
        values = [T0, T0 + 1, T0 + 999_999_999, 1, 2**63 - 1]
        self.feed(*({"in_if": number, "time_received_ns": T0, "time_flow_start_ns": value, "time_flow_end_ns": value}
                    for number, value in enumerate(values)))
        self.assertEqual(self.store.query("SELECT toUnixTimestamp64Nano(time_flow_start), toUnixTimestamp64Nano(time_flow_end) "
                                          "FROM sluice.flows_raw ORDER BY in_if"), [[value, value] for value in values])
        self.assertEqual(self.store.value("SELECT toString(time_flow_start) FROM sluice.flows_raw WHERE in_if = 2"),
                         "2026-11-21 12:00:00.999999999")

    def test_absent_times(self):
        self.feed({"in_if": 1, "time_received_ns": 0, "kafka_time": "'2026-11-21 12:00:00.123'"},
                  {"in_if": 2, "time_received_ns": T0 + 5},
                  {"in_if": 3, "time_received_ns": T0 + 5, "time_flow_end_ns": T0 + 3},
                  {"in_if": 4, "time_received_ns": T0 + 5, "time_flow_end_ns": 2**63, "time_flow_start_ns": 2**64 - 1})
        zone = self.store.value("SELECT toUnixTimestamp64Milli(toDateTime64('2026-11-21 12:00:00.123', 3)) * 1000000")
        self.assertEqual(self.store.query(
            "SELECT in_if, toUnixTimestamp64Nano(time_received), toUnixTimestamp64Nano(time_flow_start), "
            "toUnixTimestamp64Nano(time_flow_end) FROM sluice.flows_raw ORDER BY in_if"),
            [[1, zone, zone, zone], [2, T0 + 5, T0 + 5, T0 + 5], [3, T0 + 5, T0 + 3, T0 + 3], [4, T0 + 5, T0 + 5, T0 + 5]])

    def test_enum_values(self):
        self.feed(*({"in_if": number, "time_received_ns": T0, "type": value, "flow_direction": value,
                     "sampling_rate_source": value, "layer_stack": f"[{value}]"}
                    for number, value in enumerate((0, 1, 4, 13, 14, 98, 99, 300, -5))))
        self.assertEqual(self.store.query("SELECT type, flow_direction, sampling_rate_source, layer_stack "
                                          "FROM sluice.flows_raw ORDER BY in_if"),
                         [["FLOWUNKNOWN", "DIRECTION_UNKNOWN", "RATE_UNKNOWN", ["Ethernet"]],
                          ["SFLOW_5", "INGRESS", "HEADER", ["IPv4"]], ["IPFIX", "OTHER", "CONFIGURED", ["UDP"]],
                          ["OTHER", "OTHER", "OTHER", ["Teredo"]], ["OTHER", "OTHER", "OTHER", ["OTHER"]],
                          ["OTHER", "OTHER", "OTHER", ["OTHER"]], ["OTHER", "OTHER", "OTHER", ["Custom"]],
                          ["OTHER", "OTHER", "OTHER", ["OTHER"]], ["OTHER", "OTHER", "OTHER", ["OTHER"]]])

    def test_wide_values(self):
        """Nothing that the message holds is too wide for its column."""
        largest = {"uint32": 2**32 - 1, "uint64": 2**64 - 1}
        chosen = [field for field in fields() if field.type in largest and not field.name.startswith("time_")]
        self.feed({"time_received_ns": T0, **{field.name: f"[{largest[field.type]}]" if field.label == "repeated"
                                              else largest[field.type] for field in chosen}})
        row = self.store.query(f"SELECT {', '.join(field.name for field in chosen)} FROM sluice.flows_raw")[0]
        for field, value in zip(chosen, row):
            self.assertEqual(value, [largest[field.type]] if field.label == "repeated" else largest[field.type], field.name)

    def test_text_columns(self):
        self.feed({"time_received_ns": T0, "src_mac": 0x0002A5FF0102, "dst_mac": 0, "tcp_flags": 0x1B,
                   "application_id": "unhex('0d0001bb')"})
        self.assertEqual(self.store.query("SELECT src_mac_text, dst_mac_text, tcp_flags_text, application_id_text "
                                          "FROM sluice.flows_raw"),
                         [["00:02:a5:ff:01:02", "00:00:00:00:00:00", "....AP.SF", "13:443"]])


class Rollups(StoreCase):
    def test_rollups(self):
        key = {"sampler_address": "unhex('c0000201')", "in_if": 1, "out_if": 2, "src_as": 64500, "dst_as": 64501,
               "etype": 2048, "proto": 6}
        minute = 60 * 10**9
        for number in range(12):  # a row every minute, three rates
            for rate in (0, 100, 1000):
                self.feed({**key, "time_received_ns": T0 + number * minute + 1, "sampling_rate": rate, "bytes": 1000,
                           "packets": 10})
        for table, slots in (("flows_1m", 12), ("flows_5m", 3), ("flows_1h", 1)):
            self.store.text(f"OPTIMIZE TABLE sluice.{table} FINAL")
            self.assertEqual(self.store.query(
                "SELECT count(), uniqExact(time), sum(flows), sum(bytes), sum(packets), sum(bytes_corrected), "
                f"sum(packets_corrected), sumIf(bytes, sampling_rate = 0) FROM sluice.{table}"),
                [[slots * 3, slots, 36, 36_000, 360, 12_000 + 1_200_000 + 12_000_000, 120 + 12_000 + 120_000, 12_000]], table)
            self.assertEqual(self.store.query(f"SELECT DISTINCT sampler_ip, in_if, out_if, src_as, dst_as, etype, proto FROM "
                                              f"sluice.{table}"), [["192.0.2.1", 1, 2, 64500, 64501, 2048, 6]], table)
        self.assertEqual(self.store.query("SELECT sum(bytes_corrected), sum(packets_corrected) FROM sluice.flows_raw"),
                         [[13_212_000, 132_120]])

    def test_short_rollups(self):
        """Flows of two pairs of ASes by two interfaces each are a row for each interface, or for each pair."""
        for number in range(12):
            for source_as, interface in ((64500, 1), (64500, 2), (64501, 1), (64501, 2)):
                self.feed({"sampler_address": "unhex('c0000201')", "in_if": interface, "out_if": 3, "src_as": source_as, "dst_as": 64510,
                           "src_addr": f"unhex('c633640{interface}')", "dst_addr": "unhex('cb007101')", "etype": 2048, "proto": 6,
                           "time_received_ns": T0 + number * 60 * 10**9, "sampling_rate": 100, "bytes": source_as, "packets": interface})
        for table, slots, keys, rows in (("interfaces_5m", 3, "sampler_ip, in_if, out_if, etype, proto", 2), ("interfaces_1h", 1, "sampler_ip, in_if, out_if, etype, proto", 2),
                                         ("ases_5m", 3, "sampler_ip, src_as, dst_as", 2), ("ases_1h", 1, "sampler_ip, src_as, dst_as", 2),
                                         ("sources_all_1h", 1, "src_addr", 2), ("destinations_all_1h", 1, "dst_addr", 1)):
            with self.subTest(table=table):
                self.store.text(f"OPTIMIZE TABLE sluice.{table} FINAL")
                self.assertEqual(self.store.value(f"SELECT count() FROM sluice.{table}"), slots * rows)
                sums = f"SELECT {keys}, sum(bytes), sum(packets_corrected) FROM sluice.{{}} GROUP BY {keys} ORDER BY {keys}"
                of_all = self.store.query(sums.format("flows_raw"))
                self.assertEqual(len(of_all), rows)
                self.assertEqual(self.store.query(sums.format(table)), of_all)
                self.assertEqual(self.store.query(f"SELECT sum(flows), uniqExact(time), min(sampling_rate) FROM sluice.{table}"), [[48, slots, 100]])

    def test_rollups_of_addresses_and_ports(self):
        minute = 60 * 10**9
        for number in range(3):
            for port, answer in ((443, 50000), (50000, 443), (0, 0)):  # there, back, and a protocol without ports
                self.feed({"sampler_address": "unhex('c0000201')", "src_addr": "unhex('c6336401')", "dst_addr": "unhex('cb007101')",
                           "proto": 6 if port else 47, "src_port": port, "dst_port": answer, "time_received_ns": T0 + number * minute,
                           "sampling_rate": 10 * number, "bytes": 1000, "packets": 10})
        for table, key, values in (("sources_1h", "sluice_ip(src_addr)", ["198.51.100.1"] * 2), ("destinations_1h", "sluice_ip(dst_addr)", ["203.0.113.1"] * 2),
                                   ("ports_1h", "service_port", [443, 0])):
            self.store.text(f"OPTIMIZE TABLE sluice.{table} FINAL")
            self.assertEqual(self.store.query(f"SELECT toUnixTimestamp(any(time)), any(sampler_ip), {key} AS key, proto, count(), sum(flows), sum(bytes), sum(packets), "
                                              f"sum(bytes_corrected), sum(packets_corrected) FROM sluice.{table} GROUP BY key, proto ORDER BY proto"),
                             [[T0 // 10**9, "192.0.2.1", value, proto, 3, 3 * times, 3000 * times, 30 * times, 31_000 * times, 310 * times]
                              for value, proto, times in zip(values, (6, 47), (2, 1))], table)
        # The same by their names in flows_raw, so that one statement can ask either.
        self.assertEqual(self.store.query("SELECT service_port, sum(flows), toUnixTimestamp(min(time)) FROM sluice.flows_raw GROUP BY service_port ORDER BY service_port"),
                         [[0, 3, T0 // 10**9], [443, 6, T0 // 10**9]])

    def test_every_rollup_is_the_sums_of_raw(self):
        for number in range(24):
            self.feed({"sampler_address": f"unhex('c000020{number % 2}')", "in_if": number % 3, "out_if": number % 5, "src_as": 64500 + number % 2,
                       "dst_as": 64510 + number % 3, "src_addr": f"unhex('c633640{number % 4}')", "dst_addr": f"unhex('cb00710{number % 5}')",
                       "etype": 2048 if number % 4 else 34525, "proto": 6 + 11 * (number % 2), "src_port": 443, "dst_port": 40000 + number % 3,
                       "time_received_ns": T0 + number * 400 * 10**9 + 1, "sampling_rate": number % 3 * 100, "bytes": 1000 + number, "packets": number})
        for table, _, seconds, keys in rollups():
            sums = (f"SELECT toUnixTimestamp(toStartOfInterval(time, INTERVAL {seconds} SECOND)) AS slot, {keys}, sum(flows), sum(bytes), sum(packets), "
                    "sum(bytes_corrected), sum(packets_corrected) FROM sluice.{} GROUP BY ALL ORDER BY ALL")
            of_raw = self.store.query(sums.format("flows_raw"))
            self.assertGreater(len(of_raw), 1)
            self.assertEqual(self.store.query(sums.format(table)), of_raw, table)
            self.assertEqual(self.store.value(f"SELECT countIf(toUnixTimestamp(time) % {seconds} != 0) FROM sluice.{table}"), 0, table)

    def test_sums_that_64_bits_do_not_hold(self):
        """Made-up flows of the largest numbers: a rate beyond 32 bits counts as the largest of 32, and nothing wraps, in no table."""
        largest, rates = 2**64 - 1, (0, 1, 2**32 - 1, 2**32, 2**64 - 1)
        for number in range(3):
            self.feed(*({"time_received_ns": T0 + number, "bytes": largest, "packets": largest - 1, "sampling_rate": rate} for rate in rates))
        times = 3 * sum(min(max(rate, 1), 2**32 - 1) for rate in rates)
        for table in ("flows_raw", *(rollup.name for rollup in rollups())):
            if table != "flows_raw":
                self.store.text(f"OPTIMIZE TABLE sluice.{table} FINAL")
            self.assertEqual(self.store.query(f"SELECT sum(bytes_corrected), sum(packets_corrected), sum(toUInt128(bytes)), sum(toUInt128(packets)) FROM sluice.{table}"),
                             [[largest * times, (largest - 1) * times, 15 * largest, 15 * (largest - 1)]], table)

    def test_sums_of_64_bits_come_along(self):
        """Tables of an older version get wide sums, which is said, and keep what they hold; the next time nothing is left to do."""
        self.feed({"time_received_ns": T0, "bytes": 2**63, "packets": 7, "sampling_rate": 2})
        tables = [rollup.name for rollup in rollups()]
        for table in tables:
            self.store.text(f"ALTER TABLE sluice.{table} DROP COLUMN bytes_corrected, DROP COLUMN packets_corrected")
            self.store.text(f"ALTER TABLE sluice.{table} MODIFY COLUMN bytes UInt64 CODEC(T64, ZSTD(1)), MODIFY COLUMN packets UInt64 CODEC(T64, ZSTD(1))")
            self.store.text(f"ALTER TABLE sluice.{table} ADD COLUMN bytes_corrected UInt64 ALIAS bytes * greatest(sampling_rate, 1) AFTER flows, "
                            "ADD COLUMN packets_corrected UInt64 ALIAS packets * greatest(sampling_rate, 1) AFTER bytes_corrected")
        self.store.text("ALTER TABLE sluice.flows_raw MODIFY COLUMN bytes_corrected UInt64 ALIAS bytes * greatest(sampling_rate, 1)")
        part = "SELECT groupArray(name) FROM system.parts WHERE table = 'flows_raw' AND active"
        before = self.store.value(part)
        self.store.text("TRUNCATE TABLE sluice.schema_version")
        told = schema.apply(self.store, "--brokers", NOBODY)
        self.assertRegex(told, rf"bytes and packets of {', '.join(sorted(tables))} get 128 bits: these two columns are written anew, {len(tables)} rows in all; flows_raw is not touched")
        self.assertEqual(self.store.value(part), before)
        self.feed({"time_received_ns": T0, "bytes": 2**63, "packets": 7, "sampling_rate": 2})
        for table in ("flows_raw", *tables):
            self.assertEqual(self.store.query(f"SELECT sum(bytes_corrected), sum(packets_corrected), sum(toUInt128(bytes)) FROM sluice.{table}"), [[2**65, 28, 2**64]], table)
        self.store.text("TRUNCATE TABLE sluice.schema_version")
        self.assertNotIn("128 bits", schema.apply(self.store, "--brokers", NOBODY))

    def test_rates_are_exact_beyond_doubles(self):
        self.feed({"time_received_ns": T0, "bytes": 2**53 + 1, "sampling_rate": 1},
                  {"time_received_ns": T0, "bytes": 1, "sampling_rate": 1})
        self.assertEqual(self.store.value("SELECT sum(bytes_corrected) FROM sluice.flows_1h"), 2**53 + 2)


class Names(StoreCase):
    def test_functions(self):
        for call, expected in {
                "sluice_protocol(6)": "TCP", "sluice_protocol(toUInt32(58))": "IPv6-ICMP", "sluice_protocol(200)": "200",
                "sluice_as(64496)": "Example Transit", "sluice_as(toUInt32(4200000000))": "AS4200000000",
                "sluice_port(6, 443)": "https", "sluice_port(toUInt32(17), toUInt32(53))": "domain",
                "sluice_port(17, 49152)": "49152", "sluice_ethertype(2048)": "IPv4", "sluice_ethertype(0x86dd)": "IPv6",
                "sluice_ethertype(0x1234)": "0x1234", "sluice_icmp(1, 3, 1)": "Host Unreachable",
                "sluice_icmp(1, 8, 0)": "Echo Request", "sluice_icmp(58, 128, 0)": "Echo Request",
                "sluice_icmp(58, 3, 0)": "Hop Limit Exceeded in Transit", "sluice_icmp(1, 77, 5)": "type 77 code 5",
                "sluice_tcp_flags(toUInt32(0))": ".........", "sluice_tcp_flags(0x12)": "....A..S.",
                "sluice_tcp_flags(0x1ff)": "NCEUAPRSF", "sluice_mac(1)": "00:00:00:00:00:01",
                "sluice_network(toIPv6('192.0.2.200'))": "documentation", "sluice_network(toIPv6('192.0.3.1'))": "",
                "sluice_network(toIPv6('2001:db8:7::1'))": "documentation", "sluice_network('10.255.0.1')": "private",
                "sluice_network(toIPv4('172.31.255.255'))": "private", "sluice_network(toIPv4('172.32.0.0'))": "",
                "sluice_ip(toIPv6('::ffff:192.0.2.1'))": "192.0.2.1", "sluice_ip(toIPv6('::1'))": "::1",
                "sluice_ip(toIPv6('::192.0.2.1'))": "::192.0.2.1", "sluice_ip(toIPv4('192.0.2.1'))": "192.0.2.1",
                "sluice_ip(toIPv6('::ffff:0:1'))": "0.0.0.1",
                "sluice_ip(sluice_address(unhex('c0000201')))": "192.0.2.1"}.items():
            self.assertEqual(self.store.value(f"SELECT {call}"), expected, call)

    def test_longest_prefix_and_own_files(self):
        """A user's own file is read, and not overwritten by the next apply.sh."""
        path = os.path.join(self.store.files, "sluice_networks.csv")
        self.addCleanup(self.store.text, "SYSTEM RELOAD DICTIONARY sluice.networks")
        self.addCleanup(shutil.copy, os.path.join(SCRIPTS, "csv/sluice_networks.csv"), path)
        with open(path, "w") as file:
            file.write("prefix,name,asn\n198.18.0.0/15,lab,64500\n198.18.7.0/24,lab seven,64501\n2001:db8:1::/48,lab six,0\n")
        schema.apply(self.store, "--brokers", NOBODY)
        for address, name in (("198.18.7.9", "lab seven"), ("198.19.7.9", "lab"), ("2001:db8:1::9", "lab six"),
                              ("2001:db8:2::9", ""), ("192.0.2.1", "")):
            self.assertEqual(self.store.value(f"SELECT sluice_network(toIPv6('{address}'))"), name, address)
        self.assertEqual(self.store.value("SELECT dictGet('sluice.networks', 'asn', tuple(toIPv6('198.18.7.9')))"), 64501)

    def test_names_from_flows(self):
        sampler = {"sampler_address": "unhex('c0000209')"}
        self.feed({**sampler, "time_received_ns": T0, "exporter_name": "'old'", "in_if": 1, "in_if_name": "'xe-0'",
                   "in_if_description": "'uplink'", "out_if": 2, "out_if_name": "'xe-1'"},
                  {**sampler, "time_received_ns": T0 + 10, "exporter_name": "'core'", "in_if": 2, "in_if_name": "'xe-1/new'"},
                  {**sampler, "time_received_ns": T0 + 5, "exporter_name": "'late'"},
                  {"sampler_address": "unhex('c000020a')", "time_received_ns": T0, "in_if": 9})
        for name in ("exporters", "interfaces"):
            self.store.text(f"SYSTEM RELOAD DICTIONARY sluice.{name}")
        where = "toIPv6('192.0.2.9')"
        self.assertEqual(self.store.query(f"SELECT sluice_exporter({where}), sluice_exporter(toIPv6('192.0.2.10')), "
                                          f"sluice_interface({where}, 1), sluice_interface({where}, 2), sluice_interface({where}, 3)"),
                         [["core", "192.0.2.10", "xe-0", "xe-1/new", "3"]])
        self.assertEqual(self.store.value(f"SELECT dictGet('sluice.interfaces', 'description', tuple({where}, toUInt64(1)))"), "uplink")
        self.assertEqual(self.store.query("SELECT if_index, argMax(name, last_seen) FROM sluice.interface_names "
                                          "GROUP BY if_index ORDER BY if_index"), [[1, "xe-0"], [2, "xe-1/new"]])

    def test_errors_table(self):
        self.feed({"kafka_error": "'broken'", "kafka_message": "'bytes'", "kafka_topic": "'t'", "kafka_partition": 3,
                   "kafka_offset": 17, "bytes": 5})
        self.assertEqual(self.store.query("SELECT error, raw_message, kafka_topic, kafka_partition, kafka_offset "
                                          "FROM sluice.flows_errors"), [["broken", "bytes", "t", 3, 17]])
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_raw"), 0)


class Applied(StoreCase):
    def test_idempotent(self):
        schema.apply(self.store, "--brokers", NOBODY)
        self.feed({"time_received_ns": T0, "bytes": 5})
        state = ("SELECT database, name, uuid, create_table_query FROM system.tables "
                 "WHERE database = 'sluice' AND engine != 'Dictionary' ORDER BY name")
        before = self.store.query(state)
        self.assertEqual(schema.apply(self.store, "--brokers", NOBODY), f"apply.sh: nothing to do, version {schema.version()} is in place\n")
        self.assertEqual(self.store.query(state), before)
        self.assertEqual(self.store.query("SELECT count(), sum(bytes) FROM sluice.flows_raw"), [[1, 5]])

    def test_files_can_be_read_by_the_server(self):
        """Whatever the umask is of who applies, and where an older script left them unreadable."""
        name = os.path.join(self.store.files, "sluice_protocols.csv")
        os.remove(os.path.join(self.store.files, "flow.proto"))
        os.chmod(name, 0o640)
        umask = os.umask(0o077)
        try:
            schema.apply(self.store, "--brokers", NOBODY)
        finally:
            os.umask(umask)
        for path in (name, os.path.join(self.store.files, "flow.proto")):
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o644, path)

    def test_changed_parameters(self):
        """Retention follows, rows stay, and all is as it was after changing back."""
        self.feed({"time_received_ns": T0, "bytes": 5})
        schema.apply(self.store, "--brokers", NOBODY, "--retention-days", 3650, "--retention-1m", 3651, "--topic", "other")
        text = self.store.text("SELECT create_table_query FROM system.tables WHERE database = 'sluice' "
                               "AND name IN ('flows_raw', 'flows_1m', 'flows')")
        for part in ("toIntervalDay(3650)", "toIntervalDay(3651)", "kafka_topic_list = \\'other\\'"):
            self.assertIn(part, text)
        schema.apply(self.store, "--brokers", NOBODY)
        self.assertEqual(self.store.query("SELECT count(), sum(bytes) FROM sluice.flows_raw"), [[1, 5]])
        self.assertEqual(self.store.value("SELECT sum(flows) FROM sluice.flows_1h"), 1)

    def test_missing_table_comes_back(self):
        schema.apply(self.store, "--brokers", NOBODY)
        self.feed({"time_received_ns": T0, "bytes": 5})
        for kind, *names in (("TABLE", "flows"), ("VIEW", "flows_raw_view"), ("TABLE", "flows_1m", "ports_1h", "ases_5m", "sources_all_1h"), ("DICTIONARY", "exporters")):
            for name in names:
                self.store.text(f"DROP {kind} sluice.{name} SYNC")
            schema.apply(self.store, "--brokers", NOBODY)
            for name in names:
                self.assertEqual(self.store.value(f"EXISTS TABLE sluice.{name}"), 1, name)
        # Nothing hangs on these: they are filled again. Filling flows_1m again would double what hangs on it and was not gone.
        for table, expected in (("ports_1h", 5), ("ases_5m", 5), ("sources_all_1h", 5), ("flows_1m", 0), ("flows_5m", 5), ("flows_1h", 5),
                                ("interfaces_5m", 5), ("ases_1h", 5), ("sources_1h", 5)):
            self.assertEqual(self.store.value(f"SELECT sum(bytes) FROM sluice.{table}"), expected, table)

    def test_missing_chain_comes_back(self):
        """Filled from what it is made of, since flows_raw may not reach back as far, and what hangs on it with it."""
        self.feed({"time_received_ns": T0, "bytes": 5})
        self.store.text("TRUNCATE TABLE sluice.flows_raw")
        missing = ["flows_1h", *(rollup.name for rollup in rollups() if rollup.source == "flows_1h")]
        self.assertIn("ases_1h", missing)
        for table in missing:
            self.store.text(f"DROP TABLE sluice.{table} SYNC")
        schema.apply(self.store, "--brokers", NOBODY)
        for table in missing:
            self.assertEqual(self.store.value(f"SELECT sum(bytes) FROM sluice.{table}"), 5, table)

    def test_a_part_is_not_taken_for_the_whole(self):
        """Filling that fails half way leaves nothing behind, and is done the next time."""
        self.feed({"time_received_ns": T0, "bytes": 5})
        for table in ("sources_1h", "sources_all_1h"):
            self.store.text(f"DROP TABLE sluice.{table} SYNC")
        self.store.text("CREATE TABLE sluice.sources_all_1h (time DateTime('UTC'), src_addr IPv6, sampling_rate UInt64, bytes UInt64, packets UInt64, "
                        "flows UInt64, CONSTRAINT broken CHECK bytes != 5) ENGINE = SummingMergeTree ORDER BY (time, src_addr, sampling_rate)")
        self.addCleanup(schema.apply, self.store, "--brokers", NOBODY)
        self.addCleanup(self.store.text, "DROP TABLE sluice.sources_all_1h SYNC")
        result = schema.run("--url", self.store.url, "--brokers", NOBODY)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("filling sluice.sources_1h: Code: 469", result.stdout)
        self.assertEqual(self.store.value("SELECT count() FROM system.tables WHERE database = 'sluice' AND comment LIKE 'being filled%'"), 1)
        self.assertEqual(self.store.query("SELECT (SELECT count() FROM sluice.sources_1h), (SELECT count() FROM sluice.sources_all_1h)"), [[0, 0]])
        self.store.text("ALTER TABLE sluice.sources_all_1h DROP CONSTRAINT broken")
        schema.apply(self.store, "--brokers", NOBODY)
        sums = "SELECT (SELECT sum(bytes) FROM sluice.sources_1h), (SELECT sum(bytes) FROM sluice.sources_all_1h)"
        self.assertEqual(self.store.query(sums), [[5, 5]])
        notes = "SELECT name FROM system.tables WHERE database = 'sluice' AND comment != ''"
        self.assertEqual(self.store.query(notes), [])
        # As a script leaves it that was killed in the middle.
        for table in ("sources_1h", "sources_all_1h"):
            self.store.text(f"TRUNCATE TABLE sluice.{table}")
        self.store.text("DROP VIEW sluice.sources_1h_view SYNC")
        self.store.text("ALTER TABLE sluice.sources_1h MODIFY COMMENT 'being filled by apply.sh'")
        self.store.text("INSERT INTO sluice.sources_1h (time, bytes) VALUES (now(), 2)")
        self.assertIn("an earlier run was cut off while it filled sluice.sources_1h", schema.apply(self.store, "--brokers", NOBODY))
        self.assertEqual(self.store.query(sums), [[5, 5]])
        self.assertEqual(self.store.query(notes), [])

    def test_newer_tables_are_left_alone(self):
        self.store.text("INSERT INTO sluice.schema_version SELECT 999, now64(3), 'newer'")
        self.addCleanup(self.store.text, "DELETE FROM sluice.schema_version WHERE version = 999")
        result = schema.run("--url", self.store.url, "--brokers", NOBODY)
        self.assertEqual(result.returncode, 2)
        self.assertIn(f"the tables are of version 999, newer than these scripts ({schema.version()})", result.stdout)

    def test_where_a_statement_fails(self):
        """The script's name and the line at which the statement begins."""
        copy = os.path.join(self.directory, "copy")
        shutil.copytree(SCRIPTS, os.path.join(copy, "deploy/clickhouse"))
        shutil.copytree(os.path.dirname(PROTO), os.path.join(copy, "proto"))
        path = os.path.join(copy, "deploy/clickhouse/20_functions.sql")
        with open(path) as file:
            lines = len(file.read().splitlines())
        with open(path, "a") as file:
            file.write("\n-- wrong on purpose\nSELECT\n    no_such_function(1);\n")
        result = subprocess.run([os.path.join(copy, "deploy/clickhouse/apply.sh"), "--url", self.store.url], text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout.splitlines()[-1],
                         rf"\Aapply\.sh: 20_functions\.sql:{lines + 3}: Code: 46\. DB::Exception: .*no_such_function")

    def test_servers_proto_file(self):
        """Older than the scripts: told before anything is touched. Not there: told, and consumption waits for it."""
        path = os.path.join(self.store.files, "flow.proto")
        self.addCleanup(schema.apply, self.store, "--brokers", NOBODY)
        with open(path) as file:
            older = [line for line in file if " collector_id = " not in line]
        with open(path, "w") as file:
            file.writelines(older)
        before = self.store.query("SELECT name, uuid FROM system.tables WHERE database = 'sluice' AND engine != 'Dictionary' ORDER BY name")
        result = schema.run("--url", self.store.url, "--brokers", NOBODY, "--topic", "with-older-proto")
        self.assertEqual(result.returncode, 2, result.stdout)
        self.assertIn("the server's flow.proto is older than these scripts, it has no collector_id;", result.stdout)
        self.assertEqual(self.store.query("SELECT name, uuid FROM system.tables WHERE database = 'sluice' AND engine != 'Dictionary' "
                                          "ORDER BY name"), before)
        os.remove(path)
        result = schema.run("--url", self.store.url, "--brokers", NOBODY, "--topic", "without-proto")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("the server has no flow.proto yet, flows stay in the topic until it is there: Code: 434", result.stdout)

    def test_told_where_files_go(self):
        result = schema.run("--url", self.store.url, "--brokers", NOBODY)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("proto/flow.proto must be in the server's format_schema_path", result.stdout)
        self.assertIn("csv/*.csv must be in the server's user_files_path", result.stdout)

    def test_client(self):
        """--client: each statement on the standard input of a command."""
        client = os.path.join(self.directory, "client")
        with open(client, "w") as file:
            file.write("#!/bin/bash\nanswer=$(curl -sS -w '\\n%{http_code}' --data-binary @- \"$1\")\n"
                       "[[ ${answer##*$'\\n'} == 200 ]] && printf '%s' \"${answer%$'\\n'*}\" && exit\n"
                       "echo \"${answer%$'\\n'*}\" >&2\nexit 1\n")
        os.chmod(client, 0o755)
        result = schema.run("--client", f"{client} {self.store.url}/", "--brokers", NOBODY, "--topic", "by-client")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("by-client", self.store.text("SELECT create_table_query FROM system.tables WHERE name = 'flows'"))


class Password(Case):
    def test_wrong_password(self):
        for name, text in (("right", "s3cret"), ("wrong", "guess")):
            with open(self.path(name), "w") as file:
                file.write(text + "\n")
        with store.Store(self.path("store"), ["--password-file", self.path("right"), "--user", "flows"],
                         wait=False) as engine:
            engine.wait_ready()
            options = ["--url", engine.url, "--schema-dir", engine.files, "--user-files", engine.files, "--brokers", NOBODY]
            for arguments, user in ((["--user", "flows", "--password-file", self.path("wrong")], "flows"), ([], "default")):
                result = schema.run(*options, *arguments)
                self.assertEqual((result.returncode, result.stdout),
                                 (2, f"apply.sh: the server refuses user '{user}': the name or the password is wrong\n"))
            result = schema.run(*options, "--user", "flows", "--password-file", self.path("right"))
            self.assertEqual(result.returncode, 0, result.stdout)
            headers = {"X-ClickHouse-User": "flows", "X-ClickHouse-Key": "s3cret"}
            self.assertEqual(engine.request("SELECT sluice_exporter(toIPv6('192.0.2.1'))", headers=headers)[2], b"192.0.2.1\n")


if __name__ == "__main__":
    main()
