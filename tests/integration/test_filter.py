#!/usr/bin/python3
"""The filter language against nfdump, which it is taken from: the same IPFIX to nfcapd and to Sluice, the same filter to both,
and the same flows out. The flows are made so that all kinds of filters find some and leave some; each is known by its bytes."""
import ipaddress
import json
import os
import random
import struct
import subprocess
import unittest

from harness import daemon, nfdump, paths, tables, waiting
from harness.case import Case, main, skip_unless_program

FLOWS = 600
FILTERS = 320
PER_DATAGRAM = 4
DOMAIN = 7
START = 1_760_000_000  # seconds; all within one file of nfcapd

#: (element, bytes, values to draw from), in the order of the template. Bytes come first and are the flow's identity.
PORTS = (0, 22, 53, 80, 443, 1023, 1024, 8080, 40000, 65535)
NOT_ICMP = (6, 6, 6, 17, 17, 47)
ICMP = (0x0000, 0x0300, 0x0301, 0x0304, 0x0800, 0x0b00, 0x8000)
COMMON = [
    (1, 8, None), (2, 8, (1, 2, 9, 10, 11, 100, 1000, 999999)), (152, 8, None), (153, 8, None),
    (7, 2, PORTS), (11, 2, PORTS), (4, 1, None), (5, 1, (0, 16, 46, 184, 255)), (6, 1, (0, 1, 2, 16, 18, 24, 27, 63)),
    (10, 4, (0, 1, 2, 3, 70000)), (14, 4, (0, 1, 2, 3, 70000)), (16, 4, (0, 65001, 65002, 4200000000)), (17, 4, (0, 65001, 65002, 64512)),
    (9, 1, (0, 8, 24, 32)), (13, 1, (0, 8, 24, 32)), (58, 2, (0, 10, 20, 4094)), (59, 2, (0, 10, 20, 4094)),
    (56, 6, (0, 0x005300000001, 0x005300000002)), (80, 6, (0, 0x005300000001, 0x005300000003)), (61, 1, (0, 1)),
    (70, 3, (0x000101, 0x000201)), (71, 3, (0x000301, 0x000401)),
]
V4 = [(8, 4, ("192.0.2.1", "192.0.2.2", "192.0.2.130", "198.51.100.7", "10.0.0.1")), (12, 4, ("192.0.2.1", "203.0.113.9", "10.1.2.3", "10.0.0.1")),
      (15, 4, ("192.0.2.250", "192.0.2.251")), (18, 4, ("192.0.2.252", "192.0.2.253")),
      (225, 4, ("198.51.100.1", "198.51.100.2")), (226, 4, ("203.0.113.1", "203.0.113.2")), (227, 2, PORTS), (228, 2, PORTS)]
V6 = [(27, 16, ("2001:db8::1", "2001:db8:1::1", "2001:db8:ffff::2", "fe80::1")), (28, 16, ("2001:db8::1", "2001:db8:2::9", "2001:db9::1", "ff02::1")),
      (62, 16, ("2001:db8::fe", "2001:db8::ff"))]
TEMPLATES = {256: COMMON + V4, 257: COMMON + V6}


def template_set():
    body = b"".join(struct.pack("!HH", number, len(fields)) + b"".join(struct.pack("!HH", element, size) for element, size, _ in fields)
                    for number, fields in TEMPLATES.items())
    return struct.pack("!HH", 2, 4 + len(body)) + body


def value(rng, field, identity, times, icmp):
    element, size, choices = field
    if element == 1:
        return identity.to_bytes(size, "big")
    if element in (7, 11) and icmp:
        # Type and code are in the port of the destination (docs/protocols.md); there is none of the source.
        return (rng.choice(ICMP) if element == 11 else 0).to_bytes(size, "big")
    if element == 4:
        return (icmp or rng.choice(NOT_ICMP)).to_bytes(size, "big")
    if element in (152, 153):
        return times[element - 152].to_bytes(size, "big")
    chosen = rng.choice(choices)
    return ipaddress.ip_address(chosen).packed if isinstance(chosen, str) else chosen.to_bytes(size, "big")


def datagrams(rng):
    """[(bytes, data records)]: templates, then data."""
    identities = rng.sample(range(40, 2_000_000), FLOWS)
    out, sequence = [(template_set(), 0)], 0
    for at in range(0, FLOWS, PER_DATAGRAM):
        sets = b""
        for identity in identities[at:at + PER_DATAGRAM]:
            begin = START * 1000 + rng.randrange(60_000)
            times = (begin, begin + rng.choice((0, 1, 999, 1000, 5000, 100_000)))
            number = rng.choice(list(TEMPLATES))
            icmp = (1 if number == 256 else 58) if rng.random() < 0.25 else 0
            body = b"".join(value(rng, field, identity, times, icmp) for field in TEMPLATES[number])
            sets += struct.pack("!HH", number, 4 + len(body)) + body
        out.append((sets, PER_DATAGRAM))
    messages = []
    for body, records in out:
        messages.append(struct.pack("!HHIII", 10, 16 + len(body), START + 200, sequence, DOMAIN) + body)
        sequence += records
    return messages


def pools():
    """Values that occur, and some that do not, by what a filter calls them."""
    by_element = {element: choices for fields in TEMPLATES.values() for element, _, choices in fields}
    return {
        "port": PORTS + (81,), "proto": ("tcp", "udp", "icmp", "icmp6", "gre", "6", "17", "99"), "as": by_element[16] + by_element[17] + (1,),
        "ip": by_element[8] + by_element[12] + by_element[27] + by_element[28] + ("192.0.2.99", "2001:db8::99"),
        "net": ("192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/26", "10.0.0.0/8", "198.51.100.0/30", "2001:db8::/32", "2001:db8::/48", "2001:db8:ffff::/33",
                "fe80::/10", "192.0.2.0 255.255.255.0"),
        "if": by_element[10] + (9,), "vlan": by_element[58] + (5,), "mac": ("00:53:00:00:00:01", "00:53:00:00:00:02", "00:53:00:00:00:03"),
        "mask": by_element[9] + (16,), "tos": by_element[5] + (1,), "letters": ("S", "SA", "A", "F", "APSF", "R", "U", "X", "UAPRSF"),
        "flags": (0, 1, 2, 16, 18, 24, 27, 63), "packets": (0, 1, 2, 10, 11, "1k", 1000, "1m"), "bytes": (40, 1000, "1k", "100k", "1m", 1500000, 1999999),
        "duration": (0, 1, 999, 1000, 1001, 4999, 5000, 100_000), "rate": (0, 1, 100, 10000, "1m", "100m"), "label": (16, 32, 48, 64, 17),
        "icmp": (0, 1, 3, 4, 8, 11, 128, 255),
        "next": ("192.0.2.250", "192.0.2.251", "2001:db8::fe"), "bgpnext": ("192.0.2.252", "192.0.2.253"),
        "nip": by_element[225] + by_element[226], "router": ("127.0.0.1", "127.0.0.2"),
    }


# What nfdump 1.7.1 itself has no answer to is not asked: `as` (refused without its own table of addresses), `fwdstat` and
# `observation domain id` (its nfcapd keeps neither of IPFIX), `mpls any` (matches nothing).
COMPARE = ("", "=", "==", ">", "<", ">=", "<=", "gt", "lt", "eq", "ge", "le")
#: {d}: side, {c}: comparison, {NAME}: a value of that pool, {NAME*}: a list of them.
TEMPLATES_OF_FILTERS = (
    "any", "ipv4", "ipv6", "inet", "inet6", "proto {proto}", "{d}ip {ip}", "{d}host {ip}", "{d}ip in [{ip*}]", "{d}net {net}", "{d}port {c} {port}",
    "{d}port in [{port*}]", "if {if}", "in if {if}", "out if {if}", "{d}vlan {vlan}", "{d}mask {mask}",
    "in src mac {mac}", "in dst mac {mac}", "tos {c} {tos}", "src tos {c} {tos}", "flags {letters}", "flags {c} {flags}", "packets {c} {packets}",
    "in packets {c} {packets}", "bytes {c} {bytes}", "duration {c} {duration}", "pps {c} {rate}", "bps {c} {rate}", "bpp {c} {bytes}",
    "mpls label1 {c} {label}", "mpls label2 {c} {label}", "icmp-type {icmp}", "icmp-code {icmp}",
    "next ip {next}", "bgpnext ip {bgpnext}", "router ip {router}", "{d}nip {nip}", "{d}nport {c} {port}",
    "dir 0", "dir 1", "flowdir ingress", "flowdir egress",
)
SIDES = ("", "src ", "dst ", "src or dst ", "src and dst ", "dst or src ")


def condition(rng, template, values):
    out = template
    if "{d}" in out:
        out = out.replace("{d}", rng.choice(SIDES))
    if "{c}" in out:
        chosen = rng.choice(COMPARE)
        out = out.replace("{c}", chosen) if chosen else out.replace("{c} ", "")
    for name, pool in values.items():
        out = out.replace("{%s*}" % name, rng.choice((" ", ", ")).join(str(v) for v in rng.choices(pool, k=3)))
        out = out.replace("{%s}" % name, str(rng.choice(pool)))
    return out


def filters(rng):
    """First one of every kind, then combinations."""
    values = pools()
    out = [condition(rng, template, values) for template in TEMPLATES_OF_FILTERS for _ in range(2)]
    while len(out) < FILTERS:
        a, b, c = (condition(rng, rng.choice(TEMPLATES_OF_FILTERS), values) for _ in range(3))
        out.append(rng.choice(("{a} and {b}", "{a} or {b}", "not {a}", "{a} and not ({b} or {c})", "({a} or {b}) and {c}", "{a} or {b} and {c}",
                               "not ({a} and {b})", "! {a} && {b} || {c}")).format(a=a, b=b, c=c))
    return out


class Filter(Case):
    @classmethod
    def setUpClass(cls):
        cls.nfdump = skip_unless_program("nfdump")

    def setUp(self):
        super().setUp()
        self.rng = random.Random(11)
        self.messages = datagrams(self.rng)

    def nfdump_bytes(self, directory, text):
        run = subprocess.run([self.nfdump, "-R", directory, "-q", "-N", "-o", "fmt:%byt", text], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=60, check=False)
        self.assertEqual(0, run.returncode, f"{text}: {run.stderr}")
        return [] if run.stdout.startswith("No matching flows") else sorted(int(line) for line in run.stdout.split())

    def sluice_bytes(self, path, text):
        run = daemon.run_once("decode", "--received", "sent", "--filter", text, path)
        self.assertEqual(0, run.returncode, f"{text}: {run.stderr}")
        return sorted(json.loads(line)["bytes"] for line in run.stdout.splitlines())

    def test_the_same_flows_as_nfdump(self):
        directory, path = nfdump.collect(self.path("nfcapd"), self.messages, "-E"), self.path("flows.dat")
        with open(path, "wb") as file:
            file.write(b"".join(self.messages))
        self.assertEqual(FLOWS, len(self.nfdump_bytes(directory, "any")), "nfcapd has not all flows")
        self.assertEqual(FLOWS, len(self.sluice_bytes(path, "any")))
        differ, some = [], 0
        for text in filters(self.rng):
            theirs, ours = self.nfdump_bytes(directory, text), self.sluice_bytes(path, text)
            some += 0 < len(theirs) < FLOWS
            if theirs != ours:
                differ.append(f"{text}: nfdump {len(theirs)}, here {len(ours)}")
        self.assertEqual([], differ)
        self.assertGreater(some, FILTERS * 2 // 3, "too many filters find all or nothing")

#: What records and tables have and nfdump has no word for, and what it has no answer to.
OWN = ("{d}as {c} {as}", "{d}as in [{as*}]", "mpls any {label}", "mpls_label[2] = {label}", "observation domain id 7", "exporter 127.0.0.1",
       "src_as = {as}", "dst_port not in [{port*}]", "src_port < dst_port", "src_addr != dst_addr", "src_port >= dst_port", "dst_port in 80..1024",
       "src_addr in 192.0.2.1..192.0.2.130", "bytes_sampled {c} {bytes}", "type = ipfix", "flow_direction = egress", "tcp_flags has-any SA", "tcp_flags has SA",
       "nat event add", "firewall_event != 0", "in_if_name like 'ae%'", "exporter_name = ''", "time_flow_start >= 2025-10-09T08:53:40.5",
       "first seen < 2025-10-09T08:53:50", "etype = ipv6", "as_path = 1", "mpls_ip in 192.0.2.0/24", "not any", "ingress vrf {if}", "layer_stack[1] = 0",
       "src_mac > 00:53:00:00:00:01", "application_name in [web, 'a b\\\\']", "user_name unlike '%\\\\_%'")


class Tables(tables.OneStore):
    """The same over records and as SQL over their rows."""

    def test_records_and_tables_agree(self):
        rng = random.Random(12)
        path, messages = os.path.join(self.directory, "flows.dat"), os.path.join(self.directory, "flows.pb")
        with open(path, "wb") as file:
            file.write(b"".join(datagrams(rng)))
        with open(messages, "wb") as file:
            run = subprocess.run([paths.sluice(), "decode", "--received", "sent", "--format", "protobuf", path], stdout=file, stderr=subprocess.PIPE,
                                 check=False, timeout=60)
        self.assertEqual(0, run.returncode, run.stderr)
        self.store.text("ALTER TABLE sluice.flows_raw REMOVE TTL")  # these flows are of the past
        with open(messages, "rb") as file:
            status, _, answer = self.store.request(file.read(), query="INSERT INTO sluice.flows_feed FORMAT Protobuf",
                                                   format_schema="flow.proto:FlowMessage")
        self.assertEqual(200, status, answer)
        self.assertEqual(FLOWS, self.store.value("SELECT count() FROM sluice.flows_raw"))
        values = pools()
        texts = [condition(rng, template, values) for template in OWN + TEMPLATES_OF_FILTERS for _ in range(2)]
        differ, some = [], 0
        for text in texts + [f"{a} and not ({b})" for a, b in zip(texts, texts[1:])][::3]:
            records, rows = self.records(messages, text), self.rows(text)
            some += 0 < len(records) < FLOWS
            if records != rows:
                differ.append(f"{text}: records {len(records)}, tables {len(rows)}")
        self.assertEqual([], differ)
        self.assertGreater(some, len(texts) // 2, "too many filters find all or nothing")

    def records(self, path, text):
        run = daemon.run_once("decode", "--filter", text, path)
        self.assertEqual(0, run.returncode, f"{text}: {run.stderr}")
        return sorted(json.loads(line)["bytes"] for line in run.stdout.splitlines())

    def rows(self, text):
        run = daemon.run_once("query", "--url", self.store.url, "--format", "tsv", "--filter", text, "SELECT bytes FROM flows_raw WHERE {filter}")
        self.assertEqual(0, run.returncode, f"{text}: {run.stderr}")
        return sorted(int(line) for line in run.stdout.splitlines()[1:])

    def test_the_greatest_flows_that_match(self):
        run = daemon.run_once("query", "--url", self.store.url, "--format", "tsv", "--param", "limit=3", "--filter", "tcp")
        self.assertEqual(0, run.returncode, run.stderr)
        self.assertEqual(["received", "exporter", "proto"], run.stdout.split("\t")[:3])

    def test_mistakes(self):
        for arguments, sentence in ((("--filter", "prt 3"), "at character 1 of the filter"), (("--filter", "tcp", "SELECT 1"), "has no {filter}")):
            run = daemon.run_once("query", "--url", self.store.url, *arguments)
            self.assertEqual(2, run.returncode)
            self.assertIn(sentence, run.stderr)


if __name__ == "__main__":
    main()
