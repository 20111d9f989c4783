#!/usr/bin/python3
"""Filters for addresses and prefixes: what they mean, and what they read."""
import ipaddress
import json

from harness.case import main
from harness.columns import T0
from harness.store import QueryError
from harness.tables import StoreCase

ROWS = 400_000


def mapped(address):
    parsed = ipaddress.ip_address(address)
    return f"::ffff:{parsed}" if parsed.version == 4 else str(parsed)


class Prefixes(StoreCase):
    def test_within(self):
        """As Python's ipaddress has it, at both ends of each prefix and one beyond them."""
        prefixes = ["192.0.2.1", "192.0.2.0/24", "192.0.2.128/25", "10.0.0.0/8", "192.0.2.7/32", "198.51.100.77/24", "0.0.0.0/0", "255.255.255.0/24",
                    "2001:db8::1", "2001:db8::/32", "2001:db8::5/64", "2001:db8::7/128", "::/0", "ffff::/16"]
        addresses = {"192.0.2.1", "2001:db8::1", "::", "::ffff:0:0"}
        for prefix in prefixes:
            network = ipaddress.ip_network(prefix, strict=False)
            for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
                if 0 <= number < 2 ** network.max_prefixlen:
                    addresses.add(str(type(network[0])(number)))
        for prefix in prefixes:
            network = ipaddress.ip_network(prefix, strict=False)
            expected = sorted(mapped(address) for address in addresses if self.holds(network, address))
            listed = ", ".join(f"toIPv6('{mapped(address)}')" for address in addresses)
            found = self.store.query(f"SELECT DISTINCT toString(arrayJoin([{listed}]) AS address) FROM system.one WHERE sluice_within(address, {{p:String}})",
                                     param_p=prefix)
            self.assertEqual(sorted({mapped(ipaddress.ip_address(row[0]).ipv4_mapped or row[0]) for row in found}),
                             sorted({mapped(ipaddress.ip_address(text).ipv4_mapped or text) for text in expected}), prefix)

    def holds(self, network, address):
        parsed = ipaddress.ip_address(mapped(address))
        first, last = (int(ipaddress.ip_address(mapped(str(end)))) for end in (network[0], network[-1]))
        return first <= int(parsed) <= last

    def test_what_is_no_prefix(self):
        for text in ("", "x", "192.0.2.0/", "192.0.2.0/x", "/24", "192.0.2/24", "192.0.2.0/-1"):
            with self.assertRaises(QueryError, msg=text):
                self.store.text("SELECT sluice_within(toIPv6('192.0.2.1'), {p:String})", param_p=text)

    def test_is_a_comparison_with_constants(self):
        """Which is what indexes can work with."""
        self.fill(10)
        plan = self.store.text("EXPLAIN indexes = 1 SELECT count() FROM sluice.flows_raw WHERE sluice_within(src_addr, '192.0.2.0/24')")
        self.assertRegex(plan, r"src_addr >= \\?'::ffff:192\.0\.2\.0\\?' AND src_addr <= \\?'::ffff:192\.0\.2\.255\\?'")
        plan = self.store.text("EXPLAIN indexes = 1 SELECT count() FROM sluice.flows_raw WHERE sluice_within(src_addr, '192.0.2.1')")
        self.assertIn("src_addr_index", plan)

    def fill(self, rows):
        """Addresses are spread so that every granule has some of each prefix of 8 bits."""
        self.store.text("INSERT INTO sluice.flows_raw (time_received, sampler_address, src_addr, dst_addr, bytes) "
                        f"SELECT fromUnixTimestamp64Nano(toInt64({T0} + number), 'UTC'), toIPv6('192.0.2.254'), "
                        "toIPv6(toIPv4(toUInt32(intHash64(number) % 4294967296))), toIPv6(toIPv4(toUInt32(intHash64(number + 1) % 4294967296))), number "
                        f"FROM numbers({rows})")

    def read(self, sql):
        """(rows read, rows of the answer)"""
        answer = json.loads(self.store.text(sql + " FORMAT JSONCompact", use_query_condition_cache=0))
        return answer["statistics"]["rows_read"], answer["data"]

    def test_sums_of_a_prefix_are_found_by_the_hour(self):
        """The tables by the hour are sorted by address, and answer what the whole of flows_raw is read for."""
        self.fill(ROWS)
        ask = "SELECT sum(flows), sum(bytes_corrected) FROM sluice.{} WHERE sluice_within({}, '10.4.0.0/15') AND time < now()"
        for table, column in (("sources_all_1h", "src_addr"), ("destinations_all_1h", "dst_addr"), ("sources_1h", "src_addr"),
                              ("destinations_1h", "dst_addr")):
            rows, found = self.read(ask.format("flows_raw", column))
            self.assertEqual(rows, ROWS)
            fewer, same = self.read(ask.format(table, column))
            self.assertEqual(found, same, table)
            self.assertGreater(int(found[0][0]), 0)
            self.assertLess(fewer, ROWS / 2, table)


if __name__ == "__main__":
    main()
