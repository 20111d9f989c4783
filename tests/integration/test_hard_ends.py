#!/usr/bin/python3
"""The daemon is killed at random moments, and runs out of file descriptors and of memory. What is left of the first is whole up
to its last row, and what was told as delivered is in it; the others it outlives, and counts what they cost."""
import itertools
import json
import os
import random
import resource
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import daemon, messages, udp, waiting
from harness.case import LONG, Case, main

KILLS = 200 if LONG else 20
FLOWS_PER_DATAGRAM = 10
PAUSE = 0.002  # seconds between datagrams: some 400 a second
TEMPLATE = 256


def ipfix(*sets, domain=7):
    body = b"".join(struct.pack("!HH", number, 4 + len(content)) + content for number, content in sets)
    return struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), 0, domain) + body


def template(number, octets_length=8):
    """Octets alone."""
    return 2, struct.pack("!HHHH", number, 1, 1, octets_length)


class Numbered(threading.Thread):
    """Sends flows whose octets are 1, 2, 3 and on, and from time to time a template that nobody needs, so that the state file has
    something to write. Without the template of the flows."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.sent = 0
        self._port = port
        self._end = threading.Event()
        self.start()

    def run(self):
        with udp.Sender(self._port) as sender:
            turn = 0
            while not self._end.wait(PAUSE):
                numbers = range(self.sent + 1, self.sent + 1 + FLOWS_PER_DATAGRAM)
                self.sent += FLOWS_PER_DATAGRAM
                try:
                    sender.send(ipfix((TEMPLATE, struct.pack(f"!{FLOWS_PER_DATAGRAM}Q", *numbers))))
                    if turn % 20 == 0:
                        sender.send(ipfix(template(TEMPLATE + random.randrange(2000), random.randint(1, 8)), domain=8))
                except ConnectionRefusedError:  # of the one before: it is dead already
                    return
                turn += 1

    def stop(self):
        self._end.set()
        self.join()


class Kills(Case):
    def start(self, turn):
        sinks = {"lines": {"type": "file", "path": self.path(f"lines-{turn}"), "format": "json"},
                 "frames": {"type": "file", "path": self.path(f"frames-{turn}")}}
        collector = daemon.Daemon(self.path(f"run-{turn}"), {"workers": 1, "state": {"file": self.path("state")}, "sinks": sinks})
        self.addCleanup(collector.kill)
        return collector

    def teach(self):
        """What all are to know from the state file."""
        collector = self.start(0)
        with udp.Sender(collector.port) as sender:
            sender.send(ipfix(template(TEMPLATE)))
            waiting.until(lambda: collector.metric("sluice_state_last_write_timestamp_seconds") > 0 and
                          collector.metric("sluice_protocol_templates_total") == 1 and
                          collector.metric("sluice_state_unwritten_changes") == 0, "the template is in the state file", interval=0.01)
        collector.kill()

    def content(self, directory):
        """Of the files in the order in which they were begun."""
        out = b""
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            with open(os.path.join(directory, name), "rb") as file:
                out += file.read()
        return out

    def numbers_in_lines(self, turn):
        whole, _, cut = self.content(self.path(f"lines-{turn}")).rpartition(b"\n")
        self.assertFalse(cut.endswith(b"}"), "a whole row without its end")
        return [int(flow["bytes"]) for flow in messages.parse_json(whole)]

    def numbers_in_frames(self, turn):
        content, at, whole = self.content(self.path(f"frames-{turn}")), 0, 0
        while at < len(content):
            length, shift = 0, 0
            while at < len(content):
                byte, at = content[at], at + 1
                length, shift = length | (byte & 0x7F) << shift, shift + 7
                if byte < 0x80:
                    break
            at += length
            if at <= len(content):
                whole = at
        return [message.bytes for message in messages.parse_framed(content[:whole])]

    def test_what_is_left_is_whole_and_what_was_delivered_is_in_it(self):
        seed = int.from_bytes(os.urandom(4), "big")
        print(f"seed {seed}")
        random.seed(seed)
        self.teach()
        worst = 0
        for turn in range(1, KILLS + 1):
            collector = self.start(turn)
            self.assertEqual(0, collector.metric("sluice_state_set_aside_total"), collector.log())
            self.assertGreaterEqual(collector.metric("sluice_state_restored", kind="templates"), 1)
            sender = Numbered(collector.port)
            waiting.until(lambda: collector.metric("sluice_sink_delivered_flows_total", sink="frames") > 0, "flows are delivered", interval=0.01)
            time.sleep(random.uniform(0, 0.5))  # which is the matter of this test
            told = {sink: collector.metric("sluice_sink_delivered_flows_total", sink=sink) for sink in ("lines", "frames")}
            time.sleep(random.uniform(0, 0.05))
            collector.kill()
            sent = sender.sent
            sender.stop()
            for sink, numbers in (("lines", self.numbers_in_lines(turn)), ("frames", self.numbers_in_frames(turn))):
                self.assertEqual(list(range(1, len(numbers) + 1)), numbers, f"{sink}: not the first that were sent, in order")
                self.assertGreaterEqual(len(numbers), told[sink], f"{sink}: delivered flows are missing")
                worst = max(worst, sent - len(numbers))
        print(f"{KILLS} kills; at worst the last {worst} flows were lost, {worst / FLOWS_PER_DATAGRAM * PAUSE * 1000:.0f} ms of traffic or less")


class Limits(Case):
    def start(self, settings=None):
        self.strangers = itertools.count()
        settings = {"workers": 1, "log": {"repeat_every": "0s"}, "sinks": {"out": {"type": "file", "path": self.path("out"), "format": "json"}},
                    **(settings or {})}
        collector = daemon.Daemon(self.path("daemon"), settings)
        self.addCleanup(collector.kill)
        return collector

    def send(self, collector, flows):
        run = daemon.run_once("generate", "--quiet", "--protocol", "ipfix", "--to", f"127.0.0.1:{collector.port}", "--flows", flows, "--rate", 500,
                              "--flows-per-datagram", 10)
        self.assertEqual(0, run.returncode, run.stderr)
        return json.loads(run.stdout)["flows"]

    def fates(self, collector):
        return {fate: collector.metric(f"sluice_sink_{fate}_flows_total") for fate in ("delivered", "failed", "shed")}

    def test_without_file_descriptors(self):
        collector = self.start()
        process = collector.process.pid
        sent = self.send(collector, 200)
        waiting.until(lambda: self.fates(collector)["delivered"] == sent, "the flows are delivered")
        before = resource.prlimit(process, resource.RLIMIT_NOFILE)
        # Below those that it has: none that it closes can be had again.
        resource.prlimit(process, resource.RLIMIT_NOFILE, (3, before[1]))
        # The file is closed and no other can be opened, and nobody can connect.
        collector.signal(signal.SIGHUP)
        with socket.create_connection(("127.0.0.1", collector.metrics_port), timeout=waiting.DEADLINE) as waits:
            waits.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            sent += self.send(collector, 200)
            waiting.until(lambda: "Too many open files" in collector.log(), "the log says what is short")
            self.assertIsNone(collector.process.poll())
            resource.prlimit(process, resource.RLIMIT_NOFILE, before)
            waits.settimeout(waiting.DEADLINE)
            self.assertIn(b" 200 ", waits.recv(100), "who waited is answered")
        sent += self.send(collector, 200)
        waiting.until(lambda: sum(self.fates(collector).values()) == sent, "every flow has its fate")
        fates = self.fates(collector)
        self.assertGreaterEqual(fates["delivered"], 400, fates)
        self.assertEqual(200, collector.http("/readyz")[0])
        self.assertEqual(0, collector.stop(), collector.log())
        self.assertEqual(fates["delivered"], sum(self.rows(name) for name in os.listdir(self.path("out"))))

    def rows(self, name):
        with open(self.path("out", name)) as file:
            return len([json.loads(line) for line in file])

    def flood(self, collector, sources):
        """Templates as dense as they fit into a datagram, from so many addresses that did not send before."""
        content = b"".join(struct.pack("!HHHH", 256 + number, 1, 1, 4) for number in range(4000))
        for source in itertools.islice(self.strangers, sources):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as strange:
                strange.bind((f"127.1.{source // 200}.{1 + source % 200}", 0))
                strange.sendto(ipfix((2, content)), ("127.0.0.1", collector.port))

    def waiting_in_kernel(self, collector):
        with open("/proc/net/udp") as file:
            return sum(int(line.split()[4].split(":")[1], 16) for line in file.readlines()[1:] if line.split()[1].endswith(f":{collector.port:04X}"))

    def test_without_memory(self):
        collector = self.start()
        process = collector.process.pid
        sent = self.send(collector, 200)
        waiting.until(lambda: self.fates(collector)["delivered"] == sent, "the flows are delivered")
        with open(f"/proc/{process}/status") as file:
            size = next(int(line.split()[1]) << 10 for line in file if line.startswith("VmSize:"))
        before = resource.prlimit(process, resource.RLIMIT_AS)
        resource.prlimit(process, resource.RLIMIT_AS, (size, before[1]))

        def short():
            """Metrics are asked for all the time, and there may be no memory for them."""
            self.flood(collector, 20)
            waiting.until(lambda: self.waiting_in_kernel(collector) == 0, "the flood is taken", interval=0.01)
            self.assertIn(collector.http("/metrics")[0], (200, 500, 0))
            self.assertIsNone(collector.process.poll(), collector.log())
            return "got no more memory" in collector.log()
        waiting.until(short, "the log says what is short")
        for _ in range(5):
            short()
        resource.prlimit(process, resource.RLIMIT_AS, before)
        waiting.until(lambda: collector.http("/readyz")[0] == 200, "it is ready")
        lost = collector.metric("sluice_protocol_decode_errors_total", reason="out_of_memory")
        self.assertGreater(lost, 0)
        made = collector.metric("sluice_protocol_flows_total")
        sent = self.send(collector, 200)
        waiting.until(lambda: collector.metric("sluice_protocol_flows_total") == made + sent, "all is decoded again")
        waiting.until(lambda: sum(self.fates(collector).values()) == made + sent, "every flow has its fate")
        self.assertEqual(0, collector.stop(), collector.log())
        print(f"{lost:.0f} datagrams lost for want of memory")


if __name__ == "__main__":
    main()
