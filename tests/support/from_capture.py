#!/usr/bin/python3
"""A test's input out of a capture, on standard output: what its UDP packets carried.

    tests/support/from_capture.py case FILE.pcap    lines of a case of tests/data/decode
    tests/support/from_capture.py fuzz FILE.pcap    an input of the fuzz targets: each payload behind two bytes of length
"""
import struct
import sys

from scapy.layers.inet import UDP
from scapy.utils import PcapReader


def case(packets):
    received = None
    for packet in packets:
        if int(packet.time) != received:
            received = int(packet.time)
            print(f"received {received}")
        print(f"datagram {bytes(packet[UDP].payload).hex()}")


def fuzz(packets):
    for packet in packets:
        payload = bytes(packet[UDP].payload)
        sys.stdout.buffer.write(struct.pack(">H", len(payload)) + payload)


def main():
    forms = {"case": case, "fuzz": fuzz}
    if len(sys.argv) != 3 or sys.argv[1] not in forms:
        sys.exit(__doc__)
    packets = [packet for packet in PcapReader(sys.argv[2]) if UDP in packet]
    if not packets:
        sys.exit(f"from_capture.py: {sys.argv[2]} holds no UDP packet")
    forms[sys.argv[1]](packets)


if __name__ == "__main__":
    main()
