#!/usr/bin/python3
"""The counters stream: what exporters count themselves, in files and a topic of its own beside the flows."""
import functools
import glob
import json
import os

from harness import daemon, kafka, messages, waiting
from harness.case import Case, main

FLOWS = 2000
parse_framed = functools.partial(messages.parse_framed, parse_one=messages.parse_counters)


class CounterCase(Case):
    def generate(self, port, protocol="sflow", *arguments):
        """Sends flows and counters; gives the report."""
        ended = daemon.run_once("generate", "--protocol", protocol, "--to", f"127.0.0.1:{port}", "--exporters", 2,
                                "--rate", 1000, "--flows", FLOWS, "--seed", 7, *arguments)
        self.assertEqual(0, ended.returncode, ended.stderr)
        report = json.loads(ended.stdout)
        self.assertEqual(FLOWS, report["flows"])
        return report

    def run_with(self, sinks, counter_sinks, generate):
        """Runs the collector with the sinks until all that was sent is delivered; gives the report."""
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            report = generate(sluice.port)
            waiting.until(lambda: sluice.metric("sluice_protocol_flows_total") == FLOWS, "the flows are decoded")
            waiting.until(lambda: sluice.metric("sluice_protocol_counter_samples_total") == report["counter_samples"],
                          "the counters are decoded")
            records = report["counter_samples"] + sluice.metric("sluice_protocol_options_records_total")
            for sink in sinks:
                wanted = records if sink in counter_sinks else FLOWS
                self.assertGreater(wanted, 0)
                waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total", sink=sink) == wanted,
                              f"the sink {sink} has delivered {wanted}")
            self.assertEqual(0, sluice.stop(), sluice.log())
        return report

    def read(self, directory, name, parse):
        result = []
        for path in sorted(glob.glob(os.path.join(self.path(directory), name))):
            with open(path, "rb") as file:
                result += parse(file.read())
        return result

    def check_samples(self, report, delivered):
        self.assertGreater(report["counter_samples"], 0)
        self.assertEqual(report["counter_samples"], len(delivered))
        for message in delivered:
            self.assertEqual(1, message.type)
            self.assertEqual(message.source_id_index, message.interface.if_index)
            self.assertTrue(message.HasField("ethernet"))
            self.assertGreater(message.sample_sequence, 0)
        self.assertEqual({10_000_000_000}, {message.interface.if_speed for message in delivered})
        # Each source of each exporter numbers its samples by itself, from 1, and none is missing.
        by_source = {}
        for message in delivered:
            by_source.setdefault((message.sampler_address, message.source_id_index), []).append(message.sample_sequence)
        for numbers in by_source.values():
            self.assertEqual(list(range(1, len(numbers) + 1)), sorted(numbers))


class Files(CounterCase):
    def test_beside_the_flows(self):
        sinks = {
            "flows": {"type": "file", "path": self.path("out")},
            "counters": {"type": "file", "stream": "counters", "path": self.path("out")},
            "lines": {"type": "file", "stream": "counters", "format": "json", "path": self.path("lines")},
        }
        report = self.run_with(sinks, {"counters", "lines"},
                               lambda port: self.generate(port, "sflow", "--counter-interval", 1))
        self.assertEqual(FLOWS, len(self.read("out", "flows-*.pb", messages.parse_framed)))
        delivered = self.read("out", "counters-*.pb", parse_framed)
        self.check_samples(report, delivered)
        lines = self.read("lines", "counters-*.jsonl", messages.parse_json)
        self.assertEqual(sorted((m.time_received_ns, m.interface.if_index, m.interface.if_in_octets) for m in delivered),
                         sorted((line["time_received_ns"], line["interface"]["if_index"],
                                 line["interface"]["if_in_octets"]) for line in lines))

    def test_options_records(self):
        sinks = {
            "flows": {"type": "file", "path": self.path("out")},
            "counters": {"type": "file", "stream": "counters", "path": self.path("out")},
        }
        self.run_with(sinks, {"counters"}, lambda port: self.generate(port, "ipfix"))
        delivered = self.read("out", "counters-*.pb", parse_framed)
        self.assertEqual({4}, {message.type for message in delivered})
        for message in delivered:
            self.assertGreater(message.options.template_id, 255)
            elements = {field.element: field for field in message.options.fields}
            self.assertGreater(len(elements), 1)
            self.assertTrue(message.options.fields[0].scope)
            self.assertTrue(message.options.fields[0].value)


class Topic(CounterCase):
    def test_a_topic_of_its_own(self):
        broker = kafka.shared()
        flows, counters = kafka.new_topic("flows"), kafka.new_topic("counters")
        sinks = {
            "flows": {"type": "kafka", "brokers": broker.address, "topic": flows},
            "counters": {"type": "kafka", "stream": "counters", "brokers": broker.address, "topic": counters},
        }
        report = self.run_with(sinks, {"counters"}, lambda port: self.generate(port, "sflow", "--counter-interval", 1))
        _, delivered = broker.wait_for(counters, parse_framed, report["counter_samples"])
        self.check_samples(report, delivered)
        _, delivered = broker.wait_for(flows, messages.parse_framed, FLOWS)
        self.assertEqual(FLOWS, len(delivered))


if __name__ == "__main__":
    main()
