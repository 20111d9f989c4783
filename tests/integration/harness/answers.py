"""The answers to the questions of docs/queries.md, worked out from the rows in plain Python, without ClickHouse.

Each `question_N(rows, end)` gives the answer's rows in order, for the default parameters with `to` at the end."""
import bisect
import collections
import ipaddress

from .seeded_flows import AS_NAMES, INTERFACES, IPFIX, NAMES, NS, V5, at, ipv6

HOUR, DAY = 3600, 86400
PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 47: "GRE", 58: "IPv6-ICMP"}
PORTS = {53: "domain", 123: "ntp"}
ICMP = {(1, 8, 0): "Echo Request", (1, 3, 4): "Fragmentation Needed", (1, 11, 0): "TTL Exceeded in Transit", (58, 128, 0): "Echo Request",
        (58, 2, 0): "Packet Too Big", (1, 200, 7): "type 200 code 7"}

#: A number that the answer has with this many decimals.
Rounded = collections.namedtuple("Rounded", "value digits")


def percent(part, whole, digits=1):
    return Rounded(100 * part / whole, digits)


def mbit(octets, seconds, digits=3):
    return Rounded(octets * 8 / 1e6 / seconds, digits)


def corrected(row, what):
    """An unknown rate is 1, and one that no exporter can mean the largest that fits 32 bits."""
    return row[what] * min(max(row["sampling_rate"], 1), 2**32 - 1)


def octets(rows):
    return sum(corrected(row, "bytes") for row in rows)


def packets(rows):
    return sum(corrected(row, "packets") for row in rows)


def unknown(rows):
    return sum(row["sampling_rate"] == 0 for row in rows)


def between(rows, end, since, until=0):
    """Received from `since` seconds before the end on, up to `until` seconds before it."""
    return [row for row in rows if at(end, since) <= row["time_received"] < at(end, until)]


def groups(rows, key):
    out = collections.defaultdict(list)
    for row in rows:
        out[key(row)].append(row)
    return out


def by(rows, *names):
    return groups(rows, lambda row: tuple(row[name] for name in names) if len(names) > 1 else row[names[0]])


def distinct(rows, *names):
    return len({tuple(row[name] for name in names) for row in rows})


def exporter(row):
    return NAMES.get(row["sampler_address"], row["sampler_address"])


def interface(address, index):
    return INTERFACES.get((address, index), str(index))


def start(ns, step):
    return ns // NS // step * step


def protocol(number):
    return PROTOCOLS[number]


def letters(rows):
    flags = 0
    for row in rows:
        flags |= row["tcp_flags"]
    return "".join(letter if flags >> bit & 1 else "." for bit, letter in zip(range(8, -1, -1), "NCEUAPRSF"))


def ranked(answer, *keys, limit):
    """Ordered by these columns; a negative one (counted from 1) falls."""
    for key in reversed(keys):
        answer.sort(key=lambda row, at=abs(key) - 1: row[at].value if isinstance(row[at], Rounded) else row[at], reverse=key < 0)
    return answer[:limit]


def question_1(rows, end):
    rows = between(rows, end, HOUR)
    return ranked([(src, octets(g), packets(g), len(g), percent(octets(g), octets(rows)), unknown(g)) for src, g in by(rows, "src_addr").items()],
                  -2, 1, limit=10)


def question_2(rows, end):
    rows = between(rows, end, HOUR)
    return ranked([(protocol(proto), octets(g), packets(g), len(g), percent(octets(g), octets(rows)), Rounded(octets(g) / packets(g), 0), unknown(g))
                   for proto, g in by(rows, "proto").items()], -2, 1, limit=20)


def question_3(rows, end):
    rows = between(rows, end, HOUR)
    return ranked([(address, exporter(g[0]), len(g), octets(g), percent(octets(g), octets(rows)), max(start(r["time_received"], 60) for r in g),
                    sorted({r["sampling_rate"] for r in g})) for address, g in by(rows, "sampler_address").items()], -4, 1, limit=100)


def question_4(rows, end):
    rows = between(rows, end, DAY)
    answer = []
    for asn in {row[side] for row in rows for side in ("src_as", "dst_as")}:
        out, into = [r for r in rows if r["src_as"] == asn], [r for r in rows if r["dst_as"] == asn]
        answer.append((asn, AS_NAMES.get(asn, f"AS{asn}"), octets(out), octets(into), unknown(out) + unknown(into)))
    return sorted(answer, key=lambda row: (-row[2] - row[3], row[0]))[:20]


def question_5(rows, end):
    there, back = (64500, 64501), (64501, 64500)
    rows = [r for r in between(rows, end, DAY) if (r["src_as"], r["dst_as"]) in (there, back)]
    answer = []
    for hour, g in groups(rows, lambda r: start(r["time_received"], HOUR)).items():
        out, into = (octets([r for r in g if r["src_as"] == asn]) for asn in there)
        answer.append((hour, out, into, mbit(max(out, into), HOUR), unknown(g)))
    return sorted(answer)


def sides(rows):
    """(exporter, interface, direction) -> rows"""
    out = collections.defaultdict(list)
    for row in rows:
        for name, direction in (("in_if", "in"), ("out_if", "out")):
            if row[name]:
                out[row["sampler_address"], row[name], direction].append(row)
    return out


def slots(rows):
    """Bytes of each five minutes that had any."""
    return [octets(g) for g in groups(rows, lambda r: start(r["time_received"], 300)).values()]


def question_6(rows, end, capacities=None):
    answer = []
    for (address, index, direction), g in sides(between(rows, end, DAY)).items():
        capacity = (capacities or {}).get(f"{address}/{index}", 1000)
        peak = max(slots(g)) * 8 / 1e6 / 300
        answer.append((exporter(g[0]), interface(address, index), direction, mbit(octets(g), DAY), Rounded(peak, 3), capacity, percent(peak, capacity)))
    return sorted(answer, key=lambda r: (-round(r[6].value, 1), r[:3]))[:50]


def question_7(rows, end, since=30 * DAY, percentile=95):
    place = int(since / 300 * (100 - percentile) / 100) + 1
    found = sides(between(rows, end, since))
    answer = []
    for address, index in {key[:2] for key in found}:
        rates = []
        for direction in ("in", "out"):
            falling = sorted(slots(found.get((address, index, direction), [])), reverse=True) + [0] * place
            rates.append(mbit(falling[place - 1], 300))
        answer.append((NAMES.get(address, address), interface(address, index), place, *rates, max(rates)))
    return sorted(answer, key=lambda r: (-round(r[5].value, 3), r[:2]))[:50]


def question_8(rows, end):
    a, b = "192.0.2.1", "198.51.100.1"
    rows = [r for r in between(rows, end, HOUR) if {r["src_addr"], r["dst_addr"]} == {a, b}]
    answer = []
    for minute, g in groups(rows, lambda r: start(r["time_received"], 60)).items():
        out, back = ([r for r in g if r["src_addr"] == one] for one in (a, b))
        answer.append((minute, octets(out), octets(back), packets(out), packets(back), len(g)))
    return sorted(answer)


def question_9(rows, end):
    rows = [r for r in between(rows, end, HOUR) if (r["proto"], r["dst_port"]) == (17, 53)]
    return ranked([(src, distinct(g, "dst_addr"), octets(g), packets(g), len(g), max(r["time_received"] for r in g) // NS)
                   for src, g in by(rows, "src_addr").items()], -3, 1, limit=20)


def question_10(rows, end):
    answer = []
    for r in between(rows, end, HOUR):
        seconds = round((r["time_flow_end"] - r["time_flow_start"]) / NS, 1)
        answer.append((r["time_flow_start"] // NS, Rounded(seconds, 1), protocol(r["proto"]), r["src_addr"], r["src_port"], r["dst_addr"], r["dst_port"],
                       octets([r]), mbit(octets([r]), max(seconds, 1)), r["sampling_rate"]))
    return ranked(answer, -8, 1, 4, 5, limit=10)


def question_11(rows, end):
    rows = [r for r in between(rows, end, HOUR) if r["packets"]]
    bounds = [64, 128, 256, 512, 1024, 1518, 9216, 65535]
    return sorted((bounds[size] if size < len(bounds) else 0, packets(g), percent(packets(g), packets(rows)), octets(g), percent(octets(g), octets(rows)), len(g))
                  for size, g in groups(rows, lambda r: bisect.bisect_left(bounds, r["bytes"] / r["packets"])).items())


def question_12(rows, end):
    answer = []
    for hour, g in groups(between(rows, end, DAY), lambda r: start(r["time_received"], HOUR)).items():
        four, six = (octets([r for r in g if r["etype"] == etype]) for etype in (0x0800, 0x86DD))
        answer.append((hour, four, six, octets(g) - four - six, percent(six, four + six), unknown(g)))
    return sorted(answer)


def question_13(rows, end):
    found = collections.defaultdict(list)
    for r in between(rows, end, HOUR):
        for vlan in {r["vlan_id"], r["src_vlan"], r["dst_vlan"]} - {0}:
            found[r["sampler_address"], vlan].append(r)
    return ranked([(exporter(g[0]), vlan, octets(g), packets(g), len(g), distinct(g, "src_addr")) for (_, vlan), g in found.items()], -3, 1, 2, limit=50)


def question_14(rows, end):
    rows = between(rows, end, HOUR)
    found = groups(rows, lambda r: (exporter(r), r["next_hop"] if r["bgp_next_hop"] == "::" else r["bgp_next_hop"],
                                    r["next_hop_as"] or r["next_adjacent_as"], " ".join(map(str, r["as_path"]))))
    return ranked([(*key, octets(g), percent(octets(g), octets(rows)), len(g)) for key, g in found.items()], -5, 1, 2, 4, limit=20)


def question_15(rows, end):
    answer = []
    for g in by(between(rows, end, 14 * DAY), "sampler_address").values():
        before, now = octets(between(g, end, 14 * DAY, 7 * DAY)), octets(between(g, end, 7 * DAY))
        answer.append((exporter(g[0]), before, now, Rounded(100 * (now / before - 1), 1) if before else None, unknown(g)))
    return ranked(answer, -3, 1, limit=100)


def question_16(rows, end):
    found = collections.defaultdict(lambda: (set(), set(), []))
    for r in between(rows, end, HOUR):
        if not (r["in_if"] and r["out_if"]):
            continue
        pair = sorted((r["src_addr"], r["dst_addr"]), key=lambda a: int(ipaddress.ip_address(ipv6(a))))
        there = r["src_addr"] == pair[0]
        way = (r["in_if"], r["out_if"]) if there else (r["out_if"], r["in_if"])
        ways = found[tuple(pair)]
        ways[0 if there else 1].add(f"{r['sampler_address']} {way[0]}-{way[1]}")
        ways[2].append(r)
    return ranked([(*pair, ", ".join(sorted(there)), ", ".join(sorted(back)), octets(g)) for pair, (there, back, g) in found.items()
                   if there and back and not there & back], -5, 1, 2, limit=20)


def question_17(rows, end):
    return ranked([(src, min(r["time_received"] for r in g) // NS, distinct(g, "dst_addr"), octets(g), len(g))
                   for src, g in by(between(rows, end, DAY + HOUR), "src_addr").items() if not between(g, end, DAY + HOUR, HOUR)], -4, 1, limit=20)


def question_18(rows, end):
    answer = []
    for dst, g in by(between(rows, end, 300 + HOUR), "dst_addr").items():
        now = between(g, end, 300)
        if packets(now) / 300 < 0.05:
            continue
        most = max(by(now, "proto").items(), key=lambda item: packets(item[1]))[0]
        answer.append((dst, Rounded(packets(now) / 300, 1), mbit(octets(now), 300), distinct(now, "src_addr"), protocol(most),
                       Rounded(packets(between(g, end, 300 + HOUR, 300)) / HOUR, 1)))
    return sorted(answer, key=lambda r: (-round(r[1].value, 1), r[0]))[:10]


def question_19(rows, end):
    answer = []
    for (src, proto), g in by(between(rows, end, HOUR), "src_addr", "proto").items():
        g = [r for r in g if r["src_port"] >= 1024]
        if proto in (6, 17) and distinct(g, "dst_addr", "dst_port") >= 100:
            answer.append((src, protocol(proto), distinct(g, "dst_addr", "dst_port"), distinct(g, "dst_addr"), distinct(g, "dst_port"), len(g),
                           Rounded(sum(r["packets"] for r in g) / len(g), 1), letters(g)))
    return ranked(answer, -3, 1, limit=20)


def question_20(rows, end):
    answer = []
    for (dst, port), g in by([r for r in between(rows, end, 900) if r["proto"] == 6], "dst_addr", "dst_port").items():
        half, full = [r for r in g if r["tcp_flags"] & 0x12 == 2], [r for r in g if r["tcp_flags"] & 0x10]
        if packets(half) >= 100 and len(half) > len(full):
            answer.append((dst, port, packets(half), len(half), len(full), distinct(g, "src_addr"), letters(g)))
    return ranked(answer, -3, 1, 2, limit=20)


def question_21(rows, end):
    rows = [r for r in between(rows, end, 900) if r["proto"] == 17 and r["src_port"] in (19, 53, 111, 123, 137, 161, 389, 1900, 3702, 5353, 11211)]
    return ranked([(dst, PORTS[port], port, distinct(g, "src_addr"), octets(g), Rounded(octets(g) / packets(g), 0), mbit(octets(g), 900))
                   for (dst, port), g in by(rows, "dst_addr", "src_port").items()
                   if distinct(g, "src_addr") >= 10 and octets(g) / packets(g) >= 400], -5, 1, 3, limit=20)


def question_22(rows, end):
    rows = [r for r in between(rows, end, HOUR) if r["proto"] in (1, 58)]
    found = sorted(by(rows, "proto", "icmp_type", "icmp_code").items(), key=lambda item: (-packets(item[1]), item[0]))
    return [("IPv4" if key[0] == 1 else "IPv6", ICMP[key], key[1], key[2], packets(g), distinct(g, "src_addr"), distinct(g, "dst_addr"))
            for key, g in found][:20]


def question_23(rows, end):
    answer = []
    for dst, g in by(between(rows, end, HOUR), "dst_addr").items():
        pieces = [r for r in g if r["fragment_offset"] or r["ip_flags"] & 1]
        if pieces:
            answer.append((dst, packets(pieces), packets(g), percent(packets(pieces), packets(g)), octets(pieces), distinct(pieces, "src_addr")))
    return ranked(answer, -2, 1, limit=20)


def question_24(rows, end):
    answer = []
    for (_, kind, domain), g in by(between(rows, end, HOUR), "sampler_address", "type", "observation_domain_id").items():
        flows = kind in (IPFIX, V5)
        numbers = sorted(by(g, "sequence_num").items())
        gaps = [later[0] - earlier[0] - (len(earlier[1]) if flows else 1) for earlier, later in zip(numbers, numbers[1:])]
        missing = sum(gap for gap in gaps if 0 < gap <= 100000)
        received = len(g) if flows else len(numbers)
        answer.append((exporter(g[0]), kind, domain, "flows" if flows else "datagrams", received, missing, percent(missing, received + missing, 2),
                       octets(g), Rounded(octets(g) * (received + missing) / received, 0)))
    order = ["FLOWUNKNOWN", "SFLOW_5", "NETFLOW_V5", "NETFLOW_V9", "IPFIX"]
    return sorted(answer, key=lambda r: (-round(r[6].value, 2), r[0], order.index(r[1]), r[2]))


def question_25(rows, end):
    answer = []
    for address, g in by(between(rows, end, HOUR), "sampler_address").items():
        if unknown(g):
            answer.append((address, exporter(g[0]), unknown(g), percent(unknown(g), len(g)), sum(r["bytes"] for r in g if r["sampling_rate"] == 0),
                           sorted({r["sampling_rate"] for r in g} - {0})))
    return ranked(answer, -5, 1, limit=100)


def question_26(rows, end):
    found = collections.defaultdict(list)
    for r in between(rows, end, DAY):
        for index in {r["in_if"], r["out_if"]} - {0}:
            found[r["sampler_address"], index].append(r)
    last = {key: max(start(r["time_received"], 60) for r in g) for key, g in found.items()}
    answer = []
    for (address, index), g in found.items():
        if last[address, index] < end - 900:
            whole = max(value for key, value in last.items() if key[0] == address) < end - 900
            answer.append((exporter(g[0]), interface(address, index), last[address, index], (end - last[address, index]) // 60, len(g), octets(g),
                           "yes" if whole else "no"))
    return ranked(answer, -3, 1, 2, limit=50)


def question_27(rows, end):
    answer = []
    for (_, kind), g in by(between(rows, end, HOUR), "sampler_address", "type").items():
        ages = sorted((r["time_received"] - r["time_flow_end"]) / NS for r in g)
        answer.append((exporter(g[0]), kind, len(g), Rounded(ages[0], 3), Rounded(ages[len(ages) // 2], 3), Rounded(ages[-1], 3), sum(a < 0 for a in ages)))
    return sorted(answer, key=lambda r: (-abs(round(r[4].value, 3)), r[0]))


def question_28(rows, end):
    found = collections.defaultdict(list)
    for r in between(rows, end, DAY):
        for index in {r["in_if"], r["out_if"]} - {0}:
            if (r["sampler_address"], index) not in INTERFACES:
                found["interface", r["sampler_address"], index].append(r)
        if r["sampler_address"] not in NAMES:
            found["exporter", r["sampler_address"], 0].append(r)
        for asn in {r["src_as"], r["dst_as"]} - {0}:
            if asn not in AS_NAMES:
                found["AS", "", asn].append(r)
    return ranked([(*key, octets(g)) for key, g in found.items()], -4, 1, 2, 3, limit=50)


def question_30(rows, end):
    found = by([r for r in between(rows, end, 7 * DAY) if r["kafka_topic"]], "kafka_topic", "kafka_partition", "kafka_offset")
    answer = collections.defaultdict(list)
    for (topic, part, offset), g in found.items():
        times = distinct(g, "inserted_at")
        if times > 1:
            answer[topic, part].append((offset, len(g) - len(g) // times, octets(g) - octets(g) // times))
    return [(*key, len(records), min(r[0] for r in records), max(r[0] for r in records), sum(r[1] for r in records), sum(r[2] for r in records))
            for key, records in sorted(answer.items())]


def question_31(rows, end):
    rows = between(rows, end, 7 * DAY)
    answer = []
    for country in {row[side] for row in rows for side in ("src_country", "dst_country")}:
        out, into = [r for r in rows if r["src_country"] == country], [r for r in rows if r["dst_country"] == country]
        answer.append((country or "none", octets(out), octets(into), unknown(out) + unknown(into)))
    return sorted(answer, key=lambda row: (-row[1] - row[2], row[0]))[:20]


def outside(rows):
    """(row, "in" or "out") for each external interface that a flow passed."""
    for row in rows:
        for side in ("in", "out"):
            if row[f"{side}_if_boundary"] == "external":
                yield row, side


def question_32(rows, end, since=DAY, percentile=95):
    place = int(since / 300 * (100 - percentile) / 100) + 1
    found = collections.defaultdict(lambda: {"in": [], "out": []})
    for row, side in outside(between(rows, end, since)):
        found[row[f"{side}_if_provider"], row[f"{side}_if_connectivity"]][side].append(row)
    answer = []
    for key, both in found.items():
        busiest = {side: sorted(slots(g), reverse=True) + [0] * place for side, g in both.items()}
        answer.append((*key, *(mbit(octets(both[side]), since) for side in ("in", "out")), *(mbit(busiest[side][0], 300) for side in ("in", "out")), place,
                       mbit(max(busiest["in"][place - 1], busiest["out"][place - 1]), 300), sum(map(unknown, both.values()))))
    return sorted(answer, key=lambda r: (-octets(found[r[:2]]["in"] + found[r[:2]]["out"]), r[:2]))[:50]


def question_33(rows, end):
    found, whole = collections.defaultdict(list), collections.defaultdict(list)
    for row, side in outside(between(rows, end, HOUR)):
        key = row[f"{side}_if_provider"], side
        whole[key].append(row)
        found[*key, row["src_as" if side == "in" else "dst_as"]].append(row)
    return ranked([(*key, AS_NAMES.get(key[2], f"AS{key[2]}"), octets(g), percent(octets(g), octets(whole[key[:2]])), len(g), unknown(g))
                   for key, g in found.items()], -5, 1, 2, 3, limit=50)


def question_34(rows, end, by_what="network"):
    rows, suffix = between(rows, end, HOUR), "" if by_what == "network" else f"_{by_what}"
    answer = []
    for name in {row[f"{side}_network{suffix}"] for row in rows for side in ("src", "dst")}:
        out, into = ([r for r in rows if r[f"{side}_network{suffix}"] == name] for side in ("src", "dst"))
        answer.append((name or "none", octets(out), octets(into), distinct(out, "src_addr"), distinct(into, "dst_addr"), unknown(out) + unknown(into)))
    return sorted(answer, key=lambda row: (-row[1] - row[2], row[0]))[:50]


def question_35(rows, end):
    answer = []
    for (address, index, direction), g in sides(between(rows, end, 6 * HOUR)).items():
        speed = g[0][f"{direction}_if_speed"]
        if speed:
            peak = max(slots(g)) * 8 / 300
            answer.append((exporter(g[0]), interface(address, index), g[0][f"{direction}_if_description"], direction, mbit(octets(g), 6 * HOUR),
                           Rounded(peak / 1e6, 3), Rounded(speed / 1e6, 6), percent(peak, speed)))
    return sorted(answer, key=lambda r: (-round(r[7].value, 1), r[0], r[1], r[3]))[:50]


def question_36(rows, end, own=0):
    rows = between(rows, end, HOUR)
    found = groups(rows, lambda row: next((asn for asn in row["as_path"] if asn != own), 0))
    return ranked([(asn, AS_NAMES.get(asn, f"AS{asn}") if asn else "no path", distinct(g, "dst_as") if asn else 0,
                    Rounded(sum(len(row["as_path"]) for row in g) / len(g), 1), octets(g), percent(octets(g), octets(rows)), len(g), unknown(g))
                   for asn, g in found.items()], -5, 1, limit=20)


def question_37(rows, end):
    found = collections.defaultdict(list)
    for row in between(rows, end, HOUR):
        for community in set(row["bgp_communities"]):
            found[community].append(row)
    answer = sorted(((-octets(g), community, g) for community, g in found.items()), key=lambda one: one[:2])
    return [(f"{community >> 16}:{community & 65535}", octets(g), packets(g), len(g), distinct(g, "dst_as"), unknown(g)) for _, community, g in answer][:50]
