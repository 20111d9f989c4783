"""Telegraf's metrics of a datagram, and field by field what they are in ours.

A field of telegraf's is either in one of the tables of rules or among those that have no place here, with the reason;
one that is in neither fails the test."""
import collections
import ipaddress
import re
import socket

MILLISECOND, SECOND = 10**6, 10**9
DAY, HOUR = 24 * 3600 * SECOND, 3600 * SECOND

Metric = collections.namedtuple("Metric", "measurement tags fields")

_FIELD = re.compile(r'([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')


def _value(text):
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return int(text.rstrip("ui"))


def parse(text):
    """Line protocol: measurement,tag=..,.. field=..,.. time. Spaces stand in quoted strings only."""
    metrics = []
    for line in filter(str.strip, text.splitlines()):
        head, _, rest = line.partition(" ")
        measurement, *tags = head.split(",")
        rest = re.sub(r" \d+$", "", rest.strip())
        fields = {name: _value(value) for name, value in _FIELD.findall(rest)}
        metrics.append(Metric(measurement, dict(tag.split("=") for tag in tags), fields))
    return metrics


def number(value):
    return int(value, 0) if isinstance(value, str) else value


def address(value):
    return str(ipaddress.ip_address(value))


def protocol(value):
    return {"ipv6-icmp": 58}.get(value) or socket.getprotobyname(value)


def flags(letters):
    """"...AP..." of telegraf's, high bit first."""
    def convert(text):
        if any(letter not in (".", letters[at]) for at, letter in enumerate(text)):
            raise ValueError(f"flags {text} where {letters} are known")
        return sum(1 << 7 - at for at, letter in enumerate(text) if letter != ".")
    return convert


def named(names):
    return lambda value: names[value]


#: A field of ours, how telegraf's value is written there, and whether it is of the flow that went the other way.
Rule = collections.namedtuple("Rule", "field convert back", defaults=(number, False))

END_REASONS = {"idle timeout": 1, "active timeout": 2, "end of flow": 3, "forced end": 4, "lack of resources": 5}

FLOWS = {
    "src": Rule("src_addr", address),
    "dst": Rule("dst_addr", address),
    "src_port": Rule("src_port"),
    "dst_port": Rule("dst_port"),
    "protocol": Rule("proto", protocol),
    "src_tos": Rule("ip_tos"),
    "tcp_flags": Rule("tcp_flags", flags("CEUAPRSF")),
    "icmp_type": Rule("icmp_type"),
    "icmp_code": Rule("icmp_code"),
    "in_bytes": Rule("bytes"),
    "in_packets": Rule("packets"),
    "in_total_bytes": Rule("bytes"),
    "in_total_packets": Rule("packets"),
    "in_snmp": Rule("in_if"),
    "out_snmp": Rule("out_if"),
    "bgp_src_as": Rule("src_as"),
    "bgp_dst_as": Rule("dst_as"),
    "src_mask": Rule("src_net"),
    "dst_mask": Rule("dst_net"),
    "next_hop": Rule("next_hop", address),
    "in_src_mac": Rule("src_mac", str),
    "out_dst_mac": Rule("dst_mac", str),
    "vlan_src": Rule("src_vlan"),
    "ip_version": Rule("etype", named({"IPv4": 0x0800, "IPv6": 0x86DD})),
    "fwd_status": Rule("forwarding_status", named({"unknown": 0})),
    "flow_start_ms": Rule("time_flow_start_ns", lambda value: value * MILLISECOND),
    "flow_end_ms": Rule("time_flow_end_ns", lambda value: value * MILLISECOND),
    "direction": Rule("flow_direction", named({"ingress": "INGRESS", "egress": "EGRESS"})),
    "flow_end_reason": Rule("flow_end_reason", named(END_REASONS)),
    # Reverse elements (RFC 5103), which telegraf gives in hexadecimal by enterprise and number.
    "type_29305_85": Rule("bytes", back=True),
    "type_29305_86": Rule("packets", back=True),
    "type_29305_5": Rule("ip_tos", back=True),
}

NETFLOW5 = {
    "seq_number": Rule("sequence_num"),
    "sampling_interval": Rule("sampling_rate"),
}

SFLOW = {
    "agent_ip": Rule("sampler_address", address),
    "l2_bytes": Rule("bytes"),
    "ttl": Rule("ip_ttl"),
    "sampling_interval": Rule("sampling_rate"),
    "datalink_frame_type": FLOWS["ip_version"],
    "ipv4_id": Rule("fragment_id"),
    "fragment_offset": Rule("fragment_offset"),
    "fragment_flags": Rule("ip_flags", flags(".....EDM")),
    "vlan_dst": Rule("dst_vlan"),
    # 0xffffffff is "unknown" in the extended switch record; ours is then absent.
    "vlan_src_priority": Rule("vlan_priority", lambda value: None if value == 0xFFFFFFFF else value),
}

#: Of a discarded packet, of which telegraf reads no header.
DISCARDED = {
    "agent_ip": SFLOW["agent_ip"],
    "in_snmp": FLOWS["in_snmp"],
    "out_snmp": FLOWS["out_snmp"],
    "reason": Rule("drop_reason"),
    "out_queue": None,  # the egress queue record; kept in no field
}

#: Why these have no place in a flow of ours.
NO_PLACE = {
    "app_latency_ms": "nProbe's own", "client_nw_latency_ms": "nProbe's own", "server_nw_latency_ms": "nProbe's own",
    "ja3c_hash": "nProbe's own", "ja3s_hash": "nProbe's own", "l7_proto": "nProbe's own", "ssl_cipher": "nProbe's own",
    "ssl_server_name": "nProbe's own", "ssl_unsafe_cipher": "nProbe's own", "ssl_version": "nProbe's own",
    "retransmitted_in_bytes": "nProbe's own", "retransmitted_in_pkts": "nProbe's own",
    "retransmitted_out_bytes": "nProbe's own", "retransmitted_out_pkts": "nProbe's own",
    **{f"type_35632_{n}": "nProbe's own" for n in (109, 110, 118, 123, 124, 125, 127, 128, 188, 489, 490, 493, 494, 495)},
    "type_6871_40": "YAF's own", "type_6871_rev_40": "YAF's own",
    "type_6871_21": "YAF's own: the way back began later; both flows bear the record's times",
    "type_29305_58": "the VLAN of the way back is that of the way there, at the output",
    "engine_id": "engine of the exporter, kept in no field", "engine_type": "engine of the exporter, kept in no field",
    "flows": "number of flows in the datagram or record",
    "dst_tos": "class of service after the box (IE 55)",
    "fwd_reason": "in forwarding_status, as its low bits",
}

NO_PLACE_SFLOW = {
    "agent_subid": "part of the exporter, not of a flow",
    "sys_uptime": "of the agent, not of a flow",
    "seq_number": "counts the samples of one source; sequence_num is the datagram's",
    "in_snmp": "the data source, which is the output where the sample was taken there; in_if is the sample's input",
    "direction": "derived from the data source; flow_direction is only what an exporter says",
    "in_total_packets": "the sample pool of one source",
    "sampling_drops": "counts of one source",
    "l2_protocol": "of the sampled header; layer_stack begins with it",
    "ip_version": "of the agent",
    "ip_total_len": "of the IP packet; bytes are the frame's", "ipv4_total_len": "of the IP packet; bytes are the frame's",
    "ipv6_total_len": "of the IP packet; bytes are the frame's",
    "ipv4_inet_header_len": "in layer_size, in bytes",
    "vlan_dst_priority": "vlan_priority is the input's",
}

#: Compared by the test itself, beside others: seconds where there are milliseconds, and uptimes.
COMPARED_APART = {"flow_start", "flow_end", "first_switched", "last_switched", "sys_uptime"}


def rule(metric, name):
    """The Rule, or None where the field has no place or is compared apart; KeyError where nothing is said of it."""
    version = metric.tags["version"]
    if version == "sFlowV5":
        if name in NO_PLACE_SFLOW:
            return None
        if name in SFLOW:
            return SFLOW[name]
        if name == "protocol" and metric.fields[name] == "hopopt":
            return None  # The first next header; ours is that behind the extension headers (RFC 8200, section 4).
        return FLOWS[name]
    if version == "NetFlowV5" and name in NETFLOW5:
        return NETFLOW5[name]
    if name in NO_PLACE or name in COMPARED_APART:
        return None
    return FLOWS[name]


def expected_discard(metric):
    """The flow of an sFlow discarded-packet sample."""
    there = {"packets": 1}
    for name, value in metric.fields.items():
        known = DISCARDED[name] if name in DISCARDED or name not in NO_PLACE_SFLOW else None
        if known:
            there[known.field] = known.convert(value)
    return there


def expected_flows(metric):
    """The fields of the flow, and of the one that went the other way where the record told of one."""
    there, back = {}, {}
    for name, value in metric.fields.items():
        known = rule(metric, name)
        if known:
            (back if known.back else there)[known.field] = known.convert(value)
    if not back.get("bytes") and not back.get("packets"):
        return [there]
    swapped = {"src_addr": "dst_addr", "dst_addr": "src_addr", "src_port": "dst_port", "dst_port": "src_port"}
    same = ("proto", "time_flow_start_ns", "time_flow_end_ns")
    return [there, {**{ours: there[theirs] for ours, theirs in swapped.items()}, **{name: there[name] for name in same},
                    **back}]


#: A field of an options record as `sluice decode --raw` shows it: (enterprise, element), or a scope of NetFlow v9.
OPTIONS = {
    "app_id": (0, 95), "app_name": (0, 96), "app_desc": (0, 94),
    "in_snmp": (0, 10), "out_snmp": (0, 14), "interface": (0, 82), "interface_desc": (0, 83),
    "in_bytes": "scope 1",  # Telegraf takes scope type 1 (system) for element 1; it is no count of bytes.
    "exporter": (0, 130), "exporting_pid": (0, 144), "observation_domain_id": (0, 149), "event_time": (0, 322),
    "system_init_ms": (0, 160), "total_flows_exported": (0, 42), "in_total_packets": (0, 86),
    "dropped_packets_total": (0, 135), "ignored_packet_total": (0, 164), "notsent_packet_total": (0, 167),
    "padding": (0, 210),
    # Telegraf does not take the enterprise bit from the numbers of these.
    **{f"type_6871_{0x8000 | n}": (6871, n) for n in (100, 101, 102, 103, 104, 105, 550, 551, 554)},
}

#: A field of a counter sample as `sluice decode --raw` shows it, in the record of this format.
COUNTERS = {
    "interface": "ifIndex", "in_snmp": "ifIndex", "interface_type": "ifType", "speed": "ifSpeed",
    "in_bytes": "ifInOctets", "in_unicast_packets_total": "ifInUcastPkts",
    "in_mcast_packets_total": "ifInMulticastPkts", "in_broadcast_packets_total": "ifInBroadcastPkts",
    "in_dropped_packets": "ifInDiscards", "in_errors": "ifInErrors", "in_unknown_protocol": "ifInUnknownProtos",
    "out_bytes": "ifOutOctets", "out_unicast_packets_total": "ifOutUcastPkts",
    "out_mcast_packets_total": "ifOutMulticastPkts", "out_broadcast_packets_total": "ifOutBroadcastPkts",
    "out_dropped_packets": "ifOutDiscards", "out_errors": "ifOutErrors", "promiscuous": "ifPromiscuousMode",
    "errors_alignment": "dot3StatsAlignmentErrors", "errors_fcs": "dot3StatsFCSErrors",
    "collision_frames_single": "dot3StatsSingleCollisionFrames",
    "collision_frames_multi": "dot3StatsMultipleCollisionFrames", "errors_sqetest": "dot3StatsSQETestErrors",
    "deferred": "dot3StatsDeferredTransmissions", "collisions_late": "dot3StatsLateCollisions",
    "collisions_excessive": "dot3StatsExcessiveCollisions", "errors_internal_mac_tx": "dot3StatsInternalMacTransmitErrors",
    "errors_carrier_sense": "dot3StatsCarrierSenseErrors", "errors_frame_too_long": "dot3StatsFrameTooLongs",
    "errors_internal_mac_rx": "dot3StatsInternalMacReceiveErrors", "errors_symbols": "dot3StatsSymbolErrors",
}
