#!/usr/bin/python3
"""Files, standard output and Kafka beside one another; reopening, the orderly end, a broker that is not there."""
import glob
import os
import signal
import socket
import time

from harness import capture, daemon, exporters, flows, kafka, messages, netflow, udp, waiting
from harness.case import Case, main


class SinkCase(Case):
    def setUp(self):
        super().setUp()
        self.pcap = self.path("traffic.pcap")
        self.expected = capture.one_way_flows(capture.make(self.pcap, time.time() - 10), later_ipv6_fragment_proto=0)

    def export(self, port):
        """NetFlow v9 of softflowd; gives the number of datagrams."""
        with udp.Tee(port) as tee:
            exporters.softflowd(self.pcap, tee.port, 9, self.directory)
        return len(tee.datagrams)

    def wait_decoded(self, sluice, count):
        waiting.until(lambda: sluice.metric("sluice_protocol_flows_total") >= count, f"{count} flows are decoded")

    def assert_flows(self, expected, delivered):
        self.assertEqual("", flows.difference(expected, messages.flow_list(delivered)))

    def finished(self, directory, ending):
        return sorted(glob.glob(os.path.join(directory, "*" + ending)))

    def read_files(self, directory, ending, parse):
        delivered = []
        for name in self.finished(directory, ending):
            with open(name, "rb") as file:
                delivered += parse(file.read())
        return delivered


class Files(SinkCase):
    def test_files_and_standard_output_get_the_same_flows(self):
        sinks = {
            "frames": {"type": "file", "format": "protobuf", "path": self.path("frames")},
            "lines": {"type": "file", "format": "json", "path": self.path("lines")},
            "console": {"type": "stdout"},
        }
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            self.export(sluice.port)
            self.wait_decoded(sluice, len(self.expected))
            for sink in sinks:
                waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total", sink=sink) == len(self.expected),
                              f"the sink {sink} has delivered")
            self.assertEqual(0, sluice.stop(), sluice.log())
        self.assert_flows(self.expected, self.read_files(self.path("frames"), ".pb", messages.parse_framed))
        self.assert_flows(self.expected, self.read_files(self.path("lines"), ".jsonl", messages.parse_json))
        with open(sluice.stdout_path, "rb") as file:
            self.assert_flows(self.expected, messages.parse_json(file.read()))
        # Finished by rename: nothing half-done is left beside them.
        self.assertEqual(1, len(os.listdir(self.path("frames"))))
        self.assertEqual(1, len(os.listdir(self.path("lines"))))

    def test_standard_output_as_protobuf(self):
        with daemon.Daemon(self.path("daemon"), {"sinks": {"console": {"type": "stdout", "format": "protobuf"}}}) as sluice:
            self.export(sluice.port)
            self.wait_decoded(sluice, len(self.expected))
            self.assertEqual(0, sluice.stop(), sluice.log())
        with open(sluice.stdout_path, "rb") as file:
            self.assert_flows(self.expected, messages.parse_framed(file.read()))

    def test_sighup_finishes_the_file_and_begins_another(self):
        directory = self.path("frames")
        sinks = {"frames": {"type": "file", "format": "protobuf", "path": directory}}
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            for turn in (1, 2):
                self.export(sluice.port)
                waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total") == turn * len(self.expected),
                              "the flows are delivered")
                sluice.signal(signal.SIGHUP)
                waiting.until(lambda: len(self.finished(directory, ".pb")) == turn, f"{turn} finished files")
                self.assert_flows(self.expected * turn, self.read_files(directory, ".pb", messages.parse_framed))
            self.assertEqual(0, sluice.stop(), sluice.log())
        self.assert_flows(self.expected * 2, self.read_files(directory, ".pb", messages.parse_framed))

    def test_files_rotate_by_time(self):
        directory = self.path("frames")
        sinks = {"frames": {"type": "file", "format": "protobuf", "path": directory, "rotate_every": "1s"}}
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            for turn in (1, 2):
                self.export(sluice.port)
                waiting.until(lambda: len(self.read_files(directory, ".pb", messages.parse_framed)) == turn * len(self.expected),
                              f"the flows of turn {turn} are in finished files")
            self.assertGreaterEqual(len(self.finished(directory, ".pb")), 2)


class LeftOver(SinkCase):
    """A collector that is killed leaves the file that it was writing."""

    def test_the_next_start_finishes_it(self):
        directory = self.path("frames")
        sinks = {"frames": {"type": "file", "path": directory}}
        with daemon.Daemon(self.path("first"), {"sinks": sinks}) as sluice:
            self.export(sluice.port)
            waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total") == len(self.expected),
                          "the flows are written")
            sluice.signal(signal.SIGKILL)
            sluice.process.wait(waiting.DEADLINE)
        left, = self.finished(directory, ".pb.part")
        whole = os.path.getsize(left)
        with open(left, "ab") as file:
            file.write(b"\x70" + bytes(50))  # as if killed in the middle of a write
        decoded = daemon.run_once("decode", left)
        self.assertEqual(len(self.expected), len(decoded.stdout.splitlines()), decoded.stderr)
        with daemon.Daemon(self.path("second"), {"sinks": sinks}) as sluice:
            waiting.until(lambda: self.finished(directory, ".pb"), "the file is finished")
            self.assertEqual(0, sluice.stop(), sluice.log())
        self.assertEqual([os.path.basename(left).removesuffix(".part")], os.listdir(directory))
        self.assertEqual(whole, os.path.getsize(left.removesuffix(".part")))
        self.assert_flows(self.expected, self.read_files(directory, ".pb", messages.parse_framed))
        self.assertEqual(1, sluice.log().count("is finished, 51 bytes of broken rows cut off"), sluice.log())


class Ending(SinkCase):
    def test_sigterm_flushes_what_waits(self):
        broker, topic = kafka.shared(), kafka.new_topic("ending")
        # Nothing would be sent by itself for a minute, longer than this test takes.
        sinks = {
            "kafka": {"type": "kafka", "brokers": broker.address, "topic": topic, "flush_interval": "1m",
                      "block_bytes": 1 << 20},
            "frames": {"type": "file", "path": self.path("frames"), "flush_interval": "1m", "block_bytes": 1 << 20},
        }
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            self.export(sluice.port)
            self.wait_decoded(sluice, len(self.expected))
            self.assertEqual(0, sluice.metric("sluice_sink_delivered_flows_total"))
            self.assertEqual(0, sluice.stop(), sluice.log())
        _, delivered = broker.wait_for(topic, messages.parse_framed, len(self.expected))
        self.assert_flows(self.expected, delivered)
        self.assert_flows(self.expected, self.read_files(self.path("frames"), ".pb", messages.parse_framed))

    def test_sigterm_decodes_what_was_received(self):
        """The signal comes right behind the last datagram: what is in the socket's queue by then must still be decoded."""
        sinks = {"frames": {"type": "file", "path": self.path("frames")}}
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            exporters.softflowd(self.pcap, sluice.port, 9, self.directory)
            self.assertEqual(0, sluice.stop(), sluice.log())
        self.assert_flows(self.expected, self.read_files(self.path("frames"), ".pb", messages.parse_framed))


class AbsentBroker(SinkCase):
    def setUp(self):
        super().setUp()
        self.broker = kafka.Broker(self.path("kafka"))
        self.topic = kafka.new_topic("late")
        self.kafka = {"type": "kafka", "brokers": self.broker.address, "topic": self.topic}

    def test_flows_wait_for_the_broker(self):
        self.addCleanup(self.broker.stop)
        with daemon.Daemon(self.path("daemon"), {"sinks": {"kafka": self.kafka}}, wait=False) as sluice:
            began = time.monotonic()
            sluice.wait_ready()
            self.assertLess(time.monotonic() - began, 10, "an absent broker delays the start")
            self.export(sluice.port)
            waiting.until(lambda: sluice.metric("sluice_sink_queued_flows", sink="kafka") == len(self.expected),
                          "the flows are counted as queued")
            self.assertEqual(0, sluice.metric("sluice_sink_delivered_flows_total"))
            self.assertEqual(200, sluice.http("/healthz")[0])
            self.broker.start()
            _, delivered = self.broker.wait_for(self.topic, messages.parse_framed, len(self.expected))
            self.assert_flows(self.expected, delivered)
            waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total") == len(self.expected),
                          "the flows are counted as delivered")
            self.assertEqual(0, sluice.metric("sluice_sink_queued_flows", sink="kafka"))
            self.assertEqual(0, sluice.metric("sluice_sink_shed_flows_total"))
            self.assertEqual(0, sluice.stop(), sluice.log())

    def test_the_end_is_in_time_and_says_what_was_left(self):
        settings = {"sinks": {"kafka": self.kafka}, "shutdown_timeout": "2s"}
        with daemon.Daemon(self.path("daemon"), settings) as sluice:
            self.export(sluice.port)
            waiting.until(lambda: sluice.metric("sluice_sink_queued_flows", sink="kafka") == len(self.expected),
                          "the flows are counted as queued")
            began = time.monotonic()
            sluice.stop()
            self.assertLess(time.monotonic() - began, 10)
            self.assertIn(str(len(self.expected)), sluice.log().splitlines()[-1] + sluice.log().splitlines()[-2])

    def test_another_sink_is_not_slowed_and_the_rest_is_shed(self):
        """The broker's budget holds a fraction of what comes: the file gets all of it, Kafka's loss is counted."""
        sinks = {"kafka": {**self.kafka, "buffer_bytes": 1 << 20},
                 "frames": {"type": "file", "path": self.path("frames")}}
        count = 60000
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice:
            result = daemon.run_once("generate", "--protocol", "netflow9", "--to", f"127.0.0.1:{sluice.port}",
                                     "--exporters", 4, "--rate", 20000, "--flows", count, "--seed", 1)
            self.assertEqual(0, result.returncode, result.stderr)
            waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total", sink="frames") >= count,
                          "the file has every flow")
            decoded = sluice.metric("sluice_protocol_flows_total")
            shed = sluice.metric("sluice_sink_shed_flows_total", sink="kafka")
            self.assertEqual(0, sluice.metric("sluice_sink_shed_flows_total", sink="frames"))
            self.assertGreater(shed, 0)
            self.assertEqual(decoded, shed + sluice.metric("sluice_sink_queued_flows", sink="kafka")
                             + sluice.metric("sluice_sink_failed_flows_total", sink="kafka"))
            self.assertIsNone(sluice.process.poll())


class Stopping(SinkCase):
    """A sink that cannot deliver is waited for; until then all others get what is received, and HTTP answers."""

    TIMEOUT = 5  # shutdown_timeout; the last two seconds of it are for the end itself

    def setUp(self):
        super().setUp()
        self.address = f"127.0.0.1:{udp.free_ports(1, kind=socket.SOCK_STREAM)[0]}"
        self.sinks = {"kafka": {"type": "kafka", "brokers": self.address, "topic": "none"},
                      "frames": {"type": "file", "path": self.path("frames")}}

    def test_receiving_and_http_go_on_while_a_sink_is_waited_for(self):
        settings = {"sinks": self.sinks, "shutdown_timeout": f"{self.TIMEOUT}s"}
        with daemon.Daemon(self.path("daemon"), settings) as sluice, udp.Sender(sluice.port) as sender:
            sender.send(netflow.datagram(0))
            self.wait_decoded(sluice, netflow.RECORDS)
            waiting.until(lambda: sluice.metric("sluice_sink_queued_flows", sink="kafka") == netflow.RECORDS,
                          "flows wait for the broker")
            sluice.signal(signal.SIGTERM)
            waiting.until(lambda: "takes no flows just now" in sluice.log(), "it says whom it waits for")
            began, sent = time.monotonic(), 1
            while time.monotonic() - began < self.TIMEOUT - 3:
                sender.send(netflow.datagram(sent))
                sent += 1
                self.wait_decoded(sluice, sent * netflow.RECORDS)  # asks the daemon, which answers
                self.assertEqual(200, sluice.http("/healthz")[0])
                status, text = sluice.http("/readyz")
                self.assertEqual((503, True), (status, "stopping" in text), text)
            self.assertEqual(0, sluice.process.wait(waiting.DEADLINE), sluice.log())
            self.assertLess(time.monotonic() - began, self.TIMEOUT + 3)
        self.assertGreater(sent, 10)
        self.assertEqual(sent * netflow.RECORDS, len(self.read_files(self.path("frames"), ".pb", messages.parse_framed)))
        self.assertIn(f"sink kafka: 0 flows delivered, {sent * netflow.RECORDS} failed", sluice.log())

    def test_a_second_signal_ends_the_waiting(self):
        settings = {"sinks": self.sinks, "shutdown_timeout": "10m"}
        with daemon.Daemon(self.path("daemon"), settings) as sluice, udp.Sender(sluice.port) as sender:
            sender.send(netflow.datagram(0))
            waiting.until(lambda: sluice.metric("sluice_sink_queued_flows", sink="kafka") == netflow.RECORDS,
                          "flows wait for the broker")
            sluice.signal(signal.SIGTERM)
            waiting.until(lambda: "takes no flows just now" in sluice.log(), "it says whom it waits for")
            sluice.signal(signal.SIGTERM)
            self.assertEqual(0, sluice.process.wait(waiting.DEADLINE), sluice.log())


if __name__ == "__main__":
    main()
