"""Routers that tell their routes by BMP: GoBGP, FRR, and messages of the test's own."""
import ipaddress
import json
import os
import shutil
import socket
import struct
import subprocess
import unittest

from . import udp, waiting
from .case import skip_unless_program
from .program import Program

FRR = "/usr/lib/frr/bgpd"


# Messages.

def attribute(flags, kind, value):
    return struct.pack("!BBH", flags | 0x10, kind, len(value)) + value


def prefix_bytes(prefix):
    network = ipaddress.ip_network(prefix)
    return bytes([network.prefixlen]) + network.network_address.packed[:(network.prefixlen + 7) // 8]


def as_path(ases):
    return struct.pack(f"!BB{len(ases)}I", 2, len(ases), *ases)


def communities(numbers):
    return struct.pack(f"!{len(numbers)}I", *numbers)


def update(prefixes, ases, next_hop="192.0.2.9"):
    attributes = attribute(0x40, 1, b"\0") + attribute(0x40, 2, as_path(ases)) + attribute(0x40, 3, ipaddress.ip_address(next_hop).packed)
    body = struct.pack("!HH", 0, len(attributes)) + attributes + b"".join(map(prefix_bytes, prefixes))
    return b"\xff" * 16 + struct.pack("!HB", 19 + len(body), 2) + body


def message(kind, body):
    return struct.pack("!BIB", 3, 6 + len(body), kind) + body


def initiation(name):
    return message(4, struct.pack("!HH", 2, len(name)) + name.encode())


def route(bgp_message, peer="192.0.2.9", asn=64501):
    header = struct.pack("!BBQ12x4sI4sII", 0, 0, 0, ipaddress.ip_address(peer).packed, asn, b"\0" * 4, 0, 0)
    return message(0, header + bgp_message)


# Tables.

def write_mrt(path, routes):
    """TABLE_DUMP_V2 (RFC 6396) of one peer; routes: (prefix, AS path, communities)."""
    def record(subtype, body):
        return struct.pack("!IHHI", 0, 13, subtype, len(body)) + body

    with open(path, "wb") as out:
        out.write(record(1, struct.pack("!4sHHB4s4sI", b"\1\1\1\1", 0, 1, 2, b"\1\1\1\1", b"\xc0\0\2\2", 64501)))
        for number, (prefix, ases, numbers) in enumerate(routes):
            attributes = (attribute(0x40, 1, b"\0") + attribute(0x40, 2, as_path(ases)) + attribute(0x40, 3, b"\xc0\0\2\2") +
                          attribute(0xC0, 8, communities(numbers)))
            out.write(record(2, struct.pack("!I", number) + prefix_bytes(prefix) + struct.pack("!HHIH", 1, 0, 0, len(attributes)) +
                             attributes))


# Programs.

class GoBgp(Program):
    name = "gobgpd"

    def __init__(self, directory, asn=64500, bmp_port=None, neighbour_port=None, neighbour_as=None):
        program = skip_unless_program("gobgpd")
        self.client = skip_unless_program("gobgp")
        os.makedirs(directory)
        self.api, = udp.free_ports(1, kind=socket.SOCK_STREAM)
        self.log_path = os.path.join(directory, "log")
        config = f'[global.config]\n  as = {asn}\n  router-id = "192.0.2.1"\n  port = -1\n'
        if bmp_port:
            config += ('[[bmp-servers]]\n  [bmp-servers.config]\n    address = "127.0.0.1"\n'
                       f'    port = {bmp_port}\n    route-monitoring-policy = "all"\n    statistics-timeout = 15\n')
        if neighbour_port:
            config += ('[[neighbors]]\n  [neighbors.config]\n    neighbor-address = "127.0.0.1"\n'
                       f'    peer-as = {neighbour_as}\n  [neighbors.transport.config]\n    remote-port = {neighbour_port}\n'
                       '    local-address = "127.0.0.2"\n  [neighbors.timers.config]\n    connect-retry = 1\n')
        with open(os.path.join(directory, "gobgpd.toml"), "w") as file:
            file.write(config)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([program, "-f", file.name, "--api-hosts", f"127.0.0.1:{self.api}", "-p"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            waiting.until(lambda: self.ask("global", check=False).returncode == 0, "gobgpd answers")
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}: {self.log()}") from None

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def ask(self, *arguments, check=True):
        out = subprocess.run([self.client, "-p", str(self.api), *arguments], capture_output=True, text=True, timeout=waiting.DEADLINE)
        if check and out.returncode != 0:
            raise AssertionError(f"gobgp {arguments}: {out.stderr}{out.stdout}")
        return out

    def inject(self, mrt):
        """It loses some of them; routes() says what it has."""
        self.ask("mrt", "inject", "global", mrt, "--no-ipv6", "--nexthop", "192.0.2.2")

    def routes(self):
        """prefix -> attributes of its first path, by type."""
        table = json.loads(self.ask("global", "rib", "-j").stdout)
        return {prefix: {one["type"]: one for one in paths[0]["attrs"]} for prefix, paths in table.items()}


class Frr(Program):
    """bgpd of FRR, which takes a session of GoBGP's and tells of it by BMP, before and after policy."""

    name = "bgpd"

    def __init__(self, directory, bmp_port, policy=""):
        if not os.path.exists(FRR):
            raise unittest.SkipTest("bgpd of FRR is not installed (deploy/install-deps.sh test brings it)")
        os.makedirs(directory)
        self.port, = udp.free_ports(1, kind=socket.SOCK_STREAM)
        self.directory = directory
        self.log_path = os.path.join(directory, "log")
        config = os.path.join(directory, "bgpd.conf")
        with open(config, "w") as file:
            file.write(f"""{policy}
router bgp 64500
 bgp router-id 192.0.2.1
 no bgp ebgp-requires-policy
 neighbor 127.0.0.2 remote-as 64501
 neighbor 127.0.0.2 passive
 neighbor 127.0.0.2 disable-connected-check
 address-family ipv4 unicast
  {"neighbor 127.0.0.2 route-map IN in" if policy else ""}
 exit-address-family
 bmp targets col
  bmp connect 127.0.0.1 port {bmp_port} min-retry 500 max-retry 1000
  bmp monitor ipv4 unicast pre-policy
  bmp monitor ipv4 unicast post-policy
""")
        # It becomes the user frr, and its socket is for that one.
        for place in (os.path.dirname(directory), directory):
            os.chmod(place, 0o755)
        shutil.chown(directory, "frr", "frr")
        shutil.chown(config, "frr", "frr")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [FRR, "-f", config, "-M", "bmp", "-n", "-Z", "-p", str(self.port), "-l", "127.0.0.1", "-P", "0", "-i",
                 os.path.join(directory, "pid"), "--vty_socket", directory, "--log", "stdout"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()
