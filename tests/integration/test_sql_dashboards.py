#!/usr/bin/python3
"""The dashboard for the table of a sink of type postgres or mysql: each SQL of a panel or a variable, as Grafana would ask it,
in a real PostgreSQL and a real MariaDB, has the answer that the rows have; and the flows that were sent through a collector
are its sums."""
import csv
import json
import os
import re
import shutil
import tempfile
import time
import unittest

from harness import answers, daemon, grafana, mariadb, paths, postgres, seeded_flows, waiting
from harness.case import main
from test_postgres import PostgresCase

HOUR, DAY = 3600, 86400
corrected = answers.corrected


class Asking:
    """How a case with `self.server` asks what Grafana would."""
    database, time_range = "postgres", grafana.PostgresRange

    @classmethod
    def panels(cls):
        return list(grafana.targets(grafana.dashboards(cls.database)["traffic"], grafana.OF_DATABASES[cls.database]))

    def ask(self, sql):
        """The rows; their columns' names stay in `self.columns`."""
        text = self.server.run(f"SELECT row_to_json(t) FROM ({sql}) t", user="sluice")
        rows = [json.loads(line, object_pairs_hook=list) for line in text.splitlines()]
        self.columns = [name for name, _ in rows[0]] if rows else []
        return [[value for _, value in row] for row in rows]

    def opened(self, begin, end, **chosen):
        return grafana.Asked(grafana.dashboards(self.database)["traffic"], self.time_range(begin, end), self.ask, **chosen)

    def answer(self, opened, title, kind=None):
        """Of the panel with this title; of several, the one of this kind."""
        (sql,) = [target["rawSql"] for panel, target in self.panels() if panel["title"] == title and kind in (None, panel["type"])]
        return self.ask(opened.sql(sql))


class Answers(Asking, unittest.TestCase):
    """Over the rows that the dashboards of ClickHouse are asked over; they are only read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.end = int(time.time()) // HOUR * HOUR
        cls.rows = seeded_flows.Flows(cls.end).rows
        folder = tempfile.mkdtemp(prefix="sluice-test-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        os.chmod(folder, 0o711)
        cls.start(os.path.join(folder, "server"))
        cls.fill(os.path.join(folder, "rows.csv"))
        assert cls.count() == len(cls.rows)

    @classmethod
    def start(cls, directory):
        """The server with its table, as `sluice schema` prints it."""
        cls.server = postgres.Postgres(directory)
        cls.addClassCleanup(cls.server.kill)
        cls.server.run("CREATE ROLE sluice LOGIN", database="postgres")
        cls.server.run("CREATE DATABASE sluice OWNER sluice", database="postgres")
        cls.server.run(daemon.run_once("schema", "postgres").stdout, user="sluice")

    @classmethod
    def fill(cls, path):
        """An empty text without quotes is NULL, as the sink has it."""
        columns = [name for name, in cls.server.query("SELECT attname FROM pg_attribute WHERE attrelid = 'flows'::regclass AND attnum > 0")
                   if name in cls.rows[0]]
        with open(path, "w") as file:
            out = csv.writer(file)
            for row in cls.rows:
                out.writerow([f"{seeded_flows.time_text(row[name])[:-3]}+00" if name.startswith("time_") else row[name] for name in columns])
        os.chmod(path, 0o644)
        cls.server.run(f"COPY flows ({', '.join(columns)}) FROM '{path}' (FORMAT csv)")

    @classmethod
    def count(cls):
        return int(cls.server.value("SELECT count(*) FROM flows"))

    def last(self, seconds, **chosen):
        """The dashboard over the last `seconds` before the end, which is not of them."""
        return self.opened(self.end - seconds, self.end - 1, **chosen)

    def within(self, seconds):
        """BETWEEN ends with the moment that Grafana's range ends with."""
        return [row for row in self.rows if self.end - seconds <= row["time_received"] // 1000 / 1e6 <= self.end - 1]

    def check_columns(self, panel, target, rows):
        """What the panel's kind makes a picture of."""
        def numbers(values):
            self.assertTrue(all(isinstance(value, (int, float)) for value in values), rows[:3])
        if panel["type"] == "stat":
            self.assertEqual((1, 1), (len(rows), len(rows[0])))
            numbers(rows[0])
        elif panel["type"] == "timeseries":
            self.assertEqual(("time_series", "time"), (target["format"], self.columns[0]))
            numbers([row[0] for row in rows] + [row[-1] for row in rows])
            self.assertEqual(sorted(row[0] for row in rows), [row[0] for row in rows], "Grafana wants them in order")
            self.assertEqual(len(rows), len({tuple(row[:-1]) for row in rows}), "two values for one point")
            if len(self.columns) == 3:
                self.assertTrue(all(isinstance(row[1], str) for row in rows))
                self.assertEqual(f"${{__field.labels.{self.columns[1]}}}", panel["fieldConfig"]["defaults"]["displayName"])
        else:
            self.assertEqual("table", target["format"])
            told = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
            self.assertLessEqual(set(self.columns), told, "a column without a name or unit")
            numbers([value for row in rows for value in row[1:]])

    def test_every_panel_and_variable(self):
        for seconds, step in ((HOUR, "60"), (DAY, "300"), (14 * DAY, "3600")):
            opened = self.last(seconds)
            self.assertEqual(step, opened.values["step"])
            for variable, rows in opened.options.items():
                self.assertTrue(rows, f"nothing to choose for {variable}")
            for panel, target in self.panels():
                with self.subTest(panel=panel["title"], seconds=seconds):
                    rows = self.ask(opened.sql(target["rawSql"]))
                    self.assertTrue(rows)
                    self.check_columns(panel, target, rows)

    def test_over_nothing_there_are_no_errors(self):
        opened = self.opened(1000, 2000)
        for panel, target in self.panels():
            with self.subTest(panel=panel["title"]):
                rows = self.ask(opened.sql(target["rawSql"]))
                self.assertEqual([[0]] if panel["type"] == "stat" else [], rows)

    def test_sums_are_those_of_the_rows(self):
        for seconds in (HOUR, 12 * HOUR, 14 * DAY):
            opened, rows, span = self.last(seconds), self.within(seconds), seconds - 1
            volume, packets = (sum(corrected(row, what) for row in rows) for what in ("bytes", "packets"))
            v6 = sum(corrected(row, "bytes") for row in rows if row["etype"] == 0x86DD)
            for title, expected in (("Traffic", volume * 8 / span), ("Packets", packets / span), ("Flows", len(rows) / span),
                                    ("Exporters", len({row["sampler_address"] for row in rows})), ("Share of IPv6", 100 * v6 / volume),
                                    ("Sampling rate unknown", 100 * sum(row["sampling_rate"] == 0 for row in rows) / len(rows))):
                with self.subTest(panel=title, seconds=seconds):
                    self.assertAlmostEqual(expected, self.answer(opened, title, "stat")[0][0], delta=abs(expected) * 1e-9)
            for title, key in (("Sources", "src_addr"), ("Destinations", "dst_addr")):
                with self.subTest(panel=title, seconds=seconds):
                    sums = {address: answers.octets(group) for address, group in answers.by(rows, key).items()}
                    got = self.answer(opened, title)
                    self.assertEqual(sorted(sums.values(), reverse=True)[:20], [round(row[1] * span / 8) for row in got])
                    for row in got:
                        self.assertEqual(sums[row[0]], round(row[1] * span / 8), row)
                        self.assertAlmostEqual(100 * sums[row[0]] / volume, row[4], places=6)
            for title in ("Bits per second by protocol", "By exporter", "By input interface", "By source AS"):
                with self.subTest(panel=title, seconds=seconds):
                    points = self.answer(opened, title)
                    self.assertAlmostEqual(volume * 8 / int(opened.values["step"]), sum(row[2] for row in points), delta=volume * 1e-6)
                    self.assertLessEqual({row[1].split()[0] for row in points}, {f"{n}." for n in range(1, 8)} | {"other"})

    def test_names(self):
        opened = self.last(HOUR)
        edge = seeded_flows.EDGE
        self.assertIn(["192.0.2.251", "edge1"], opened.options["exporter"])
        self.assertIn([f"{edge}/1", "edge1 xe-0/0/1"], opened.options["interface"])
        self.assertIn([f"{edge}/3", "edge1 3"], opened.options["interface"])
        self.assertIn(["6", "TCP"], opened.options["protocol"])
        self.assertIn(["64501", "AS64501"], opened.options["asn"])
        self.assertIn("edge1 xe-0/0/1", {row[0] for row in self.answer(opened, "Input interfaces")})
        self.assertIn(f"{edge} edge1", {row[0] for row in self.answer(opened, "Exporters", "table")})
        self.assertIn("UDP/53", {row[0] for row in self.answer(opened, "Services")})
        interfaces = {row[1] for row in self.answer(opened, "By input interface")}
        self.assertEqual(8, len(interfaces))
        self.assertIn("other", interfaces)

    def test_names_of_protocols_are_those_of_the_shipped_list(self):
        with open(os.path.join(paths.source(), "deploy/clickhouse/csv/sluice_protocols.csv")) as file:
            shipped = {row["proto"]: row["name"] for row in csv.DictReader(file)}
        told = dict(re.findall(r"WHEN (\d+) THEN '([\w-]+)'", next(
            target["rawSql"] for panel, target in self.panels() if panel["title"] == "Protocols")))
        self.assertGreater(len(told), 10)
        self.assertEqual({number: shipped[number] for number in told}, told)

    def test_filters(self):
        edge, core = seeded_flows.EDGE, seeded_flows.CORE
        cases = (
            ({"exporter": [core]}, lambda r: r["sampler_address"] == core),
            ({"exporter": [core, seeded_flows.AGENT]}, lambda r: r["sampler_address"] in (core, seeded_flows.AGENT)),
            ({"interface": [f"{edge}/3"]}, lambda r: r["sampler_address"] == edge and 3 in (r["in_if"], r["out_if"])),
            ({"interface": [f"{edge}/3", f"{core}/1"], "direction": "from"}, lambda r: (r["sampler_address"], r["in_if"]) in ((edge, 3), (core, 1))),
            ({"interface": [f"{edge}/3"], "direction": "to"}, lambda r: (r["sampler_address"], r["out_if"]) == (edge, 3)),
            ({"protocol": ["6", "47"]}, lambda r: r["proto"] in (6, 47)),
            ({"asn": ["64500"]}, lambda r: 64500 in (r["src_as"], r["dst_as"])),
            ({"asn": ["64500", "0"], "direction": "from", "protocol": ["6"]}, lambda r: r["src_as"] in (64500, 0) and r["proto"] == 6),
            ({"asn": ["64501"], "direction": "to", "exporter": [edge]}, lambda r: r["dst_as"] == 64501 and r["sampler_address"] == edge),
            ({"address": "192.0.2.1"}, lambda r: "192.0.2.1" in (r["src_addr"], r["dst_addr"])),
            ({"address": " 198.51.100.0/29 ", "direction": "to"}, lambda r: r["dst_addr"] in {f"198.51.100.{n}" for n in range(8)}),
            ({"address": "2001:db8:1::/48", "direction": "from"}, lambda r: r["src_addr"].startswith("2001:db8:1:")),
            ({"address": "2001:db8:1::7"}, lambda r: "2001:db8:1::7" in (r["src_addr"], r["dst_addr"])),
            ({"address": "0.0.0.0/0"}, lambda r: ":" not in r["src_addr"]),
        )
        for chosen, meant in cases:
            with self.subTest(chosen=chosen):
                opened, rows = self.last(HOUR, **chosen), list(filter(meant, self.within(HOUR)))
                self.assertTrue(rows)
                self.assertEqual(answers.octets(rows) * 8, round(self.answer(opened, "Traffic")[0][0] * (HOUR - 1)))
                self.assertEqual(len(rows), round(self.answer(opened, "Flows")[0][0] * (HOUR - 1)))

    def test_an_address_that_is_none_is_an_error_and_no_sql(self):
        for text in ("192.0.2.1/33", "192.0.2.1/", "all' OR 1=1 --", "x'; DROP TABLE flows; --"):
            with self.subTest(address=text), self.assertRaisesRegex(postgres.PostgresError, "invalid input syntax for type inet"):
                self.answer(self.last(HOUR, address=text), "Traffic")
        self.assertEqual(len(self.rows), self.count())


class Mysql(Answers):
    """The same of the table of MySQL, in MariaDB."""
    database, time_range = "mysql", grafana.MysqlRange

    @classmethod
    def start(cls, directory):
        cls.server = mariadb.Mariadb(directory)
        cls.addClassCleanup(cls.server.kill)
        cls.server.run("CREATE DATABASE sluice CHARACTER SET utf8mb4", database=None)
        cls.server.run(daemon.run_once("schema", "mysql").stdout)

    @classmethod
    def fill(cls, path):
        types = {name: kind for name, kind in cls.server.query("SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_NAME = 'flows'")
                 if name in cls.rows[0]}

        def value(row, name):
            if name.startswith("time_"):
                return f"'{seeded_flows.time_text(row[name])[:-3]}'"
            if types[name].startswith("var"):
                text = f"'{row[name]}'" if row[name] else "NULL"
                return text if types[name].startswith("varchar") else f"INET6_ATON({text})"
            return str(row[name])
        rows = ", ".join(f"({', '.join(value(row, name) for name in types)})" for row in cls.rows)
        cls.server.run(f"INSERT INTO flows ({', '.join(types)}) VALUES {rows}")

    def ask(self, sql):
        names, *rows = [line.split("\t") for line in self.server.run(sql).splitlines()] or [[]]
        self.columns = names
        texts = ("__value", "__text", "address", "service", "protocol", "exporter", "interface", "asn")

        def value(name, text):
            return text if name in texts and name != "exporters" else None if text == "NULL" else float(text)
        if names == ["__value"]:  # a number that is made into a text
            return [[text] for (text,) in rows]
        return [[value(name, text) for name, text in zip(names, row)] for row in rows]

    def test_an_address_that_is_none_is_an_error_and_no_sql(self):
        """It has no flows here."""
        for text in ("192.0.2.1/33", "192.0.2.1/", "192.0.2.1/24/1", "all' OR 1=1 -- ", "x'; DROP TABLE flows; -- ", "nobody", "::/129"):
            with self.subTest(address=text):
                self.assertEqual([[0]], self.answer(self.last(HOUR, address=text), "Flows"))
        self.assertEqual(len(self.rows), self.count())


class Sent(Asking, PostgresCase):
    def test_what_was_sent_is_what_is_shown(self):
        """From exporters over the collector and the sink to the panels."""
        self.make_tables()
        running = self.collector(sinks={"files": {"type": "file", "path": self.path("files"), "format": "json", "flush_interval": "100ms"}})
        begin = int(time.time())
        for protocol in ("netflow9", "ipfix", "sflow"):
            made = daemon.run_once("generate", "-q", "--protocol", protocol, "--to", f"127.0.0.1:{running.port}", "--exporters", 2, "--flows", 500,
                                   "--rate", 500, "--seed", 1)
            self.assertEqual(0, made.returncode, made.stderr)
        for sink in ("tables", "files"):
            waiting.until(lambda sink=sink: running.metric("sluice_sink_delivered_flows_total", sink=sink) >= 1500, f"{sink} has all flows")
        self.assertEqual(0, running.stop())
        flows = []
        for name in sorted(os.listdir(self.path("files"))):
            with open(self.path("files", name)) as file:
                flows += [json.loads(line) for line in file]
        end = int(time.time()) + 1
        opened, span = self.opened(begin, end), end - begin
        self.assertEqual(len(flows), round(self.answer(opened, "Flows")[0][0] * span))
        for title, what, times in (("Traffic", "bytes", 8), ("Packets", "packets", 1)):
            total = sum(flow[what] * max(flow["sampling_rate"], 1) for flow in flows)
            self.assertEqual(total * times, round(self.answer(opened, title)[0][0] * span))
        talkers = {}
        for flow in flows:
            talkers[flow["src_addr"]] = talkers.get(flow["src_addr"], 0) + flow["bytes"] * max(flow["sampling_rate"], 1)
        self.assertEqual(sorted(talkers.values(), reverse=True)[:20], [round(row[1] * span / 8) for row in self.answer(opened, "Sources")])


if __name__ == "__main__":
    main()
