#!/usr/bin/python3
"""How long the SQL of each panel takes over a day of 1,000 flows a second (86.4 million rows) in `sluice store`.

    tests/bench/panels.py [--directory DIR] [--rate FLOWS] [--runs N] [--keep] [--sluice BINARY]

The day is made in DIR (a temporary directory unless given; some 5 GB at 1,000 flows a second), through the shipped tables, so
that the views fill the rollups; it is removed afterwards unless --keep is given, and where DIR holds it already it is
not made again. For each panel the table shows the rows of its answer, the first time, the best of N, and the CPU time of
the store in the best, which is what other work on the machine does not change. Exit status 1 where a panel without a
choice takes a second or longer at its best."""
import os
import sys
import time

import generated_day
import on_a_store
from harness import grafana

BEGIN, BEGIN_TEXT = 1_795_132_800, "2026-11-20 00:00:00"
CHUNK = 1_200_000
# What is chosen in Traffic, and makes panels read other tables. The slowest come last.
CHOICES = {"an exporter": {"exporter": ["192.0.2.3"]}, "a protocol": {"protocol": ["17"]},
           "an interface": {"interface": ["192.0.2.3/1"]}, "an AS": {"asn": ["10100"]},
           "an address": {"address": "198.18.3.7"}, "a prefix": {"address": "198.18.3.0/24"}}


def make(server, rate):
    rows = rate * generated_day.DAY
    began = time.monotonic()
    for first in range(server.value("SELECT count() FROM sluice.flows_raw"), rows, CHUNK):
        server.text(generated_day.statement(BEGIN_TEXT, first, min(CHUNK, rows - first), rate), timeout=3600)
        print(f"{min(first + CHUNK, rows):,} of {rows:,} rows, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    server.wait_for("SELECT count() FROM system.merges", 0, 3600)


def show_tables(server):
    print("| Table | Rows | Bytes |\n| --- | --- | --- |")
    for table, rows, size in server.query("SELECT table, sum(rows), formatReadableSize(sum(bytes_on_disk)) FROM system.parts WHERE active "
                                          "AND database = 'sluice' AND match(table, '_(1m|5m|1h|raw)$') "
                                          "GROUP BY table ORDER BY sum(rows) DESC"):
        print(f"| {table} | {rows:,} | {size} |")


def timed(server, sql, runs):
    """Rows of the answer, then seconds: the first, the best, and CPU in the best. Without the cache of blocks in which a
    condition found nothing: it would make the second run of a filter cheaper than the first of anyone who asks."""
    taken = []
    for _ in range(runs):
        began, used = time.monotonic(), server.cpu()
        rows = len(server.query(sql, timeout=600, use_query_condition_cache=0))
        taken.append((time.monotonic() - began, server.cpu() - used))
    return rows, taken[0][0], *min(taken)


def cases():
    """(dashboard, words, hours at the end of the day, what is chosen)."""
    for hours in (24, 6, 3, 1):
        yield "traffic", "nothing chosen", hours, {}
    yield "names", "nothing chosen", 1, {}
    yield "exporter", "the busiest exporter", 24, {"exporter": "192.0.2.1"}
    for words, chosen in CHOICES.items():
        yield "traffic", words, 24, chosen


def measure(server, runs):
    slow = []
    for name, words, hours, chosen in cases():
        dashboard, end = grafana.dashboards()[name], BEGIN + generated_day.DAY
        began = time.monotonic()
        opened = grafana.Asked(dashboard, grafana.Range(end - hours * 3600, end), server.query, **chosen)
        print(f"\n{dashboard['title']}, {words}, {hours} h (variables {time.monotonic() - began:.2f} s, load {os.getloadavg()[0]:.1f})\n\n"
              "| Panel | Rows | First, s | Best, s | CPU, s |\n| --- | --- | --- | --- | --- |", flush=True)
        for panel, target in grafana.targets(dashboard, grafana.CLICKHOUSE):
            rows, first, best, used = timed(server, opened.sql(target["rawSql"]), runs)
            print(f"| {panel['title']} | {rows} | {first:.2f} | {best:.2f} | {used:.2f} |", flush=True)
            if best >= 1 and not chosen.keys() - {"exporter"}:
                slow.append(f"{panel['title']} ({dashboard['title']}, {words}, {hours} h)")
    return slow


def main():
    given = on_a_store.arguments(__doc__, generated_day.RATE, 3)
    with on_a_store.served(given) as (_, server):
        make(server, given.rate)
        show_tables(server)
        slow = measure(server, given.runs)
    on_a_store.tell(slow)


if __name__ == "__main__":
    main()
