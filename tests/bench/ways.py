#!/usr/bin/python3
"""What a flow costs on each way, from the socket to an answered question: CPU of the collector, of the broker, and of the tables.

    tests/bench/ways.py [--flows N] [--rate DATAGRAMS] [--rounds N] [--rollups all|none] [--protocol NAME] [WAY...]

The ways, and all of them where none is named, are the table WAYS below; `nowhere` is a collector that writes its rows to
/dev/null, which the others are held against: what is beyond it is what the way costs the collector. They take turns, --rounds times, each time with
parts of their own (a broker, a store with the shipped tables or a PostgreSQL). `sluice generate` sends the flows at --rate
datagrams a second; a turn that did not take every one of them is no result. The clock of each part runs from the first datagram to
the moment when the tables have all flows and have answered what the busiest sources are. `--rollups none` leaves flows_raw alone, and so do the
ways with `-raw`, in the same run. Of `standalone` the page counts to the tables.

Medians of the rounds, nanoseconds a flow; `rows` is how many flows an INSERT or a block of the consumer had. Merges run as ever. What else the machine does changes
a figure by tens of per cent, so compare within one run."""
import argparse
import collections
import contextlib
import glob
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration"), HERE]
from harness import columns, daemon, kafka, kafka_admin, postgres, schema, store, udp, waiting  # noqa: E402

SETTLED = 300  # seconds for anything
TOP = "SELECT src_addr, sum(bytes) AS b FROM sluice.{table} GROUP BY src_addr ORDER BY b DESC LIMIT 10"
POSTGRES_TOP = "SELECT src_addr, sum(bytes) AS b FROM flows GROUP BY src_addr ORDER BY b DESC LIMIT 10"
Figures = collections.namedtuple("Figures", "collector broker tables rows")

#: Name -> (what takes the flows, settings of the sink beside where it is).
WAYS = {
    "nowhere": ("nothing", {"type": "stdout", "format": "protobuf"}),
    "kafka": ("topic", {"type": "kafka"}),
    "kafka-native": ("columns", {"type": "kafka", "format": "native"}),
    "clickhouse": ("store", {"type": "clickhouse"}),
    "clickhouse-5s": ("store", {"type": "clickhouse", "flush_interval": "5s", "block_bytes": "16MB"}),
    "clickhouse-lz4": ("store", {"type": "clickhouse", "compression": "lz4"}),
    "clickhouse-zstd": ("store", {"type": "clickhouse", "compression": "zstd"}),
    "clickhouse-raw": ("raw store", {"type": "clickhouse"}),
    "kafka-raw": ("raw topic", {"type": "kafka"}),
    "standalone": ("standalone", {}),
    "postgres": ("postgres", {"type": "postgres"}),
}


def cpu_of(process, but=None):
    """Nanoseconds of all threads that it has, but for this one."""
    total = 0
    for path in glob.glob(f"/proc/{process}/task/*/schedstat"):
        if path.split("/")[4] == str(but):
            continue
        with contextlib.suppress(OSError), open(path) as file:
            total += int(file.read().split()[0])
    return total


def collector_cpu(running):
    """But for its first thread, which has nothing to do with flows: it answers who asks whether they are delivered."""
    return cpu_of(running.process.pid, but=running.process.pid)


def children(process):
    found = subprocess.run(["pgrep", "-P", str(process)], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    return [int(one) for one in found]


class Nothing:
    """Nobody has the flows."""
    def __init__(self, directory, given):
        del directory
        self.given = given

    broker = tables = staticmethod(lambda: 0)

    def sink(self):
        return {}

    def run(self, directory, sink):
        """A collector that hands its flows over."""
        return daemon.Daemon(directory, {"workers": self.given.workers, "sinks": {"way": {**sink, **self.sink(), **self.given.set}}}, stdout=os.devnull)

    collector = staticmethod(collector_cpu)

    def answer(self, flows):
        pass

    def blocks(self, running):
        """How many blocks the tables had the flows in."""
        return running.metric("sluice_sink_delivered_blocks_total")

    def end(self):
        pass


class Tables(Nothing):
    """A store with the shipped tables, which wait for a sink of type clickhouse."""
    options = ("--no-kafka",)
    raw = False

    def __init__(self, directory, given):
        super().__init__(directory, given)
        self.raw = self.raw or given.rollups == "none"
        self.server = store.Store(os.path.join(directory, "store"))
        self.make()

    def make(self):
        schema.apply(self.server, *self.options)
        if self.raw:
            for name, in self.server.query("SELECT name FROM system.tables WHERE database = 'sluice' AND engine = 'MaterializedView' AND "
                                           "name NOT IN ('flows_consumer', 'flows_raw_view', 'flows_faults_view', 'flows_errors_view', "
                                           "'flows_native_consumer', 'flows_native_raw_view', 'flows_native_faults_view')"):
                self.server.text(f"DROP VIEW sluice.{name} SYNC")

    def tables(self):
        return cpu_of(self.server.process.pid)

    def sink(self):
        return {"url": self.server.url}

    def answer(self, flows):
        table = "flows_raw" if self.raw else "sources_1h"
        count = "count()" if self.raw else "sum(flows)"
        end = time.monotonic() + SETTLED
        while self.server.value(f"SELECT {count} FROM sluice.{table}") < flows:
            if time.monotonic() > end:
                sys.exit(f"{table} does not get {flows} flows in {SETTLED} s")
            time.sleep(0.5)
        if len(self.server.query(TOP.format(table=table))) != 10:
            sys.exit(f"{table} does not know ten sources")

    def end(self):
        self.server.stop()


class Topic(Tables):
    """The tables consume a topic of a broker of their own."""

    def make(self):
        self.on = kafka.Broker(os.path.join(os.path.dirname(self.server.directory), "kafka"))
        self.on.start()
        with open(os.path.join(self.on.directory, "pid")) as file:
            self.pid = int(file.read())
        self.topic = kafka.new_topic("ways")
        self.options = ("--brokers", self.on.address, *self.topics(), "--group", self.topic, *self.given.consumer)
        super().make()

    def topics(self):
        return ("--topic", self.topic)

    def broker(self):
        return cpu_of(self.pid)

    def sink(self):
        return {"brokers": self.on.address, "topic": self.topic}

    def blocks(self, running):
        return self.server.value("SELECT uniqExact(inserted_at) FROM sluice.flows_raw")

    def end(self):
        super().end()
        self.on.stop()


class Columns(Topic):
    """The same by records of columns; the table of protobuf waits beside it, at a topic that stays empty."""

    def topics(self):
        rows = kafka.new_topic("empty")
        kafka_admin.create_topic(self.on, rows)  # one that is not there costs an error every half second
        return ("--topic", rows, "--native-topic", self.topic)


class RawTables(Tables):
    raw = True


class RawTopic(Topic):
    raw = True


class Standalone(Tables):
    """Collector, store and page under one command, the collector with the sink that it makes itself."""

    def __init__(self, directory, given):  # pylint: disable=super-init-not-called
        self.given, self.raw, self.running = given, False, None
        self.data = os.path.join(directory, "data")
        self.http, self.web = udp.free_ports(2, kind=socket.SOCK_STREAM)
        self.server = store.Client(f"http://127.0.0.1:{self.http}")

    def run(self, directory, sink):
        self.running = daemon.Daemon(directory, {"workers": self.given.workers, "web": {"listen": f"127.0.0.1:{self.web}"}}, stdout=os.devnull, wait=False,
                                     command=("standalone", "--path", self.data, "--http", f"127.0.0.1:{self.http}", "--engine", store.engine()))
        waiting.until(lambda: self.running.process.poll() is not None or "sluice standalone: ready" in self.running.log(), "all is ready")
        return self.running

    def _parts(self):
        """{command: process id}"""
        found = {}
        for process in children(self.running.process.pid):
            with open(f"/proc/{process}/cmdline") as file:
                found[file.read().split("\0")[1]] = process
        return found

    def collector(self, running):
        process = self._parts()["run"]
        return cpu_of(process, but=process)

    def tables(self):
        return sum(cpu_of(process) for command, process in self._parts().items() if command != "run")

    def end(self):
        if self.running:
            self.running.stop()


class Sql(Nothing):
    def __init__(self, directory, given):
        super().__init__(directory, given)
        for above in (os.path.dirname(directory), directory):
            os.chmod(above, 0o755)  # the server runs as somebody else
        self.server = postgres.Postgres(os.path.join(directory, "postgres"))
        self.server.run("CREATE DATABASE sluice", database="postgres")
        made = daemon.run_once("schema", "postgres")
        self.server.run(made.stdout)

    def tables(self):
        return sum(cpu_of(one) for one in (self.server.process.pid, *children(self.server.process.pid)))

    def sink(self):
        return {"servers": self.server.address, "user": postgres.ADMIN}

    def answer(self, flows):
        end = time.monotonic() + SETTLED
        while int(self.server.value("SELECT count(*) FROM flows")) < flows:
            if time.monotonic() > end:
                sys.exit(f"PostgreSQL does not get {flows} flows in {SETTLED} s")
            time.sleep(0.5)
        self.server.query(POSTGRES_TOP)

    def end(self):
        self.server.stop()


TAKERS = {"nothing": Nothing, "topic": Topic, "store": Tables, "columns": Columns, "raw topic": RawTopic, "raw store": RawTables, "standalone": Standalone, "postgres": Sql}


def send(given, port):
    sent = daemon.run_once("generate", "-q", "--protocol", given.protocol, "--to", f"127.0.0.1:{port}", "--exporters", 8, "--rate", given.rate, "--flows", given.flows,
                           "--conversations", given.conversations, "--closed-loop", timeout=SETTLED)
    if sent.returncode != 0:
        sys.exit(sent.stderr)
    return json.loads(sent.stdout)["flows"]


def delivered(running, flows):
    end = time.monotonic() + SETTLED
    while running.metric("sluice_sink_delivered_flows_total") < flows:
        if time.monotonic() > end:
            return False
        time.sleep(0.3)
    return True


def turn(given, name, directory):
    """Figures of one turn; nothing where a flow was lost."""
    taker, settings = WAYS[name]
    os.makedirs(directory)
    there = TAKERS[taker](directory, given)
    try:
        with there.run(os.path.join(directory, "daemon"), settings) as running:
            before = there.collector(running), there.broker(), there.tables()
            flows = send(given, running.port)
            if not delivered(running, flows):
                return None
            collector = there.collector(running) - before[0]
            there.answer(flows)
            broker, tables = there.broker() - before[1], there.tables() - before[2]
            blocks = there.blocks(running)
            running.stop()
        return Figures(collector / flows, broker / flows, tables / flows, flows / blocks if blocks else 0)
    finally:
        there.end()
        shutil.rmtree(directory, ignore_errors=True)


def show(results):
    middles = {name: Figures(*map(statistics.median, zip(*figures))) for name, figures in results.items()}
    nowhere = middles.get("nowhere")
    print("| Way | collector | beyond nowhere | broker | tables | all | rows |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, of in middles.items():
        beyond = f"{of.collector - nowhere.collector:.0f}" if nowhere else ""
        print(f"| {name} | {of.collector:.0f} | {beyond} | {of.broker:.0f} | {of.tables:.0f} | {of.collector + of.broker + of.tables:.0f} | {of.rows:,.0f} |")


def setting(text):
    name, _, value = text.partition("=")
    return name, json.loads(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--flows", type=int, default=600_000)
    parser.add_argument("--rate", type=int, default=1500, help="datagrams a second, of some 15 flows each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rollups", choices=("all", "none"), default="all")
    parser.add_argument("--protocol", default="netflow9")
    parser.add_argument("--conversations", type=int, default=8192)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="NAME=VALUE", help="of every sink, the value as JSON")
    parser.add_argument("--consumer", type=str.split, default=[], metavar="OPTIONS", help="of apply.sh, where the tables consume a topic")
    parser.add_argument("--sluice", default="build/release/bin/sluice")
    given = parser.parse_args()
    given.set = dict(given.set)
    for name in given.ways:
        if name not in WAYS:
            parser.error(f"there is no way '{name}'; there are {', '.join(WAYS)}")
    os.environ["TEST_SLUICE"] = os.path.abspath(given.sluice)
    work = tempfile.mkdtemp(prefix="sluice-ways-")
    results = collections.defaultdict(list)
    try:
        for _ in range(given.rounds):
            for name in given.ways or WAYS:
                figures = turn(given, name, os.path.join(work, name))
                print(f"{name}: {figures or 'lost flows'}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
                if figures:
                    results[name].append(figures)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    show(results)


if __name__ == "__main__":
    main()
