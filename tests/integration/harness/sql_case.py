"""What tests of sinks of SQL databases share: IPFIX of chosen values, a collector with the sink, and somebody between it and the server
who loses the answer of a COMMIT."""
import contextlib
import datetime
import os
import select
import socket
import struct
import threading
import time
import unittest

from . import daemon, waiting
from .case import Case

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
#: Element and length of an IPFIX template of IPv6 flows.
TEMPLATE = ((27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (1, 8), (2, 8), (152, 8), (153, 8), (148, 8), (56, 6), (10, 4))


def ipfix(*records):
    """A message with the template and these records, each the values of its elements."""
    template = struct.pack("!HH", 256, len(TEMPLATE)) + b"".join(struct.pack("!HH", *element) for element in TEMPLATE)
    data = b""
    for record in records:
        for (_, length), value in zip(TEMPLATE, record):
            data += value if isinstance(value, bytes) else value.to_bytes(length, "big")
    sets = struct.pack("!HH", 2, 4 + len(template)) + template + struct.pack("!HH", 256, 4 + len(data)) + data
    return struct.pack("!HHIII", 10, 16 + len(sets), int(time.time()), 0, 7) + sets


def ip(text):
    return socket.inet_pton(socket.AF_INET6, text)


def day_name(prefix, offset=0):
    """Of the partition of the day that is `offset` seconds from now."""
    return f"{prefix}_{datetime.datetime.fromtimestamp(time.time() + offset, datetime.timezone.utc):%Y%m%d}"


def later(days):
    """A command that runs the collector on another day."""
    if not os.path.exists(FAKETIME):
        raise unittest.SkipTest("faketime is not installed (deploy/install-deps.sh test brings it)")
    return ("env", f"LD_PRELOAD={FAKETIME}", f"FAKETIME={days:+d}d", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1")


class LostAnswer:
    """Stands between sink and server, and the first time that a COMMIT is answered, ends the connection instead. `is_commit` looks at
    what the sink sends."""

    def __init__(self, port, is_commit):
        self.swallowed = 0
        self._server, self._is_commit = port, is_commit
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                ours, _ = self._listening.accept()
            except OSError:
                return
            with ours, socket.create_connection(("127.0.0.1", self._server)) as theirs, contextlib.suppress(ConnectionError):
                self._carry(ours, theirs)

    def _carry(self, ours, theirs):
        committing = False
        while True:
            for ready in select.select([ours, theirs], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                if ready is ours:
                    committing = self._is_commit(data)
                    theirs.sendall(data)
                elif committing and not self.swallowed:
                    self.swallowed += 1
                    return
                else:
                    ours.sendall(data)

    def close(self):
        self._listening.close()


class SqlCase(Case):
    """`type` is the sink's; `server` is made by whoever derives from it."""

    type = None
    server = None
    turn = 0

    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o711)

    def make_tables(self, *arguments):
        printed = daemon.run_once("schema", self.type, *arguments)
        self.assertEqual("", printed.stderr)
        self.server.run(printed.stdout, user="sluice")

    def collector(self, launcher=(), like=None, sinks=None, fields=(), **settings):
        self.turn += 1
        own = {"type": self.type, "servers": self.server.address, "user": "sluice", "flush_interval": "100ms",
               "spool": {"path": self.path("spool")}, **settings}
        running = daemon.Daemon(self.path(f"daemon-{self.turn}"), {"sinks": {"tables": own, **(sinks or {})}, "fields": list(fields), "log": {"repeat_every": "0s"},
                                                                   "shutdown_timeout": "5s"}, like=like, launcher=launcher)
        self.addCleanup(running.kill)
        return running

    def count(self, running, what):
        return running.metric(f"sluice_sink_{what}_flows_total", sink="tables")

    def all_delivered(self, running, flows):
        waiting.until(lambda: self.count(running, "delivered") >= flows, f"{flows} flows are delivered", 120)

    def send(self, running, *datagrams):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.connect(("127.0.0.1", running.port))
            for datagram in datagrams:
                out.send(datagram)

    def rows(self, table="flows"):
        return int(self.server.value(f"SELECT count(*) FROM {table}"))

    def assert_once(self, flows):
        self.assertEqual(self.server.query("SELECT count(*), count(DISTINCT bytes) FROM flows"), [[flows, flows]])

    def wait_for_log(self, running, text):
        waiting.until(lambda: text in running.log(), f"the log has {text!r}: {running.log()}")
