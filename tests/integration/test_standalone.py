#!/usr/bin/python3
"""`sluice standalone`: from datagrams to an answer of the page, while its parts are killed; how it ends, and what is wrong
with what it is told."""
import os
import shutil
import signal
import socket
import sys

from harness import daemon, store, udp, waiting
from harness.case import Case, main
from harness.columns import rollups
from harness.manager import Manager
from harness.netflow import RECORDS
from harness.web import Web
from test_brokers import Stream

# As systemd's MemoryDenyWriteExecute does; kernels before 6.3 do not know it, and then nothing is forbidden.
NO_COMPILER = "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"


# In the place of the one that the script asks the store by: notes whether anybody answers where the sinks look.
CURL = """#!/bin/sh
{curl} -s -o {answer} http://127.0.0.1:{port}/ping && echo answered >> {noted}
echo asked >> {noted}
exec {curl} "$@"
"""


class Page(Web):
    """That of a `sluice standalone`, to be asked."""

    def __init__(self, port):
        self.port = port


class StandaloneCase(Case):
    def setUp(self):
        super().setUp()
        self.data = self.path("data")
        self.store_port, self.web_port = udp.free_ports(2, kind=socket.SOCK_STREAM)
        self.store = store.Client(f"http://127.0.0.1:{self.store_port}")

    def start(self, settings=None, arguments=(), wait=True, http=None, **options):
        running = daemon.Daemon(self.path("standalone"), {"web": {"listen": f"127.0.0.1:{self.web_port}"}, **(settings or {})},
                                command=("standalone", "--path", self.data, "--http", http or f"127.0.0.1:{self.store_port}",
                                         "--engine", store.engine()),
                                arguments=arguments, wait=False, **options)
        self.addCleanup(self.end, running)
        if wait:
            self.ready(running)
        return running

    def ready(self, running, times=1):
        waiting.until(lambda: running.process.poll() is not None or running.log().count("sluice standalone: ready") == times, "all is ready")
        self.assertIsNone(running.process.poll(), running.log())

    def end(self, running):
        running.kill()
        waiting.until(lambda: not self.parts(running), "the parts end with what runs them")

    def parts(self, running):
        """{command: process id} of those that use our directory, whoever runs them now."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline") as file:
                    words = file.read().split("\0")
            except OSError:
                continue
            if words[0] == daemon.binary() and any(self.directory in word for word in words) and int(pid) != running.process.pid:
                found[words[1]] = int(pid)
        return found

    def kill(self, running, command):
        before = running.log().count("is started again")
        os.kill(self.parts(running)[command], signal.SIGKILL)
        waiting.until(lambda: running.log().count("is started again") > before, f"the end of {command} is seen")


class Lives(StandaloneCase):
    def all_there(self, flows):
        waiting.until(lambda: self.count() >= flows, f"{flows} flows are in the tables", 120)
        self.assertEqual(self.store.query("SELECT count(), uniqExact(bytes) FROM sluice.flows_raw"), [[flows, flows]])

    def count(self):
        try:
            return self.store.value("SELECT count() FROM sluice.flows_raw")
        except OSError:
            return 0  # the store is away

    def test_from_datagrams_to_an_answer_whatever_is_killed(self):
        manager = Manager(self)
        running = self.start(launcher=[sys.executable, "-c", NO_COMPILER])
        self.assertIn("READY=1", manager.messages)
        self.assertEqual([], manager.names(), "sockets of the parts")
        stream = Stream(running.port)
        stream.more(100)
        self.kill(running, "store")
        stream.more(100)
        self.kill(running, "web")
        stream.more(50)
        stream.paused = True
        self.all_there(stream.sent * RECORDS)
        # What comes while the collector is away waits in its sockets.
        self.kill(running, "run")
        stream.paused = False
        stream.more(50)
        flows = stream.end()
        self.all_there(flows)
        self.assert_answered(flows)
        running.signal(signal.SIGHUP)
        waiting.until(lambda: "reloaded: nothing is new" in running.log(), "the collector reads its configuration again")
        self.assertEqual(0, running.stop(), running.log())
        self.assertEqual({}, self.parts(running))
        self.assertTrue(any(message.startswith("STOPPING=1") for message in manager.messages), manager.messages)
        self.assertNotIn("Permission denied", running.log())

    def assert_answered(self, flows):
        begin = self.store.value("SELECT toUnixTimestamp(min(time_received)) FROM sluice.flows_raw")
        # The rollups have a block a moment after flows_raw has it.
        waiting.until(lambda: self.asked(begin) == flows, f"the page answers with {flows} flows")
        # Often enough for the engine to make a program of it, which it may not.
        for _ in range(5):
            self.assertEqual(self.store.value("SELECT sum(bytes * 3 + packets * 7 - 1) > 0 FROM sluice.flows_raw WHERE bytes * 5 > packets"), 1)

    def asked(self, begin):
        try:
            rows = Page(self.web_port).stream("/api/v1/table", {"from": begin - 60, "to": begin + 600, "by": ["proto"]})["row"]
        except OSError:
            return None
        return rows[-1]["flows"]

    def test_what_was_received_is_there_after_the_end(self):
        running = self.start()
        stream = Stream(running.port)
        stream.more(100)
        stream.paused = True
        waiting.until(lambda: running.metric("sluice_protocol_flows_total") == stream.sent * RECORDS, "all is decoded")
        self.assertEqual(0, running.stop(), running.log())
        flows = stream.end()
        with store.Store(os.path.join(self.data, "store")) as alone:
            self.assertEqual(alone.query("SELECT count(), uniqExact(bytes) FROM sluice.flows_raw"), [[flows, flows]])

    def test_no_flow_misses_a_table_that_is_made_anew(self):
        """The collector inserts four times a second and more, from its first moment on, and the rollups' views are dropped and
        made again behind it: by other options for the tables, as by a newer version."""
        sink = {"type": "clickhouse", "url": f"http://127.0.0.1:{self.store_port}", "flush_interval": "500ms",
                "spool": {"path": self.path("spool")}}
        before = self.start({"sinks": {"tables": sink}})
        stream = Stream(before.port)
        stream.more(50)
        self.assertEqual(0, before.stop(), before.log())
        noted = self.path("noted")
        os.makedirs(self.path("bin"))
        with open(self.path("bin", "curl"), "w", opener=lambda name, flags: os.open(name, flags, 0o755)) as file:
            file.write(CURL.format(curl=shutil.which("curl"), answer=self.path("answer"), port=self.store_port, noted=noted))
        running = self.start({"sinks": {"tables": sink}}, arguments=("--tables=--retention-days 29",), like=before,
                             launcher=["env", f"PATH={self.path('bin')}:{os.environ['PATH']}"])
        self.assertIn("is in place", running.log())
        stream.more(50)
        stream.end()
        waiting.until(lambda: self.settled(running), "all is delivered")
        with open(noted) as file:
            self.assertEqual({"asked\n"}, set(file))
        raw = self.store.query("SELECT sum(bytes), sum(packets), count() FROM sluice.flows_raw")
        for name in (rollup.name for rollup in rollups()):
            self.assertEqual(raw, self.store.query(f"SELECT toUInt64(sum(bytes)), toUInt64(sum(packets)), sum(flows) FROM sluice.{name}"), name)

    def settled(self, running):
        """No flow is in a block that is open, queued or in the spool."""
        return running.metric("sluice_protocol_flows_total") == running.metric("sluice_sink_delivered_flows_total") - running.metric("sluice_sink_resumed_flows_total") > 0


class Mistakes(StandaloneCase):
    def fails(self, status, sentence, settings=None, **options):
        running = self.start(settings, wait=False, **options)
        self.assertEqual(status, running.process.wait(waiting.DEADLINE), running.log())
        self.assertIn(sentence, running.log())
        return self.parts(running)

    def test_each_is_told_and_ends_all(self):
        for sentence, options in (("listeners", {"settings": {"listeners": 7}}), ("is not loopback", {"http": "192.0.2.1:8123"}),
                                  ("there is no option '--nonsense'", {"arguments": ("--tables=--nonsense",)}),
                                  ("--engine-setting", {"arguments": ("--engine-setting", "nonsense")})):
            self.assertEqual({}, self.fails(2, sentence, **options))
        with store.Store(os.path.join(self.data, "store")):
            self.assertEqual(["store"], list(self.fails(1, "is in use")), "that of somebody else")


if __name__ == "__main__":
    main()
