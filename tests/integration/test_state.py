"""What outlives a restart, and data that comes before its template: over real UDP, with kill -9."""
import contextlib
import json
import os
import struct
import time

from harness import case, daemon, udp, waiting

FIRST_ID = 256
RECEIVED = "time_received_ns"


def ipfix(*sets, sequence=0, domain=7):
    body = b"".join(sets)
    return struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), sequence, domain) + body


def netflow9(*sets, sequence=0, domain=7):
    return struct.pack("!HHIIII", 9, len(sets), 86400000, int(time.time()), sequence, domain) + b"".join(sets)


def one_set(set_id, body):
    return struct.pack("!HH", set_id, 4 + len(body)) + body


def template(template_id, octets_length=4, set_id=2):
    """Octets alone, in so many bytes."""
    return one_set(set_id, struct.pack("!HHHH", template_id, 1, 1, octets_length))


def data(template_id, octets, octets_length=4):
    return one_set(template_id, octets.to_bytes(octets_length, "big"))


class StateCase(case.Case):
    def start(self, settings=None, **options):
        """Its own directory each time; one state file for all."""
        self.starts = getattr(self, "starts", 0) + 1
        settings = {"workers": 1, "state": {"file": self.path("state")}, "log": {"repeat_every": "0s"}, **(settings or {})}
        collector = daemon.Daemon(self.path(f"run-{self.starts}"), settings, **options)
        self.addCleanup(collector.kill)
        return collector

    @staticmethod
    def wait_for(collector, what, **least):
        """Metrics, each at least so much; the scrape that shows it."""
        def enough():
            seen = collector.metrics()
            amounts = {name: sum(sample.value for sample in seen.get(name, [])) for name in least}
            return seen if all(amounts[name] >= value for name, value in least.items()) else None
        return waiting.until(enough, what, interval=0.01)

    def wait_written(self, collector, templates):
        """All that these templates taught is in the file."""
        def written():
            seen = collector.metrics()
            value = lambda name: sum(sample.value for sample in seen[name])
            return (value("sluice_protocol_templates_total") >= templates and
                    value("sluice_state_unwritten_changes") == 0 and
                    value("sluice_state_last_write_timestamp_seconds") > 0)
        waiting.until(written, "the state file is written", interval=0.01)


class Restarts(StateCase):
    def test_hundred_kills_between_template_and_data(self):
        began = time.monotonic()
        expected = None  # (id, length of octets) of the template that the one before was taught
        for turn in range(101):
            collector = self.start()
            with udp.Sender(collector.port) as sender:
                if expected:
                    sent = 3
                    for n in range(sent):
                        sender.send(ipfix(data(expected[0], turn + n, expected[1])))
                        sender.send(netflow9(data(expected[0], turn + n, expected[1])))
                    seen = self.wait_for(collector, f"restart {turn}: all data is decoded",
                                         sluice_protocol_flows_total=2 * sent)
                    self.assertEqual(sum(s.value for s in seen["sluice_protocol_held_decoded_datagrams_total"]), 0)
                    self.assertEqual(sum(s.value for s in seen["sluice_state_set_aside_total"]), 0)
                    self.assertEqual(sum(s.value for s in seen["sluice_protocol_decode_errors_total"]), 0)
                if turn == 100:
                    break
                # Now and then the id that is known gets another layout: the file must follow.
                expected = (FIRST_ID + turn // 3, 1 + turn % 8)
                sender.send(ipfix(template(*expected)))
                sender.send(netflow9(template(*expected, set_id=0)))
                self.wait_written(collector, 2)
                # Of another domain, so that the kill may come while the file is being written.
                sender.send(ipfix(template(FIRST_ID + turn, 4), domain=8))
            collector.kill()
        print(f"100 restarts in {time.monotonic() - began:.1f} s")

    def test_a_clean_end_writes_too(self):
        collector = self.start()
        with udp.Sender(collector.port) as sender:
            sender.send(ipfix(template(FIRST_ID)))
            self.wait_for(collector, "the template is there", sluice_protocol_templates_total=1)
        self.assertEqual(collector.stop(), 0)
        again = self.start()
        self.assertEqual(again.metric("sluice_state_restored", kind="templates"), 1)
        self.assertEqual(again.metric("sluice_state_unrefreshed", kind="templates"), 1)
        with udp.Sender(again.port) as sender:
            sender.send(ipfix(template(FIRST_ID)))
            self.wait_for(again, "the template is there", sluice_protocol_templates_total=1)
        self.assertEqual(again.metric("sluice_state_unrefreshed", kind="templates"), 0)
        self.assertEqual(again.metric("sluice_state_restored", kind="templates"), 1)

    def test_a_damaged_file_does_not_stop_the_start(self):
        with open(self.path("state"), "wb") as file:
            file.write(b"\x0a\x0csluice state\x10\x01 and then the disk was full")
        collector = self.start()
        self.assertEqual(collector.metric("sluice_state_set_aside_total"), 1)
        self.assertTrue(os.path.exists(self.path("state.bad")))
        warnings = [line for line in collector.log().splitlines() if "state.file" in line]
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn("set aside", warnings[0])
        with udp.Sender(collector.port) as sender:
            sender.send(ipfix(template(FIRST_ID)))
            self.wait_written(collector, 1)

    def test_a_place_that_cannot_be_written_is_a_mistake(self):
        ended = daemon.run_once("run", "--set", f"state.file={self.path('no', 'state')}", "--set", "listeners=['127.0.0.1:0']",
                                "--set", "metrics.listen=", "--set", "api.listen=")
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn("state.file: cannot write", ended.stderr)


class Held(StateCase):
    def flows_of(self, collector, count):
        """The flows on its stdout, once so many are whole lines."""
        def whole():
            with open(collector.stdout_path) as file:
                lines = [line for line in file if line.endswith("\n")]
            return lines if len(lines) >= count else None
        return [json.loads(line) for line in waiting.until(whole, f"{count} flows are written")]

    def test_data_before_its_template(self):
        for name, message, template_set in (("ipfix", ipfix, 2), ("netflow9", netflow9, 0)):
            with self.subTest(name):
                collector = self.start()
                with udp.Sender(collector.port) as sender:
                    for n in range(5):
                        sender.send(message(data(FIRST_ID, 100 + n), sequence=n))
                    self.wait_for(collector, "the data waits", sluice_protocol_held_datagrams=5)
                    self.assertEqual(collector.metric("sluice_exporter_held_datagrams", protocol=name), 5)
                    self.assertEqual(collector.metric("sluice_protocol_decode_errors_total"), 0)
                    waited_until = time.time_ns()
                    sender.send(message(template(FIRST_ID, set_id=template_set), data(FIRST_ID, 200), sequence=5))
                    flows = self.flows_of(collector, 6)
                self.assertEqual([int(flow["bytes"]) for flow in flows], [100, 101, 102, 103, 104, 200])
                self.assertEqual([int(flow.get("sequence_num", 0)) for flow in flows], [0, 1, 2, 3, 4, 5])
                for flow in flows[:5]:
                    self.assertLess(int(flow[RECEIVED]), waited_until)
                self.assertGreater(int(flows[5][RECEIVED]), waited_until)
                self.assertEqual(collector.metric("sluice_exporter_held_decoded_datagrams_total", protocol=name), 5)
                self.assertEqual(collector.metric("sluice_exporter_held_datagrams"), 0)
                collector.kill()
                with contextlib.suppress(FileNotFoundError):  # killed before it wrote any
                    os.remove(self.path("state"))

    def test_what_waits_too_long_is_lost_and_counted(self):
        collector = self.start({"decode": {"held_timeout": "1s"}})
        with udp.Sender(collector.port) as sender:
            for n in range(3):
                sender.send(ipfix(data(FIRST_ID, n), data(FIRST_ID + 1, n)))
            self.wait_for(collector, "it is given up", sluice_exporter_held_expired_datagrams_total=3)
        self.assertEqual(collector.metric("sluice_exporter_held_expired_bytes_total"), 24)
        self.assertEqual(collector.metric("sluice_exporter_decode_errors_total", reason="missing_template"), 6)
        self.assertEqual(collector.metric("sluice_protocol_decode_errors_total", reason="missing_template"), 6)
        self.assertIn("waited for their templates for decode.held_timeout", collector.log())

    def test_room_is_bounded(self):
        collector = self.start({"decode": {"held_bytes_per_exporter": "4KB"}})
        with udp.Sender(collector.port) as sender:
            for n in range(40):
                sender.send(ipfix(data(FIRST_ID, n)))
            seen = self.wait_for(collector, "it is full", sluice_protocol_datagrams_total=40)
        waits = sum(sample.value for sample in seen["sluice_exporter_held_datagrams"])
        refused = sum(sample.value for sample in seen["sluice_exporter_held_refused_datagrams_total"])
        self.assertEqual((waits, refused), (15, 25))  # 4096 / (256 + 4)


if __name__ == "__main__":
    case.main()
