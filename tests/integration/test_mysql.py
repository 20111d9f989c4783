#!/usr/bin/python3
"""A sink of type mysql with a real MariaDB: what rows hold, days, and that nothing is lost or doubled when the server is restarted
or killed. Each flow of the stream has a number in its bytes."""
import datetime
import json
import os
import socket
import time

from harness import certificates, mariadb, messages, sql_case, waiting
from harness.case import main
from harness.netflow import RECORDS
from harness.sql_case import ip, ipfix
import sql_tests
from sql_tests import ONE, OWN
from test_brokers import Stream

DAY = 86400
PARTITIONS = "SELECT PARTITION_NAME, TABLE_ROWS FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = 'sluice' AND TABLE_NAME = 'flows' " \
             "AND PARTITION_NAME IS NOT NULL ORDER BY PARTITION_ORDINAL_POSITION"


def day_name(offset=0):
    return sql_case.day_name("day", offset)


def shown(ns):
    """As the server shows a time."""
    at = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return f"{at:%Y-%m-%d %H:%M:%S}.{ns % 10**9 // 1000:06}"


class MysqlCase(sql_case.SqlCase):
    type = "mysql"

    def setUp(self):
        super().setUp()
        # What may be lost with 2 is what a loss of power costs, not a kill.
        self.server = mariadb.Mariadb(self.path("server"), ["--innodb-flush-log-at-trx-commit=2"])
        self.addCleanup(self.server.kill)
        self.server.run("CREATE DATABASE sluice; CREATE USER sluice; GRANT ALL ON sluice.* TO sluice", database=None)

    def partitions(self):
        return [name for name, _ in self.server.query(PARTITIONS)]

    def rows_of(self, partition):
        return self.rows(f"flows PARTITION ({partition})")


class Rows(sql_tests.Rows, MysqlCase):
    """What the rows hold, however they are sent."""

    copy_table = "CREATE TABLE copies LIKE flows"

    def assert_same_as_messages(self, **settings):
        self.make_tables()
        running = self.collector(sinks={"files": {"type": "file", "path": self.path("files"), "flush_interval": "100ms"}}, **settings)
        stream = Stream(running.port)
        stream.more(50)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assertEqual(0, running.stop())
        told = []
        for name in sorted(os.listdir(self.path("files"))):
            with open(self.path("files", name), "rb") as file:
                told += messages.parse_framed(file.read())
        rows = self.server.query("SELECT bytes, packets, time_received, time_flow_start, time_flow_end, src_port, dst_port, proto, tcp_flags, src_as, dst_as, "
                                 "src_net, in_if, out_if, inet6_ntoa(sampler_address), inet6_ntoa(src_addr), inet6_ntoa(dst_addr), type FROM flows "
                                 "ORDER BY bytes")
        expected = sorted([flow.bytes, flow.packets, shown(flow.time_received_ns), shown(flow.time_flow_start_ns), shown(flow.time_flow_end_ns),
                           flow.src_port, flow.dst_port, flow.proto, flow.tcp_flags, flow.src_as, flow.dst_as,
                           flow.src_net, flow.in_if, flow.out_if, socket.inet_ntoa(flow.sampler_address), socket.inet_ntoa(flow.src_addr),
                           socket.inet_ntoa(flow.dst_addr), "NETFLOW_V5"] for flow in told)
        self.assertEqual(flows, len(expected))
        self.assertEqual(rows, expected)
        self.assertEqual("0", self.server.value("SELECT count(*) FROM flows WHERE inet6_ntoa(next_hop) <> '0.0.0.0' OR in_if_name IS NOT NULL"))
        self.assertEqual(flows, self.rows_of(day_name()))

    def inserts(self, **settings):
        """What the server was sent of statements that wait for values."""
        self.server.run("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
        self.assert_same_as_messages(**settings)
        return [text for text, in self.server.query("SELECT argument FROM mysql.general_log WHERE command_type = 'Prepare' AND argument LIKE 'INSERT INTO `flows`%'")]

    def test_the_same_as_the_messages(self):
        told = self.inserts()
        self.assertTrue(told)
        self.assertFalse([text for text in told if "),(" in text], "rows come as arrays")

    def test_the_same_as_rows(self):
        """As MySQL gets them, which takes no arrays."""
        self.assertTrue([text for text in self.inserts(insert="rows") if "),(" in text])

    def test_ipv6_times_and_counters_of_64_bits(self):
        self.make_tables()
        running = self.collector()
        end = int(time.time() * 1000) - 2
        start = end - 1234
        self.send(running, ipfix((ip("2001:db8::1"), ip("2001:db8:ffff::2"), 65535, 53, 255, 2**64 - 1, 2**63 - 1, start, end, 1, 1, 2**32 - 1)))
        self.all_delivered(running, 1)
        self.assertEqual([["2001:db8::1", "2001:db8:ffff::2", 65535, 53, 255, 2**64 - 1, 2**63 - 1, 2**32 - 1, shown(start * 10**6), shown(end * 10**6),
                           "IPFIX"]],
                         self.server.query("SELECT inet6_ntoa(src_addr), inet6_ntoa(dst_addr), src_port, dst_port, proto, bytes, packets, in_if, "
                                           "time_flow_start, time_flow_end, type FROM flows"))

    def test_columns_that_are_chosen(self):
        columns = ["time_received", "flow_id", "src_mac", "src_addr", "bytes", "observation_domain_id", "layer_stack", "seen_on", "all_seen_on", "sources"]
        for insert in ("auto", "rows"):
            table = f"some_{insert}"
            settings = {"columns": columns, "table": table}
            with open(self.path("only.yaml"), "w") as file:
                json.dump({"sinks": {"tables": {"type": "mysql", **settings}}, "fields": OWN}, file)
            self.make_tables("-c", self.path("only.yaml"))
            running = self.collector(fields=OWN, insert=insert, spool={"path": self.path(f"spool-{insert}")}, **settings)
            self.send(running, ipfix((ip("2001:db8::1"), ip("::2"), 1, 2, 6, 5, 6, 0, 0, 2**64 - 1, 0x0200_5E00_5301, 3)))
            self.all_delivered(running, 1)
            self.assertEqual([[2**64 - 1, "02005E005301", "2001:db8::1", 5, 7, None, 3, "[3]", '["20010db8000000000000000000000001"]']], self.server.query(
                f"SELECT flow_id, hex(src_mac), inet6_ntoa(src_addr), bytes, observation_domain_id, layer_stack, seen_on, all_seen_on, sources FROM {table}"))
            self.assertEqual(columns, [name for name, in self.server.query(
                f"SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION")])


class Days(sql_tests.Days, MysqlCase):
    one_for_all_days = ("ALTER TABLE flows REORGANIZE PARTITION rest INTO (PARTITION all_days VALUES LESS THAN ('2100-01-01'), "
                        "PARTITION rest VALUES LESS THAN (MAXVALUE))")
    unparted = "ALTER TABLE flows REMOVE PARTITIONING"
    def test_each_has_a_partition_that_is_made_before(self):
        self.make_tables()
        today = self.flows_of(self.collector())
        self.assertEqual(today, self.rows_of(day_name()))
        first = day_name().replace("day", "before")
        self.assertEqual([first, day_name(), day_name(DAY), day_name(2 * DAY), "rest"], self.partitions())
        later = self.flows_of(self.collector(launcher=sql_case.later(5)))
        self.assertEqual(later, self.rows_of(day_name(5 * DAY)))
        earlier = self.flows_of(self.collector(launcher=sql_case.later(-5)))
        self.assertEqual(earlier, self.rows_of(day_name(-5 * DAY)))
        self.assertEqual(0, self.rows_of("rest"))
        self.assertEqual(today + later + earlier, self.rows())

    def test_the_last_partition_takes_what_has_none(self):
        """The sink may write and make nothing."""
        self.make_tables()
        self.server.run("REVOKE ALL ON sluice.* FROM sluice; GRANT INSERT, SELECT, DELETE ON sluice.* TO sluice")
        running = self.collector()
        flows = self.flows_of(running)
        self.assertEqual(flows, self.rows_of("rest"))
        self.assertIn(f"{day_name()} of flows cannot be made, so flows of that day go to the partition that there is: ", running.log())
        self.assertIn("ALTER command denied", running.log())
        self.server.run("GRANT ALL ON sluice.* TO sluice")
        running = self.collector()
        self.flows_of(running)
        self.assertIn("rest has rows, which would have to be moved", running.log())
        self.assertEqual(["rest"], self.partitions())


class Ends(sql_tests.Ends, MysqlCase):
    in_clear = {"tls": {"mode": "disable"}}

    @staticmethod
    def is_commit(data):
        return data[4:] == b"\x03COMMIT"

    def test_restarted(self):
        self.end_often(self.server.stop)

    def test_killed_while_it_gets_rows(self):
        self.end_often(self.server.kill, insert="rows")

    def test_old_blocks_are_forgotten(self):
        self.make_tables()
        for days in (6, 8):
            self.server.run(f"INSERT INTO sluice_blocks VALUES (unhex(md5({days})), utc_timestamp() - INTERVAL {days} DAY)")
        running = self.collector()
        self.send(running, ipfix(ONE))
        waiting.until(lambda: self.server.query("SELECT timestampdiff(DAY, written, utc_timestamp()) FROM sluice_blocks ORDER BY written") == [[6], [0]],
                      "the older one is gone")


class Refusals(sql_tests.Refusals, MysqlCase):
    refuse_thirteen = """DELIMITER //
CREATE TRIGGER refuse BEFORE INSERT ON flows FOR EACH ROW
  IF new.bytes = 13 THEN SIGNAL SQLSTATE '22003' SET MESSAGE_TEXT = 'thirteen is none'; END IF //
"""
    thirteen_is_none = "thirteen is none (1644)"
    makes_triggers = {}

    def test_what_can_be_mended_is_waited_for(self):
        running = self.collector()
        stream = Stream(running.port)
        self.wait_for_log(running, "there is no table flows; `sluice schema mysql` prints the tables")
        self.make_tables()
        stream.more(20)
        self.server.run("ALTER TABLE flows MODIFY src_port bigint", user="sluice")
        self.server.end_connections_of("sluice")
        wrong = f"{self.server.address}: flows.src_port is of type bigint, not of smallint unsigned; `sluice schema mysql` prints the tables"
        self.wait_for_log(running, wrong)
        self.assertEqual([("fail", f"No flow of this sink is stored: {wrong}.")], self.doctor(running))
        self.server.run("ALTER TABLE sluice_blocks ENGINE = MyISAM; ALTER TABLE flows MODIFY src_port smallint unsigned", user="sluice")
        self.wait_for_log(running, "sluice_blocks is of the engine MyISAM, which has no transactions")
        self.server.run("ALTER TABLE sluice_blocks ENGINE = InnoDB", user="sluice")
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)
        self.assertEqual(0, running.metric("sluice_sink_failed_flows_total"))
        self.assertEqual([("ok", "It answers, and its table has the columns that the sink writes.")], self.doctor(running))

    def test_the_next_server_is_asked(self):
        """And who takes no writes is none to write to."""
        self.make_tables()
        self.server.run("SET GLOBAL read_only = 1")
        running = self.collector(servers=f"127.0.0.1:9,{self.server.socket}")
        stream = Stream(running.port)
        self.wait_for_log(running, "it takes no writes (read_only)")
        self.server.run("SET GLOBAL read_only = 0")
        stream.more(20)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)

    def test_who_confirms_what_is_not_on_disk_is_told_of(self):
        self.make_tables()
        running = self.collector()
        self.send(running, ipfix(ONE))
        self.all_delivered(running, 1)
        self.assertIn("confirms what is not on its disk yet (innodb_flush_log_at_trx_commit is 2)", running.log())

    def test_who_vouches_for_the_server(self):
        self.make_tables()
        ours, strangers = (certificates.Authority(self.path(name)) for name in ("ours", "strangers"))
        ours.server()
        running = self.collector(tls={"mode": "require"})
        stream = Stream(running.port)
        self.wait_for_log(running, f"cannot connect to {self.server.address}: it speaks no TLS, which tls.mode demands")
        self.server.use_certificate(self.path("ours/server.pem"), self.path("ours/server.key"))
        stream.more(20)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assertEqual(0, running.stop())
        running = self.collector(like=running, tls={"mode": "verify-full", "ca_file": strangers.file})
        stream = Stream(running.port, first=flows // RECORDS)
        self.wait_for_log(running, "certificate")
        stream.more(20)
        total = stream.end()
        self.assertEqual(flows, self.rows())
        running.stop()
        after = self.collector(like=running, tls={"mode": "verify-full", "ca_file": ours.file})
        waiting.until(lambda: self.rows() == total, "all is in the table")
        self.assertEqual(0, after.stop())

    def test_connections_speak_tls_where_it_is_asked_for(self):
        """The server lets nobody in without."""
        self.make_tables()
        ours = certificates.Authority(self.path("ours"))
        ours.server()
        self.server.use_certificate(self.path("ours/server.pem"), self.path("ours/server.key"))
        self.server.run("ALTER USER sluice REQUIRE SSL")
        running = self.collector(tls={"mode": "disable"})
        self.send(running, ipfix(ONE))
        self.wait_for_log(running, "Access denied")
        running.stop()
        after = self.collector(like=running, tls={"mode": "verify-full", "ca_file": ours.file})
        waiting.until(lambda: self.rows() == 1, "it is in the table")
        self.assertEqual(0, after.stop())

    def test_a_password_that_is_wrong(self):
        self.make_tables()
        self.server.run("ALTER USER sluice IDENTIFIED BY 'right'")
        self.refuse_password("Access denied for user 'sluice'")


if __name__ == "__main__":
    main()
