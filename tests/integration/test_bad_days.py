#!/usr/bin/python3
"""What happens to a collector that runs for years: its clock is set, exporters are replaced."""
import json
import os
import struct
import time
import unittest
import urllib.request

from harness import daemon, udp, waiting
from harness.case import Case, main

DAY = 86400
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class BadDay(Case):
    """A collector with a file sink of JSON, whose flows are read back."""
    settings = {}

    def start(self, **options):
        settings = {"workers": 1, "sinks": {"out": {"type": "file", "path": self.path("out"), "format": "json"}}, **self.settings}
        collector = daemon.Daemon(self.path("daemon"), settings, **options)
        self.addCleanup(collector.kill)
        return collector

    def flows(self):
        out = []
        for name in sorted(os.listdir(self.path("out"))):
            with open(self.path("out", name)) as file:
                out += [json.loads(line) for line in file if line.endswith("\n")]
        return out

    def wait_delivered(self, collector, flows):
        waiting.until(lambda: collector.metric("sluice_sink_delivered_flows_total") >= flows, f"{flows} flows are delivered")

    def api(self, collector, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{collector.api_port}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)


class Clock(BadDay):
    """The machine's clock is set by a day and back while flows arrive."""

    def setUp(self):
        super().setUp()
        if not os.path.exists(FAKETIME):
            raise unittest.SkipTest("faketime is not installed (deploy/install-deps.sh test brings it)")
        self.offset = self.path("offset")
        self.set_clock(0)
        # The processes' own waiting is by the monotonic clock, which nobody sets.
        self.environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": self.offset, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                            "DONT_FAKE_MONOTONIC": "1"}

    def set_clock(self, seconds):
        with open(self.offset + ".new", "w") as file:
            file.write(f"{seconds:+d}s\n")
        os.replace(self.offset + ".new", self.offset)

    def generate(self, collector, protocol):
        """By the same clock as the collector's, one after the other from the same exporter."""
        run = daemon.run_once("generate", "--quiet", "--protocol", protocol, "--to", f"127.0.0.1:{collector.port}", "--flows", 100, "--rate", 200,
                              "--source-port", self.source_port, env={**os.environ, **self.environment})
        self.assertEqual(0, run.returncode, run.stderr)
        return json.loads(run.stdout)["flows"]

    def test_set_forward_and_back(self):
        (self.source_port,) = udp.free_ports(1)
        with self.start(launcher=("env", *(f"{name}={value}" for name, value in self.environment.items()))) as collector:
            sent = 0
            for offset in (0, DAY, 0, -DAY, 0):
                self.set_clock(offset)
                for protocol in ("netflow9", "ipfix", "sflow", "netflow5"):
                    sent += self.generate(collector, protocol)
                    self.wait_delivered(collector, sent)
                    self.assertEqual(200, collector.http("/readyz")[0])
            answer = self.api(collector, "exporters")
            self.assertEqual(sent, sum(row["ledger"]["flows"]["made"] for row in answer["exporters"]))
            self.assertEqual(0, sum(row["ledger"]["datagrams"]["lost"] for row in answer["exporters"]))
            self.assertEqual(0, collector.stop(), collector.log())
        flows = self.flows()
        self.assertEqual(sent, len(flows))
        now = time.time()
        days = [round((flow["time_received_ns"] / 1e9 - now) / DAY) for flow in flows]
        self.assertEqual([days.count(-1), days.count(0), days.count(1)], [sent // 5, sent // 5 * 3, sent // 5])
        for flow in flows:  # each by the clock of its moment, none a day off
            self.assertLess(abs(flow["time_received_ns"] - flow["time_flow_end_ns"]), 3600 * 10**9, flow)


def ipfix(sequence, *sets, domain=7):
    body = b"".join(struct.pack("!HH", number, 4 + len(content)) + content for number, content in sets)
    return struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), sequence, domain) + body


def netflow9(sequence, *sets, domain=7):
    body = b"".join(struct.pack("!HH", number, 4 + len(content)) + content for number, content in sets)
    return struct.pack("!HHIIII", 9, len(sets), 86_400_000, int(time.time()), sequence, domain) + body


def template(number, *fields):
    return struct.pack("!HH", number, len(fields)) + b"".join(struct.pack("!HH", *field) for field in fields)


class Exporters(BadDay):
    """Exporters restart, change what they speak, and use a template's number for something else."""

    def send(self, collector, *datagrams):
        with udp.Sender(collector.port) as sender:
            for datagram in datagrams:
                sender.send(datagram)

    def test_a_template_number_is_used_again(self):
        """Each data set by the layout of its moment, in both protocols, also within one datagram."""
        octets = [(1, 4)], [(1, 8)], [(2, 4), (1, 4)]
        data = [struct.pack("!I", 11), struct.pack("!Q", 12), struct.pack("!II", 1, 13)]
        with self.start() as collector:
            datagrams = []
            for turn in range(3):
                for at, (fields, content) in enumerate(zip(octets, data)):
                    place = turn * 3 + at
                    datagrams.append(ipfix(place, (2, template(256, *fields)), (256, content)))
                    datagrams.append(netflow9(place, (0, template(256, *fields)), (256, content)))
            self.send(collector, *datagrams)
            self.wait_delivered(collector, len(datagrams))
            self.assertEqual(0, collector.metric("sluice_exporter_decode_errors_total"))
            self.assertEqual(0, collector.stop(), collector.log())
        self.assertEqual(sorted([11, 12, 13] * 6), sorted(flow["bytes"] for flow in self.flows()))

    def test_an_exporter_changes_its_protocol(self):
        """A device is replaced: another protocol from the same address and port, and back."""
        (port,) = udp.free_ports(1)
        with self.start() as collector:
            sent = 0
            for protocol in ("netflow5", "netflow9", "ipfix", "sflow", "netflow9", "netflow5"):
                run = daemon.run_once("generate", "--quiet", "--protocol", protocol, "--to", f"127.0.0.1:{collector.port}", "--flows", 60, "--rate", 100,
                                      "--source-port", port)
                self.assertEqual(0, run.returncode, run.stderr)
                sent += json.loads(run.stdout)["flows"]
                self.wait_delivered(collector, sent)
            rows = self.api(collector, "exporters")["exporters"]
            self.assertEqual(sent, sum(row["ledger"]["flows"]["made"] for row in rows))
            self.assertEqual(0, sum(row["ledger"]["datagrams"]["lost"] for row in rows), rows)
            self.assertEqual(0, collector.metric("sluice_exporter_decode_errors_total"))
            self.assertEqual(0, collector.stop(), collector.log())
        self.assertEqual(sent, len(self.flows()))

    def test_an_exporter_restarts(self):
        """Its numbers begin again: told as restarts, not as loss; a gap before and after is still loss."""
        with self.start() as collector:
            run = daemon.run_once("generate", "--quiet", "--protocol", "ipfix", "--to", f"127.0.0.1:{collector.port}", "--flows", 3000, "--rate", 300,
                                  "--restart-after", 50, "--gap", 0.05, "--seed", 5)
            self.assertEqual(0, run.returncode, run.stderr)
            report = json.loads(run.stdout)
            self.wait_delivered(collector, report["flows"])
            (row,) = self.api(collector, "exporters")["exporters"]
            self.assertEqual(report["restarts"] if "restarts" in report else report["exporters"][0]["restarts"], row["ledger"]["sequence"]["restarts"])
            self.assertEqual(sum(said["skipped_flows"] for said in report["exporters"]), row["ledger"]["records"]["lost"])
            self.assertEqual(0, collector.stop(), collector.log())


if __name__ == "__main__":
    main()
