#!/usr/bin/python3
"""The commands that take a URL, against a server that speaks TLS with a certificate of the test's own authority."""
import http.server
import json
import threading

from harness import certificates, daemon, udp
from harness.case import Case, main

ANSWERS = {"/readyz": b"ready\n", "/api/v1/exporters": b'{"known":0,"refused":0,"expired":0,"exporters":[],"sinks":[]}\n'}


class Handler(http.server.BaseHTTPRequestHandler):
    """A collector's listeners and, for POST, a ClickHouse that has one answer."""

    def log_message(self, *_):
        pass

    def answer(self, body, *headers):
        self.send_response(200)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(ANSWERS[self.path])

    def do_POST(self):
        sql = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(sql)
        self.answer(b"26.1.1.1\t0\n" if "version()" in sql else b"42\n", ("X-ClickHouse-Format", "TabSeparated"))


class Https(Case):
    def setUp(self):
        super().setUp()
        self.authority = certificates.Authority(self.path("ca"))

    def server(self, context):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.asked = []
        if context:
            # The handshake is the thread's of a connection: one that fails must not end the server.
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            server.handle_error = lambda *_: None
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return server, f"127.0.0.1:{server.server_port}"

    def commands(self, url):
        return {"query": ("query", "--url", url, "--format", "tsv", "SELECT 1"), "health": ("health", "--url", url),
                "exporters": ("exporters", "--url", url, "--json")}

    def refused(self, expected, url, *arguments):
        for name, command in self.commands(url).items():
            with self.subTest(command=name):
                result = daemon.run_once(*command, *arguments)
                self.assertEqual((1, ""), (result.returncode, result.stdout), result.stderr)
                self.assertRegex(result.stderr, rf"\Asluice {name}: [^\n]*{expected}[^\n]*\n\Z")

    def test_the_right_authority(self):
        server, where = self.server(self.authority.server())
        expected = {"query": "42\n", "health": "ready\n", "exporters": ANSWERS["/api/v1/exporters"].decode()}
        for name, command in self.commands("https://" + where).items():
            with self.subTest(command=name):
                result = daemon.run_once(*command, "--ca-file", self.authority.file)
                self.assertEqual((0, expected[name], ""), (result.returncode, result.stdout, result.stderr))
        self.assertEqual(["SELECT 1"], server.asked)

    def test_doctor(self):
        server, where = self.server(self.authority.server())
        config = self.path("sluice.yaml")
        metrics = udp.free_ports(1, kind=1)[0]
        with open(config, "w") as file:
            json.dump({"listeners": [{"address": "127.0.0.1", "port": udp.free_ports(1)[0]}],
                       "metrics": {"listen": f"127.0.0.1:{metrics}"}, "sinks": {"out": {"type": "stdout"}}}, file)
        examine = ("doctor", "-c", config, "--watch", 0, "--json", "--clickhouse", "https://" + where)
        for arguments, expected in ((("--ca-file", self.authority.file), f"ClickHouse 26.1.1.1 answers at https://{where}."),
                                    ((), f"the certificate of https://{where} is signed by nobody who is trusted here")):
            found = json.loads(daemon.run_once(*examine, *arguments).stdout)["checks"]
            said = [one["sentence"] for one in found if one["check"] == "ClickHouse"]
            self.assertEqual(1, len(said), found)
            self.assertTrue(said[0].startswith(expected), said)
        self.assertTrue(server.asked)

    def test_others_are_not_believed(self):
        _, where = self.server(self.authority.server())
        self.refused(r"the certificate of https://.* is signed by nobody who is trusted here \(.*\); --ca-file names a file", "https://" + where)
        other = certificates.Authority(self.path("other"))
        self.refused("is signed by nobody who is trusted here", "https://" + where, "--ca-file", other.file)
        _, where = self.server(self.authority.server("DNS:elsewhere.example"))
        self.refused("is made out to another name than 127.0.0.1", "https://" + where, "--ca-file", self.authority.file)

    def test_plain_and_tls_mixed_up(self):
        _, plain = self.server(None)
        self.refused(rf"what answers at https://{plain} does not speak TLS \(.*\); is it http://\?", "https://" + plain)


if __name__ == "__main__":
    main()
