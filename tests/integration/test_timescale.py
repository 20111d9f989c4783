#!/usr/bin/python3
"""What `sluice schema postgres --timescale` prints, in a real TimescaleDB: the hypertable, its sums by time, compression and how long
all is kept. The build that can be had here takes no COPY, so rows come by INSERT; COPY is proven on PostgreSQL (test_postgres.py)."""
import json

from harness import daemon, timescale
from harness.case import Case, main


class Tables(Case):
    def setUp(self):
        super().setUp()
        self.server = timescale.Timescale(self.directory)
        self.addCleanup(self.server.kill)

    def make(self, *arguments):
        printed = daemon.run_once("schema", "postgres", "--timescale", *arguments)
        self.assertEqual((0, ""), (printed.returncode, printed.stderr))
        self.server.run(printed.stdout)
        return printed.stdout

    def test_rows_and_their_sums(self):
        """Ten days of a flow a minute by each of two exporters."""
        self.server.run(self.make())  # again: what is there stays
        self.server.run("INSERT INTO flows (time_received, sampler_address, in_if, out_if, src_as, dst_as, etype, proto, sampling_rate, bytes, packets) "
                        "SELECT date_trunc('hour', now()) - make_interval(mins => n), ('192.0.2.' || n % 2 + 1)::inet, 1, 2, 64500, 0, 2048, 6, 10, 100 + n, 1 "
                        "FROM generate_series(1, 14400) n")
        self.assertIn(int(self.server.run("SELECT count(*) FROM show_chunks('flows')")), (10, 11))
        octets = str(sum(100 + n for n in range(1, 14401)))
        # Before anything is worked out in the background, of what was received since then.
        self.assertEqual([["14400", octets]], self.server.rows("SELECT sum(flows), sum(bytes) FROM flows_1m"))
        for name, slots in (("flows_1m", 14400), ("flows_5m", 5760), ("flows_1h", 480)):
            self.server.run(f"CALL refresh_continuous_aggregate('{name}', NULL, NULL)")
            self.assertEqual([[str(slots), "14400", octets, "14400"]], self.server.rows(f"SELECT count(*), sum(flows), sum(bytes), sum(packets) FROM {name}"))
        self.assertEqual([["192.0.2.1", str(10 * sum(100 + n for n in range(1, 14401) if n % 2 == 0))]], self.server.rows(
            "SELECT host(sampler_address), sum(bytes * greatest(sampling_rate, 1)) FROM flows_1h WHERE sampler_address = '192.0.2.1' GROUP BY 1"))
        compressed = self.server.rows("SELECT compress_chunk(c) FROM show_chunks('flows', older_than => INTERVAL '2 days') c")
        self.assertGreater(len(compressed), 6)
        self.assertEqual([["14400", octets]], self.server.rows("SELECT count(*), sum(bytes) FROM flows"))

    def test_what_is_kept_for_how_long(self):
        self.make()
        jobs = {(table, job): json.loads(config) for table, job, config in self.server.rows(
            "SELECT coalesce(hypertable_name, ''), proc_name, config FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL")}
        kept = {table: config["drop_after"] for (table, job), config in jobs.items() if job == "policy_retention"}
        self.assertEqual({"flows": "30 days", "flows_1m": "90 days", "flows_5m": "400 days", "flows_1h": "1830 days"}, kept)
        self.assertEqual({"flows_1m": "00:01:00", "flows_5m": "00:05:00", "flows_1h": "01:00:00"},
                         {table: config["end_offset"] for (table, job), config in jobs.items() if job == "policy_refresh_continuous_aggregate"})
        self.assertEqual("1 day", jobs["flows", "policy_compression"]["compress_after"])

    def test_a_table_of_ones_own(self):
        """Its columns and its name; without counters there are no sums."""
        for table, columns in (("mine", ["time_received", "sampler_address", "proto", "bytes", "packets"]), ("short", ["time_received", "src_addr", "bytes"])):
            with open(self.path("only.yaml"), "w") as file:
                json.dump({"sinks": {"tables": {"type": "postgres", "table": table, "columns": columns}}}, file)
            self.make("-c", self.path("only.yaml"))
        self.server.run("INSERT INTO mine VALUES (now(), '192.0.2.1', 6, 5, 1), (now(), '192.0.2.1', 17, 6, 1)")
        self.assertEqual([["6", "5"], ["17", "6"]], self.server.rows("SELECT proto, sum(bytes) FROM mine_5m GROUP BY 1 ORDER BY 1"))
        self.assertEqual([["mine_1h"], ["mine_1m"], ["mine_5m"]], self.server.rows("SELECT view_name FROM timescaledb_information.continuous_aggregates ORDER BY 1"))


if __name__ == "__main__":
    main()
