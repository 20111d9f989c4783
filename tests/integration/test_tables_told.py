#!/usr/bin/python3
"""What is said about the shipped tables: docs/clickhouse.md, and that the queries of others run on the tables for them."""
import ipaddress
import os
import re

from harness import paths, schema
from harness.case import main
from harness.columns import NOBODY, SCRIPTS, T0, read, rollups, unhex
from harness.tables import StoreCase


class Compat(StoreCase):
    """Queries that were written for flow-pipeline and for GoFlow2's kcg demo, unchanged."""
    options = ("--compat",)

    def setUp(self):
        super().setUp()
        common = {"sampler_address": "unhex('c0000202')", "time_received_ns": T0 + 123, "time_flow_start_ns": T0 - 10**9,
                  "time_flow_end_ns": T0, "type": 3, "sequence_num": 7, "sampling_rate": 100, "dst_as": 65002, "proto": 6,
                  "src_port": 443, "dst_port": 50000, "packets": 2}
        v4 = {**common, "src_addr": "unhex('c0a80101')", "dst_addr": "unhex('c0000207')", "etype": 2048, "src_as": 65001}
        v6 = {**common, "src_addr": unhex(ipaddress.ip_address("2001:db8::1").packed),
              "dst_addr": unhex(ipaddress.ip_address("2001:db8::2").packed), "etype": 34525, "src_as": 65001}
        self.feed({**v4, "bytes": 1000}, {**v4, "bytes": 500}, {**v6, "bytes": 70}, {**v4, "bytes": 1, "src_as": 65009})

    def test_flow_pipeline(self):
        rows = self.store.query("SELECT Date,TimeReceived,IPv6NumToString(SrcAddr), IPv6NumToString(DstAddr), Bytes, Packets "
                                "FROM flows_raw", database="goflow")
        self.assertEqual(sorted(rows, key=lambda row: row[4])[1:3],
                         [["2026-11-21", "2026-11-21 12:00:00", "2001:db8::1", "2001:db8::2", 70, 2],
                          ["2026-11-21", "2026-11-21 12:00:00", "c0a8:101::", "c000:207::", 500, 2]])
        self.assertEqual([row[:2] for row in self.store.query("DESCRIBE flows_raw", database="goflow")], [
            ["Date", "Date"], ["TimeReceived", "DateTime"], ["TimeFlowStart", "DateTime"], ["SequenceNum", "UInt32"],
            ["SamplingRate", "UInt64"], ["SamplerAddress", "FixedString(16)"], ["SrcAddr", "FixedString(16)"],
            ["DstAddr", "FixedString(16)"], ["SrcAS", "UInt32"], ["DstAS", "UInt32"], ["EType", "UInt32"],
            ["Proto", "UInt32"], ["SrcPort", "UInt32"], ["DstPort", "UInt32"], ["Bytes", "UInt64"], ["Packets", "UInt64"]])

    def test_flow_pipeline_rollup(self):
        self.assertEqual([row[:2] for row in self.store.query("DESCRIBE flows_5m", database="goflow")], [
            ["Date", "Date"], ["Timeslot", "DateTime"], ["SrcAS", "UInt32"], ["DstAS", "UInt32"],
            ["ETypeMap.EType", "Array(UInt32)"], ["ETypeMap.Bytes", "Array(UInt64)"], ["ETypeMap.Packets", "Array(UInt64)"],
            ["ETypeMap.Count", "Array(UInt64)"], ["Bytes", "UInt64"], ["Packets", "UInt64"], ["Count", "UInt64"]])
        self.store.text("OPTIMIZE TABLE flows_5m", database="goflow")
        self.store.text("OPTIMIZE TABLE flows_5m FINAL", database="goflow")
        self.assertEqual(self.store.query("SELECT * FROM flows_5m WHERE SrcAS = 65001", database="goflow"),
                         [["2026-11-21", "2026-11-21 12:00:00", 65001, 65002, [2048, 34525], [1500, 70], [4, 2], [2, 1],
                           1570, 6, 3]])
        self.assertEqual(self.store.value("SELECT engine FROM system.tables WHERE database = 'goflow' AND name = 'flows_5m'"),
                         "SummingMergeTree")

    def test_dashboard(self):
        """The dashboard's statements after Grafana's plugin has put in table and time."""
        where = f"Date >= toDate({T0 // 10**9 - 3600}) AND TimeFlowStart >= toDateTime({T0 // 10**9 - 3600})"
        self.assertEqual(self.store.query(
            "SELECT\n    if(EType = 0x800, IPv4NumToString(reinterpretAsUInt32(substring(reverse(SrcAddr), 13,4))), "
            f"IPv6NumToString(SrcAddr)) as srcip,\n    sum(Bytes*SamplingRate) AS sumbytes\nFROM goflow.flows_raw\nWHERE {where}\n"
            "GROUP BY srcip\nORDER BY sumbytes DESC"), [["192.168.1.1", 150100], ["2001:db8::1", 7000]])
        self.assertEqual(self.store.query(
            "SELECT     toUInt64(toStartOfMinute(TimeFlowStart))*1000 as t,     sum(Bytes*SamplingRate) as sumbytes "
            f"FROM goflow.flows_raw WHERE {where} GROUP BY t ORDER BY t"), [[T0 // 10**6 - 60000, 157100]])
        self.assertEqual(self.store.query(
            "WITH dictGetString('dictionaries.protocols', 'name', toUInt64(Proto)) AS protoName\nSELECT\n    "
            "if(protoName = '', toString(Proto), protoName) || '/' || toString(SrcPort) as port,\n    "
            f"sum(Bytes*SamplingRate) AS sumbytes\nFROM goflow.flows_raw\nWHERE {where}\nGROUP BY port\nORDER BY sumbytes DESC"),
            [["TCP/443", 157100]])

    def test_kcg(self):
        self.assertEqual(self.store.query(
            "SELECT if(etype = 0x800, IPv4NumToString(reinterpretAsUInt32(substring(reverse(src_addr), 13, 4))), "
            "IPv6NumToString(src_addr)) AS srcip, sum(bytes*sampling_rate) AS sumbytes FROM flows_raw "
            "GROUP BY srcip ORDER BY sumbytes DESC", database="goflow2"), [["192.168.1.1", 150100], ["2001:db8::1", 7000]])
        self.assertEqual(self.store.query(
            "SELECT type, time_received, sampler_address, src_addr, dst_addr, bytes, packets, proto FROM flows_raw_view "
            "WHERE bytes = 7000", database="goflow2"),
            [["netflow_v9", "2026-11-21 12:00:00.000000123", "192.0.2.2", "2001:db8::1", "2001:db8::2", 7000, 200, "TCP"]])
        self.assertEqual([row[0] for row in self.store.query("DESCRIBE flows_raw", database="goflow2")], [
            "type", "time_received", "sequence_num", "sampling_rate", "sampler_address", "time_flow_start", "time_flow_end",
            "bytes", "packets", "src_addr", "dst_addr", "src_as", "dst_as", "etype", "proto", "src_port", "dst_port"])
        self.store.text("OPTIMIZE TABLE flows_5m FINAL", database="goflow2")
        self.assertEqual(self.store.query("SELECT src_as, dst_as, etypeMap.etype, etypeMap.bytes, etypeMap.packets, "
                                          "etypeMap.count, bytes, packets, count FROM flows_5m WHERE src_as = 65001",
                                          database="goflow2"),
                         [[65001, 65002, [2048, 34525], [1500, 70], [4, 2], [2, 1], 1570, 6, 3]])

    def told(self, sql):
        """As bytes: addresses of fixed length are no text."""
        status, _, answer = self.store.request(sql + " ORDER BY ALL FORMAT TabSeparated")
        self.assertEqual((status, answer.count(b"\n")), (200, 4), answer)
        return answer

    def test_flows(self):
        """The names that others' consumers have for the Kafka table: columns and types of the message, rows of flows_raw."""
        words = ["sequence_num", "sampling_rate", "sampler_address", "src_addr", "dst_addr", "src_as", "dst_as", "etype", "proto", "src_port", "dst_port",
                 "bytes", "packets"]
        types = ["UInt32", "UInt64", *["FixedString(16)"] * 3, *["UInt32"] * 6, "UInt64", "UInt64"]
        camel = ["SequenceNum", "SamplingRate", "SamplerAddress", "SrcAddr", "DstAddr", "SrcAS", "DstAS", "EType", "Proto", "SrcPort", "DstPort", "Bytes",
                 "Packets"]
        self.assertEqual([row[:2] for row in self.store.query("DESCRIBE goflow.flows")],
                         [["TimeReceived", "UInt64"], ["TimeFlowStart", "UInt64"], *map(list, zip(camel, types))])
        snake = dict(self.store.query("SELECT name, type FROM system.columns WHERE database = 'goflow2' AND table = 'flows'"))
        self.assertEqual(snake, {"type": "Int32", "time_received_ns": "UInt64", "time_flow_start_ns": "UInt64", "time_flow_end_ns": "UInt64",
                                 **dict(zip(words, types))})
        self.assertEqual(self.told(f"SELECT TimeReceived, TimeFlowStart, {', '.join(camel)} FROM goflow.flows"),
                         self.told(f"SELECT intDiv(time_received_ns, 1000000000), intDiv(time_flow_start_ns, 1000000000), {', '.join(words)} FROM goflow2.flows"))
        self.assertEqual(self.store.query("SELECT type, time_received_ns, time_flow_start_ns, time_flow_end_ns, hex(src_addr), bytes FROM flows WHERE bytes = 500",
                                          database="goflow2"), [[3, T0 + 123, T0 - 10**9, T0, "C0A80101" + 24 * "0", 500]])
        # As flow-pipeline's own view asks it.
        self.assertEqual(self.told("SELECT toDate(TimeReceived) AS Date, * FROM goflow.flows"),
                         self.told("SELECT Date, toUnixTimestamp(TimeReceived), toUnixTimestamp(TimeFlowStart), * EXCEPT (Date, TimeReceived, TimeFlowStart) "
                                   "FROM goflow.flows_raw"))

    def test_flows_of_a_time_read_its_days(self):
        """A bound on the time is one on the table behind the view."""
        self.feed({"time_received_ns": T0 - 3 * 86400 * 10**9, "bytes": 1})
        for name, column, since in (("goflow", "TimeReceived", T0 // 10**9 - 60), ("goflow2", "time_received_ns", T0 - 60 * 10**9)):
            told = self.store.text(f"EXPLAIN indexes = 1 SELECT count() FROM {name}.flows WHERE {column} >= {since} SETTINGS optimize_use_implicit_projections = 0")
            self.assertTrue(any(int(left) < int(all_) for left, all_ in re.findall(r"Parts: (\d+)/(\d+)", told)), told)

    def test_flows_come_with_an_upgrade(self):
        for name in ("goflow", "goflow2"):
            self.store.text(f"DROP VIEW {name}.flows")
        self.assertNotIn("nothing to do", schema.apply(self.store, "--brokers", NOBODY, "--compat"))
        self.assertEqual(self.store.query("SELECT (SELECT sum(Bytes) FROM goflow.flows), (SELECT sum(bytes) FROM goflow2.flows)"), [[1571, 1571]])

    def test_added_later(self):
        """Compatibility that is asked for when flows are there already has those flows."""
        for name in ("goflow", "goflow2"):
            self.store.text(f"DROP DATABASE {name} SYNC")
        self.assertIn("nothing to do", schema.apply(self.store, "--brokers", NOBODY) and
                      schema.apply(self.store, "--brokers", NOBODY))
        self.assertIn("filling goflow.flows_raw", schema.apply(self.store, "--brokers", NOBODY, "--compat"))
        for table, column in (("goflow.flows_raw", "Bytes"), ("goflow.flows_5m", "Bytes"), ("goflow2.flows_raw", "bytes"),
                              ("goflow2.flows_5m", "bytes"), ("sluice.flows_raw", "bytes"), ("sluice.flows_1h", "bytes")):
            self.assertEqual(self.store.value(f"SELECT sum({column}) FROM {table}"), 1571, table)


class Document(StoreCase):
    """docs/clickhouse.md: its tables are the tables, and its statements run."""
    options = ("--compat",)

    def setUp(self):
        super().setUp()
        self.text = read(os.path.join(paths.source(), "docs/clickhouse.md"))

    def test_columns(self):
        told = dict(re.findall(r"^### (.*?)\n(.*?)(?=^##)", self.text, re.M | re.S))
        names = "exporter_names, interface_names"
        self.assertEqual(sorted(table for title in told for table in title.split(", ")),
                         [row[0] for row in self.store.query("SELECT name FROM system.tables WHERE database = 'sluice' AND engine LIKE '%MergeTree' ORDER BY name")])
        sections = {title: title.split(", ") for title in told if title != names}
        for title, tables in sections.items():
            rows = [tuple(cell.strip() for cell in line.strip("|").split("|"))
                    for line in told[title].splitlines() if line.startswith("| ")][2:]
            for table in tables:
                self.assertEqual([(name, kind, meaning) for name, kind, _, meaning in rows], self.columns(table, title), table)
        rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in told[names].splitlines()
                if line.startswith("| ") and not line.startswith(("| Column", "| ---"))]
        self.assertEqual([(name, kind, meaning) for name, kind, _, meaning in rows],
                         self.columns("exporter_names", names) + self.columns("interface_names", names))

    def columns(self, table, title):
        rows = self.store.query("SELECT name, type, default_kind, comment FROM system.columns WHERE database = 'sluice' "
                                f"AND table = '{table}' ORDER BY position")
        if ", " in title and title.startswith(tuple(rollup.name for rollup in rollups())):  # tables that differ in the slot alone are told in one
            rows = [[*row[:3], re.sub("(?<=Start of the )(minute|five minutes|hour)", "slot", row[3])] for row in rows]
        self.assertTrue(rows, title)
        return [(name, f"`{re.sub(r'Enum8[(].*?[)](?=[)]|$)', 'Enum8', kind)}`" + (" alias" if default == "ALIAS" else ""), comment)
                for name, kind, default, comment in rows]

    def test_statements(self):
        self.feed({"time_received_ns": T0, "src_addr": "unhex('c0000201')", "etype": 2048, "bytes": 5})
        found = re.findall(r"^```sql\n(.*?)^```", self.text, re.M | re.S)
        self.assertGreater(len(found), 8)
        for statement in found:
            with self.subTest(statement=statement.splitlines()[0]):
                self.store.text(statement)

    def test_doubles(self):
        """A record that was read twice is seen, and left out by the statement that counts without doubles."""
        seen, without = re.findall(r"^```sql\n(.*?)^```", self.text, re.M | re.S)[:2]
        record = {"kafka_topic": "'t'", "kafka_partition": 1, "time_received_ns": T0}
        twice = {**record, "kafka_offset": 7, "bytes": 1}
        self.feed(twice, {**record, "kafka_offset": 8, "bytes": 40})
        self.assertEqual(self.store.query(seen), [])
        self.assertEqual(self.store.query(without), [[2, 41]])
        self.store.wait_for("SELECT now64(3, 'UTC') > max(inserted_at) FROM sluice.flows_raw", True)
        self.feed(twice)
        self.assertEqual(self.store.query(seen), [["t", 1, 7, 2, 2]])
        self.assertEqual(self.store.query(without), [[2, 41]])

    def test_functions(self):
        """Each function is told, and none that is not there."""
        there = {row[0] for row in self.store.query("SELECT name FROM system.functions WHERE origin = 'SQLUserDefined' "
                                                    "AND startsWith(name, 'sluice_')")}
        self.assertEqual(set(re.findall(r"^\| `(sluice_\w+)\(", self.text, re.M)), there - {"sluice_address_left"})

    def test_options(self):
        """Every option that the document names is one of apply.sh, and its scripts are those in the tree."""
        text = schema.run("--help").stdout
        for option in set(re.findall(r"`(--[a-z0-9-]+)", self.text)):
            self.assertIn(f" {option}", text)
        told = set(re.findall(r"^\| `(\d\d_\w+\.sql)`", self.text, re.M))
        self.assertEqual(told, {name for name in os.listdir(SCRIPTS) if re.match(r"\d\d_", name)})


if __name__ == "__main__":
    main()
