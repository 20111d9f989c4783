"""The shipped SQL and the flow message: what the columns must be, and messages to fill them with."""
import collections
import glob
import ipaddress
import os
import re
import time

from . import messages, paths

SCRIPTS = os.path.join(paths.source(), "deploy/clickhouse")
PROTO = os.path.join(paths.source(), "proto/flow.proto")
NOBODY = "127.0.0.1:1"  # a broker that is not there
T0 = 1_795_262_400_000_000_000  # 2026-11-21 12:00:00 UTC in ns

Field = collections.namedtuple("Field", "label type name number comment")
Rollup = collections.namedtuple("Rollup", "name source seconds keys")
# Bytes that are no address, and texts that may have any value.
RAW_BYTES = {"application_id", "mpls_vpn_rd", "ingress_acl_id", "egress_acl_id"}
ANY_TEXTS = {"user_name", "http_host", "http_url"}
KAFKA_TYPES = {"uint32": "UInt32", "uint64": "UInt64", "bytes": "String", "string": "String"}


def fields():
    """The fields of the proto file, in its order."""
    with open(PROTO) as file:
        body = file.read().split("reserved", 1)[1]
    return [Field((match[1] or "").strip(), match[2], match[3], int(match[4]), match[5])
            for match in re.finditer(r"^  (optional |repeated )?(\w+) (\w+) = (\d+);  // (.*)$", body, re.M)]


def is_address(field):
    return field.type == "bytes" and field.name not in RAW_BYTES


def wrapped(field, plain):
    return {"optional": f"Nullable({plain})", "repeated": f"Array({plain})"}.get(field.label, plain)


def kafka_type(field):
    return wrapped(field, KAFKA_TYPES.get(field.type, "Int32"))


def raw_name(field):
    return field.name.removesuffix("_ns") if field.name.startswith("time_") else field.name


def raw_type(field):
    """The type of the field's column in flows_raw; of an enum only how it begins."""
    if field.name.startswith("time_"):
        return "DateTime64(9, 'UTC')"
    if is_address(field):
        return wrapped(field, "IPv6")
    if field.type == "string":
        return "String" if field.name in ANY_TEXTS else "LowCardinality(String)"
    return wrapped(field, KAFKA_TYPES.get(field.type, "Enum8("))


def read(path):
    with open(path) as file:
        return file.read()


def script(name):
    return read(os.path.join(SCRIPTS, name))


def scripts():
    return sorted(glob.glob(os.path.join(SCRIPTS, "*.sql")) + glob.glob(os.path.join(SCRIPTS, "cluster/*.sql")))


def column_sets():
    """The sets of columns that flows_raw may be made without, {name: [column]}."""
    text = script("column_sets.sh")
    names = re.search(r"^column_sets=\((.*)\)$", text, re.M)[1].split()
    listed = dict(re.findall(r"^  \[(\w+)\]='(.*)'$", text.split("set_aliases=")[0], re.M))
    assert names and names == list(listed), names
    return {name: listed[name].split() for name in names}


def rollups():
    """The tables that sum flows, as the scripts make them, with the keys by which each is sorted."""
    text = script("60_rollups.sql") + script("65_short_rollups.sql")
    sources = dict(re.findall(r"^CREATE MATERIALIZED VIEW \S+ TO \{\{db\}\}\.(\w+) AS$.*?^FROM \{\{db\}\}\.(\w+)$", text, re.M | re.S))
    keys = dict(re.findall(r"^CREATE TABLE IF NOT EXISTS \{\{db\}\}\.(\w+).*?^ORDER BY \(time, ([^\n]*)\)$", text, re.M | re.S))
    assert "flows_1m" in keys and sources.keys() == keys.keys(), list(keys)
    units = {"m": 60, "h": 3600, "d": 86400}
    return [Rollup(name, sources[name], int(name.rsplit("_", 1)[1][:-1]) * units[name[-1]], keys[name]) for name in keys]


def statements(sql):
    """As apply.sh takes them apart: each ends with a line that ends with a semicolon."""
    found, current = [], ""
    for line in sql.splitlines():
        if not current and (line.startswith("--") or not line):
            continue
        current += line + "\n"
        if line.endswith(";"):
            found.append(current.rstrip().rstrip(";"))
            current = ""
    assert not current, f"the last statement has no end: {current}"
    return found


def framed(*flows):
    """Length-delimited messages, as in a Kafka record."""
    data = b""
    for flow in flows:
        body = flow.SerializeToString()
        length = len(body)
        while length >= 0x80:
            data += bytes([length & 0x7F | 0x80])
            length >>= 7
        data += bytes([length]) + body
    return data


def message(**values):
    flow = messages.parse(b"")
    for name, value in values.items():
        if isinstance(value, list):
            getattr(flow, name).extend(value)
        else:
            setattr(flow, name, value)
    return flow


def every_field(start):
    """A message with a value of its own in each field, and the row of flows_raw that it becomes, without what Kafka tells. Its
    times are within the first second from `start`, in ns."""
    values, expected = {}, {}
    for number, field in enumerate(fields(), 1):
        name = raw_name(field)
        if field.name.startswith("time_"):
            values[field.name] = start + number
            expected[name] = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(start // 10**9)) + f".{number:09d}"
        elif is_address(field):
            raw = bytes([192, 0, 2, number]) if number % 2 else ipaddress.ip_address(f"2001:db8::{number}").packed
            values[field.name] = [raw] if field.label == "repeated" else raw
            expected[name] = [text_of(raw)] if field.label == "repeated" else text_of(raw)
        elif field.type == "bytes":
            values[field.name], expected[name] = b"\x03\x00\x01", "\x03\x00\x01"
        elif field.type == "string":
            values[field.name] = expected[name] = f"text {number}"
        elif field.type in ("uint32", "uint64"):
            value = 70000 + number
            values[field.name] = expected[name] = [value, 0, 1] if field.label == "repeated" else value
        else:
            values[field.name] = [1, 99] if field.label == "repeated" else 1
            expected[name] = {"FlowType": "SFLOW_5", "FlowDirection": "INGRESS", "SamplingRateSource": "HEADER",
                              "LayerStack": ["IPv4", "Custom"]}[field.type]
    return values, expected


def text_of(address):
    """Raw bytes as ClickHouse prints an IPv6 column."""
    if len(address) == 4:
        return f"::ffff:{ipaddress.ip_address(address)}"
    return str(ipaddress.ip_address(address)) if address else "::"


def unhex(data):
    return f"unhex('{data.hex()}')"
