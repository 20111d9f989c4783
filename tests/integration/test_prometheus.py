#!/usr/bin/python3
"""deploy/prometheus: Prometheus takes the files, its rules fire when they should, name what sluice and ClickHouse really
expose, and have a section in docs/operations.md each."""
import collections
import glob
import json
import os
import re
import socket
import struct
import subprocess
import time
import urllib.parse
import urllib.request

import yaml

from harness import daemon, paths, store, udp, waiting
from harness.case import Case, main, skip_unless_program
from harness.program import Program

DIRECTORY = os.path.join(paths.source(), "deploy/prometheus")
RULES = [os.path.join(DIRECTORY, "rules", name) for name in ("recording.yml", "alerts.yml")]
TESTS = os.path.join(paths.source(), "tests/data/prometheus/alerts_test.yml")

# Of ClickHouse's metrics those that the engine used in tests does not compute; they are in ClickHouse's documentation.
ONLY_ON_A_SERVER = {"ClickHouseAsyncMetrics_MaxPartCountForPartition",
                    "ClickHouseAsyncMetrics_FilesystemMainPathAvailableBytes",
                    "ClickHouseAsyncMetrics_FilesystemMainPathTotalBytes"}


def source(name):
    with open(os.path.join(paths.source(), name)) as file:
        return file.read()


def rules(kind):
    """name -> rule; kind is record or alert."""
    found = {}
    for path in RULES:
        with open(path) as file:
            for group in yaml.safe_load(file)["groups"]:
                found.update({rule[kind]: rule for rule in group["rules"] if kind in rule})
    return found


def dashboard_expressions(node):
    """Of a dashboard's JSON: what is asked of Prometheus."""
    if isinstance(node, list):
        for child in node:
            yield from dashboard_expressions(child)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and (key == "expr" or value.startswith(("label_values(", "query_result("))):
                yield value
            yield from dashboard_expressions(value)


def names_used():
    """name of a metric -> where it is used first"""
    used = {}
    for kind in ("record", "alert"):
        for name, rule in rules(kind).items():
            for metric in metrics_of(rule["expr"]):
                used.setdefault(metric, name)
    for path in glob.glob(os.path.join(paths.source(), "deploy/grafana/**/*.json"), recursive=True):
        with open(path) as file:
            for expression in dashboard_expressions(json.load(file)):
                for metric in metrics_of(expression):
                    used.setdefault(metric, os.path.basename(path))
    return used


def metrics_of(expression):
    """Series of sluice, of the process and of ClickHouse; recorded ones have a colon before `sluice_`."""
    names = re.findall(r"(?<![\w:])(?:sluice_|process_|ClickHouse[A-Z])\w+(?!:)\b", expression)
    return {re.sub(r"^(sluice_decode_seconds)_(bucket|sum|count)$", r"\1", name) for name in names}


class Files(Case):
    def setUp(self):
        super().setUp()
        self.promtool = skip_unless_program("promtool")

    def assert_promtool(self, *arguments):
        result = subprocess.run([self.promtool, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        self.assertEqual(0, result.returncode, result.stdout)

    def test_prometheus_takes_configuration_and_rules(self):
        self.assert_promtool("check", "config", os.path.join(DIRECTORY, "prometheus.yml"))
        self.assert_promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)

    def test_alerts_fire_when_they_should(self):
        self.assert_promtool("test", "rules", TESTS)

    def test_every_alert_is_seen_to_fire_and_not_to(self):
        """Quiet is a moment without an alert, or a series beside the one that fires."""
        fires, quiet = set(), set()
        for one in yaml.safe_load(source("tests/data/prometheus/alerts_test.yml"))["tests"]:
            for case in one["alert_rule_test"]:
                expected = case["exp_alerts"]
                if expected:
                    fires.add(case["alertname"])
                metrics = collections.Counter(series["series"].partition("{")[0] for series in one["input_series"])
                if max(metrics.values()) > len(expected):
                    quiet.add(case["alertname"])
        alerts = set(rules("alert"))
        self.assertEqual(alerts, fires)
        self.assertEqual(alerts, quiet)

    def test_every_alert_says_what_it_means(self):
        for name, rule in rules("alert").items():
            with self.subTest(name):
                self.assertEqual({"summary", "description", "runbook_url"}, set(rule["annotations"]))
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
                self.assertEqual(f"docs/operations.md#{name.lower()}", rule["annotations"]["runbook_url"])

    def test_every_alert_has_its_section_and_every_section_its_alert(self):
        sections = re.findall(r"^#### (\w+)$", source("docs/operations.md"), re.M)
        self.assertEqual(list(rules("alert")), sections)

    def test_recorded_series_that_are_used_exist(self):
        recorded = set(rules("record"))
        for name, rule in rules("alert").items():
            for series in re.findall(r"\b\w+:\w+:\w+\b", rule["expr"]):
                self.assertIn(series, recorded, name)


class Prometheus(Program):
    """The real one, with the shipped rules and scrape configuration; only its interval and targets differ."""

    name = "prometheus"

    def __init__(self, directory, binary, target):
        os.makedirs(directory)
        self.log_path = os.path.join(directory, "log")
        with open(os.path.join(DIRECTORY, "prometheus.yml")) as file:
            config = yaml.safe_load(file)
        config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
        config["rule_files"] = RULES
        config["scrape_configs"] = [{**job, "static_configs": [{"targets": [target]}]}
                                    for job in config["scrape_configs"] if job["job_name"] == "sluice"]
        with open(os.path.join(directory, "prometheus.yml"), "w") as file:
            yaml.safe_dump(config, file)
        self.port = udp.free_ports(1, kind=socket.SOCK_STREAM)[0]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [binary, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ask(self, path, **parameters):
        """The `data` of the answer; None where nobody answers."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def series(self, query):
        answer = self.ask("query", query=query)
        return answer["result"] if answer else []

    def evaluated(self):
        """All rules with their health, once each has been evaluated."""
        found = [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]
        return found if all(rule["health"] != "unknown" for rule in found) else []

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()


class Running(Case):
    """A daemon that has received flows, strange bytes and data without a template, and a sink that fails."""

    def setUp(self):
        super().setUp()
        broker = udp.free_ports(1, socket.SOCK_STREAM)[0]  # where nobody is
        self.daemon = daemon.Daemon(self.path("daemon"), {
            "state": {"file": self.path("state")},
            "sinks": {"frames": {"type": "file", "path": self.path("frames"), "flush_interval": "50ms"},
                      "blocked": {"type": "kafka", "brokers": f"127.0.0.1:{broker}", "flush_interval": "50ms",
                                  "properties": {"message.timeout.ms": "1000"}}}})
        self.addCleanup(self.daemon.kill)
        self.export()

    def export(self):
        result = daemon.run_once("generate", "--protocol", "netflow9", "--to", f"127.0.0.1:{self.daemon.port}",
                                 "--exporters", 2, "--rate", 2000, "--flows", 400, "--seed", 1)
        self.assertEqual(0, result.returncode, result.stderr)
        with udp.Sender(self.daemon.port) as sender:
            sender.send(b"not a flow")
            sender.send(struct.pack(">HHIIIIHH", 9, 1, 1, int(time.time()), 1, 0, 256, 400))  # its set ends elsewhere

    def exposed(self):
        return set(re.findall(r"^# TYPE (\w+) ", self.daemon.http("/metrics")[1], re.M))

    def test_every_metric_that_is_named_is_exposed(self):
        """A family without a series is not on /metrics, so everything that makes series was done above."""
        used = {name: where for name, where in names_used().items() if not name.startswith("ClickHouse")}
        self.assertGreater(len(used), 30)
        # A block fails when it has become too old, a second after its flows came.
        waiting.until(lambda: self.daemon.metric("sluice_sink_failed_flows_total"), "the blocked sink fails")
        exposed = self.exposed()
        self.assertEqual({}, {name: where for name, where in used.items() if name not in exposed})

    def test_prometheus_scrapes_and_evaluates(self):
        binary = skip_unless_program("prometheus")
        target = f"127.0.0.1:{self.daemon.metrics_port}"
        with Prometheus(self.path("prometheus"), binary, target) as prometheus:
            waiting.until(lambda: prometheus.series('up{job="sluice"} == 1'), "the daemon is scraped")
            self.export()
            flows = waiting.until(lambda: prometheus.series("instance:sluice_flows:rate5m > 0"),
                                  f"flows are recorded; {prometheus.log()}")
            self.assertEqual(target, flows[0]["metric"]["instance"])
            # Nothing of Kafka runs here.
            wanted = [name for name in rules("record") if not name.endswith(":rate15m")]
            waiting.until(lambda: all(prometheus.series(name) for name in wanted), "each recording rule gives series")
            evaluated = waiting.until(lambda: prometheus.evaluated(), "all rules were evaluated")
            self.assertEqual(len(rules("record")) + len(rules("alert")), len(evaluated))
            self.assertEqual([], [(rule["name"], rule.get("lastError")) for rule in evaluated if rule["health"] != "ok"])
            firing = {rule["name"] for rule in evaluated if rule.get("state") == "firing"}
            self.assertIn("SluiceSinkFailing", firing)


class ClickHouse(Case):
    def test_metrics_of_the_server_are_the_engines(self):
        used = {name for name in names_used() if name.startswith("ClickHouse")}
        self.assertTrue(used)
        with store.Store(self.path("store")) as engine:
            known = {f"ClickHouseMetrics_{name}" for name in
                     engine.text("SELECT metric FROM system.metrics FORMAT TSV").split()}
            known |= {f"ClickHouseProfileEvents_{name}" for name in
                      engine.text("SELECT event FROM system.events SETTINGS system_events_show_zero_values = 1 "
                                  "FORMAT TSV").split()}
        self.assertEqual(set(), used - known - ONLY_ON_A_SERVER)


if __name__ == "__main__":
    main()
