#!/usr/bin/python3
"""The page of `sluice web` in a real browser, over real flows in a real engine: tests/web/specs say what is done and what has
to be seen; here is what they look at, and what they compare with. Pictures are left in TEST_BUILD_DIR/pictures."""
import json
import math
import os
import subprocess
import sys
import time
import unittest

from harness import daemon, paths, tables, waiting
from harness.case import LONG, main, skip_unless_program
from harness.web import Web

sys.path.insert(0, os.path.join(paths.source(), "tests/bench"))
import generated_day  # noqa: E402  a provider's day, as the benchmarks have it

SPECS = os.path.join(paths.source(), "tests/web")
#: What the build of the page says of its files.
SIZES = os.path.join(os.environ.get("TEST_BUILD_DIR", "build/dev"), "src/tools/web/page/sizes.json")
MINUTE, QUARTER, HOUR = 60, 900, 3600
HOURS = 6
HOSTILE = '<img src=x onerror="pwned=1"> {0|x} "); DROP'
HOSTILE_EXPORTER = "198.51.100.77"


class Page(tables.OneStore):
    """A store with six hours of traffic that comes and goes, an incident of ten minutes in it, and `sluice web` before it."""

    @classmethod
    def setUpClass(cls):
        cls.node = skip_unless_program("node")
        if not os.path.isdir(os.path.join(SPECS, "node_modules/playwright-core")):
            raise unittest.SkipTest("playwright-core is not installed (deploy/install-deps.sh test fetches it by npm)")
        if not any(os.path.exists(f"/usr/bin/{name}") for name in ("chromium", "chromium-browser", "google-chrome")):
            raise unittest.SkipTest("there is no Chromium (deploy/install-deps.sh test brings it)")
        if not os.path.exists(SIZES):
            raise unittest.SkipTest("this build has no page (SLUICE_WEB)")
        super().setUpClass()
        cls.end = int(time.time()) // QUARTER * QUARTER
        cls.begin = cls.end - HOURS * HOUR
        cls.traffic()
        cls.strange_names()
        cls.out = os.path.join(os.environ.get("TEST_BUILD_DIR", "build/dev"), "pictures")
        os.makedirs(cls.out, exist_ok=True)
        cls.web = Web(os.path.join(cls.directory, "web"), cls.store.url)
        cls.addClassCleanup(cls.web.kill)

    @classmethod
    def traffic(cls):
        for quarter in range(HOURS * 4):
            rate = round(5 + 4 * math.sin(quarter / 3.4))
            cls.fill(cls.begin + quarter * QUARTER, QUARTER, rate, conversations=800, seed=1)
        cls.peak = {"from": cls.begin + 4 * HOUR, "to": cls.begin + 4 * HOUR + 10 * MINUTE}
        cls.fill(cls.peak["from"], 10 * MINUTE, 60, conversations=1, seed=77, v6=0)
        cls.target, cls.flows_to_target = cls.store.query(
            f"SELECT IPv6NumToString(dst_addr), count() FROM sluice.flows_raw WHERE time_received BETWEEN {cls.peak['from']} AND {cls.peak['to']} "
            "GROUP BY dst_addr ORDER BY sum(bytes_corrected) DESC LIMIT 1")[0]
        cls.target = cls.target.removeprefix("::ffff:")

    @classmethod
    def fill(cls, begin, seconds, rate, conversations, seed, v6=0.2):
        """The flows of exporters as they would have come since `begin`: made, decoded, and through the views into the tables."""
        capture, messages = os.path.join(cls.directory, "flows.pcap"), os.path.join(cls.directory, "flows.pb")
        made = daemon.run_once("generate", "--protocol", "ipfix", "--write", capture, "--start-time", begin * 10**9, "--flows", seconds * rate * 2, "--exporters", 2,
                               "--rate", rate, "--flows-per-datagram", 2, "--conversations", conversations, "--seed", seed, "--ipv6-share", v6, "--sampling", 100)
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        with open(messages, "wb") as file:
            subprocess.run([paths.sluice(), "decode", "--format", "protobuf", capture], stdout=file, stderr=subprocess.PIPE, check=True, timeout=120)
        cls.insert(messages)

    @classmethod
    def insert(cls, messages):
        with open(messages, "rb") as file:
            status, _, answer = cls.store.request(file.read(), query="INSERT INTO sluice.flows_feed FORMAT Protobuf", format_schema="flow.proto:FlowMessage")
        if status != 200:
            raise AssertionError(answer)

    @classmethod
    def strange_names(cls):
        """An exporter whose interface has a name that would be markup, a template or SQL where it were not text."""
        cls.store.text("INSERT INTO sluice.flows_feed (bytes, packets, sampler_address, time_received_ns, in_if, in_if_name, in_if_description, proto) "
                       "SELECT 1000, 1, unhex('c633644d'), toUInt64({begin:UInt64} + number * 10) * 1000000000, 9, {name:String}, {name:String}, 6 FROM numbers(2000)",
                       param_begin=cls.begin, param_name=HOSTILE)

    def run_spec(self, name, timeout=170, **facts):
        iso = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
        given = {"url": self.web.url, "out": self.out, "from": iso(self.begin), "to": iso(self.end), "link": f"/explore?v=1&from={iso(self.begin)}&to={iso(self.end)}",
                 "peak": self.peak, "target": self.target, "flowsToTarget": self.flows_to_target, "hostile": HOSTILE, "hostileExporter": HOSTILE_EXPORTER, **facts}
        run = subprocess.run([self.node, os.path.join(SPECS, "spec.mjs"), name], input=json.dumps(given), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             timeout=timeout, check=False)
        print(run.stdout)
        self.assertEqual(0, run.returncode, run.stdout)


class Stories(Page):
    """What people come for."""

    def test_an_incident_from_the_link_to_the_flow_list(self):
        self.run_spec("incident")

    def test_an_operator_pastes_an_nfdump_command(self):
        since, until = (time.strftime("%Y/%m/%d.%H:%M:%S", time.gmtime(t)) for t in (self.begin, self.end))
        expected = self.store.query(
            "SELECT replaceOne(IPv6NumToString(src_addr), '::ffff:', ''), count(), sum(packets_corrected), sum(bytes_corrected) AS b FROM sluice.flows_raw "
            f"WHERE time_received >= {self.begin} AND time_received < {self.end} AND proto = 6 AND (src_port = 443 OR dst_port = 443) GROUP BY src_addr ORDER BY b DESC, src_addr LIMIT 10")
        self.run_spec("operator", command=f"nfdump -R /data/nfcapd -t {since}-{until} -s srcip/bytes -n 10 'proto tcp and port 443'", expected=expected)

    def test_links_in_and_out(self):
        self.run_spec("links")

    def test_names_of_strangers_are_text(self):
        self.run_spec("hostile")

    def test_notes_are_told_once(self):
        with Web(os.path.join(self.directory, "notes"), self.store.url, collectors=[{"url": "http://127.0.0.1:9"}]) as web:
            self.run_spec("notes", url=web.url)

    def test_pages_of_others(self):
        self.run_spec("security")

    def test_cancel(self):
        """A table that never ends is put in the place of flows_raw, so that there is time to cancel."""
        self.store.text("CREATE DATABASE IF NOT EXISTS endless")
        self.store.text("CREATE OR REPLACE VIEW endless.flows_raw AS SELECT r.*, r.bytes_corrected, r.packets_corrected, r.flows FROM sluice.flows_raw AS r, numbers(100000000) AS n WHERE NOT ignore(sleepEachRow(0.0))")
        with Web(os.path.join(self.directory, "endless"), clickhouse={"url": self.store.url, "database": "endless"}, query={"time": "120s", "ask_above": 10**12}) as web:
            self.run_spec("cancel", url=web.url)
            running = lambda: self.store.value("SELECT count() FROM system.processes WHERE startsWith(Settings['log_comment'], 'web-')")
            waiting.until(lambda: running() == 0, "the statements ended with the page")


class Rules(Page):
    """What holds everywhere."""

    def test_policy_origin_accessibility_and_widths(self):
        self.run_spec("rules", timeout=600)


class Budget(Page):
    """Weight, times, memory; pictures of all of it."""

    def test_budget(self):
        self.run_spec("budget", timeout=3000 if LONG else 300, sizes=SIZES, refreshes=3000 if LONG else 60)


class Pictures(Page):
    """Of a provider's day; those of README and docs/web.md are among them."""

    RATE = 6  # flows a second, on average
    ASES = {10001: "Video Delivery", 10002: "Search and Mail", 10003: "Cloud West", 10004: "Social Network", 10005: "Software Updates", 10006: "Games Online",
            10007: "Music Streaming", 10008: "Transit One", 10009: "Peering Exchange", 10010: "Backup Vault", 64500: "Own Network", 64501: "Own Campus"}

    @classmethod
    def traffic(cls):
        os.makedirs(cls.store.files, exist_ok=True)
        with open(os.path.join(cls.store.files, "sluice_asns.csv"), "w") as file:
            file.write("asn,name,country\n" + "".join(f"{number},{name},ZZ\n" for number, name in cls.ASES.items()))
        cls.store.text("SYSTEM RELOAD DICTIONARIES")
        cls.begin = cls.end - 24 * HOUR
        for quarter in range(96):
            local = quarter / 4 + time.gmtime(cls.begin).tm_hour
            rate = max(1, round(cls.RATE * (1 - 0.62 * math.cos((local - 3.5) / 12 * math.pi))))
            # Other numbers each time, so that no two quarters are alike.
            since = cls.begin + quarter * (QUARTER - 100_000)
            cls.store.text(generated_day.statement(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(since)), quarter * 100_000 * rate, QUARTER * rate, rate))
        cls.peak = {"from": cls.end - 5 * HOUR, "to": cls.end - 5 * HOUR + 20 * MINUTE}
        cls.store.text("INSERT INTO sluice.flows_raw (time_received, time_flow_start, time_flow_end, sampler_address, in_if, out_if, src_addr, dst_addr, proto, "
                       "src_port, dst_port, src_as, dst_as, bytes, packets, sampling_rate, etype, exporter_name, in_if_name) "
                       "SELECT fromUnixTimestamp64Nano(({from:UInt64} * 1000 + number * 240) * 1000000, 'UTC') AS t, t, t, toIPv6('::ffff:192.0.2.1'), 1, 9, "
                       "toIPv6(concat('::ffff:203.0.113.', toString(number % 250))), toIPv6('::ffff:198.18.0.7'), 17, 53, 40000 + number % 9000, 10008, 64500, "
                       "1400 * 3, 3, 1000, 2048, 'edge1', 'xe-0/0/1' FROM numbers(5000)", param_from=cls.peak["from"])
        cls.target, cls.flows_to_target = "198.18.0.7", 5000

    def test_pictures(self):
        self.run_spec("pictures")
        self.assertLessEqual({"explore-light.png", "explore-dark.png", "flows-light.png", "phone-dark.png"}, set(os.listdir(self.out)))


if __name__ == "__main__":
    main()
