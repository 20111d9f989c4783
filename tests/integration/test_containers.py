#!/usr/bin/python3
"""The container image and the compose stack: first as files, then for real, from a Debian that is made here to rows that
a real exporter's flows became."""
import contextlib
import glob
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import yaml

import test_pipeline
from harness import capture, ccache, daemon, docker, exporters, flows, netns, paths, postgres, store, udp, waiting
from harness.case import Case, main, skip_unless_program

COMPOSE = os.path.join(paths.source(), "deploy/compose")
CONTAINERS = os.path.join(paths.source(), "tests/integration/containers")
STACK = os.path.join(COMPOSE, "docker-compose.yml")
SHORT = os.path.join(COMPOSE, "postgres/docker-compose.yml")
STACKS = (STACK, SHORT)
OVERRIDES = sorted(set(glob.glob(os.path.join(COMPOSE, "docker-compose.*.yml"))) - {STACK})
DOCUMENT = os.path.join(paths.source(), "docs/containers.md")
DASHBOARDS = os.path.join(paths.source(), "docs/dashboards.md")
PAGE = os.path.join(paths.source(), "docs/web.md")
DOCKERFILE = "deploy/docker/Dockerfile"
SCHEMA = "/usr/lib/python3/dist-packages/compose/config/compose_spec.json"
# Grafana is in no registry of packages; its files have tests of their own.
SERVICES = ("kafka", "topic", "clickhouse", "schema", "sluice", "web", "prometheus", "mock-netflow", "mock-ipfix", "mock-sflow")
HOST, EXPORTER = "198.51.100.1", "198.51.100.2"


def read(path):
    with open(path) as file:
        return file.read()


def variables(text):
    """{name: default} of ${NAME:-default}; the default is None where there is none."""
    text = text.replace("$$", "")
    found = {}
    for name, default in re.findall(r"\$\{([A-Z_]+)(?::-((?:[^{}])*))?\}", text):
        found[name] = default or found.get(name)
    return found


class Files(Case):
    """What can be said of the files without an engine."""

    def test_the_schema_takes_the_compose_files(self):
        try:
            import jsonschema
            specification = json.loads(read(SCHEMA))
        except (ImportError, FileNotFoundError) as error:
            self.skipTest(f"{error} (deploy/install-deps.sh test brings it)")
        for path in (*STACKS, *OVERRIDES, os.path.join(CONTAINERS, "docker-compose.yml")):
            with self.subTest(path=os.path.relpath(path, COMPOSE)):
                jsonschema.Draft7Validator(specification).validate(yaml.safe_load(read(path)))

    def test_docker_compose_takes_them(self):
        program = skip_unless_program("docker-compose")
        self.assertTrue(OVERRIDES)
        for files in ([STACK], [SHORT], *([STACK, override] for override in OVERRIDES)):
            arguments = [word for file in files for word in ("-f", file)]
            for profile in ("mock", "collect"):
                with self.subTest(files=files, profile=profile):
                    result = subprocess.run([program, *arguments, "--profile", profile, "config", "--quiet"],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                            text=True, timeout=waiting.DEADLINE, check=False)
                    # A variable without a value is only a warning there.
                    self.assertEqual((0, ""), (result.returncode, result.stdout))

    def test_everything_mounted_is_there(self):
        for stack in STACKS:
            folder, described = os.path.dirname(stack), yaml.safe_load(read(stack))
            for name, service in described["services"].items():
                for volume in service.get("volumes", []):
                    source, target = volume.split(":")[:2]
                    with self.subTest(stack=stack, service=name, source=source):
                        self.assertTrue(target.startswith("/"))
                        if source.startswith("."):
                            self.assertTrue(os.path.exists(os.path.join(folder, source)))
                            self.assertTrue(volume.endswith(":ro"), "the tree is not written to")
                        else:
                            self.assertIn(source, described["volumes"])
                build = service.get("build")
                if build:
                    context = os.path.join(folder, build["context"])
                    self.assertTrue(os.path.samefile(context, paths.source()))
                    self.assertTrue(os.path.exists(os.path.join(context, build["dockerfile"])))

    def test_what_the_image_is_built_from_is_in_the_context(self):
        kept = {line[1:] for line in read(os.path.join(paths.source(), ".dockerignore")).splitlines() if line.startswith("!")}
        for line in read(os.path.join(paths.source(), DOCKERFILE)).splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    with self.subTest(source=source):
                        self.assertTrue(os.path.exists(os.path.join(paths.source(), source)))
                        self.assertTrue(source == "." or source.split("/")[0] in kept)
        for path in kept:
            self.assertTrue(os.path.exists(os.path.join(paths.source(), path)), path)

    def test_images_are_pinned_and_alike(self):
        images = {}
        for service in (service for stack in STACKS for service in yaml.safe_load(read(stack))["services"].values()):
            name, _, tag = service["image"].partition(":")
            images.setdefault(name, set()).add(tag)
        for name, tags in images.items():
            with self.subTest(image=name):
                self.assertEqual(1, len(tags))
                if name != "sluice":  # PostgreSQL's versions have two numbers
                    self.assertRegex(min(tags), r"^\d+\.\d+$" if name == "postgres" else r"^v?\d+\.\d+\.\d+")
        # The same Kafka that deploy/local/kafka.sh runs, and so all tests.
        self.assertIn(f"<version>{min(images['apache/kafka'])}</version>",
                      read(os.path.join(paths.source(), "deploy/local/kafka/pom.xml")))

    def test_every_variable_has_a_default_and_is_explained(self):
        table = dict(re.findall(r"^\| `([A-Z_]+)` \| `([^`]*)` \|", read(DOCUMENT), re.MULTILINE))
        found = {}
        for path in (*STACKS, *OVERRIDES, os.path.join(COMPOSE, "postgres/sluice.yaml")):
            for name, default in variables(read(path)).items():
                self.assertIsNotNone(default, f"{name} in {os.path.basename(path)} has no default")
                self.assertEqual(default, found.setdefault(name, default), f"{name} has one default")
        self.assertEqual(found, table)


    def test_grafana_of_the_short_stack_has_the_data_sources_that_its_dashboards_name(self):
        folder, grafana = os.path.dirname(SHORT), yaml.safe_load(read(SHORT))["services"]["grafana"]
        provisioned = {(one["uid"], one["type"]) for one in yaml.safe_load(read(os.path.join(folder, "datasources/sluice.yaml")))["datasources"]}
        mounted = [os.path.join(folder, volume.split(":")[0]) for volume in grafana["volumes"] if volume.split(":")[0].endswith(".json")]
        self.assertEqual(2, len(mounted))
        used = {(panel["datasource"]["uid"], panel["datasource"]["type"]) for path in mounted for panel in json.loads(read(path))["panels"]
                if "datasource" in panel}
        self.assertEqual(provisioned, used)
        with open(os.path.join(paths.source(), "deploy/grafana/provisioning/dashboards/sluice.yaml")) as file:
            [provider] = yaml.safe_load(file)["providers"]
        self.assertEqual({provider["options"]["path"]}, {os.path.dirname(volume.split(":")[1]) for volume in grafana["volumes"] if ".json:" in volume})


class ShortStack(Case):
    """What the stack with PostgreSQL does to its server, with a real one: users, tables, what is kept."""

    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o711)
        self.server = postgres.Postgres(self.path("server"))
        self.addCleanup(self.server.kill)
        self.run_script("users.sh", PGUSER=postgres.ADMIN, SLUICE_POSTGRES_PASSWORD="it's", GRAFANA_POSTGRES_PASSWORD='g"r')
        tables = daemon.run_once("schema", "postgres", "-c", os.path.join(COMPOSE, "postgres/sluice.yaml"))
        self.assertEqual((0, ""), (tables.returncode, tables.stderr))
        self.server.run(tables.stdout, user="sluice")

    def run_script(self, name, *arguments, **environment):
        result = subprocess.run([os.path.join(COMPOSE, "postgres", name), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=waiting.DEADLINE, check=False,
                                env={**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.server.port), **environment})
        self.assertEqual((0, ""), (result.returncode, result.stdout))

    def day(self, days):
        return f"(now() AT TIME ZONE 'UTC')::date + {days}"

    def make_day(self, days):
        self.server.run(f"""DO $$ BEGIN EXECUTE format('CREATE TABLE flows_%s PARTITION OF flows FOR VALUES FROM (%L) TO (%L)',
            to_char({self.day(days)}, 'YYYYMMDD'), ({self.day(days)})::text || ' 00:00+00', ({self.day(days + 1)})::text || ' 00:00+00'); END $$;
            INSERT INTO flows (time_received, bytes) VALUES (({self.day(days)})::timestamp AT TIME ZONE 'UTC' + interval '1 hour', {100 + days})""", user="sluice")

    def test_the_collector_takes_its_configuration(self):
        checked = daemon.run_once("check", "-c", os.path.join(COMPOSE, "postgres/sluice.yaml"), "--set", "state.file=", "--set", "metrics.listen=127.0.0.1:0",
                                  "--set", "sinks.postgres.spool.path=", "--set", "listeners=[{address: 127.0.0.1, port: 0}]")
        self.assertEqual(0, checked.returncode, checked.stderr)

    def test_old_days_are_dropped_and_no_others(self):
        for days in (-5, -4, -3, -2, 0):
            self.make_day(days)
        self.server.run("INSERT INTO flows (time_received, bytes) VALUES ('1999-01-01', 1), (now() + interval '3 days', 2);"
                        "CREATE TABLE flows_20000101 (kept int); CREATE TABLE others PARTITION OF flows FOR VALUES FROM ('2001-01-01') TO ('2001-01-02')",
                        user="sluice")
        self.run_script("keeper.sh", "once", PGUSER="sluice", PGDATABASE="sluice", POSTGRES_RETENTION_DAYS="3")
        self.assertEqual([[2], [97], [98], [100]], self.server.query("SELECT bytes FROM flows ORDER BY bytes"))
        self.assertEqual("2", self.server.value("SELECT count(*) FROM pg_class WHERE relname IN ('flows_20000101', 'others')"))

    def test_grafana_may_read_and_nothing_else(self):
        self.make_day(0)  # made later than the rights
        self.assertEqual("100", self.server.value("SELECT bytes FROM flows", user="grafana"))
        for sql in ("DELETE FROM flows", "DROP TABLE flows", "CREATE TABLE x (y int)", "SELECT pg_read_file('/etc/passwd')"):
            for free in ("", "SET default_transaction_read_only = off; "):
                with self.subTest(sql=free + sql), self.assertRaisesRegex(postgres.PostgresError, "permission denied|must be owner|read-only transaction"):
                    self.server.run(free + sql, user="grafana")


class Reader(Case):
    """The users that Grafana and the page ask as may do what deploy/compose/clickhouse/users.xml lets them, in a real engine."""

    def ask(self, statements, *arguments):
        result = subprocess.run([sys.executable, os.path.join(paths.source(), "tests/integration/harness/embedded.py"),
                                 store.engine(), *statements, "--", f"--path={self.path('data')}", *arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                timeout=120, check=False)
        self.assertEqual(0, result.returncode, result.stderr)
        return dict(zip(statements, json.loads(result.stdout)))

    def configuration(self, name):
        """The engine's own user, which is `default` and has no password, in the place of that of the file."""
        users = xml.etree.ElementTree.parse(os.path.join(COMPOSE, "clickhouse/users.xml"))
        self.assertEqual({"grafana", "sluice_web"}, {user.tag for user in users.findall("users/*")})
        for other in users.findall("users/*"):
            if other.tag != name:
                users.find("users").remove(other)
        [user] = users.findall("users/*")
        user.tag = "default"
        user.find("password").attrib.clear()
        for section, name in (("profiles", "default"), ("quotas", "default")):
            if users.find(section) is None:
                xml.etree.ElementTree.SubElement(users.getroot(), section)
            xml.etree.ElementTree.SubElement(users.find(section), name)
        users.write(self.path("users.xml"))
        with open(self.path("config.xml"), "w") as file:
            file.write(f"<clickhouse><users_config>{self.path('users.xml')}</users_config></clickhouse>")
        return f"--config-file={self.path('config.xml')}"

    def make(self):
        with open(self.path("secret"), "w") as file:
            file.write("of the server")
        made = self.ask((
            "CREATE DATABASE sluice", "CREATE DATABASE other",
            "CREATE TABLE sluice.flows (k UInt64, v String) ENGINE = MergeTree ORDER BY k",
            "INSERT INTO sluice.flows VALUES (1, 'a')",
            "CREATE TABLE other.t ENGINE = MergeTree ORDER BY k AS SELECT * FROM sluice.flows",
            "CREATE VIEW sluice.flows_seen AS SELECT * FROM sluice.flows",
            "CREATE DICTIONARY sluice.names (k UInt64, v String) PRIMARY KEY k "
            "SOURCE(CLICKHOUSE(TABLE 'flows' DB 'sluice')) LAYOUT(FLAT()) LIFETIME(0)",
            "CREATE FUNCTION sluice_next AS x -> x + 1"))
        self.assertEqual({""}, {error for _, error in made.values()}, made)

    def refused(self):
        return ("SELECT * FROM other.t",
                f"SELECT * FROM file('{self.path('secret')}', LineAsString)",
                # Nobody is there, which an attempt would not learn at once.
                "SELECT * FROM url('http://127.0.0.1:1/', LineAsString) SETTINGS http_max_tries = 1",
                "SELECT * FROM remote('127.0.0.1:1', system.one)",
                "INSERT INTO sluice.flows VALUES (2, 'b')",
                "DROP TABLE sluice.flows")

    def check(self, name, allowed, refused):
        answers = self.ask((*allowed, *refused), self.configuration(name))
        self.assertEqual({statement: [rows, ""] for statement, rows in allowed.items()},
                         {statement: answers[statement] for statement in allowed})
        for statement in refused:
            self.assertRegex(answers[statement][1], "ACCESS_DENIED", statement)

    def test_grafana_reads_the_flows_and_nothing_else(self):
        self.make()
        allowed = {
            "SELECT sluice_next(k), dictGetOrDefault('sluice.names', 'v', k, '') FROM sluice.flows_seen": "2\ta\n",
            "SELECT count() FROM sluice.flows SETTINGS max_threads = 1": "1\n",
            # What an editor of queries lists.
            "SHOW DATABASES": "sluice\n",
            "SHOW TABLES FROM sluice": "flows\nflows_seen\nnames\n",
            "SELECT name FROM system.columns WHERE database = 'sluice' AND table = 'flows'": "k\nv\n",
            "SELECT 1": "1\n"}
        self.check("grafana", allowed, self.refused())

    def test_the_page_reads_the_flows_and_what_they_cost(self):
        self.make()
        limits = "SETTINGS readonly = 1, max_execution_time = 30, max_memory_usage = 2000000000"
        allowed = {
            f"SELECT sluice_next(k), dictGetOrDefault('sluice.names', 'v', k, '') FROM sluice.flows_seen {limits}": "2\ta\n",
            f"SELECT table, sum(rows) FROM system.parts WHERE active AND database = 'sluice' GROUP BY table {limits}": "flows\t1\n",
            f"SELECT name, engine_full != '' FROM system.tables WHERE database = 'sluice' AND engine = 'MergeTree' {limits}": "flows\t1\n",
            f"SELECT count() > 0 FROM system.processes {limits}": "1\n",
            "KILL QUERY WHERE query_id = 'nobody' ASYNC": ""}
        self.check("sluice_web", allowed, (*self.refused(), "SELECT count() FROM system.users"))

    def test_has_the_rights_that_the_document_gives(self):
        users = xml.etree.ElementTree.parse(os.path.join(COMPOSE, "clickhouse/users.xml"))
        for name, document in (("grafana", DASHBOARDS), ("sluice_web", PAGE)):
            granted = [query.text + f" TO {name}" for query in users.findall(f"users/{name}/grants/query")]
            self.assertEqual(re.findall(rf"^(GRANT .* TO {name});?$", read(document), re.MULTILINE), granted)


class Stack(Case):
    """The image built and the stack run by a Docker engine, with what containers/docker-compose.yml puts in the place of
    images from a registry."""

    def setUp(self):
        super().setUp()
        self.engine_directory = self.path("docker")
        self.began = time.monotonic()
        engine, jars = store.engine(), self.jars()
        java, prometheus = os.path.realpath(skip_unless_program("java")), skip_unless_program("prometheus")
        java = os.path.dirname(os.path.dirname(java))
        # Debian has Java's settings in /etc, and links to them; other builds of Java have them with the rest.
        settings = os.path.realpath(os.path.join(java, "conf/security/java.security"))
        settings = os.path.dirname(os.path.dirname(settings)) if settings.startswith("/etc/") else os.path.join(java, "conf")
        self.environment = {"TEST_ENGINE": engine, "TEST_KAFKA_JARS": jars, "TEST_CONTAINERS": CONTAINERS,
                            "TEST_JAVA": java, "TEST_JAVA_SETTINGS": settings,
                            "TEST_PROMETHEUS": prometheus, "MOCK_RATE": "2", "TOPIC_PARTITIONS": "3"}
        self.pcap = self.path("traffic.pcap")
        capture.make(self.pcap, time.time() - 10)

    def say(self, text):
        print(f"{time.monotonic() - self.began:5.0f} s  {text}", flush=True)

    def jars(self):
        script = os.path.join(paths.source(), "deploy/local/kafka.sh")
        result = subprocess.run([script, "fetch"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=420, check=False)
        if result.returncode == 3:
            self.skipTest(result.stdout.strip())
        self.assertEqual(0, result.returncode, result.stdout)
        version = re.search(r"kafka_2.13</artifactId>\s*<version>(.*)</version>",
                            read(os.path.join(paths.source(), "deploy/local/kafka/pom.xml")))[1]
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        return os.path.join(cache, "sluice", f"kafka-{version}")

    def build(self):
        """The images, with the network of this machine."""
        with docker.Engine(self.engine_directory, bridge=False, keep=True) as engine, ccache.Server() as compiled:
            engine.import_base(self.directory)
            engine.import_debian("parts", "curl", "kcat")
            self.say("bases imported")
            commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=paths.source(),
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
            arguments = {"SOURCE_DIR": paths.source(), "SLUICE_COMMIT": commit or "unknown",
                         "CCACHE_REMOTE_STORAGE": compiled.storage,
                         **{name: value for name, value in os.environ.items()
                            if name in ("LANG", "LC_ALL") or name.lower() in ("http_proxy", "https_proxy", "no_proxy")}}
            words = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
            engine.run("build", "--network", "host", "-f", DOCKERFILE, "-t", "sluice:local", *words, ".",
                       cwd=paths.source(), timeout=1500)
            self.say(f"image built; {compiled.hits} of {compiled.hits + compiled.misses} questions to ccache answered")
            self.check_image(engine, commit or "unknown")

    def check_image(self, engine, commit):
        image, base = engine.inspect("sluice:local"), engine.inspect(docker.BASE)
        self.assertEqual("sluice", image["Config"]["User"])
        self.assertLess(image["Size"] - base["Size"], 64 << 20, "beyond the Debian that it is built on")
        run = ("run", "--rm", "--network", "host", "--read-only", "--cap-drop", "ALL")
        self.assertIn(commit, engine.run(*run, "sluice:local", "version"))
        engine.run(*run, "sluice:local", "check", "-c", "/etc/sluice/sluice.yaml")
        # Nothing that was only there to build, nor what differs from build to build.
        left = engine.run(*run, "--user", "root", "--entrypoint", "bash", "sluice:local", "-O", "nullglob", "-c",
                          "echo /usr/bin/c++* /usr/src/* /tmp/* /var/log/* /var/lib/apt/lists/* /var/cache/ldconfig/*")
        self.assertEqual("", left.strip())

    def compose(self, *arguments, files=(), timeout=400):
        chosen = (STACK, *(os.path.join(COMPOSE, file) for file in files), os.path.join(CONTAINERS, "docker-compose.yml"))
        words = [word for file in chosen for word in ("-f", file)]
        return self.engine.compose(*words, "--profile", "mock", *arguments, env=self.environment, timeout=timeout,
                                   cwd=COMPOSE)

    def state(self, service):
        return self.engine.inspect(f"sluice_{service}_1")["State"]

    def wait_healthy(self, *services):
        for service in services:
            def healthy():
                state = self.state(service)
                self.assertTrue(state["Running"], f"{service}: {state}")
                return state["Health"]["Status"] == "healthy"
            waiting.until(healthy, f"{service} is healthy", interval=0.3)

    def inside(self, service, *command):
        return self.engine.run("exec", f"sluice_{service}_1", *command)

    def test_from_a_build_to_rows(self):
        docker.interrupt_on_sigterm()
        try:
            self.build()
            self.run_stack()
        except KeyboardInterrupt:
            self.doCleanups()  # which unittest leaves out then
            raise

    def run_stack(self):
        # From here on no network but one of its own, in which nothing of this machine's is in the way. An exporter is
        # another machine in it.
        netns.enter(self)
        exporter = netns.Endpoint(self)
        netns.run("ip", "link", "add", "exporters", "type", "veth", "peer", "name", "exporter")
        netns.run("ip", "address", "add", f"{HOST}/24", "dev", "exporters")
        netns.run("ip", "link", "set", "exporters", "up")
        exporter.connect("exporter", [f"{EXPORTER}/24"])
        self.exporter = exporter
        with docker.Engine(self.engine_directory, bridge=True) as self.engine:
            try:
                self.compose("up", "-d", "--no-build", *SERVICES)
                self.say("stack started")
                self.check_stack()
                self.check_more_buffer()
                self.check_host_network()
            except AssertionError:
                print(self.compose("ps", "-a"), self.compose("logs", "--tail=20"))
                raise
        self.say("ended")

    def check_stack(self):
        self.wait_healthy("kafka", "clickhouse", "sluice", "web", "prometheus")
        waiting.until(lambda: self.state("schema")["Status"] == "exited", "the tables are made")
        self.assertEqual(0, self.state("schema")["ExitCode"])
        self.say("healthy")
        self.check_confinement()
        self.check_rows("NetFlow v9", 9, 3)
        self.say("rows of a real exporter")
        # The three of the profile `mock`: sFlow, NetFlow v9 and IPFIX, each from a container of its own.
        waiting.until(lambda: self.ask("SELECT DISTINCT toInt32(type) FROM sluice.flows_raw WHERE "
                                       f"IPv6NumToString(sampler_address) != '::ffff:{EXPORTER}' ORDER BY 1") == [[1], [3], [4]],
                      "rows of all three generators")
        self.check_page()
        self.check_prometheus()
        self.say("seen by Prometheus and in the page")
        self.compose("stop", "sluice")
        self.assertEqual(0, self.state("sluice")["ExitCode"])

    def check_confinement(self):
        status = dict(line.split(":\t", 1) for line in self.inside("sluice", "cat", "/proc/1/status").splitlines())
        self.assertEqual({"640"}, set(status["Uid"].split()))
        self.assertEqual(0, int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapBnd"], 16))
        self.assertEqual("1", status["NoNewPrivs"])
        with self.assertRaisesRegex(AssertionError, "Read-only file system"):
            self.engine.run("exec", "--user", "root", "sluice_sluice_1", "touch", "/usr/bin/other")

    def ask(self, sql):
        return store.Client("http://127.0.0.1:8123").query(sql, user="sluice", password="sluice")

    def check_rows(self, what, version, number):
        """softflowd on the other machine sends to the published port; the rows are what it sent, from its own address."""
        with udp.Tee() as truth:
            exporters.softflowd(self.pcap, truth.port, version, directory=self.directory)
        sent = truth.read()
        self.assertGreater(len(sent.flows), 0)
        softflowd = skip_unless_program("softflowd")
        self.exporter.run(softflowd, "-d", "-a", "-r", self.pcap, "-n", f"{HOST}:2055", "-v", str(version),
                          "-p", self.path("softflowd.pid"), "-c", "none")
        where = f"toInt32(type) = {number} AND IPv6NumToString(sampler_address) = '::ffff:{EXPORTER}'"
        rows = waiting.until(lambda: self.enough(len(sent.flows), f"SELECT {test_pipeline.COLUMNS} FROM sluice.flows_raw "
                                                                  f"WHERE {where}"), f"{len(sent.flows)} rows of {what}")
        got = [test_pipeline.flow_of_row(test_pipeline.row_of(cells)) for cells in rows]
        self.assertEqual("", flows.difference(sent.flows, got))

    def enough(self, count, sql):
        rows = self.ask(sql)
        return rows if len(rows) >= count else None

    def check_page(self):
        def asked(token):
            request = urllib.request.Request("http://localhost:8082/api/v1/table", json.dumps({"by": ["sampler_address"]}).encode(),
                                             {"Content-Type": "application/json", "Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                return [json.loads(line) for line in answer.read().splitlines()]
        with self.assertRaisesRegex(urllib.error.HTTPError, "401"):
            asked("another")
        # A rollup has a block a moment after flows_raw.
        waiting.until(lambda: EXPORTER in [line["row"]["key"][0]["value"] for line in asked("sluice")
                                           if line.get("row", {}).get("kind") == "key"], "the page shows the exporter")

    def check_prometheus(self):
        def answer(path):
            with urllib.request.urlopen(f"http://127.0.0.1:9090/api/v1/{path}", timeout=10) as got:
                return json.load(got)["data"]
        query = "query?" + urllib.parse.urlencode({"query": 'up{job="sluice"}'})
        waiting.until(lambda: [one["value"][1] for one in answer(query)["result"]] == ["1"], "Prometheus reaches the collector",
                      interval=0.3)
        self.assertGreater(len(answer("rules")["groups"]), 0)

    @staticmethod
    def answers(url):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=10):
            return True
        return False

    def buffers(self):
        with urllib.request.urlopen("http://127.0.0.1:8080/metrics", timeout=10) as answer:
            found = re.findall(r"^sluice_listener_queue_limit_bytes\{.*\} (\S+)$", answer.read().decode(), re.MULTILINE)
        return {float(value) for value in found}

    def check_more_buffer(self):
        """With CAP_NET_ADMIN, which a user that is not root has only by what the override file does."""
        self.compose("up", "-d", "--no-build", "--no-deps", "sluice", files=["docker-compose.net-admin.yml"])
        self.wait_healthy("sluice")
        status = self.inside("sluice", "cat", "/proc/1/status")
        self.assertRegex(status, r"(?m)^Uid:\t640\t640\t640\t640$")
        self.assertRegex(status, r"(?m)^CapEff:\t0000000000001000$")
        # The kernel counts twice what is asked for, in each socket of each worker.
        self.assertEqual({2 * 32 * 2**20 * os.cpu_count()}, self.buffers())
        self.compose("stop", "sluice")
        self.say("with CAP_NET_ADMIN")

    def check_host_network(self):
        self.compose("up", "-d", "--no-build", "--no-deps", "sluice-host", "prometheus", files=["docker-compose.host.yml"])
        waiting.until(lambda: self.answers("http://127.0.0.1:8080/readyz"), "the collector in the host's network is ready")
        self.wait_healthy("prometheus")
        self.check_rows("NetFlow v5", 5, 2)
        self.assertEqual("ready\n", self.inside("prometheus", "curl", "-s", "http://sluice:8080/readyz"))
        self.say("in the host's network")


if __name__ == "__main__":
    main()
