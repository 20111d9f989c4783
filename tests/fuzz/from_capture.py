#!/usr/bin/python3
"""An input of the fuzz targets out of a capture: each UDP payload behind two bytes of length, on standard output.

    tests/fuzz/from_capture.py FILE.pcap > tests/fuzz/regressions/datagram/WHAT_IT_DID
"""
import struct
import sys

from scapy.layers.inet import UDP
from scapy.utils import PcapReader


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    payloads = [bytes(packet[UDP].payload) for packet in PcapReader(sys.argv[1]) if UDP in packet]
    if not payloads:
        sys.exit(f"from_capture.py: {sys.argv[1]} holds no UDP packet")
    for payload in payloads:
        sys.stdout.buffer.write(struct.pack(">H", len(payload)) + payload)


if __name__ == "__main__":
    main()
