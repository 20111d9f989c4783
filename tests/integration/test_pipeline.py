#!/usr/bin/python3
"""From real exporters to rows: deploy/local/pipeline.sh runs broker, engine with the shipped tables and collector; what
is in the tables must be what the exporters sent, number by number."""
import collections
import ipaddress
import os
import struct
import time

from harness import capture, columns, exporters, flows, kafka, messages, pipeline, udp, waiting
from harness.case import Case, main

TYPES = {"netflow5": 2, "netflow9": 3, "ipfix": 4, "sflow": 1}  # FlowMessage.FlowType
COLUMNS = """toInt32(type), IPv6NumToString(src_addr), IPv6NumToString(dst_addr), proto, src_port, dst_port, icmp_type,
    icmp_code, packets, bytes, toUnixTimestamp64Nano(time_received), toUnixTimestamp64Nano(time_flow_start),
    toUnixTimestamp64Nano(time_flow_end), IPv6NumToString(sampler_address), sampling_rate, in_if, out_if, src_as, dst_as"""

Row = collections.namedtuple("Row", "type src dst proto sport dport icmp_type icmp_code packets bytes received start end "
                                    "sampler rate in_if out_if src_as dst_as")


def address(text):
    """As the messages have it: IPv4 where it is mapped."""
    found = ipaddress.ip_address(text)
    return str(getattr(found, "ipv4_mapped", None) or found)


def row_of(cells):
    row = Row(*cells)
    return row._replace(src=address(row.src), dst=address(row.dst), sampler=address(row.sampler))


def row_of_message(m):
    return Row(m.type, flows.address(m.src_addr), flows.address(m.dst_addr), m.proto, m.src_port, m.dst_port, m.icmp_type,
               m.icmp_code, m.packets, m.bytes, m.time_received_ns, m.time_flow_start_ns, m.time_flow_end_ns,
               flows.address(m.sampler_address), m.sampling_rate, m.in_if, m.out_if, m.src_as, m.dst_as)


def flow_of_row(row):
    return flows.make(ipaddress.ip_address(row.src).packed, ipaddress.ip_address(row.dst).packed, row.proto, row.sport,
                      row.dport, row.packets, row.bytes, icmp=(row.icmp_type, row.icmp_code))


def named_record():
    """IPFIX: one flow with an application name (96) and a user name (371), both of variable length."""
    fields = [(8, 4), (12, 4), (4, 1), (2, 8), (1, 8), (96, 0xFFFF), (371, 0xFFFF)]
    template = struct.pack("!HHHH", 2, 8 + 4 * len(fields), 300, len(fields)) + b"".join(struct.pack("!HH", *f) for f in fields)
    record = b"\xc0\x00\x02\x01\xc0\x00\x02\x02\x11" + struct.pack("!QQ", 7, 4242)
    for name in ("Sprache & Bild".encode(), "björn".encode()):
        record += bytes([len(name)]) + name
    data = struct.pack("!HH", 300, 4 + len(record)) + record
    return struct.pack("!HHIII", 10, 16 + len(template) + len(data), int(time.time()), 0, 77) + template + data


class PipelineCase(Case):
    framing = None
    programs = None

    def setUp(self):
        super().setUp()
        self.pcap = self.path("traffic.pcap")
        self.packets = capture.make(self.pcap, time.time() - 10)
        self.pipeline = pipeline.Pipeline(self.path("pipeline"), self.framing, programs=self.programs)
        self.addCleanup(self.pipeline.stop)
        self.query = self.pipeline.client.query

    def count(self, where="1"):
        return self.query(f"SELECT count() FROM sluice.flows_raw WHERE {where}")[0][0]

    def export(self, protocol, exporter, *arguments):
        """Through a tee; gives what the exporter sent, once all of it is in the table."""
        before = self.count()
        with udp.Tee(self.pipeline.port("sflow" if protocol == "sflow" else "netflow")) as tee:
            exporter(self.pcap, tee.port, *arguments, directory=self.directory)
        sent = tee.read()
        self.assertGreater(len(sent.flows), 0, "the exporter sent nothing")
        waiting.until(lambda: self.count() >= before + len(sent.flows), f"{len(sent.flows)} rows of {protocol}")
        return sent

    def rows(self, protocol):
        return [row_of(cells) for cells in
                self.query(f"SELECT {COLUMNS} FROM sluice.flows_raw WHERE toInt32(type) = {TYPES[protocol]} "
                           "ORDER BY kafka_topic, kafka_partition, kafka_offset")]

    def assert_rows_as_sent(self, protocol, sent):
        rows = self.rows(protocol)
        self.assertEqual("", flows.difference(sent.flows, [flow_of_row(row) for row in rows]))
        self.assertEqual({"192.0.2.254" if protocol == "sflow" else "127.0.0.1"}, {row.sampler for row in rows})
        if None not in sent.times:
            self.assertEqual(sorted(sent.times), sorted((row.start, row.end) for row in rows))
        for row in rows:
            self.assertLess(abs(time.time_ns() - row.received), 300 * 10**9)

    def assert_rows_are_the_messages(self):
        """Every column to the nanosecond as protobuf's own classes read it from the topic."""
        broker = kafka.Broker(None, int(self.pipeline.state["kafka"].rsplit(":", 1)[1]))
        records = broker.records(self.pipeline.state["topic"])
        expected = [row_of_message(m) for record in records for m in messages.parse_framed(record.value)]
        got = [row_of(cells) for cells in self.query(f"SELECT {COLUMNS} FROM sluice.flows_raw")]
        self.assertEqual(sorted(expected), sorted(got))
        if self.framing == "single":
            self.assertEqual(len(expected), len(records))
        else:
            self.assertLess(len(records), len(expected) / 4)

    def assert_rollups_are_sums(self):
        sums = "sum(packets), sum(bytes), sum(packets * greatest(sampling_rate, 1)), sum(bytes * greatest(sampling_rate, 1))"
        for table, _, seconds, keys in columns.rollups():
            with self.subTest(table=table):
                slot = f"toUnixTimestamp(toStartOfInterval(time_received, INTERVAL {seconds} SECOND))"
                expected = self.query(f"SELECT {slot} AS slot, {keys}, count(), {sums} FROM sluice.flows_raw GROUP BY ALL ORDER BY ALL")
                rollup = (f"SELECT toUnixTimestamp(time) AS slot, {keys}, sum(flows), {sums} "
                          f"FROM sluice.{table} GROUP BY ALL ORDER BY ALL")
                waiting.until(lambda: self.query(rollup) == expected, f"{table} holds the sums of flows_raw")

    def assert_names(self):
        """By function from the dictionary, and those that the exporter itself sent."""
        named = self.query("SELECT DISTINCT proto, sluice_protocol(proto) FROM sluice.flows_raw ORDER BY proto")
        wanted = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "IPv6-ICMP"}
        self.assertEqual(wanted, {number: name for number, name in named if number in wanted})
        before = self.count()
        with udp.Sender(self.pipeline.port("ipfix")) as sender:
            sender.send(named_record())
        waiting.until(lambda: self.count() == before + 1, "the flow with names")
        self.assertEqual([[4242, 7, "Sprache & Bild", "björn"]],
                         self.query("SELECT bytes, packets, application_name, user_name FROM sluice.flows_raw WHERE user_name != ''"))

    def check_everything(self):
        sent = {
            "netflow5": self.export("netflow5", exporters.softflowd, 5),
            "netflow9": self.export("netflow9", exporters.softflowd, 9),
            "ipfix": self.export("ipfix", exporters.nfprobe, 10),
            "sflow": self.export("sflow", exporters.sfprobe),
        }
        for protocol, what in sent.items():
            with self.subTest(protocol=protocol):
                self.assert_rows_as_sent(protocol, what)
        self.assert_rows_are_the_messages()
        self.assert_rollups_are_sums()
        self.assert_names()
        self.assertEqual([[0]], self.query("SELECT count() FROM sluice.flows_errors"))
        self.assertEqual(143, self.pipeline.stop(), self.pipeline.output())


class Batch(PipelineCase):
    framing = "batch"

    def test_rows_are_what_exporters_sent(self):
        self.check_everything()


class Single(PipelineCase):
    framing = "single"

    def test_rows_are_what_exporters_sent(self):
        self.check_everything()


class Again(Case):
    """What was stopped goes on: the same data, no row lost or doubled; Debian's clickhouse of 2018 is not taken."""

    def old_clickhouse(self):
        os.mkdir(self.path("programs"))
        program = self.path("programs", "clickhouse")
        with open(program, "w") as file:
            file.write("#!/bin/sh\necho ClickHouse server version 18.16.1.\n")
        os.chmod(program, 0o755)
        return self.path("programs")

    def test_goes_on_where_it_stood(self):
        pcap = self.path("traffic.pcap")
        capture.make(pcap, time.time() - 10)
        programs, rows = self.old_clickhouse(), 0
        for turn in (1, 2):
            with pipeline.Pipeline(self.path("pipeline"), keep=True, programs=programs) as running:
                self.assertIn("clickhouse 18.16.1 is installed, the tables want 24.8 or newer", running.output())
                count = lambda: running.client.value("SELECT count() FROM sluice.flows_raw")
                self.assertEqual(rows, count())
                with udp.Tee(running.port("netflow")) as tee:
                    exporters.softflowd(pcap, tee.port, 9, directory=self.directory)
                rows += len(tee.read().flows)
                waiting.until(lambda: count() == rows, f"{rows} rows in turn {turn}")
                self.assertEqual(143, running.stop(), running.output())


if __name__ == "__main__":
    main()
