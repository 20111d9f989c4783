"""Tests of sinks of SQL databases that hold with every server: classes to derive from beside the sql_case.SqlCase of one, which says what
differs. Each flow of the stream has a number in its bytes."""
import json

from harness import daemon, waiting
from harness.netflow import RECORDS
from harness.sql_case import LostAnswer, ip, ipfix
from test_brokers import Stream

ONE = (ip("2001:db8::1"), ip("2001:db8::2"), 1, 2, 6, 5, 6, 0, 0, 1, 1, 1)


#: Fields of a user's own, of what the template of ipfix() has.
OWN = [{"name": "seen_on", "number": 2000, "elements": [10]}, {"name": "all_seen_on", "number": 2001, "list": True, "elements": [10]},
       {"name": "sources", "number": 2002, "type": "bytes", "list": True, "elements": [27]}]


class Rows:
    """What the rows hold."""

    #: Makes a table `copies` with the columns of `flows`.
    copy_table = None

    def test_two_tables_of_one_database_each_get_the_flows(self):
        """They share their blocks, and the table of blocks."""
        self.make_tables()
        self.server.run(self.copy_table, user="sluice")
        running = self.collector(sinks={"copies": {"type": self.type, "servers": self.server.address, "user": "sluice", "table": "copies",
                                                   "flush_interval": "100ms"}})
        stream = Stream(running.port)
        stream.more(20)
        flows = stream.end()
        for sink in ("tables", "copies"):
            waiting.until(lambda sink=sink: running.metric("sluice_sink_delivered_flows_total", sink=sink) == flows, f"{sink} has the flows")
        self.assert_once(flows)
        self.assertEqual(flows, self.rows("copies"))


class Days:
    #: Makes a partition `all_days` of `flows`; makes `flows` a table without any.
    one_for_all_days = unparted = None

    def flows_of(self, running):
        stream = Stream(running.port)
        stream.more(10)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assertEqual(0, running.stop())
        return flows

    def test_partitions_of_ones_own(self):
        self.make_tables()
        self.server.run(self.one_for_all_days, user="sluice")
        running = self.collector()
        self.assertEqual(self.flows_of(running), self.rows_of("all_days"))
        self.assertNotIn("cannot be made", running.log())

    def test_a_table_without_partitions(self):
        self.make_tables()
        self.server.run(self.unparted, user="sluice")
        running = self.collector()
        flows = self.flows_of(running)
        self.assert_once(flows)
        self.assertEqual([], self.partitions())
        self.assertNotIn("cannot be made", running.log())


class Ends:
    """The server ends under load: every flow is there once."""

    #: Of what a connection carries, with TLS off: whether it asks for a COMMIT.
    is_commit = None
    #: Settings of a sink that speaks in clear.
    in_clear = {}

    def end_often(self, end, **settings):
        self.make_tables()
        running = self.collector(**settings)
        stream = Stream(running.port)
        for _ in range(4):
            stream.more(150)
            end()
            waiting.until(lambda: running.metric("sluice_sink_spooled_flows", sink="tables") > 500, "flows are in the spool")
            self.server.start()
        stream.more(100)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)
        self.assertEqual(self.count(running, "shed") + running.metric("sluice_sink_failed_flows_total"), 0)

    def test_killed(self):
        self.end_often(self.server.kill)

    def test_a_connection_that_is_ended(self):
        """At any moment of a block, and between two; the next is made at once, and no block waits for it."""
        self.make_tables()
        running = self.collector(flush_interval="10ms")
        stream = Stream(running.port)
        ended = 0

        def end_some():
            nonlocal ended
            stream.more(3)
            ended += self.server.end_connections_of("sluice")
            return ended > 20

        waiting.until(end_some, "connections are there to be ended", interval=0)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)

    def test_a_block_whose_answer_is_lost(self):
        """COMMIT is done and nobody hears of it: the block comes again and is known."""
        self.make_tables()
        lost = LostAnswer(self.server.port, self.is_commit)
        self.addCleanup(lost.close)
        running = self.collector(servers=f"127.0.0.1:{lost.port}", **self.in_clear)
        self.send(running, ipfix(ONE))
        self.all_delivered(running, 1)
        self.assertEqual(1, lost.swallowed)
        self.assert_once(1)
        self.assertEqual("1", self.server.value("SELECT count(*) FROM sluice_blocks"))

    def test_a_server_that_hangs(self):
        self.make_tables()
        running = self.collector(timeout="1s")
        stream = Stream(running.port)
        stream.more(100)
        with self.server.stopped():
            waiting.until(lambda: running.metric("sluice_sink_spooled_flows", sink="tables") > 500, "flows are in the spool")
            self.wait_for_log(running, f"{self.server.address} does not answer in time")
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)

    def test_a_collector_killed_while_the_server_is_away(self):
        self.make_tables()
        running = self.collector()
        stream = Stream(running.port)
        stream.more(100)
        self.server.kill()
        stream.more(150)
        stream.paused = True
        waiting.until(lambda: self.count(running, "delivered") + running.metric("sluice_sink_spooled_flows", sink="tables") ==
                      stream.sent * RECORDS, "all is in the table or in the spool")
        running.kill()
        self.server.start()
        after = self.collector(like=running)
        stream.paused = False
        stream.more(50)
        flows = stream.end()
        waiting.until(lambda: after.metric("sluice_sink_queued_flows", sink="tables") == 0 and self.rows() >= flows, "all is delivered", 120)
        self.assert_once(flows)


class Refusals:
    #: Makes a trigger that calls thirteen bytes a wrong value, what it says of them, and as whom it is made.
    refuse_thirteen = thirteen_is_none = makes_triggers = None

    def test_rows_that_the_server_finds_wrong(self):
        """Here a trigger of the administrator's says that a value is out of range."""
        self.make_tables()
        self.server.run(self.refuse_thirteen, **self.makes_triggers)
        running = self.collector()
        for size in (12, 13, 14):
            self.send(running, ipfix((*ONE[:5], size, *ONE[6:])))
            waiting.until(lambda size=size: self.count(running, "delivered") + self.count(running, "failed") == size - 11, "it is settled")
        self.assertEqual([[12], [14]], self.server.query("SELECT bytes FROM flows ORDER BY 1"))
        self.assertEqual(1, running.metric("sluice_sink_failed_flows_total", sink="tables", reason="refused"))
        self.assertIn(f"does not take the flows: {self.thirteen_is_none}", running.log())
        self.assertEqual("2", self.server.value("SELECT count(*) FROM sluice_blocks"))

    def doctor(self, running):
        """(status, sentence) that `sluice doctor` has for the sink's server."""
        said = daemon.run_once("doctor", "-c", running.config, "--json")
        return [(one["status"], one["sentence"]) for one in json.loads(said.stdout)["checks"] if one["check"] == "server of sink tables"]

    def refuse_password(self, refusal):
        """The server asks for the password `right`, and the sink has another at first."""
        running = self.collector(password="wrong")
        stream = Stream(running.port)
        self.wait_for_log(running, refusal)
        self.assertNotIn("wrong", running.log())
        flows = stream.end()
        running.stop()
        after = self.collector(like=running, password="right")
        waiting.until(lambda: self.rows() == flows, "all is in the table")
        self.assertEqual(0, after.metric("sluice_sink_failed_flows_total"))
