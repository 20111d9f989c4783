"""A flow as the tests compare it, whoever reported it: the capture, an exporter's datagram, a message from a topic."""
import collections
import ipaddress

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58

#: Ports are those of TCP, UDP and SCTP only. For ICMP `ports` is (type, code): exporters hide them in various places.
Flow = collections.namedtuple("Flow", "src dst proto ports packets bytes")


def make(src, dst, proto, sport, dport, packets, octets, icmp=None):
    """`icmp` is (type, code) where they are known apart; else they are taken from the destination port, as exporters
    that have no field for them put them there."""
    if proto in (ICMP, ICMP6):
        ports = icmp if icmp is not None else (dport >> 8, dport & 0xFF)
    else:
        ports = (sport, dport)
    return Flow(address(src), address(dst), proto, tuple(ports), packets, octets)


def address(raw):
    return str(ipaddress.ip_address(raw)) if raw else ""


def totals(flows):
    return {"flows": len(flows), "packets": sum(f.packets for f in flows), "bytes": sum(f.bytes for f in flows)}


def by_key(flows):
    """Five-tuple -> (packets, bytes), summed: for exporters that split a flow, or report packet by packet."""
    sums = collections.defaultdict(lambda: (0, 0))
    for flow in flows:
        packets, octets = sums[flow[:4]]
        sums[flow[:4]] = (packets + flow.packets, octets + flow.bytes)
    return dict(sums)


def difference(expected, got):
    """Empty where both hold the same flows as often; else lines that say which are missing and which are too many."""
    expected, got = collections.Counter(expected), collections.Counter(got)
    lines = [f"missing {count}x {item}" for item, count in sorted((expected - got).items(), key=str)]
    lines += [f"too many {count}x {item}" for item, count in sorted((got - expected).items(), key=str)]
    return "\n".join(lines[:40])
