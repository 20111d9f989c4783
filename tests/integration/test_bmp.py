#!/usr/bin/python3
"""Routes by BMP: what GoBGP and FRR tell is what flows get, with ten thousand prefixes; routes go with their session; and
senders that lie or flood, which cost nobody else anything."""
import ipaddress
import json
import os
import random
import socket
import struct
import subprocess
import time

from harness import bgp, daemon, paths, udp, waiting
from harness.case import Case, main, skip_unless_program

PREFIXES = 10_000
ORIGIN = 100_000  # AS of the first prefix


def prefix(number):
    return f"20.{number >> 8}.{number & 255}.0/24"


def some_routes():
    return [(prefix(i), [64501, 64502, ORIGIN + i], [64501 << 16 | i % 100, 64501 << 16 | 1000]) for i in range(PREFIXES)]


def netflow5(pairs):
    """Of flows between these addresses, without AS numbers and masks; their bytes are their number."""
    out = struct.pack("!HHIIIIBBH", 5, len(pairs), 1000, int(time.time()), 0, 0, 0, 0, 0)
    for number, (src, dst) in enumerate(pairs, 1):
        out += struct.pack("!4s4s4sHHIIIIHHxBBBHHBBxx", ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed, b"\0" * 4,
                           1, 2, 1, number, 900, 950, 1024, 443, 0x10, 6, 0, 0, 0, 0, 0)
    return out


class BmpCase(Case):
    def start(self, **bmp):
        self.flow_port, = udp.free_ports(1)
        self.bmp_port, = udp.free_ports(1, kind=socket.SOCK_STREAM)
        self.settings = {
            "listeners": [f"127.0.0.1:{self.flow_port}"],
            "sinks": {"archive": {"type": "file", "format": "json", "path": self.path("flows")}},
            "enrich": {"bmp": {"listen": f"127.0.0.1:{self.bmp_port}", **bmp}}}
        self.collector = daemon.Daemon(self.path("daemon"), self.settings)
        self.addCleanup(self.collector.kill)
        self.sent = 0

    def gobgp(self, name="gobgp", **options):
        out = bgp.GoBgp(self.path(name), **options)
        self.addCleanup(out.kill)
        return out

    def connect(self, address="127.0.0.1"):
        out = socket.create_connection(("127.0.0.1", self.bmp_port), timeout=waiting.DEADLINE, source_address=(address, 0))
        self.addCleanup(out.close)
        return out

    def wait_for(self, metric, value, **labels):
        waiting.until(lambda: self.collector.metric(metric, **labels) == value, f"{metric} {labels} is {value}")

    def wait_for_end(self, reason, n=1):
        waiting.until(lambda: self.collector.metric("sluice_bmp_ended_sessions_total", reason=reason) >= n, f"a session ends: {reason}")

    def flows_between(self, pairs):
        """Sends them, and gives them as they came out, in order."""
        with udp.Sender(self.flow_port) as sender:
            for at in range(0, len(pairs), 30):
                sender.send(netflow5(pairs[at:at + 30]))
        self.sent += len(pairs)
        waiting.until(lambda: len(self.written()) == self.sent, f"{self.sent} flows are written")
        by_pair = {(one["src_addr"], one["dst_addr"]): one for one in self.written()[-len(pairs):]}
        return [by_pair[pair] for pair in pairs]

    def written(self):
        out = []
        for directory, _, names in os.walk(self.path("flows")):
            for name in sorted(names):
                with open(os.path.join(directory, name)) as file:
                    out += [json.loads(line) for line in file if line.endswith("\n")]
        return out

    def routed(self, address):
        """The flow to it, from an address that nobody has a route to."""
        return self.flows_between([("203.0.113.1", address)])[0]


class GoBgp(BmpCase):
    def test_flows_get_the_routes_that_the_router_has(self):
        self.start()
        mrt = self.path("table.mrt")
        bgp.write_mrt(mrt, some_routes())
        router = self.gobgp(bmp_port=self.bmp_port)
        router.inject(mrt)
        table = waiting.until(lambda: self.settled(router), "the router and the collector have the same number of routes")
        self.assertGreater(len(table), PREFIXES // 2)
        self.assertEqual(1, self.collector.metric("sluice_bmp_open_sessions"))
        self.assertEqual(0, self.collector.metric("sluice_bmp_errors_total"), self.collector.log())

        chosen = random.Random(1).sample(sorted(table), 300)
        source = chosen[0]
        pairs = [(source.replace(".0/24", ".7"), one.replace(".0/24", ".9")) for one in chosen[1:]]
        for one, flow in zip(chosen[1:], self.flows_between(pairs)):
            attributes = table[one]
            path = [asn for segment in attributes[2]["as_paths"] for asn in segment["asns"]]
            self.assertEqual(path, flow["as_path"], one)
            self.assertEqual(path[-1], flow["dst_as"])
            self.assertEqual(attributes[8]["communities"], flow["bgp_communities"])
            self.assertEqual("192.0.2.2", flow["bgp_next_hop"])
            self.assertEqual(24, flow["dst_net"])
            self.assertEqual(table[source][2]["as_paths"][0]["asns"][-1], flow["src_as"])
            self.assertEqual(24, flow["src_net"])
        self.assertEqual(len(pairs), self.collector.metric("sluice_bmp_routed_flows_total"))
        self.assertEqual(0, self.collector.metric("sluice_bmp_unrouted_flows_total"))

        # One comes, without a path, and goes again; one the router has not.
        router.ask("global", "rib", "add", "198.18.0.0/24", "nexthop", "192.0.2.2")
        self.wait_for("sluice_bmp_routes", len(table) + 1)
        self.assertEqual(64500, self.routed("198.18.0.1")["dst_as"], "it begins in the router's own AS")
        router.ask("global", "rib", "del", "198.18.0.0/24")
        self.wait_for("sluice_bmp_routes", len(table))
        for address in ("198.18.0.2", "198.51.100.1"):
            flow = self.routed(address)
            self.assertNotIn("as_path", flow)
            self.assertFalse(flow.get("dst_as"))
        self.assertEqual(2, self.collector.metric("sluice_bmp_unrouted_flows_total"))

        # The session goes, and its routes with it.
        router.kill()
        self.wait_for("sluice_bmp_routes", 0)
        self.wait_for("sluice_bmp_away", 1)
        self.assertNotIn("as_path", self.routed(pairs[1][1]))
        self.assertEqual(3, self.collector.metric("sluice_bmp_unrouted_flows_total"))
        self.assertEqual(len(table), self.collector.metric("sluice_bmp_removed_routes_total"))
        doctor = subprocess.run([paths.sluice(), "doctor", "-c", self.collector.config], capture_output=True, text=True,
                                timeout=waiting.DEADLINE)
        self.assertRegex(doctor.stdout, r"BMP 127\.0\.0\.1.*session ended .* ago")
        self.assertEqual(0, self.collector.stop(), self.collector.log())

    def settled(self, router):
        table = router.routes()
        return table if table and len(table) == self.collector.metric("sluice_bmp_routes") else None


class Frr(BmpCase):
    def test_routes_after_policy_count(self):
        skip_unless_program("gobgpd")
        self.start()
        policy = ("ip prefix-list KEPT_OUT seq 5 permit " + prefix(0) + "\nroute-map IN deny 10\n match ip address prefix-list KEPT_OUT\n"
                  "route-map IN permit 20\n set community 64500:7\n")
        router = bgp.Frr(self.path("frr"), self.bmp_port, policy)
        self.addCleanup(router.kill)
        mrt = self.path("table.mrt")
        bgp.write_mrt(mrt, some_routes())
        neighbour = self.gobgp(asn=64501, neighbour_port=router.port, neighbour_as=64500)
        waiting.until(lambda: self.collector.metric("sluice_bmp_peers") >= 1, "the router tells of its peer", deadline=120)
        neighbour.inject(mrt)
        first = prefix(0)
        if first not in neighbour.routes():
            neighbour.ask("global", "rib", "add", first, "nexthop", "192.0.2.2")
        table = waiting.until(lambda: self.settled(neighbour, first), "all routes but the one that policy keeps out")
        self.assertGreater(len(table), PREFIXES // 2)
        self.assertEqual(0, self.faults(), self.collector.log())
        self.assertGreater(self.collector.metric("sluice_bmp_errors_total", reason="before_policy"), 0)
        chosen = random.Random(2).sample(sorted(set(table) - {first}), 60)
        for one, flow in zip(chosen, self.flows_between([("203.0.113.1", one.replace(".0/24", ".9")) for one in chosen])):
            path = [asn for segment in table[one][2]["as_paths"] for asn in segment["asns"]]
            # The neighbour puts its AS before it, as to any other; FRR its own too, in what it tells by BMP.
            self.assertEqual([64500, 64501, *path], flow["as_path"], one)
            self.assertEqual([64500 << 16 | 7], flow["bgp_communities"], "as the policy sets it")
        self.assertNotIn("as_path", self.routed(first.replace(".0/24", ".9")))

        neighbour.kill()
        self.wait_for("sluice_bmp_routes", 0)
        self.assertEqual(1, self.collector.metric("sluice_bmp_open_sessions"), "the router's session goes on")

    def faults(self):
        return sum(self.collector.metric("sluice_bmp_errors_total", reason=reason) for reason in
                   ("bad_message", "bad_update", "bad_attributes", "add_path", "long_list", "peer_limit"))

    def settled(self, neighbour, first):
        table = neighbour.routes()
        return table if first in table and len(table) - 1 == self.collector.metric("sluice_bmp_routes") else None


class Strangers(BmpCase):
    def good_session(self):
        out = self.connect()
        out.sendall(bgp.initiation("edge-1") + bgp.route(bgp.update(["198.51.100.0/24"], [64501, 64510])))
        self.wait_for("sluice_bmp_routes", 1)
        return out

    def test_who_lies_costs_only_itself(self):
        self.start()
        self.good_session()
        lies = {"bad_message": b"GET / HTTP/1.1\r\n\r\n",
                "bad_update": bgp.initiation("liar") + bgp.route(bgp.update(["10.0.0.0/8"], [1])[:-1])}
        for reason, lie in lies.items():
            liar = self.connect("127.0.0.2")
            liar.sendall(lie)
            self.assertEqual(b"", liar.recv(1))
            self.wait_for_end(reason)
            self.assertIn(f"({reason})", self.collector.log())
        self.assertEqual([64501, 64510], self.routed("198.51.100.1")["as_path"])
        self.assertEqual(0, self.collector.stop(), self.collector.log())

    def test_who_floods_costs_only_itself(self):
        self.start(max_routes_per_session=1000)
        self.good_session()
        flood = self.connect("127.0.0.2")
        flood.sendall(bgp.initiation("flood"))
        for number in range(20_000):
            flood.sendall(bgp.route(bgp.update([f"{11 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.0/24"], [64501, number + 1])))
        self.wait_for("sluice_bmp_errors_total", 19_000, reason="session_routes")
        self.wait_for("sluice_bmp_routes", 1001)
        self.assertEqual([64501, 64510], self.routed("198.51.100.1")["as_path"])
        flood.close()
        self.wait_for("sluice_bmp_routes", 1)

    def test_only_who_may_connects(self):
        self.start(allow=["127.0.0.3"], default=["127.0.0.3"])
        self.assertEqual(b"", self.connect("127.0.0.2").recv(1))
        self.wait_for_end("not_allowed")
        router = self.connect("127.0.0.3")
        router.sendall(bgp.initiation("rr") + bgp.route(bgp.update(["198.51.100.0/24"], [64501, 64511])))
        self.wait_for("sluice_bmp_routes", 1)
        # The exporter, 127.0.0.1, has no session: the default's routes serve it.
        self.assertEqual(64511, self.routed("198.51.100.1")["dst_as"])


if __name__ == "__main__":
    main()
