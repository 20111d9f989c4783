#!/usr/bin/python3
"""The configuration is read again while flows come in: what takes effect does so without a datagram lost, what does not is
named, and a wrong file changes nothing."""
import collections
import glob
import json
import os
import signal
import socket
import subprocess
import types
import urllib.error
import urllib.request

from harness import daemon, udp, waiting
from harness.case import Case, main

TOKEN = "open sesame"
RATE = 1000


class Reload(Case):
    def setUp(self):
        super().setUp()
        self.files = {name: self.path(name) for name in ("first", "second")}
        metrics_port, api_port = udp.free_ports(2, kind=socket.SOCK_STREAM)
        self.ports = types.SimpleNamespace(ports=udp.free_ports(1), metrics_port=metrics_port, api_port=api_port)
        self.collector = daemon.Daemon(self.path("daemon"), self.whole(), like=self.ports)
        self.addCleanup(self.collector.kill)

    def whole(self, **changes):
        """The configuration with these differences, and the ports that the collector has."""
        settings = {"sinks": {"archive": self.sink("first")}, "api": {"token": TOKEN}, "metrics": {}, **changes}
        settings["metrics"] = {"listen": f"127.0.0.1:{self.ports.metrics_port}", **settings["metrics"]}
        settings["api"] = {"listen": f"127.0.0.1:{self.ports.api_port}", **settings["api"]}
        return {"workers": 2, "listeners": [{"address": "127.0.0.1", "port": self.ports.ports[0]}], **settings}

    def sink(self, directory, **more):
        return {"type": "file", "format": "json", "path": self.files[directory], **more}

    def write(self, **changes):
        with open(self.collector.config, "w") as file:
            json.dump(self.whole(**changes), file, indent=1)

    def ask(self, path, method="GET", token=TOKEN):
        request = urllib.request.Request(f"http://127.0.0.1:{self.collector.api_port}/api/v1/{path}", method=method)
        if token:
            request.add_header("Authorization", "Bearer " + token)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def reload(self, **changes):
        self.write(**changes)
        status, done = self.ask("reload", "POST")
        self.assertEqual(200, status, done)
        return done

    def hang_up(self, line):
        """SIGHUP; waits for the line in the log."""
        before = self.collector.log().count(line)
        self.collector.signal(signal.SIGHUP)
        waiting.until(lambda: self.collector.log().count(line) > before, f"{line!r} is logged")

    def generate(self, *options):
        """Templates come once, so that what a reload forgot would be seen."""
        generator = subprocess.Popen([daemon.binary(), "generate", "--quiet", "--protocol", "netflow9", "--exporters", "4",
                                      "--to", f"127.0.0.1:{self.collector.port}", "--template-interval", "86400",
                                      "--flows-per-datagram", "2", *map(str, options)],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(generator.kill)
        return generator

    def more(self):
        """Some flows come in."""
        had = self.collector.metric("sluice_listener_datagrams_total")
        waiting.until(lambda: self.collector.metric("sluice_listener_datagrams_total") >= had + RATE / 4, "flows come in")

    def lines(self, directory):
        out = []
        for path in glob.glob(os.path.join(self.files[directory], "*")):
            with open(path) as file:
                out += [json.loads(line) for line in file if line.endswith("\n")]
        return out

    def test_sinks_come_change_and_go_under_load(self):
        generator = self.generate("--rate", RATE)
        self.more()
        self.assertEqual(["sinks"], self.reload(sinks={"archive": self.sink("first"), "more": self.sink("second")})["reloaded"])
        self.more()
        # Both change: other files, and other rows.
        self.reload(sinks={"archive": self.sink("first", prefix="other"), "more": self.sink("second", block_bytes="8KB")},
                    collector_id="here")
        self.more()
        self.reload(sinks={"archive": self.sink("first", prefix="other")}, collector_id="here")
        self.more()
        generator.send_signal(signal.SIGTERM)
        sent = json.loads(generator.communicate(timeout=waiting.DEADLINE)[0])
        delivered = lambda: self.collector.metric("sluice_sink_delivered_flows_total", sink="archive")
        waiting.until(lambda: delivered() == sent["flows"], "every flow is delivered, over the change too")
        self.assertEqual(sent["datagrams"], self.collector.metric("sluice_listener_datagrams_total"))
        self.assertEqual(0, self.collector.metric("sluice_protocol_decode_errors_total"))
        self.assertEqual(sent["flows"], self.collector.metric("sluice_exporter_sink_flows_total", sink="archive", fate="delivered"))
        self.assertEqual([], self.collector.metrics().get("sluice_sink_delivered_flows_total{sink=\"more\"}", []))
        waiting.until(lambda: "sink more, which was taken out:" in self.collector.log(), "the end of the former sink is told")
        self.assertEqual(0, self.collector.stop(), self.collector.log())
        first, second = self.lines("first"), self.lines("second")
        self.assertEqual(sent["flows"], len(first))
        self.assertEqual([], glob.glob(self.path("*", "*.part")))
        self.assertTrue(0 < len(second) < sent["flows"])
        by_name = collections.Counter(flow.get("collector_id", "") for flow in first)
        self.assertEqual({"", "here"}, set(by_name), by_name)

    def test_a_sink_gets_what_its_filter_wants(self):
        """One sink of two has a filter, which changes under load; the balance of each stays exact."""
        some = {"archive": self.sink("first"), "some": self.sink("second", filter="proto tcp")}
        self.reload(sinks=some)
        generator = self.generate("--rate", RATE)
        self.more()
        # The spelling is no change, and what is no filter costs nothing.
        self.assertEqual([], self.reload(sinks={**some, "some": self.sink("second", filter="(TCP)")})["reloaded"])
        self.write(sinks={**some, "some": self.sink("second", filter="proto tcp and prt 53")})
        with open(self.collector.config) as file:
            line = next(number for number, text in enumerate(file, 1) if "prt 53" in text)
        wrong = (f'{self.collector.config}:{line}: sinks.some.filter is "proto tcp and prt 53"; '
                 "at character 15 of the filter: 'prt' is no field and no word of the filter")
        status, answer = self.ask("reload", "POST")
        self.assertEqual((422, [wrong]), (status, answer["errors"]))
        checked = daemon.run_once("check", "--config", self.collector.config)
        self.assertEqual(2, checked.returncode)
        self.assertIn(wrong, checked.stdout + checked.stderr)
        self.more()
        some["some"] = self.sink("second", filter="not proto tcp and bytes > 1k")
        self.assertEqual(["sinks"], self.reload(sinks=some)["reloaded"])
        self.more()
        generator.send_signal(signal.SIGTERM)
        made = json.loads(generator.communicate(timeout=waiting.DEADLINE)[0])["flows"]

        def booked():
            answer = self.ask("exporters")[1]["sinks"]
            sums = {sink: tuple(sum(row[fate] for row in answer if row["sink"] == sink) for fate in ("delivered", "filtered"))
                    for sink in some}
            return sums if all(sum(pair) == made for pair in sums.values()) else None
        sums = waiting.until(booked, "each sink has what was made, or filtered it")
        self.assertEqual((made, 0), sums["archive"])
        self.assertEqual(sums["some"][1], self.collector.metric("sluice_sink_filtered_flows_total", sink="some"))
        self.assertEqual(0, self.collector.metric("sluice_sink_filtered_flows_total", sink="archive"))
        self.assertEqual(0, self.collector.stop(), self.collector.log())
        lines = self.lines("second")
        self.assertEqual((made, sums["some"][0]), (len(self.lines("first")), len(lines)))
        kinds = {flow["proto"] == 6 or flow["proto"] == "TCP" for flow in lines}
        self.assertEqual({True, False}, kinds)
        for flow in lines:
            if flow["proto"] not in (6, "TCP"):
                self.assertGreater(int(flow["bytes"]) * int(flow["sampling_rate"]), 1000, flow)

    def test_what_is_known_of_exporters_changes_and_what_they_taught_stays(self):
        self.assertEqual(0, self.generate("--flows", 100, "--rate", 0).wait(waiting.DEADLINE))
        waiting.until(lambda: self.collector.metric("sluice_sink_delivered_flows_total") == 100, "the flows are written")
        self.write(exporters=[{"prefix": "127.0.0.0/8", "name": "core", "sampling_rate_override": 77}])
        self.hang_up("reloaded: exporters")
        self.assertEqual(0, self.generate("--flows", 100, "--rate", 0, "--no-templates").wait(waiting.DEADLINE))
        waiting.until(lambda: self.collector.metric("sluice_sink_delivered_flows_total") == 200, "they are decoded without templates")
        self.assertEqual({"core"}, {sample.labels["name"] for sample in self.collector.metrics()["sluice_exporter_datagrams_total"]})
        self.assertEqual(0, self.collector.stop())
        flows = self.lines("first")
        self.assertEqual(200, len(flows))
        self.assertEqual(100, len([flow for flow in flows if (flow.get("exporter_name"), int(flow["sampling_rate"])) == ("core", 77)]))

    def test_a_wrong_file_changes_nothing_and_files_are_reopened(self):
        self.assertEqual(0, self.generate("--flows", 100, "--rate", 0).wait(waiting.DEADLINE))
        waiting.until(lambda: self.collector.metric("sluice_sink_delivered_flows_total") == 100, "the flows are written")
        self.assertEqual(1, len(glob.glob(self.path("first", "*.part"))))
        self.write(collector_id="never", log={"levle": "debug"})
        with open(self.collector.config) as file:
            line = next(number for number, text in enumerate(file, 1) if "levle" in text)
        wrong = f'{self.collector.config}:{line}: unknown key "log.levle"; did you mean log.level?'
        self.hang_up(f"the configuration in force stays: {wrong}")
        waiting.until(lambda: not glob.glob(self.path("first", "*.part")), "the file is whole")
        status, answer = self.ask("reload", "POST")
        self.assertEqual((422, [wrong]), (status, answer["errors"]))
        self.assertEqual("", self.ask("config")[1]["settings"]["collector_id"])
        # A sink that cannot be made is as wrong, and costs the others nothing.
        self.write(collector_id="never", sinks={"archive": self.sink("first", prefix="never"), "no": {"type": "file", "path": "/dev/null/x"}})
        status, answer = self.ask("reload", "POST")
        self.assertEqual(422, status)
        self.assertIn("sinks.no.path: cannot create /dev/null/x", answer["error"])
        self.assertEqual(0, self.generate("--flows", 100, "--rate", 0).wait(waiting.DEADLINE))
        waiting.until(lambda: self.collector.metric("sluice_sink_delivered_flows_total") == 200, "all goes on")
        self.assertEqual([], glob.glob(self.path("first", "never*")))
        self.assertEqual(200, self.collector.http("/readyz")[0])

    def test_what_needs_a_restart_is_named_and_stays(self):
        done = self.reload(workers=3, receive={"batch": 17}, log={"level": "debug", "format": "json"}, metrics={"max_exporters": 5},
                           exporters=[{"prefix": "127.0.0.1", "key_with_port": True}])
        self.assertEqual(["workers", "receive.batch", "exporters[].key_with_port", "log.format"], done["needs_restart"])
        self.assertEqual(["exporters", "log.level", "metrics.max_exporters"], done["reloaded"])
        self.assertIn("in force after a restart only: workers, receive.batch, exporters[].key_with_port, log.format", self.collector.log())
        settings = self.ask("config")[1]["settings"]
        self.assertEqual({"workers": "2", "receive.batch": "256", "exporters[0].key_with_port": "false", "log.format": "text",
                          "log.level": "debug", "metrics.max_exporters": "5", "api.token": "********"},
                         {path: settings[path] for path in ("workers", "receive.batch", "exporters[0].key_with_port", "log.format",
                                                            "log.level", "metrics.max_exporters", "api.token")})
        # Named again, and nothing is new; then all is as it was.
        done = self.reload(workers=3, log={"level": "debug"}, metrics={"max_exporters": 5}, exporters=[{"prefix": "127.0.0.1"}])
        self.assertEqual(([], ["workers"]), (done["reloaded"], done["needs_restart"]))
        self.assertEqual([], self.reload()["needs_restart"])

    def test_who_may_ask_changes(self):
        self.reload(metrics={"allow": ["192.0.2.0/24"]}, api={"token": "another"})
        self.assertEqual(401, self.ask("status")[0])
        self.assertEqual(200, self.ask("status", token="another")[0])
        self.assertEqual(403, self.collector.http("/metrics")[0])
        self.write()
        self.assertEqual(200, self.ask("reload", "POST", token="another")[0])
        self.assertEqual(200, self.collector.http("/metrics")[0])

    def send(self, flows=100):
        """From 127.0.0.2 to 127.0.0.5; gives how many datagrams came."""
        seen = self.collector.metric("sluice_listener_datagrams_total")
        report = json.loads(self.generate("--flows", flows, "--rate", 0).communicate(timeout=waiting.DEADLINE)[0])
        waiting.until(lambda: self.collector.metric("sluice_listener_datagrams_total") == seen + report["datagrams"], "all have come")
        return report["datagrams"]

    def refused(self):
        return self.collector.metric("sluice_listener_refused_datagrams_total")

    def test_who_may_send_changes(self):
        listener = {"address": "127.0.0.1", "port": self.ports.ports[0]}
        self.send()
        self.assertEqual(0, self.refused())
        self.assertEqual(["listeners[].allow"], self.reload(listeners=[{**listener, "allow": ["192.0.2.0/24"]}])["reloaded"])
        refused = self.send()
        self.assertEqual(refused, self.refused())
        self.assertEqual(refused, self.collector.metric("sluice_refused_datagrams_total", prefix="127.0.0.0/24"))
        self.reload(listeners=[{**listener, "allow": ["127.0.0.0/8"]}])
        self.send()
        self.assertEqual(refused, self.refused())
        # Of configured exporters only, and these change too.
        done = self.reload(receive={"exporters_only": True}, exporters=[{"prefix": "192.0.2.0/24"}])
        self.assertEqual({"listeners[].allow", "exporters", "receive.exporters_only"}, set(done["reloaded"]))
        refused += self.send()
        self.assertEqual(refused, self.refused())
        self.assertEqual(["exporters"], self.reload(receive={"exporters_only": True}, exporters=[{"prefix": "127.0.0.0/8"}])["reloaded"])
        self.send()
        self.assertEqual(refused, self.refused())
        # With another port the listener is another one, and its list waits with it.
        done = self.reload(listeners=[{**listener, "port": 1, "allow": ["192.0.2.0/24"]}])
        self.assertIn("listeners", done["needs_restart"])
        self.send()
        self.assertEqual(refused, self.refused())

    def test_only_whoever_has_the_token_reloads(self):
        self.assertEqual(401, self.ask("reload", "POST", token=None)[0])
        self.assertEqual(405, self.ask("reload")[0])
        self.assertEqual(405, self.ask("status", "POST")[0])
        self.reload(api={"token": ""})
        status, answer = self.ask("reload", "POST", token=None)
        self.assertEqual((403, "nobody may reload here: set api.token"), (status, answer["error"]))


if __name__ == "__main__":
    main()
