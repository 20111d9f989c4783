#!/usr/bin/python3
"""Datagrams while the daemon is started again: its sockets outlive it in the service manager's store, or go to the next one by
`sluice run --takeover`, and every datagram is decoded. The long form is ten restarts under 20,000 datagrams a second."""
import glob
import json
import os
import re
import signal
import socket
import subprocess

from harness import daemon, manager, udp, waiting
from harness.case import LONG, Case, main

RESTARTS = 10 if LONG else 3
RATE = 20000 if LONG else 2000
BETWEEN = 3.0 if LONG else 1.0  # seconds of traffic before each restart
RECEIVED = re.compile(r"(\d+) datagrams received, (\d+) flows decoded, (\d+) datagrams dropped by receive buffers")


class RestartCase(Case):
    def start(self, like=None, settings=None, **options):
        self.starts = getattr(self, "starts", 0) + 1
        settings = {"workers": 2, "state": {"file": self.path("state")}, "run": {"takeover": self.path("takeover")},
                    "sinks": {"archive": {"type": "file", "format": "json", "path": self.path("flows")}}, **(settings or {})}
        collector = daemon.Daemon(self.path(f"run-{self.starts}"), settings, like=like, **options)
        self.addCleanup(collector.kill)
        return collector

    def generate(self, port):
        """Templates come once: what a restart would forget would be seen."""
        generator = subprocess.Popen([daemon.binary(), "generate", "--quiet", "--protocol", "ipfix", "--to", f"127.0.0.1:{port}",
                                      "--exporters", "20", "--rate", str(RATE), "--flows-per-datagram", "2",
                                      "--template-interval", "86400"],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(generator.kill)
        return generator

    def end_of(self, generator):
        generator.send_signal(signal.SIGTERM)
        told = json.loads(generator.communicate(timeout=waiting.DEADLINE)[0])
        return told["datagrams"], told["flows"]

    def counted(self, collector):
        """(datagrams, flows, kernel drops) that it told at its end."""
        told = RECEIVED.search(collector.log())
        self.assertTrue(told, collector.log())
        return tuple(map(int, told.groups()))

    def restarts(self, first, another):
        """Under load; `another(collector)` gives the next one once the one before has ended."""
        collectors = [first]
        generator = self.generate(first.port)
        for _ in range(RESTARTS):
            had = collectors[-1].metric("sluice_listener_datagrams_total")
            waiting.until(lambda: collectors[-1].metric("sluice_listener_datagrams_total") >= had + RATE * BETWEEN,
                          "datagrams come in")
            collectors.append(another(collectors[-1]))
            self.assertEqual(0, collectors[-2].process.wait(waiting.DEADLINE), collectors[-2].log())
        sent, flows = self.end_of(generator)
        ended = [self.counted(collector) for collector in collectors[:-1]]
        waiting.until(lambda: sum(count[0] for count in ended) + collectors[-1].metric("sluice_listener_datagrams_total") >= sent,
                      "all datagrams are received")
        self.assertEqual(0, collectors[-1].stop(), collectors[-1].log())
        counts = [sum(column) for column in zip(*map(self.counted, collectors))]
        self.assertEqual([sent, flows, 0], counts)
        self.assertEqual(flows, self.written())
        print(f"{RESTARTS} restarts at {RATE} datagrams/s: {sent} datagrams and {flows} flows, all decoded and written")

    def written(self):
        self.assertEqual([], glob.glob(self.path("flows", "*.part")))
        lines = 0
        for path in glob.glob(self.path("flows", "*")):
            with open(path, "rb") as file:
                lines += sum(1 for _ in file)
        return lines


class Takeover(RestartCase):
    def test_every_datagram_is_decoded(self):
        def another(before):
            collector = self.start(like=before, arguments=["--takeover"], wait=False)
            before.process.wait(waiting.DEADLINE)
            collector.wait_ready()
            self.assertIn("2 sockets taken over", collector.log())
            return collector
        self.restarts(self.start(), another)

    def test_only_the_same_user_and_once(self):
        first = self.start()
        self.assertEqual(0o600, os.stat(self.path("takeover")).st_mode & 0o777)
        # Another collector does not slip in, nor does it take the path away.
        second = daemon.run_once("run", "-c", first.config, "--set", f"listeners=['127.0.0.1:{udp.free_ports(1)[0]}']",
                                 "--set", "metrics.listen=", "--set", "api.listen=")
        self.assertEqual(2, second.returncode, second.stderr)
        self.assertIn("is in use by a collector that runs", second.stderr)
        if os.geteuid() == 0:
            os.chmod(self.directory, 0o755)
            os.chmod(self.path("takeover"), 0o666)
            ask = ("import os,socket,sys; os.setuid(65534); s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET);"
                   "s.connect(sys.argv[1]); s.settimeout(30)\n"
                   "try:\n s.send(b'sluice takeover 1'); sys.exit(len(s.recv(100)))\n"
                   "except ConnectionError: pass")
            answer = subprocess.run(["python3", "-c", ask, self.path("takeover")], stderr=subprocess.PIPE, text=True,
                                    timeout=waiting.DEADLINE, check=False)
            self.assertEqual(0, answer.returncode, answer.stderr)
            self.assertIn("of another user (65534)", first.log())
        self.assertEqual(200, first.http("/readyz")[0])
        self.assertEqual(0, first.stop())
        self.assertFalse(os.path.exists(self.path("takeover")))

    def test_where_nobody_runs_it_just_starts(self):
        killed = self.start()
        killed.kill()
        self.assertTrue(os.path.exists(self.path("takeover")))
        collector = self.start(arguments=["--takeover"])
        self.assertIn("nothing to take over", collector.log())
        self.assertEqual(0, collector.stop())

    def test_without_a_path_is_a_mistake(self):
        ended = daemon.run_once("run", "--takeover", "--set", "listeners=['127.0.0.1:0']", "--set", "metrics.listen=", "--set", "api.listen=")
        self.assertEqual(2, ended.returncode)
        self.assertIn("--takeover needs run.takeover", ended.stderr)


class Kept(RestartCase):
    def setUp(self):
        super().setUp()
        self.manager = manager.Manager(self)

    def next(self, before, **options):
        return self.start(like=before, **self.manager.launch(), **options)

    def test_every_datagram_is_decoded(self):
        def another(before):
            before.stop()
            return self.next(before)
        self.restarts(self.start(**self.manager.launch()), another)

    def test_a_crash_keeps_what_waits(self):
        first = self.start(**self.manager.launch())
        self.assertEqual([f"sluice-udp-{first.port}-{n}-127.0.0.1" for n in (0, 1)], self.manager.names())
        first.kill()
        with udp.Sender(first.port) as sender:
            for _ in range(100):
                sender.send(b"nobody is there")
        second = self.next(first)
        waiting.until(lambda: second.metric("sluice_listener_datagrams_total") == 100, "what waited is received")
        self.assertEqual(0, second.stop())

    def test_fewer_workers_and_another_port(self):
        first = self.start(listeners=2, settings={"workers": 3}, **self.manager.launch())
        self.assertEqual(6, len(self.manager.names()))
        self.assertEqual(0, first.stop())
        with udp.Sender(first.ports[1]) as sender:
            for _ in range(7):
                sender.send(b"nobody is there")
        kept, given_up = first.ports
        first.ports = [kept]
        second = self.next(first)
        self.assertEqual([f"sluice-udp-{kept}-{n}-127.0.0.1" for n in (0, 1)], self.manager.names())
        waited = re.findall(rf"closed, .*: 127.0.0.1:{given_up}, with (\d+) datagrams", second.log())
        self.assertEqual((3, 7), (len(waited), sum(map(int, waited))), second.log())
        self.assertEqual(1, len(re.findall(rf"closed, .*: 127.0.0.1:{kept}, with 0 datagrams", second.log())), second.log())
        # And the other way round: more workers than sockets that were kept, which are kept too.
        self.assertEqual(0, second.stop())
        third = self.next(second, settings={"workers": 4})
        self.assertIn("2 sockets taken over", third.log())
        self.assertEqual(4, len(self.manager.names()))
        self.assertEqual(0, third.stop())

    def test_a_socket_unit_decides_the_number_of_workers(self):
        port = udp.free_ports(1)[0]
        sockets = []
        for _ in range(3):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(one.close)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(("127.0.0.1", port))
            sockets.append(one)
        with udp.Sender(port) as sender:
            sender.send(b"before anybody runs")
        collector = self.start(settings={"listeners": [f"127.0.0.1:{port}"]},
                               **self.manager.launch({"sluice.socket": [one.fileno() for one in sockets]}))
        self.assertEqual(3, collector.metric("sluice_workers"))
        self.assertIn("workers is 2, but the socket unit gives 3 sockets", collector.log())
        waiting.until(lambda: collector.metric("sluice_listener_datagrams_total") == 1, "what waited is received")
        self.assertEqual([], self.manager.names(), "the unit has them, the store need not")
        self.assertEqual(0, collector.stop())

    def test_sockets_of_a_unit_that_do_not_fit_are_a_mistake(self):
        ports = udp.free_ports(2)
        sockets = []
        for port in (ports[0], ports[0], ports[1]):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(one.close)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(("127.0.0.1", port))
            sockets.append(one)
        collector = self.start(wait=False, **self.manager.launch({"sluice.socket": [one.fileno() for one in sockets]}))
        self.assertEqual(2, collector.process.wait(waiting.DEADLINE))
        self.assertIn("give as many of each", collector.log())


if __name__ == "__main__":
    main()
