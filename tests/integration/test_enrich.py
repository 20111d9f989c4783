#!/usr/bin/python3
"""Names of flows: countries and AS numbers from tables that a registry serves, replaced while flows come in; networks from
CSV with mistakes in it; interfaces by what the exporter calls them in its options data; rules."""
import bisect
import csv
import glob
import ipaddress
import json
import os
import shutil
import struct
import subprocess
import threading
import time
import unittest

from harness import daemon, paths, udp, waiting
from harness.case import Case, main, skip_unless_program

#: Addresses of some that hardly move, and of nobody.
ADDRESSES = ("1.1.1.1", "8.8.8.8", "193.0.6.139", "199.7.83.42", "192.0.2.1", "10.1.2.3", "2001:4860:4860::8888", "2606:4700::1111", "2001:db8::1")


def table(*parts):
    """A file of what the quickstart names flows with."""
    path = os.path.join(paths.source(), "deploy", "names", "node_modules", "@ip-location-db", *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest("the tables of countries and AS numbers are not there (deploy/install-deps.sh test brings them by npm)")
    return path


def packed(address):
    return ipaddress.ip_address(address).packed


class Exporter:
    """NetFlow v9: flows between given addresses, and options data with names of interfaces."""
    TEMPLATE = {4: (300, [(8, 4), (12, 4), (10, 4), (14, 4), (1, 4), (2, 4), (4, 1)]),
                6: (301, [(27, 16), (28, 16), (10, 4), (14, 4), (1, 4), (2, 4), (4, 1)])}

    def __init__(self, port):
        self.sender, self.sequence = udp.Sender(port), 0

    def send(self, *sets):
        header = struct.pack("!HHIIII", 9, len(sets), 1000, int(time.time()), self.sequence, 7)
        self.sender.send(header + b"".join(sets))
        self.sequence += 1

    @staticmethod
    def set_of(number, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("!HH", number, len(body) + 4) + body

    def templates(self):
        return self.set_of(0, b"".join(struct.pack("!HH", number, len(fields)) + b"".join(struct.pack("!HH", *field) for field in fields)
                                       for number, fields in self.TEMPLATE.values()))

    def flows(self, pairs, in_if=1, out_if=2, proto=6):
        """Of (source, destination), of one family."""
        version = ipaddress.ip_address(pairs[0][0]).version
        records = b"".join(packed(source) + packed(destination) + struct.pack("!IIIIB", in_if, out_if, 1000, 1, proto) for source, destination in pairs)
        self.send(self.templates(), self.set_of(self.TEMPLATE[version][0], records))

    def interfaces(self, names):
        """index -> (name, description)."""
        options = struct.pack("!HHH", 400, 4, 8) + struct.pack("!HH", 2, 4) + struct.pack("!HHHH", 82, 32, 83, 64)
        records = b"".join(struct.pack("!I32s64s", index, name.encode(), text.encode()) for index, (name, text) in names.items())
        self.send(self.set_of(1, options), self.set_of(400, records))


class Enrich(Case):
    def start(self, enrich, **more):
        self.collector = daemon.Daemon(self.path("daemon"), {"enrich": enrich, "sinks": {"files": {"type": "file", "format": "json", "path": self.path("files")}}, **more})
        self.addCleanup(self.collector.kill)
        self.exporter = Exporter(self.collector.port)
        self.addCleanup(self.exporter.sender.close)
        return self.collector

    def flows(self):
        """What the file sink has written, the collector being at its end."""
        self.assertEqual(0, self.collector.stop(), self.collector.log())
        out = []
        for path in sorted(glob.glob(self.path("files", "*"))):
            with open(path) as file:
                out += map(json.loads, file)
        return out

    def reload(self, **changes):
        with open(self.collector.config) as file:
            config = json.load(file)
        config.update(changes)
        with open(self.collector.config, "w") as file:
            json.dump(config, file)

    def decoded(self, flows):
        waiting.until(lambda: self.collector.metric("sluice_protocol_flows_total", protocol="netflow9") >= flows, "the flows are decoded")


class Tables(Enrich):
    """The tables of a registry, read by others too."""

    def setUp(self):
        super().setUp()
        self.country = self.path("country.mmdb")
        shutil.copy(table("iptoasn-country-mmdb", "iptoasn-country.mmdb"), self.country)
        self.ases = self.path("as.csv")
        with open(self.ases, "wb") as out:
            for name in ("asn-ipv4.csv", "asn-ipv6.csv"):
                with open(table("asn", name), "rb") as file:
                    shutil.copyfileobj(file, out)

    def as_of(self, address):
        address = ipaddress.ip_address(address)
        with open(table("asn", f"asn-ipv{address.version}.csv"), newline="") as file:
            rows = [(int(ipaddress.ip_address(row[0])), int(ipaddress.ip_address(row[1])), int(row[2])) for row in csv.reader(file)]
        at = bisect.bisect_right(rows, (int(address), 1 << 128, 0)) - 1
        return rows[at][2] if at >= 0 and rows[at][0] <= int(address) <= rows[at][1] else 0

    def country_of(self, address):
        told = subprocess.run([skip_unless_program("mmdblookup"), "--file", table("iptoasn-country-mmdb", "iptoasn-country.mmdb"), "--ip", address, "country_code"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        return told.split('"')[1] if '"' in told else ""

    def test_each_address_has_what_the_tables_say(self):
        self.start({"as": {"file": self.ases}, "country": {"file": self.country}})
        for version in (4, 6):
            pairs = [(address, address) for address in ADDRESSES if ipaddress.ip_address(address).version == version]
            self.exporter.flows(pairs)
        self.decoded(len(ADDRESSES))
        self.assertEqual(1, self.collector.metric("sluice_names_reads_total", source="as"))
        self.assertGreater(self.collector.metric("sluice_names_built_timestamp_seconds", source="country"), 1.6e9)
        self.assertEqual(len(ADDRESSES), self.collector.metric("sluice_enrich_addresses_looked_up_total"))
        self.assertEqual(len(ADDRESSES), self.collector.metric("sluice_enrich_addresses_cached_total"))
        rows = {row["src_addr"]: row for row in self.flows()}
        got = {address: (row.get("src_as", 0), row.get("src_country", ""), row.get("dst_as", 0), row.get("dst_country", "")) for address, row in rows.items()}
        expected = {address: 2 * (self.as_of(address), self.country_of(address)) for address in ADDRESSES}
        self.assertEqual(expected, got)
        self.assertGreater(len({facts[0] for facts in expected.values()}), 3, "the tables say something")
        self.assertGreater(len({facts[1] for facts in expected.values()}), 2, "the tables say something")

    def test_tables_are_replaced_while_flows_come_in(self):
        """By another name, and by writing over them, which cuts them first."""
        four = table("iptoasn-country-mmdb", "iptoasn-country-ipv4.mmdb")
        shutil.copy(four, self.country)
        self.start({"country": {"file": self.country}, "check_every": "1s"})
        stop, sent = threading.Event(), 0

        def send():
            nonlocal sent
            while not stop.is_set():
                self.exporter.flows([("2606:4700::1111", "2001:4860:4860::8888")])
                sent += 1
                time.sleep(0.001)  # the pace of the flows

        sender = threading.Thread(target=send)
        sender.start()
        try:
            waiting.until(lambda: self.collector.metric("sluice_enrich_country_misses_total") > 100, "without a country")
            self.assertEqual(0, self.collector.metric("sluice_enrich_country_hits_total"))
            shutil.copy(table("iptoasn-country-mmdb", "iptoasn-country.mmdb"), self.country)
            waiting.until(lambda: self.collector.metric("sluice_enrich_country_hits_total") > 100, "with one")
            with open(self.country, "r+b") as file:
                file.truncate(100)
            waiting.until(lambda: self.collector.metric("sluice_names_failures_total", source="country") > 0, "the damaged one is refused")
            hits = self.collector.metric("sluice_enrich_country_hits_total")
            waiting.until(lambda: self.collector.metric("sluice_enrich_country_hits_total") > hits + 100, "the one before goes on")
            shutil.copy(four, self.path("new"))
            os.rename(self.path("new"), self.country)
            misses = self.collector.metric("sluice_enrich_country_misses_total")
            waiting.until(lambda: self.collector.metric("sluice_enrich_country_misses_total") > misses + 100, "without one again")
        finally:
            stop.set()
            sender.join()
        self.decoded(sent)
        self.assertIn("country.mmdb is no file in MaxMind's format", self.collector.log())
        self.assertEqual(sent, len(self.flows()), "every flow has arrived")

    def test_what_is_added_and_from_where(self):
        config = self.path("sluice.yaml")
        with open(config, "w") as file:
            json.dump({"enrich": {"as": {"file": self.ases}, "country": {"file": self.country}, "networks": [{"prefix": "1.1.1.0/24", "name": "resolvers"}],
                                  "rules": [{"match": "src_network = resolvers", "set": {"src_network_role": "dns"}}]}}, file)
        told = daemon.run_once("enrich", "-c", config, "--test", "1.1.1.1")
        self.assertEqual(0, told.returncode, told.stderr)
        lines = [line.split() for line in told.stdout.splitlines()]
        self.assertEqual([["1.1.1.1"], ["src_as", str(self.as_of("1.1.1.1")), "as"], ["src_country", self.country_of("1.1.1.1"), "country"],
                          ["src_network", "resolvers", "networks"], ["src_network_role", "dns", "rules"]], lines)


class Lists(Enrich):
    """Networks, interfaces, rules."""

    def test_each_mistake_is_told_with_its_line(self):
        with open(self.path("n.csv"), "w") as file:
            file.write("prefix,name,asn\n192.0.2.0/24,a,1\n192.0.2.0/33,b,1\n192.0.2.0/24,c,x\n")
        with open(self.path("i.csv"), "w") as file:
            file.write("exporter,index,boundary\n198.51.100.1,1,outside\n")
        config = self.path("sluice.yaml")
        with open(config, "w") as file:
            file.write(f"enrich:\n  networks_file: {self.path('n.csv')}\n  interfaces_file: {self.path('i.csv')}\n"
                       "  as: {file: /nowhere.mmdb}\n")
        for command in ("check", "run"):
            said = daemon.run_once(command, "-c", config, "--set", "listeners=[127.0.0.1:0]", "--set", "metrics.listen=", "--set", "api.listen=")
            self.assertEqual(2, said.returncode, said.stderr)
            lines = [line for line in said.stderr.splitlines() if "csv" in line or "mmdb" in line]
            expected = [f"{config}:4: enrich.as.file: /nowhere.mmdb cannot be opened: No such file or directory",
                        f'{self.path("n.csv")}:3: prefix is "192.0.2.0/33"', f'{self.path("n.csv")}:4: asn is "x"',
                        f'{self.path("i.csv")}:2: boundary is "outside"; it takes external or internal']
            for text in expected if command == "check" else expected[:1]:
                self.assertTrue(any(text in line for line in lines), f"{command}: {text}\n{said.stderr}")
        with open(config, "w") as file:
            file.write("enrich:\n  rules:\n    - {match: prt 3, drop: true}\n    - {interface: '(', set: {boundary: external}}\n")
        said = daemon.run_once("check", "-c", config)
        self.assertEqual(2, said.returncode)
        self.assertIn(f"{config}:3: enrich.rules[0].match", said.stderr)
        self.assertIn(f"{config}:4: enrich.rules[1].interface is no regular expression", said.stderr)

    def test_interfaces_by_what_the_exporter_calls_them(self):
        self.start({"rules": [{"interface": r"^transit: (\S+)", "set": {"boundary": "external", "connectivity": "transit", "provider": r"\1"}},
                              {"interface": "core", "set": {"boundary": "internal"}}],
                    "interfaces": [{"exporter": "127.0.0.0/8", "index": 2, "name": "ours", "speed": 1000000000}]})
        self.exporter.interfaces({1: ("xe-0/0/0", "Transit: Example 10G"), 2: ("ae1", "Core ring")})
        self.exporter.flows([("192.0.2.1", "198.51.100.1")])
        self.decoded(1)
        row = self.flows()[0]
        got = {name: row.get(name) for name in ("in_if_name", "in_if_description", "in_if_boundary", "in_if_connectivity", "in_if_provider", "in_if_speed",
                                                "out_if_name", "out_if_description", "out_if_boundary", "out_if_speed")}
        self.assertEqual({"in_if_name": "xe-0/0/0", "in_if_description": "Transit: Example 10G", "in_if_boundary": "external", "in_if_connectivity": "transit",
                          "in_if_provider": "Example", "in_if_speed": None, "out_if_name": "ours", "out_if_description": "Core ring", "out_if_boundary": "internal",
                          "out_if_speed": 1000000000}, got)

    def test_rules_that_drop_are_counted_by_exporter(self):
        self.start({"rules": [{"match": "proto udp", "drop": True}], "networks": [{"prefix": "192.0.2.0/24", "name": "lab", "tenant": "t"}]},
                   exporters=[{"prefix": "127.0.0.1", "site": "here", "role": "edge", "tenant": "us"}])
        for proto in (6, 17, 17):
            self.exporter.flows([("192.0.2.1", "198.51.100.1")], proto=proto)
        self.decoded(3)
        self.assertEqual(2, self.collector.metric("sluice_enrich_dropped_flows_total"))
        waiting.until(lambda: self.collector.metric("sluice_exporter_sink_flows_total", exporter="127.0.0.1", sink="files", fate="filtered") == 2, "they are booked")
        rows = self.flows()
        self.assertEqual([6], [row["proto"] for row in rows])
        self.assertEqual(("lab", "t", "here", "edge", "us"),
                         tuple(rows[0][name] for name in ("src_network", "src_network_tenant", "exporter_site", "exporter_role", "exporter_tenant")))


if __name__ == "__main__":
    main()
