#!/usr/bin/python3
"""A sink of type postgres with a real PostgreSQL: what rows hold, days, and that nothing is lost or doubled when the server is
restarted or killed. Each flow of the stream has a number in its bytes."""
import json
import os
import socket
import time

from harness import certificates, messages, postgres, sql_case, waiting
from harness.case import main
from harness.netflow import RECORDS
from harness.sql_case import LostAnswer, ip, ipfix
from test_brokers import Stream

DAY = 86400
#: Since 1970, which no JSON rounds.
MICROSECONDS = "(extract(epoch from {}) * 1000000)::bigint"
REFUSE_THIRTEEN = r"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.bytes = 13 THEN RAISE E'thirteen\nis none' USING ERRCODE = '22003'; END IF;
  RETURN new;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON flows FOR EACH ROW EXECUTE FUNCTION refuse();
"""


def day_name(offset=0):
    return sql_case.day_name("flows", offset)


class PostgresCase(sql_case.SqlCase):
    type = "postgres"

    def setUp(self):
        super().setUp()
        self.server = postgres.Postgres(self.path("server"))
        self.addCleanup(self.server.kill)
        self.server.run("CREATE ROLE sluice LOGIN", database="postgres")
        self.server.run("CREATE DATABASE sluice OWNER sluice", database="postgres")


class Rows(PostgresCase):
    """What the rows hold."""

    def test_the_same_as_the_messages(self):
        self.make_tables()
        running = self.collector(sinks={"files": {"type": "file", "path": self.path("files"), "flush_interval": "100ms"}})
        stream = Stream(running.port)
        stream.more(50)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assertEqual(0, running.stop())
        told = []
        for name in sorted(os.listdir(self.path("files"))):
            with open(self.path("files", name), "rb") as file:
                told += messages.parse_framed(file.read())
        micro = MICROSECONDS
        rows = self.server.query(f"SELECT bytes, packets, {micro.format('time_received')} AS r, {micro.format('time_flow_start')} AS s, "
                                 f"{micro.format('time_flow_end')} AS e, src_port, dst_port, proto, tcp_flags, src_as, dst_as, src_net, in_if, out_if, "
                                 "sampler_address, src_addr, dst_addr, type FROM flows ORDER BY bytes")
        expected = sorted([flow.bytes, flow.packets, flow.time_received_ns // 1000, flow.time_flow_start_ns // 1000,
                           flow.time_flow_end_ns // 1000, flow.src_port, flow.dst_port, flow.proto, flow.tcp_flags, flow.src_as, flow.dst_as,
                           flow.src_net, flow.in_if, flow.out_if, socket.inet_ntoa(flow.sampler_address), socket.inet_ntoa(flow.src_addr),
                           socket.inet_ntoa(flow.dst_addr), "NETFLOW_V5"] for flow in told)
        self.assertEqual(flows, len(expected))
        self.assertEqual(rows, expected)
        self.assertEqual("0", self.server.value("SELECT count(*) FROM flows WHERE host(next_hop) <> '0.0.0.0' OR in_if_name IS NOT NULL"))
        self.assertEqual(str(flows), self.server.value(f"SELECT count(*) FROM {day_name()}"))

    def test_ipv6_times_and_counters_beyond_bigint(self):
        self.make_tables()
        running = self.collector()
        end = int(time.time() * 1000) - 2
        start = end - 1234
        self.send(running, ipfix((ip("2001:db8::1"), ip("2001:db8:ffff::2"), 65535, 53, 255, 2**64 - 1, 2**63 - 1, start, end, 1, 1, 2**32 - 1)))
        self.all_delivered(running, 1)
        self.assertEqual([["2001:db8::1", "2001:db8:ffff::2", 65535, 53, 255, str(2**63 - 1), str(2**63 - 1), 2**32 - 1, start * 1000, end * 1000,
                           "IPFIX"]],
                         self.server.query("SELECT src_addr, dst_addr, src_port, dst_port, proto, bytes::text AS b, packets::text AS p, in_if, "
                                           f"{MICROSECONDS.format('time_flow_start')} AS s, {MICROSECONDS.format('time_flow_end')} AS e, type "
                                           "FROM flows"))
        self.wait_for_log(running, "values that their columns cannot hold are stored as the largest that they can: 1 since the start")

    def test_columns_that_are_chosen(self):
        columns = ["time_received", "flow_id", "src_mac", "src_addr", "bytes", "observation_domain_id"]
        settings = {"columns": columns, "table": "some_flows"}
        with open(self.path("only.yaml"), "w") as file:
            json.dump({"sinks": {"tables": {"type": "postgres", **settings}}}, file)
        self.make_tables("-c", self.path("only.yaml"))
        running = self.collector(**settings)
        self.send(running, ipfix((ip("2001:db8::1"), ip("::2"), 1, 2, 6, 5, 6, 0, 0, 2**64 - 1, 0x0200_5E00_5301, 3)))
        self.all_delivered(running, 1)
        self.assertEqual([[str(2**64 - 1), "02:00:5e:00:53:01", "2001:db8::1", 5, 7]], self.server.query(
            "SELECT flow_id::text, src_mac, src_addr, bytes, observation_domain_id FROM some_flows"))
        self.assertEqual(columns, [name for name, in self.server.query(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'some_flows'::regclass AND attnum > 0 ORDER BY attnum")])

    def test_two_tables_of_one_database_each_get_the_flows(self):
        """They share their blocks, and the table of blocks."""
        self.make_tables()
        self.server.run("CREATE TABLE copies (LIKE flows)", user="sluice")
        running = self.collector(sinks={"copies": {"type": "postgres", "servers": self.server.address, "user": "sluice", "table": "copies",
                                                   "flush_interval": "100ms"}})
        stream = Stream(running.port)
        stream.more(20)
        flows = stream.end()
        for sink in ("tables", "copies"):
            waiting.until(lambda sink=sink: running.metric("sluice_sink_delivered_flows_total", sink=sink) == flows, f"{sink} has the flows")
        self.assert_once(flows)
        self.assertEqual(flows, self.rows("copies"))


class Days(PostgresCase):
    def flows_of(self, running):
        stream = Stream(running.port)
        stream.more(10)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assertEqual(0, running.stop())
        return flows

    def test_each_has_a_partition_that_is_made_before(self):
        self.make_tables()
        today = self.flows_of(self.collector())
        self.assertEqual(today, self.rows(day_name()))
        self.assertEqual(0, self.rows(day_name(DAY)))
        later = self.flows_of(self.collector(launcher=sql_case.later(3)))
        self.assertEqual(later, self.rows(day_name(3 * DAY)))
        self.assertEqual(0, self.rows("flows_default"))
        self.assertEqual(today + later, self.rows())

    def test_the_default_partition_takes_what_has_none(self):
        """The table is somebody else's: the sink may write and make nothing."""
        self.make_tables()
        self.server.run("ALTER TABLE flows OWNER TO admin; GRANT INSERT, SELECT ON flows TO sluice")
        running = self.collector()
        flows = self.flows_of(running)
        self.assertEqual(flows, self.rows("flows_default"))
        self.assertIn(f"{day_name()} cannot be made, so flows of that day go to flows_default: ", running.log())
        self.assertIn("must be owner of table flows", running.log())

    def test_partitions_of_ones_own(self):
        self.make_tables()
        self.server.run("CREATE TABLE all_days PARTITION OF flows FOR VALUES FROM ('2000-01-01') TO ('2100-01-01')", user="sluice")
        running = self.collector()
        self.assertEqual(self.flows_of(running), self.rows("all_days"))
        self.assertNotIn("cannot be made", running.log())

    def test_a_table_without_partitions(self):
        self.make_tables()
        self.server.run("ALTER TABLE flows RENAME TO parted; CREATE TABLE flows (LIKE parted)", user="sluice")
        running = self.collector()
        flows = self.flows_of(running)
        self.assert_once(flows)
        self.assertEqual("0", self.server.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'flows'::regclass"))
        self.assertNotIn("cannot be made", running.log())


class Ends(PostgresCase):
    """The server ends under load: every flow is there once."""

    def end_often(self, end):
        self.make_tables()
        running = self.collector()
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

    def test_restarted(self):
        self.end_often(self.server.signal_fast)

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
            ended += int(self.server.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'sluice'"))
            return ended > 20

        waiting.until(end_some, "connections are there to be ended", interval=0)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)

    def test_a_block_whose_answer_is_lost(self):
        """COMMIT is done and nobody hears of it: the block comes again and is known."""
        self.make_tables()
        lost = LostAnswer(self.server.port, lambda data: data.startswith(b"Q") and b"COMMIT" in data)
        self.addCleanup(lost.close)
        running = self.collector(servers=f"127.0.0.1:{lost.port}")
        self.send(running, ipfix((ip("2001:db8::1"), ip("2001:db8::2"), 1, 2, 6, 5, 6, 0, 0, 1, 1, 1)))
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

    def test_old_blocks_are_forgotten(self):
        self.make_tables()
        for days in (6, 8):
            self.server.run(f"INSERT INTO sluice_blocks VALUES (gen_random_uuid(), now() - interval '{days} days')")
        running = self.collector()
        self.send(running, ipfix((ip("2001:db8::1"), ip("2001:db8::2"), 1, 2, 6, 5, 6, 0, 0, 1, 1, 1)))
        waiting.until(lambda: self.server.value("SELECT string_agg(extract(day FROM now() - written)::text, ' ' ORDER BY written) "
                                                "FROM sluice_blocks") == "6 0", "the older one is gone")

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


class Refusals(PostgresCase):
    def test_what_can_be_mended_is_waited_for(self):
        running = self.collector()
        stream = Stream(running.port)
        self.wait_for_log(running, "there is no table flows; `sluice schema postgres` prints the tables")
        self.make_tables()
        stream.more(20)
        self.server.run("ALTER TABLE flows ALTER COLUMN src_port TYPE bigint", user="sluice")
        self.server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice'")
        self.wait_for_log(running, "flows.src_port is of type bigint, not of integer")
        self.server.run("ALTER TABLE flows ALTER COLUMN src_port TYPE integer", user="sluice")
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)
        self.assertEqual(0, running.metric("sluice_sink_failed_flows_total"))

    def test_rows_that_the_server_finds_wrong(self):
        """Here a trigger of the administrator's says that a value is out of range."""
        self.make_tables()
        self.server.run(REFUSE_THIRTEEN, user="sluice")
        running = self.collector()
        for size in (12, 13, 14):
            self.send(running, ipfix((ip("2001:db8::1"), ip("2001:db8::2"), 1, 2, 6, size, 6, 0, 0, 1, 1, 1)))
            waiting.until(lambda size=size: self.count(running, "delivered") + self.count(running, "failed") == size - 11, "it is settled")
        self.assertEqual([[12], [14]], self.server.query("SELECT bytes FROM flows ORDER BY 1"))
        self.assertEqual(1, running.metric("sluice_sink_failed_flows_total", sink="tables", reason="refused"))
        self.assertIn("does not take the flows: thirteen is none (22003)", running.log())
        self.assertEqual("2", self.server.value("SELECT count(*) FROM sluice_blocks"))

    def test_the_next_server_is_asked(self):
        self.make_tables()
        running = self.collector(servers=f"127.0.0.1:9,{self.server.directory}:{self.server.port}")
        stream = Stream(running.port)
        stream.more(20)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)

    def test_who_vouches_for_the_server(self):
        self.make_tables()
        ours, strangers = (certificates.Authority(self.path(name)) for name in ("ours", "strangers"))
        ours.server()
        self.server.use_certificate(self.path("ours/server.pem"), self.path("ours/server.key"))
        running = self.collector(tls={"mode": "verify-full", "ca_file": strangers.file})
        stream = Stream(running.port)
        self.wait_for_log(running, "certificate verify failed")
        stream.more(20)
        flows = stream.end()
        self.assertEqual(0, self.rows())
        running.stop()
        after = self.collector(like=running, tls={"mode": "verify-full", "ca_file": ours.file})
        waiting.until(lambda: self.rows() == flows, "all is in the table")
        self.assert_once(flows)
        self.assertEqual("t", self.server.value("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'sluice'"))
        self.assertEqual(0, after.stop())

    def test_a_password_that_is_wrong(self):
        self.make_tables()
        self.server.run("ALTER ROLE sluice PASSWORD 'right'")
        with open(os.path.join(self.server.data, "pg_hba.conf")) as file:
            trusting = file.read()
        with open(os.path.join(self.server.data, "pg_hba.conf"), "w") as file:
            file.write("host sluice sluice 127.0.0.1/32 scram-sha-256\n" + trusting)
        self.server.run("SELECT pg_reload_conf()")
        running = self.collector(password="wrong")
        stream = Stream(running.port)
        self.wait_for_log(running, 'password authentication failed for user "sluice"')
        self.assertNotIn("wrong", running.log())
        flows = stream.end()
        running.stop()
        after = self.collector(like=running, password="right")
        waiting.until(lambda: self.rows() == flows, "all is in the table")
        self.assertEqual(0, after.metric("sluice_sink_failed_flows_total"))


if __name__ == "__main__":
    main()
