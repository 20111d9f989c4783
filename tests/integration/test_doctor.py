#!/usr/bin/python3
"""`sluice doctor` on a real collector, broker and store: all well, and then each in trouble."""
import json
import os
import signal
import subprocess
import time

from harness import daemon, kafka, schema, store, waiting
from harness.case import Case, main

NOBODY = "http://127.0.0.1:1"


class Doctor(Case):
    def doctor(self, config, *options, clickhouse=NOBODY):
        """(exit status, check -> [(status, sentence)])"""
        result = daemon.run_once("doctor", "-c", config, "--clickhouse", clickhouse, "--json", *options)
        found = {}
        for one in json.loads(result.stdout)["checks"]:
            found.setdefault(one["check"], []).append((one["status"], one["sentence"]))
        return result.returncode, found

    def status(self, found, check):
        self.assertIn(check, found)
        return found[check][0][0]


class Alone(Doctor):
    """Neither broker nor ClickHouse."""

    def test_a_wrong_configuration_is_told_with_its_line(self):
        path = self.path("wrong.yaml")
        with open(path, "w") as file:
            file.write("workers: 2\nlisteners:\n  - {port: 99999}\n")
        status, found = self.doctor(path)
        self.assertEqual(1, status)
        self.assertEqual(["configuration"], list(found))
        self.assertIn("wrong.yaml:3", found["configuration"][0][1])

    def test_wrong_options_end_with_2(self):
        self.assertEqual(2, daemon.run_once("doctor", "--clickhouse", "ftp://x").returncode)
        self.assertEqual(2, daemon.run_once("doctor", "--watch", "-1").returncode)

    def test_a_collector_with_a_file_sink_before_and_while_it_runs(self):
        sinks = {"frames": {"type": "file", "path": self.path("frames")}}
        settings = {"sinks": sinks, "state": {"file": self.path("state")}}
        with daemon.Daemon(self.path("daemon"), settings) as sluice:
            result = daemon.run_once("doctor", "-c", sluice.config)
            self.assertEqual(0, result.returncode, result.stdout)
            self.assertRegex(result.stdout, r"(?m)^warn  collector  .*no exporter has sent it anything")
            self.assertRegex(result.stdout, rf"(?m)^ok    UDP port {sluice.port}  +The running sluice has it\.$")
            self.assertRegex(result.stdout, r"\n0 failed, \d+ warnings?, \d+ ok\n$")
            daemon.run_once("generate", "--protocol", "netflow9", "--to", f"127.0.0.1:{sluice.port}",
                            "--rate", 2000, "--flows", 200)
            waiting.until(lambda: sluice.metric("sluice_exporters") > 0, "an exporter is known")
            status, found = self.doctor(sluice.config, "--watch", 0)
            self.assertEqual(1, status)  # there is no ClickHouse where the option says
            self.assertEqual("fail", self.status(found, "ClickHouse"))
            for check in ("collector", "running configuration", "kernel drops", "sink frames", "exporters", "state file"):
                self.assertEqual("ok", self.status(found, check), found)
            # Another sluice cannot have what this one has.
            other = self.path("other.yaml")
            with open(sluice.config) as file:
                config = json.load(file)
            config["metrics"]["listen"] = ""
            with open(other, "w") as file:
                json.dump(config, file)
            status, found = self.doctor(other, "--watch", 0)
            self.assertEqual(1, status)
            self.assertEqual("fail", self.status(found, f"UDP port {sluice.port}"))
            self.assertIn(f"(process {sluice.process.pid})", found[f"UDP port {sluice.port}"][0][1])
            self.assertEqual(0, sluice.stop())
        status, found = self.doctor(sluice.config, "--watch", 0)
        self.assertEqual("ok", self.status(found, f"UDP port {sluice.port}"))
        self.assertEqual("warn", self.status(found, "collector"))


    def test_what_the_file_says_and_the_running_collector_does_not_do_yet(self):
        with daemon.Daemon(self.path("daemon"), {"sinks": {"out": {"type": "stdout"}}}, stdout="/dev/null") as sluice:
            def told():
                return self.doctor(sluice.config, "--watch", 0)[1]["running configuration"]
            with open(sluice.config) as file:
                config = json.load(file)
            config.update(workers=3, exporters=[{"prefix": "192.0.2.1", "name": "edge"}])
            with open(sluice.config, "w") as file:
                json.dump(config, file)
            self.assertEqual([["warn", "The running sluice works by another configuration; a reload (`systemctl reload sluice`, or SIGHUP) "
                               "brings exporters[192.0.2.1]; a restart is needed for workers."]], [list(one) for one in told()])
            sluice.process.send_signal(signal.SIGHUP)
            waiting.until(lambda: "brings" not in told()[0][1], "the reload has brought the exporter")
            self.assertIn("a restart is needed for workers.", told()[0][1])
            self.assertEqual(0, sluice.stop())


class Whole(Doctor):
    """Broker, collector and store."""

    def test_all_is_well_and_then_it_is_not(self):
        broker = kafka.shared()
        topic = kafka.new_topic("doctor")
        sinks = {"kafka": {"type": "kafka", "brokers": broker.address, "topic": topic}}
        with store.Store(self.path("store")) as engine, \
                daemon.Daemon(self.path("daemon"), {"sinks": sinks}, wait=False) as sluice:
            status, found = self.doctor(sluice.config, "--watch", 0, clickhouse=engine.url)
            self.assertEqual(1, status)
            self.assertEqual("ok", self.status(found, "broker of sink kafka"))
            self.assertEqual("fail", self.status(found, "tables"))

            sluice.wait_ready()
            daemon.run_once("generate", "--protocol", "netflow9", "--to", f"127.0.0.1:{sluice.port}",
                            "--rate", 2000, "--flows", 300)
            waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total") >= 300, "flows are in the topic")
            schema.apply(engine, "--brokers", broker.address, "--topic", topic, "--group", topic,
                         "--flush-interval", 200)
            engine.wait_for("SELECT count() >= 300 FROM sluice.flows_raw", 1)

            def healthy():
                status, found = self.doctor(sluice.config, "--watch", 0, clickhouse=engine.url)
                return found if status == 0 and "0 records" in found["lag"][0][1] else None
            found = waiting.until(healthy, "nothing fails and nothing is left in the topic")
            for check in (f"topic {topic}", "ClickHouse", "schema version", "consumers", "lag", "unreadable records",
                          "sink kafka"):
                self.assertEqual("ok", self.status(found, check), found)

            # A file of names that is gone.
            names = os.path.join(engine.files, "sluice_asns.csv")
            os.rename(names, names + ".away")
            with self.assertRaises(store.QueryError):
                engine.text("SYSTEM RELOAD DICTIONARY sluice.asns")
            status, found = self.doctor(sluice.config, "--watch", 0, clickhouse=engine.url)
            self.assertEqual((1, "fail"), (status, self.status(found, "names")))
            self.assertIn("sluice.asns", found["names"][0][1])
            os.rename(names + ".away", names)
            engine.text("SYSTEM RELOAD DICTIONARY sluice.asns")
            self.assertNotIn("names", self.doctor(sluice.config, "--watch", 0, clickhouse=engine.url)[1])

            # Tables of a newer sluice, for another topic, and then without a consumer.
            engine.text("INSERT INTO sluice.schema_version SELECT 99, now64(3) + 1, 'of the future'")
            status, found = self.doctor(sluice.config, "--watch", 0, "--set", f"sinks.kafka.topic={topic}-other",
                                        clickhouse=engine.url)
            self.assertEqual(1, status)
            self.assertEqual("warn", self.status(found, "schema version"))
            self.assertEqual("fail", self.status(found, "topic of the tables"))
            self.assertIn(topic + "-other", found["topic of the tables"][0][1])
            engine.text("DROP TABLE sluice.flows_consumer SYNC")
            engine.text("DROP TABLE sluice.flows SYNC")
            status, found = self.doctor(sluice.config, "--watch", 0, clickhouse=engine.url)
            self.assertEqual(1, status)
            self.assertEqual("fail", self.status(found, "tables"))

    def test_a_broker_that_is_not_there_and_a_topic_that_is_not(self):
        broker = kafka.shared()
        path = self.path("sluice.yaml")
        for brokers, check in ((broker.address, "topic absent"), ("127.0.0.1:1", "broker of sink kafka")):
            with open(path, "w") as file:
                json.dump({"sinks": {"kafka": {"type": "kafka", "brokers": brokers, "topic": "absent"}}}, file)
            began = time.monotonic()
            status, found = self.doctor(path, "--watch", 0)
            self.assertEqual(1, status)
            self.assertEqual("fail", self.status(found, check), found)
            self.assertLess(time.monotonic() - began, 30)
        # Being asked about it has not made the topic.
        listed = subprocess.run(["kcat", "-b", broker.address, "-L", "-J"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, timeout=waiting.DEADLINE, check=True).stdout
        self.assertNotIn("absent", [one["topic"] for one in json.loads(listed)["topics"]])


if __name__ == "__main__":
    main()
