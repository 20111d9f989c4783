#!/usr/bin/python3
"""`sluice query` against `sluice store`: each question of docs/queries.md has the answer that the rows have when they
are counted without ClickHouse, and what goes wrong is one clear line."""
import datetime
import json
import os
import re
import time

from harness import answers, columns, daemon, paths, schema, store, udp
from harness.case import Case, main
from harness.columns import NOBODY
from harness.seeded_flows import AS_NAMES, EDGE, Flows, time_text

QUESTIONS = 37
TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")


def plain(value):
    """A value of the JSON as the expected ones are: times since 1970; wide numbers, which servers before 25 quote."""
    if isinstance(value, str) and TIME.match(value):
        return int(datetime.datetime.fromisoformat(value + "+00:00").timestamp())
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,40}", value):
        return int(value)
    return [plain(item) for item in value] if isinstance(value, list) else value


class QueryCase(Case):
    def start(self, *arguments):
        store.engine()  # skips the test where there is none
        server = store.Store(self.path("store"), arguments)
        self.addCleanup(server.kill)
        return server

    def query(self, *arguments, status=0, **options):
        result = daemon.run_once("query", "--url", self.server.url, *arguments, **options)
        self.assertEqual(status, result.returncode, result.stderr)
        self.assertNotRegex(result.stderr, r"terminate|what\(\)")
        return result

    def refused(self, status, expected, *arguments, **options):
        """One line on standard error that holds what is expected, nothing on standard output."""
        result = self.query(*arguments, status=status, **options)
        self.assertEqual("", result.stdout)
        self.assertEqual(1, len(result.stderr.splitlines()), result.stderr)
        self.assertRegex(result.stderr, r"^sluice query: ")
        self.assertRegex(result.stderr, expected)
        return result.stderr


class Questions(QueryCase):
    """One store for all, since its rows are the same for each question."""
    forged = False

    def setUp(self):
        super().setUp()
        self.server = self.start()
        os.makedirs(self.server.files, exist_ok=True)
        with open(os.path.join(self.server.files, "sluice_asns.csv"), "w") as file:
            file.write("asn,name,country\n" + "".join(f"{asn},{name},ZZ\n" for asn, name in AS_NAMES.items()))
        schema.apply(self.server, "--brokers", NOBODY)
        self.end = int(time.time()) // 3600 * 3600
        self.flows = Flows(self.end, self.forged)
        self.server.text(self.flows.insert())
        self.server.text("INSERT INTO sluice.flows_errors FORMAT JSONEachRow\n" + "\n".join(map(json.dumps, self.errors())))
        self.server.text("SYSTEM RELOAD DICTIONARIES")
        self.assertEqual(len(self.flows.rows), self.server.value("SELECT count() FROM sluice.flows_raw"))
        self.to = f"to={time_text(self.end * 10**9)[:19]}"

    def errors(self):
        for partition, offset, seconds, error in [(0, 7, 60, "Protobuf: not a message"), (0, 9, 30, "Protobuf: not a message"), (1, 3, 90, "x" * 70),
                                                  (1, 4, 8 * 86400, "too long ago")]:
            yield {"time": time_text((self.end - seconds) * 10**9)[:-6], "inserted_at": time_text((self.end - seconds) * 10**9)[:-6], "kafka_topic": "flows", "kafka_partition": partition,
                   "kafka_offset": offset, "error": error}

    def ask(self, number, *parameters):
        given = [argument for parameter in (self.to, *parameters) for argument in ("--param", parameter)]
        return [[plain(value) for value in json.loads(line).values()]
                for line in self.query("--question", number, "--format", "json", *given).stdout.splitlines()]

    def assert_answer(self, number, expected, *parameters):
        self.assertNotEqual([], expected, f"the rows have nothing for question {number}")
        got = self.ask(number, *parameters)
        self.assertEqual([[self.shape(value) for value in row] for row in expected],
                         [[self.shape(value, like) for value, like in zip(row, wanted)] for row, wanted in zip(got, expected)]
                         + [[str(value) for value in row] for row in got[len(expected):]])
        for row, wanted in zip(got, expected):
            self.assertEqual(len(wanted), len(row))

    def shape(self, value, like=None):
        """Equal for a rounded number and the one that it was rounded from, for all else only what is equal."""
        if isinstance(like, answers.Rounded):
            near = isinstance(value, (int, float)) and abs(value - like.value) <= 0.5 * 10**-like.digits + 1e-6 + abs(like.value) * 1e-12
            return self.shape(like) if near else f"{value}, not {like.value}"
        return f"about {value.value}" if isinstance(value, answers.Rounded) else str(value)

    def each_has_the_answer_of_the_rows(self):
        for number in range(1, QUESTIONS + 1):
            with self.subTest(question=number):
                if number == 29:
                    continue
                self.assert_answer(number, [list(row) for row in getattr(answers, f"question_{number}")(self.flows.rows, self.end)])
        self.assert_answer(29, [["flows", 0, "unreadable", "Protobuf: not a message", 2, 0, 7, 9, self.end - 30], ["flows", 1, "unreadable", "x" * 36, 1, 0, 3, 3, self.end - 90]])

    def test_each_has_the_answer_of_the_rows(self):
        self.each_has_the_answer_of_the_rows()
        self.parameters_change_the_answer()
        self.smaller_tables_answer_the_same()
        self.tables_for_people()
        self.other_formats()

    def parameters_change_the_answer(self):
        rows = self.flows.rows
        expected = [list(row) for row in answers.question_7(rows, self.end, since=4 * 3600, percentile=90)]
        self.assertTrue(any(row[5].value > 0 for row in expected))
        self.assert_answer(7, expected, "from=to-4h", "percentile=90")
        capacities = {"192.0.2.251/2": 40, "192.0.2.252/3": 10}
        self.assert_answer(6, [list(row) for row in answers.question_6(rows, self.end, capacities)],
                           "capacities=" + str(capacities))
        one = [row for row in rows if row["sampler_address"] == "2001:db8::253"]
        for number in (1, 2, 4, 10, 11, 12, 13, 14, 31, 34, 36):
            with self.subTest(question=number, exporter=True):
                self.assert_answer(number, [list(row) for row in getattr(answers, f"question_{number}")(one, self.end)], "exporter=2001:db8::253")
        edge = [row for row in rows if row["sampler_address"] == EDGE]
        for number in (32, 33, 35, 37):
            with self.subTest(question=number, exporter=True):
                self.assert_answer(number, [list(row) for row in getattr(answers, f"question_{number}")(edge, self.end)], f"exporter={EDGE}")
        self.assert_answer(32, [list(row) for row in answers.question_32(rows, self.end, 4 * 3600, 90)], "from=to-4h", "percentile=90")
        transit = [list(row) for row in answers.question_33(rows, self.end) if row[0] == "Example Transit"]
        self.assert_answer(33, transit, "provider=Example Transit")
        for what in ("role", "site", "region", "tenant"):
            self.assert_answer(34, [list(row) for row in answers.question_34(rows, self.end, what)], f"by={what}")
        self.refused(1, "by is network, role, site, region or tenant", "--question", 34, "--param", "by=city")
        self.assert_answer(36, [list(row) for row in answers.question_36(rows, self.end, 64500)], "own=64500")
        self.assertEqual(3, len(self.ask(1, "limit=3")))
        self.assertEqual([], self.ask(1, "from=to-2s", "exporter=192.0.2.1"))

    def smaller_tables_answer_the_same(self):
        """What a question asks of a short rollup is what the rollup with all keys answers, on no bound of an hour too."""
        with open(os.path.join(paths.source(), "docs/queries.md")) as file:
            document = file.read()
        short = re.findall(r"^## (\d+)\. [^\n]*\n(?:(?!^## ).*?)```sql\n(.*?)```(.*?)(?=^## |\Z)", document, re.M | re.S)
        short = [found for found in short if re.search(r"sluice\.(?:interfaces|ases)_", found[1])]
        self.assertLessEqual({"4", "5", "6", "7", "12", "15", "28"}, {number for number, _, _ in short})
        for number, sql, rest in short:
            values = dict(re.findall(r"`(\w+)=([^`]*)`", rest.split("Parameters:")[1]))
            for to in (self.end, self.end - 35 * 60):
                values["to"] = time_text(to * 10**9)[:19]
                given = [argument for name, value in values.items() for argument in ("--param", f"{name}={value}")]
                with self.subTest(question=number, to=values["to"]):
                    long = self.query(re.sub(r"sluice\.(?:interfaces|ases)_", "sluice.flows_", sql), "--format", "json", *given).stdout
                    self.assertNotEqual("", long)
                    self.assertEqual(long, self.query("--question", number, "--format", "json", "--param", f"to={values['to']}").stdout)

    def tables_for_people(self):
        """The default format: heading, columns that a wide terminal holds, and how to read them."""
        with open(os.path.join(paths.source(), "docs/queries.md")) as file:
            titles = re.findall(r"^## (\d+)\. (.*)$", file.read(), re.MULTILINE)
        for number, title in titles:
            with self.subTest(question=number):
                lines = self.query("--question", number, "--param", self.to).stdout.splitlines()
                self.assertEqual([f"{number}. {title}", ""], lines[:2])
                self.assertRegex(lines[3], r"^-+(  -+)+$")
                end = lines.index("", 2)
                reading = lines[end + 1:]
                self.assertTrue(reading[0].startswith("Read it: "), reading)
                self.assertLessEqual(max(map(len, reading)), 100)
                rows = lines[2:end]
                self.assertEqual(len(self.ask(number)), len(rows) - 2)
                self.assertLessEqual(max(map(len, rows)), 130)
        # Without any parameter: now is the end, whatever the time is.
        self.assertEqual(0, self.query("--question", 1).returncode)

    def other_formats(self):
        sql = "SELECT src_addr, bytes FROM flows_raw WHERE dst_port = {port:UInt16} AND proto = 6 ORDER BY dst_addr LIMIT 2"
        lines = self.query(sql, "--param", "port=22", "--format", "csv").stdout.splitlines()
        self.assertEqual(['"src_addr","bytes"', '"::ffff:203.0.113.66",40', '"::ffff:203.0.113.66",40'], lines)
        self.assertEqual(["src_addr\tbytes", "::ffff:203.0.113.66\t40"],
                         self.query(sql, "--param", "port=22", "--format", "tsv").stdout.splitlines()[:2])
        self.assertEqual("7\n", self.query("SELECT 7 FORMAT TSV").stdout)
        self.assertEqual("no rows\n", self.query("SELECT 1 WHERE 0").stdout)
        self.assertEqual("", self.query("CREATE TABLE sluice.scratch (x UInt8) ENGINE = Memory").stdout)
        tricky = "tab\t, newline\n, quote ', backslash \\, percent %41, plus +, and \u00e4"
        self.assertEqual(tricky, json.loads(self.query("SELECT {x:String} AS x", "--param", f"x={tricky}", "--format", "json").stdout)["x"])
        listed = self.query("--list").stdout
        self.assertEqual(QUESTIONS, len(re.findall(r"^ ?\d+  \S.*\?$", listed, re.MULTILINE)))


class Forged(Questions):
    """The same with flows that somebody made up: no sum wraps, and no share is of more than there is."""
    forged = True

    def test_each_has_the_answer_of_the_rows(self):
        self.each_has_the_answer_of_the_rows()
        for table in ("flows_raw", *schema.rollups(self.server)):
            got = self.server.query(f"SELECT sum(bytes_corrected), sum(packets_corrected), sum(toUInt128(bytes)) FROM sluice.{table}")
            self.assertEqual([[answers.octets(self.flows.rows), answers.packets(self.flows.rows), sum(row["bytes"] for row in self.flows.rows)]], got, table)


class Mistakes(QueryCase):
    def test_what_the_server_refuses(self):
        self.server = self.start()
        line = self.refused(1, r"Syntax error.*\(SYNTAX_ERROR\)$", "--database", "default", "SELEC 1")
        self.assertNotRegex(line, "Expected one of|version|DB::Exception")
        self.refused(1, r"nowhere.*UNKNOWN_TABLE.*apply\.sh", "--database", "default", "SELECT * FROM nowhere")
        self.refused(1, r"sluice.*UNKNOWN_DATABASE.*apply\.sh", "SELECT * FROM sluice.flows_raw")
        self.refused(1, "UNKNOWN_(FUNCTION|DATABASE)|does not exist", "--question", 1)
        late = "SELECT throwIf(number = 9000000, 'late') FROM numbers(10000000)"
        self.refused(1, "late.*FUNCTION_THROW_IF", "--database", "default", "--format", "csv", late)

    def test_a_wrong_password(self):
        good, bad = self.path("good"), self.path("bad")
        for path, text in ((good, "right\n"), (bad, "wrong\n")):
            with open(path, "w") as file:
                file.write(text)
        self.server = self.start("--password-file", good)
        sql = ("--database", "default", "SELECT 42 AS x", "--format", "tsv")
        self.assertEqual("x\n42\n", self.query("--password-file", good, *sql).stdout)
        environment = {**os.environ, "CLICKHOUSE_PASSWORD": "right"}
        self.assertEqual("x\n42\n", self.query(*sql, env=environment).stdout)
        self.refused(1, "--user and --password-file", "--password-file", bad, *sql)
        self.refused(1, "--user and --password-file", *sql)
        line = self.refused(1, "--user and --password-file", "--password-file", bad, *sql, env=environment)
        self.assertNotIn("right", line)


class Alone(QueryCase):
    """What needs no server."""

    def test_nobody_is_there(self):
        port = udp.free_ports(1, kind=1)[0]
        self.server = store.Client(f"http://127.0.0.1:{port}")
        self.refused(1, rf"nothing answers at http://127\.0\.0\.1:{port} \(Connection refused\); `sluice store", "SELECT 1")
        self.server = store.Client("http://there.is.no.such.host.invalid")
        self.refused(1, r"nothing answers at http://there\.is\.no\.such\.host\.invalid:8123 \(", "SELECT 1")

    def test_tables(self):
        """Listed, and chosen by columns and time, without a server."""
        self.server = store.Client("http://127.0.0.1:1")
        listed = [line.split()[0] for line in self.query("--tables").stdout.splitlines() if "sampling_rate" in line]
        self.assertEqual(sorted(listed), sorted(rollup.name for rollup in columns.rollups()))
        for table, names, begin in (("flows_1m", "in_if,proto", "now-1h"), ("interfaces_1h", "in_if,proto", "now-30d"), ("ases_5m", "src_as", "now-1d"),
                                    ("flows_raw", "src_addr,dst_addr", "now-1d")):
            self.assertRegex(self.query("--tables", "--columns", names, "--param", f"from={begin}").stdout, rf"\A{table}: .+\n\Z")
        self.refused(1, "no table reaches back to .* with tcp_flags; flows_raw does to ", "--tables", "--columns", "tcp_flags", "--param", "from=now-31d")

    def test_the_command_line(self):
        self.server = store.Client("http://127.0.0.1:1")
        for expected, arguments in (
                ("SQL, --filter, --question, --list or --tables is missing", ()),
                ("exclude each other", ("SELECT 1", "--question", 1)),
                ("there are 37 questions, no 38", ("--question", 38)),
                ("no whole number from 1", ("--question", 0)),
                ("question 1 has no port; it has from=to-1h, to=now", ("--question", 1, "--param", "port=1")),
                ('limit: "ten" is no number of type UInt32', ("--question", 1, "--param", "limit=ten")),
                ('from: "yesterday" is no time', ("--question", 1, "--param", "from=yesterday")),
                ('"limit" is not NAME=VALUE', ("--question", 1, "--param", "limit")),
                ("limit was given more than once", ("--question", 1, "--param", "limit=1", "--param", "limit=2")),
                ("is not pretty, json, csv or tsv", ("--format", "xml", "SELECT 1")),
                ("--columns wants --tables", ("--columns", "proto")),
                ("exclude each other", ("SELECT 1", "--tables")),
                ("--columns has no limit; it has from=to-1h, to=now", ("--tables", "--columns", "proto", "--param", "limit=1")),
                ("must be before to", ("--tables", "--columns", "proto", "--param", "from=now", "--param", "to=now-1h")),
                ("cannot be read", ("--password-file", self.path("none"), "SELECT 1"))):
            with self.subTest(arguments=arguments):
                self.refused(2, expected, *arguments)


if __name__ == "__main__":
    main()
