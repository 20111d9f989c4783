#!/usr/bin/python3
"""Endurance: two minutes (ten in the long form) of all protocols with faults, decoded and written. At the end every datagram and
every flow is accounted for, exporter by exporter, and memory is what it was after the first quarter."""
import concurrent.futures
import json
import unittest
import urllib.request

from harness import daemon, waiting
from harness.case import LONG, Case, main

SECONDS = 600 if LONG else 120
EXPORTERS = 20
RATE = 300  # datagrams a second and protocol: some load, and never so much that the kernel drops on a busy machine
PROTOCOLS = {"sflow": ("--counter-interval", 2), "netflow5": (), "netflow9": ("--template-datagrams", 50),
             "ipfix": ("--late-templates", 1, "--template-datagrams", 50)}
FAULTS = ("--reorder", 0.01, "--duplicate", 0.01, "--malformed", 0.01, "--gap", 0.01, "--restart-after", 500)
#: What an allocator may keep of a busy moment.
SLACK = 8 << 20


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
        settings = {"sinks": {"json": {"type": "stdout", "format": "json"}, "files": {"type": "file", "path": self.path("files"), "rotate_bytes": "16MB"}}}
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
            booked = {sink: sum(row["delivered"] for row in answer["sinks"] if row["sink"] == sink) for sink in ("json", "files")}
            return (answer, made) if booked == {"json": made, "files": made} else None
        answer, made = waiting.until(made_and_booked, "every flow made is delivered to both sinks")
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


if __name__ == "__main__":
    main()
