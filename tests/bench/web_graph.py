#!/usr/bin/python3
"""How long `sluice web` takes for a graph of a day of 1,000 flows a second from the rollups.

    tests/bench/web_graph.py [--directory DIR] [--rate FLOWS] [--runs N] [--keep] [--sluice BINARY]

The rollups that answer graphs of a day are filled in DIR (a temporary directory unless given), with as many rows as the flows of a
provider's edge leave in them (the weight of each in src/lib/flow/rollups.cpp; 20 exporters; up to 5,000 ASes, 1,350 in the tables of ASes by five minutes). Each question is asked as
the page asks, not from the cache, and is timed from its first byte to the last of its answer, names and coverage included. CPU is that
of the store in the best run, which other work on the machine does not change. Exit status 1 where the best of a question takes a
second or longer."""
import os
import statistics
import sys
import time

import on_a_store
from harness.web import Web

RATE, DAY = 1000, 86400
#: Seconds of a slot, and rows left of a thousand flows.
ROLLUPS = {"flows_5m": (300, 333), "flows_1h": (3600, 159), "interfaces_5m": (300, 43), "interfaces_1h": (3600, 6), "ases_5m": (300, 90), "ases_1h": (3600, 26)}
#: Of key `k` of a slot; the same keys come in each, and no two are alike.
KEYS = {"sampler_address": "toIPv6(concat('::ffff:192.0.2.', toString(1 + k % 20)))", "in_if": "1 + intDiv(k, 20) % 4", "out_if": "9 + intDiv(k, 80) % 16",
        "proto": "[6, 17, 1, 47, 50][1 + intDiv(k, 1280) % 5]", "etype": "if(intDiv(k, 6400) % 2 = 0, 2048, 34525)", "sampling_rate": "if(k % 3 = 0, 512, 1000)",
        "src_as": "if(intDiv(k, 100) % 2 = 0, 10000 + intDiv(k, 20) % 5000, 64500)", "dst_as": "if(intDiv(k, 100) % 2 = 0, 64500, 10000 + intDiv(k, 20) % 5000)"}
#: More of the first keys than of the last, more in the evening than at night.
AMOUNT = "toUInt64(1 + 3e6 * (1.2 + sin(slot * {step} / 13750.)) / (1 + k % 977))"
QUESTIONS = ({}, {"by": ["proto"]}, {"by": ["sampler_address"]}, {"by": ["sampler_address", "in_if"]}, {"by": ["src_as"]}, {"by": ["src_as", "dst_as"]},
             {"by": ["src_as"], "filter": "proto tcp"}, {"by": ["dst_as"], "rank": "p95"}, {"by": ["src_as"], "both_ways": True, "before": "day"},
             {"by": ["proto"], "unit": "packets", "filter": "src_as = 10007 or dst_as = 10007"})


def fill(server, begin, rate):
    # Each is filled by itself, with what is in it in the end.
    for view in server.query("SELECT name FROM system.tables WHERE database = 'sluice' AND engine = 'MaterializedView'"):
        server.text(f"DROP VIEW sluice.{view[0]} SYNC")
    for table, (step, weight) in ROLLUPS.items():
        each = rate * step * weight // 1000
        names = [row[0] for row in server.query("SELECT name FROM system.columns WHERE database = 'sluice' AND table = {t:String} AND default_kind = ''", param_t=table)]
        amount = AMOUNT.format(step=step)
        values = {"time": f"toDateTime({begin} + slot * {step}, 'UTC')", "bytes": amount, "packets": f"intDiv({amount}, 700) + 1", "flows": "1 + 3 * (k % 100 = 0)", **KEYS}
        began = time.monotonic()
        server.text(f"INSERT INTO sluice.{table} ({', '.join(names)}) WITH intDiv(number, {each}) AS slot, number % {each} AS k "
                    f"SELECT {', '.join(values[name] for name in names)} FROM numbers({each * (DAY // step)})", timeout=3600)
        rows = server.value(f"SELECT count() FROM sluice.{table}")
        print(f"{table}: {rows:,} rows, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    server.wait_for("SELECT count() FROM system.merges", 0, 3600)


def measure(server, web, begin, runs):
    slow = []
    print(f"(load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores)\n\n| by | more | table | step | rows read | best, ms | median, ms | CPU, ms |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for question in QUESTIONS:
        taken = []
        for _ in range(runs):
            began, used = time.monotonic(), server.cpu()
            answer = web.stream("/api/v1/series", {"from": begin, "to": begin + DAY, "points": 600, "fresh": True, "costly": True, **question})
            taken.append((1000 * (time.monotonic() - began), 1000 * (server.cpu() - used)))
        plan, end, (best, cpu) = answer["plan"][0], answer["end"][0], min(taken)
        more = ", ".join(f"{key} {value}" for key, value in question.items() if key != "by")
        print(f"| {', '.join(question.get('by', [])) or 'nothing'} | {more} | {plan['table']} | {plan['step']} s | {end['rows_read']:,} | {best:.0f} | {statistics.median(one for one, _ in taken):.0f} | {cpu:.0f} |", flush=True)
        if best >= 1000:
            slow.append(str(question))
    return slow


def main():
    given = on_a_store.arguments(__doc__, RATE, 7)
    begin = int(time.time()) // DAY * DAY - DAY  # yesterday, which the rollups keep
    with on_a_store.served(given) as (directory, server):
        fill(server, begin, given.rate)
        with Web(os.path.join(directory, "web"), server.url) as web:
            slow = measure(server, web, begin, given.runs)
    on_a_store.tell(slow)


if __name__ == "__main__":
    main()
