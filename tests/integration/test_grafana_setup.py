#!/usr/bin/python3
"""`sluice grafana setup` against a stub of Grafana's HTTP API, which keeps what it is given and looks at each request."""
import copy
import http.server
import json
import os
import re
import threading
import urllib.parse

from harness import certificates, daemon, grafana, udp
from harness.case import Case, main

TOKEN = "glsa_right"
PLUGIN = "grafana-clickhouse-datasource"


class Grafana:
    """Answers as Grafana does, as far as `sluice grafana setup` asks. `refuse` is {(method, path's begin): (status, message)}."""

    def __init__(self, plugin=True, path="", tls=None):
        self.plugin, self.path, self.refuse = plugin, path, {}
        self.sources, self.folders, self.dashboards, self.requests, self.problems = {}, [], {}, [], []
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = stub.take(self.command, self.path, self.headers, body)
                text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_port}{path}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def take(self, method, target, headers, body):
        url = urllib.parse.urlsplit(target)
        if not url.path.startswith(self.path):
            return 404, {"message": "Not found"}
        path = url.path.removeprefix(self.path)
        self.requests.append((method, path))
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        for (refused, begin), answer in self.refuse.items():
            if refused == method and path.startswith(begin):
                return answer[0], answer[1] if isinstance(answer[1], bytes) else {"message": answer[1]}
        data = None
        if method in ("POST", "PUT"):
            if headers.get("Content-Type") != "application/json":
                self.problems.append(f"{method} {path} without application/json")
            data = json.loads(body)
        elif body:
            self.problems.append(f"{method} {path} with a body")
        return self.route(method, path, urllib.parse.parse_qs(url.query), data)

    def route(self, method, path, query, data):
        plugin = re.fullmatch(r"/api/plugins/([\w-]+)/settings", path)
        if plugin and method == "GET" and plugin[1] in (PLUGIN, *grafana.OF_DATABASES.values()):
            return (200, {"id": plugin[1], "type": "datasource"}) if self.plugin else (404, {"message": "Plugin not found, no installed plugin with that id"})
        found = re.fullmatch(r"/api/datasources/uid/([\w-]+)", path)
        if found and method == "GET":
            source = self.sources.get(found[1])
            return (200, source) if source else (404, {"message": "Data source not found"})
        if found and method == "PUT" and found[1] in self.sources:
            self.sources[found[1]] = self.source(data, self.sources[found[1]]["id"])
            return 200, {"message": "Datasource updated"}
        if (method, path) == ("POST", "/api/datasources"):
            if data["uid"] in self.sources or any(one["name"] == data["name"] for one in self.sources.values()):
                return 409, {"message": "data source with the same name already exists"}
            self.sources[data["uid"]] = self.source(data, len(self.sources) + 1)
            return 200, {"message": "Datasource added"}
        if (method, path) == ("GET", "/api/folders"):
            if int(query["limit"][0]) < 1000:
                self.problems.append("folders are asked for by the page")
            return 200, self.folders
        if (method, path) == ("POST", "/api/folders"):
            self.folders.append({"id": len(self.folders) + 1, "uid": f"f{len(self.folders) + 1}", "title": data["title"]})
            return 200, self.folders[-1]
        found = re.fullmatch(r"/api/dashboards/uid/([\w-]+)", path)
        if found and method == "GET":
            dashboard = self.dashboards.get(found[1])
            return (200, dashboard) if dashboard else (404, {"message": "Dashboard not found"})
        if (method, path) == ("POST", "/api/dashboards/db"):
            return self.save(data)
        self.problems.append(f"{method} {path}: there is no such thing")
        return 404, {"message": "Not found"}

    def source(self, data, number):
        """What is shown of it: all but the secrets, and what Grafana adds."""
        kept = {key: value for key, value in data.items() if key != "secureJsonData"}
        self.secrets = {**getattr(self, "secrets", {}), data["uid"]: data.get("secureJsonData", {})}
        return {**kept, "id": number, "orgId": 1, "readOnly": False, "version": 1, "url": data.get("url", ""),
                "secureJsonFields": {name: True for name in data.get("secureJsonData", {})}}

    def save(self, data):
        model = data["dashboard"]
        if model.get("id") is not None:
            self.problems.append("a dashboard with a number of another Grafana")
        if data["overwrite"] is not True or data["folderUid"] not in [one["uid"] for one in self.folders]:
            self.problems.append(f"a dashboard into folder {data['folderUid']}, overwrite {data['overwrite']}")
        old = self.dashboards.get(model["uid"])
        version = old["dashboard"]["version"] + 1 if old else 1
        self.dashboards[model["uid"]] = {"meta": {"folderUid": data["folderUid"], "provisioned": False},
                                         "dashboard": {**copy.deepcopy(model), "id": len(self.dashboards) + 1, "version": version}}
        return 200, {"uid": model["uid"], "version": version, "status": "success"}


class Setup(Case):
    def start(self, **options):
        self.grafana = Grafana(**options)
        self.addCleanup(self.grafana.close)
        return self.grafana

    def run_setup(self, *arguments, status=0, url=None, token=("--token", TOKEN)):
        result = daemon.run_once("grafana", "setup", "--url", url or self.grafana.url, *token, *arguments)
        self.assertEqual(status, result.returncode, result.stdout + result.stderr)
        if hasattr(self, "grafana"):
            self.assertEqual([], self.grafana.problems)
        if status:
            self.assertRegex(result.stderr, r"\Asluice grafana: [^\n]+\n\Z")
            self.assertNotIn(TOKEN, result.stderr)
        else:
            self.assertEqual("", result.stderr)
        return result.stderr if status else dict(line.rsplit(": ", 1) for line in result.stdout.splitlines())

    def file(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def test_all_is_made_once(self):
        stub = self.start()
        self.assertEqual({"made"}, set(self.run_setup().values()))
        shipped = {one["uid"]: one for one in grafana.dashboards().values()}
        self.assertEqual(set(shipped), set(stub.dashboards))
        for uid, kept in stub.dashboards.items():
            ours = {key: value for key, value in shipped[uid].items() if key not in ("id", "version")}
            self.assertEqual(ours, {key: value for key, value in kept["dashboard"].items() if key not in ("id", "version")})
            self.assertEqual("f1", kept["meta"]["folderUid"])
        self.assertEqual(["Sluice"], [folder["title"] for folder in stub.folders])
        asked = {(one["datasource"]["uid"], one["datasource"]["type"]) for dashboard in shipped.values() for one in grafana.panels(dashboard)}
        self.assertEqual(asked, {(uid, source["type"]) for uid, source in stub.sources.items()})
        self.assertEqual({"host": "127.0.0.1", "port": 8123, "protocol": "http", "secure": False, "path": "", "username": "default",
                          "defaultDatabase": "sluice"}, stub.sources["sluice-clickhouse"]["jsonData"])
        self.assertEqual("http://127.0.0.1:9090", stub.sources["sluice-prometheus"]["url"])
        before = copy.deepcopy((stub.sources, stub.folders, stub.dashboards))
        stub.requests.clear()
        self.assertEqual({"unchanged"}, set(self.run_setup().values()))
        self.assertEqual(before, (stub.sources, stub.folders, stub.dashboards))
        self.assertEqual({"GET"}, {method for method, _ in stub.requests})

    def test_what_differs_is_brought_up_to_date(self):
        stub = self.start(path="/grafana")
        password = self.file("password", "secret\n")
        self.run_setup("--clickhouse-url", "https://db1.example.net", "--clickhouse-user", "grafana", "--clickhouse-password-file", password,
                       "--folder", "Network: flows")
        source = stub.sources["sluice-clickhouse"]
        self.assertEqual(("db1.example.net", 8443, True, "grafana"), tuple(source["jsonData"][key] for key in ("host", "port", "secure", "username")))
        self.assertEqual({"password": "secret"}, stub.secrets["sluice-clickhouse"])
        source["jsonData"]["queryTimeout"] = "30"  # an administrator's, and so are these
        source["isDefault"] = True
        behind = {"basicAuth": True, "basicAuthUser": "p", "withCredentials": True}
        stub.sources["sluice-prometheus"].update(behind)
        stub.dashboards["sluice-traffic"]["dashboard"]["title"] = "Mine now"
        told = self.run_setup("--clickhouse-url", "http://[2001:db8::1]:8124/ch", "--prometheus-url", "https://p.example.net/prom", "--folder", "Network: flows")
        self.assertEqual({"data source Sluice ClickHouse": "updated", "data source Sluice Prometheus": "updated", "folder Network: flows": "unchanged",
                          "dashboard Sluice: Traffic": "updated", "dashboard Sluice: Collector": "unchanged", "dashboard Sluice: Exporter": "unchanged",
                          "dashboard Sluice: Names": "unchanged"}, told)
        self.assertEqual({"host": "2001:db8::1", "port": 8124, "path": "/ch", "secure": False, "queryTimeout": "30", "username": "default",
                          "protocol": "http", "defaultDatabase": "sluice"}, stub.sources["sluice-clickhouse"]["jsonData"])
        self.assertEqual("https://p.example.net/prom", stub.sources["sluice-prometheus"]["url"])
        self.assertTrue(stub.sources["sluice-clickhouse"]["isDefault"])
        self.assertLessEqual(behind.items(), stub.sources["sluice-prometheus"].items())
        self.assertEqual("Sluice: Traffic", stub.dashboards["sluice-traffic"]["dashboard"]["title"])
        told = self.run_setup("--clickhouse-password-file", password)  # another folder: the dashboards move
        self.assertEqual(("updated", "made", "updated"), (told["data source Sluice ClickHouse"], told["folder Sluice"], told["dashboard Sluice: Traffic"]))
        self.assertEqual((2, 4), (len(stub.folders), len(stub.dashboards)))
        stub.sources["sluice-prometheus"].update(readOnly=True, url="http://other:9090")
        stub.dashboards["sluice-exporter"]["dashboard"]["title"] = "x"
        stub.refuse[("POST", "/api/dashboards/db")] = (400, "Cannot save provisioned dashboard")
        told = self.run_setup()
        self.assertEqual({"left alone, it is provisioned by a file"}, {told["data source Sluice Prometheus"], told["dashboard Sluice: Exporter"]})

    def test_another_database(self):
        """Its data source, its dashboard of traffic, and those that ask Prometheus alone."""
        password = self.file("password", "secret\n")
        for database, port, own in (("postgres", 5432, {"sslmode": "require", "postgresVersion": 1300}), ("mysql", 3306, {"timezone": "+00:00"})):
            with self.subTest(database=database):
                stub, uid = self.start(), f"sluice-{database}"
                told = self.run_setup("--database", database, "--database-server", "db1.example.net", "--database-password-file", password)
                self.assertEqual({"made"}, set(told.values()))
                self.assertEqual({"sluice-collector", f"sluice-traffic-{database}"}, set(stub.dashboards))
                asked = {(one["datasource"]["uid"], one["datasource"]["type"]) for kept in stub.dashboards.values()
                         for one in grafana.panels(kept["dashboard"])}
                self.assertEqual(asked, {(uid, source["type"]) for uid, source in stub.sources.items()})
                source = stub.sources[uid]
                self.assertEqual((f"db1.example.net:{port}", "grafana", {**own, "database": "sluice"}),
                                 tuple(source[key] for key in ("url", "user", "jsonData")))
                self.assertEqual({"password": "secret"}, stub.secrets[uid])
                told = self.run_setup("--database", database, "--database-server", "[2001:db8::1]:7777", "--database-name", "net", "--database-user", "reader",
                                      *(("--database-tls", "verify-full") if database == "postgres" else ()))
                self.assertEqual({f"data source Sluice {source['name'].split()[1]}": "updated"},
                                 {thing: fate for thing, fate in told.items() if fate != "unchanged"})
                source = stub.sources[uid]
                self.assertEqual(("[2001:db8::1]:7777", "reader", "net"), (source["url"], source["user"], source["jsonData"]["database"]))
                stub.plugin = False
                self.assertRegex(self.run_setup("--database", database, status=1), f"lacks the data source plugin {source['type']}, which comes with Grafana")

    def test_own_dashboards(self):
        stub = self.start()
        os.mkdir(self.path("own"))
        self.file("own/a.json", json.dumps({"uid": "own-1", "title": "Own", "id": 77, "version": 5, "panels": []}))
        self.file("own/readme.txt", "nothing")
        token = self.file("token", f"{TOKEN}\n")
        told = self.run_setup("--dashboards", self.path("own"), token=("--token-file", token))
        self.assertEqual("made", told["dashboard Own"])
        self.assertEqual(["own-1"], list(stub.dashboards))
        self.file("own/b.json", '{"title": "no uid"}')
        self.assertIn("b.json is no dashboard", self.run_setup("--dashboards", self.path("own"), status=1))

    def test_refusals(self):
        stub = self.start()
        self.assertRegex(self.run_setup(status=1, token=("--token", "wrong")), "does not know the token.*role Admin")
        for method, path, status, message, expected in (
                ("POST", "/api/datasources", 403, "Permissions needed: datasources:create", r"may not do this: data source Sluice ClickHouse; .*role Admin.*datasources:create"),
                ("POST", "/api/datasources", 409, "data source with the same name already exists", "another data source by the name Sluice ClickHouse"),
                ("GET", "/api/folders", 500, "database is locked\x1b[2J", r"folder Sluice: Grafana answers with status 500 .*database is locked \[2J\)"),
                ("GET", "/api/plugins", 404, b"<html>nothing</html>", r"is no Grafana: it has no /api/plugins"),
                ("GET", "/api/plugins", 200, b"<html>hello</html>", "is no Grafana"),
                ("GET", "/api/datasources", 200, b"[1]", "is no Grafana"),
                ("GET", "/api/folders", 200, b'[{"title": "Sluice", "uid": 7}]', "is no Grafana"),
                ("POST", "/api/dashboards/db", 422, "bad", "dashboard Sluice: Traffic: Grafana answers with status 422")):
            with self.subTest(refused=(method, path, status)):
                stub.refuse = {(method, path): (status, message)}
                self.assertRegex(self.run_setup(status=1), expected)
        stub.refuse, stub.plugin = {}, False
        self.assertRegex(self.run_setup(status=1), rf"lacks the data source plugin {PLUGIN}; install it with `grafana cli plugins install {PLUGIN}`")

    def test_by_https(self):
        authority = certificates.Authority(self.path("ca"))
        self.start(tls=authority.server())
        self.assertEqual({"made"}, set(self.run_setup("--ca-file", authority.file).values()))
        self.assertEqual({"unchanged"}, set(self.run_setup("--ca-file", authority.file).values()))

    def test_nobody_is_there(self):
        port = udp.free_ports(1, kind=1)[0]
        self.assertRegex(self.run_setup(status=1, url=f"http://127.0.0.1:{port}"), rf"nothing answers at http://127\.0\.0\.1:{port} \(Connection refused\)")

    def test_the_command_line(self):
        url = "http://127.0.0.1:1"
        for expected, token, arguments in (
                ("--token or --token-file is missing", (), ()),
                ("exclude each other", ("--token", "a", "--token-file", "b"), ()),
                ("token-file.*cannot be read", ("--token-file", self.path("none")), ()),
                ("token has blanks", ("--token", "a b"), ()),
                ("--ca-file: .*cannot be read", ("--token", "a"), ("--url", "https://grafana.example.net", "--ca-file", self.path("none"))),
                ("there is --token-file", ("--token", "a"), ("--url", "http://me:secret@grafana")),
                ("--clickhouse-user and --clickhouse-password-file", ("--token", "a"), ("--clickhouse-url", "http://me:secret@db")),
                ("--clickhouse-url: .*has no port", ("--token", "a"), ("--clickhouse-url", "http://db:port")),
                ("--prometheus-url: \"prometheus:9090\"", ("--token", "a"), ("--prometheus-url", "prometheus:9090")),
                ("--dashboards: .*cannot be read", ("--token", "a"), ("--dashboards", self.path("none"))),
                ("holds no .json file", ("--token", "a"), ("--dashboards", self.directory)),
                ("--folder is empty", ("--token", "a"), ("--folder", "")),
                ("--database: ", ("--token", "a"), ("--database", "oracle")),
                ("--database-server is for --database postgres or mysql", ("--token", "a"), ("--database-server", "db")),
                ("--clickhouse-url is for --database clickhouse", ("--token", "a"), ("--database", "mysql", "--clickhouse-url", "http://db")),
                ("--database-tls is for --database postgres", ("--token", "a"), ("--database", "mysql", "--database-tls", "require")),
                ("--database-tls: ", ("--token", "a"), ("--database", "postgres", "--database-tls", "prefer")),
                ("--database-server: .*is no HOST:PORT", ("--token", "a"), ("--database", "postgres", "--database-server", "db:port"))):
            with self.subTest(arguments=(token, arguments)):
                given = () if "--url" in arguments else ("--url", url)
                result = daemon.run_once("grafana", "setup", *given, *token, *arguments)
                self.assertEqual((2, ""), (result.returncode, result.stdout), result.stderr)
                self.assertRegex(result.stderr, rf"\Asluice grafana: [^\n]*{expected}")
                self.assertNotIn("secret", result.stderr)
        self.assertEqual(2, daemon.run_once("grafana").returncode)


if __name__ == "__main__":
    main()
