#!/usr/bin/python3
"""Fields of a user's own, from exporters to columns: the script of `sluice schema clickhouse` is applied while flows arrive,
then the tables are brought up to date with it; every flow that was sent is in flows_raw once, with the new columns from then
on."""
import json
import os
import subprocess

from harness import daemon, kafka, messages, schema, store, waiting
from harness.case import Case, main

FIELDS = [
    {"name": "octets_again", "number": 2000, "elements": ["octetDeltaCount"]},
    {"name": "source_again", "number": 536870911, "type": "address", "elements": ["sourceIPv4Address", 27]},
    {"name": "ports", "number": 2001, "list": True,
     "packet": [{"layer": layer, "offset": offset, "length": 16} for layer in ("tcp", "udp") for offset in (0, 16)]},
    {"name": "source_mac", "number": 2002, "type": "bytes", "packet": [{"layer": "ethernet", "offset": 48, "length": 48}]},
]
COLUMNS = [field["name"] for field in FIELDS]
TRAFFIC = (("ipfix", 20), ("sflow", 60))  # protocol and datagrams a second


class Fields(Case):
    def setUp(self):
        super().setUp()
        self.broker = kafka.shared()
        self.topic = kafka.new_topic("fields")
        self.store = store.Store(self.path("store"))
        self.addCleanup(self.store.kill)
        self.daemon = daemon.Daemon(self.path("daemon"), {
            "fields": FIELDS, "kafka": {"brokers": self.broker.address, "topic": self.topic}})
        self.addCleanup(self.daemon.kill)
        self.parameters = ["--brokers", self.broker.address, "--topic", self.topic, "--group", self.topic,
                           "--flush-interval", 200, "--block-rows", 2000]

    def sluice(self, *arguments):
        result = daemon.run_once(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def number(self, sql):
        return self.store.value(f"SELECT {sql} FROM sluice.flows_raw")

    def start_traffic(self):
        """Exporters that send until they are ended; gives their processes."""
        processes = []
        for protocol, rate in TRAFFIC:
            processes.append(subprocess.Popen(
                [daemon.binary(), "generate", "--quiet", "--protocol", protocol, "--rate", str(rate), "--exporters", "3", "--to",
                 f"127.0.0.1:{self.daemon.port}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True))
            self.addCleanup(processes[-1].kill)
        return processes

    def end_traffic(self, processes):
        """How many flows were sent."""
        sent = 0
        for process in processes:
            process.terminate()
            output, _ = process.communicate(timeout=waiting.DEADLINE)
            sent += json.loads(output)["flows"]
        return sent

    def wait_more_rows(self, rows=300):
        seen = self.number("count()")
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", lambda count: count >= seen + rows)

    def write_files(self, *options):
        """The proto file to the server; gives the path of the script."""
        with open(os.path.join(self.store.files, "flow_user.proto"), "w") as file:
            file.write(self.sluice("schema", "proto", "-c", self.daemon.config, *options))
        return self.write_script(*options)

    def write_script(self, *options):
        path = self.path("fields.sql")
        with open(path, "w") as file:
            file.write(self.sluice("schema", "clickhouse", "-c", self.daemon.config, *options))
        return path

    def apply_script(self, path, *parameters):
        return schema.run("--url", self.store.url, "--script", path, *parameters)

    def tables(self):
        return self.store.query("SELECT name, uuid, create_table_query FROM system.tables WHERE database = 'sluice' "
                                "AND engine != 'Dictionary' ORDER BY name")

    def check_refusals(self):
        """Without the proto file, or with settings that are not the running table's, nothing is touched."""
        before = self.tables()
        result = self.apply_script(self.write_script(), *self.parameters)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("flow_user.proto", result.stdout)
        script = self.write_files()
        for option, value in (("--group", "another"), ("--consumers", 11)):
            given = dict(zip(self.parameters[::2], self.parameters[1::2])) | {option: value}
            result = self.apply_script(script, *(word for pair in given.items() for word in pair))
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertIn(f"sluice.flows was made with another {option}; give it to apply.sh as before", result.stdout)
        self.assertEqual(self.tables(), before)

    def check_upgrade(self, script):
        """Scripts that are not those applied: without the file that fills the columns nothing is touched, nor with an
        older one; with it the columns go on being filled, as the table was."""
        before, made = self.tables(), self.store.query("DESCRIBE sluice.flows")
        upgrade = (*self.parameters, "--retention-days", 31)
        result = schema.run("--url", self.store.url, *upgrade)
        self.assertEqual(result.returncode, 2, result.stdout)
        self.assertIn(f"flows_raw has columns of your own, which would be filled no longer: {', '.join(COLUMNS)}; give --fields",
                      result.stdout)
        older = self.path("older.sql")
        with open(script) as file, open(older, "w") as other:
            other.writelines(line for line in file if not line.startswith("    collector_id"))
        result = schema.run("--url", self.store.url, "--fields", older, *upgrade)
        self.assertEqual(result.returncode, 2, result.stdout)
        self.assertIn(f"{older} is older than these scripts, it has no collector_id; sluice schema clickhouse", result.stdout)
        self.assertEqual(self.tables(), before)
        self.assertIn("in place; flows come from", schema.apply(self.store, *upgrade, "--fields", script))
        self.assertNotEqual(self.tables(), before)
        self.assertEqual(self.store.query("DESCRIBE sluice.flows"), made)
        self.assertIn("nothing to do", schema.apply(self.store, *upgrade, "--fields", script))
        return upgrade

    def check_exact(self, sent):
        """The rows are the messages of the topic, each once, and the messages are what was sent."""
        waiting.until(lambda: self.daemon.metric("sluice_sink_delivered_flows_total") >= sent, "all is delivered")
        self.assertEqual(self.daemon.metric("sluice_protocol_flows_total"), sent)
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", lambda count: count >= sent)
        read = [m for record in self.broker.records(self.topic) for m in messages.parse_framed(record.value)]
        self.assertEqual(self.store.query("SELECT count(), sum(bytes), sum(packets), sum(src_port), sum(sequence_num) FROM sluice.flows_raw"),
                         [[sent, *(sum(getattr(m, name) for m in read) for name in ("bytes", "packets", "src_port", "sequence_num"))]])
        self.assertEqual(self.store.query("SELECT kafka_offset FROM sluice.flows_raw GROUP BY kafka_topic, kafka_partition, kafka_offset "
                                          "HAVING uniqExact(inserted_at) > 1"), [])
        self.assertEqual(self.store.query("SELECT count() FROM sluice.flows_errors"), [[0]])
        self.store.wait_for("SELECT sum(flows) FROM sluice.flows_1m", sent)

    def check_columns(self, since):
        filled = {"type = 'IPFIX'": "octets_again = bytes AND source_again = src_addr AND empty(ports) AND source_mac = ''",
                  "type = 'SFLOW_5'": "octets_again IS NULL AND source_mac = unhex(leftPad(hex(src_mac), 12, '0')) AND "
                                      "(proto NOT IN (6, 17) OR ports = [src_port, dst_port])"}
        for protocol, right in filled.items():
            self.assertGreater(self.number(f"countIf({protocol} AND inserted_at > '{since}')"), 100)
            self.assertEqual(self.number(f"countIf({protocol} AND inserted_at > '{since}' AND NOT ({right}))"), 0, protocol)
        # What was consumed before the columns were there has none, and such there were.
        empty = "octets_again IS NULL AND source_again = toIPv6('::') AND empty(ports) AND source_mac = ''"
        self.assertGreater(self.number(f"countIf({empty})"), 100)

    def test_columns_come_while_flows_arrive(self):
        schema.apply(self.store, *self.parameters)
        traffic = self.start_traffic()
        self.wait_more_rows()
        self.check_refusals()
        script = self.write_files()
        result = self.apply_script(script, *self.parameters)
        self.assertEqual((result.returncode, result.stdout), (0, f"apply.sh: {script} is applied\n"))
        since = self.store.value("SELECT toString(now64(3, 'UTC'))")
        self.wait_more_rows(600)
        # The shipped scripts applied again change nothing.
        made = self.tables()
        self.assertIn("nothing to do", schema.apply(self.store, *self.parameters))
        self.assertEqual(self.tables(), made)
        upgrade = self.check_upgrade(script)
        self.wait_more_rows(600)
        sent = self.end_traffic(traffic)
        self.check_exact(sent)
        self.check_columns(since)
        self.assertEqual(self.consumed()[-len(COLUMNS):], COLUMNS)
        # A field that is configured no more is no longer consumed; its column stays.
        fewer = self.write_files("--set", f"fields={json.dumps(FIELDS[:2])}")
        self.assertIn("the column ports is filled no longer", schema.apply(self.store, *upgrade, "--fields", fewer))
        self.assertEqual(self.consumed()[-2:], COLUMNS[:2])
        self.assertEqual(self.number("countIf(notEmpty(ports)) > 0"), 1)
        self.assertIn("the column octets_again is filled no longer", schema.apply(self.store, *upgrade, "--fields", "none"))
        self.assertEqual(set(self.consumed()) & set(COLUMNS), set())
        self.assertEqual(self.number("countIf(octets_again > 0) > 0"), 1)

    def consumed(self):
        return [row[0] for row in self.store.query("DESCRIBE sluice.flows")]


if __name__ == "__main__":
    main()
