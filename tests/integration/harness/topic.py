"""The base of tests that go from a real topic to the shipped tables."""
import subprocess
import time

from . import kafka, kafka_times, schema, store, waiting
from .case import Case, skip_unless_program

DAY = 86400 * 10**9
#: Yesterday at noon, UTC, in ns: what comes by the topic must have been received about when its record was written.
NOON = (time.time_ns() // DAY - 1) * DAY + DAY // 2


class TopicCase(Case):
    def setUp(self):
        super().setUp()
        self.kcat = skip_unless_program("kcat")
        self.broker = kafka.shared()
        self.topic = kafka.new_topic("schema")
        self.store = store.Store(self.path("store"))
        self.addCleanup(self.store.kill)

    def apply(self, *options):
        return schema.apply(self.store, "--brokers", self.broker.address, "--topic", self.topic, "--group", self.topic,
                            "--flush-interval", 200, *options)

    def produce(self, *records):
        """Each of the records, in this order, in one partition."""
        files = []
        for number, record in enumerate(records):
            files.append(self.path(f"record-{number}"))
            with open(files[-1], "wb") as file:
                file.write(record)
        for first in range(0, len(files), 500):
            subprocess.run([self.kcat, "-P", "-b", self.broker.address, "-t", self.topic, "-p", "0", *files[first:first + 500]],
                           stdin=subprocess.DEVNULL, check=True, timeout=waiting.DEADLINE)

    def produce_at(self, *records):
        """(Kafka's time in ns, record) of each, in one partition; the topic must be there."""
        kafka_times.produce(self.broker, self.topic, [(time // 10**6, record) for time, record in records])
