#!/usr/bin/python3
"""What the configuration says of listeners and exporters reaches the flows."""
import socket
import struct

from harness import daemon, messages, udp, waiting
from harness.case import Case, main

OUTER, INNER = "192.0.2.1", "10.0.0.1"


def ipv4(source, proto, payload):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0, socket.inet_aton(source),
                       socket.inet_aton("198.51.100.1")) + payload


def sflow(packet):
    """A datagram with one sample of an IPv4 packet."""
    header = packet + b"\0" * (-len(packet) % 4)
    record = struct.pack("!IIII", 11, len(packet), 0, len(packet)) + header
    sample = struct.pack("!IIIIIIII", 1, 3, 100, 100, 0, 1, 2, 1) + struct.pack("!II", 1, len(record)) + record
    return (struct.pack("!II4sIIII", 5, 1, socket.inet_aton("192.0.2.254"), 0, 1, 1000, 1)
            + struct.pack("!II", 1, len(sample)) + sample)


def netflow5():
    return struct.pack("!HHIIIIBBH", 5, 1, 1000, 1700000000, 0, 1, 0, 0, 0) + bytes(48)


class Settings(Case):
    def test_of_listeners_and_exporters(self):
        plain, inner = udp.free_ports(2)
        settings = {
            "listeners": [{"address": "127.0.0.1", "port": plain},
                          {"address": "127.0.0.1", "port": inner, "decapsulate": "inner"}],
            "exporters": [{"prefix": "127.0.0.2", "decapsulate": "outer"},
                          {"prefix": "127.0.0.3", "key_with_port": True}],
        }
        gre = struct.pack("!HH", 0, 0x0800)
        tunnel = sflow(ipv4(OUTER, 47, gre + ipv4(INNER, 17, struct.pack("!HHHH", 53, 5353, 8, 0))))
        with daemon.Daemon(self.path("daemon"), settings) as sluice:
            for source, port in (("127.0.0.1", plain), ("127.0.0.1", inner), ("127.0.0.2", inner)):
                self.send(source, port, tunnel)
            exporters = {f"127.0.0.3:{self.send('127.0.0.3', plain, netflow5())}" for _ in range(2)}
            waiting.until(lambda: sluice.metric("sluice_protocol_flows_total") == 5, "five flows are decoded")
            counted = {sample.labels["exporter"]: sample.value
                       for sample in sluice.metrics()["sluice_exporter_flows_total"]}
            self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertEqual({"127.0.0.1": 2, "127.0.0.2": 1, **{one: 1 for one in exporters}}, counted)
        with open(sluice.stdout_path, "rb") as file:
            sampled = [line for line in messages.parse_json(file.read()) if "inner_src_addr" in line]
        self.assertEqual([("127.0.0.1", INNER, OUTER), ("127.0.0.1", OUTER, INNER), ("127.0.0.2", OUTER, INNER)],
                         sorted((m["exporter_address"], m["src_addr"], m["inner_src_addr"]) for m in sampled))

    def send(self, source, port, datagram):
        """Gives the port that it was sent from, which no other call gets: the sockets stay open."""
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.bind((source, 0))
        sender.sendto(datagram, ("127.0.0.1", port))
        return sender.getsockname()[1]


if __name__ == "__main__":
    main()
