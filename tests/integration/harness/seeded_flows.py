"""Rows of flows_raw with something to find for each question of docs/queries.md, the same for the same end time."""
import datetime
import ipaddress
import json
import random

NS = 1_000_000_000
EDGE, CORE, AGENT, OLD, GONE = "192.0.2.251", "192.0.2.252", "2001:db8::253", "192.0.2.254", "192.0.2.255"
NAMES = {EDGE: "edge1", CORE: "core1"}
INTERFACES = {(EDGE, 1): "xe-0/0/1", (EDGE, 2): "xe-0/0/2", (CORE, 3): "ge-0/0/3"}
AS_NAMES = {64500: "Example One", 64501: "Example Two"}
#: (exporter, interface) -> what the collector added about it. Of one the description is known and no name.
PORTS = {
    (EDGE, 1): {"description": "Transit: Example", "speed": 10**8, "boundary": "external", "connectivity": "transit", "provider": "Example Transit"},
    (EDGE, 2): {"description": "Campus", "speed": 10**9, "boundary": "internal"},
    (EDGE, 3): {"description": "IX", "speed": 10**7, "boundary": "external", "connectivity": "peering", "provider": "Example IX"},
    (CORE, 1): {"description": "Transit two", "speed": 0, "boundary": "external", "connectivity": "transit", "provider": "Example Transit"},
    (CORE, 2): {"description": "", "speed": 10**10, "boundary": "external", "connectivity": "peering"},
}
SITES = {EDGE: ("berlin", "edge", "alpha"), CORE: ("berlin", "core", "beta")}
#: prefix -> (country, network, role, site, region, tenant); the first counts.
PLACES = [(ipaddress.ip_network(prefix), *place) for prefix, *place in (
    ("192.0.2.0/28", "DE", "campus", "users", "berlin", "eu", "alpha"),
    ("192.0.2.64/26", "DE", "servers", "hosting", "frankfurt", "eu", "beta"),
    ("192.0.2.0/24", "DE", "", "", "", "", ""),
    ("198.51.100.0/29", "US", "partner", "transit", "ashburn", "us", "alpha"),
    ("198.51.100.0/24", "US", "", "", "", "", ""),
    ("2001:db8:1::/48", "FR", "campus", "users", "paris", "eu", "alpha"))]
IPFIX, V9, V5, SFLOW = "IPFIX", "NETFLOW_V9", "NETFLOW_V5", "SFLOW_5"
TYPES = {EDGE: IPFIX, CORE: V9, AGENT: SFLOW, OLD: V5, GONE: IPFIX}

ZERO = dict.fromkeys(("src_as dst_as src_port dst_port tcp_flags vlan_id src_vlan dst_vlan icmp_type icmp_code fragment_offset"
                      " ip_flags next_hop_as next_adjacent_as sequence_num observation_domain_id kafka_partition"
                      " kafka_offset").split(), 0)


def at(end, seconds):
    """`seconds` before `end`, both since 1970, as nanoseconds with all their digits."""
    return end * NS - round(seconds * NS)


def time_text(ns):
    seconds, rest = divmod(ns, NS)
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%d %H:%M:%S}.{rest:09d}"


def place(address):
    """(country, network, role, site, region, tenant), empty where nothing is known."""
    parsed = ipaddress.ip_address(address)
    return next((tuple(texts) for prefix, *texts in PLACES if parsed in prefix), ("",) * 6)


def ipv6(address):
    parsed = ipaddress.ip_address(address)
    return f"::ffff:{parsed}" if parsed.version == 4 else str(parsed)


class Flows:
    """Makes the rows. Each is a dict of flows_raw's columns with addresses as text and times in nanoseconds."""

    def __init__(self, end, forged=False):
        """`forged`: with flows among them that somebody made up so that sums of 64 bits would wrap."""
        self.end = end
        self.rows = []
        self.random = random.Random(20)
        self.sequences = {}
        for make in (self._background, self._history, self._conversations, self._attacks, self._oddities, self._sequences,
                     self._silences, self._doubles, self._routes, *([self._forged] if forged else [])):
            make()

    def add(self, seconds, exporter, src, dst, **fields):
        """A flow that was received `seconds` before the end."""
        received = at(self.end, seconds)
        row = {**ZERO, "sampler_address": exporter, "type": TYPES[exporter], "src_addr": src, "dst_addr": dst, "proto": 17,
               "in_if": 1, "out_if": 2, "bytes": 1000, "packets": 10, "sampling_rate": 10, "etype": 0x86DD if ":" in src else 0x0800,
               "time_received": received, "next_hop": "::", "bgp_next_hop": "::", "as_path": [], "bgp_communities": [], "kafka_topic": "", "age_ns": 2 * NS,
               "duration_ns": 5 * NS, "inserted_at": received, **fields}
        if "sequence_num" not in fields:  # one after the other, so that none is missing
            stream = (exporter, row["type"], row["observation_domain_id"])
            row["sequence_num"] = self.sequences[stream] = self.sequences.get(stream, 5000) + 1
        row["time_flow_end"] = received - row.pop("age_ns")
        row["time_flow_start"] = row["time_flow_end"] - row.pop("duration_ns")
        row["exporter_name"] = NAMES.get(exporter, "")
        row["in_if_name"] = INTERFACES.get((exporter, row["in_if"]), "")
        row["out_if_name"] = INTERFACES.get((exporter, row["out_if"]), "")
        row.update(self._added(row))
        self.rows.append(row)

    @staticmethod
    def _added(row):
        """What a collector that knows names would add."""
        out = dict(zip(("exporter_site", "exporter_role", "exporter_tenant"), SITES.get(row["sampler_address"], ("", "", ""))))
        for side in ("src", "dst"):
            names = (f"{side}_country", f"{side}_network", *(f"{side}_network_{what}" for what in ("role", "site", "region", "tenant")))
            out.update(zip(names, place(row[f"{side}_addr"])))
        for side in ("in", "out"):
            port = PORTS.get((row["sampler_address"], row[f"{side}_if"]), {})
            out.update({f"{side}_if_{what}": port.get(what, 0 if what == "speed" else "")
                        for what in ("description", "speed", "boundary", "connectivity", "provider")})
        return out

    def _background(self):
        pick = self.random
        for _ in range(400):
            exporter = pick.choice([EDGE, EDGE, CORE, AGENT])
            net = "2001:db8:1::" if pick.random() < 0.3 else "192.0.2."
            far = "2001:db8:2::" if ":" in net else "198.51.100."
            packets = pick.randint(1, 200)
            self.add(pick.uniform(1, 3599), exporter, f"{net}{pick.randint(1, 30)}", f"{far}{pick.randint(1, 9)}",
                     packets=packets, bytes=packets * pick.choice([40, 64, 65, 400, 1400, 1518, 9000]),
                     proto=pick.choice([6, 17, 47]), src_port=pick.choice([443, 40000]), dst_port=pick.choice([53, 443]), tcp_flags=0x1B,
                     sampling_rate={EDGE: 100, CORE: pick.choice([0, 1000]), AGENT: 512}[exporter], in_if=pick.randint(1, 3), out_if=pick.randint(1, 3),
                     src_as=pick.choice([0, 64500, 64502]), dst_as=pick.choice([64501, 64503]), duration_ns=pick.randint(0, 90 * NS),
                     next_hop=pick.choice(["198.51.100.254", "::"]), vlan_id=pick.choice([0, 0, 100, 200]))

    def _routes(self):
        """Flows whose paths are known, through three neighbours, some with our own AS before them; communities, also several."""
        for n, (path, communities) in enumerate([([64502, 64503], [64502 << 16 | 100]), ([64502, 64510], [64502 << 16 | 100, 64502 << 16 | 200]),
                                                 ([64500, 64504, 64510], [0xFFFFFF01]), ([64504], []), ([64505, 64505, 64511], [64505 << 16])]):
            for again in range(n + 1):
                self.add(500 + 10 * n + again, EDGE, f"192.0.2.{20 + again}", f"198.51.100.{30 + n}", as_path=path, bgp_communities=communities,
                         src_as=64500, dst_as=path[-1], out_if=1 + n % 3, in_if=2, bytes=20_000_000 + 1000 * n + again, packets=15000)

    def _forged(self):
        """Each of the largest that a message can say, in every minute that a question looks at and where the sums meet."""
        for seconds in (20, 70, 700, 3500, 7000, 90_000, 300_000):
            for exporter, src, dst in ((EDGE, "192.0.2.1", "198.51.100.1"), (CORE, "192.0.2.70", "198.51.100.70"), (AGENT, "2001:db8:1::1", "2001:db8:2::1")):
                for octets, packets, rate in ((2**40, 2**30, 2**32 - 1), (2**64 - 1, 2**64 - 1, 2**64 - 1), (2**64 - 1, 2**62, 0), (2**63, 1, 2**33)):
                    self.add(seconds, exporter, src, dst, bytes=octets, packets=packets, sampling_rate=rate, proto=17, src_port=53, dst_port=443,
                             src_as=64500, dst_as=64501, in_if=3, out_if=1, tcp_flags=2)

    def _history(self):
        """Two weeks back, which only the rollups are asked about."""
        pick = self.random
        for _ in range(300):
            self.add(pick.uniform(3600, 14 * 86400 - 1), pick.choice([EDGE, CORE]), f"192.0.2.{pick.randint(1, 12)}",
                     f"198.51.100.{pick.randint(1, 9)}", bytes=pick.randint(10**6, 10**9), packets=1000, src_as=64500, dst_as=64501,
                     sampling_rate=pick.choice([0, 100]))

    def _conversations(self):
        for minute in range(0, 60, 7):  # one that the defaults of a question name, twice in some minutes
            self.add(minute * 60 + 30.25, EDGE, "192.0.2.1", "198.51.100.1", bytes=5000 + minute, src_as=64500, dst_as=64501)
            self.add(minute * 60 + 20, EDGE, "198.51.100.1", "192.0.2.1", bytes=70 + minute, in_if=2, out_if=1, src_as=64501, dst_as=64500)
        self.add(10, EDGE, "192.0.2.70", "198.51.100.70", in_if=1, out_if=2)  # there by edge1, back by core1: asymmetric
        self.add(9, CORE, "198.51.100.70", "192.0.2.70", in_if=2, out_if=1)
        self.add(10, CORE, "192.0.2.71", "198.51.100.71", in_if=1, out_if=2)  # back by another interface: asymmetric
        self.add(9, CORE, "198.51.100.71", "192.0.2.71", in_if=3, out_if=1)
        self.add(10, EDGE, "192.0.2.72", "198.51.100.72", in_if=1, out_if=2)  # the way it came
        self.add(9, EDGE, "198.51.100.72", "192.0.2.72", in_if=2, out_if=1)

    def _attacks(self):
        for target in range(150):  # a scan, and one just too small to be one
            self.add(1200 + target, EDGE, "203.0.113.66", f"198.51.100.{target}", proto=6, src_port=50000, dst_port=22, packets=1, bytes=40, tcp_flags=2)
        for port in range(99):
            self.add(1200 + port, EDGE, "203.0.113.67", "198.51.100.200", proto=6, src_port=50000, dst_port=1 + port, packets=1, bytes=40, tcp_flags=2)
        for source in range(60):  # a SYN flood in the last five minutes
            self.add(4 * source + 1, CORE, f"203.0.113.{source}", "198.51.100.80", proto=6, src_port=3000 + source, dst_port=443, packets=3,
                     bytes=120, tcp_flags=2, sampling_rate=1000)
        for source in range(15):  # amplifiers, enough of DNS and not enough of NTP
            self.add(30 * source + 5, EDGE, f"203.0.113.{100 + source}", "198.51.100.99", src_port=53, dst_port=4444, packets=20, bytes=28000)
        for source in range(9):
            self.add(30 * source + 5, EDGE, f"203.0.113.{100 + source}", "198.51.100.99", src_port=123, dst_port=4444, packets=20, bytes=9600)

    def _oddities(self):
        for n, (proto, kind, code) in enumerate([(1, 8, 0), (1, 8, 0), (1, 3, 4), (1, 11, 0), (58, 128, 0), (58, 2, 0), (1, 200, 7)]):
            src, dst = (f"2001:db8:1::{n}", "2001:db8:2::1") if proto == 58 else (f"192.0.2.{n}", "198.51.100.1")
            self.add(100 + n, AGENT, src, dst, proto=proto, icmp_type=kind, icmp_code=code, packets=1 + n, bytes=80, sampling_rate=512)
        for n, (offset, flags) in enumerate([(0, 1), (185, 1), (370, 0), (0, 2), (0, 0)]):  # two of them are no fragments
            self.add(200 + n, AGENT, f"192.0.2.{n}", "198.51.100.150", fragment_offset=offset, ip_flags=flags, packets=1, bytes=1500)
        self.add(210, EDGE, "192.0.2.5", "198.51.100.5", src_vlan=100, dst_vlan=300, vlan_id=100, bytes=123456, packets=100)
        self.add(220, AGENT, "192.0.2.6", "198.51.100.6", next_hop_as=64502, next_adjacent_as=1, as_path=[64502, 64503], bgp_next_hop="203.0.113.250", bytes=987654, packets=700)
        self.add(221, EDGE, "192.0.2.6", "198.51.100.6", next_adjacent_as=64504, next_hop="2001:db8::1", bytes=98765, packets=90)
        for n in range(5):  # clocks: one ahead, one an hour behind
            self.add(300 + n, OLD, "192.0.2.7", "198.51.100.7", age_ns=-1_500_000_000 - n, sampling_rate=0)
        self.add(310, CORE, "192.0.2.8", "198.51.100.8", age_ns=3600 * NS)
        self.add(320, EDGE, "192.0.2.9", "198.51.100.9", bytes=77, packets=0)

    def _sequences(self):
        """Streams with datagrams missing: domain 7 of each."""
        def stream(exporter, numbers, flows):
            for number in numbers:
                for _ in range(flows):
                    self.add(400, exporter, "192.0.2.10", "198.51.100.9", observation_domain_id=7, sequence_num=number, sampling_rate=0)
        stream(EDGE, [100, 103, 109, 112], 3)  # flows are counted: 3 missing
        stream(CORE, [10, 11, 15, 4_000_000], 2)  # datagrams: 3 missing, then a restart
        stream(AGENT, [7, 8, 9], 1)  # none
        stream(OLD, [50, 52, 1052], 2)  # flows: 998 missing

    def _silences(self):
        self.add(3 * 3600, GONE, "192.0.2.11", "198.51.100.9", in_if=4, out_if=5)  # an exporter
        self.add(1800, EDGE, "192.0.2.11", "198.51.100.9", in_if=9, out_if=2)  # an interface
        self.add(901, EDGE, "192.0.2.11", "198.51.100.9", in_if=10, out_if=2)  # the last minute that is too long ago
        self.add(899, EDGE, "192.0.2.11", "198.51.100.9", in_if=11, out_if=2)  # the first that is not

    def _doubles(self):
        for offset, times in [(1, 1), (2, 2), (3, 3), (9, 1)]:
            for again in range(times):
                for n in range(4):
                    self.add(7200, EDGE, "192.0.2.12", "198.51.100.9", kafka_topic="flows", kafka_partition=3, kafka_offset=offset, bytes=100 + n,
                             sequence_num=900_000 + offset * 4, inserted_at=at(self.end, 7199 - 60 * again))

    def insert(self):
        """The statement that puts them into flows_raw."""
        lines = ["INSERT INTO sluice.flows_raw FORMAT JSONEachRow"]
        for row in self.rows:
            out = dict(row)
            for name in ("sampler_address", "src_addr", "dst_addr", "next_hop", "bgp_next_hop"):
                out[name] = ipv6(row[name])
            for name in ("time_received", "time_flow_start", "time_flow_end"):
                out[name] = time_text(row[name])
            out["inserted_at"] = time_text(row["inserted_at"])[:-6]
            lines.append(json.dumps(out))
        return "\n".join(lines)
