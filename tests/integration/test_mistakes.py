#!/usr/bin/python3
"""What the machine refuses: each gets one clear line that names the thing, and the right exit status."""
import os
import re
import socket
import subprocess
import time

from harness import capture, daemon, exporters, kafka, rights, udp, waiting
from harness.case import Case, main

PROBLEM = re.compile(r"^sluice: |^\S+ error ")  # what ends it, and what the log calls an error before
CRASH = re.compile(r"terminate called|what\(\):|Traceback|AddressSanitizer|Aborted|core dumped")


class MistakeCase(Case):
    def config(self, text):
        path = self.path("sluice.yaml")
        with open(path, "w") as file:
            file.write(text)
        return path

    def without_rights(self):
        return rights.without(daemon.binary(), self.directory)

    def listener(self, port=None):
        port = port or udp.free_ports(1)[0]
        return f'listeners: [{{address: 127.0.0.1, port: {port}}}]\nmetrics: {{listen: ""}}\napi: {{listen: ""}}\n'

    def refused(self, path, status, *expected, **options):
        """`sluice run` ends with this status and one line on standard error, which holds all that is expected."""
        result = daemon.run_once("run", "-c", path, timeout=20, **options)
        self.assertEqual(status, result.returncode, result.stderr)
        self.assertNotRegex(result.stderr, CRASH)
        problems = [line for line in result.stderr.splitlines() if PROBLEM.search(line)]
        self.assertEqual(1, len(problems), result.stderr)
        for part in expected:
            self.assertIn(str(part), problems[0])


class Refused(MistakeCase):
    def test_a_udp_port_that_is_taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            self.refused(self.config(self.listener(port)), 2, port, "in use")

    def test_a_metrics_port_that_is_taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            config = self.listener().replace('metrics: {listen: ""}', f"metrics: {{listen: '127.0.0.1:{port}'}}")
            self.refused(self.config(config), 2, port, "in use")

    def test_an_address_that_is_not_this_machines(self):
        config = self.listener().replace("127.0.0.1", "192.0.2.77")
        self.refused(self.config(config), 2, "192.0.2.77")

    def test_a_privileged_port_without_the_privilege(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
            if int(file.read()) <= 90:
                self.skipTest("every port is open to everybody here (net.ipv4.ip_unprivileged_port_start)")
        self.refused(self.config(self.listener(90)), 2, "90", "ermission", **self.without_rights())

    def test_a_configuration_that_is_not_there(self):
        self.refused(self.path("nowhere.yaml"), 2, "nowhere.yaml", "No such file")

    def test_a_configuration_that_may_not_be_read(self):
        path = self.config(self.listener())
        os.chmod(path, 0)
        self.refused(path, 2, path, "ermission", **self.without_rights())

    def test_a_configuration_that_is_a_directory(self):
        self.refused(self.directory, 2, self.directory)

    def test_an_output_directory_that_may_not_be_written(self):
        locked = self.path("locked")
        os.mkdir(locked, 0o555)
        config = self.config(self.listener() + f"sinks: {{frames: {{type: file, path: {locked}/flows}}}}\n")
        self.refused(config, 2, locked, "ermission", **self.without_rights())

    def test_an_output_directory_that_is_a_file(self):
        config = self.config(self.listener())
        self.refused(self.config(self.listener() + f"sinks: {{frames: {{type: file, path: {config}}}}}\n"), 2, config)


class Broker(MistakeCase):
    def test_an_absent_broker_is_said_once(self):
        broker = kafka.Broker(self.path("kafka"))
        with daemon.Daemon(self.path("daemon"), {"kafka": {"brokers": broker.address}}) as sluice:
            waiting.until(lambda: str(broker.port) in sluice.log(), "the log names the broker")
            # Reconnecting goes on several times a second; the log must not.
            connected = lambda: sluice.metric("sluice_sink_errors_total", sink="kafka") >= 5
            waiting.until(connected, "five attempts to connect")
            lines = [line for line in sluice.log().splitlines() if str(broker.port) in line]
            self.assertLessEqual(len(lines), 2, sluice.log())
            self.assertNotRegex(sluice.log(), CRASH)
            self.assertIsNone(sluice.process.poll())


class DiskFull(MistakeCase):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("mounting a small file system needs root")
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        result = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.disk], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if result.returncode != 0:
            self.skipTest(f"mounting a small file system: {result.stdout.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)

    def test_flows_that_do_not_fit_wait_and_room_is_used_again(self):
        sinks = {"frames": {"type": "file", "path": os.path.join(self.disk, "flows")}}
        pcap = self.path("traffic.pcap")
        capture.make(pcap, time.time() - 10, sessions=20)
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks, "log": {"repeat_every": "2s"}}) as sluice:
            def full():
                exporters.softflowd(pcap, sluice.port, 9, self.directory)
                return sluice.metric("sluice_sink_errors_total", sink="frames") > 0
            waiting.until(full, "flows do not fit")
            waiting.until(lambda: sluice.log().count("No space left") == 2, "it is told again after log.repeat_every")
            self.assertNotRegex(sluice.log(), CRASH)
            for line in sluice.log().splitlines():
                if "No space left" in line:
                    self.assertIn(self.disk, line)
            self.assertGreater(sluice.metric("sluice_sink_queued_flows", sink="frames"), 0)
            self.assertEqual(200, sluice.http("/healthz")[0])
            subprocess.run(["mount", "-o", "remount,size=16m", self.disk], check=True)
            delivered = sluice.metric("sluice_sink_delivered_flows_total", sink="frames")

            def goes_on():
                exporters.softflowd(pcap, sluice.port, 9, self.directory)
                return sluice.metric("sluice_sink_delivered_flows_total", sink="frames") > delivered
            waiting.until(goes_on, "files are written again once there is room")
            waiting.until(lambda: sluice.metric("sluice_sink_queued_flows", sink="frames") == 0, "all that waited is written")
            self.assertEqual(0, sluice.metric("sluice_sink_failed_flows_total") + sluice.metric("sluice_sink_shed_flows_total"))
            self.assertEqual(0, sluice.stop(), sluice.log())


if __name__ == "__main__":
    main()
