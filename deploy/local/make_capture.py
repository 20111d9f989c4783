#!/usr/bin/python3
"""Writes a small capture of believable traffic, for real exporters to read.

    make_capture.py FILE.pcap [--end UNIX_SECONDS] [--sessions N]

TCP, UDP, ICMP and ICMPv6 over IPv4 and IPv6, with a VLAN tag, fragments of both families and ARP. Frames are as
the sender's own capture shows them, without Ethernet padding, which softflowd would count as bytes. Two runs with the same arguments write the same bytes. The traffic lasts about ten seconds and ends at --end (default:
ten seconds ago), so that exporters which know the time of day export flows that have just ended.
"""
import argparse
import logging
import random
import struct
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment  # noqa: E402
from scapy.layers.inet6 import (  # noqa: E402
    ICMPv6EchoReply, ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment, fragment6)
from scapy.layers.l2 import ARP, Dot1Q, Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
MTU = 1500


def frame(ip, forward=True, vlan=None):
    ether = Ether(src=CLIENT_MAC, dst=SERVER_MAC) if forward else Ether(src=SERVER_MAC, dst=CLIENT_MAC)
    return bytes(ether / Dot1Q(vlan=vlan) / ip if vlan else ether / ip)


class Traffic:
    """Frames in the order in which they are sent."""

    def __init__(self, seed=7):
        self.random = random.Random(seed)
        self.frames = []
        self.port = 40000

    def next_port(self):
        self.port += self.random.randint(1, 90)
        return self.port

    @staticmethod
    def network(source, destination):
        return (IPv6(src=source, dst=destination, hlim=61, tc=0x28) if ":" in source
                else IP(src=source, dst=destination, ttl=61, tos=0x28))

    def tcp(self, client, server, port, requests, vlan=None):
        source = self.next_port()
        sequence = {True: 1000, False: 9000}

        def send(forward, flags, size=0):
            ip = self.network(client, server) if forward else self.network(server, client)
            ports = (source, port) if forward else (port, source)
            segment = TCP(sport=ports[0], dport=ports[1], flags=flags, seq=sequence[forward], ack=sequence[not forward])
            self.frames.append(frame(ip / segment / Raw(b"x" * size), forward, vlan))
            sequence[forward] += size + ("S" in flags or "F" in flags)

        send(True, "S")
        send(False, "SA")
        send(True, "A")
        for _ in range(requests):
            send(True, "PA", self.random.randint(40, 400))
            for _ in range(self.random.randint(1, 3)):
                send(False, "A", self.random.randint(100, 700))
            send(True, "A")
        send(True, "FA")
        send(False, "FA")
        send(True, "A")

    def udp(self, client, server, port, exchanges):
        source = self.next_port()
        for _ in range(exchanges):
            question, answer = b"q" * self.random.randint(20, 60), b"a" * self.random.randint(60, 500)
            self.frames.append(frame(self.network(client, server) / UDP(sport=source, dport=port) / question))
            self.frames.append(frame(self.network(server, client) / UDP(sport=port, dport=source) / answer, False))

    def ping(self, client, server, count):
        for sequence in range(count):
            if ":" in client:
                request = ICMPv6EchoRequest(id=77, seq=sequence, data=b"p" * 56)
                reply = ICMPv6EchoReply(id=77, seq=sequence, data=b"p" * 56)
            else:
                request = ICMP(type=8, id=77, seq=sequence) / (b"p" * 56)
                reply = ICMP(type=0, id=77, seq=sequence) / (b"p" * 56)
            self.frames.append(frame(self.network(client, server) / request))
            self.frames.append(frame(self.network(server, client) / reply, False))

    def fragments(self, source, destination, size, identification):
        datagram = UDP(sport=self.next_port(), dport=9999) / (b"f" * size)
        if ":" in source:
            pieces = fragment6(self.network(source, destination) / IPv6ExtHdrFragment(id=identification) / datagram, MTU)
        else:
            pieces = fragment(IP(src=source, dst=destination, id=identification, ttl=61) / datagram, MTU - 20)
        self.frames.extend(frame(piece) for piece in pieces)

    def arp(self):
        self.frames.append(frame(ARP(op=1, psrc="192.0.2.10", pdst="192.0.2.1", hwsrc=CLIENT_MAC)))


def build(sessions=1, seed=7):
    """The frames as bytes. More sessions make more flows of the same kinds, between other hosts."""
    traffic = Traffic(seed)
    for n in range(sessions):
        host, host6 = f"192.0.2.{10 + n % 200}", f"2001:db8:1::{10 + n:x}"
        server, server6 = f"198.51.100.{1 + n % 200}", f"2001:db8:2::{1 + n:x}"
        traffic.arp()
        for service, requests in ((443, 5), (80, 3), (22, 6), (8080, 1)):
            traffic.tcp(host, server, service, requests)
        traffic.tcp(host6, server6, 443, 4)
        traffic.tcp(host6, server6, 25, 2)
        traffic.tcp("203.0.113.5", server, 993, 3, vlan=100)
        traffic.tcp("2001:db8:5::5", server6, 993, 2, vlan=100)
        for exchanges in (1, 2, 3, 1):
            traffic.udp(host, "198.51.100.53", 53, exchanges)
        for exchanges in (1, 2):
            traffic.udp(host6, "2001:db8:2::53", 53, exchanges)
        traffic.udp(host, "203.0.113.123", 123, 2)
        traffic.ping(host, server, 4)
        traffic.ping(host6, server6, 4)
        traffic.fragments(host, "203.0.113.99", 4000, 700 + n)
        traffic.fragments(host6, "2001:db8:2::99", 4000, 800 + n)
    return traffic.frames


def write(path, frames, end):
    """Frames are spread evenly over the ten seconds before `end`."""
    step = 10.0 / len(frames)
    with open(path, "wb") as pcap:
        pcap.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, data in enumerate(frames):
            at = end - (len(frames) - number) * step
            pcap.write(struct.pack("<IIII", int(at), int((at % 1) * 1e6), len(data), len(data)) + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--end", type=float, default=time.time() - 10)
    parser.add_argument("--sessions", type=int, default=1)
    arguments = parser.parse_args()
    frames = build(arguments.sessions)
    write(arguments.file, frames, arguments.end)
    print(f"{len(frames)} frames")


if __name__ == "__main__":
    main()
