#!/usr/bin/python3
"""Reads the collector's JSON lines from standard input and prints them for people: a few of each protocol, then sums.

    sluice decode --format json topic.pb | show_flows.py [--each N]
"""
import argparse
import collections
import json
import sys

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}
COLUMNS = "{:<11} {:>28} {:>6}  {:>28} {:>6}  {:<6} {:>8} {:>9} {:>9}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=4, help="flows to show of each protocol")
    each = parser.parse_args().each
    flows = collections.defaultdict(list)
    for line in sys.stdin:
        flow = json.loads(line)
        flows[flow.get("type", "?")].append(flow)
    print(COLUMNS.format("type", "source", "port", "destination", "port", "proto", "packets", "bytes", "sampling"))
    for kind in sorted(flows):
        step = max(1, len(flows[kind]) // each)  # spread over all of them, so that every kind of traffic shows
        for flow in flows[kind][::step][:each]:
            proto = flow.get("proto", 0)
            print(COLUMNS.format(kind, flow.get("src_addr", ""), flow.get("src_port", 0), flow.get("dst_addr", ""),
                                 flow.get("dst_port", 0), PROTOCOLS.get(proto, proto), flow.get("packets", 0),
                                 flow.get("bytes", 0), flow.get("sampling_rate", 0)))
    for kind, all_of_it in sorted(flows.items()):
        packets, octets = (sum(flow.get(name, 0) for flow in all_of_it) for name in ("packets", "bytes"))
        print(f"{kind}: {len(all_of_it)} flows, {packets} packets, {octets} bytes")


if __name__ == "__main__":
    main()
