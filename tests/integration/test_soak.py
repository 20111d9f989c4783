#!/usr/bin/python3
"""Endurance: two minutes (ten in the long form) of all protocols with faults, decoded and written. At the end every datagram and
every flow is accounted for, exporter by exporter, and memory is what it was after the first quarter. And everything that happens
to a collector, one thing after the other under all protocols, with exact balances at the end."""
import concurrent.futures
import glob
import json
import os
import signal
import subprocess
import urllib.request

from harness import daemon, kafka, kafka_admin, waiting
from harness.case import LONG, Case, main

SECONDS = 600 if LONG else 120
EXPORTERS = 20
RATE = 300  # datagrams a second and protocol: some load, and never so much that the kernel drops on a busy machine
PROTOCOLS = {"sflow": ("--counter-interval", 2), "netflow5": (), "netflow9": ("--template-datagrams", 50),
             "ipfix": ("--late-templates", 1, "--template-datagrams", 50)}
FAULTS = ("--reorder", 0.01, "--duplicate", 0.01, "--malformed", 0.01, "--gap", 0.01, "--restart-after", 500)
#: What an allocator may keep of a busy moment.
SLACK = 8 << 20


#: Some of the flows of every protocol.
FILTER = "proto tcp or flags S or dst port < 1024"


def booked_of(answer, sink):
    """Of /api/v1/exporters: what the sink was given of all exporters together, and what its filter kept from it."""
    rows = [row for row in answer["sinks"] if row["sink"] == sink]
    return sum(row["delivered"] for row in rows), sum(row["filtered"] for row in rows)


class Soak(Case):
    def generate(self, sluice, protocol, seed):
        run = daemon.run_once("generate", "--quiet", "--protocol", protocol, "--to", f"127.0.0.1:{sluice.port}", "--exporters", EXPORTERS,
                              "--duration", SECONDS, "--rate", RATE, "--seed", seed, "--closed-loop", *FAULTS, *PROTOCOLS[protocol],
                              timeout=SECONDS + 120)
        self.assertEqual(0, run.returncode, run.stderr)
        return json.loads(run.stdout)

    def exporters(self, sluice):
        with open(sluice.config) as file:
            listen = json.load(file)["api"]["listen"]
        with urllib.request.urlopen(f"http://{listen}/api/v1/exporters", timeout=10) as answer:
            return json.load(answer)

    def resident(self, sluice):
        with open(f"/proc/{sluice.process.pid}/status") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS:"))

    def resident_after(self, sluice, datagrams):
        waiting.until(lambda: sluice.metric("sluice_listener_datagrams_total") >= datagrams, f"{datagrams} datagrams", deadline=SECONDS + 120,
                      interval=1)
        return self.resident(sluice)

    def test_ledger_exact_and_memory_flat(self):
        settings = {"sinks": {"json": {"type": "stdout", "format": "json"}, "files": {"type": "file", "path": self.path("files"), "rotate_bytes": "16MB"},
                              "some": {"type": "file", "path": self.path("some"), "rotate_bytes": "16MB", "filter": FILTER}}}
        with daemon.Daemon(self.path("daemon"), settings, stdout="/dev/null") as sluice:
            with concurrent.futures.ThreadPoolExecutor(len(PROTOCOLS)) as pool:
                runs = {protocol: pool.submit(self.generate, sluice, protocol, seed) for seed, protocol in enumerate(PROTOCOLS, 1)}
                early = self.resident_after(sluice, SECONDS * RATE * len(PROTOCOLS) // 4)
                reports = {protocol: run.result() for protocol, run in runs.items()}
            sent = sum(report["datagrams"] + report["duplicated_datagrams"] for report in reports.values())
            waiting.until(lambda: sluice.metric("sluice_listener_datagrams_total") + sluice.metric("sluice_listener_kernel_drops_total") >= sent,
                          "all that was sent is decoded or told as dropped")
            late = self.resident(sluice)
            self.check_ledger(sluice, reports, sent)
            self.assertLess(late, early * 1.1 + SLACK, "memory grew while nothing new came")
            self.assertEqual(0, sluice.stop(), sluice.log())
        print(f"{SECONDS} s, {sent} datagrams; resident {early >> 20} MB after a quarter, {late >> 20} MB at the end")

    def check_ledger(self, sluice, reports, sent):
        def made_and_booked():
            answer = self.exporters(sluice)
            made = sum(row["ledger"]["flows"]["made"] for row in answer["exporters"])
            booked = {sink: booked_of(answer, sink) for sink in ("json", "files", "some")}
            filtered = booked["some"][1]
            done = booked == {"json": (made, 0), "files": (made, 0), "some": (made - filtered, filtered)}
            return (answer, made, filtered) if done else None
        answer, made, filtered = waiting.until(made_and_booked, "every flow made is delivered to each sink, or filtered")
        self.assertTrue(0 < filtered < made, filtered)
        rows = {(row["protocol"], row["address"]): row for row in answer["exporters"]}
        drops = sluice.metric("sluice_listener_kernel_drops_total")
        self.assertEqual(sent, sum(row["datagrams"] for row in rows.values()) + drops)
        if not drops:
            for protocol, report in reports.items():
                for said in report["exporters"]:
                    self.assertEqual(said["datagrams"] + said["duplicated_datagrams"], rows[protocol, said["address"]]["datagrams"], said)
            untold = sum(report["untold_flows"] for report in reports.values())
            sent_flows = sum(report["flows"] + report["duplicated_flows"] for report in reports.values())
            self.assertLessEqual(made, sent_flows)
            self.assertGreaterEqual(made, sent_flows - untold)


def frames(data):
    """How many messages, each behind its length; all of them whole."""
    count, at = 0, 0
    while at < len(data):
        length, shift = 0, 0
        while True:
            byte, at = data[at], at + 1
            length, shift = length | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        count, at = count + 1, at + length
    assert at == len(data), "the last message is cut"
    return count


def added(rows):
    """The numbers of dicts in dicts, summed; of everything else the last."""
    out = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, dict):
                out[key] = added([out.get(key, {}), value])
            elif isinstance(value, int) and not isinstance(value, bool):
                out[key] = out.get(key, 0) + value
            else:
                out[key] = value
    return out


class Everything(Case):
    """Exporters of all protocols with faults, and meanwhile: a reload that adds a sink and names exporters, a broker that
    stands still (and in every second round is stopped and started), partitions that are added, a reload that takes the sink
    out again, and another process that takes over. One round of it, ten in the long form."""
    ROUNDS = 10 if LONG else 1
    FAULTS = ("--reorder", 0.01, "--duplicate", 0.01, "--malformed", 0.01, "--gap", 0.01)
    #: Templates in time: data that waited in vain would be counted as such, but not as the flows that it was.
    PROTOCOLS = {"sflow": ("--counter-interval", 2), "netflow5": (), "netflow9": ("--template-datagrams", 50), "ipfix": ("--template-datagrams", 50)}
    #: So many that each partition that is added is that of one of them at least.
    EXPORTERS = 40
    RATE, STEP = 100, 1000  # datagrams of all between one event and the next

    def setUp(self):
        super().setUp()
        self.broker = kafka.Broker(self.path("kafka"))
        self.broker.start()
        self.addCleanup(self.broker.stop)
        self.topic = kafka.new_topic("everything")
        self.partitions = 2
        kafka_admin.create_topic(self.broker, self.topic, self.partitions)
        self.starts = 0
        self.last_words = []  # what /api/v1/exporters said last of each collector that another took over from
        self.sinks = {"files": {"type": "file", "path": self.path("files")},
                      "some": {"type": "file", "path": self.path("some"), "filter": FILTER},
                      "topic": {"type": "kafka", "brokers": self.broker.address, "topic": self.topic}}

    def start(self, **options):
        self.starts += 1
        collector = daemon.Daemon(self.path(f"run-{self.starts}"), self.settings(), **options)
        self.addCleanup(collector.kill)
        return collector

    def settings(self, **more):
        return {"state": {"file": self.path("state")}, "run": {"takeover": self.path("takeover")}, "log": {"repeat_every": "0s"},
                "sinks": self.sinks, **more}

    def generate(self, collector, protocol, seed):
        process = subprocess.Popen([daemon.binary(), "generate", "--quiet", "--protocol", protocol, "--to", f"127.0.0.1:{collector.port}", "--exporters",
                                    str(self.EXPORTERS), "--rate", str(self.RATE), "--flows-per-datagram", "5", "--seed", str(seed), "--closed-loop",
                                    *map(str, self.FAULTS), *map(str, self.PROTOCOLS[protocol])], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def api(self, collector, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{collector.api_port}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)

    def wait_for_more(self, collector, datagrams=None):
        seen = collector.metric("sluice_listener_datagrams_total")
        waiting.until(lambda: collector.metric("sluice_listener_datagrams_total") >= seen + (datagrams or self.STEP), "datagrams come in")

    def reload(self, collector, **more):
        with open(collector.config) as file:
            config = json.load(file)
        config.update(self.settings(**more))
        with open(collector.config, "w") as file:
            json.dump(config, file)
        told = collector.log().count("reloaded: ")
        collector.signal(signal.SIGHUP)
        waiting.until(lambda: collector.log().count("reloaded: ") > told, "it is reloaded")

    def away_and_back(self, collector, again):
        """Until the sink has something that it cannot give away."""
        with open(os.path.join(self.broker.directory, "pid")) as file:
            process = int(file.read())
        if again:
            self.broker.stop(keep=True)
        else:
            os.kill(process, signal.SIGSTOP)
        try:
            waiting.until(lambda: collector.metric("sluice_sink_queued_flows", sink="topic") > self.STEP, "flows wait for the broker")
        finally:
            if again:
                self.broker.start()
            else:
                os.kill(process, signal.SIGCONT)
        waiting.until(lambda: collector.metric("sluice_sink_queued_flows", sink="topic") < self.STEP / 2, "the broker has them")

    def add_partition(self, collector):
        self.partitions += 1
        kafka_admin.add_partitions(self.broker, self.topic, self.partitions)
        waiting.until(lambda: kafka_admin.ends(self.broker, self.topic).get(self.partitions - 1, 0) > 0, "flows go to the new partition", deadline=120)

    def settled(self, collector):
        """/api/v1/exporters, once all that was received is delivered and the state is written, and nothing more comes."""
        def all_delivered():
            before = collector.metric("sluice_listener_datagrams_total")
            answer = self.api(collector, "exporters")
            made = sum(row["ledger"]["flows"]["made"] for row in answer["exporters"])
            delivered = {sink: sum(booked_of(answer, sink)) for sink in self.sinks}
            done = (all(flows == made for sink, flows in delivered.items() if sink != "more") and
                    sum(row["queued"] for row in answer["sinks"]) == 0 and self.waiting_in_kernel(collector) == 0 and
                    collector.metric("sluice_state_unwritten_changes") == 0 and collector.metric("sluice_listener_datagrams_total") == before)
            return answer if done else None
        return waiting.until(all_delivered, "all is delivered", deadline=120, interval=0.2)

    def sockets(self, collector):
        with open("/proc/net/udp") as file:
            return [line.split() for line in file.readlines()[1:] if line.split()[1].endswith(f":{collector.port:04X}")]

    def waiting_in_kernel(self, collector):
        return sum(int(socket[4].split(":")[1], 16) for socket in self.sockets(collector))

    def take_over(self, before, generators):
        """The exporters stand still until the first has handed its sockets over, so that its last words are its last, and go on
        while the second is not there yet."""
        for generator in generators:
            generator.send_signal(signal.SIGSTOP)
        try:
            self.last_words.append(self.settled(before))
            after = self.start(like=before, arguments=("--takeover",), wait=False)
            waiting.until(lambda: "sockets taken over" in after.log(), "the sockets are handed over", interval=0.002)
        finally:
            for generator in generators:
                generator.send_signal(signal.SIGCONT)
        after.wait_ready()
        self.assertEqual(0, before.process.wait(waiting.DEADLINE), before.log())
        return after

    def one_round(self, collector, number, generators):
        self.wait_for_more(collector)
        self.sinks["more"] = {"type": "file", "format": "json", "path": self.path("more")}
        self.reload(collector, exporters=[{"prefix": "127.0.0.0/30", "name": f"round {number}"}])
        self.wait_for_more(collector)
        self.away_and_back(collector, again=number % 2 == 1)
        self.add_partition(collector)
        # It delivers what it has, and then is no more.
        had = self.sinks.pop("more")
        self.reload(collector)
        self.wait_for_more(collector)
        self.assertEqual("file", had["type"])
        collector = self.take_over(collector, generators)
        self.wait_for_more(collector)
        return collector

    def test_balances_are_exact_whatever_happens(self):
        collector = self.start()
        generators = {protocol: self.generate(collector, protocol, seed) for seed, protocol in enumerate(self.PROTOCOLS, 1)}
        for number in range(self.ROUNDS):
            collector = self.one_round(collector, number, generators.values())
        for generator in generators.values():
            generator.send_signal(signal.SIGTERM)
        reports = {protocol: json.loads(generator.communicate(timeout=waiting.DEADLINE)[0]) for protocol, generator in generators.items()}
        self.last_words.append(self.settled(collector))
        drops = sum(int(socket[12]) for socket in self.sockets(collector))
        self.assertEqual(0, collector.stop(), collector.log())
        rows = {key: added(rows) for key, rows in self.rows_of_all().items()}
        self.check_datagrams(reports, rows, drops)
        for protocol, report in reports.items():
            for said in report["exporters"]:
                with self.subTest(protocol=protocol, exporter=said["address"]):
                    self.check_records(protocol, rows[protocol, said["address"]], said)
        self.check_flows(reports, rows)

    def rows_of_all(self):
        out = {}
        for answer in self.last_words:
            for row in answer["exporters"]:
                out.setdefault((row["protocol"], row["address"]), []).append(row)
        return out

    def check_datagrams(self, reports, rows, drops):
        """Balance (1)."""
        sent = sum(report["datagrams"] + report["duplicated_datagrams"] for report in reports.values())
        self.assertEqual(sent, sum(row["datagrams"] for row in rows.values()) + drops)

    def check_records(self, protocol, row, said):
        """Balance (2): what the exporter counted is what the collectors know of it, one after the other."""
        sequence = row["ledger"]["sequence"]
        # What was left out on purpose just when one took over from the other is a gap between the two.
        lost = sequence["passed_over"] - sequence["late"] + sequence["while_down"]
        arrived = sequence["in_order"] + sequence["late"] + sequence["repeated"] + sequence["recovered"]
        self.assertEqual(0, sequence["restarts"], sequence)
        if protocol in ("sflow", "netflow9"):
            counted = said["datagrams"] + said["skipped_datagrams"]
            self.assertEqual(row["datagrams"], arrived)
            self.assertGreaterEqual(lost, said["skipped_datagrams"])
        else:
            counted = said["flows"] + said["damaged_flows"] + said["skipped_flows"] + said["options_records"]
            self.assertEqual(row["flow_records"] + row["options_records"], arrived)
        self.assertEqual(counted, sequence["in_order"] + sequence["late"] + lost + sequence["unknown"], sequence)

    def check_flows(self, reports, rows):
        """Balance (3): for each sink what was made for it is what it has, in files and in the topic."""
        made = sum(row["ledger"]["flows"]["made"] for row in rows.values())
        sent = sum(report["flows"] + report["duplicated_flows"] for report in reports.values())
        self.assertLessEqual(made, sent)
        self.assertGreater(made, 0)
        for answer in self.last_words:
            for row in answer["sinks"]:
                self.assertEqual([0, 0, 0, 0], [row[fate] for fate in ("left_out", "shed", "failed", "queued")], row)
        booked = {}
        for answer in self.last_words:
            for row in answer["sinks"]:
                booked[row["sink"]] = booked.get(row["sink"], 0) + row["delivered"]
        for sink in {"files", "topic"} & self.sinks.keys():
            self.assertEqual(made, booked[sink])
        filtered = sum(booked_of(answer, "some")[1] for answer in self.last_words)
        self.assertTrue(0 < filtered < made, filtered)
        self.assertEqual(made, booked["some"] + filtered)
        self.assertEqual([], glob.glob(self.path("*", "*.part")))
        written = {name: 0 for name in ("files", "some")}
        for name in written:
            for path in glob.glob(self.path(name, "*")):
                with open(path, "rb") as file:
                    written[name] += frames(file.read())
        self.assertEqual({"files": made, "some": made - filtered}, written)
        self.check_others(rows, made)

    def check_others(self, rows, made):
        records = self.broker.records(self.topic)
        self.assertEqual(made, sum(frames(record.value) for record in records))
        self.assertEqual(set(range(self.partitions)), {record.partition for record in records})
        more = 0
        for path in glob.glob(self.path("more", "*")):
            with open(path) as file:
                more += len([json.loads(line) for line in file])
        self.assertGreater(more, 0)
        self.assertLess(more, made)
        print(f"{self.starts} collectors, {sum(row['datagrams'] for row in rows.values())} datagrams, {made} flows in files and in "
              f"{self.partitions} partitions, {more} in the sink that came and went")


class Takeovers(Everything):
    """One process after the other takes over while many datagrams are out of order, come twice, or do not come."""
    ROUNDS = 20 if LONG else 5
    FAULTS = ("--reorder", 0.1, "--duplicate", 0.1, "--malformed", 0.02, "--gap", 0.05)
    RATE, STEP = 200, 300

    def setUp(self):
        Case.setUp(self)
        self.starts = 0
        self.last_words = []
        self.sinks = {"files": {"type": "file", "path": self.path("files")},
                      "some": {"type": "file", "path": self.path("some"), "filter": FILTER}}

    def one_round(self, collector, number, generators):
        self.wait_for_more(collector)
        collector = self.take_over(collector, generators)
        self.wait_for_more(collector)
        return collector

    def check_others(self, rows, made):
        sums = {fate: sum(row["ledger"]["sequence"][fate] for row in rows.values()) for fate in ("late", "repeated", "recovered", "while_down")}
        self.assertGreater(sums["recovered"], 0, "no datagram came late just then")
        print(f"{self.starts} collectors, {made} flows; of sequence numbers {sums}")


if __name__ == "__main__":
    main()
