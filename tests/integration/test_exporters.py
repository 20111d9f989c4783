#!/usr/bin/python3
"""Real exporters read a capture and export it to the running daemon; a real Kafka broker takes what it delivers; kcat
reads the topic and protobuf's own classes decode it. What comes out must be what the capture holds, and for sampled
export what the exporter said."""
import time

from harness import capture, daemon, exporters, flows, kafka, messages, udp
from harness.case import Case, main

SECOND = 10**9
TYPES = {5: 2, 9: 3, 10: 4, "sflow": 1}  # FlowMessage.FlowType


class ExporterCase(Case):
    def setUp(self):
        super().setUp()
        self.broker = kafka.shared()
        self.pcap = self.path("traffic.pcap")
        self.end = time.time() - 10
        self.packets = capture.make(self.pcap, self.end)

    def export(self, exporter, *arguments, **options):
        """Through the tee to a daemon with one topic; gives the messages and the tee's reading of what was sent."""
        topic = kafka.new_topic("exporters")
        settings = {"kafka": {"brokers": self.broker.address, "topic": topic}}
        with daemon.Daemon(self.path(topic), settings) as sluice:
            with udp.Tee(sluice.port) as tee:
                exporter(self.pcap, tee.port, *arguments, directory=self.directory, **options)
            sent = tee.read()
            self.assertGreater(len(sent.flows), 0, "the exporter sent nothing")
            self.broker.wait_for(topic, messages.parse_framed, len(sent.flows))
            self.assertEqual(0, sluice.metric("sluice_protocol_decode_errors_total"))
            self.assertEqual(tee.datagrams and len(tee.datagrams), sluice.metric("sluice_listener_datagrams_total"))
            self.assertEqual(0, sluice.stop(), sluice.log())
        # Once more after the end: nothing may have come twice.
        delivered = [m for record in self.broker.records(topic) for m in messages.parse_framed(record.value)]
        return delivered, sent

    def assert_flows(self, expected, delivered):
        got = messages.flow_list(delivered)
        self.assertEqual("", flows.difference(expected, got))
        self.assertEqual(flows.totals(expected), flows.totals(got))

    def assert_as_sent(self, version, delivered, sent):
        """Everything that the tests' own parser sees in the datagrams: flows in their order, times, exporter, type."""
        self.assert_flows(sent.flows, delivered)
        self.assertEqual({TYPES[version]}, {m.type for m in delivered})
        agent = b"\xc0\x00\x02\xfe" if version == "sflow" else b"\x7f\x00\x00\x01"
        self.assertEqual({agent}, {m.sampler_address for m in delivered})
        now = time.time_ns()
        for message in delivered:
            self.assertLess(abs(now - message.time_received_ns), 120 * SECOND)
        if None not in sent.times:
            expected = list(zip(sent.flows, sent.times))
            got = [(messages.flow(m), (m.time_flow_start_ns, m.time_flow_end_ns)) for m in delivered]
            self.assertEqual("", flows.difference(expected, got))

    def assert_times_of_capture(self, delivered):
        """Exporters round to milliseconds or seconds, and one of them to the second in its header."""
        for message in delivered:
            self.assertGreater(message.time_flow_start_ns / SECOND, self.end - 10 - 1.1)
            self.assertLess(message.time_flow_end_ns / SECOND, self.end + 1.1)
            self.assertLessEqual(message.time_flow_start_ns, message.time_flow_end_ns)


class Softflowd(ExporterCase):
    def check(self, version):
        expected = capture.one_way_flows(self.packets, family=4 if version == 5 else None, later_ipv6_fragment_proto=0)
        delivered, sent = self.export(exporters.softflowd, version)
        self.assert_flows(expected, delivered)
        self.assert_as_sent(version, delivered, sent)
        self.assert_times_of_capture(delivered)

    def test_netflow5(self):
        self.check(5)

    def test_netflow9(self):
        self.check(9)

    def test_ipfix(self):
        self.check(10)

    def test_ipfix_with_absolute_times(self):
        delivered, sent = self.export(exporters.softflowd, 10, options=("-A", "milli"))
        self.assert_as_sent(10, delivered, sent)
        self.assert_times_of_capture(delivered)


class ReverseCounters(ExporterCase):
    def test_softflowd_ipfix(self):
        """RFC 5103: one record for both directions becomes two flows, so the capture's flows come out again."""
        topic = kafka.new_topic("biflow")
        # Its ICMP template has one type and code for both directions, that of the way there: the echo replies' 129 is
        # never sent.
        expected = [flow._replace(ports=(0, 0)) if flow.ports == (129, 0) and flow.proto == flows.ICMP6 else flow
                    for flow in capture.one_way_flows(self.packets, later_ipv6_fragment_proto=0)]
        settings = {"kafka": {"brokers": self.broker.address, "topic": topic}}
        with daemon.Daemon(self.path(topic), settings) as sluice:
            exporters.softflowd(self.pcap, sluice.port, 10, self.directory, options=("-b",))
            _, delivered = self.broker.wait_for(topic, messages.parse_framed, len(expected))
        self.assert_flows(expected, delivered)


class Nfprobe(ExporterCase):
    def check(self, version):
        expected = capture.one_way_flows(self.packets, "joined", family=4 if version == 5 else None)
        delivered, sent = self.export(exporters.nfprobe, version)
        self.assert_flows(expected, delivered)
        self.assert_as_sent(version, delivered, sent)
        self.assert_times_of_capture(delivered)

    def test_netflow5(self):
        self.check(5)

    def test_netflow9(self):
        self.check(9)

    def test_ipfix(self):
        self.check(10)


class Sfprobe(ExporterCase):
    def test_every_packet(self):
        delivered, sent = self.export(exporters.sfprobe)
        # The last datagram is lost when pmacctd ends; what was sent is the beginning of the capture, packet by packet.
        self.assertGreater(len(sent.flows), len(self.packets) - 10)
        self.assert_flows(capture.samples(self.packets)[:len(sent.flows)], delivered)
        self.assert_as_sent("sflow", delivered, sent)
        self.assertEqual({1}, {m.sampling_rate for m in delivered})
        self.assertEqual({0x3FFFFFFF}, {m.in_if for m in delivered} | {m.out_if for m in delivered} - {0})


class Sampled(ExporterCase):
    RATE = 4

    def check(self, exporter, version, *arguments, rate_known_from=0):
        delivered, sent = self.export(exporter, *arguments, sampling=self.RATE)
        self.assert_as_sent(version, delivered, sent)
        told = set(sent.rates) | {sent.sampling_rate()}
        self.assertIn(self.RATE, told, "the exporter does not tell its sampling rate")
        self.assertLess(sum(f.packets for f in sent.flows), len(self.packets))
        self.assertEqual({self.RATE}, {m.sampling_rate for m in delivered})

    def test_softflowd_netflow5(self):
        self.check(exporters.softflowd, 5, 5)

    def test_softflowd_netflow9(self):
        self.check(exporters.softflowd, 9, 9)

    def test_softflowd_ipfix(self):
        self.check(exporters.softflowd, 10, 10)

    def test_nfprobe_netflow5(self):
        self.check(exporters.nfprobe, 5, 5)

    def test_nfprobe_netflow9(self):
        self.check(exporters.nfprobe, 9, 9)

    def test_nfprobe_ipfix(self):
        self.check(exporters.nfprobe, 10, 10)

    def test_sfprobe_sflow(self):
        self.check(exporters.sfprobe, "sflow")


class Forms(ExporterCase):
    """Every format and framing of the topic holds the same flows."""

    FORMS = {  # sink name -> (settings, how one record's value is read, whether a record is one flow)
        "protobuf-batch": ({"format": "protobuf", "framing": "batch"}, messages.parse_framed, False),
        "protobuf-single": ({"format": "protobuf", "framing": "single"}, messages.parse_framed, True),
        "protobuf-plain": ({"format": "protobuf", "framing": "plain"}, lambda value: [messages.parse(value)], True),
        "json-single": ({"format": "json", "framing": "single"}, messages.parse_json, True),
        "json-default": ({"format": "json"}, messages.parse_json, True),
        "json-batch": ({"format": "json", "framing": "batch"}, messages.parse_json, False),
    }

    def check(self, version):
        expected = capture.one_way_flows(self.packets, family=4 if version == 5 else None, later_ipv6_fragment_proto=0)
        topics = {name: kafka.new_topic(name) for name in self.FORMS}
        sinks = {name: {"type": "kafka", "brokers": self.broker.address, "topic": topics[name], **settings}
                 for name, (settings, _, _) in self.FORMS.items()}
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            exporters.softflowd(self.pcap, sluice.port, version, self.directory)
            for name, (_, read, _) in self.FORMS.items():
                self.broker.wait_for(topics[name], read, len(expected))
            self.assertEqual(0, sluice.stop(), sluice.log())
        for name, (_, read, single) in self.FORMS.items():
            with self.subTest(form=name):
                records = self.broker.records(topics[name])
                self.assert_flows(expected, [m for record in records for m in read(record.value)])
                if single:
                    self.assertEqual([1] * len(expected), [len(read(record.value)) for record in records])
                else:
                    self.assertLess(len(records), len(expected) / 4, "flows of one moment do not share records")
                # One exporter: by default all of it goes to one partition, so that its flows stay in order.
                self.assertEqual(1, len({record.partition for record in records}))

    def test_netflow5(self):
        self.check(5)

    def test_netflow9(self):
        self.check(9)

    def test_ipfix(self):
        self.check(10)

    def test_partition_by_fields_is_the_key(self):
        topic = kafka.new_topic("keyed")
        settings = {"kafka": {"brokers": self.broker.address, "topic": topic, "framing": "single",
                              "partition_by": ["src_addr", "dst_addr"]}}
        with daemon.Daemon(self.path("daemon"), settings) as sluice:
            exporters.softflowd(self.pcap, sluice.port, 9, self.directory)
            expected = capture.one_way_flows(self.packets, later_ipv6_fragment_proto=0)
            records, delivered = self.broker.wait_for(topic, messages.parse_framed, len(expected))
        self.assert_flows(expected, delivered)
        pairs = {(m.src_addr, m.dst_addr) for m in delivered}
        keys = {}
        for record in records:
            message, = messages.parse_framed(record.value)
            self.assertTrue(record.key)
            keys.setdefault((message.src_addr, message.dst_addr), set()).add((record.key, record.partition))
        self.assertEqual({1}, {len(found) for found in keys.values()}, "a pair of addresses has several keys or partitions")
        self.assertEqual(len(pairs), len({key for found in keys.values() for key, _ in found}))
        self.assertGreater(len({record.partition for record in records}), 1)


if __name__ == "__main__":
    main()
