#!/usr/bin/python3
"""What it costs to write flows into the table of an SQL database: rows a second, and CPU of collector and server for each row.

    tests/bench/sql_sinks.py [--database postgres|mysql] [--sluice FILE] [--flows N] [--rounds N] [--protocol NAME] [CASE...]

A topic is filled once, by `sluice generate`. Each case starts a new collector that reads the topic as a source and writes it
into a new table of a real server, as fast as that takes it: a source waits for its sinks, so nothing is shed. The cases take turns,
--rounds times, and the medians are told. CASE is some of those below, all by default.

- rows/s: from the moment that the sink has delivered its first block until it has delivered the last.
- collector: CPU of its whole process for a row; `sink` of that is what the process used beyond the case `null`, whose sink
  writes the same blocks to /dev/null, and `thread` what the sink's own thread used.
- server: CPU of the server's processes for a row, and bytes of the table and its indexes on the disk.
- --copies, of mysql: what the server's CPU for a row is where no client is: the rows of the last turn into a table like it, by INSERT
  ... SELECT, which reads nothing of a client's, and by LOAD DATA of a file on the server.

What else the machine does changes the figures of a run by tens of per cent, and rows/s by more: compare within one run. Exit status
1 where a table does not have all flows."""
import argparse
import collections
import glob
import os
import shutil
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration")]
from harness import daemon, kafka, mariadb, postgres  # noqa: E402

SETTLED = 900  # seconds for anything
BLOCKS = {"block_bytes": "4MB", "flush_interval": "1s"}
TICK = os.sysconf("SC_CLK_TCK")

Case = collections.namedtuple("Case", "name columns indexes settings", defaults=((), (), {}))
Figures = collections.namedtuple("Figures", "rate collector thread server disk")


def every_column():
    """Names of all columns, that of a field being its own but for the unit of times."""
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in daemon.run_once("schema", "fields").stdout.splitlines() if line.startswith("| ")]
    names = [name for name, number in rows if number.isdigit()]
    return [name.removesuffix("_ns") if name.startswith("time_") else name for name in names]


class Postgres:
    """A server of its own, which keeps what it confirms."""

    def __init__(self, directory):
        os.makedirs(directory)
        os.chmod(directory, 0o711)
        self._server = postgres.Postgres(os.path.join(directory, "server"), [
            "-c", "fsync=on", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB", "-c", "autovacuum=off"])
        self._server.run("CREATE ROLE sluice LOGIN", database="postgres")
        self._server.run("CREATE DATABASE sluice OWNER sluice", database="postgres")
        self._directory = directory

    def sink(self, columns):
        return {"type": "postgres", "servers": self._server.address, "user": "sluice", "columns": columns, **BLOCKS}

    def make(self, sink, indexes):
        """The table, as the sink wants it."""
        self._server.run("DROP TABLE IF EXISTS flows, sluice_blocks", user="sluice")
        path = os.path.join(self._directory, "tables.yaml")
        with open(path, "w") as file:
            file.write("sinks: {tables: {type: postgres, columns: [" + ", ".join(sink["columns"]) + "]}}\n")
        self._server.run(daemon.run_once("schema", "postgres", "-c", path).stdout, user="sluice")
        for column in indexes:
            self._server.run(f"CREATE INDEX ON flows ({column})", user="sluice")
        self._server.run("CHECKPOINT")

    def rows(self):
        return int(self._server.value("SELECT count(*) FROM flows"))

    def disk(self):
        return int(self._server.value("SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'flows'::regclass"))

    def cpu(self):
        """Seconds, of all of its processes that live."""
        return sum(map(_cpu, [self._server.process.pid, *self._server._children()]))  # pylint: disable=protected-access

    def end(self):
        self._server.kill()


class Mysql:
    """MariaDB of its own, which keeps what it confirms."""

    def __init__(self, directory):
        os.makedirs(directory)
        os.chmod(directory, 0o711)
        self._server = mariadb.Mariadb(os.path.join(directory, "server"), [
            "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M"])
        self._server.run("CREATE DATABASE sluice; CREATE USER sluice; GRANT ALL ON sluice.* TO sluice", database=None)
        self._directory = directory

    def sink(self, columns):
        return {"type": "mysql", "servers": self._server.address, "user": "sluice", "columns": columns, **BLOCKS}

    def make(self, sink, indexes):
        """The table, as the sink wants it."""
        self._server.run("DROP TABLE IF EXISTS flows, sluice_blocks", user="sluice")
        path = os.path.join(self._directory, "tables.yaml")
        with open(path, "w") as file:
            file.write("sinks: {tables: {type: mysql, columns: [" + ", ".join(sink["columns"]) + "]}}\n")
        self._server.run(daemon.run_once("schema", "mysql", "-c", path).stdout, user="sluice")
        for column in indexes:
            self._server.run(f"CREATE INDEX flows_{column} ON flows ({column})", user="sluice")

    def rows(self):
        return int(self._server.value("SELECT count(*) FROM flows"))

    def disk(self):
        self._server.run("ANALYZE TABLE flows")
        return int(self._server.value("SELECT sum(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.PARTITIONS WHERE TABLE_NAME = 'flows'"))

    def cpu(self):
        return _cpu(self._server.process.pid)

    def copies(self):
        """{how: seconds of CPU}"""
        path = self._server.value("SELECT @@datadir") + "/rows"
        self._server.run(f"CREATE TABLE again LIKE flows; SELECT * FROM flows INTO OUTFILE '{path}' CHARACTER SET binary")
        out = {}
        for how, sql in (("INSERT ... SELECT", "INSERT INTO again SELECT * FROM flows"),
                         ("LOAD DATA", f"LOAD DATA INFILE '{path}' INTO TABLE again CHARACTER SET binary")):
            self._server.run("TRUNCATE TABLE again")
            before = self.cpu()
            self._server.run(sql)
            out[how] = self.cpu() - before
        return out

    def end(self):
        self._server.kill()


SERVERS = {"postgres": Postgres, "mysql": Mysql}


def _cpu(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0
    return (int(user) + int(system)) / TICK


def thread_cpu(process, name):
    """Seconds of the threads of that name."""
    out = 0
    for path in glob.glob(f"/proc/{process}/task/*"):
        with open(os.path.join(path, "comm")) as file:
            if file.read().strip() != name:
                continue
        with open(os.path.join(path, "schedstat")) as file:
            out += int(file.read().split()[0]) / 1e9
    return out


def fill(given, broker, topic):
    result = daemon.run_once("generate", "-q", "--protocol", given.protocol, "--to", f"kafka://{broker.address}/{topic}?framing=batch&compression=none",
                             "--exporters", 8, "--rate", 0, "--flows", given.flows, timeout=SETTLED)
    if result.returncode != 0:
        sys.exit(result.stderr)


class Bench:
    def __init__(self, given, directory):
        self.given, self.directory, self.turn = given, directory, 0
        self.broker = kafka.Broker(os.path.join(directory, "kafka"))
        self.broker.start()
        self.topic = kafka.new_topic("bench")
        fill(given, self.broker, self.topic)
        self.server = SERVERS[given.database](os.path.join(directory, given.database))

    def end(self):
        self.server.end()
        self.broker.stop()

    def run(self, case):
        """Figures of one turn."""
        self.turn += 1
        null = case.name == "null"
        sink = {"type": "stdout", "format": "protobuf", **BLOCKS} if null else {**self.server.sink(list(case.columns)), **case.settings}
        if not null:
            self.server.make(sink, case.indexes)
        source = {"type": "kafka", "brokers": self.broker.address, "topic": self.topic, "group": f"bench-{self.turn}", "start": "earliest"}
        before = 0 if null else self.server.cpu()
        with daemon.Daemon(os.path.join(self.directory, f"run-{self.turn}"), {"workers": 1, "sources": {"up": source}, "sinks": {"bench": sink}},
                           listeners=0, stdout="/dev/null") as sluice:
            began, first, last = self._follow(sluice)
            collector, thread = sluice.cpu(), thread_cpu(sluice.process.pid, "sink.bench")
            server = 0 if null else self.server.cpu() - before
        if not null and self.server.rows() != self.given.flows:
            sys.exit(f"{case.name}: the table has {self.server.rows()} of {self.given.flows} flows")
        flows = self.given.flows
        return Figures((flows - first) / (last - began), collector / flows * 1e9, thread / flows * 1e9, server / flows * 1e9,
                       0 if null else self.server.disk() / flows)

    def _follow(self, sluice):
        """When the first flows were delivered, how many they were, and when all were."""
        began, first, end = None, 0, time.monotonic() + SETTLED
        while True:
            delivered = sluice.metric("sluice_sink_delivered_flows_total", sink="bench")
            now = time.monotonic()
            if began is None and delivered:
                began, first = now, delivered
            if delivered >= self.given.flows:
                return began, first if now > began else 0, max(now, began + 1e-3)
            if now > end or sluice.process.poll() is not None:
                sys.exit(f"{delivered:.0f} of {self.given.flows} flows were delivered; {sluice.log()}")
            time.sleep(0.05)


def show(cases, figures):
    print(f"{'':14} {'rows/s':>9} {'collector':>10} {'sink':>7} {'thread':>7} {'server':>8} {'bytes':>7}   CPU in ns a row, bytes a row")
    null = statistics.median(one.collector for one in figures["null"])
    for case in cases:
        rate, collector, thread, server, disk = (statistics.median(column) for column in zip(*figures[case.name]))
        print(f"{case.name:14} {rate:9.0f} {collector:10.0f} {collector - null:7.0f} {thread:7.0f} {server:8.0f} {disk:7.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=SERVERS, default="postgres")
    parser.add_argument("--sluice", default=os.environ.get("TEST_SLUICE", "build/release/bin/sluice"))
    parser.add_argument("--flows", type=int, default=1_500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--protocol", default="netflow9")
    parser.add_argument("--copies", action="store_true")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default, rows (of mysql), b-trees, all columns")
    given = parser.parse_args()
    os.environ["TEST_SLUICE"] = os.path.abspath(given.sluice)
    cases = [Case("null"), Case("default"), Case("b-trees", (), ("time_received", "src_addr", "dst_addr")), Case("all columns", every_column())]
    if given.database == "mysql":
        cases.insert(2, Case("rows", settings={"insert": "rows"}))
    unknown = set(given.cases) - {case.name for case in cases}
    if given.copies and given.database != "mysql":
        parser.error("--copies is of mysql")
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}")
    cases = [case for case in cases if case.name == "null" or not given.cases or case.name in given.cases]
    directory = tempfile.mkdtemp(prefix="sluice-bench-")
    os.chmod(directory, 0o711)
    bench = None
    try:
        bench = Bench(given, directory)
        figures = collections.defaultdict(list)
        for _ in range(given.rounds):
            for case in cases:
                figures[case.name].append(bench.run(case))
        show(cases, figures)
        for how, seconds in (bench.server.copies() if given.copies else {}).items():
            print(f"{how:14} {'':9} {'':10} {'':7} {'':7} {seconds / given.flows * 1e9:8.0f}")
    finally:
        if bench:
            bench.end()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
