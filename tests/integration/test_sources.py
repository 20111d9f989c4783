#!/usr/bin/python3
"""Flows read off a topic of a real broker and handed to sinks: each of them arrives, what is no flow costs itself alone, and
offsets are committed after delivery: a reader that is killed or joined by another loses nothing."""
import collections
import glob
import json
import os
import signal
import subprocess
import time
import urllib.request

from harness import daemon, kafka, kafka_admin, messages, waiting
from harness.case import Case, main

FLOWS = 20  # of a record


def message(number, **fields):
    """A flow that carries its number."""
    out = messages.new_flow()
    out.type = 3
    out.time_received_ns = 1_700_000_000_000_000_000 + number
    out.sampler_address = bytes([192, 0, 2, 1 + number % 5])
    out.src_addr, out.dst_addr = bytes([198, 51, 100, 1]), bytes([198, 51, 100, 2])
    out.proto, out.src_port, out.dst_port = 6, 1024 + number % 1000, 443
    out.bytes, out.packets = number, 1
    for name, value in fields.items():
        setattr(out, name, value)
    return out.SerializeToString()


def record(first, count=FLOWS):
    return b"".join(messages.framed(message(number)) for number in range(first, first + count))


class SourceCase(Case):
    def setUp(self):
        super().setUp()
        self.broker = kafka.shared()
        self.topic = kafka.new_topic("sources")
        self.group = self.topic

    def produce(self, *records):
        kafka_admin.produce(self.broker, self.topic, records)

    def start(self, sinks=None, name="daemon", source=None, wait=True, **settings):
        source = {"type": "kafka", "brokers": self.broker.address, "topic": self.topic, "group": self.group, **(source or {})}
        settings = {"sources": {"upstream": source}, "sinks": sinks or self.file_sink(name), **settings}
        sluice = daemon.Daemon(self.path(name), settings, listeners=0, wait=wait)
        self.addCleanup(sluice.kill)
        return sluice

    def file_sink(self, name, **settings):
        return {"out": {"type": "file", "path": self.path("flows-" + name), "flush_interval": "50ms", **settings}}

    def written(self, name="daemon"):
        """What is in the files of a file sink; what is still open too."""
        out = []
        for path in glob.glob(os.path.join(self.path("flows-" + name), "*")):
            with open(path, "rb") as file:
                out += messages.parse_framed(file.read(), cut=True)
        return out

    def committed(self):
        return sum(kafka_admin.committed(self.broker, self.topic, self.group).values())

    def wait_for(self, sluice, name, value, **labels):
        waiting.until(lambda: sluice.metric(name, **labels) >= value, f"{name} is {value}; log: {sluice.log()}")

    def ledger(self, sluice, sinks=("out",)):
        """All balances, in one answer; gives the flows that were read."""
        samples = sluice.metrics()
        def value(name, **labels):
            return sum(sample.value for sample in samples.get(name, [])
                       if all(sample.labels.get(key) == wanted for key, wanted in labels.items()))
        fates = ("settled_flows_total", "returned_flows_total", "pending_flows")
        for prefix in ("sluice_source_", "sluice_source_partition_"):
            self.assertEqual(value(prefix + "flows_total"), sum(value(prefix + fate) for fate in fates), prefix)
        read = value("sluice_source_flows_total")
        self.assertEqual(read, value("sluice_source_partition_flows_total"))
        for sink in sinks:
            self.assertEqual(read, sum(value("sluice_sink_" + fate, sink=sink) for fate in (
                "delivered_flows_total", "failed_flows_total", "shed_flows_total", "queued_flows", "filtered_flows_total")), sink)
        return read


class Read(SourceCase):
    """What is read, and what becomes of it."""

    def test_topic_to_file_and_topic(self):
        kafka_admin.create_topic(self.broker, self.topic, 3)
        flows = 50 * FLOWS
        self.produce(*(record(1 + first) for first in range(0, flows, FLOWS)))
        other = kafka.new_topic("sources-out")
        sluice = self.start({**self.file_sink("daemon"),
                             "next": {"type": "kafka", "brokers": self.broker.address, "topic": other},
                             "some": {"type": "file", "path": self.path("some"), "filter": "bytes < 101", "format": "json"}})
        self.wait_for(sluice, "sluice_source_settled_flows_total", flows)
        waiting.until(lambda: self.committed() == 50, "all is committed")
        self.assertEqual(flows, self.ledger(sluice, ("out", "next", "some")))
        waiting.until(lambda: sluice.metric("sluice_source_lag_records") == 0, "nothing is behind")
        self.assertEqual(3, sluice.metric("sluice_source_partitions"))
        self.assertEqual(0, sluice.metric("sluice_source_bad_messages_total"))
        self.assertEqual([], sluice.metrics().get("sluice_listener_datagrams_total", []))
        self.assertEqual(0, sluice.metric("sluice_workers"))
        self.assertEqual(flows - 100, sluice.metric("sluice_sink_filtered_flows_total", sink="some"))
        self.assertEqual(0, sluice.stop(), sluice.log())
        expected = sorted(message(number) for number in range(1, flows + 1))
        self.assertEqual(expected, sorted(one.SerializeToString() for one in self.written()))
        there = [one for taken in self.broker.records(other) for one in messages.parse_framed(taken.value)]
        self.assertEqual(expected, sorted(one.SerializeToString() for one in there))

    def test_a_message_a_record(self):
        self.produce(*(message(number) for number in range(1, 101)))
        sluice = self.start(source={"framing": "plain"})
        self.wait_for(sluice, "sluice_source_settled_flows_total", 100)
        self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertEqual(list(range(1, 101)), sorted(one.bytes for one in self.written()))

    def test_what_is_no_flow_costs_itself(self):
        broken = messages.framed(b"\x32\x03\x01\x02\x03")  # an address of three bytes
        self.produce(record(1, 2) + broken + record(3, 2), b"", b"\xff" * 40, record(5, 1) + b"\x7f" + record(1, 1),
                     record(6, 1))
        sluice = self.start()
        self.wait_for(sluice, "sluice_source_settled_flows_total", 6)
        waiting.until(lambda: self.committed() == 5, "all is committed")
        bad = {sample.labels["reason"]: sample.value for sample in sluice.metrics()["sluice_source_bad_messages_total"]}
        self.assertEqual({"message": 1, "no_value": 1, "framing": 2, "too_long": 0}, bad)
        self.assertIn("no flow", sluice.log())
        self.ledger(sluice)
        self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertEqual(list(range(1, 7)), sorted(one.bytes for one in self.written()))

    def test_a_time_that_cannot_be_is_that_of_the_record(self):
        began = time.time_ns() - 1_000_000_000
        self.produce(b"".join(messages.framed(message(number, time_received_ns=given))
                              for number, given in enumerate((0, 5, 2**64 - 1, began + 2 * 3600 * 10**9, began), 1)))
        sluice = self.start()
        self.wait_for(sluice, "sluice_source_settled_flows_total", 5)
        self.assertEqual(4, sluice.metric("sluice_source_restamped_flows_total"))
        self.assertEqual(0, sluice.stop(), sluice.log())
        received = {one.bytes: one.time_received_ns for one in self.written()}
        self.assertEqual(began, received.pop(5))
        self.assertEqual(1, len(set(received.values())), received)
        self.assertTrue(began <= received[1] <= time.time_ns(), received)

    def test_api_and_names(self):
        self.produce(record(1))
        sluice = self.start(collector_id="here", exporters=[{"prefix": "192.0.2.0/30", "name": "edge"}])
        self.wait_for(sluice, "sluice_source_settled_flows_total", FLOWS)
        self.produce(messages.framed(message(99, collector_id="there")))
        self.wait_for(sluice, "sluice_source_settled_flows_total", FLOWS + 1)
        with urllib.request.urlopen(f"http://127.0.0.1:{sluice.api_port}/api/v1/sources", timeout=10) as reply:
            answer = json.load(reply)
        self.assertEqual(FLOWS + 1, answer["sources"][0]["flows"])
        self.assertEqual("0", answer["partitions"][0]["partition"])
        self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertEqual({"here": FLOWS, "there": 1}, collections.Counter(one.collector_id for one in self.written()))
        for one in self.written():
            self.assertEqual("edge" if one.sampler_address[3] < 4 else "", one.exporter_name)


    def test_doctor_asks_for_broker_topic_and_group(self):
        self.produce(record(1))
        sluice = self.start()
        waiting.until(lambda: self.committed() == 1, "all is committed")
        self.produce(record(1 + FLOWS), record(1 + 2 * FLOWS))
        self.assertEqual(0, sluice.stop(), sluice.log())
        behind = 3 - self.committed()
        checks = {one["check"]: one for one in json.loads(daemon.run_once("doctor", "-c", sluice.config, "--json").stdout)["checks"]}
        self.assertIn("1 source, 1 sink", checks["configuration"]["sentence"])
        self.assertEqual("ok", checks["broker of source upstream"]["status"], checks)
        self.assertEqual("ok", checks[f"topic {self.topic}"]["status"], checks)
        self.assertIn(f"{behind} records of {self.topic}", checks[f"group {self.group}"]["sentence"])
        self.assertNotIn("receive buffers", checks)

    def test_sinks_change_meanwhile(self):
        self.produce(*(record(1 + first) for first in range(0, 200 * FLOWS, FLOWS)))
        sluice = self.start(self.file_sink("before"))
        self.wait_for(sluice, "sluice_source_flows_total", 1)
        with open(sluice.config) as file:
            settings = json.load(file)
        settings["sinks"] = self.file_sink("after")
        with open(sluice.config, "w") as file:
            json.dump(settings, file)
        sluice.signal(signal.SIGHUP)
        waiting.until(lambda: "reloaded: sinks" in sluice.log(), "it is reloaded")
        self.produce(*(record(1 + first) for first in range(200 * FLOWS, 300 * FLOWS, FLOWS)))
        waiting.until(lambda: self.committed() == 300, "all is committed")
        self.assertEqual(300 * FLOWS, self.ledger(sluice))
        self.assertEqual(0, sluice.stop(), sluice.log())
        numbers = collections.Counter(one.bytes for name in ("before", "after") for one in self.written(name))
        self.assertEqual(collections.Counter(range(1, 300 * FLOWS + 1)), numbers)


class Delivered(SourceCase):
    """Offsets follow delivery."""

    def test_killed_in_the_middle(self):
        flows = 3000 * FLOWS
        self.produce(*(record(1 + first) for first in range(0, flows, FLOWS)))
        # A member that does not leave is waited for as long as its session lasts.
        soon = {"properties": {"session.timeout.ms": 6000}}
        sluice = self.start(name="killed", source=soon)
        self.wait_for(sluice, "sluice_source_flows_total", 1)
        sluice.signal(signal.SIGKILL)
        sluice.process.wait()
        after = self.committed()
        sluice = self.start(name="next", source=soon)
        self.wait_for(sluice, "sluice_source_settled_flows_total", flows - after * FLOWS)
        waiting.until(lambda: self.committed() == 3000, "all is committed")
        self.assertEqual(0, sluice.stop(), sluice.log())
        first, second = (collections.Counter(one.bytes for one in self.written(name)) for name in ("killed", "next"))
        self.assertEqual(set(range(1, flows + 1)), set(first) | set(second))
        self.assertEqual(flows - after * FLOWS, sum(second.values()), "more was read again than was not committed")

    def test_stopped_in_the_middle(self):
        """With records that were fetched and not read yet: what was read is delivered and committed, and nothing comes twice."""
        flows = 3000 * FLOWS
        self.produce(*(record(1 + first) for first in range(0, flows, FLOWS)))
        sluice = self.start(name="stopped")
        self.wait_for(sluice, "sluice_source_flows_total", 1)
        self.assertEqual(0, sluice.stop(), sluice.log())
        sluice = self.start(name="next")
        waiting.until(lambda: self.committed() == 3000, "all is committed")
        self.assertEqual(0, sluice.stop(), sluice.log())
        numbers = collections.Counter(one.bytes for name in ("stopped", "next") for one in self.written(name))
        self.assertEqual(collections.Counter(range(1, flows + 1)), numbers)

    def test_a_sink_that_takes_nothing(self):
        """Neither commits nor sheds; and what was taken is committed when it does."""
        self.produce(*(record(1 + first) for first in range(0, 2000 * FLOWS, FLOWS)))
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        hold = os.open(fifo, os.O_RDWR)
        self.addCleanup(os.close, hold)
        sluice = daemon.Daemon(self.path("daemon"), {
            "sources": {"upstream": {"type": "kafka", "brokers": self.broker.address, "topic": self.topic, "group": self.group}},
            "sinks": {"out": {"type": "stdout", "queue_bytes": "1MB"}}}, listeners=0, stdout=fifo)
        self.addCleanup(sluice.kill)
        self.wait_for(sluice, "sluice_source_waiting_readers", 1)
        self.assertEqual(0, sluice.metric("sluice_sink_shed_flows_total"))
        self.assertLess(self.committed(), 2000)
        self.assertLess(self.ledger(sluice, ()), 2000 * FLOWS)
        with subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE) as reader:
            os.set_blocking(reader.stdout.fileno(), False)
            lines = 0
            def taken():
                nonlocal lines
                chunk = reader.stdout.read(1 << 20)
                lines += chunk.count(b"\n") if chunk else 0
                return lines >= 2000 * FLOWS
            waiting.until(taken, "all comes out", interval=0.01)
            waiting.until(lambda: self.committed() == 2000, "all is committed")
            self.assertEqual(2000 * FLOWS, self.ledger(sluice))
            self.assertEqual(0, sluice.metric("sluice_sink_shed_flows_total"))
            reader.kill()
        self.assertEqual(0, sluice.stop(), sluice.log())

    def test_a_broker_behind_it_that_is_away(self):
        """What the sink's spool has not got is not committed, and a kill loses nothing."""
        self.produce(record(1))
        away = {"next": {"type": "kafka", "brokers": "127.0.0.1:1", "topic": "t", "spool": {"path": self.path("spool")}}}
        soon = {"properties": {"session.timeout.ms": 6000}}
        sluice = self.start(away, source=soon)
        waiting.until(lambda: sluice.metric("sluice_sink_queued_flows") == FLOWS, "the first wait")
        flows = FLOWS
        while not sluice.metric("sluice_sink_spooled_flows"):  # from a second after the first on
            self.produce(record(1 + flows))
            flows += FLOWS
        self.wait_for(sluice, "sluice_source_flows_total", flows)
        waiting.until(lambda: sluice.metric("sluice_sink_queued_flows") == flows, "all waits")
        self.ledger(sluice, ("next",))
        sluice.kill()
        other = kafka.new_topic("sources-out")
        away["next"].update(brokers=self.broker.address, topic=other)
        self.start(away, name="next", source=soon)
        def arrived():
            return {one.bytes for taken in self.broker.records(other) for one in messages.parse_framed(taken.value)}
        waiting.until(lambda: arrived() == set(range(1, flows + 1)), "each flow arrives", interval=0.5)

    def test_a_topic_that_is_made_anew(self):
        """Is read from its beginning, and committed."""
        self.produce(*(record(1 + first) for first in range(0, 20 * FLOWS, FLOWS)))
        sluice = self.start(source={"properties": {"topic.metadata.refresh.interval.ms": 500}})
        waiting.until(lambda: self.committed() == 20, "all is committed")
        kafka_admin.delete_topic(self.broker, self.topic)
        kafka_admin.create_topic(self.broker, self.topic)
        self.produce(*(record(1 + first) for first in range(20 * FLOWS, 25 * FLOWS, FLOWS)))
        self.wait_for(sluice, "sluice_source_settled_flows_total", 25 * FLOWS)
        waiting.until(lambda: self.committed() == 5, "all of the new one is committed")
        waiting.until(lambda: sluice.metric("sluice_source_lag_records") == 0, "nothing is behind")
        self.assertEqual(25 * FLOWS, self.ledger(sluice))
        self.assertEqual(0, sluice.stop(), sluice.log())

    def test_without_a_spool_nothing_is_committed_before_it_is_delivered(self):
        self.produce(record(1))
        sluice = self.start({"next": {"type": "kafka", "brokers": "127.0.0.1:1", "topic": "t"}}, shutdown_timeout="1s")
        self.wait_for(sluice, "sluice_source_pending_flows", FLOWS)
        waiting.until(lambda: sluice.metric("sluice_sink_queued_flows") == FLOWS, "they wait")
        self.assertEqual(FLOWS, self.ledger(sluice, ("next",)))
        sluice.stop()
        self.assertEqual(0, self.committed())


class Hanging(SourceCase):
    """A broker of the test's own that answers nothing any more."""

    def setUp(self):
        super().setUp()
        self.broker = kafka.Broker(self.path("broker"))
        self.broker.start()
        self.addCleanup(self.broker.stop)

    def test_does_not_hold_up_the_end(self):
        self.produce(record(1))
        sluice = self.start(shutdown_timeout="4s")
        waiting.until(lambda: self.committed() == 1, "all is committed")
        self.produce(record(1 + FLOWS))
        self.wait_for(sluice, "sluice_source_settled_flows_total", 2 * FLOWS)
        self.broker.signal(signal.SIGSTOP)
        self.addCleanup(self.broker.signal, signal.SIGCONT)
        begin = time.monotonic()
        self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertLess(time.monotonic() - begin, 4, sluice.log())
        self.assertIn("without telling its group", sluice.log())
        self.assertEqual(list(range(1, 1 + 2 * FLOWS)), sorted(one.bytes for one in self.written()))


class Shared(SourceCase):
    """A group of readers."""

    def test_a_second_process_joins_and_leaves(self):
        kafka_admin.create_topic(self.broker, self.topic, 4)
        records = 0

        def produce(count):
            nonlocal records
            self.produce(*(record(1 + (records + i) * FLOWS) for i in range(count)))
            records += count

        produce(200)
        one = self.start(name="one")
        self.wait_for(one, "sluice_source_partitions", 4)
        two = self.start(name="two")
        waiting.until(lambda: (one.metric("sluice_source_partitions"), two.metric("sluice_source_partitions")) == (2, 2),
                      "the partitions are shared out", interval=0.2)
        produce(200)
        waiting.until(lambda: self.committed() == records, "all is committed")
        self.assertGreater(two.metric("sluice_source_flows_total"), 0)
        self.assertEqual(0, two.stop(), two.log())
        waiting.until(lambda: one.metric("sluice_source_partitions") == 4, "the other has all again", interval=0.2)
        produce(200)
        waiting.until(lambda: self.committed() == records, "all is committed")
        self.ledger(one)
        self.assertEqual(0, one.stop(), one.log())
        numbers = collections.Counter(flow.bytes for name in ("one", "two") for flow in self.written(name))
        self.assertEqual(set(range(1, records * FLOWS + 1)), set(numbers))
        self.assertEqual(records * FLOWS, sum(numbers.values()), "nobody was killed, and yet flows came twice")


if __name__ == "__main__":
    main()
