#!/usr/bin/python3
"""Nothing lost, nothing doubled between the daemon and the tables: broker and engine are stopped, started and killed
while a numbered stream runs; a damaged record costs itself alone."""
import subprocess
import threading

from harness import columns, daemon, kafka, schema, store, udp, waiting
from harness.case import Case, main, skip_unless_program
from harness.netflow import RECORDS, datagram

BY_AS = [rollup.name for rollup in columns.rollups() if "src_as" in rollup.keys]
BLOCK_ROWS = 3000     # apply.sh --block-rows
POLL_RECORDS = 2      # Kafka records by which a block may go beyond that: BLOCK_ROWS / 1024


class Stream:
    """Sends numbered datagrams at a steady pace from a thread until it is told to end."""

    def __init__(self, port, pace=0.004):
        self.sent = 0
        self._end = threading.Event()
        self._pace = pace
        self._sender = udp.Sender(port)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        # Ends on its own before the 16 bits of the AS number are used up.
        while not self._end.wait(self._pace) and self.sent < 60000:
            self._sender.send(datagram(self.sent))
            self.sent += 1

    def until(self, count):
        waiting.until(lambda: self.sent >= count, f"{count} datagrams are sent")

    def end(self):
        self._end.set()
        self._thread.join()
        self._sender.close()
        return self.sent * RECORDS


class DeliveryCase(Case):
    def setUp(self):
        super().setUp()
        self.broker = kafka.Broker(self.path("kafka"))
        self.broker.start()
        self.addCleanup(self.broker.stop)
        self.topic = kafka.new_topic("delivery")
        self.store = store.Store(self.path("store"))
        self.addCleanup(lambda: self.store.kill())
        schema.apply(self.store, "--brokers", self.broker.address, "--topic", self.topic, "--group", self.topic,
                     "--flush-interval", "300", "--block-rows", BLOCK_ROWS)
        self.daemon = daemon.Daemon(self.path("daemon"), {"kafka": {"brokers": self.broker.address, "topic": self.topic}})
        self.addCleanup(self.daemon.kill)

    def query(self, sql):
        return self.store.query(sql)

    def number(self, sql):
        return self.query(sql)[0][0]

    def wait_rows(self, count):
        waiting.until(lambda: self.number("SELECT uniqExact(bytes) FROM sluice.flows_raw") >= count,
                      f"{count} numbers in flows_raw", deadline=120)

    def finish(self, stream):
        """Ends the stream; gives how many flows the daemon received, all of which must have been sent."""
        count = stream.end()
        waiting.until(lambda: self.daemon.metric("sluice_sink_delivered_flows_total") >= count, "all is delivered", 120)
        self.assertEqual(count, self.daemon.metric("sluice_protocol_flows_total"))
        self.wait_rows(count)
        return count

    def assert_exact(self, count):
        self.assertEqual([[count, count, 1, count, count * (count + 1) // 2]],
                         self.query("SELECT count(), uniqExact(bytes), min(bytes), max(bytes), sum(bytes) FROM sluice.flows_raw"))
        for table in schema.rollups(self.store):
            with self.subTest(table=table):
                waiting.until(lambda: self.number(f"SELECT sum(flows) FROM sluice.{table}") >= count, f"{table} has all")
                self.assertEqual([[count, count * (count + 1) // 2]],
                                 self.query(f"SELECT sum(flows), sum(bytes) FROM sluice.{table}"))


class Stops(DeliveryCase):
    def test_broker_stopped_and_started(self):
        stream = Stream(self.daemon.port)
        stream.until(100)
        self.wait_rows(50 * RECORDS)
        self.broker.stop(keep=True)
        stream.until(stream.sent + 300)
        self.broker.start()
        stream.until(stream.sent + 100)
        self.assert_exact(self.finish(stream))

    def test_engine_stopped_and_started(self):
        stream = Stream(self.daemon.port)
        for turn in range(1, 4):
            stream.until(stream.sent + 200)
            self.wait_rows(100 * RECORDS * turn)
            self.assertEqual(0, self.store.stop(), self.store.log())
            stream.until(stream.sent + 100)
            self.store.start()
        self.assert_exact(self.finish(stream))


class Kills(DeliveryCase):
    TURNS = 5

    def test_engine_killed_loses_nothing_and_doubles_at_most_a_block(self):
        stream = Stream(self.daemon.port)
        for turn in range(1, self.TURNS + 1):
            stream.until(stream.sent + 200)
            self.wait_rows(100 * RECORDS * turn)
            self.store.kill()
            self.store.start()
        count = self.finish(stream)
        total, distinct = self.query("SELECT count(), uniqExact(bytes) FROM sluice.flows_raw")[0]
        self.assertEqual(count, distinct, "rows are lost")
        record_rows = self.number("SELECT max(n) FROM (SELECT uniqExact(bytes) AS n FROM sluice.flows_raw GROUP BY kafka_partition, kafka_offset)")
        most = self.TURNS * (BLOCK_ROWS + POLL_RECORDS * record_rows)
        self.assertLessEqual(total - distinct, most)
        doubles = self.number("SELECT count() - uniqExact(kafka_topic, kafka_partition, kafka_offset, bytes) FROM sluice.flows_raw")
        self.assertEqual(total - distinct, doubles, "doubles are seen by topic, partition and offset")
        for table in BY_AS:
            with self.subTest(table=table):
                by_as = f"SELECT src_as, sum(flows) AS f, sum(bytes) FROM sluice.{table} GROUP BY src_as HAVING f < {RECORDS}"
                waiting.until(lambda: self.number(f"SELECT uniqExact(src_as) FROM sluice.{table}") == count // RECORDS,
                              f"{table} has every datagram")
                waiting.until(lambda: self.query(by_as) == [], f"{table} has lost nothing")
                self.assertLessEqual(self.number(f"SELECT sum(flows) FROM sluice.{table}") - count, most)
        print(f"{count} flows, {self.TURNS} kills: {total - distinct} doubled in flows_raw")


class Damage(DeliveryCase):
    def produce(self, *values):
        """Each value one record, all in partition 0, in this order."""
        kcat = skip_unless_program("kcat")
        names = []
        for index, value in enumerate(values):
            names.append(self.path(f"record-{index}"))
            with open(names[-1], "wb") as file:
                file.write(value)
        subprocess.run([kcat, "-P", "-b", self.broker.address, "-t", self.topic, "-p", "0", *names], check=True,
                       stdin=subprocess.DEVNULL, timeout=waiting.DEADLINE)

    def good_records(self, count):
        """The framed protobuf of `count` datagrams, as the daemon produced them."""
        with udp.Sender(self.daemon.port) as sender:
            for index in range(count):
                sender.send(datagram(index))
        waiting.until(lambda: self.daemon.metric("sluice_sink_delivered_flows_total") == count * RECORDS, "delivered")
        return [record.value for record in self.broker.records(self.topic)]

    def test_a_damaged_record_costs_itself_alone(self):
        good = b"".join(self.good_records(3))
        count = 3 * RECORDS
        self.wait_rows(count)
        damaged = good[:len(good) // 2] + b"\xff" * 24 + good[len(good) // 2:]
        self.produce(good, damaged, good, b"not a flow at all", good)
        waiting.until(lambda: self.number("SELECT count() FROM sluice.flows_raw") >= 4 * count, "the good records")
        waiting.until(lambda: self.number("SELECT count() FROM sluice.flows_errors") >= 2, "two errors")
        self.assertEqual([[4 * count, count, 4 * count * (count + 1) // 2]],
                         self.query("SELECT count(), uniqExact(bytes), sum(bytes) FROM sluice.flows_raw"))
        errors = self.query("SELECT kafka_topic, kafka_partition, error != '', hex(raw_message), "
                            "kafka_offset - min(kafka_offset) OVER () FROM sluice.flows_errors ORDER BY kafka_offset")
        self.assertEqual([[self.topic, 0, 1, damaged.hex().upper(), 0],
                          [self.topic, 0, 1, b"not a flow at all".hex().upper(), 2]], errors)
        # The table goes on: what comes later is there.
        with udp.Sender(self.daemon.port) as sender:
            sender.send(datagram(3))
        self.wait_rows(count + RECORDS)


if __name__ == "__main__":
    main()
