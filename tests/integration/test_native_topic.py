#!/usr/bin/python3
"""Records of columns (format native of a Kafka sink) from a real topic to the shipped tables: each field as by protobuf, what is
wrong in a topic, and the switch from one format to the other under flows that arrive."""
import json
import signal
import urllib.request

from harness import daemon, kafka, kafka_admin, schema, waiting
from harness.case import main
from harness.columns import column_sets, every_field, fields, framed, message
from harness.topic import NOON, TopicCase
from test_brokers import Stream

KAFKA = "kafka_topic, kafka_partition, kafka_offset, inserted_at"


def small(value):
    if isinstance(value, list):
        return [small(one) for one in value]
    return value - 70000 if isinstance(value, int) and 70000 < value < 70256 else value


class NativeCase(TopicCase):
    def setUp(self):
        super().setUp()
        self.native = kafka.new_topic("native")

    def apply(self, *options):
        return super().apply("--native-topic", self.native, *options)

    def sink(self, topic, **settings):
        return {"type": "kafka", "brokers": self.broker.address, "topic": topic, "flush_interval": "100ms", **settings}

    def columns_of(self, select):
        """A record that the engine makes, whatever a collector would make."""
        with urllib.request.urlopen(f"{self.store.url}/", data=f"SELECT {select} FORMAT Native".encode(), timeout=waiting.DEADLINE) as answer:
            return answer.read()

    def assert_rollups(self):
        raw = self.store.query("SELECT count(), toString(sum(toUInt128(bytes))) FROM sluice.flows_raw")
        for table in schema.rollups(self.store):
            self.store.wait_for(f"SELECT sum(flows) FROM sluice.{table}", raw[0][0])
            self.assertEqual(self.store.query(f"SELECT sum(flows), toString(sum(bytes)) FROM sluice.{table}"), raw, table)


class Fields(NativeCase):
    def feed(self, *records):
        """Through a collector that reads them off one topic and writes them to both."""
        kafka_admin.produce(self.broker, self.source, records)

    def both(self, where):
        """The rows as they came by protobuf, and as they came by columns."""
        return [self.store.query(f"SELECT * EXCEPT ({KAFKA.replace(' ', '')}) FROM sluice.flows_raw WHERE kafka_topic = '{topic}' AND {where} "
                                 "ORDER BY sequence_num") for topic in (self.topic, self.native)]

    def test_every_field(self):
        """A flow with a value of its own in each field; flows with nothing, with zeros present, with values that nobody knows, and with
        times that cannot be. Then tables of fewer columns, as an older version has: they pass over what they do not know."""
        self.source = kafka.new_topic("native-source")
        kafka_admin.create_topic(self.broker, self.source)
        self.apply()
        running = daemon.Daemon(self.path("daemon"), {
            "sources": {"upstream": {"type": "kafka", "brokers": self.broker.address, "topic": self.source, "group": self.source}},
            "sinks": {"rows": self.sink(self.topic), "columns": self.sink(self.native, format="native")}}, listeners=0)
        self.addCleanup(running.kill)
        # A collector keeps some numbers in a byte or two, and countries in two letters.
        values, expected = ({name: "SE" if name.endswith("_country") else small(value) for name, value in one.items()}
                            for one in every_field(NOON))
        number = values["sequence_num"]
        optional = [field.name for field in fields() if field.label == "optional"]
        self.feed(framed(message(**values),
                         message(time_received_ns=NOON, sequence_num=1001),
                         message(time_received_ns=NOON, sequence_num=1002, **dict.fromkeys(optional, 0)),
                         message(time_received_ns=NOON, sequence_num=1003, type=77, flow_direction=9, sampling_rate_source=200, layer_stack=[200, 1]),
                         message(time_received_ns=NOON, sequence_num=1004, time_flow_start_ns=2**63 + 5, time_flow_end_ns=2**64 - 1)))
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 10)
        rows, columns = self.both("true")
        self.assertEqual(columns, rows)
        self.assertEqual(len(rows), 5)
        row = self.store.query(f"SELECT {', '.join(expected)} FROM sluice.flows_raw WHERE sequence_num = {number} AND kafka_topic = '{self.native}'")[0]
        self.assertEqual(dict(zip(expected, row)), expected)
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_errors"), 0)
        self.assert_rollups()

        old = list(column_sets())
        self.apply("--without", ",".join(old), "--drop-values")
        self.feed(framed(message(**{**values, "sequence_num": 1005})))
        self.store.wait_for("SELECT count() FROM sluice.flows_raw WHERE sequence_num = 1005", 2)
        rows, columns = self.both("sequence_num = 1005")
        self.assertEqual(columns, rows)
        kept = self.store.query("SELECT name FROM system.columns WHERE database = 'sluice' AND table = 'flows_raw' AND default_kind = ''")
        self.assertLess(len(kept), len(expected))
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_errors"), 0)


class Wrong(NativeCase):
    def test_what_is_no_record_of_this_topic(self):
        """Each is told of once, and costs no other: of the other format in either topic, torn, hostile, without flows, with columns of different lengths; a record of a newer
        collector with a column that the table does not know is none of them."""
        self.apply()
        good = self.columns_of(f"[toInt8(2), 3] AS type, [toUInt64({NOON}), {NOON}] AS time_received_ns, [toUInt64(10), 20] AS bytes, "
                               "['x', 'y'] AS column_of_a_later_version")
        late = self.columns_of(f"[toInt8(2), 2] AS type, [toUInt64({NOON}), 1000] AS time_received_ns, [toUInt64(100), 200] AS bytes")
        rows = framed(message(time_received_ns=NOON, bytes=5))
        none = self.columns_of("[]::Array(Int8) AS type, []::Array(UInt64) AS bytes")
        short = self.columns_of(f"[toInt8(2), 3] AS type, [toUInt64({NOON}), {NOON}] AS time_received_ns, [toUInt64(1000)] AS bytes")
        long = self.columns_of("[toInt8(2), 3] AS type, [toUInt64(1000), 1, 1, 1] AS bytes, [toUInt64(1), 2, 3, 4] AS time_received_ns")
        huge = b"\x01\x01\x05bytes\x0dArray(UInt64)" + (2**40).to_bytes(8, "little") + bytes(64)
        for topic in (self.native, self.topic):
            kafka_admin.create_topic(self.broker, topic)
        wrong = [rows, b"\xff" * 40, none, good[:-9], huge, b'{"bytes": 5}\n', b"\x00", short, long]
        kafka_admin.produce(self.broker, self.native, [good, *wrong, late, good])
        kafka_admin.produce(self.broker, self.topic, [rows, good, rows])
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 8)
        self.store.wait_for("SELECT count() FROM sluice.flows_errors", len(wrong) + 2)
        self.assertEqual(self.store.query("SELECT kafka_topic, bytes, count() FROM sluice.flows_raw GROUP BY ALL ORDER BY ALL"),
                         sorted([[self.native, 10, 2], [self.native, 20, 2], [self.native, 100, 1], [self.native, 200, 1], [self.topic, 5, 2]]))
        self.assertEqual(self.store.query("SELECT kafka_topic, kafka_offset, reason, flows, error != '' FROM sluice.flows_errors ORDER BY ALL"),
                         sorted([*([self.native, 1 + at, "unreadable", 0, 1] for at in range(len(wrong))),
                                 [self.native, 1 + len(wrong), "time", 1, 1], [self.topic, 1, "unreadable", 0, 1]]))
        self.assertLess(self.store.value("SELECT dateDiff('minute', time_received, now()) FROM sluice.flows_raw WHERE bytes = 200"), 60)
        self.assert_rollups()

    def test_a_topic_that_is_forgotten_is_asked_for(self):
        consumed = "SELECT count() FROM system.tables WHERE database = 'sluice' AND name = 'flows_native'"
        self.apply()
        with self.assertRaisesRegex(AssertionError, f"ended with 2: .*give --native-topic {self.native} "):
            TopicCase.apply(self)
        self.assertEqual(self.store.value(consumed), 1)
        TopicCase.apply(self, "--native-topic", "none")
        self.assertEqual(self.store.value(consumed), 0)

    def test_who_reads_messages_says_what_it_meets(self):
        record = self.columns_of("[toInt8(2), 3] AS type, [toUInt64(10), 20] AS bytes")
        kafka_admin.create_topic(self.broker, self.native)
        kafka_admin.produce(self.broker, self.native, [record])
        running = daemon.Daemon(self.path("daemon"), {
            "sources": {"upstream": {"type": "kafka", "brokers": self.broker.address, "topic": self.native, "group": self.native}},
            "sinks": {"out": {"type": "file", "path": self.path("flows")}}}, listeners=0)
        self.addCleanup(running.kill)
        sentence = "columns of format native, which only ClickHouse reads"
        waiting.until(lambda: sentence in running.log(), "the log says what is in the topic")
        self.assertEqual(running.metric("sluice_source_bad_messages_total", reason="framing"), 1)
        self.assertEqual(running.metric("sluice_source_flows_total"), 0)
        with open(self.path("topic.pb"), "wb") as file:
            file.write(record)
        decoded = daemon.run_once("decode", self.path("topic.pb"))
        self.assertEqual((decoded.returncode, decoded.stdout), (1, ""))
        self.assertIn(f"topic.pb: holds {sentence}", decoded.stderr)


class Switch(NativeCase):
    def test_nothing_is_lost_over_a_switch(self):
        """The tables first, then the collector by a reload, while flows come; the new topic takes smaller records than a block makes.
        Then the store is killed: at least once, as by protobuf."""
        kafka_admin.create_topic(self.broker, self.native, 2, max_message_bytes=20_000)
        TopicCase.apply(self)
        running = daemon.Daemon(self.path("daemon"), {"kafka": self.sink(self.topic)})
        self.addCleanup(running.kill)
        stream = Stream(running.port)
        count = "SELECT uniqExact(bytes) FROM sluice.flows_raw"
        self.store.wait_for(count, lambda rows: rows > 500)
        self.assertIn(f"and, as columns, from topic '{self.native}'", self.apply())
        with open(running.config) as file:
            settings = json.load(file)
        settings["kafka"] = self.sink(self.native, format="native", flush_interval="500ms")
        with open(running.config, "w") as file:
            json.dump(settings, file)
        running.process.send_signal(signal.SIGHUP)
        by_columns = f"SELECT count() FROM sluice.flows_raw WHERE kafka_topic = '{self.native}'"
        self.store.wait_for(by_columns, lambda rows: rows > 2000)
        stream.more(200)
        flows = stream.end()
        self.store.wait_for(count, flows)
        self.assertEqual(self.store.query("SELECT count(), uniqExact(bytes) FROM sluice.flows_raw"), [[flows, flows]])
        self.assertEqual(running.metric("sluice_sink_failed_flows_total") + running.metric("sluice_sink_shed_flows_total"), 0)
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_errors"), 0)
        self.assertIn("refuses records for their size", running.log())
        self.assert_rollups()

        stream = Stream(running.port, first=stream.sent)
        self.store.wait_for(count, lambda rows: rows > flows + 500)
        self.store.kill()
        stream.more(100)
        self.store.start()
        stream.more(50)
        flows = stream.end()
        self.store.wait_for(count, flows)
        # A record is always in one block, by which what was read twice is told.
        doubled = self.store.value("SELECT count() - uniqExact(bytes) FROM sluice.flows_raw")
        told = self.store.value("SELECT sum(rows - once) FROM (SELECT count() AS rows, uniqExact(bytes) AS once FROM sluice.flows_raw "
                                "GROUP BY kafka_topic, kafka_partition, kafka_offset HAVING uniqExact(inserted_at) > 1)")
        self.assertEqual(doubled, told)


if __name__ == "__main__":
    main()
