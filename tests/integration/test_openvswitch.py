#!/usr/bin/python3
"""Open vSwitch in user space bridges two network namespaces and reports the same pings and transfers by sFlow, NetFlow v5
and IPFIX at once. Packets and bytes of each must be those that the two ends counted.

What the switch does by its own lights: sFlow lengths are those of frames with their checksum, NetFlow v5 counts frames
without it and knows no IPv6, IPFIX counts IP bytes and tells of each packet twice, where it came in and where it left."""
import collections
import glob
import os
import time

from harness import daemon, flows, messages, netns, openvswitch, udp, waiting
from harness.case import Case, main, skip_unless_program

LEFT, RIGHT = ("192.0.2.1", "2001:db8::1"), ("192.0.2.2", "2001:db8::2")
PINGS, PING_BYTES, TRANSFER_BYTES = 10, 200, 300_000
CHECKSUM = 4  # bytes behind a frame
Count = collections.namedtuple("Count", "packets frame_bytes ip_bytes")


class OpenVSwitch(Case):
    def setUp(self):
        super().setUp()
        for program in ("ip", "unshare", "nsenter", "ethtool", "ping"):
            skip_unless_program(program)
        self.files = self.path("flows")
        netns.enter(self)
        self.left, self.right = netns.Endpoint(self), netns.Endpoint(self)
        self.switch = openvswitch.Switch(self)
        self.switch.add_endpoint(self.left, "left", [LEFT[0] + "/24", LEFT[1] + "/64"])
        self.switch.add_endpoint(self.right, "right", [RIGHT[0] + "/24", RIGHT[1] + "/64"])

    def traffic(self):
        """Pings and transfers over both families; gives what passed, flow by flow, as both ends counted it."""
        for endpoint in (self.left, self.right):
            endpoint.ask("count", endpoint.interface)
        for address in RIGHT:
            said = self.left.run("ping", "-q", "-c", str(PINGS), "-i", "0.02", "-s", str(PING_BYTES), address)
            self.assertIn(f"{PINGS} received", said)
            port = self.right.ask("serve", address)
            self.assertEqual(TRANSFER_BYTES, self.left.ask("send", address, port, TRANSFER_BYTES))
        counts = [self.counted(endpoint) for endpoint in (self.left, self.right)]
        self.assertEqual(*counts)
        return counts[0]

    def counted(self, endpoint):
        answer = endpoint.ask("counted")
        self.assertEqual(0, answer["dropped"])
        counts = {}
        for src, dst, proto, ports, *count in answer["flows"]:
            if self.is_ours(src, dst, proto, ports):
                counts[src, dst, proto, tuple(ports)] = Count(*count)
        return counts

    @staticmethod
    def is_ours(src, dst, proto, ports):
        """Not what the hosts say besides, such as who their neighbours are."""
        echo = (8, 0, 128, 129)
        between = src in LEFT and dst in RIGHT or src in RIGHT and dst in LEFT
        return between and (proto == flows.TCP or proto in (flows.ICMP, flows.ICMP6) and ports[0] in echo)

    def delivered(self):
        result = []
        for name in sorted(glob.glob(os.path.join(self.files, "*.jsonl*"))):  # ".part" while it is written
            with open(name, "rb") as file:
                whole, _, _ = file.read().rpartition(b"\n")
                result += messages.parse_json(whole)
        return result

    def sums(self, delivered, kind, direction=None):
        """Flow -> (packets, bytes), of what this protocol told of the traffic."""
        chosen = [messages.flow(m) for m in delivered if m["type"] == kind and m.get("flow_direction") == direction]
        return flows.by_key([flow for flow in chosen if self.is_ours(*flow[:4])])

    def reports(self, delivered):
        return {"sFlow": self.sums(delivered, "SFLOW_5"), "NetFlow v5": self.sums(delivered, "NETFLOW_V5"),
                "IPFIX in": self.sums(delivered, "IPFIX", "INGRESS"), "IPFIX out": self.sums(delivered, "IPFIX", "EGRESS")}

    @staticmethod
    def expected(counts):
        ip = {flow: (count.packets, count.ip_bytes) for flow, count in counts.items()}
        return {
            "sFlow": {flow: (count.packets, count.frame_bytes + count.packets * CHECKSUM) for flow, count in counts.items()},
            "NetFlow v5": {flow: (count.packets, count.frame_bytes) for flow, count in counts.items() if ":" not in flow[0]},
            "IPFIX in": ip, "IPFIX out": ip}

    def wait_until_told(self, expected):
        def missing():
            reports = self.reports(self.delivered())
            return [(name, flow) for name, told in expected.items() for flow, (packets, _) in told.items()
                    if reports[name].get(flow, (0, 0))[0] < packets]

        try:
            waiting.until(lambda: not missing(), "the switch tells of all packets")
        except AssertionError:
            self.assertEqual([], missing(), "flows of which not all packets are told")

    def test_each_protocol_tells_what_the_ends_counted(self):
        sinks = {"flows": {"type": "file", "path": self.files, "format": "json", "flush_interval": "200ms"}}
        began = time.time_ns()
        with daemon.Daemon(self.path("daemon"), {"sinks": sinks}) as sluice, udp.Tee(sluice.port) as tee:
            self.switch.export(tee.port)
            expected = self.expected(self.traffic())
            self.wait_until_told(expected)
            waiting.until(lambda: sluice.metric("sluice_exporter_counter_samples_total") >= 3, "a counter sample of each port")
            self.switch.export_nothing()
            self.check_daemon(sluice, tee)
            self.assertEqual(0, sluice.stop(), sluice.log())
        delivered = self.delivered()
        self.assertEqual(expected, self.reports(delivered))
        self.check_flows(delivered, began)

    def check_daemon(self, sluice, tee):
        """It took each datagram, found no fault in any, and knows every template."""
        waiting.until(lambda: sluice.metric("sluice_listener_datagrams_total") == len(tee.datagrams), "all datagrams are taken")
        self.assertEqual(0, sluice.metric("sluice_protocol_decode_errors_total"))
        # Each protocol numbers in its own way (v5: the last record, IPFIX: from 1), and none of it is loss.
        for protocol in ("sflow", "netflow5", "ipfix"):
            fates = {fate: sluice.metric("sluice_exporter_sequence_total", protocol=protocol, fate=fate)
                     for fate in ("in_order", "passed_over", "late", "repeated", "unknown")}
            self.assertGreater(fates.pop("in_order"), 0, protocol)
            self.assertEqual({"passed_over": 0, "late": 0, "repeated": 0, "unknown": 0}, fates, protocol)
            self.assertEqual(0, sluice.metric("sluice_exporter_restarts_total", protocol=protocol))
        sent = tee.read().templates
        # Of the 120 numbers from 256 on, one for each kind of packet, those that there can be; and one for options.
        self.assertGreater(len(sent), 80)
        self.assertEqual(len(sent), sluice.metric("sluice_exporter_templates"))

    def check_flows(self, delivered, began):
        """What the flows say besides: where, when, how sampled."""
        now = time.time_ns()
        for message in delivered:
            flow = messages.flow(message)
            if not self.is_ours(*flow[:4]):
                continue
            self.assertLessEqual(began, message["time_flow_start_ns"])
            self.assertLessEqual(message["time_flow_start_ns"], message["time_flow_end_ns"])
            self.assertLess(message["time_flow_end_ns"], now)
            self.assertIn("in_if", message)
            if message["type"] == "SFLOW_5":
                self.assertEqual((1, "HEADER"), (message["sampling_rate"], message["sampling_rate_source"]))
            if message["type"] == "IPFIX":
                self.assertEqual((123, 456), (message["observation_domain_id"], message["observation_point_id"]))
                came, went = ("left", "right") if flow[0] in LEFT else ("right", "left")
                self.assertEqual(came, message["in_if_name"])
                self.assertEqual(went if message["flow_direction"] == "EGRESS" else None, message.get("out_if_name"))
            # At ingress IPFIX does not know yet where the packet will leave.
            self.assertEqual(message.get("flow_direction") != "INGRESS", "out_if" in message)


if __name__ == "__main__":
    main()
