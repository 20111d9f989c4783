#!/usr/bin/python3
"""Names of interfaces by SNMP, from a real snmpd: v2c and v3, wrong passwords and changed ones, devices that go and come back, what
hostile devices tell, and names over a restart. Flows have the names from the first that comes after an answer."""
import glob
import json
import socket
import struct
import time

from harness import daemon, snmpd, waiting
from harness.case import Case, main
from harness.snmpd import AUTH, HIGH_SPEED, NAME, PRIVACY, USER, Snmpd, interface, old_interface

#: Element and length of an IPFIX template: addresses, interfaces, octets, packets.
TEMPLATE = ((8, 4), (12, 4), (10, 4), (14, 4), (1, 4), (2, 4))


def flows(*interfaces):
    """A message with the template and a flow for each pair of interfaces."""
    template = struct.pack("!HH", 256, len(TEMPLATE)) + b"".join(struct.pack("!HH", *element) for element in TEMPLATE)
    data = b"".join(struct.pack("!4s4sIIII", b"\xc6\x33\x64\x01", b"\xc6\x33\x64\x02", *pair, 100, 1) for pair in interfaces)
    sets = struct.pack("!HH", 2, 4 + len(template)) + template + struct.pack("!HH", 256, 4 + len(data)) + data
    return struct.pack("!HHIII", 10, 16 + len(sets), int(time.time()), 0, 7) + sets


def ports(*indexes):
    return {oid: value for index in indexes for oid, value in interface(index).items()}


def v3(auth=AUTH, privacy=PRIVACY, **more):
    return {"version": 3, "user": USER, "auth_password": auth, "privacy_password": privacy, **more}


class SnmpCase(Case):
    def agent(self, rows=None, name="agent", **options):
        agent = Snmpd(self.path(name), ports(1, 2, 3) if rows is None else rows, **options)
        self.addCleanup(agent.kill)
        return agent

    def start(self, *devices, settings=None, enrich=None, **snmp):
        self.starts = getattr(self, "starts", 0) + 1
        (self.port,) = snmpd.udp.free_ports(1)
        collector = daemon.Daemon(
            self.path(f"run-{self.starts}"),
            {"workers": 1, "log": {"repeat_every": "0s", "level": "debug"}, "listeners": [{"address": "0.0.0.0", "port": self.port}],
             "sinks": {"out": {"type": "stdout", "format": "json", "flush_interval": "100ms"}},
             "enrich": {**(enrich or {}), "snmp": {"interval": "10s", "min_interval": "1s", "timeout": "2s", "retries": 2, "devices": list(devices), **snmp}},
             **(settings or {})})
        self.written = collector.stdout_path
        self.addCleanup(collector.kill)
        return collector

    def send(self, *interfaces, source="127.0.0.1"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.sendto(flows(*interfaces), ("127.0.0.1", self.port))

    @staticmethod
    def standing(collector, device="127.0.0.1"):
        return next((s.labels["standing"] for s in collector.metrics().get("sluice_snmp_device_standing", [])
                     if s.labels["device"] == device), None)

    def wait_standing(self, collector, wanted, device="127.0.0.1"):
        waiting.until(lambda: self.standing(collector, device) == wanted, f"{device} is {wanted}, not {self.standing(collector, device)}")

    @staticmethod
    def count(collector, name, device="127.0.0.1"):
        return collector.metric(f"sluice_snmp_device_{name}", device=device)

    def rows(self):
        with open(self.written) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def next_flow(self, *pair, source="127.0.0.1"):
        """One flow is sent; as it was written."""
        before = len(self.rows())
        self.send(pair, source=source)
        waiting.until(lambda: len(self.rows()) > before, "the flow is written")
        return self.rows()[before]

    def flow_with(self, field, value, *pair, source="127.0.0.1"):
        """The first flow that has it, of those sent until there is one."""
        return waiting.until(lambda: next((f for f in [self.next_flow(*pair, source=source)] if f.get(field) == value), None),
                             f"a flow has {field} {value}")


class Asking(SnmpCase):
    def check(self, agent, device):
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, **device})
        self.assertNotIn("in_if_name", self.next_flow(1, 2))  # whose exporter is asked now
        self.wait_standing(collector, "fine")
        flow = self.flow_with("in_if_name", "xe-0/0/1", 1, 2)
        self.assertEqual(flow["in_if_description"], "Transit 1")
        self.assertEqual(flow["out_if_name"], "xe-0/0/2")
        self.assertEqual(flow["out_if_description"], "Transit 2")
        self.assertEqual((int(flow["in_if_speed"]), int(flow["out_if_speed"])), (10**10, 10**10))
        self.assertEqual(self.count(collector, "interfaces"), 3)
        self.assertEqual(self.count(collector, "authentication_failures_total"), 0)
        self.assertGreater(self.count(collector, "last_answer_timestamp_seconds"), time.time() - 100)
        return collector

    def test_v2c(self):
        self.check(self.agent(community="s3cret"), {"community": "s3cret"})

    def test_v3_with_authentication_and_privacy(self):
        self.check(self.agent(), v3())

    def test_v3_with_sha_256(self):
        self.check(self.agent(auth_protocol="SHA-256"), v3(auth_protocol="SHA-256"))

    def test_a_device_with_the_old_table_alone(self):
        agent = self.agent(old_interface(5, "FastEthernet0/5", 100000000))
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"})
        self.send((5, 5))
        self.wait_standing(collector, "fine")
        self.flow_with("in_if_name", "FastEthernet0/5", 5, 5)

    def test_the_longest_prefix_and_another_address(self):
        agent = self.agent()
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "wrong"},
                               {"prefix": "127.0.3.0/24", "address": "127.0.0.1", "port": agent.port, "community": "public"})
        self.send((1, 2), source="127.0.3.1")
        self.send((1, 2), source="127.0.4.1")
        self.wait_standing(collector, "fine", "127.0.3.1")
        self.wait_standing(collector, "silent", "127.0.4.1")

    def test_an_unknown_interface_is_asked_for_early_and_once(self):
        agent = self.agent(ports(1, 2))
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"}, interval="1h")
        self.flow_with("in_if_name", "xe-0/0/1", 1, 2)
        agent.tell(ports(1, 2, 3))
        self.flow_with("out_if_name", "xe-0/0/3", 1, 3)
        polls = self.count(collector, "polls_total")
        self.assertGreater(polls, 1)
        # One that the device does not have either is asked for once, not for ever.
        self.next_flow(1, 99)
        waiting.until(lambda: self.count(collector, "complete_polls_total") == polls + 1, "one poll more")
        self.assertEqual(self.count(collector, "absent_interfaces"), 1)
        for _ in range(30):
            self.next_flow(1, 99)
        waiting.until(lambda: time.time() - self.count(collector, "last_answer_timestamp_seconds") > 3, "min_interval is long over")
        self.assertEqual(self.count(collector, "polls_total"), polls + 1)


class Order(SnmpCase):
    def test_configuration_comes_first_and_rules_see_what_devices_tell(self):
        agent = self.agent({**interface(1, name="xe-1", alias="Transit: Example", mbit=10000), **interface(2, name="xe-2", alias="Core", mbit=40000)})
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"}, enrich={
            "interfaces": [{"exporter": "127.0.0.1", "index": 2, "name": "ours", "speed": 5000}],
            "rules": [{"interface": r"^transit: (\S+)", "set": {"boundary": "external", "provider": r"\1"}}]})
        self.send((1, 2))
        self.wait_standing(collector, "fine")
        flow = self.flow_with("in_if_name", "xe-1", 1, 2)
        self.assertEqual((flow["in_if_boundary"], flow["in_if_provider"], int(flow["in_if_speed"])), ("external", "Example", 10**10))
        self.assertEqual((flow["out_if_name"], flow["out_if_description"], int(flow["out_if_speed"])), ("ours", "Core", 5000))
        self.assertNotIn("out_if_boundary", flow)


class Faults(SnmpCase):
    def test_a_wrong_password_then_the_right_one_by_reload(self):
        """Users of v3 are kept by the library for the whole process: neither may a wrong one stay, nor a right one that is right no
        more."""
        agent = self.agent()
        password = self.path("password")

        def set_password(text):
            with open(password, "w") as file:
                file.write(text + "\n")
        set_password("wrongpass12")
        device = {"prefix": "127.0.0.0/8", "port": agent.port, "version": 3, "user": USER, "auth_password_file": password, "privacy_password": PRIVACY}
        collector = self.start(device)
        self.send((1, 2))
        self.wait_standing(collector, "refused_login")
        self.assertGreater(self.count(collector, "authentication_failures_total"), 0)
        self.assertIn("refuses user, password or level", collector.log())
        set_password(AUTH)
        collector.signal(1)
        self.wait_standing(collector, "fine")
        self.flow_with("in_if_name", "xe-0/0/1", 1, 2)
        set_password("wrongpass34")
        collector.signal(1)
        self.wait_standing(collector, "refused_login")
        # The names that it told before stay.
        self.assertEqual(self.next_flow(1, 2)["in_if_name"], "xe-0/0/1")
        # The device gets new passwords, and then the collector.
        agent.stop()
        agent.auth = "wrongpass56"
        agent.start()
        set_password("wrongpass56")
        collector.signal(1)
        self.wait_standing(collector, "fine")
        for secret in ("wrongpass", AUTH, PRIVACY):
            self.assertNotIn(secret, collector.log())

    def test_a_wrong_privacy_password(self):
        agent = self.agent()
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, **v3(privacy="wrongpass12")})
        self.send((1, 2))
        self.wait_standing(collector, "unreadable")

    def test_two_devices_with_one_engine_and_different_passwords(self):
        """A cloned engine id: each poll goes by its own device's keys."""
        agent = self.agent()
        collector = self.start({"prefix": "127.0.3.0/24", "port": agent.port, **v3()},
                               {"prefix": "127.0.4.0/24", "port": agent.port, **v3(auth="wrongpass12")}, interval="10s")
        for _ in range(3):
            for source in ("127.0.3.1", "127.0.4.1", "127.0.3.2", "127.0.4.2"):
                self.send((1, 2), source=source)
        for device in ("127.0.3.1", "127.0.3.2"):
            self.wait_standing(collector, "fine", device)
        for device in ("127.0.4.1", "127.0.4.2"):
            self.wait_standing(collector, "refused_login", device)
        self.assertEqual(self.count(collector, "authentication_failures_total", "127.0.3.1"), 0)

    def test_a_device_that_goes_and_comes_back(self):
        for how in ({"community": "public"}, v3()):
            agent = self.agent(name=f"agent-{len(how)}")
            collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, **how}, interval="10s")
            self.send((1, 2))
            self.wait_standing(collector, "fine")
            self.flow_with("in_if_name", "xe-0/0/1", 1, 2)
            answered = self.count(collector, "last_answer_timestamp_seconds")
            agent.kill()
            self.wait_standing(collector, "silent")
            self.assertEqual(self.next_flow(1, 2)["in_if_name"], "xe-0/0/1")
            self.assertEqual(self.count(collector, "last_answer_timestamp_seconds"), answered)
            agent.tell({**ports(1, 2), **interface(1, name="et-0/0/1")})
            agent.start()
            self.wait_standing(collector, "fine")
            self.flow_with("in_if_name", "et-0/0/1", 1, 2)
            self.assertGreater(self.count(collector, "timeouts_total"), 0)
            collector.stop()

    def test_a_device_without_interfaces(self):
        agent = self.agent({})
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"})
        self.send((1, 2))
        self.wait_standing(collector, "no_interfaces")

    def test_two_hundred_devices_of_which_some_are_dead(self):
        agent = self.agent()
        (dead,) = snmpd.udp.free_ports(1)
        collector = self.start({"prefix": "127.0.1.0/24", "port": agent.port, "community": "public"},
                               {"prefix": "127.0.2.0/24", "port": agent.port, **v3()},
                               {"prefix": "127.0.9.0/24", "port": dead, "community": "public"},
                               {"prefix": "127.0.10.0/24", "port": dead, **v3()},
                               interval="1h", timeout="5s", retries=3)  # one agent, which is busy, stands for all that are alive
        began = time.monotonic()
        alive = [f"127.0.{net}.{host}" for net in (1, 2) for host in range(1, 91)]
        gone = [f"127.0.{net}.{host}" for net in (9, 10) for host in range(1, 11)]
        for source in alive + gone:
            self.send((1, 2), source=source)

        def standings():
            seen = {s.labels["device"]: s.labels["standing"] for s in collector.metrics().get("sluice_snmp_device_standing", [])}
            return seen if len(seen) == 200 and "waiting" not in seen.values() else None
        seen = waiting.until(standings, "all were asked", deadline=4 * waiting.DEADLINE)
        print(f"200 devices in {time.monotonic() - began:.1f} s")
        self.assertEqual({device: seen[device] for device in alive}, dict.fromkeys(alive, "fine"))
        self.assertEqual({device: seen[device] for device in gone}, dict.fromkeys(gone, "silent"))
        self.assertEqual(collector.metric("sluice_protocol_flows_total"), 200)


class Hostile(SnmpCase):
    def test_texts_of_a_hostile_device(self):
        """Names are text: bounded, of valid UTF-8, on one line."""
        rows = {**interface(1, name="<script>alert(1)</script>", alias="'; DROP TABLE flows; --"),
                **interface(2, name="a\xfc\x80b", alias="\x1b[31mred\x07\ttab"),
                **interface(3, name="n" * 2000, alias="\xc3\xbc" * 500)}
        agent = self.agent(rows)
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"})
        self.send((1, 2))
        self.wait_standing(collector, "fine")
        flow = self.flow_with("in_if_name", "<script>alert(1)</script>", 1, 2)
        self.assertEqual(flow["in_if_description"], "'; DROP TABLE flows; --")
        self.assertEqual(flow["out_if_name"], "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b")
        self.assertEqual(flow["out_if_description"], " [31mred  tab")
        flow = self.next_flow(3, 3)
        self.assertEqual(flow["in_if_name"], "n" * 255)
        self.assertEqual(flow["in_if_description"], "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 127)

    def test_more_interfaces_than_there_may_be(self):
        agent = self.agent(ports(*range(1, 501)))
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"}, max_interfaces=100)
        self.send((1, 2))
        self.wait_standing(collector, "fine")
        self.assertEqual(self.count(collector, "interfaces"), 100)
        self.assertGreaterEqual(self.count(collector, "cut_interfaces"), 100)
        self.flow_with("in_if_name", "xe-0/0/100", 100, 101)
        self.assertNotIn("out_if_name", self.next_flow(100, 101))

    def test_values_of_other_types_than_they_should_be(self):
        agent = self.agent({(*NAME, 1): ("integer", "5"), (*HIGH_SPEED, 1): ("string", "fast"), **interface(2)})
        collector = self.start({"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"})
        self.send((1, 2))
        self.wait_standing(collector, "fine")
        flow = self.flow_with("out_if_name", "xe-0/0/2", 1, 2)
        self.assertNotIn("in_if_name", flow)


class Kept(SnmpCase):
    def test_names_outlive_a_restart_and_the_device(self):
        agent = self.agent()
        state = {"state": {"file": self.path("state")}}
        device = {"prefix": "127.0.0.0/8", "port": agent.port, "community": "public"}
        first = self.start(device, settings=state)
        self.send((1, 2))
        self.wait_standing(first, "fine")
        self.flow_with("in_if_name", "xe-0/0/1", 1, 2)
        waiting.until(lambda: first.metric("sluice_state_unwritten_changes") == 0, "the file is written")
        first.kill()
        agent.kill()
        second = self.start(device, settings=state)
        self.assertEqual(second.metric("sluice_snmp_restored_devices"), 1)
        self.assertEqual(self.next_flow(1, 2)["in_if_name"], "xe-0/0/1")  # the very first
        self.wait_standing(second, "silent")
        self.assertEqual(self.next_flow(1, 2)["out_if_description"], "Transit 2")
        self.assertEqual(second.stop(), 0)
        self.try_out(second.config, device)
        # Who has no devices any more passes the names over, and keeps the rest of the file.
        third = self.start(settings=state)
        self.assertEqual(third.metric("sluice_state_set_aside_total"), 0)
        self.assertEqual(third.metric("sluice_state_restored", kind="templates"), 1)
        self.assertNotIn("in_if_name", self.next_flow(1, 2))
        self.assertNotIn("snmp", [name.strip() for name in map(self.read, glob.glob(f"/proc/{third.process.pid}/task/*/comm"))])

    def try_out(self, config, device):
        """`sluice enrich --test` shows what is kept, and says what it cannot know."""
        with open(self.path("datagram"), "wb") as file:
            file.write(flows((1, 2)))
        told = daemon.run_once("enrich", "-c", config, "--test", self.path("datagram"))
        self.assertEqual((0, ""), (told.returncode, told.stderr))
        self.assertRegex(told.stdout, r"(?m)^  in_if_name +xe-0/0/1 +snmp$")
        self.assertRegex(told.stdout, r"(?m)^  out_if_description +Transit 2 +snmp$")
        with open(self.path("unkept.yaml"), "w") as file:
            json.dump({"enrich": {"snmp": {"devices": [device]}, "bmp": {"listen": "127.0.0.1:11019"}}}, file)
        told = daemon.run_once("enrich", "-c", self.path("unkept.yaml"), "--test", self.path("datagram"))
        self.assertEqual(0, told.returncode)
        self.assertNotIn("xe-0/0/1", told.stdout)
        self.assertEqual(["sluice enrich: names by SNMP are not shown: the collector asks for them, and keeps them where state.file is set",
                          "sluice enrich: routes are not shown: routers tell them to the running collector, by BMP"], told.stderr.splitlines())

    @staticmethod
    def read(path):
        with open(path) as file:
            return file.read()


if __name__ == "__main__":
    main()
