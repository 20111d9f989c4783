"""A day of flows for panels.py: statements that make it inside the engine, the same rows each time.

A provider's edge with 20 exporters: some 20,000 hosts of its own, 300,000 outside in 5,000 ASes, all of them used as
unevenly as hosts and ASes are (the share of rank r is about 1/r), a fifth of the hosts IPv6."""

RATE = 1000  # flows a second
DAY = 86400
ROWS = RATE * DAY

# A number from 0 to 1 that looks random and is the same for the same row and salt.
_UNIT = "(intHash64(number * 64 + {salt}) % 1000003) / 1000003."

_COLUMNS = """time_received, sampler_address, in_if, out_if, type, sampling_rate, sequence_num, src_addr, dst_addr, bytes, packets,
    next_hop, src_as, dst_as, src_net, dst_net, proto, src_port, dst_port, ip_tos, ip_ttl, tcp_flags, etype, time_flow_start,
    time_flow_end, flow_direction, flow_end_reason, sampling_rate_source, in_if_name, out_if_name, exporter_name, collector_id,
    kafka_topic, kafka_partition, kafka_offset, inserted_at"""

_SELECT = """
WITH
    toUInt32(pow(20000, {u1})) AS host,
    toUInt32(pow(300000, {u2})) AS far,
    (intHash64(far * 7 + 1) % 1000003) / 1000003. AS far_unit,
    toUInt32(pow(5000, far_unit)) AS far_rank,
    -- An AS is mostly reached by one exporter, sometimes by another.
    toUInt32(pow(20, if({u3} < 0.8, (intHash64(far_rank * 7 + 2) % 1000003) / 1000003., {u4}))) AS exporter,
    {u5} < 0.55 AS inbound,
    intHash64(far * 7 + 3) % 5 = 0 AS six,
    if(six, toIPv6(concat('2001:db8:', lower(hex(toUInt16(far_rank))), '::', lower(hex(toUInt16(far))), ':', lower(hex(toUInt16(far / 65536))))),
       toIPv6(toIPv4(toUInt32(0x0b000000 + far_rank * 4096 + far % 4096)))) AS outside,
    if(six, toIPv6(concat('2001:db8:ffff::', lower(hex(toUInt16(host))))), toIPv6(toIPv4(toUInt32(0xc6120000 + host)))) AS inside,
    toUInt32(10000 + far_rank) AS outside_as,
    toUInt32(64500 + (host % 16 = 0)) AS inside_as,
    toUInt32(1 + far_rank % 4) AS uplink,
    toUInt32(9 + pow(16, (intHash64(host * 7 + 4) % 1000003) / 1000003.)) AS downlink,
    {u6} AS kind,
    toUInt32(multiIf(kind < 0.7, 6, kind < 0.95, 17, kind < 0.98, 1, kind < 0.99, 47, 50)) AS protocol,
    if(proto IN (6, 17), if({u7} < 0.85, [443, 443, 443, 80, 53, 53, 123, 22, 25, 993, 8080, 3389, 5060, 1194, 500, 4500]
        [1 + toUInt8(pow(16, {u8}) - 1)], 1024 + intHash64(number * 64 + 9) % 64000), 0) AS service,
    if(proto IN (6, 17), 32768 + intHash64(number * 64 + 10) % 28000, 0) AS client,
    toUInt64(least(pow(1 / ({u11} + 0.000001), 0.7), 5000)) AS counted,
    toDateTime64('{begin}', 9, 'UTC') AS begin,
    toUnixTimestamp64Nano(begin) + number * {ns} AS at
SELECT
    fromUnixTimestamp64Nano(at, 'UTC'), toIPv6(concat('::ffff:192.0.2.', toString(exporter))),
    if(inbound, uplink, downlink), if(inbound, downlink, uplink), if(exporter % 4 = 0, 'SFLOW_5', if(exporter % 4 = 1, 'NETFLOW_V9', 'IPFIX')),
    multiIf(exporter = 7, 0, exporter % 3 = 0, 512, exporter % 3 = 1, 1000, 1), toUInt32(intDiv(number, 28)),
    if(inbound, outside, inside), if(inbound, inside, outside), counted * (40 + intHash64(number * 64 + 12) % 1420), counted,
    toIPv6(concat('::ffff:203.0.113.', toString(uplink))), if(inbound, outside_as, inside_as), if(inbound, inside_as, outside_as),
    if(six, 48, 24), if(six, 48, 24), protocol AS proto, if(inbound, service, client), if(inbound, client, service),
    if(kind < 0.1, 184, 0), 40 + far % 24, if(proto = 6, 27, 0), if(six, 34525, 2048),
    fromUnixTimestamp64Nano(at - toInt64(2e9) - toInt64({u13} * 6e10), 'UTC'), fromUnixTimestamp64Nano(at - toInt64(2e9), 'UTC'),
    if(inbound, 'INGRESS', 'EGRESS'), 2, if(exporter = 7, 'RATE_UNKNOWN', 'OPTIONS'),
    concat('xe-0/0/', toString(if(inbound, uplink, downlink))), concat('xe-0/0/', toString(if(inbound, downlink, uplink))),
    concat('edge', toString(exporter)), 'collector1', 'flows', exporter % 8, intDiv(number, 600), fromUnixTimestamp64Milli(intDiv(at, 1000000) + 900, 'UTC')
FROM numbers({first}, {count})
"""


def statement(begin, first, count, rate=RATE):
    """Inserts rows `first` to `first + count` of the day that begins at `begin` ("2026-11-20 00:00:00", UTC). The views fill
    the rollups as they do for what is consumed, in larger blocks, which are merged sooner into what comes out in the end."""
    units = {f"u{salt}": _UNIT.format(salt=salt) for salt in range(1, 14)}
    select = _SELECT.format(begin=begin, first=first, count=count, ns=1_000_000_000 // rate, **units)
    return f"INSERT INTO sluice.flows_raw ({_COLUMNS}) SETTINGS min_insert_block_size_rows = 1200000, optimize_on_insert = 0 {select}"
