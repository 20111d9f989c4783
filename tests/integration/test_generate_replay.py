#!/usr/bin/python3
"""`sluice generate` and `sluice replay` against a running daemon: what they say they sent is what comes out."""
import glob
import os
import time

from harness import capture, daemon, exporters, flows, kafka, messages, udp, waiting
from harness.case import Case, main

TYPES = {"sflow": 1, "netflow5": 2, "netflow9": 3, "ipfix": 4}


class ToolCase(Case):
    def setUp(self):
        super().setUp()
        self.files = self.path("flows")

    def daemon(self):
        return daemon.Daemon(self.path("daemon"), {"sinks": {"flows": {"type": "file", "path": self.files}}})

    def delivered(self):
        result = []
        for name in sorted(glob.glob(os.path.join(self.files, "*.pb"))):
            with open(name, "rb") as file:
                result += messages.parse_framed(file.read())
        return result

    def tool(self, *arguments):
        result = daemon.run_once(*arguments)
        self.assertEqual(0, result.returncode, result.stderr)
        return result.stdout + result.stderr


class Generate(ToolCase):
    COUNT = 3000

    def check(self, protocol):
        with self.daemon() as sluice:
            with udp.Tee(sluice.port) as tee:
                said = self.tool("generate", "--protocol", protocol, "--to", f"127.0.0.1:{tee.port}", "--exporters", 1,
                                 "--rate", 1000, "--flows", self.COUNT, "--seed", 7)
            sent = tee.read()
            waiting.until(lambda: sluice.metric("sluice_protocol_flows_total") >= self.COUNT, "the flows are decoded")
            self.assertEqual(0, sluice.metric("sluice_protocol_decode_errors_total"))
            self.assertEqual(0, sluice.stop(), sluice.log())
        delivered = self.delivered()
        self.assertEqual(self.COUNT, len(delivered))
        self.assertIn(str(self.COUNT), said.replace(",", ""))
        self.assertEqual({TYPES[protocol]}, {m.type for m in delivered})
        # The second opinion: the same flows, as read from the datagrams by the tests' own parser.
        self.assertEqual("", flows.difference(sent.flows, messages.flow_list(delivered)))
        families = {len(m.src_addr) for m in delivered}
        self.assertEqual({4} if protocol == "netflow5" else {4, 16}, families)
        self.assertNotIn(0, {m.sampling_rate for m in delivered})

    def test_sflow(self):
        self.check("sflow")

    def test_netflow5(self):
        self.check("netflow5")

    def test_netflow9(self):
        self.check("netflow9")

    def test_ipfix(self):
        self.check("ipfix")

    def test_the_same_seed_makes_the_same_flows(self):
        runs = []
        for seed in (3, 3, 4):
            with udp.Tee() as tee:
                self.tool("generate", "--protocol", "netflow5", "--to", f"127.0.0.1:{tee.port}", "--exporters", 1,
                          "--rate", 1000, "--flows", 300, "--seed", seed)
            runs.append(tee.read().flows)
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])

    def test_exporters_are_told_apart(self):
        with self.daemon() as sluice:
            self.tool("generate", "--protocol", "netflow9", "--to", f"127.0.0.1:{sluice.port}", "--exporters", 5,
                      "--rate", 1000, "--flows", 1000, "--seed", 7)
            waiting.until(lambda: sluice.metric("sluice_protocol_flows_total") >= 1000, "the flows are decoded")
            by_exporter = {s.labels["exporter"]: s.value for s in sluice.metrics()["sluice_exporter_flows_total"]}
            self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertEqual(5, len(by_exporter))
        self.assertEqual(1000, sum(by_exporter.values()))
        self.assertEqual(5, len({m.sampler_address for m in self.delivered()}))


class GenerateKafka(ToolCase):
    def test_messages_without_the_network(self):
        broker, topic = kafka.shared(), kafka.new_topic("mocker")
        self.tool("generate", "--protocol", "ipfix", "--to", f"kafka://{broker.address}/{topic}", "--exporters", 3,
                  "--rate", 1000, "--flows", 2000, "--seed", 7)
        _, delivered = broker.wait_for(topic, messages.parse_framed, 2000)
        self.assertEqual(2000, len(delivered))
        self.assertEqual({4}, {m.type for m in delivered})


class Replay(ToolCase):
    def setUp(self):
        super().setUp()
        traffic = self.path("traffic.pcap")
        packets = capture.make(traffic, time.time() - 10)
        self.expected = capture.one_way_flows(packets, later_ipv6_fragment_proto=0)
        with udp.Tee() as tee:
            exporters.softflowd(traffic, tee.port, 9, self.directory)
            exporters.softflowd(traffic, tee.port, 10, self.directory)
        self.datagrams = tee.datagrams
        self.export = self.path("export.pcap")
        capture.write_datagrams(self.export, self.datagrams, tee.port)

    def test_a_capture_of_an_export(self):
        with self.daemon() as sluice:
            self.tool("replay", self.export, "--to", f"127.0.0.1:{sluice.port}", "--rate", 100)
            waiting.until(lambda: sluice.metric("sluice_protocol_flows_total") == 2 * len(self.expected), "flows are decoded")
            self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertEqual("", flows.difference(self.expected * 2, messages.flow_list(self.delivered())))

    def test_loops(self):
        with udp.Tee() as tee:
            self.tool("replay", self.export, "--to", f"127.0.0.1:{tee.port}", "--rate", 1000, "--loop", 3)
        self.assertEqual(self.datagrams * 3, tee.datagrams)

    def test_decode_reads_the_same_capture(self):
        result = daemon.run_once("decode", self.export)
        self.assertEqual(0, result.returncode, result.stderr)
        delivered = messages.parse_json(result.stdout.encode())
        self.assertEqual("", flows.difference(self.expected * 2, messages.flow_list(delivered)))


if __name__ == "__main__":
    main()
