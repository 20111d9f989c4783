-- Functions. They belong to the server, not to a database, hence the prefix.

-- Raw address bytes (4, 16 or none) to IPv6; an IPv4 address becomes its mapped form ::ffff:a.b.c.d. byteSwap, since
-- integers are little endian here; no way over text, which costs six times as much.
CREATE OR REPLACE FUNCTION sluice_address{{on_cluster}} AS (bytes) ->
    if(length(bytes) = 4,
       toIPv6(CAST(byteSwap(reinterpretAsUInt32(bytes)) AS IPv4)),
       CAST(toFixedString(if(length(bytes) = 16, bytes, ''), 16) AS IPv6));

-- Nanoseconds since 1970 to a time, by integers alone. 0 is an absent time, and so is what the type cannot hold.
CREATE OR REPLACE FUNCTION sluice_time{{on_cluster}} AS (ns, otherwise) ->
    if(ns = 0 OR ns > 9223372036854775807, otherwise, fromUnixTimestamp64Nano(toInt64(ns), 'UTC'));

-- Address to text, an IPv4 address as IPv4.
CREATE OR REPLACE FUNCTION sluice_ip{{on_cluster}} AS (address) ->
    if(startsWith(toString(address), '::ffff:') AND position(toString(address), '.') > 0,
       substring(toString(address), 8), toString(address));

-- Whether an address is that one, or in that prefix: '192.0.2.1', '192.0.2.0/24', '2001:db8::/32'. Where the text is a
-- constant it becomes a comparison of the column with constants, which indexes and projections know; the first case is
-- for the bloom filters, which do not know ranges.
CREATE OR REPLACE FUNCTION sluice_within{{on_cluster}} AS (address, prefix) ->
    if(position(prefix, '/') = 0,
       address = toIPv6(splitByChar('/', prefix)[1]),
       address BETWEEN IPv6CIDRToRange(toIPv6(splitByChar('/', prefix)[1]),
                                       toUInt8(if(position(prefix, ':') = 0, 96, 0) + toUInt8(splitByChar('/', prefix)[2]))).1
                   AND IPv6CIDRToRange(toIPv6(splitByChar('/', prefix)[1]),
                                       toUInt8(if(position(prefix, ':') = 0, 96, 0) + toUInt8(splitByChar('/', prefix)[2]))).2);

-- MAC address to text.
CREATE OR REPLACE FUNCTION sluice_mac{{on_cluster}} AS (mac) -> lower(MACNumToString(toUInt64(mac)));

-- TCP flags to letters, a point for each that is not set: N C E U A P R S F. Without a lambda: with one in a column's
-- alias some servers drop no column of the table.
CREATE OR REPLACE FUNCTION sluice_tcp_flags{{on_cluster}} AS (flags) ->
    concat(if(bitTest(toUInt32(flags), 8), 'N', '.'), if(bitTest(toUInt32(flags), 7), 'C', '.'), if(bitTest(toUInt32(flags), 6), 'E', '.'),
           if(bitTest(toUInt32(flags), 5), 'U', '.'), if(bitTest(toUInt32(flags), 4), 'A', '.'), if(bitTest(toUInt32(flags), 3), 'P', '.'),
           if(bitTest(toUInt32(flags), 2), 'R', '.'), if(bitTest(toUInt32(flags), 1), 'S', '.'), if(bitTest(toUInt32(flags), 0), 'F', '.'));

-- AS number to name; AS64500 where the name is not known.
CREATE OR REPLACE FUNCTION sluice_as{{on_cluster}} AS (asn) ->
    dictGetOrDefault('sluice.asns', 'name', toUInt64(asn), concat('AS', toString(asn)));

-- IP protocol number to name; the number where it has none.
CREATE OR REPLACE FUNCTION sluice_protocol{{on_cluster}} AS (proto) ->
    dictGetOrDefault('sluice.protocols', 'name', toUInt64(proto), toString(proto));

-- Ethertype to name; 0x1234 where it has none.
CREATE OR REPLACE FUNCTION sluice_ethertype{{on_cluster}} AS (etype) ->
    dictGetOrDefault('sluice.ethertypes', 'name', toUInt64(etype), concat('0x', lower(leftPad(hex(toUInt32(etype)), 4, '0'))));

-- Port to the name of its service; the number where it has none.
CREATE OR REPLACE FUNCTION sluice_port{{on_cluster}} AS (proto, port) ->
    dictGetOrDefault('sluice.ports', 'name', tuple(toUInt64(proto), toUInt64(port)), toString(port));

-- ICMP (protocol 1) or ICMPv6 (58) type and code to a name; "type 200 code 7" where they have none.
CREATE OR REPLACE FUNCTION sluice_icmp{{on_cluster}} AS (proto, type, code) ->
    dictGetOrDefault('sluice.icmp_codes', 'name', tuple(toUInt64(proto), toUInt64(type), toUInt64(code)),
        dictGetOrDefault('sluice.icmp_types', 'name', tuple(toUInt64(proto), toUInt64(type)),
                         concat('type ', toString(type), ' code ', toString(code))));

-- Name of the longest of your own prefixes that holds the address; empty where none does.
CREATE OR REPLACE FUNCTION sluice_network{{on_cluster}} AS (address) ->
    dictGetOrDefault('sluice.networks', 'name', tuple(toIPv6(address)), '');

-- Name of an exporter; its address where no flow told a name. The default is a constant and the address comes after:
-- a dictionary in a cache gives a default that differs by row to the wrong rows when only some keys are in the cache.
CREATE OR REPLACE FUNCTION sluice_exporter{{on_cluster}} AS (address) ->
    coalesce(nullIf(dictGetOrDefault('sluice.exporters', 'name', tuple(toIPv6(address)), ''), ''),
        if(startsWith(toString(address), '::ffff:') AND position(toString(address), '.') > 0,
           substring(toString(address), 8), toString(address)));

-- Name of an exporter's interface; its number where no flow told a name. The default is a constant as above.
CREATE OR REPLACE FUNCTION sluice_interface{{on_cluster}} AS (address, if_index) ->
    coalesce(nullIf(dictGetOrDefault('sluice.interfaces', 'name', tuple(toIPv6(address), toUInt64(if_index)), ''), ''),
        toString(if_index));
