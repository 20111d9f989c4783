"""From what a sink delivered back to flows: framed and bare protobuf by protobuf's own classes, JSON by json."""
import importlib
import ipaddress
import json
import sys
import unittest

from . import flows, paths


def _classes(module="flow_pb2"):
    try:
        import google.protobuf  # noqa: F401
    except ImportError:
        raise unittest.SkipTest("python3-protobuf is not installed (deploy/install-deps.sh test brings it)") from None
    sys.path.insert(0, paths.generated())
    try:
        return importlib.import_module(module)
    finally:
        sys.path.pop(0)


def new_flow():
    return _classes().FlowMessage()


def framed(message):
    """A message as bytes, behind its length."""
    length, head = len(message), b""
    while length > 0x7F:
        head += bytes([length & 0x7F | 0x80])
        length >>= 7
    return head + bytes([length]) + message


def parse(data):
    """One message without a length prefix."""
    message = _classes().FlowMessage()
    message.ParseFromString(data)
    return message


def parse_counters(data):
    """One message of the counters stream."""
    message = _classes("counters_pb2").CounterMessage()
    message.ParseFromString(data)
    return message


def parse_framed(data, parse_one=parse, cut=False):
    """All messages of a Kafka value or a file: a varint length before each. `cut`: the last one need not be whole, as in the
    file of one who was killed."""
    messages, at = [], 0
    while at < len(data):
        length, shift = 0, 0
        while at < len(data) or not cut:
            byte, at = data[at], at + 1
            length, shift = length | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        if at + length > len(data) and cut:
            break
        if at + length > len(data):
            raise AssertionError(f"a frame of {length} bytes with {len(data) - at} left")
        messages.append(parse_one(data[at:at + length]))
        at += length
    return messages


def parse_json(data):
    """JSON lines, as dicts."""
    return [json.loads(line) for line in data.splitlines()]


def flow(message):
    """flows.Flow of a message or of a dict of the `sluice` JSON fields."""
    if isinstance(message, dict):
        raw = {name: ipaddress.ip_address(message[name]).packed for name in ("src_addr", "dst_addr") if message.get(name)}
        get = lambda name: raw.get(name, b"") if name.endswith("_addr") else message.get(name, 0)
    else:
        get = lambda name: getattr(message, name)
    icmp = (get("icmp_type"), get("icmp_code"))
    return flows.make(get("src_addr"), get("dst_addr"), get("proto"), get("src_port"), get("dst_port"),
                      get("packets"), get("bytes"), icmp=icmp)


def flow_list(messages):
    return [flow(message) for message in messages]
