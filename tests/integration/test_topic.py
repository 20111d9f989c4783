#!/usr/bin/python3
"""From a real topic to the shipped tables: every field, damage, and the tables changed under flows that arrive."""
import ipaddress
import os
import shutil
import subprocess
import threading

from harness import kafka, paths, schema, store, waiting
from harness.case import Case, main, skip_unless_program
from harness.columns import PROTO, T0, fields, framed, is_address, message, raw_name, read, statements, text_of

VERSION_0 = os.path.join(paths.source(), "tests/data/clickhouse/version_0.sql")


class Topic(Case):
    """From a real topic to the tables."""

    def setUp(self):
        super().setUp()
        self.kcat = skip_unless_program("kcat")
        self.broker = kafka.shared()
        self.topic = kafka.new_topic("schema")
        self.store = store.Store(self.path("store"))
        self.addCleanup(self.store.kill)

    def apply(self, *options):
        return schema.apply(self.store, "--brokers", self.broker.address, "--topic", self.topic, "--group", self.topic,
                            "--flush-interval", 200, *options)

    def produce(self, *records):
        """Each of the records, in this order, in one partition."""
        files = []
        for number, record in enumerate(records):
            files.append(self.path(f"record-{number}"))
            with open(files[-1], "wb") as file:
                file.write(record)
        for first in range(0, len(files), 500):
            subprocess.run([self.kcat, "-P", "-b", self.broker.address, "-t", self.topic, "-p", "0", *files[first:first + 500]],
                           stdin=subprocess.DEVNULL, check=True, timeout=waiting.DEADLINE)

    def test_every_field(self):
        """A message with a value of its own in each field; and one with nothing, next to one with zeros present."""
        values, expected = {}, {}
        for number, field in enumerate(fields(), 1):
            name = raw_name(field)
            if field.name.startswith("time_"):
                values[field.name] = T0 + number
                expected[name] = f"2026-11-21 12:00:00.{number:09d}"
            elif is_address(field):
                raw = bytes([192, 0, 2, number]) if number % 2 else ipaddress.ip_address(f"2001:db8::{number}").packed
                values[field.name] = [raw] if field.label == "repeated" else raw
                expected[name] = [text_of(raw)] if field.label == "repeated" else text_of(raw)
            elif field.type == "bytes":
                values[field.name], expected[name] = b"\x03\x00\x01", "\x03\x00\x01"
            elif field.type == "string":
                values[field.name] = expected[name] = f"text {number}"
            elif field.type in ("uint32", "uint64"):
                value = 70000 + number
                values[field.name] = expected[name] = [value, 0, 1] if field.label == "repeated" else value
            else:
                values[field.name] = [1, 99] if field.label == "repeated" else 1
                expected[name] = {"FlowType": "SFLOW_5", "FlowDirection": "INGRESS", "SamplingRateSource": "HEADER",
                                  "LayerStack": ["IPv4", "Custom"]}[field.type]
        optional = [field.name for field in fields() if field.label == "optional"]
        self.assertGreater(len(optional), 8)
        self.apply()
        self.produce(framed(message(**values)),
                     framed(message(time_received_ns=T0, bytes=1), message(time_received_ns=T0, bytes=2, **dict.fromkeys(optional, 0))))
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 3)
        row = self.store.query(f"SELECT {', '.join(expected)} FROM sluice.flows_raw WHERE bytes > 2")[0]
        self.assertEqual(dict(zip(expected, row)), expected)
        names = ", ".join(optional)
        self.assertEqual(self.store.query(f"SELECT {names} FROM sluice.flows_raw WHERE bytes = 1"), [[None] * len(optional)])
        self.assertEqual(self.store.query(f"SELECT {names} FROM sluice.flows_raw WHERE bytes = 2"), [[0] * len(optional)])
        self.assertEqual(self.store.query("SELECT bytes, kafka_topic, kafka_partition, kafka_offset FROM sluice.flows_raw "
                                          "WHERE bytes < 3 ORDER BY bytes"), [[1, self.topic, 0, 1], [2, self.topic, 0, 1]])

    def test_damaged_record(self):
        good = [framed(*(message(time_received_ns=T0, bytes=1, sequence_num=100 * number + at) for at in range(10)))
                for number in range(5)]
        broken = framed(message(time_received_ns=T0, bytes=1, sequence_num=999)) + b"\x05\xff\xff\xff\xff\xff"
        self.apply()
        self.produce(good[0], good[1], broken, good[2], b"\xff" * 40, good[3], good[4])
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 50)
        self.store.wait_for("SELECT count() FROM sluice.flows_errors", 2)
        self.assertEqual(self.store.query("SELECT uniqExact(sequence_num), countIf(sequence_num = 999), sum(bytes) FROM sluice.flows_raw"),
                         [[50, 0, 50]])
        self.assertEqual(self.store.query("SELECT kafka_topic, kafka_partition, kafka_offset, error != '', hex(raw_message) "
                                          "FROM sluice.flows_errors ORDER BY kafka_offset"),
                         [[self.topic, 0, 2, 1, broken.hex().upper()], [self.topic, 0, 4, 1, "FF" * 40]])
        self.store.wait_for("SELECT sum(flows) FROM sluice.flows_1h", 50)

    def records(self, first, count):
        return [framed(*(message(time_received_ns=T0, bytes=1, in_if=1, src_addr=bytes([192, 0, 2, 1]),
                                 flow_id=(number * 10 + at), sequence_num=number * 10 + at) for at in range(10)))
                for number in range(first, first + count)]

    def check_numbers(self, count):
        self.store.wait_for("SELECT uniqExact(sequence_num) FROM sluice.flows_raw", count)
        self.assertEqual(self.store.query("SELECT count(), min(sequence_num), max(sequence_num), sum(sequence_num) FROM sluice.flows_raw"),
                         [[count, 0, count - 1, count * (count - 1) // 2]])
        for table in schema.rollups(self.store):
            self.store.wait_for(f"SELECT sum(flows) FROM sluice.{table}", lambda flows: flows >= count)
            self.assertEqual(self.store.query(f"SELECT sum(flows), sum(bytes) FROM sluice.{table}"), [[count, count]], table)
        # A record is never spread over two blocks, which is how one that was read twice is told.
        self.assertEqual(self.store.query("SELECT kafka_offset FROM sluice.flows_raw WHERE kafka_topic != '' "
                                          "GROUP BY kafka_topic, kafka_partition, kafka_offset HAVING uniqExact(inserted_at) > 1 OR count() != 10"), [])

    def test_applied_while_flows_arrive(self):
        """Every row once, in the raw table and in each rollup, through several changes of the consuming tables."""
        # Blocks end within records of ten flows, were they to be cut.
        self.apply("--block-rows", 505)
        end = threading.Event()
        produced = []

        def produce():
            while not end.wait(0.2):  # a pace that the engine can keep up with
                self.produce(*self.records(len(produced) * 50, 50))
                produced.append(500)

        thread = threading.Thread(target=produce)
        thread.start()
        try:
            for number in range(4):
                seen = self.store.value("SELECT uniqExact(sequence_num) FROM sluice.flows_raw")
                self.store.wait_for("SELECT uniqExact(sequence_num) FROM sluice.flows_raw", lambda rows, seen=seen: rows > seen)
                self.apply("--block-rows", 505 + number, "--retention-days", 31 + number, *(["--compat"] if number > 1 else []))
        finally:
            end.set()
            thread.join()
        self.check_numbers(sum(produced))
        self.assertEqual(self.store.value("SELECT count() FROM goflow.flows_raw"), sum(produced))

    def test_upgrade(self):
        """Tables of an older layout get their columns, keep their rows, and consumption goes on where it was."""
        shutil.copy(PROTO, self.store.files)
        sql = read(VERSION_0).replace("{{brokers}}", self.broker.address)
        for statement in statements(sql.replace("{{topic}}", self.topic).replace("{{group}}", self.topic)):
            self.store.text(statement)
        self.produce(*self.records(0, 200))
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 2000)
        before = self.store.query("SELECT * FROM sluice.flows_raw ORDER BY sequence_num")
        columns = ", ".join(row[0] for row in self.store.query("DESCRIBE sluice.flows_raw"))
        # Some that the old consumer may or may not have got to, and some that only the new one sees.
        self.produce(*self.records(200, 200))
        self.apply()
        self.produce(*self.records(400, 100))
        self.check_numbers(5000)
        self.assertEqual(self.store.query(f"SELECT {columns} FROM sluice.flows_raw WHERE sequence_num < 2000 ORDER BY sequence_num"),
                         before)
        self.assertEqual(self.store.query("SELECT countIf(flow_id = sequence_num) >= 1000, countIf(kafka_topic != '') >= 1000, "
                                          "countIf(src_ip = '192.0.2.1') >= 1000 FROM sluice.flows_raw WHERE sequence_num >= 4000"), [[1, 1, 1]])
        self.assertEqual(self.store.query("SELECT version FROM sluice.schema_version"), [[schema.version()]])
        current = self.store.query("SELECT name, type FROM system.columns WHERE database = 'sluice' AND table = 'flows_raw' ORDER BY name")
        self.store.text("DROP DATABASE sluice SYNC")
        self.apply()
        self.assertEqual(self.store.query("SELECT name, type FROM system.columns WHERE database = 'sluice' AND table = 'flows_raw' "
                                          "ORDER BY name"), current, "an upgraded table has the columns of a new one")


if __name__ == "__main__":
    main()
