#!/usr/bin/python3
"""Times of receipt that cannot be, on their way from a real topic to the tables: no flow is lost by them, and nothing stops."""
import json

from harness import daemon
from harness.case import main
from harness.columns import framed, message
from harness.topic import DAY, NOON, TopicCase

HOUR = DAY // 24
#: The last second of yesterday: whatever the time is now, 30 of the days before it are within 30 days.
EVENING = NOON + DAY // 2 - 10**9
ERRORS = "SELECT reason, count() AS records, sum(flows) AS flows FROM sluice.flows_errors GROUP BY reason ORDER BY reason"
#: What no window around now holds: the first second and day, both ends of the type, and years too far away.
IMPOSSIBLE = (1, DAY, 2**63 - 1, 2**63, 2**64 - 1, NOON - 40 * DAY, NOON + 3 * DAY, NOON - 3000 * DAY, NOON + 3000 * DAY)


class Times(TopicCase):
    """Of flows and of the records that hold them."""

    def flows(self, *times):
        """A record of a flow for each time, whose bytes say which it is."""
        return framed(*(message(time_received_ns=time, bytes=number + 1, sampling_rate=1) for number, time in enumerate(times)))

    def wait_for_errors(self, *rows):
        """(reason, records, flows) of each reason."""
        self.store.wait_for(f"SELECT groupArray((reason, records, flows)) FROM ({ERRORS})", list(rows))

    def settle(self):
        """What a table's TTL would take goes now."""
        for table in ("flows_raw", "flows_1m", "flows_1h", "flows_errors"):
            self.store.text(f"OPTIMIZE TABLE sluice.{table} FINAL")

    def test_a_record_of_130_days(self):
        self.apply("--retention-days", 60)
        self.produce(self.flows(*(EVENING - day * DAY for day in range(130))), self.flows(EVENING))
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 131)
        self.settle()
        ago = f"toRelativeDayNum(toDateTime({EVENING // 10**9}, 'UTC')) - toRelativeDayNum(time_received)"
        self.assertEqual(self.store.query(f"SELECT count(), sum(bytes), countIf({ago} = bytes - 1), countIf({ago} < 0) FROM sluice.flows_raw WHERE kafka_offset = 0"),
                         [[130, 130 * 131 // 2, 29 + 1, 100]])
        self.wait_for_errors(["time", 1, 100])
        self.assertEqual(self.store.query("SELECT kafka_topic, kafka_partition, kafka_offset, raw_message FROM sluice.flows_errors"),
                         [[self.topic, 0, 0, ""]])
        self.assertRegex(self.store.value("SELECT error FROM sluice.flows_errors"),
                         r"^received from \S+ 23:59:59\.0+ to \S+ 23:59:59\.0+, not within 30 days before and 1 h after ")
        self.assertEqual(self.store.value("SELECT sum(flows) FROM sluice.flows_1h"), 131)

    def test_many_such_records_over_restarts(self):
        """Nothing is lost, nothing vanishes, each record is told once; also where the store is killed between them."""
        self.apply()
        total = 0
        for start in range(3):
            self.produce(*(self.flows(*IMPOSSIBLE, NOON, 0) for _ in range(50)))
            total += 50
            if start:
                self.store.kill()
                self.store.start()
            self.store.wait_for("SELECT uniqExact(kafka_offset) FROM sluice.flows_raw", total)
            self.store.wait_for("SELECT count() FROM sluice.flows_errors", total)
        self.settle()
        self.assertEqual(self.store.query("SELECT uniqExact((kafka_offset, bytes)), min(time_received) >= now() - INTERVAL 2 DAY, max(time_received) <= now64(3) "
                                          "FROM sluice.flows_raw"), [[total * (len(IMPOSSIBLE) + 2), 1, 1]])
        self.assertEqual(self.store.query(ERRORS), [["time", total, total * len(IMPOSSIBLE)]])
        self.assertEqual(self.store.value("SELECT uniqExact(kafka_offset) FROM sluice.flows_errors"), total)

    def test_records_of_more_days_than_a_block_may_have(self):
        """Kafka's own times, of a topic that is read from its beginning: each record keeps its day, whatever the raw table keeps."""
        self.produce(self.flows(0))
        self.produce_at(*((NOON - day * DAY, self.flows(NOON - day * DAY, 0)) for day in range(1, 111)))
        self.apply("--retention-days", 400)
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 221)
        self.settle()
        self.assertEqual(self.store.query("SELECT count(), uniqExact(toDate(time_received)) >= 111 FROM sluice.flows_raw"), [[221, 1]])
        self.assertEqual(self.store.query(ERRORS), [])

    def test_records_older_than_the_tables_keep(self):
        """What flows_raw would drop at once is told; what no table would keep has the time at which it was read."""
        self.produce(self.flows(NOON))
        self.produce_at((NOON - 60 * DAY, self.flows(NOON - 60 * DAY, 0)), (1000, self.flows(1000 * 10**6, 0, NOON)))
        self.apply()
        self.store.wait_for("SELECT sum(flows) FROM sluice.flows_1h", 6)
        self.settle()
        self.wait_for_errors(["expired", 1, 2], ["time", 1, 1])
        self.assertEqual(self.store.query("SELECT sum(flows) FROM sluice.flows_5m WHERE time < now() - INTERVAL 50 DAY"), [[2]])
        self.assertEqual(self.store.query("SELECT count(), min(time_received) >= now() - INTERVAL 2 DAY FROM sluice.flows_raw WHERE kafka_offset = 2"), [[3, 1]])

    def test_another_window(self):
        self.apply("--days-before", 2, "--hours-after", 50)
        self.produce(self.flows(NOON - 3 * DAY, NOON + 2 * DAY, NOON - DAY // 2, NOON + 5 * DAY))
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", 4)
        self.assertEqual(self.store.query(f"SELECT bytes FROM sluice.flows_raw WHERE toUnixTimestamp64Nano(time_received) IN ({NOON + 2 * DAY}, {NOON - DAY // 2}) ORDER BY bytes"),
                         [[2], [3]])
        self.wait_for_errors(["time", 1, 2])

    def test_a_block_that_cannot_be_written(self):
        """Its faults are told once, however often it is tried; doctor says why it cannot be; and then it is written."""
        self.apply()
        self.store.text("ALTER TABLE sluice.flows_1h ADD CONSTRAINT no_thirteen CHECK bytes != 13")
        self.produce(b"\xff" * 40, self.flows(1, NOON), framed(message(time_received_ns=NOON, bytes=13)))
        told = "SELECT reason, kafka_offset FROM sluice.flows_errors ORDER BY kafka_offset"
        self.store.wait_for("SELECT uniqExact(inserted_at) FROM sluice.flows_raw", lambda times: times > 5)
        errors = self.store.query(told)
        self.assertEqual(errors, [["unreadable", 0], ["time", 1]])
        found = {finding["check"]: finding for finding in
                 json.loads(daemon.run_once("doctor", "--clickhouse", self.store.url, "--watch", 0, "--json").stdout)["checks"]}
        self.assertEqual(found["consumers"]["status"], "fail")
        self.assertIn("no_thirteen", found["consumers"]["sentence"])
        self.store.text("ALTER TABLE sluice.flows_1h DROP CONSTRAINT no_thirteen")
        self.store.wait_for("SELECT sum(bytes) FROM sluice.flows_1h", 1 + 2 + 13)
        self.assertEqual(self.store.query(told), errors)


if __name__ == "__main__":
    main()
