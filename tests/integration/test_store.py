"""`sluice store` with the real engine: ClickHouse's HTTP interface by curl and by the official clients, several at
once, Kafka meanwhile, endings and new beginnings, and what goes wrong."""
import concurrent.futures
import gzip
import json
import os
import shutil
import signal
import subprocess
import time
import unittest
import zlib

from harness import case, clients, daemon, kafka, waiting
from harness.store import QueryError, Store, engine

TABLE = "CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n"


class StoreCase(case.Case):
    def setUp(self):
        super().setUp()
        engine()  # skips where there is none

    def store(self, name="store", **options):
        store = Store(self.path(name), **options)
        self.addCleanup(store.kill)
        return store

    def assert_error(self, store, sql, status, code, text, **parameters):
        with self.assertRaises(QueryError) as caught:
            store.text(sql, **parameters)
        error = caught.exception
        self.assertEqual((error.status, error.code), (status, code), error.text)
        self.assertIn(text, error.text)
        self.assertTrue(error.text.startswith(f"Code: {code}. DB::Exception: "), error.text)


class Curl(StoreCase):
    """As an operator does it by hand."""

    def setUp(self):
        super().setUp()
        self.curl_program = case.skip_unless_program("curl")
        self.running = self.store()

    def curl(self, *arguments, parameters="", data=None):
        """(status, text)"""
        result = subprocess.run([self.curl_program, "-sS", "-w", "\n%{http_code}", f"{self.running.url}/{parameters}",
                                 *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                timeout=waiting.DEADLINE, check=True)
        body, _, status = result.stdout.rpartition(b"\n")
        return int(status), body.decode()

    def test_statements(self):
        self.assertEqual(self.curl(parameters="ping"), (200, "Ok.\n"))
        self.assertEqual(self.curl(parameters="?query=SELECT%201%2B1"), (200, "2\n"))
        self.assertEqual(self.curl("-d", TABLE), (200, ""))
        self.assertEqual(self.curl("--data-binary", "@-", parameters="?query=INSERT+INTO+t+FORMAT+CSV",
                                   data=b'1,"a,b"\n2,"c\n\nd"\n'), (200, ""))
        self.assertEqual(self.curl("-d", "INSERT INTO t VALUES (3, 'x;y')"), (200, ""))
        self.assertEqual(self.curl("-d", "SELECT n, length(s) FROM t ORDER BY n FORMAT CSV"), (200, "1,3\n2,4\n3,3\n"))
        self.assertEqual(self.curl("-d", "SELECT sum(n) AS n FROM t", parameters="?default_format=JSONEachRow"),
                         (200, '{"n":6}\n'))
        self.assertEqual(self.curl("-d", "SELECT getSetting('max_threads')", parameters="?max_threads=3"), (200, "3\n"))
        self.assertEqual(self.curl("-d", "SELECT {x:String}", parameters="?param_x=it%27s"), (200, "it\\'s\n"))
        self.assertEqual(self.curl("-d", "SELECT name FROM tables WHERE name = 'one'", parameters="?database=system"),
                         (200, "one\n"))
        self.assertEqual(self.curl("--compressed", "-d", "SELECT count() FROM t",
                                   parameters="?enable_http_compression=1"), (200, "3\n"))

    def test_kinds_of_insert(self):
        store = self.running
        store.text(TABLE)
        store.text("INSERT INTO t (n, s) VALUES (1, {s:String}), (1 + 1, 'x')", param_s="it's")
        store.text("INSERT INTO t SELECT number, 'selected' FROM numbers(10, 2)")
        store.text("WITH source AS (SELECT 20 AS n) INSERT INTO t SELECT n, 'with' FROM source")
        store.text('INSERT INTO t FORMAT JSONEachRow {"n":30,"s":"a"} {"n":31,"s":"b"}')
        store.text("INSERT INTO t SETTINGS max_insert_block_size = 1 FORMAT CSV\n40,a\n41,b\n")
        store.text("50,a\n", query="INSERT INTO t FORMAT CSV", async_insert=1, wait_for_async_insert=1)
        store.text("", query="INSERT INTO t FORMAT CSV")
        self.assertEqual([n for n, _ in store.query("SELECT * FROM t ORDER BY n")], [1, 2, 10, 11, 20, 30, 31, 40, 41, 50])
        self.assertEqual(store.value("SELECT s FROM t WHERE n = 1"), "it's")

    def test_errors(self):
        for sql, parameters, status, text in [
                ("SELEC 1", "", 400, "Code: 62. DB::Exception: Syntax error"),
                ("SELECT 1; SELECT 2", "", 400, "Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed)"),
                ("", "", 400, "Code: 62. DB::Exception: Syntax error"),
                ("SELECT * FROM nope", "", 404, "Code: 60. DB::Exception: Unknown table expression identifier 'nope'"),
                ("INSERT INTO nope FORMAT CSV\n1", "", 404, "Code: 60. DB::Exception: Table default.nope does not exist"),
                ("SELECT 1", "?database=nope", 404, "Code: 81. DB::Exception: Database nope does not exist"),
                ("SELECT 1", "?nope=1", 404, "Code: 115. DB::Exception: Unknown setting 'nope'"),
                ("SELECT 1 FORMAT Nope", "", 404, "Code: 73. DB::Exception: Unknown format Nope"),
                ("SELECT {x:UInt8}", "", 500, "Code: 456. DB::Exception: Substitution `x` is not set"),
                ("SELECT throwIf(1)", "", 500, "Code: 395. DB::Exception: "),
                ("SELECT sleepEachRow(1) FROM numbers(100) SETTINGS max_execution_time = 0.2, max_block_size = 1", "", 408,
                 "Code: 159. DB::Exception: Timeout exceeded"),
                ("SELECT 1 INTO OUTFILE 'x'", "", 500, "Code: 358. DB::Exception: INTO OUTFILE is not allowed")]:
            with self.subTest(sql):
                got, answer = self.curl("-d", sql, parameters=parameters)
                self.assertEqual(got, status, answer)
                self.assertTrue(answer.startswith(text), answer)
                self.assertRegex(answer, r"\([A-Z_]+\) \(version [0-9.]+\)\n$")
        self.assertEqual(os.listdir(self.running.files), [])

    def test_get_changes_nothing(self):
        self.running.text(TABLE)
        for sql in ["DROP TABLE t", "INSERT INTO t VALUES (1, 'x')", "SET readonly = 0"]:
            status, answer = self.curl("-G", "--data-urlencode", f"query={sql}")
            self.assertEqual(status, 500, sql)
            self.assertTrue(answer.startswith("Code: 164. DB::Exception: "), answer)
        self.assertEqual(self.running.value("SELECT count() FROM t"), 0)

    def test_settings_end_with_their_request(self):
        before = self.running.text("SELECT getSetting('max_block_size')")
        self.assertEqual(self.running.text("SELECT getSetting('max_block_size')", max_block_size=77), "77\n")
        self.running.text("SET max_block_size = 88")
        for _ in range(20):
            self.assertEqual(self.running.text("SELECT getSetting('max_block_size')"), before)

    def test_sessions(self):
        store = self.running
        before = store.text("SELECT getSetting('max_block_size')")
        store.text("SET max_threads = 3", session_id="s")
        store.text("CREATE TEMPORARY TABLE mine (n Int8)", session_id="s")
        store.text("INSERT INTO mine VALUES (7)", session_id="s")
        self.assertEqual(store.text("SELECT n, getSetting('max_threads'), getSetting('max_block_size'), currentDatabase()"
                                    " FROM mine", session_id="s", max_block_size=9, database="system"), "7\t3\t9\tsystem\n")
        self.assertEqual(store.text("SELECT getSetting('max_threads'), getSetting('max_block_size'), currentDatabase()",
                                    session_id="s", max_threads=1), f"1\t{before.strip()}\tdefault\n")
        self.assertEqual(store.text("SELECT getSetting('max_threads')", session_id="s"), "3\n")
        self.assert_error(store, "SELECT * FROM mine", 404, 60, "mine")
        self.assert_error(store, "SELECT 1", 500, 372, "Session t not found", session_id="t", session_check=1)

    def test_large_answers(self):
        rows = 3_000_000
        for form in ["TabSeparated", "JSONEachRow", "JSON", "Native"]:
            with self.subTest(form):
                answer = self.running.request(f"SELECT number AS n FROM numbers({rows}) FORMAT {form}")[2]
                if form == "TabSeparated":
                    self.assertEqual(answer, b"".join(b"%d\n" % n for n in range(rows)))
                elif form == "JSONEachRow":
                    self.assertEqual((answer.count(b"\n"), answer[-14:]), (rows, b'{"n":2999999}\n'))
                elif form == "JSON":
                    self.assertEqual(json.loads(answer)["rows"], rows)
                else:
                    self.assertGreater(len(answer), 8 * rows)

    def test_a_header_comes_once(self):
        """Whether the answer is one block of the engine's or many."""
        for form in ["TSVWithNames", "TabSeparatedWithNamesAndTypes", "TSVRawWithNames", "CSVWithNames", "CSVWithNamesAndTypes",
                     "JSONCompactEachRowWithNames", "JSONCompactStringsEachRowWithNamesAndTypes", "RowBinaryWithNames",
                     "RowBinaryWithNamesAndTypes", "CustomSeparatedWithNames"]:
            with self.subTest(form):
                answer = self.running.request(f"SELECT number AS the_name FROM numbers(200000) FORMAT {form}")[2]
                self.assertEqual(answer.count(b"the_name"), 1)


class Clients(StoreCase):
    """The official ones, with their defaults."""

    def run_client(self, command):
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_python(self):
        command = clients.python_program()
        store = self.store()
        got = self.run_client([*command, "127.0.0.1", str(store.port)])
        self.assertEqual(got["version"], store.text("SELECT version()").strip())
        for compression in ["lz4", "zstd", "gzip", "None"]:
            self.assertEqual(got[f"written {compression}"], 1000, compression)
        self.assertEqual(got["rows"], [[4000, sum(k * 1000 + i for k in range(4) for i in range(1000)), 1000, 1]])
        self.assertEqual(got["parameters"], [["row 0"], ["row 1"]])
        self.assertEqual((got["command"], got["many"]), (7, 500000))
        self.assertIn("Code: 60", got["unknown table"])
        self.assertIn("Code: 62", got["syntax"])
        self.assertIn("too late", got["late"])
        self.assertEqual([list(map(str, row)) for row in got["session"]], [["5", "1"]])

    def test_node(self):
        command, packages = clients.node_program()
        store = self.store()
        got = self.run_client([*command, store.url, packages])
        self.assertIs(got["ping"], True)
        self.assertEqual([str(value) for value in got["rows"]["data"][0].values()], ["2000", str(sum(range(2000)))])
        self.assertEqual(got["parameters"], [["row 0"], ["row 1"]])
        self.assertEqual((got["all"], got["streamed"]), (100000, 1000000))
        self.assertEqual(got["error"], {"code": "60", "type": "UNKNOWN_TABLE"})
        self.assertEqual(got["refused"], {"code": "516", "type": "AUTHENTICATION_FAILED"})

    def test_java(self):
        command = clients.java_program(self.path("classes"))
        store = self.store()
        result = subprocess.run([*command, store.url.removeprefix("http:")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        got = dict(line.split("=", 1) for line in result.stdout.splitlines())
        self.assertEqual(got["version"], store.text("SELECT version()").strip())
        self.assertEqual(got["tables"], "[java]")
        self.assertEqual(got["columns"], "[n, name]")
        self.assertEqual(got["parameters"], "[row 0, row 1]")
        self.assertEqual(got["many"], "500000")
        for rows, options in ((2000, "decompress true"), (3000, "compress false"),
                              (4000, "decompress true client.use_http_compression true")):
            self.assertEqual(got[f"rows {options}"], str(rows))
        self.assertEqual(got["sum"], str(sum(range(4000))))
        self.assertRegex(got["unknown table"], "^60 .*nope")
        self.assertRegex(got["syntax"], "^62 ")
        self.assertNotEqual(got["late"], "no error")
        self.assertRegex(got["refused"], "^516 ")


class Parallel(StoreCase):
    def test_sixteen_at_once(self):
        store = self.store()
        store.text(TABLE)

        def one(number):
            if number % 4 == 0:
                store.text(f"INSERT INTO t SELECT number, 'x' FROM numbers({number * 1000}, 1000)")
            rows = store.query(f"SELECT number, {number} FROM numbers(1000)")
            self.assertEqual(rows, [[n, number] for n in range(1000)])
            self.assertEqual(store.text("SELECT getSetting('max_block_size')", max_block_size=1000 + number),
                             f"{1000 + number}\n")
            return number

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual(sorted(pool.map(one, range(160))), list(range(160)))
        self.assertEqual(store.query("SELECT count(), uniqExact(n) FROM t"), [[40000, 40000]])

    def test_a_slow_one_holds_up_nobody(self):
        store = self.store()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            slow = pool.submit(store.text, "SELECT sleep(2)")
            began = time.monotonic()
            while not slow.done():
                self.assertEqual(store.text("SELECT 1"), "1\n")
                if time.monotonic() - began > 1.5:
                    break
            self.assertEqual(slow.result(), "0\n")


class Bodies(StoreCase):
    """Each Content-Encoding, with text and with bytes that no text has."""

    def test_every_encoding(self):
        store = self.store()
        store.text(TABLE)
        text = b"".join(b"%d\trow %d\n" % (n, n) for n in range(50000))
        # RowBinary with an empty line within, which the engine would take for the end of data in a statement's text.
        binary = b"".join(n.to_bytes(8, "little") + b"\x04\n\n;\0" for n in range(50000, 60000))
        expected = 0
        for coding, encode in self.encoders():
            with self.subTest(coding):
                headers = {"Content-Encoding": coding} if coding else {}
                for form, data, rows in [("TSV", text, 50000), ("RowBinary", binary, 10000)]:
                    body = encode(data)
                    status, head, answer = store.request(body, headers=headers, query=f"INSERT INTO t FORMAT {form}")
                    self.assertEqual(status, 200, answer)
                    self.assertEqual(json.loads(head["X-ClickHouse-Summary"])["written_rows"], str(rows))
                    expected += rows
                if coding:
                    status, _, answer = store.request(body[:-5], headers=headers, query="INSERT INTO t FORMAT RowBinary")
                    self.assertEqual((status, answer[:10]), (400, b"Code: 117."), answer)
                    expected = store.value("SELECT count() FROM t")  # blocks that were whole may have been kept
        self.assertEqual(store.value("SELECT count() FROM t"), expected)
        self.assertEqual(store.value("SELECT sum(n) FROM t WHERE n < 50000") % sum(range(50000)), 0)

    def encoders(self):
        yield "", lambda data: data
        yield "gzip", gzip.compress
        yield "deflate", zlib.compress
        for coding, program in [("zstd", ["zstd", "-q"]), ("lz4", ["lz4", "-q"]), ("br", ["brotli", "-q", "3"])]:
            if shutil.which(program[0]):
                yield coding, lambda data, command=program: subprocess.run([*command, "-c"], input=data, check=True,
                                                                           stdout=subprocess.PIPE).stdout

    def test_unknown_encoding(self):
        store = self.store()
        store.text(TABLE)
        status, headers, answer = store.request(b"x", headers={"Content-Encoding": "xz"}, query="INSERT INTO t FORMAT TSV")
        self.assertEqual(status, 415)
        self.assertIn(b"'xz' is not known here", answer)
        self.assertIn("zstd", headers["Accept-Encoding"])


class Endings(StoreCase):
    """A store that ends, in order or not, and the next one in the same directory."""

    def fill(self, store):
        store.text(TABLE)
        store.text("INSERT INTO t SELECT number, toString(number) FROM numbers(100000)")
        store.text("CREATE FUNCTION IF NOT EXISTS twice AS x -> 2 * x")

    def check(self, store):
        self.assertEqual(store.query("SELECT count(), sum(n), twice(21) FROM t"), [[100000, sum(range(100000)), 42]])

    def test_clean(self):
        store = self.store()
        self.fill(store)
        began = time.monotonic()
        self.assertEqual(store.stop(), 0)
        self.assertLess(time.monotonic() - began, 10)
        store.start()
        self.check(store)

    def test_killed(self):
        store = self.store()
        self.fill(store)
        for _ in range(3):
            store.kill()
            store.start()
            self.check(store)

    def test_statements_that_run_are_cancelled(self):
        store = self.store()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(store.request, "SELECT count() FROM numbers(1000000000000000) WHERE NOT ignore(number)")
            store.wait_for("SELECT count() FROM system.processes WHERE query LIKE '%ignore%'", lambda n: n >= 2)
            self.assertEqual(store.stop(deadline=30), 0)
            try:
                status, _, answer = running.result()
                self.assertEqual((status, answer[:10]), (500, b"Code: 394."), answer)
            except OSError:
                pass  # or its connection ended

    def test_one_statement_can_be_cancelled(self):
        store = self.store()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(store.request, "SELECT count() FROM numbers(1000000000000000) WHERE NOT ignore(number)",
                                  log_comment="mine")
            store.wait_for("SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'mine'", 1)
            store.text("KILL QUERY WHERE Settings['log_comment'] = 'mine'")
            status, _, answer = running.result()
            self.assertEqual((status, answer[:10]), (500, b"Code: 394."), answer)

    def test_started_while_the_last_is_going(self):
        """One that was killed may take a moment: the next waits for it, on the same port too."""
        store = self.store()
        store.text("CREATE TABLE kept (x UInt8) ENGINE = MergeTree ORDER BY x")
        last = store.process
        last.send_signal(signal.SIGSTOP)
        try:
            store.start(wait=False)
            self.addCleanup(store.kill)
            waiting.until(lambda: "waiting up to 10 s" in store.log(), "the second store waits")
        finally:
            last.kill()
        store.wait_ready()
        last.wait()
        self.assertEqual(store.text("SELECT count() FROM kept"), "0\n")

    def test_one_process_at_a_time(self):
        store = self.store()
        second = daemon.run_once("store", "--path", store.directory, "--engine", engine(), "--http", "127.0.0.1:0")
        self.assertEqual(second.returncode, 1)
        held = f"sluice store: {store.directory} is in use by another sluice store (process {store.process.pid}); "
        self.assertEqual(second.stderr, held + "waiting up to 10 s for it to end\n" + held + "a data directory is opened by one process at a time\n")
        self.assertEqual(store.text("SELECT 1"), "1\n")


class Mistakes(StoreCase):
    """One clear sentence each."""

    def refused(self, *arguments, status=2, **options):
        result = daemon.run_once("store", *arguments, **options)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        return result.stderr

    def test_no_engine(self):
        environment = {**os.environ, "XDG_CACHE_HOME": self.path("nothing")}
        for arguments in [(), ("--engine", self.path("nope.so"))]:
            text = self.refused("--path", self.path("s"), "--http", "127.0.0.1:0", *arguments, env=environment)
            self.assertIn("the ClickHouse engine cannot be loaded", text)
            self.assertIn("`deploy/local/engine.sh fetch`", text)

    def test_engine_of_the_cache(self):
        with Store(self.path("s"), named=False) as store:
            self.assertEqual(1, store.value("SELECT 1"))

    def test_not_an_engine(self):
        text = self.refused("--path", self.path("s"), "--http", "127.0.0.1:0", "--engine", "/lib/x86_64-linux-gnu/libm.so.6")
        self.assertIn("lacks the function chdb_connect", text)

    def test_command_line(self):
        self.assertIn("--path is missing", self.refused())
        self.assertIn('"nonsense" is no address with a port', self.refused("--path", self.path("s"), "--http", "nonsense"))
        self.assertIn("0.0.0.0 is not loopback, so a password is needed: --password-file FILE",
                      self.refused("--path", self.path("s"), "--http", "0.0.0.0:0"))
        self.assertIn("there is no password in the first line of",
                      self.refused("--path", self.path("s"), "--password-file", self.path("nope")))

    def test_settings_without_effect(self):
        """One clear sentence each, whatever it is that they are settings of; those that are taken are seen in effect."""
        for setting, why in (("throw_on_max_partitions_per_insert_block=0", "is a setting of statements"), ("max_threads=2", "is a setting of statements"),
                             ("max_suspicious_broken_parts=5", "is a setting of tables"), ("no_such_setting=1", "has no effect"),
                             ("merge_tree.parts_to_throw_insert=5", "has no effect"), ("max_concurrent_queries=5", "has no effect"),
                             ("max_server_memory_usage", "is not NAME=VALUE"), ("=4", "is not NAME=VALUE"), ("", "is not NAME=VALUE")):
            with self.subTest(setting=setting):
                result = daemon.run_once("store", "--path", self.path("other"), "--engine", engine(), "--http", "127.0.0.1:0", "--engine-setting", setting)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(why, result.stderr)
                self.assertRegex(result.stderr, r"\Asluice store: --engine-setting: [^\n]*\n\Z")
        store = self.store(arguments=["--engine-setting", "max_server_memory_usage=4000000000", "--engine-setting", "mark_cache_size=1000000",
                                      "--engine-setting", "max_server_memory_usage_to_ram_ratio=0.7", "--engine-setting", "background_pool_size=4",
                                      "--engine-setting", "kafka.session_timeout_ms=7000"])
        self.assertEqual(store.query("SELECT name, value FROM system.server_settings WHERE name IN ('max_server_memory_usage', 'mark_cache_size') ORDER BY name"),
                         [["mark_cache_size", "1000000"], ["max_server_memory_usage", "4000000000"]])

    def test_settings_of_its_own(self):
        """What stands in engine.xml is in effect for statements, also where the path is not plain."""
        store = self.store("a <b> & c")
        self.assertEqual(store.query("SELECT value FROM system.settings WHERE name = 'throw_on_max_partitions_per_insert_block'"), [["0"]])
        self.assert_error(store, "CREATE NAMED COLLECTION some AS a = 1", 403, 497, "CREATE NAMED COLLECTION")
        outside = self.store("outside", arguments=["--allow-external"])
        outside.text("CREATE NAMED COLLECTION some AS a = 1")  # a right that the user of an engine without a file has

    def test_port_taken(self):
        store = self.store()
        text = self.refused("--path", self.path("other"), "--engine", engine(), "--http", f"127.0.0.1:{store.port}", status=1)
        self.assertEqual(text, f"sluice store: cannot listen on 127.0.0.1:{store.port}: Address already in use; --http "
                               "takes another address or port\n")

    def test_password(self):
        with open(self.path("password"), "w") as file:
            file.write("sécret\n")
        store = self.store(arguments=["--user", "ops", "--password-file", self.path("password")])
        self.assertEqual(store.request(method="GET", path="/ping")[2], b"Ok.\n")
        self.assertEqual(store.text("SELECT 1", user="ops", password="sécret"), "1\n")
        self.assert_error(store, "SELECT 1", 403, 516, "ops: Authentication failed", user="ops", password="wrong")
        self.assert_error(store, "SELECT 1", 403, 516, "default: Authentication failed", user="default")
        self.assert_error(store, "SELECT 1", 401, 194, "a user and a password are wanted")

    def test_relative_paths(self):
        """They are where the command was given, though the store works elsewhere."""
        os.symlink(engine(), self.path("engine.so"))
        log = self.path("log")
        with open(log, "wb") as file:
            process = subprocess.Popen([daemon.binary(), "store", "--path", "data dir", "--engine", "engine.so", "--http",
                                        "127.0.0.1:0"], cwd=self.directory, stdin=subprocess.DEVNULL, stderr=file)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        def ready():
            with open(log) as file:
                return "ready on" in file.read() or process.poll() is not None
        waiting.until(ready, "the store is ready")
        self.assertIsNone(process.poll())
        self.assertTrue(os.path.isdir(self.path("data dir/data")))

    def test_files_of_the_directory(self):
        store = self.store()
        with open(os.path.join(store.files, "names.csv"), "w") as file:
            file.write("1,one\n2,two\n")
        store.text("CREATE DICTIONARY names (n UInt64, name String) PRIMARY KEY n SOURCE(FILE(path 'names.csv' format 'CSV'))"
                   " LAYOUT(FLAT()) LIFETIME(0)")
        self.assertEqual(store.value("SELECT dictGet('names', 'name', 2)"), "two")


class DiskFull(StoreCase):
    def test_an_error_and_no_damage(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small file system")
        mount = self.path("small")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", mount], check=False,
                          stderr=subprocess.PIPE).returncode != 0:
            self.skipTest("a file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        store = self.store("small/store")
        store.text(TABLE)
        store.text("INSERT INTO t SELECT number, '' FROM numbers(1000)")
        with self.assertRaises(QueryError) as caught:
            for _ in range(20):
                store.text("INSERT INTO t SELECT number, randomString(1000) FROM numbers(10000)")
        self.assertEqual(caught.exception.status, 500)
        self.assertRegex(caught.exception.text, r"^Code: \d+\. DB::Exception: .*([Nn]o space|[Nn]ot enough space|Cannot reserve)")
        self.assertEqual(store.value("SELECT count() % 10000 FROM t"), 1000)
        store.text("TRUNCATE TABLE t SYNC")
        store.text("INSERT INTO t SELECT number, randomString(1000) FROM numbers(1000)")
        self.assertEqual(store.value("SELECT count() FROM t"), 1000)


class Kafka(StoreCase):
    """Consumption goes on while requests are answered, and goes on where it was after an end of either kind."""

    def setUp(self):
        super().setUp()
        self.broker = kafka.shared()
        self.kcat = case.skip_unless_program("kcat")
        self.topic = kafka.new_topic("store")
        self.sent = 0

    def produce(self, count):
        lines = "".join(f"{n}\n" for n in range(self.sent, self.sent + count))
        subprocess.run([self.kcat, "-P", "-b", self.broker.address, "-t", self.topic], input=lines.encode(),
                       timeout=waiting.DEADLINE, check=True)
        self.sent += count

    def make_tables(self, store):
        store.text("CREATE TABLE queue (n UInt64) ENGINE = Kafka SETTINGS kafka_broker_list = "
                   f"'{self.broker.address}', kafka_topic_list = '{self.topic}', kafka_group_name = '{self.topic}', "
                   "kafka_format = 'TSV', kafka_flush_interval_ms = 200, kafka_poll_timeout_ms = 50, "
                   "kafka_consumer_reschedule_ms = 20")
        store.text("CREATE TABLE numbers (n UInt64) ENGINE = MergeTree ORDER BY n")
        store.text("CREATE MATERIALIZED VIEW fill TO numbers AS SELECT n FROM queue")

    def wait_for_all(self, store):
        store.wait_for("SELECT uniqExact(n) FROM numbers", self.sent)

    def test_meanwhile_and_afterwards(self):
        self.produce(1000)
        store = self.store()
        self.make_tables(store)
        self.wait_for_all(store)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(store.text, "SELECT sum(number) FROM numbers(1000000)") for _ in range(40)]
            self.produce(100000)
            self.assertEqual({each.result() for each in asked}, {"499999500000\n"})
        self.wait_for_all(store)
        self.assertEqual(store.stop(), 0)
        self.produce(1000)
        store.start()
        began = time.monotonic()
        self.wait_for_all(store)
        # Without its static member id it would wait for its own former self: six seconds and more.
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(store.query("SELECT count(), sum(n) FROM numbers"), [[self.sent, sum(range(self.sent))]])
        store.kill()
        self.produce(1000)
        store.start()
        self.wait_for_all(store)
        self.assertEqual(store.value("SELECT max(n) FROM numbers"), self.sent - 1)


if __name__ == "__main__":
    case.main()
