#!/usr/bin/python3
"""From a real topic to the shipped tables: every field, damage, and the tables changed under flows that arrive."""
import os
import shutil
import threading

from harness import paths, schema
from harness.case import main
from harness.columns import PROTO, every_field, fields, framed, message, read, statements
from harness.topic import NOON, TopicCase

VERSION_0 = os.path.join(paths.source(), "tests/data/clickhouse/version_0.sql")


class Topic(TopicCase):
    """From a real topic to the tables."""

    def test_every_field(self):
        """A message with a value of its own in each field; and one with nothing, next to one with zeros present."""
        values, expected = every_field(NOON)
        optional = [field.name for field in fields() if field.label == "optional"]
        self.assertGreater(len(optional), 8)
        self.apply()
        self.produce(framed(message(**values)),
                     framed(message(time_received_ns=NOON, bytes=1), message(time_received_ns=NOON, bytes=2, **dict.fromkeys(optional, 0))))
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 3)
        row = self.store.query(f"SELECT {', '.join(expected)} FROM sluice.flows_raw WHERE bytes > 2")[0]
        self.assertEqual(dict(zip(expected, row)), expected)
        names = ", ".join(optional)
        self.assertEqual(self.store.query(f"SELECT {names} FROM sluice.flows_raw WHERE bytes = 1"), [[None] * len(optional)])
        self.assertEqual(self.store.query(f"SELECT {names} FROM sluice.flows_raw WHERE bytes = 2"), [[0] * len(optional)])
        self.assertEqual(self.store.query("SELECT bytes, kafka_topic, kafka_partition, kafka_offset FROM sluice.flows_raw "
                                          "WHERE bytes < 3 ORDER BY bytes"), [[1, self.topic, 0, 1], [2, self.topic, 0, 1]])

    def test_damaged_record(self):
        good = [framed(*(message(time_received_ns=NOON, bytes=1, sequence_num=100 * number + at) for at in range(10)))
                for number in range(5)]
        broken = framed(message(time_received_ns=NOON, bytes=1, sequence_num=999)) + b"\x05\xff\xff\xff\xff\xff"
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
        return [framed(*(message(time_received_ns=NOON, bytes=1, in_if=1, src_addr=bytes([192, 0, 2, 1]),
                                 flow_id=(number * 10 + at), sequence_num=number * 10 + at) for at in range(10)))
                for number in range(first, first + count)]

    def wait_for_all(self, count):
        """As long as rows come: on a busy machine the consumer may be minutes behind, which is no loss."""
        seen = -1
        while seen != count:
            try:
                seen = self.store.wait_for("SELECT uniqExact(sequence_num) FROM sluice.flows_raw", lambda rows, seen=seen: rows > seen)
            except AssertionError as error:
                gaps, last = self.store.query("SELECT max(sequence_num) + 1 - uniqExact(sequence_num), max(sequence_num) FROM sluice.flows_raw")[0]
                raise AssertionError(f"{error}; of {count} flows {gaps} are missing before the last one that came, number {last}") from None

    def check_numbers(self, count):
        self.wait_for_all(count)
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
            while not end.wait(0.2):
                # A pace that the engine can keep up with: on a busy machine it takes small blocks slowly.
                if sum(produced) - self.store.value("SELECT uniqExact(sequence_num) FROM sluice.flows_raw") > 5000:
                    continue
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
