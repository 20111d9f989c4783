"""nfcapd, which collects into files, and what nfdump lists of them: a second opinion on each field of an archive."""
import json
import os
import struct
import subprocess
from datetime import datetime, timezone

from . import udp, waiting
from .case import skip_unless_program
from .program import Program


class Nfcapd(Program):
    name = "nfcapd"

    def __init__(self, directory, *options):
        program = skip_unless_program("nfcapd")
        (self.port,) = udp.free_ports(1)
        self.log_path = directory + ".log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([program, "-l", directory, "-b", "127.0.0.1", "-p", str(self.port), "-t", "3600", *options],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()


def bound(port):
    with open("/proc/net/udp") as file:
        return any(line.split()[1].endswith(f":{port:04X}") for line in file.readlines()[1:])


def queued(port):
    with open("/proc/net/udp") as file:
        return any(line.split()[4].split(":")[1] != "00000000" for line in file.readlines()[1:] if line.split()[1].endswith(f":{port:04X}"))


def collect(directory, datagrams, *options):
    """Makes the directory and has nfcapd fill it with one file of these. Raises with nfcapd's log where it did not end well."""
    os.mkdir(directory)
    with Nfcapd(directory, *options) as nfcapd:
        waiting.until(lambda: bound(nfcapd.port) or nfcapd.process.poll() is not None, "nfcapd listens")
        with udp.Sender(nfcapd.port) as sender:
            for datagram in datagrams:
                sender.send(datagram)
                waiting.until(lambda: not queued(nfcapd.port), "nfcapd has taken it", interval=0.001)
        if nfcapd.stop() != 0:
            raise AssertionError(f"nfcapd failed: {nfcapd.log()}")
    return directory


def write_archive(path, numbers):
    """A file of layout 2, as plain as there is: TCP flows whose bytes are these."""
    blocks, count = b"", 0
    for at in range(0, len(numbers), 10_000):
        records = b"".join(struct.pack("<HHHBBHBB HHQQQQQHHBBBB HHII", 11, 76, 2, 0, 0, 0, 0, 9,
                                       1, 52, 1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_000, 1, number, 1024, 443, 6, 0, 0, 0,
                                       2, 12, 0xC0000201, 0xC633640A) for number in numbers[at:at + 10_000])
        blocks += struct.pack("<IIHH", len(records) // 76, len(records), 3, 0) + records
        count += 1
    with open(path, "wb") as file:
        file.write(struct.pack("<HHIqBBHIqII", 0xA50C, 2, 0x01070100, 1_700_000_000, 0, 0, 0, 1, 40 + len(blocks), 1 << 20, count) + blocks)


def listing(path, text="any"):
    """What nfdump says of the flows of a file that this filter matches."""
    run = subprocess.run([skip_unless_program("nfdump"), "-r", path, "-o", "json", text], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         timeout=60, check=True, env={**os.environ, "TZ": "UTC"})
    return json.loads(run.stdout)


def _time(text):
    moment = datetime.strptime(text + "+0000", "%Y-%m-%dT%H:%M:%S.%f%z")
    return round((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1000) * 1_000_000


def _flags(text):
    """"...AP.SF", from the highest bit to the lowest."""
    return sum(1 << (7 - at) for at, letter in enumerate(text[-8:]) if letter != ".")


def _text(value):
    return None if value in ("0.0.0.0", "::", "00:00:00:00:00:00") else value


#: What each of nfdump's names is here, and how its value is written here. Of several names for one field the first here that
#: says something counts.
FIELDS = {
    "first": ("time_flow_start_ns", _time), "last": ("time_flow_end_ns", _time), "received": ("time_received_ns", _time),
    "t_first": ("time_flow_start_ns", _time), "t_last": ("time_flow_end_ns", _time), "t_received": ("time_received_ns", _time),
    "in_packets": ("packets", int), "in_bytes": ("bytes", int), "proto": ("proto", int), "tcp_flags": ("tcp_flags", _flags),
    "src_port": ("src_port", int), "dst_port": ("dst_port", int), "fwd_status": ("forwarding_status", int), "src_tos": ("ip_tos", int),
    "src4_addr": ("src_addr", str), "dst4_addr": ("dst_addr", str), "src6_addr": ("src_addr", str), "dst6_addr": ("dst_addr", str),
    "input_snmp": ("in_if", int), "output_snmp": ("out_if", int), "src_mask": ("src_net", int), "dst_mask": ("dst_net", int),
    "direction": ("flow_direction", lambda value: "EGRESS" if value else "INGRESS"), "src_as": ("src_as", int), "dst_as": ("dst_as", int),
    "bgp4_next_hop": ("bgp_next_hop", _text), "bgp6_next_hop": ("bgp_next_hop", _text),
    "ip4_next_hop": ("next_hop", _text), "ip6_next_hop": ("next_hop", _text),
    "ip4_router": ("sampler_address", _text), "ip6_router": ("sampler_address", _text),
    "sampled": ("sampling_rate", int), "src_vlan": ("src_vlan", int), "dst_vlan": ("dst_vlan", int),
    "in_src_mac": ("src_mac", _text), "out_src_mac": ("src_mac", _text), "in_dst_mac": ("dst_mac", _text), "out_dst_mac": ("dst_mac", _text),
    "icmp_type": ("icmp_type", int), "icmp_code": ("icmp_code", int),
    "src_xlt_ip": ("post_nat_src_addr", _text), "dst_xlt_ip": ("post_nat_dst_addr", _text),
    "src4_xlt_ip": ("post_nat_src_addr", _text), "dst4_xlt_ip": ("post_nat_dst_addr", _text),
    "src6_xlt_ip": ("post_nat_src_addr", _text), "dst6_xlt_ip": ("post_nat_dst_addr", _text),
    "src_xlt_port": ("post_nat_src_port", int), "dst_xlt_port": ("post_nat_dst_port", int),
}
#: Of nfdump's files and listings, not of the flows: there is no field for them (docs/import.md).
NOT_OURS = {"cnt", "type", "ident", "export_sysid", "src_net", "dst_net", "src4_geo", "dst4_geo", "src6_geo", "dst6_geo", "label", "dst_tos",
            "engine_type", "engine_id"}


def expected(record):
    """The flow as Sluice's JSON has it: what is 0 or nothing is absent."""
    out = {}
    for name, (field, convert) in FIELDS.items():
        value = convert(record[name]) if name in record else None
        if value not in (None, 0):
            out.setdefault(field, value)
    for name in record.keys() - FIELDS.keys() - NOT_OURS:
        if not name.startswith("mpls_"):
            raise AssertionError(f"nfdump's {name} ({record[name]!r}) is not compared with anything")
    labels = [int(record[f"mpls_{number}"].split("-")[0]) for number in range(1, 11) if f"mpls_{number}" in record]
    while labels and labels[-1] == 0:
        labels.pop()
    if labels:
        out["mpls_label"] = labels
    return out
