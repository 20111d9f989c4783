#!/usr/bin/python3
"""IPFIX over TCP and TLS: a real exporter's sessions, those of a sender of the test's own with certificates and without,
and what becomes of them at a reload and a takeover."""
import collections
import json
import os
import signal
import socket
import ssl
import struct
import time

from harness import capture, certificates, daemon, exporters, udp, waiting
from harness.case import Case, main

TEMPLATE, RECORD = 256, struct.Struct("!4s4sQQ")


def message(body, sequence=0):
    return struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), sequence, 1) + body


def definition():
    fields = ((8, 4), (12, 4), (2, 8), (1, 8))
    body = struct.pack("!HH", TEMPLATE, len(fields)) + b"".join(struct.pack("!HH", *field) for field in fields)
    return message(struct.pack("!HH", 2, 4 + len(body)) + body)


def data(number):
    """One flow of so many bytes."""
    record = RECORD.pack(b"\xc0\x00\x02\x01", b"\xc6\x33\x64\x01", 1, number)
    return message(struct.pack("!HH", TEMPLATE, 4 + len(record)) + record, number)


class SessionCase(Case):
    def start(self, tls=None, name="daemon", like=None, arguments=(), **settings):
        self.tcp_port = getattr(self, "tcp_port", None) or udp.free_ports(1, kind=socket.SOCK_STREAM)[0]
        ports = like.ports if like else udp.free_ports(1)
        listeners = [{"address": "127.0.0.1", "port": ports[0]},
                     {"address": "127.0.0.1", "port": self.tcp_port, "transport": "tcp", **({"tls": tls} if tls else {})}]
        out = daemon.Daemon(self.path(name), {"listeners": listeners, "sinks": {"archive": {
            "type": "file", "format": "json", "path": self.path("flows", name)}}, **settings}, like=like, arguments=arguments)
        out.ports = ports
        self.addCleanup(out.kill)
        return out

    def connect(self):
        out = socket.create_connection(("127.0.0.1", self.tcp_port), timeout=waiting.DEADLINE)
        self.addCleanup(out.close)
        return out

    def flows(self, of=""):
        out = []
        for directory, _, names in os.walk(self.path("flows", of)):
            for name in names:
                with open(os.path.join(directory, name)) as file:
                    out += [json.loads(line) for line in file if line.endswith("\n")]
        return out

    def wait_for_flows(self, collector, n):
        waiting.until(lambda: collector.metric("sluice_sink_delivered_flows_total") >= n, f"{n} flows are delivered")

    def wait_for_end(self, collector, reason, n=1):
        waiting.until(lambda: collector.metric("sluice_tcp_ended_sessions_total", reason=reason) >= n, f"a session ends: {reason}")


class Tcp(SessionCase):
    def test_a_real_exporters_session_brings_what_its_datagrams_bring(self):
        pcap = self.path("traffic.pcap")
        capture.make(pcap, time.time() - 10)

        def export(name, *options):
            collector = self.start(name=name)
            exporters.softflowd(pcap, self.tcp_port if options else collector.ports[0], 10, self.directory, options=options)
            self.wait_for_flows(collector, 1)
            if options:
                self.wait_for_end(collector, "by_exporter")
                self.assertEqual(0, collector.metric("sluice_tcp_open_sessions"))
                self.assertGreater(collector.metric("sluice_tcp_messages_total"), 0)
            self.assertEqual(0, collector.metric("sluice_protocol_decode_errors_total"))
            self.assertEqual(0, collector.metric("sluice_exporter_lost_records"))
            self.assertEqual(0, collector.stop(), collector.log())  # which takes what waits
            return collections.Counter((f["src_addr"], f["dst_addr"], f.get("src_port"), f.get("dst_port"), f.get("proto"), f["bytes"],
                                        f["packets"]) for f in self.flows(name))

        by_udp = export("udp")
        self.assertGreater(by_udp.total(), 30)
        self.assertEqual(by_udp, export("tcp", "-P", "tcp"))

    def test_a_bad_message_ends_its_session_alone(self):
        collector = self.start()
        good, bad = self.connect(), self.connect()
        good.sendall(definition())
        bad.sendall(definition() + data(1) + struct.pack("!HH", 10, 15))
        self.assertEqual(b"", bad.recv(1))
        good.sendall(data(2))
        self.wait_for_flows(collector, 2)
        self.assertEqual(1, collector.metric("sluice_tcp_ended_sessions_total", reason="bad_message"))
        self.assertIn("is no IPFIX message", collector.log())
        self.assertEqual(0, collector.stop(), collector.log())
        self.assertEqual({1, 2}, {flow["bytes"] for flow in self.flows()})

    def test_a_slow_sender_is_cut(self):
        collector = self.start(receive={"tcp": {"message_timeout": "200ms"}})
        slow = self.connect()
        slow.sendall(definition()[:20])
        self.assertEqual(b"", slow.recv(1))
        self.wait_for_end(collector, "slow")

    def test_sessions_end_at_a_takeover_and_come_again(self):
        takeover = {"run": {"takeover": self.path("takeover")}}
        first = self.start(**takeover)
        session = self.connect()
        session.sendall(definition() + data(1))
        self.wait_for_flows(first, 1)
        second = self.start(name="second", like=first, arguments=["--takeover"], **takeover)
        self.assertEqual(b"", session.recv(1))
        self.assertEqual(0, first.process.wait(waiting.DEADLINE), first.log())
        again = self.connect()
        again.sendall(definition() + data(2))
        self.wait_for_flows(second, 1)
        self.assertEqual(0, second.stop(), second.log())
        self.assertEqual({1, 2}, {flow["bytes"] for flow in self.flows()})


class Tls(SessionCase):
    def setUp(self):
        super().setUp()
        self.authority = certificates.Authority(self.path("authority"))
        self.authority.server()

    def files(self, **more):
        return {"certificate_file": self.path("authority", "server.pem"), "key_file": self.path("authority", "server.key"), **more}

    def tls(self, client=False):
        context = ssl.create_default_context(cafile=self.authority.file)
        if client:
            context.load_cert_chain(self.path("authority", "server.pem"), self.path("authority", "server.key"))
        out = context.wrap_socket(self.connect(), server_hostname="127.0.0.1")
        self.addCleanup(out.close)
        return out

    def test_messages_come_through_tls_and_nothing_else_does(self):
        collector = self.start(self.files())
        session = self.tls()
        session.sendall(definition() + data(1))
        self.wait_for_flows(collector, 1)
        plain = self.connect()
        plain.sendall(definition() + data(2))
        self.wait_for_end(collector, "tls")
        for number in range(3, 3003):
            session.sendall(data(number))
        self.wait_for_flows(collector, 3001)
        session.unwrap()
        self.wait_for_end(collector, "by_exporter")
        self.assertEqual(0, collector.stop(), collector.log())
        self.assertEqual({1, *range(3, 3003)}, {flow["bytes"] for flow in self.flows()})

    def test_clients_show_a_certificate_where_one_is_demanded(self):
        collector = self.start(self.files(client_ca_file=self.authority.file))
        known = self.tls(client=True)
        known.sendall(definition() + data(1))
        self.wait_for_flows(collector, 1)
        unknown = self.tls()  # TLS 1.3 tells a client only later
        with self.assertRaises(OSError):
            while True:
                unknown.sendall(definition() + data(2))
                if not unknown.recv(1):
                    raise ConnectionError
        self.wait_for_end(collector, "tls")
        self.assertEqual(1, collector.metric("sluice_sink_delivered_flows_total"))

    def test_a_reload_reads_the_certificate_anew_and_leaves_sessions_alone(self):
        collector = self.start(self.files(), api={"listen": "127.0.0.1:0", "token": "open sesame"})
        session = self.tls()
        session.sendall(definition() + data(1))
        before = session.getpeercert(binary_form=True)
        self.authority.server()
        collector.signal(signal.SIGHUP)
        waiting.until(lambda: self.tls().getpeercert(binary_form=True) != before, "the new certificate is shown")
        session.sendall(data(2))
        self.wait_for_flows(collector, 2)
        with open(self.path("authority", "server.pem"), "w") as file:
            file.write("no certificate")
        collector.signal(signal.SIGHUP)
        waiting.until(lambda: "holds no certificate" in collector.log(), "the mistake is told")
        self.tls()
        self.assertEqual(0, collector.stop(), collector.log())


if __name__ == "__main__":
    main()
