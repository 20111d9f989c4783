"""The test capture, and the flows that it holds as counted here, packet by packet."""
import collections
import importlib.util
import os
import struct
import time

from . import flows, paths

Packet = collections.namedtuple("Packet", "src dst proto sport dport icmp ip_bytes frame_bytes fragment identification")


def _maker():
    spec = importlib.util.spec_from_file_location("make_capture", os.path.join(paths.source(), "deploy/local/make_capture.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(path, end, sessions=1):
    """Writes the capture and gives its IP packets in order."""
    maker = _maker()
    frames = maker.build(sessions)
    maker.write(path, frames, end)
    return [packet for packet in map(parse, frames) if packet]


def parse(data):
    """One Ethernet frame; None where there is no IP in it."""
    etype, offset = struct.unpack_from("!H", data, 12)[0], 14
    while etype == 0x8100:
        etype, offset = struct.unpack_from("!H", data, offset + 2)[0], offset + 4
    if etype == 0x0800:
        return _ipv4(data, offset)
    if etype == 0x86DD:
        return _ipv6(data, offset)
    return None


def _ipv4(data, offset):
    header = (data[offset] & 15) * 4
    length, identification, fragment = struct.unpack_from("!HHH", data, offset + 2)
    src, dst = data[offset + 12:offset + 16], data[offset + 16:offset + 20]
    kind = "later" if fragment & 0x1FFF else "first" if fragment & 0x2000 else ""
    return _transport(data, offset + header, src, dst, data[offset + 9], length, kind, identification)


def _ipv6(data, offset):
    length, proto = struct.unpack_from("!HB", data, offset + 4)
    src, dst = data[offset + 8:offset + 24], data[offset + 24:offset + 40]
    kind, identification, payload = "", 0, offset + 40
    if proto == 44:
        proto, fragment, identification = data[payload], *struct.unpack_from("!HI", data, payload + 2)
        kind = "later" if fragment >> 3 else "first"
        payload += 8
    return _transport(data, payload, src, dst, proto, 40 + length, kind, identification)


def _transport(data, offset, src, dst, proto, length, kind, identification):
    sport, dport, icmp = 0, 0, None
    if kind != "later":
        if proto in (flows.ICMP, flows.ICMP6):
            icmp = (data[offset], data[offset + 1])
        else:
            sport, dport = struct.unpack_from("!HH", data, offset)
    return Packet(src, dst, proto, sport, dport, icmp, length, len(data), kind, identification)


def one_way_flows(packets, fragments="separate", family=None, later_ipv6_fragment_proto=None):
    """The flows of these packets. Fragments after the first carry no ports: `separate` leaves them a flow of their
    own with ports 0, as an exporter without reassembly sees them; `joined` puts them to their first fragment.
    softflowd does not look behind the fragment header either: later_ipv6_fragment_proto=0."""
    sums = collections.OrderedDict()
    first = {}
    for p in packets:
        if family and len(p.src) != (4 if family == 4 else 16):
            continue
        ports = (p.sport, p.dport)
        if p.fragment == "first":
            first[p.src, p.dst, p.identification] = ports
        if p.fragment == "later" and fragments == "joined":
            ports = first[p.src, p.dst, p.identification]
        proto = p.proto
        if p.fragment == "later" and len(p.src) == 16 and later_ipv6_fragment_proto is not None:
            proto = later_ipv6_fragment_proto
        key = (p.src, p.dst, proto, *ports, p.icmp)
        count, octets = sums.get(key, (0, 0))
        sums[key] = (count + 1, octets + p.ip_bytes)
    return [flows.make(*key[:5], *value, icmp=key[5]) for key, value in sums.items()]


def samples(packets):
    """Each packet as an sFlow sample of sfprobe reports it: the whole frame, with the 4 bytes of its checksum."""
    return [flows.make(*p[:5], 1, p.frame_bytes + 4, icmp=p.icmp) for p in packets]


def write_datagrams(path, datagrams, port):
    """A capture of these UDP payloads, as sent by 127.0.0.1 to `port`, a millisecond apart."""
    with open(path, "wb") as pcap:
        pcap.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        now = int(time.time())
        for number, payload in enumerate(datagrams):
            udp = struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload  # no checksum, as IPv4 allows
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
            data = b"\x02\0\0\0\0\x0b\x02\0\0\0\0\x0a\x08\0" + ip + udp
            pcap.write(struct.pack("<IIII", now, number * 1000, len(data), len(data)) + data)
