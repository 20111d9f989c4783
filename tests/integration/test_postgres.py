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
from harness.sql_case import ip, ipfix
import sql_tests
from sql_tests import ONE, OWN
from test_brokers import Stream

DAY = 86400
#: Since 1970, which no JSON rounds.
MICROSECONDS = "(extract(epoch from {}) * 1000000)::bigint"


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

    def partitions(self):
        return [name for name, in self.server.query("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'flows'::regclass")]

    def rows_of(self, partition):
        return self.rows(partition)


class Rows(sql_tests.Rows, PostgresCase):
    """What the rows hold."""

    copy_table = "CREATE TABLE copies (LIKE flows)"

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
        self.assertEqual(1, running.metric("sluice_sink_cut_values_total", sink="tables"))

    def test_columns_that_are_chosen(self):
        columns = ["time_received", "flow_id", "src_mac", "src_addr", "bytes", "observation_domain_id", "seen_on", "all_seen_on", "sources"]
        settings = {"columns": columns, "table": "some_flows"}
        with open(self.path("only.yaml"), "w") as file:
            json.dump({"sinks": {"tables": {"type": "postgres", **settings}}, "fields": OWN}, file)
        self.make_tables("-c", self.path("only.yaml"))
        running = self.collector(fields=OWN, **settings)
        self.send(running, ipfix((ip("2001:db8::1"), ip("::2"), 1, 2, 6, 5, 6, 0, 0, 2**64 - 1, 0x0200_5E00_5301, 3)))
        self.all_delivered(running, 1)
        self.assertEqual([[str(2**64 - 1), "02:00:5e:00:53:01", "2001:db8::1", 5, 7, 3, [3], ["\\x20010db8000000000000000000000001"]]], self.server.query(
            "SELECT flow_id::text, src_mac, src_addr, bytes, observation_domain_id, seen_on, all_seen_on, sources FROM some_flows"))
        self.assertEqual(columns, [name for name, in self.server.query(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'some_flows'::regclass AND attnum > 0 ORDER BY attnum")])


class Days(sql_tests.Days, PostgresCase):
    one_for_all_days = "CREATE TABLE all_days PARTITION OF flows FOR VALUES FROM ('2000-01-01') TO ('2100-01-01')"
    unparted = "ALTER TABLE flows RENAME TO parted; CREATE TABLE flows (LIKE parted)"
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


class Ends(sql_tests.Ends, PostgresCase):
    @staticmethod
    def is_commit(data):
        return data.startswith(b"Q") and b"COMMIT" in data

    def test_restarted(self):
        self.end_often(self.server.signal_fast)

    def test_old_blocks_are_forgotten(self):
        self.make_tables()
        for days in (6, 8):
            self.server.run(f"INSERT INTO sluice_blocks VALUES (gen_random_uuid(), now() - interval '{days} days')")
        running = self.collector()
        self.send(running, ipfix(ONE))
        waiting.until(lambda: self.server.value("SELECT string_agg(extract(day FROM now() - written)::text, ' ' ORDER BY written) "
                                                "FROM sluice_blocks") == "6 0", "the older one is gone")


class Refusals(sql_tests.Refusals, PostgresCase):
    refuse_thirteen = r"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.bytes = 13 THEN RAISE E'thirteen\nis none' USING ERRCODE = '22003'; END IF;
  RETURN new;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON flows FOR EACH ROW EXECUTE FUNCTION refuse();
"""
    thirteen_is_none = "thirteen is none (22003)"
    makes_triggers = {"user": "sluice"}

    def test_what_can_be_mended_is_waited_for(self):
        running = self.collector()
        stream = Stream(running.port)
        self.wait_for_log(running, "there is no table flows; `sluice schema postgres` prints the tables")
        self.make_tables()
        stream.more(20)
        self.server.run("ALTER TABLE flows ALTER COLUMN src_port TYPE bigint", user="sluice")
        self.server.end_connections_of("sluice")
        wrong = f"{self.server.address}: flows.src_port is of type bigint, not of integer; `sluice schema postgres` prints the tables"
        self.wait_for_log(running, wrong)
        self.assertEqual([("fail", f"No flow of this sink is stored: {wrong}.")], self.doctor(running))
        self.server.run("ALTER TABLE flows ALTER COLUMN src_port TYPE integer", user="sluice")
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)
        self.assertEqual(0, running.metric("sluice_sink_failed_flows_total"))
        self.assertEqual([("ok", "It answers, and its table has the columns that the sink writes.")], self.doctor(running))

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
        self.refuse_password('password authentication failed for user "sluice"')


if __name__ == "__main__":
    main()
