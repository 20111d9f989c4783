#!/usr/bin/python3
"""A sink of type clickhouse: straight into the shipped tables, without Kafka. Each flow has a number in its bytes, so what is
lost and what is doubled is seen in flows_raw, and every rollup has the sums that flows_raw has."""
import ipaddress
import json
import os
import shutil
import signal
import subprocess

from harness import daemon, messages, schema, store, waiting
from harness.case import main
from harness.columns import rollups
from harness.netflow import RECORDS
from harness.tables import StoreCase
from test_brokers import Stream
from test_fields import FIELDS, TRAFFIC


def address(raw):
    return str(ipaddress.ip_address(raw))


ROW = ("INSERT INTO sluice.flows_raw (time_received, sampler_address, bytes, packets, src_addr, dst_port) "
       "VALUES ('2026-11-21 12:00:00', '::ffff:192.0.2.1', 100, 1, '::ffff:192.0.2.7', 443)")
ONCE = {"deduplicate_blocks_in_dependent_materialized_views": 1, "insert_deduplicate": 1}


class DirectCase(StoreCase):
    options = ("--repeats", "1000")

    def setUp(self):
        super().setUp()
        self.turn = 0

    def path(self, name):
        return os.path.join(self.directory, f"{self._testMethodName}-{name}")

    def collector(self, url=None, like=None, sinks=None, fields=(), **settings):
        self.turn += 1
        direct = {"type": "clickhouse", "url": url or self.store.url, "flush_interval": "100ms",
                  "spool": {"path": self.path("spool")}, **settings}
        running = daemon.Daemon(self.path(f"daemon-{self.turn}"), {"sinks": {"tables": direct, **(sinks or {})}, "fields": list(fields),
                                                                   "shutdown_timeout": "5s"}, like=like)
        self.addCleanup(running.kill)
        return running

    def count(self, running, what, sink="tables"):
        return running.metric(f"sluice_sink_{what}_flows_total", sink=sink)

    def all_delivered(self, running, flows):
        waiting.until(lambda: self.count(running, "delivered") >= flows, f"{flows} flows are delivered", 120)

    def assert_once(self, flows):
        self.assertEqual(self.store.query("SELECT count(), uniqExact(bytes) FROM sluice.flows_raw"), [[flows, flows]])
        self.assert_rollups()

    def assert_rollups(self):
        raw = self.store.query("SELECT toString(sum(toUInt128(bytes))), toString(sum(toUInt128(packets))), count() "
                               "FROM sluice.flows_raw")
        for name in (rollup.name for rollup in rollups()):
            self.assertEqual(self.store.query(f"SELECT toString(sum(bytes)), toString(sum(packets)), sum(flows) FROM sluice.{name}"),
                             raw, name)


class Direct(DirectCase):
    def test_flows_are_in_every_table_once(self):
        running = self.collector(sinks={"files": {"type": "file", "path": self.path("files"), "flush_interval": "100ms"}})
        stream = Stream(running.port)
        stream.more(300)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)
        running.stop()
        # The same flows, by way of the protobuf of files.
        in_files = []
        for name in sorted(os.listdir(self.path("files"))):
            with open(os.path.join(self.path("files"), name), "rb") as file:
                in_files += messages.parse_framed(file.read())
        rows = self.store.query("SELECT toUInt64(bytes), toUInt64(packets), toUnixTimestamp64Nano(time_received), "
                                "toUnixTimestamp64Nano(time_flow_start), src_port, dst_port, proto, sampler_ip, src_ip, dst_ip, "
                                "toInt8(type), toInt8(flow_direction), toInt8(sampling_rate_source) "
                                "FROM sluice.flows_raw ORDER BY bytes")
        expected = sorted([flow.bytes, flow.packets, flow.time_received_ns, flow.time_flow_start_ns, flow.src_port, flow.dst_port,
                           flow.proto, address(flow.sampler_address), address(flow.src_addr), address(flow.dst_addr), flow.type,
                           flow.flow_direction, flow.sampling_rate_source] for flow in in_files)
        self.assertEqual(rows, expected)
        self.assertLess(self.store.value("SELECT max(abs(dateDiff('second', inserted_at, now()))) FROM sluice.flows_raw"), 600)

    def test_the_store_is_killed_and_comes_back(self):
        running = self.collector()
        stream = Stream(running.port)
        for _ in range(3):
            stream.more(150)
            self.store.kill()
            waiting.until(lambda: running.metric("sluice_sink_spooled_flows", sink="tables") > 1000, "flows are in the spool")
            self.store.start()
        stream.more(100)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)
        self.assertEqual(self.count(running, "shed") + running.metric("sluice_sink_failed_flows_total"), 0)

    def test_a_collector_killed_while_the_store_is_away(self):
        running = self.collector()
        stream = Stream(running.port)
        stream.more(100)
        self.store.kill()
        stream.more(200)
        stream.paused = True
        # No flow is in a block that is still open, which a kill would cost.
        waiting.until(lambda: self.count(running, "delivered") + running.metric("sluice_sink_spooled_flows", sink="tables") ==
                      stream.sent * RECORDS, "all is in the tables or in the spool")
        running.kill()
        self.store.start()
        after = self.collector(like=running)
        stream.paused = False
        stream.more(100)
        flows = stream.end()
        waiting.until(lambda: after.metric("sluice_sink_queued_flows", sink="tables") == 0 and
                      self.store.value("SELECT count() FROM sluice.flows_raw") >= flows, "all is delivered", 120)
        self.assert_once(flows)

    def test_the_same_block_twice(self):
        """What makes a retry harmless, by itself: one token, two INSERTs, in every table once; and the same rows under another
        token are other flows."""
        for token in ("a", "b", "a", "b", "c"):
            self.store.text("", query=ROW, insert_deduplication_token=token, **ONCE)
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_raw"), 3)
        self.assert_rollups()

    def test_a_block_that_the_store_did_not_finish(self):
        """Killed after it wrote a block's token down and before the block itself: it is no repeat when it comes again."""
        for cut_off in (("flows_raw",), ("flows_1m", "ports_1h"), ("flows_raw", "flows_5m", "sources_all_1h")):
            with self.subTest(cut_off=cut_off):
                self.empty()
                token = "-".join(cut_off)
                self.store.text("", query=ROW, insert_deduplication_token=token, **ONCE)
                tables = ", ".join(f"'{name}'" for name in cut_off)
                parts = self.store.query(f"SELECT path FROM system.parts WHERE active AND database = 'sluice' AND table IN ({tables})")
                self.assertEqual(len(cut_off), len(parts))
                self.store.kill()
                for path, in parts:
                    shutil.rmtree(path)
                self.store.start()
                self.store.text("", query=ROW, insert_deduplication_token=token, **ONCE)
                self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_raw"), 1)
                self.assert_rollups()

    def test_blocks_without_a_token_are_never_taken_for_repeats(self):
        """Those of Kafka's consumer: other flows may well make the same rows of a rollup."""
        for port in (1, 2, 3):
            self.feed({"time_received_ns": 1_795_262_400_000_000_000, "bytes": 100, "packets": 1, "src_port": port,
                       "dst_port": 65000})
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_raw"), 3)
        self.assert_rollups()


class Shipped(DirectCase):
    options = ()

    def test_only_tables_that_are_told_so_take_two_inserts_for_one(self):
        for _ in range(2):
            self.store.text(ROW)
            self.feed({"time_received_ns": 1_795_262_400_000_000_000, "bytes": 100, "packets": 1})
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_raw"), 4)
        self.assert_rollups()
        schema.apply(self.store, "--no-kafka")
        self.store.text("TRUNCATE TABLE sluice.flows_raw")
        for token in ("a", "a", "b"):
            self.store.text("", query=ROW, insert_deduplication_token=token, **ONCE)
        self.assertEqual(self.store.value("SELECT count() FROM sluice.flows_raw"), 2)
        self.assertEqual(self.store.value("SELECT sum(flows) FROM sluice.flows_1h"), 6)
        self.assertEqual(self.store.query("SELECT name FROM system.tables WHERE engine = 'Kafka'"), [])


class TwoStores(DirectCase):
    def setUp(self):
        super().setUp()
        self.other = store.Store(self.path("other"))
        self.addCleanup(self.other.kill)
        schema.apply(self.other, "--no-kafka")

    def reload(self, running, url):
        """Another address for the sink `tables`."""
        with open(running.config) as file:
            settings = json.load(file)
        settings["sinks"]["tables"]["url"] = url
        with open(running.config, "w") as file:
            json.dump(settings, file)
        before = running.log().count("reloaded: sinks")
        running.signal(signal.SIGHUP)
        waiting.until(lambda: running.log().count("reloaded: sinks") > before, "the configuration is read again")

    def test_a_reload_to_a_dead_address_and_back(self):
        """The sink after it takes the spool of the one before, twice; another sink goes on meanwhile. Blocks are not small, as each is
        an INSERT, which costs a busy store a second."""
        running = self.collector(flush_interval="1s", sinks={"other": {"type": "clickhouse", "url": self.other.url, "flush_interval": "1s",
                                                                       "spool": {"path": self.path("others")}}})
        stream = Stream(running.port)
        for _ in range(2):
            stream.more(50)
            self.reload(running, "http://127.0.0.1:9")
            waiting.until(lambda: running.metric("sluice_sink_spooled_flows", sink="tables") > 1000, "flows are in the spool")
            self.reload(running, self.store.url)
        stream.more(50)
        flows = stream.end()
        for one in (self.store, self.other):
            waiting.until(lambda one=one: one.value("SELECT count() FROM sluice.flows_raw") >= flows, f"{flows} flows are in the table", 120)
            self.assertEqual(one.query("SELECT count(), uniqExact(bytes) FROM sluice.flows_raw"), [[flows, flows]])
        waiting.until(lambda: running.metric("sluice_sink_queued_flows", sink="tables") == 0, "every INSERT is answered")
        self.assert_rollups()

    def test_two_stores_take_what_was_compressed(self):
        """Each by a codec of its own; one is killed meanwhile, and what it may have had comes again compressed."""
        running = self.collector(compression="lz4", sinks={"other": {"type": "clickhouse", "url": self.other.url, "compression": "zstd",
                                                                     "flush_interval": "100ms", "spool": {"path": self.path("others")}}})
        stream = Stream(running.port)
        stream.more(200)
        self.other.kill()
        stream.more(200)
        self.other.start()
        stream.more(100)
        flows = stream.end()
        self.all_delivered(running, flows)
        waiting.until(lambda: self.count(running, "delivered", "other") >= flows, f"{flows} flows are delivered to the other", 120)
        self.assert_once(flows)
        everything = "SELECT * EXCEPT inserted_at FROM sluice.flows_raw ORDER BY bytes"
        self.assertEqual(self.store.query(everything), self.other.query(everything))
        self.store = self.other
        self.assert_rollups()


class OwnFields(DirectCase):
    def test_columns_of_a_users_own(self):
        """They come while flows arrive; what is there before has none."""
        running = self.collector(fields=FIELDS)
        traffic = [subprocess.Popen([daemon.binary(), "generate", "-q", "--protocol", protocol, "--rate", str(rate), "--exporters", "3", "--to",
                                     f"127.0.0.1:{running.port}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
                   for protocol, rate in TRAFFIC]
        for one in traffic:
            self.addCleanup(one.stdout.close)
            self.addCleanup(one.wait)
            self.addCleanup(one.kill)
        count = "SELECT count() FROM sluice.flows_raw"
        self.store.wait_for(count, lambda rows: rows > 300)
        script = self.path("fields.sql")
        with open(script, "w") as file:
            file.write(daemon.run_once("schema", "clickhouse", "-c", running.config).stdout)
        self.assertIn("in place; flows come from sinks", schema.apply(self.store, "--no-kafka", "--fields", script))
        self.assertIn("nothing to do", schema.apply(self.store, "--no-kafka", "--fields", script))
        since, before = self.store.query("SELECT toString(max(inserted_at)), count() FROM sluice.flows_raw")[0]
        self.store.wait_for(count, lambda rows: rows > before + 1000)
        # Rows of a block that was under way may be of either kind.
        since = self.store.value(f"SELECT toString(min(inserted_at)) FROM sluice.flows_raw WHERE inserted_at > '{since}'")
        for protocol, right in (("IPFIX", "octets_again = bytes AND source_again = src_addr AND empty(ports) AND source_mac = ''"),
                                ("SFLOW_5", "octets_again IS NULL AND source_mac = unhex(leftPad(hex(src_mac), 12, '0')) AND "
                                            "(proto NOT IN (6, 17) OR ports = [src_port, dst_port])")):
            rows, wrong = self.store.query(f"SELECT count(), countIf(NOT ({right})) FROM sluice.flows_raw WHERE type = '{protocol}' AND "
                                           f"inserted_at > '{since}'")[0]
            self.assertGreater(rows, 100)
            self.assertEqual(wrong, 0, protocol)
        empty = "octets_again IS NULL AND source_again = toIPv6('::') AND empty(ports) AND source_mac = ''"
        self.assertGreater(self.store.value(f"SELECT countIf({empty}) FROM sluice.flows_raw"), 100)


class Refused(DirectCase):
    def test_a_store_that_does_not_take_them(self):
        running = self.collector(database="nowhere")
        stream = Stream(running.port)
        waiting.until(lambda: "does not take the flows: " in running.log() and "nowhere" in running.log(), "the log has the answer")
        stream.end()
        self.assertEqual(self.count(running, "delivered"), 0)
        self.assertEqual(running.metric("sluice_sink_failed_flows_total"), 0)

    def test_the_next_server_is_asked(self):
        running = self.collector(url=f"http://127.0.0.1:9,{self.store.url}")
        stream = Stream(running.port)
        stream.more(50)
        flows = stream.end()
        self.all_delivered(running, flows)
        self.assert_once(flows)


if __name__ == "__main__":
    main()
