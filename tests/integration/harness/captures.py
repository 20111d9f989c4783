"""Datagrams of real exporters, with what another project reads in them. They are test input beside the repository
(../shared/captures, or where SLUICE_CAPTURES points), never part of it: their licences differ."""
import ipaddress
import json
import os
import re
import struct
import unittest

from . import daemon, paths


def directory():
    place = os.environ.get("SLUICE_CAPTURES") or os.path.join(os.path.dirname(paths.source()), "shared", "captures")
    if not os.path.exists(os.path.join(place, "groups.json")):
        raise unittest.SkipTest(f"there are no captures at {place} (SLUICE_CAPTURES names another place)")
    return place


def read(*parts, mode="rb"):
    with open(os.path.join(directory(), *parts), mode) as file:
        return file.read()


def groups(source):
    """The groups of files that came from this project, in their order."""
    return [group for group in json.loads(read("groups.json")) if group["name"].startswith(source + ": ")]


def datagrams(group):
    return [read(name) for name in group["files"]]


def _sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def write_pcap(path, payloads, seconds, source="127.0.0.1", port=2055):
    """A capture of raw IPv4 in which each payload was received at this moment: a raw file would be taken as received
    when its header says, which some of these datagrams, made by hand, have far from their flows."""
    whole = int(seconds)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        for payload in payloads:
            addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address("127.0.0.2").packed
            header = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0) + addresses
            header = header[:10] + struct.pack("!H", _sum(header)) + header[12:]
            packet = header + struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload
            file.write(struct.pack("<IIII", whole, round((seconds - whole) * 1e6), len(packet), len(packet)) + packet)


def flows_datagram(version, domain, elements, records, template=999):
    """A datagram of NetFlow v9 or IPFIX with a template of these elements, 4 bytes each, and data records of it."""
    fields = b"".join(struct.pack("!HH", element, 4) for element in elements)
    data = b"".join(struct.pack("!I", value) for record in records for value in record)
    sets = struct.pack("!HHHH", 0 if version == 9 else 2, 8 + len(fields), template, len(elements)) + fields
    sets += struct.pack("!HH", template, 4 + len(data)) + data
    if version == 9:
        return struct.pack("!HHIIII", 9, 1 + len(records), 1, 1_700_000_000, 1, domain) + sets
    return struct.pack("!HHIII", 10, 16 + len(sets), 1_700_000_000, 1, domain) + sets


class Decoded:
    """`sluice decode` of files: `flows` as dicts, and `count(name)` of its summary."""

    def __init__(self, *files, raw=False):
        result = daemon.run_once("decode", *(["--raw"] if raw else []), *files)
        if result.returncode != 0:
            raise AssertionError(f"sluice decode ended with {result.returncode}: {result.stderr}")
        self.summary = result.stderr
        self.text = result.stdout
        self.flows = [] if raw else [json.loads(line) for line in result.stdout.splitlines()]

    def count(self, name):
        match = re.search(rf"^{re.escape(name)} +(\d+)", self.summary, re.MULTILINE)
        return int(match[1]) if match else 0


class Node:
    """A line of `sluice decode --raw` with the lines below it."""

    def __init__(self, name, value):
        self.name, self.value, self.below = name, value, []

    def all(self, name):
        """Every node of this name below this one, at any depth, in order."""
        for node in self.below:
            if node.name == name:
                yield node
            yield from node.all(name)

    def get(self, name):
        return next((node.value for node in self.below if node.name == name), None)


def raw_tree(*files):
    root = Node("", "")
    path = [(-1, root)]
    for line in Decoded(*files, raw=True).text.splitlines():
        depth = len(line) - len(line.lstrip(" "))
        name, _, value = line.strip().partition(": ")
        while path[-1][0] >= depth:
            path.pop()
        node = Node(name, value)
        path[-1][1].below.append(node)
        path.append((depth, node))
    return root
