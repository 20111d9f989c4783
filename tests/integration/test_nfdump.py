#!/usr/bin/python3
"""Archives of nfdump: what nfdump shows of a file and what `sluice decode` and `sluice import` make of it agree field for field."""
import json
import os
import random
import re
import struct
import subprocess
import time
import unittest

from harness import captures, daemon, nfdump
from harness.case import Case, main, skip_unless_program
from harness.topic import TopicCase
from test_filter import datagrams

#: How nfcapd 1.7.1 packs, and how it is told to.
COMPRESSIONS = {"none": (), "LZO": ("-z",), "BZ2": ("-j",), "LZ4": ("-y",)}


class Compare(Case):
    def decoded(self, path, flows=None):
        run = daemon.run_once("decode", path)
        self.assertEqual(0, run.returncode, run.stderr)
        got = [json.loads(line) for line in run.stdout.splitlines()]
        if flows is not None:
            self.assertEqual(flows, len(got))
        return got

    @staticmethod
    def disagreements(listed, ours):
        """{field: (nfdump's, ours)}"""
        theirs = nfdump.expected(listed)
        compared = {field for field, _ in nfdump.FIELDS.values()} | {"mpls_label"}
        if ours.get("proto") in (1, 58):
            compared.discard("dst_port")  # type and code, which nfdump's JSON shows as these alone
        if "tcp_flags" not in theirs and ours.get("proto") != 6:
            compared.discard("tcp_flags")  # nfdump shows them of TCP alone
        return {field: (theirs.get(field), ours.get(field)) for field in sorted(compared) if theirs.get(field) != ours.get(field)}

    def check_same(self, listing, flows, name, known=()):
        self.assertEqual(len(listing), len(flows), name)
        differ = []
        for number, (listed, ours) in enumerate(zip(listing, flows)):
            found = self.disagreements(listed, ours)
            found = {field: values for field, values in found.items() if field not in known}
            if found:
                differ.append((number, found))
        self.assertEqual([], differ, f"{name}: in (nfdump's, ours)")


class Samples(Compare):
    """The files beside the repository, of both layouts, with the listings of the nfdump that wrote them."""

    LISTINGS = {
        "v1.json": ("v1-none.nf", "v1-lzo.nf", "v1-bz2.nf", "v1-lz4.nf"),
        "v2.json": ("v2-none.nf", "v2-lzo.nf", "v2-bz2.nf", "v2-lz4.nf"),
        "v2-sampled100.json": ("v2-sampled100.nf",),
        "v2-1.7.8.json": ("v2-1.7.8-none.nf", "v2-1.7.8-lz4.nf", "v2-1.7.8-zstd.nf"),
    }

    def setUp(self):
        super().setUp()
        self.place = os.path.join(captures.directory(), "nfdump")
        if not os.path.isdir(self.place):
            raise unittest.SkipTest(f"there are no archives at {self.place}")

    def test_agree_field_for_field(self):
        for listing, files in self.LISTINGS.items():
            with open(os.path.join(self.place, listing)) as file:
                listed = json.load(file)
            for name in files:
                # The same datagrams at the same moment, but for a few milliseconds of receipt.
                self.check_same(listed, self.decoded(os.path.join(self.place, name), 31), name, known=("time_received_ns",))

    def test_counts_of_sampled_files_are_multiplied_once(self):
        for plain, sampled in (("v1-none.nf", "v1-sampled100.nf"), ("v2-none.nf", "v2-sampled100.nf")):
            once = self.decoded(os.path.join(self.place, plain))
            times = self.decoded(os.path.join(self.place, sampled))
            self.assertEqual([100 * flow["bytes"] for flow in once], [flow["bytes"] for flow in times])
            self.assertEqual({(1, "RECORD")}, {(flow["sampling_rate"], flow["sampling_rate_source"]) for flow in times})
            self.assertEqual({None}, {flow.get("sampling_rate") for flow in once})

    def test_exporter_and_domain_are_kept(self):
        for name in ("v1-lzo.nf", "v2-lzo.nf", "v2-1.7.8-zstd.nf"):
            for flow in self.decoded(os.path.join(self.place, name)):
                self.assertEqual(("NETFLOW_V9", "127.0.0.1", 42), (flow["type"], flow["sampler_address"], flow["observation_domain_id"]))


class Archives(Compare):
    """Files that nfcapd writes here."""

    @classmethod
    def setUpClass(cls):
        skip_unless_program("nfdump")
        cls.messages = datagrams(random.Random(17))

    def archive(self, name="nfcapd", *options):
        directory = nfdump.collect(self.path(name), self.messages, *options)
        (file,) = (file for file in os.listdir(directory) if not file.startswith("."))
        return os.path.join(directory, file)

    def test_every_compression_agrees_field_for_field(self):
        for name, options in COMPRESSIONS.items():
            path = self.archive(name, *options)
            listing = nfdump.listing(path)
            self.assertGreater(len(listing), 500)
            self.check_same(listing, self.decoded(path), name)

    def test_a_filter_finds_the_flows_that_nfdump_finds(self):
        path = self.archive()
        for text in ("proto tcp and dst port 443", "net 192.0.2.0/24", "bytes > 1M"):
            listed = nfdump.listing(path, text)
            run = daemon.run_once("decode", "--filter", text, path)
            self.assertEqual(sorted(record["in_bytes"] for record in listed),
                             sorted(json.loads(line)["bytes"] for line in run.stdout.splitlines()), text)

    def test_raw_has_nothing_to_show(self):
        run = daemon.run_once("decode", "--raw", self.archive())
        self.assertEqual(1, run.returncode)
        self.assertIn("is a file of nfdump, which has no datagrams to show", run.stderr)


class Importing(Compare):
    def run_import(self, *arguments, status=0):
        run = daemon.run_once("import", "nfdump", "--state", self.path("state"), "--set", "sinks.files.type=file", "--set",
                              f"sinks.files.path={self.path('out')}", "--set", "sinks.files.format=json", *arguments)
        self.assertEqual(status, run.returncode, run.stderr)
        return run


class Made(Importing):
    """What no nfdump is needed for."""

    def setUp(self):
        super().setUp()
        self.archive = self.path("nfcapd.202611281000")
        nfdump.write_archive(self.archive, range(1, 11))

    def test_an_ipfix_file_is_decoded(self):
        """RFC 5655: messages one after the other."""
        messages = datagrams(random.Random(17))
        path = self.path("flows.ipfix")
        with open(path, "wb") as file:
            file.write(b"".join(messages))
        records = sum(struct.unpack_from("!H", message, 16)[0] > 255 for message in messages)
        run = daemon.run_once("decode", "--received", "sent", path)
        self.assertEqual(0, run.returncode, run.stderr)
        self.assertGreater(len(run.stdout.splitlines()), records)

    def test_what_kafka_would_lose_is_refused(self):
        nfdump.write_archive(self.path("nfcapd.201501010000"), range(1, 11))
        run = daemon.run_once("import", "nfdump", "--state", self.path("state"), "--set", "sinks.k.type=kafka", self.path("nfcapd.201501010000"))
        self.assertEqual(2, run.returncode, run.stderr)
        self.assertIn("1 file is older than 30 days", run.stderr)
        self.assertEqual(1, len(run.stderr.splitlines()), run.stderr)
        self.assertEqual(0, self.run_import(self.path("nfcapd.201501010000")).returncode)

    def test_mistakes_are_told_in_a_sentence(self):
        for arguments, sentence in ((("/nowhere",), "/nowhere: there is no such file or directory"),
                                    ((__file__,), "is no file of nfdump"),
                                    (("--sink", "kafka", self.archive), '"kafka" is no sink of flows of the configuration; there is files')):
            run = self.run_import(*arguments, status=2)
            self.assertIn(sentence, run.stderr)
            self.assertEqual(1, len(run.stderr.splitlines()), run.stderr)
        with open(self.path("state"), "w") as file:
            file.write("sluice import, to kafka\n")
        self.assertIn("is the state of an import to kafka", self.run_import(self.archive, status=2).stderr)

    def test_what_is_killed_goes_on_from_where_all_was_delivered(self):
        """Flows are known by their bytes. The pipe is read slowly, so that the import takes longer than from one line of its
        state to the next."""
        flows, archive = 150_000, self.path("big")
        nfdump.write_archive(archive, range(1, flows + 1))
        command = [daemon.binary(), "import", "nfdump", "--state", self.path("state"), "--set", "sinks.out.type=stdout", archive]

        def delivered():
            if not os.path.exists(self.path("state")):
                return None
            with open(self.path("state")) as file:
                return max((int(line.split()[2]) for line in file if line.startswith("part ")), default=None)

        first = b""
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            while delivered() is None:
                chunk = process.stdout.read1(65536)
                self.assertTrue(chunk, "it ended before it was killed")
                first += chunk
                time.sleep(0.002)  # the pace of whoever reads
            process.kill()
            first += process.stdout.read()
        done = delivered()
        numbers = [int(number) for number in re.findall(rb'"bytes":(\d+)', first)]
        self.assertEqual(list(range(1, done + 1)), numbers[:done])
        self.assertLess(done, flows)
        second = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
        self.assertEqual(list(range(done + 1, flows + 1)), [int(number) for number in re.findall(rb'"bytes":(\d+)', second.stdout)])

    def test_the_progress_is_shown_on_a_terminal(self):
        run = daemon.run_on_terminal("import", "nfdump", "--state", self.path("state"), "--set", "sinks.files.type=file",
                                     "--set", f"sinks.files.path={self.path('out')}", self.archive)
        self.assertEqual(0, run.status, run.text)
        self.assertTrue(re.search(r"\[#* *\] +\d+ %  .* of 1 files .* flows/s", run.text), run.text)


class Import(Importing):
    @classmethod
    def setUpClass(cls):
        skip_unless_program("nfdump")
        cls.messages = datagrams(random.Random(19))

    def setUp(self):
        super().setUp()
        # A tree as NfSen keeps it.
        self.tree = self.path("live")
        for day, source in (("27", "edge1"), ("28", "edge1"), ("28", "edge2")):
            file = self.one(nfdump.collect(self.path("nfcapd"), self.messages, "-y"))
            os.makedirs(os.path.join(self.tree, source, "2026", "11", day))
            os.rename(file, os.path.join(self.tree, source, "2026", "11", day, f"nfcapd.202611{day}1000"))
            for left in os.listdir(self.path("nfcapd")):
                os.remove(self.path("nfcapd", left))
            os.rmdir(self.path("nfcapd"))

    @staticmethod
    def one(directory):
        (file,) = (file for file in os.listdir(directory) if not file.startswith("."))
        return os.path.join(directory, file)

    def written(self):
        out = []
        for name in sorted(os.listdir(self.path("out"))):
            with open(self.path("out", name)) as file:
                out += [json.loads(line) for line in file]
        return out

    def test_a_tree_is_imported_in_the_order_of_time_and_once(self):
        run = self.run_import(self.tree)
        self.assertRegex(run.stderr, r"1800 flows of 3 files imported in .* flows/s")
        self.assertNotIn("\r", run.stderr, "the progress is for terminals")
        listing = [record for day, source in (("27", "edge1"), ("28", "edge1"), ("28", "edge2"))
                   for record in nfdump.listing(os.path.join(self.tree, source, "2026", "11", day, f"nfcapd.202611{day}1000"))]
        self.check_same(listing, self.written(), "tree")
        again = self.run_import(self.tree)
        self.assertIn("0 flows of 0 files imported", again.stderr)
        self.assertIn("3 files had been imported before", again.stderr)
        self.assertEqual(1800, len(self.written()))


class Tables(TopicCase, Compare):
    """Through Kafka, as an import of weeks ago goes."""

    #: How a column reads as Sluice's JSON has its field.
    AS_JSON = {"time_flow_start_ns": "toUnixTimestamp64Nano(time_flow_start)", "time_flow_end_ns": "toUnixTimestamp64Nano(time_flow_end)",
               "time_received_ns": "toUnixTimestamp64Nano(time_received)",
               **{name: f"if({name} = toIPv6('::'), '', sluice_ip({name}))"
                  for name in ("src_addr", "dst_addr", "next_hop", "bgp_next_hop", "sampler_address", "post_nat_src_addr", "post_nat_dst_addr")},
               **{name: f"if({name} = 0, '', lower(MACNumToString({name})))" for name in ("src_mac", "dst_mac")},
               "flow_direction": "upper(toString(flow_direction))"}

    def test_the_tables_have_what_nfdump_shows(self):
        skip_unless_program("nfdump")
        self.apply("--days-before", 3000, "--retention-days", 3000)
        directory = nfdump.collect(self.path("nfcapd"), datagrams(random.Random(23)), "-z")
        (name,) = (name for name in os.listdir(directory) if not name.startswith("."))
        path = os.path.join(directory, name)
        run = daemon.run_once("import", "nfdump", "--state", self.path("state"), "--retention", 3000, "--set", "sinks.k.type=kafka",
                              "--set", f"sinks.k.brokers={self.broker.address}", "--set", f"sinks.k.topic={self.topic}", path)
        self.assertEqual(0, run.returncode, run.stderr)
        listing = nfdump.listing(path)
        self.store.wait_for("SELECT count() FROM sluice.flows_raw", len(listing))
        fields = sorted({field for field, _ in nfdump.FIELDS.values()} | {"mpls_label"})
        columns = ", ".join(self.AS_JSON.get(field, field) for field in fields)
        rows = {row[fields.index("bytes")]: {field: value for field, value in zip(fields, row) if value not in (0, "", [], None)}
                for row in self.store.query(f"SELECT {columns} FROM sluice.flows_raw")}
        self.check_same(listing, [rows[record["in_bytes"]] for record in listing], "flows_raw")


if __name__ == "__main__":
    main()
