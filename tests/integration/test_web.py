#!/usr/bin/python3
"""`sluice web` over a real engine: its numbers are those of the tables, nobody but its page may ask, and what is asked can be
stopped."""
import csv
import http.client
import http.server
import io
import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse

from harness import daemon, paths, schema, store, tables, waiting
from harness.case import Case, main, skip_unless_program
from harness.columns import NOBODY
from harness.web import Web

HOUR = 3600
HOURS = 3
PER_SECOND = 2  # datagrams of three exporters
PER_DATAGRAM = 3


class Generated(tables.OneStore):
    """A store with three hours of flows of `sluice generate`, and a page's server before it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Whole hours of the recent past, so that every table has the same ones.
        cls.end = int(time.time()) // HOUR * HOUR
        cls.begin = cls.end - HOURS * HOUR
        cls.fill(cls.begin, HOURS * HOUR * PER_SECOND * PER_DATAGRAM)
        cls.web = Web(os.path.join(cls.directory, "web"), cls.store.url)
        cls.addClassCleanup(cls.web.kill)
        cls.range = {"from": cls.begin, "to": cls.end}

    @classmethod
    def fill(cls, begin, flows):
        capture, messages = os.path.join(cls.directory, "flows.pcap"), os.path.join(cls.directory, "flows.pb")
        made = daemon.run_once("generate", "--protocol", "ipfix", "--write", capture, "--start-time", begin * 10**9, "--flows", flows, "--exporters", 3, "--rate",
                               PER_SECOND, "--flows-per-datagram", PER_DATAGRAM, "--conversations", 300, "--sampling", 100)
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        with open(messages, "wb") as file:
            subprocess.run([paths.sluice(), "decode", "--format", "protobuf", capture], stdout=file, stderr=subprocess.PIPE, check=True, timeout=120)
        with open(messages, "rb") as file:
            status, _, answer = cls.store.request(file.read(), query="INSERT INTO sluice.flows_feed FORMAT Protobuf", format_schema="flow.proto:FlowMessage")
        if status != 200:
            raise AssertionError(answer)

    def value(self, sql):
        return self.store.value(sql, database="sluice")

    def where(self, extra="1"):
        return f"WHERE time_received >= toDateTime({self.begin}) AND time_received < toDateTime({self.end}) AND {extra}"

    def series(self, **question):
        return self.web.stream("/api/v1/series", {**self.range, **question})


class Numbers(Generated):
    """What is drawn is what flows_raw has."""

    def test_a_total_is_the_sum_of_the_flows(self):
        for unit, column in (("bits", "bytes_corrected"), ("packets", "packets_corrected"), ("flows", "flows")):
            total = self.series(unit=unit)["series"][-1]
            self.assertEqual("total", total["kind"])
            self.assertEqual(self.value(f"SELECT sum({column}) FROM flows_raw {self.where()}"), total["summary"]["sum"])
            plan = self.series(unit=unit)["plan"][0]
            scale = 8 if unit == "bits" else 1
            self.assertAlmostEqual(total["summary"]["sum"] * scale, sum(total["values"]) * plan["step"], delta=1 + total["summary"]["sum"] * scale * 1e-6)

    def test_shown_and_other_are_the_total_in_every_slot(self):
        for question in ({"by": ["proto"], "limit": 1}, {"by": ["src_as", "dst_as"], "limit": 3}, {"by": ["src_addr"], "limit": 5}, {"by": ["src_addr/24"]},
                         {"by": ["service_port"]}, {"by": ["sampler_address", "in_if"], "filter": "proto tcp"}, {"by": ["exporter_name"]},
                         {"by": ["type"]}, {"by": ["src_mac"]}, {"by": ["tcp_flags"], "both_ways": True}, {"by": ["src_port"], "before": "period", "filter": "bytes > 1k"}):
            for rank in ("mean", "max", "last", "p95"):
                with self.subTest(question=question, rank=rank):
                    lines = self.series(rank=rank, **question)["series"]
                    for direction, when in {(line["direction"], line["when"]) for line in lines}:
                        part = [line for line in lines if (line["direction"], line["when"]) == (direction, when)]
                        self.assertEqual(["other", "total"], [line["kind"] for line in part[-2:]])
                        *shown, total = part
                        for slot, value in enumerate(total["values"]):
                            if value is not None:
                                self.assertAlmostEqual(value, sum(line["values"][slot] for line in shown), delta=1 + value * 1e-6)

    def test_the_answer_is_the_same_from_every_table(self):
        """A condition that no rollup knows, but that is always true, is answered from flows_raw."""
        for by in (["proto"], ["src_as"], ["in_if", "out_if"], ["sampler_address"]):
            rollup, raw = self.series(by=by), self.series(by=by, filter="ip_ttl >= 0 and duration >= 0")
            self.assertNotEqual("flows_raw", rollup["plan"][0]["table"])
            self.assertEqual("flows_raw", raw["plan"][0]["table"])
            self.assertEqual([line["values"] for line in rollup["series"]], [line["values"] for line in raw["series"]])

    def test_filters_are_the_same_as_in_sql(self):
        for text in ("proto tcp", "src net 10.0.0.0/8 or dst port 443", "not port in [80, 443]", "bytes > 100k", "flags S and not flags AFRPU", "src_as = 65001"):
            run = daemon.run_once("query", "--url", self.store.url, "--format", "tsv", "--filter", text,
                                  f"SELECT sum(bytes_corrected) FROM flows_raw {self.where('{filter}')}")
            self.assertEqual(int(run.stdout.splitlines()[1]), self.series(filter=text)["series"][-1]["summary"]["sum"], text)

    def test_keys_are_first_by_what_they_are_ranked_by(self):
        """As the summary has it: over the slots that are finished, the last of which ends the range of the past."""
        for question in ({}, {"points": 50}, {"from": self.end - 60, "step": 60}, {"from": self.end - HOUR, "step": HOUR}):
            all_of_them = self.series(by=["sampler_address", "proto"], limit=50, **question)
            for rank in ("mean", "max", "last", "p95"):
                with self.subTest(question=question, rank=rank):
                    summaries = sorted(((line["summary"][rank], line["key"][0]["value"], line["key"][1]["value"]) for line in all_of_them["series"] if line["kind"] == "key"),
                                       key=lambda one: -one[0])
                    got = self.series(by=["sampler_address", "proto"], limit=3, rank=rank, **question)["series"]
                    shown = [line["summary"][rank] for line in got if line["kind"] == "key"]
                    self.assertGreater(len(summaries), 3)
                    self.assertEqual([value for value, *_ in summaries[:3]], shown)

    def test_a_table_is_the_sums_of_sql(self):
        got = self.web.stream("/api/v1/table", {**self.range, "by": ["src_as"], "order": "packets", "limit": 5})["row"]
        expected = self.store.query(f"SELECT src_as, sum(bytes_corrected), sum(packets_corrected) AS p, count() FROM flows_raw {self.where()} "
                                    "GROUP BY src_as ORDER BY p DESC, src_as LIMIT 5", database="sluice")
        self.assertEqual(expected, [[int(row["key"][0]["value"]), row["bytes"], row["packets"], row["flows"]] for row in got[:-2]])
        self.assertEqual(["other", "total"], [row["kind"] for row in got[-2:]])
        for what in ("bytes", "packets", "flows"):
            self.assertEqual(got[-1][what], sum(row[what] for row in got[:-1]))
        self.assertEqual(self.value(f"SELECT uniqExact(src_as) FROM flows_raw {self.where()}"), len(got) - 2 + got[-2]["keys"])

    def test_a_cells_filter_finds_what_the_cell_counts(self):
        for by in (["proto"], ["src_as"], ["service_port"], ["src_addr/24"], ["dst_addr"], ["exporter_name"], ["type"], ["tcp_flags"], ["src_mac"], ["etype"]):
            for row in self.web.stream("/api/v1/table", {**self.range, "by": by, "limit": 3})["row"]:
                if row["kind"] == "key":
                    only = self.web.stream("/api/v1/table", {**self.range, "filter": row["key"][0]["filter"]})["row"][-1]
                    self.assertEqual(row["flows"], only["flows"], row)

    def test_flows_page_by_page(self):
        question = {**self.range, "filter": "proto tcp", "limit": 997, "columns": ["time_received", "src_addr", "src_port", "bytes_sampled", "proto"]}
        for order in ("time", "bytes", "packets", "duration"):
            seen, cursor = [], None
            while True:
                got = self.web.stream("/api/v1/flows", {**question, "order": order, "cursor": cursor})
                seen += got["flow"]
                cursor = got["page"][0]["cursor"]
                if cursor is None:
                    break
            self.assertEqual(self.value(f"SELECT count() FROM flows_raw {self.where('proto = 6')}"), len(seen))
            self.assertEqual(len(seen), len({json.dumps(flow) for flow in seen}) + self.doubles(), order)
            self.assertEqual({"tcp"}, {flow[4] for flow in seen})

    def doubles(self):
        columns = "time_received, src_addr, src_port, bytes, proto"
        return self.value(f"SELECT count() - uniqExact({columns}) FROM flows_raw {self.where('proto = 6')}")

    def test_exports(self):
        for what, extra, rows in (("flows", {"columns": ["time_received", "src_addr", "bytes", "in_if_name"]}, f"count() FROM flows_raw {self.where()}"),
                                  ("table", {"by": ["src_addr"]}, f"uniqExact(src_addr) FROM flows_raw {self.where()}"),
                                  ("series", {"by": ["proto"], "points": 50}, None)):
            texts = {}
            for form in ("csv", "ndjson", "parquet"):
                link = self.web.json(f"/api/v1/export?format={form}", {**self.range, "what": what, **extra})
                status, headers, texts[form] = self.web.request(link["href"])
                self.assertEqual((200, f'attachment; filename="{link["file"]}"'), (status, headers["Content-Disposition"]), texts[form])
                self.assertEqual(404, self.web.request(link["href"])[0], "an export's link is good for once")
            table = list(csv.DictReader(io.StringIO(texts["csv"].decode())))
            self.assertEqual(b"PAR1", texts["parquet"][:4])
            self.assertEqual(len(table), len(texts["ndjson"].splitlines()))
            if rows:
                self.assertEqual(self.value(f"SELECT {rows}"), len(table))
            self.assertNotIn("::ffff:", texts["csv"].decode())
        few = self.web.json("/api/v1/export?format=csv", {**self.range, "what": "flows", "rows": 10})
        self.assertEqual(11, len(self.web.request(few["href"])[2].splitlines()))

    def test_the_same_question_is_answered_from_memory(self):
        self.assertFalse(self.series(by=["dst_as"], limit=7)["end"][0]["cached"])
        self.assertTrue(self.series(by=["dst_as"], limit=7)["end"][0]["cached"])
        self.assertFalse(self.series(by=["dst_as"], limit=7, fresh=True)["end"][0]["cached"])

    def test_gaps_are_told_apart_from_zeros(self):
        before = self.web.stream("/api/v1/series", {"from": self.begin - HOUR, "to": self.begin + HOUR, "filter": "proto tcp and src_as = 4199999999"})
        plan, total, honest = before["plan"][0], before["series"][-1], before["honest"][0]
        half = (self.begin - plan["from"]) // plan["step"]
        self.assertEqual({None}, set(total["values"][:half]))
        self.assertEqual({0}, set(total["values"][half:]) - {None})
        self.assertEqual([plan["from"], self.begin], honest["gaps"][0])

    def test_the_flows_are_of_all_the_time(self):
        self.assertEqual(HOURS * 60, self.value(f"SELECT uniqExact(toStartOfMinute(time_received)) FROM flows_raw {self.where()}"))

    def test_what_it_knows(self):
        meta = self.web.json("/api/v1/meta")
        self.assertTrue(meta["store"]["ok"])
        self.assertEqual(3, len(meta["exporters"]))
        raw = next(table for table in meta["tables"] if table["name"] == "flows_raw")
        self.assertEqual(self.value("SELECT count() FROM flows_raw"), raw["rows"])
        self.assertEqual(self.store.query("SELECT toUnixTimestamp(min(time_received)), toUnixTimestamp(max(time_received)) FROM flows_raw", database="sluice")[0],
                         [raw["oldest"], raw["newest"]])
        for field in meta["fields"]:
            if field["dimension"]:
                self.series(by=[field["name"]], limit=2)
            if field["column"]:
                self.web.stream("/api/v1/flows", {**self.range, "columns": [field["name"]], "limit": 2})


class Limits(Generated):
    """Whoever asks too much is stopped, and what nobody waits for any more is too."""

    def setUp(self):
        self.slow = {**self.range, "by": ["src_addr", "dst_addr"], "rank": "p95", "filter": "flows > 0", "points": 1500, "step": 1, "fresh": True}

    def endless(self, database):
        """A database whose flows_raw never ends, so that there is time to stop who reads it."""
        self.store.text(f"CREATE DATABASE IF NOT EXISTS {database}")
        self.store.text(f"CREATE OR REPLACE VIEW {database}.flows_raw AS SELECT r.*, r.bytes_corrected, r.packets_corrected, r.flows FROM sluice.flows_raw AS r, "
                        "numbers(100000000) AS n WHERE NOT ignore(sleepEachRow(0.0))")

    def running(self, seconds=0):
        """How many of the page's statements run since so long."""
        return self.store.value("SELECT count() FROM system.processes WHERE startsWith(Settings['log_comment'], 'web-') AND elapsed >= {s:Float64}", param_s=seconds)

    def test_time_and_memory(self):
        self.endless("slow")
        wide = {**self.range, "by": ["src_addr", "dst_addr", "src_port", "dst_port"], "limit": 10000}
        for database, query, code in (("sluice", {"memory": "16MB"}, "memory_limit"), ("slow", {"time": "1s"}, "time_limit")):
            with Web(os.path.join(self.directory, code), clickhouse={"url": self.store.url, "database": database}, query=query) as web:
                name, value = web.lines("/api/v1/table", wide)[-1]
                self.assertEqual(("error", code), (name, value.get("code")), value)
                waiting.until(lambda: self.running() == 0, "the statement ended")

    def test_a_costly_question_is_asked_back(self):
        with Web(os.path.join(self.directory, "costly"), self.store.url, query={"ask_above": 1000}) as web:
            question = {**self.range, "by": ["src_addr"]}
            refused = web.json("/api/v1/series", question, status=400)["error"]
            self.assertEqual("costly", refused["code"])
            self.assertGreater(refused["rows"], 1000)
            web.stream("/api/v1/series", {**question, "costly": True})

    def test_stopped_by_its_id_and_by_leaving(self):
        self.endless("endless")
        with Web(os.path.join(self.directory, "endless"), clickhouse={"url": self.store.url, "database": "endless"}, query={"time": "120s"}) as web:
            question = {**self.range, "filter": "ip_ttl >= 0", "id": "stop-me-please"}
            got = []
            asking = threading.Thread(target=lambda: got.extend(web.lines("/api/v1/series", question)))
            asking.start()
            waiting.until(lambda: self.running(1) > 0 or got, "the statement runs")
            self.assertEqual([], got)
            self.assertEqual(204, web.request("/api/v1/queries/stop-me-please", method="DELETE")[0])
            asking.join(30)
            self.assertEqual(("error", "cancelled"), (got[-1][0], got[-1][1].get("code")))
            self.assertIn("progress", [name for name, _ in got])
            waiting.until(lambda: self.running() == 0, "the statement ended")
            self.assertEqual(404, web.request("/api/v1/queries/stop-me-please", method="DELETE")[0])

            body = json.dumps({**question, "id": "gone-away"}).encode()
            with socket.create_connection(("127.0.0.1", web.port)) as browser:
                browser.sendall(b"POST /api/v1/series HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                waiting.until(lambda: self.running() > 0, "the statement runs")
            waiting.until(lambda: self.running() == 0, "the statement ended with its browser")

    def test_an_export_is_stopped_before_its_first_byte(self):
        """Who sorts all the flows has no row to send for long, and hears nothing of a browser that left unless it looks."""
        self.endless("unending")
        with Web(os.path.join(self.directory, "unending"), clickhouse={"url": self.store.url, "database": "unending"}, query={"time": "300s"}) as web:
            href = web.json("/api/v1/export?format=csv", {**self.range, "what": "flows"})["href"]
            with socket.create_connection(("127.0.0.1", web.port)) as browser:
                browser.sendall(f"GET {href} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                waiting.until(lambda: self.running(1) > 0, "the statement runs")
                browser.setblocking(False)
                self.assertRaises(BlockingIOError, browser.recv, 1)
            waiting.until(lambda: self.running() == 0, "the statement ended with its browser")

    def test_a_store_that_is_away(self):
        with Web(os.path.join(self.directory, "away"), "http://127.0.0.1:9") as web:
            self.assertFalse(web.json("/api/v1/meta")["store"]["ok"])
            self.assertEqual("store_away", web.lines("/api/v1/series", self.range)[-1][1]["code"])
            self.assertEqual("ok\n", web.request("/healthz")[2].decode())

    def test_what_is_wrong_is_told(self):
        for question, code, key in (({"what": 1}, None, None), ({"colour": 1}, "unknown_key", "colour"), ({"by": ["nothing"]}, "value", "by"), ({"by": ["bytes"]}, "value", "by"),
                                    ({"limit": 51}, "value", "limit"), ({"from": "yesteryear"}, "time", "from"), ({"from": "now", "to": "now-1h"}, "time", "to"),
                                    ({"filter": "prt 3"}, "filter", "filter"), ({"by": ["src_addr/33"]}, "value", "by"), ({"exporters": ["x"]}, "value", "exporters"),
                                    ({"from": 1000000000, "to": 1000003600}, "too_old", None), ({"id": "../x"}, "value", "id")):
            status, _, text = self.web.request("/api/v1/series", {**self.range, **question})
            if code:
                error = json.loads(text)["error"]
                self.assertEqual((400, code, key), (status, error["code"], error.get("key")), question)


class Security(Generated):
    """Requests that no page of ours sends are refused, and no value becomes SQL or markup."""

    def test_pages_of_others(self):
        for headers, code in (({"Origin": "http://evil.example"}, "origin"), ({"Origin": "null"}, "origin"), ({"Sec-Fetch-Site": "cross-site"}, "origin"),
                              ({"Sec-Fetch-Site": "same-site"}, "origin"), ({"Host": "evil.example"}, "host"), ({"Host": f"evil.example:{self.web.port}"}, "host"),
                              ({"Host": "127.0.0.1.evil.example"}, "host")):
            for path, body in (("/api/v1/series", self.range), ("/api/v1/meta", None), ("/api/v1/filter/check", {"text": ""})):
                status, _, text = self.web.request(path, body, headers=headers)
                self.assertEqual(({"origin": 403, "host": 421}[code], code), (status, json.loads(text)["error"]["code"]), (headers, path, text))
        own = {"Origin": self.web.url, "Sec-Fetch-Site": "same-origin"}
        self.assertEqual(200, self.web.request("/api/v1/filter/check", {"text": ""}, headers=own)[0])
        # A link from elsewhere shows the page, and has nothing else done.
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        self.assertEqual(200, self.web.request("/", headers=link)[0])
        self.assertEqual(403, self.web.request("/api/v1/meta", headers=link)[0])
        self.assertEqual(200, self.web.request("/healthz", headers={"Host": f"localhost:{self.web.port}"})[0])

    def test_forms_of_others(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            self.assertEqual(415, self.web.request("/api/v1/series", b'{"from":1}', headers={"Content-Type": kind})[0], kind)
        for path in ("/api/v1/series", "/api/v1/table", "/api/v1/flows", "/api/v1/plan", "/api/v1/export?format=csv"):
            self.assertEqual(405, self.web.request(path)[0], path)

    def test_the_page_is_in_no_frame_and_runs_nothing_of_others(self):
        for path in ("/", "/explore"):
            seen = set()
            for _ in range(3):
                status, headers, text = self.web.request(path)
                policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
                self.assertEqual((200, "'none'", "'none'", "'none'", "'none'"),
                                 (status, policy["default-src"], policy["frame-ancestors"], policy["base-uri"], policy["form-action"]))
                self.assertNotIn("unsafe", headers["Content-Security-Policy"])
                self.assertEqual(("DENY", "nosniff", "no-store"), (headers["X-Frame-Options"], headers["X-Content-Type-Options"], headers["Cache-Control"]))
                self.assertNotIn(b"{{nonce}}", text)
                seen.add(policy["script-src"])
            self.assertEqual(3, len(seen), "each answer has a nonce of its own")

    def test_no_way_out_of_the_pages_directory(self):
        directory = os.path.join(self.directory, "page")
        os.makedirs(os.path.join(directory, "assets"))
        for name, text in (("index.html", "<p nonce='{{nonce}}'>"), ("assets/a.js", "1"), ("secret", "x")):
            with open(os.path.join(directory, name), "w") as file:
                file.write(text)
        with Web(os.path.join(self.directory, "dev"), self.store.url, arguments=("--page", directory)) as web:
            self.assertEqual((200, b"1"), web.request("/assets/a.js")[::2])
            for path in ("/assets/../secret", "/assets/..%2fsecret", "/secret", "/assets/", "/assets/.hidden", "//secret", "/assets/%2e%2e/secret"):
                connection = http.client.HTTPConnection("127.0.0.1", web.port)
                connection.request("GET", path)
                self.assertEqual(404, connection.getresponse().status, path)

    def test_values_are_values(self):
        hostile = ("'; DROP TABLE flows_raw; --", "\\'", "{p0:String}", "%s", "\u2028", "<script>alert(1)</script>", "a\tb\nc", "\0", "' OR 1=1 --", "🙂" * 50)
        for text in hostile:
            for condition in (f'exporter_name = "{text}"', f'in_if_description like "%{text}%"', f'application_name in ["{text}", "x"]'):
                got = self.series(filter=condition + " and sampler_address != 198.51.100.1")  # which has such names
                self.assertEqual(0, got["series"][-1]["summary"]["flows"], condition)
                for statement in got["end"][0]["sql"]:
                    if len(text) > 3:
                        self.assertNotIn(text, statement["text"])
        self.assertGreater(self.value("SELECT count() FROM flows_raw"), 0)

    def test_names_from_exporters_come_as_they_are(self):
        hostile = "<img src=x onerror=alert(1)>\"'`{{}}"
        self.store.text("INSERT INTO sluice.flows_feed (bytes, packets, sampler_address, time_received_ns, exporter_name, in_if, in_if_name, in_if_description) VALUES "
                        "(1, 1, unhex('c6336401'), {t:UInt64}, {n:String}, 9, {n:String}, {n:String})", param_t=(self.begin + 5) * 10**9,
                        param_n=hostile.replace("\\", "\\\\"))
        row = self.web.stream("/api/v1/table", {**self.range, "by": ["exporter_name", "in_if_name"], "exporters": ["198.51.100.1"]})["row"][0]
        self.assertEqual([hostile, hostile], [cell["value"] for cell in row["key"]])
        status, headers, _ = self.web.request("/api/v1/table", {**self.range, "by": ["exporter_name"]})
        self.assertEqual((200, "application/x-ndjson", "nosniff"), (status, headers["Content-Type"], headers["X-Content-Type-Options"]))

    def test_only_reading(self):
        """Whatever is asked, what reaches the store reads only, has its limits, and has no value in its text."""
        seen = []

        class Between(http.server.BaseHTTPRequestHandler):
            def do_POST(inner):  # pylint: disable=no-self-argument
                body = inner.rfile.read(int(inner.headers["Content-Length"]))
                seen.append((dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(inner.path).query)), body.decode()))
                status, headers, answer = self.store.request(body, path=inner.path)
                inner.send_response(status)
                for name in ("X-ClickHouse-Exception-Code", "X-ClickHouse-Format", "X-ClickHouse-Summary"):
                    if headers.get(name):
                        inner.send_header(name, headers[name])
                inner.send_header("Content-Length", str(len(answer)))
                inner.end_headers()
                inner.wfile.write(answer)

            def log_message(inner, *_):  # pylint: disable=no-self-argument
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        with Web(os.path.join(self.directory, "between"), f"http://127.0.0.1:{server.server_address[1]}", query={"time": "17s", "memory": "1GB"}) as web:
            question = {**self.range, "filter": "exporter_name != \"marker\" and src net 203.0.113.0/24 or proto tcp"}
            web.json("/api/v1/meta")
            web.stream("/api/v1/series", {**question, "by": ["src_as", "src_addr"], "rank": "p95", "both_ways": True, "before": "day"})
            web.stream("/api/v1/table", {**question, "by": ["sampler_address", "in_if"]})
            web.stream("/api/v1/flows", question)
            web.request(web.json("/api/v1/export?format=csv", {**question, "what": "flows"})["href"])
        self.assertGreater(len(seen), 12)
        for parameters, statement in seen:
            self.assertEqual("1", parameters.get("readonly"), statement)
            self.assertTrue(statement.startswith("SELECT "), statement)
            self.assertNotIn("marker", statement)
            self.assertNotIn("203.0.113", statement)
            if "FROM system.processes" in statement:
                continue  # how far another is
            self.assertEqual(("17", str(2**30)), (parameters["max_execution_time"], parameters["max_memory_usage"]), statement)

    def test_a_token(self):
        token = os.path.join(self.directory, "token")
        with open(token, "w") as file:
            file.write("s3cret-token\n")
        refused = daemon.run_once("web", "--set", "web.listen=0.0.0.0:0")
        self.assertEqual(2, refused.returncode)
        self.assertIn("web.token_file", refused.stderr)
        with Web(os.path.join(self.directory, "token.d"), self.store.url, token_file=token) as web:
            self.assertEqual(401, web.request("/api/v1/meta")[0])
            self.assertEqual(401, web.request("/api/v1/meta", headers={"Authorization": "Bearer wrong"})[0])
            self.assertEqual(200, web.request("/api/v1/meta", headers={"Authorization": "Bearer s3cret-token"})[0])
            self.assertEqual(200, web.request("/")[0])
            self.assertEqual(401, web.request("/api/v1/login", {"token": "wrong"})[0])
            status, headers, _ = web.request("/api/v1/login", {"token": "s3cret-token"})
            self.assertEqual(204, status)
            cookie = headers["Set-Cookie"]
            self.assertIn("HttpOnly; SameSite=Strict", cookie)
            self.assertEqual(200, web.request("/api/v1/meta", headers={"Cookie": cookie.split(";")[0]})[0])
            self.assertEqual(401, web.request("/api/v1/meta", headers={"Cookie": "sluice_session=x"})[0])


class Honest(tables.StoreCase):
    """What stands beside the numbers."""

    def setUp(self):
        super().setUp()
        self.now = int(time.time())
        self.known = {"sampler_address": "unhex('c0000201')", "time_received_ns": (self.now - 600) * 10**9, "bytes": 1000, "packets": 10, "proto": 6, "sampling_rate": 30}
        self.unknown = {**self.known, "sampler_address": "unhex('c0000207')", "sampling_rate": 0, "bytes": 10000, "exporter_name": "'edge-7'"}

    def ask(self, web, path="/api/v1/series", **question):
        return web.stream(path, {"from": self.now - 1800, "to": "now", **question})

    def test_rates_that_nobody_knows(self):
        self.feed(self.known, self.unknown)
        with Web(os.path.join(self.directory, "web"), self.store.url) as web:
            for path in ("/api/v1/series", "/api/v1/table"):
                honest = self.ask(web, path)["honest"][0]
                self.assertAlmostEqual(0.25, honest["unknown_share"])
                self.assertIn("25.0 % of this is of exporters whose sampling rate is not known (edge-7)", honest["notes"][0]["text"])
            total = self.ask(web)["series"][-1]
            self.assertAlmostEqual(10000 * 8 / 60, max(filter(None, total["unknown"])), places=2)
            self.assertEqual(20, max(total["sampled"]), "packets as they were counted, of both")
            self.assertEqual(0, self.ask(web, exporters=["192.0.2.1"])["honest"][0]["unknown_share"])

    def test_sums_beyond_64_bits(self):
        """A forged flow of 2^63 bytes at a rate of 1000, and two of them that only together are beyond."""
        forged = {**self.known, "bytes": 2**63, "packets": 2**63, "sampling_rate": 1000, "proto": 17}
        half = {**self.known, "bytes": 2**63, "packets": 2**62, "sampling_rate": 1, "time_received_ns": (self.now - 900) * 10**9}
        self.feed(forged, {**half, "proto": 6}, {**half, "proto": 50})
        sums = {"udp": 2**63 * 1000, "tcp": 2**63, "esp": 2**63}
        with Web(os.path.join(self.directory, "web"), self.store.url) as web:
            for limit in (1, 2, 3):
                shown = list(sums.values())[:limit]
                want = [*shown, sum(sums.values()) - sum(shown), sum(sums.values())]
                for path in ("/api/v1/series", "/api/v1/table"):
                    got = self.ask(web, path, by=["proto"], limit=limit)
                    lines = [line["summary"] if "series" in path else line for line in got["series" if "series" in path else "row"]]
                    for line, expected in zip(lines, want, strict=True):
                        self.assertAlmostEqual(1, (1 + line["sum" if "series" in path else "bytes"]) / (1 + expected), places=9, msg=(path, limit, lines))
                        self.assertAlmostEqual(expected / want[-1], line["share"], places=9)
                    self.assertEqual(0, got["honest"][0]["unknown_share"])
            got = self.ask(web)
            for slot, rate in ((max, 2**63 * 1000 * 8 / 60), (min, 2**64 * 8 / 60)):
                self.assertAlmostEqual(1, slot(filter(None, got["series"][-1]["values"])) / rate, places=9)

    def test_what_is_not_over(self):
        self.feed(self.known, {**self.known, "time_received_ns": self.now * 10**9})
        with Web(os.path.join(self.directory, "web"), self.store.url) as web:
            got = self.ask(web)
            plan, total = got["plan"][0], got["series"][-1]
            self.assertEqual(plan["slots"], len(total["values"]))
            self.assertIn(total["summary"]["slots"], (plan["slots"] - 1, plan["slots"] - 2))
            self.assertIsNotNone(total["values"][-1], "what is not over is no gap")
            self.assertIsNone(total["values"][0])

    def test_a_rate_is_over_the_time_that_has_passed(self):
        """A table's range is rounded outward, by up to an hour for the coarsest tables: what is to come lowers no rate."""
        self.feed(self.known, {**self.unknown, "sampling_rate": 1})
        with Web(os.path.join(self.directory, "web"), self.store.url) as web:
            for question in ({"from": self.now - 1800}, {"from": self.now - 40 * 24 * HOUR, "by": ["src_as"]}, {"from": self.now - 4 * HOUR, "to": self.now - 300}):
                before = int(time.time())
                got = self.ask(web, "/api/v1/table", **question)
                plan, total = got["plan"][0], got["row"][-1]
                over = [min(plan["to"], at - 15) - plan["from"] for at in (before, time.time())]
                self.assertEqual((40000, 20), (total["bytes"], total["sampled"]))
                for rate, what in ((total["bps"], total["bytes"] * 8), (total["pps"], total["packets"])):
                    self.assertTrue(what / over[1] <= rate <= what / over[0], (plan, total, over))
                if "by" not in question:
                    self.assertAlmostEqual(1, self.ask(web, **question)["series"][-1]["summary"]["mean"] / total["bps"], delta=0.05)
            future = self.ask(web, "/api/v1/table", **{"from": "now-1s"})["row"][-1]
            self.assertEqual(0, future["bps"])

    def test_losses_of_the_collectors_ledgers(self):
        with daemon.Daemon(os.path.join(self.directory, "daemon"), {"sinks": {"out": {"type": "file", "path": os.path.join(self.directory, "out")}}}) as sluice:
            made = daemon.run_once("generate", "--protocol", "netflow9", "--to", f"127.0.0.1:{sluice.port}", "--exporters", 1, "--flows", 5000, "--rate", 2000, "--gap", 0.2)
            self.assertEqual(0, made.returncode, made.stderr)
            url = f"http://127.0.0.1:{sluice.api_port}"
            waiting.until(lambda: sluice.metrics().get("sluice_exporter_datagrams_total"), "the exporter is known")
            with Web(os.path.join(self.directory, "web"), self.store.url, collectors=[{"url": url}]) as web:
                notes = [note["text"] for note in self.ask(web)["honest"][0]["notes"]]
                self.assertEqual(1, len([text for text in notes if "did not arrive since the collector began" in text]), notes)
                self.assertEqual([{"url": url, "ok": True}], web.json("/api/v1/meta")["collectors"])
        with Web(os.path.join(self.directory, "web"), self.store.url, collectors=[{"url": url}]) as web:
            self.assertIn("what was lost is not known", self.ask(web)["honest"][0]["notes"][0]["text"])


class Filters(Case):
    """The filter bar's questions need no store."""

    def setUp(self):
        super().setUp()
        self.web = Web(self.path("web"), "http://127.0.0.1:9")
        self.addCleanup(self.web.kill)

    def test_check(self):
        got = self.web.json("/api/v1/filter/check", {"text": "exporter_name = \"Zürich 🙂\" and prt 3"})
        self.assertFalse(got["ok"])
        self.assertEqual((32, 35), (got["errors"][0]["from"], got["errors"][0]["to"]))
        good = self.web.json("/api/v1/filter/check", {"text": "src net 192.0.2.0/24 and proto tcp"})
        self.assertEqual(("src_addr in 192.0.2.0/24 and proto = tcp", "dst_addr in 192.0.2.0/24 and proto = tcp"), (good["canonical"], good["reverse"]))
        self.assertEqual(["word", "word", "address", "symbol", "number", "logic", "word", "name"], [token["class"] for token in good["tokens"]])
        self.assertEqual(("flows_1m", False), self.web.json("/api/v1/filter/check", {"text": "proto tcp"})["table"] and (
            self.web.json("/api/v1/filter/check", {"text": "proto tcp"})["table"], self.web.json("/api/v1/filter/check", {"text": "proto tcp"})["raw"]))

    def test_complete(self):
        def labels(text):
            return [item["label"] for item in self.web.json("/api/v1/filter/complete", {"text": text, "cursor": len(text)})["items"]]
        self.assertIn("src_as", labels("src_"))
        self.assertIn("tcp", labels("proto "))
        self.assertIn("tcp", labels("proto t"))
        self.assertNotIn("udp", labels("proto t"))
        self.assertIn("port", labels("src "))
        self.assertIn("and", labels("proto tcp "))
        self.assertIn("in", labels("src_as "))
        self.assertIn("netflow_v9", labels("type = "))
        self.assertIn("=", labels("not (src_as "))

    def test_a_hundred_checks_a_second(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port)
        self.addCleanup(connection.close)
        before = self.web.cpu()
        for _ in range(100):
            connection.request("POST", "/api/v1/filter/check", json.dumps({"text": "src net 192.0.2.0/24 and (port in [80, 443] or flags S)"}), {"Content-Type": "application/json"})
            self.assertTrue(json.loads(connection.getresponse().read())["ok"])
        taken = self.web.cpu() - before
        print(f"100 checks take {taken:.3f} s of CPU")
        self.assertLess(taken, 1, "a hundred checks a second, on one connection")

    def test_nfdumps_commands(self):
        got = self.web.json("/api/v1/filter/nfdump", {"command": "nfdump -R /data/2026 -t 2026/11/27.14:00:00-2026/11/27.15:00:00 -s srcip/bytes -n 20 'proto tcp and port 443'"})
        self.assertEqual({"by": ["src_addr"], "order": "bytes", "limit": 20, "filter": "proto tcp and port 443", "view": "table", "from": "2026-11-27 14:00:00",
                          "to": "2026-11-27 15:00:00"}, got["query"])
        self.assertEqual(2, len(got["warnings"]))
        listed = self.web.json("/api/v1/filter/nfdump", {"command": "nfdump -r f -o long -c50 -O bytes src net 10.0.0.0/8"})["query"]
        self.assertEqual(("flows", 50, "bytes", "src net 10.0.0.0/8"), (listed["view"], listed["limit"], listed["order"], listed["filter"]))
        grouped = self.web.json("/api/v1/filter/nfdump", {"command": "nfdump -A srcip4/24,dstport -O packets any"})["query"]
        self.assertEqual((["src_addr/24", "dst_port"], "packets"), (grouped["by"], grouped["order"]))
        back = self.web.json("/api/v1/filter/nfdump", {"query": {"by": ["src_addr"], "filter": "proto tcp", "from": 1795938000, "to": 1795941600}, "view": "table"})
        self.assertIn("-s srcip/bytes", back["command"])
        self.assertIn("'proto tcp'", back["command"])
        for command in ("nfdump 'proto", "nfdump -s ip/bytes", "nfdump -s nothing", "nfdump 'prt 3'", "nfdump -n x", "nfdump -t yesterday"):
            self.assertEqual("value", self.web.json("/api/v1/filter/nfdump", {"command": command}, status=400)["error"]["code"], command)


class Reach(tables.OneStore):
    """How far back the planner looks is how long the store keeps what it has, whatever an operator made of it."""

    def days(self, web):
        return {table["name"]: table["days"] for table in web.json("/api/v1/meta")["tables"]}

    def test_tables_reach_as_far_as_their_ttl(self):
        with Web(os.path.join(self.directory, "shipped"), self.store.url) as web:
            shipped = self.days(web)
            self.assertEqual((30, 90), (shipped["flows_raw"], shipped["flows_1m"]))
            old = {"from": "now-40d", "to": "now-39d", "filter": "ip_ttl > 3"}
            self.assertEqual("too_old", web.json("/api/v1/series", old, status=400)["error"]["code"])
        for table, change in (("flows_raw", "MODIFY TTL toDate(time_received) + INTERVAL 400 DAY"), ("flows_1m", "REMOVE TTL"),
                              ("flows_5m", "MODIFY TTL toDate(time) + INTERVAL 3 MONTH"), ("ases_5m", "MODIFY TTL toDate(time) + INTERVAL 2 DAY WHERE src_as = 6, toDate(time) + INTERVAL 2 WEEK")):
            self.store.text(f"ALTER TABLE sluice.{table} {change}")
        with Web(os.path.join(self.directory, "changed"), self.store.url) as web:
            self.assertEqual({**shipped, "flows_raw": 400, "flows_1m": None, "flows_5m": 90, "ases_5m": 14}, self.days(web))
            self.assertEqual("flows_raw", web.stream("/api/v1/series", old)["plan"][0]["table"])
            self.assertEqual("flows_1m", web.stream("/api/v1/series", {"from": "now-3290d", "to": "now-3289d", "points": 1500})["plan"][0]["table"])


class OnACluster(Case):
    """Tables of the name that is asked have no rows themselves; what it costs to ask them is known all the same."""

    def test_a_costly_question_is_asked_back(self):
        config = self.path("cluster.xml")
        with open(config, "w") as file:
            # The port is nobody's: shards that are the engine itself are asked without a connection.
            shard = "<shard><replica><host>127.0.0.1</host><port>29000</port></replica></shard>"
            file.write(f"<clickhouse><tcp_port>29000</tcp_port><remote_servers><c1>{shard}{shard}{shard}</c1></remote_servers></clickhouse>\n")
        with store.Store(self.path("store"), ["--engine-setting", f"config-file={config}"]) as engine:
            schema.apply(engine, "--brokers", NOBODY)
            engine.text("CREATE DATABASE shown")
            for name in engine.query("SELECT name FROM system.tables WHERE database = 'sluice' AND engine LIKE '%MergeTree'"):
                engine.text(f"CREATE TABLE shown.{name[0]} AS sluice.{name[0]} ENGINE = Distributed('c1', 'sluice', '{name[0]}')")
            engine.text("INSERT INTO sluice.flows_raw (time_received, bytes, packets, src_addr) SELECT now64(9) - number, 1, 1, "
                        "toIPv6(concat('::', toString(number % 100))) FROM numbers(3000)")
            engine.text("ALTER TABLE sluice.flows_raw MODIFY TTL toDate(time_received) + INTERVAL 7 DAY")
            with Web(self.path("web"), clickhouse={"url": engine.url, "database": "shown"}, query={"ask_above": 4000}) as web:
                raw = next(table for table in web.json("/api/v1/meta")["tables"] if table["name"] == "flows_raw")
                self.assertEqual((9000, 7), (raw["rows"], raw["days"]), "three shards of as many as are here")
                question = {"from": "now-1h", "by": ["src_addr"]}
                refused = web.json("/api/v1/series", question, status=400)["error"]
                self.assertEqual("costly", refused["code"], refused)
                web.stream("/api/v1/series", {**question, "costly": True})
                web.stream("/api/v1/series", {**question, "from": "now-10m"})


class Words(Case):
    """What the page knows of the API before it has asked is what the server says."""

    def test_the_page_and_the_server_have_the_same_words(self):
        node = skip_unless_program("node")
        if not os.path.isdir(os.path.join(paths.source(), "src/tools/web/page/node_modules/esbuild")):
            self.skipTest("the page's packages are not installed (deploy/install-deps.sh build)")
        page = json.loads(subprocess.run([node, os.path.join(paths.source(), "tests/web/words.mjs")], stdout=subprocess.PIPE, check=True, timeout=60).stdout)
        with Web(self.path("web"), "http://127.0.0.1:9") as web:
            meta = web.json("/api/v1/meta")
        self.assertEqual([(unit["name"], {"rate": unit["rate"], "sum": unit["sum"]}) for unit in meta["units"]], [(name, page["UNIT_WORDS"][name]) for name in page["UNITS"]])
        self.assertEqual(len(page["UNITS"]), len(page["UNIT_WORDS"]))
        self.assertEqual((meta["ranks"], meta["orders"]["table"], meta["orders"]["flows"]), (page["RANKS"], page["TABLE_ORDERS"], page["FLOW_ORDERS"]))
        self.assertEqual(sorted(meta["column_sets"]), sorted(page["COLUMN_SETS"]))
        self.assertEqual(meta["kinds"], page["KINDS"])
        self.assertLessEqual({field["kind"] for field in meta["fields"]}, set(meta["kinds"]))
        self.assertEqual({name: meta["limits"][name] for name in page["LIMITS"]}, page["LIMITS"])


if __name__ == "__main__":
    main()
