#!/usr/bin/python3
"""The text of the shipped SQL: against the proto file and the documentation; and the variant for clusters, as far as
one engine can run it."""
import csv
import glob
import os
import re
import shutil
import subprocess

from harness import paths, schema, store
from harness.case import Case, main
from harness.columns import NOBODY, PROTO, SCRIPTS, T0, column_sets, fields, is_address, kafka_type, read, rollups, script, scripts, statements, wrapped


def columns_of(sql, table):
    """[(name, type)] of a CREATE TABLE whose columns stand one a line, without engine and without the marks of sets."""
    body = re.search(rf"CREATE TABLE {re.escape(table)}\S*\n\(\n(.*?)\n\)", sql, re.S)[1]
    return [tuple(re.sub(r",( -- \w+)?$", "", line.strip()).split(" ", 1)) for line in body.splitlines()]


class Text(Case):
    """What can be read without an engine."""

    def test_no_path_in_sql(self):
        files = {os.path.basename(path) for path in glob.glob(os.path.join(SCRIPTS, "csv/*.csv"))}
        for path in scripts():
            sql = "\n".join(line for line in read(path).splitlines() if not line.startswith("--"))
            self.assertNotRegex(sql, r"['\"\s][.~]?/\w", f"{path} holds a path")
            for schema_name in re.findall(r"kafka_schema = '([^']*)'", sql):
                self.assertEqual(schema_name, "flow.proto:FlowMessage", path)
            for name in re.findall(r"FILE\(path '([^']*)'", sql):
                self.assertIn(name, files, path)

    def test_codecs_are_the_oldest_servers(self):
        """ClickHouse 24.8 takes the tables, and then no row: "Cannot compress with T64 codec, data size 65555 is not multiplier of 8"."""
        for path in scripts():
            self.assertNotRegex(read(path), r"GCD, *T64", path)

    def test_schema_is_the_daemons_proto(self):
        """apply.sh copies the file that the daemon is built from."""
        self.assertFalse(os.path.exists(os.path.join(SCRIPTS, "flow.proto")))
        self.assertIn("message FlowMessage", read(PROTO))

    def test_kafka_columns(self):
        expected = [(field.name, kafka_type(field)) for field in fields()]
        sql = script("90_consume.sql")
        self.assertCountEqual(columns_of(sql, "{{db}}.flows{{on_cluster}}"), expected)
        feed = columns_of(sql, "{{db}}.flows_feed{{on_cluster}}")
        self.assertCountEqual(feed[:len(expected)], expected)
        self.assertEqual([name for name, _ in feed[len(expected):]],
                         ["kafka_topic", "kafka_partition", "kafka_offset", "kafka_time", "kafka_time_fault", "kafka_error", "kafka_message"])

    def test_columns_of_records(self):
        """The same names as the message's, as arrays; addresses as flows_raw has them, enumerations as numbers that fit."""
        sql = script("90_consume.sql")
        feed = dict(columns_of(sql, "{{db}}.flows_native_feed{{on_cluster}}"))
        table = dict(columns_of(sql, "{{db}}.flows_native{{on_cluster}}"))
        self.assertEqual(table, {field.name: f"Array({feed[field.name]})" for field in fields()})
        for field in fields():
            plain = "IPv6" if is_address(field) else kafka_type(field).replace("Int32", "Int8") if "UInt" not in kafka_type(field) else ""
            self.assertEqual(feed[field.name], wrapped(field, "IPv6") if plain == "IPv6" else plain or kafka_type(field), field.name)

    def test_a_topic_of_columns_is_there_where_it_is_asked_for(self):
        self.assertNotIn("flows_native", "".join(line for line in schema.run("--print").stdout.splitlines() if not line.startswith("DROP")))
        printed = schema.run("--print", "--native-topic", "n", "--group", "g", "--block-rows", 8192)
        for text in ("kafka_topic_list = 'n',", "kafka_group_name = 'g-native',", "kafka_format = 'Native',", "kafka_max_block_size = 8,"):
            self.assertIn(text, printed.stdout)
        self.assertNotIn("{{", printed.stdout)
        for name, members in column_sets().items():
            without = schema.run("--print", "--native-topic", "n", "--without", name).stdout
            body = re.search(r"LEFT ARRAY JOIN\n(.*?)\nSETTINGS", without, re.S)[1]
            self.assertFalse({line.strip(" ,") for line in body.splitlines()} & set(members), name)

    def test_files_are_named_as_every_server_finds_them(self):
        """A dictionary's source FILE wants the absolute path of user_files_path, which a server that is asked over the
        network does not tell; the table function file() looks there by itself."""
        text = "".join(read(path) for path in glob.glob(os.path.join(SCRIPTS, "*.sql")))
        self.assertNotIn("SOURCE(FILE", text)
        self.assertEqual(set(re.findall(r"file\(''(.*?)''", text)), {os.path.basename(path) for path in glob.glob(os.path.join(SCRIPTS, "csv/*"))})

    def test_apply_knows_every_rollup(self):
        """What it fills, from what and with what behind it, and what it takes down, is what the scripts make."""
        told = subprocess.run(["bash", "-c", """source "$1"; for name in "${rollups[@]}"; do
                                 echo "$name ${rollup_source[$name]} ${rollup_behind[$name]}"; done""", "bash", os.path.join(SCRIPTS, "rollups.sh")],
                              check=True, stdout=subprocess.PIPE, text=True).stdout
        made = {rollup.name: rollup.source for rollup in rollups()}

        def above(name):
            return {made[name], *above(made[name])} if name in made else set()
        self.assertEqual({name: (source, set(rest)) for name, source, *rest in map(str.split, told.splitlines())},
                         {name: (source, {other for other in made if name in above(other)}) for name, source in made.items()})
        order = [line.split()[0] for line in told.splitlines()]
        for name, source in made.items():
            self.assertLess(order.index(source) if source in made else -1, order.index(name), name)
            self.assertIn(f"DROP VIEW IF EXISTS {{{{db}}}}.{name}_view{{{{on_cluster}}}} SYNC;", script("40_stop.sql"))

    def test_csv(self):
        keys = {"sluice_protocols.csv": 1, "sluice_ethertypes.csv": 1, "sluice_tcp_flags.csv": 1, "sluice_asns.csv": 1,
                "sluice_icmp_types.csv": 2, "sluice_icmp_codes.csv": 3, "sluice_ports.csv": 2, "sluice_networks.csv": 1}
        found = {os.path.basename(path) for path in glob.glob(os.path.join(SCRIPTS, "csv/*"))}
        self.assertEqual(found, set(keys))
        for name, key_columns in keys.items():
            with open(os.path.join(SCRIPTS, "csv", name), newline="") as file:
                head, *rows = csv.reader(file)
            self.assertTrue(all(len(row) == len(head) for row in rows), name)
            self.assertTrue(all(all(row[:key_columns + 1]) for row in rows), f"{name}: a key or a name is empty")
            self.assertEqual(len({tuple(row[:key_columns]) for row in rows}), len(rows), f"{name}: a key stands twice")

    def test_printed(self):
        for options in ([], ["--compat"], ["--cluster", "c", "--compat"], ["--user", "u"]):
            result = schema.run("--print", "--brokers", "a:1,b:2", "--topic", "t&t", "--group", "g", "--consumers", 3,
                                "--flush-interval", 400, "--block-rows", 7, "--retention-days", 11, "--retention-1m", 12,
                                "--retention-5m", 13, "--retention-1h", 14, "--retention-errors", 15, *options)
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertNotIn("{{", result.stdout)
            for text in ("kafka_broker_list = 'a:1,b:2'", "kafka_topic_list = 't&t'", "kafka_group_name = 'g'",
                         "kafka_num_consumers = 3,", "kafka_flush_interval_ms = 400,", "kafka_max_block_size = 7,",
                         *(f"INTERVAL {days} DAY" for days in range(11, 16))):
                self.assertIn(text, result.stdout)

    def test_without_a_set_its_lines_are_gone(self):
        """Each by itself: what is printed has its columns as aliases, and nothing else is another."""
        everything = schema.run("--print").stdout
        for name, members in column_sets().items():
            printed = schema.run("--print", "--without", name).stdout
            self.assertEqual(len(everything.splitlines()) - len(printed.splitlines()), 3 * len(members), name)
            self.assertNotRegex(printed, r"(?m), -- ", name)
            gone = [line for line in everything.splitlines() if line not in printed.splitlines()]
            self.assertEqual({raw for raw in members if any(re.search(rf"\b{raw}\b", line) for line in gone)}, set(members), name)
            for column in members:
                self.assertRegex(printed, rf"(?m)^    ADD COLUMN IF NOT EXISTS {column} .* ALIAS defaultValueOfTypeName\('.*'\) COMMENT '.*',$")
        self.assertNotIn("defaultValueOfTypeName", everything)
        self.assertNotRegex(everything, r"(?m), -- ")

    def test_refused(self):
        empty = self.path("empty")
        open(empty, "w").close()
        for arguments, sentence in (
                (["--topic", "a'b"], "--topic must not hold quotes, backslashes or control characters: a'b"),
                (["--brokers", "a\\b"], "--brokers must not hold quotes, backslashes or control characters: a\\b"),
                (["--group", ""], "--group wants a value"),
                (["--consumers", "0"], "--consumers wants a whole number from 1 to 9999999, not '0'"),
                (["--retention-days", "1; DROP"], "--retention-days wants a whole number from 1 to 9999999, not '1; DROP'"),
                (["--cluster", "a'"], "--cluster wants a name of letters, digits, '_', '.' and '-', not 'a''"),
                (["--url", "localhost"], "--url wants http://HOST:PORT, not 'localhost'"),
                (["--schema-dir", self.path("none")], f"--schema-dir {self.path('none')} is not a directory"),
                (["--password-file", empty], f"the password file {empty} is empty"),
                (["--script", self.path("none")], f"the script {self.path('none')} cannot be read"),
                (["--fields", self.path("none")], f"the script {self.path('none')} cannot be read"),
                (["--without", "nat,mpsl"], f"--without: there is no set 'mpsl'; there are {' '.join(column_sets())}, and unused"),
                (["--with", "unused"], f"--with: there is no set 'unused'; there are {' '.join(column_sets())}, and all"),
                (["--without", ""], "--without wants a value"),
                (["--without", "nat,mpls", "--with", "mpls"], "mpls stands in --with and in --without; give one of them"),
                (["--print", "--without", "unused"], "--print asks no server, which --without unused wants"),
                (["--fields", "none", "--script", empty], "--script applies one file and nothing else, --fields all: give one of them"),
                (["--no-kafka", "--native-topic", "n"], "--no-kafka consumes from nobody, and --native-topic is a topic to consume: give one of them"),
                (["--native-topic", "flows"], "--native-topic and --topic are both flows; a record is of one format, and each has a topic of its own"),
                (["--native-topic", "a'b"], "--native-topic must not hold quotes, backslashes or control characters: a'b"),
                (["--brokers"], "--brokers wants a value"),
                (["--retention"], "there is no option '--retention'; --help tells all")):
            result = schema.run(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, f"apply.sh: {sentence}\n"))
        result = schema.run(env={**os.environ, "CLICKHOUSE_URL": "localhost"})
        self.assertEqual((result.returncode, result.stdout), (2, "apply.sh: CLICKHOUSE_URL wants http://HOST:PORT, not 'localhost'\n"))
        for arguments, variable in ((["--url", f"http://{NOBODY}"], "localhost"), ([], f"http://{NOBODY}/")):
            result = schema.run(*arguments, env={**os.environ, "CLICKHOUSE_URL": variable})
            self.assertEqual(result.returncode, 2)
            self.assertRegex(result.stdout, rf"\Aapply\.sh: no answer from http://{re.escape(NOBODY)}: .*\n\Z")
        result = schema.run("--url", f"http://{NOBODY}")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stdout, rf"\Aapply\.sh: no answer from http://{re.escape(NOBODY)}: .*\n\Z")
        result = schema.run("--client", "false")
        self.assertEqual((result.returncode, result.stdout), (2, "apply.sh: the client ended with status 1\n"))

    def test_without_the_list_of_rollups(self):
        shutil.copy(schema.SCRIPT, self.directory)
        result = subprocess.run([self.path("apply.sh"), "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (2, f"apply.sh: {self.path('rollups.sh')} is not there\n"))

    def test_help_names_every_option(self):
        text = schema.run("--help").stdout
        for option in set(re.findall(r"(--[a-z0-9-]+) (?:\||\))", read(schema.SCRIPT))):
            if not option.endswith("-"):
                self.assertIn(f"  {option} " if option != "--help" else "--help", text)


class Cluster(Case):
    """The embedded engine has no Keeper, so neither replication nor ON CLUSTER can run here; all else can."""

    def test_on_one_node(self):
        config = self.path("cluster.xml")
        with open(config, "w") as file:
            # The port is nobody's: a shard that is the engine itself is asked without a connection.
            file.write("<clickhouse><tcp_port>29000</tcp_port><remote_servers><c1><shard><replica><host>127.0.0.1</host>"
                       "<port>29000</port></replica></shard></c1></remote_servers></clickhouse>\n")
        printed = schema.run("--print", "--cluster", "c1", "--compat", "--brokers", NOBODY)
        self.assertEqual(printed.returncode, 0, printed.stdout)
        with store.Store(self.path("store"), ["--engine-setting", f"config-file={config}"]) as engine:
            for path in glob.glob(os.path.join(SCRIPTS, "csv/*.csv")) + [PROTO]:
                shutil.copy(path, engine.files)
            for statement in statements(printed.stdout):
                with self.subTest(statement=statement.splitlines()[0]):
                    engine.text(f"EXPLAIN AST {statement}")
                    engine.text(statement.replace(" ON CLUSTER 'c1'", "").replace("ENGINE = Replicated", "ENGINE = "))
            columns = "SELECT table, name, type, default_kind, default_expression FROM system.columns WHERE database = '{}' " \
                      "AND table IN (SELECT name FROM system.tables WHERE database = '{}' AND engine = 'Distributed') ORDER BY ALL"
            for name in ("sluice", "goflow", "goflow2"):
                above = engine.query(columns.format(name, name))
                self.assertTrue(above, name)
                self.assertEqual(above, engine.query(columns.format(f"{name}_shard", name)), name)
            stored = engine.query("SELECT name FROM system.tables WHERE database = 'sluice_shard' AND engine LIKE '%MergeTree'")
            shown = engine.query("SELECT name FROM system.tables WHERE database = 'sluice' AND engine = 'Distributed'")
            self.assertEqual(sorted(stored), sorted(shown), "a table of the shards that nobody can ask")
            engine.text("INSERT INTO sluice_shard.flows_feed (bytes, sampling_rate, src_addr, time_received_ns, exporter_name) "
                        f"VALUES (5, 100, unhex('c0000201'), {T0}, 'core')")
            self.assertEqual(engine.query("SELECT bytes_corrected, src_ip, sluice_exporter(sampler_address) FROM sluice.flows_raw"),
                             [[500, "192.0.2.1", "core"]])
            for table in [rollup.name for rollup in rollups()]:
                self.assertEqual(engine.value(f"SELECT sum(bytes_corrected) FROM sluice.{table}"), 500, table)
            self.assertEqual(engine.query("SELECT src_addr, bytes FROM goflow2.flows_raw_view"), [["192.0.2.1", 500]])
            self.assertEqual(engine.query("SELECT time_received_ns, bytes FROM goflow2.flows"), [[T0, 5]])
            self.assertEqual(engine.query("SELECT TimeReceived, Bytes FROM goflow.flows"), [[T0 // 10**9, 5]])

    def test_every_statement_is_for_the_cluster(self):
        printed = schema.run("--print", "--cluster", "c1", "--compat").stdout
        for statement in statements(printed):
            if statement.startswith(("CREATE", "ALTER", "DROP")):
                self.assertIn(" ON CLUSTER 'c1'", statement)
            for engine in re.findall(r"ENGINE = (\w+)", statement):
                self.assertTrue(engine.startswith("Replicated") or engine in ("Null", "Kafka", "Distributed"), engine)


if __name__ == "__main__":
    main()
