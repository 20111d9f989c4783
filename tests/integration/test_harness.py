#!/usr/bin/python3
"""The tests' own instruments agree: exporters really send what the capture holds, as the independent parser reads it.
Without the daemon; when one of these fails, no other result here means anything."""
import time

from harness import capture, exporters, flows, udp
from harness.case import Case, main


class Truth(Case):
    def setUp(self):
        super().setUp()
        self.pcap = self.path("traffic.pcap")
        self.packets = capture.make(self.pcap, time.time() - 10)

    def read(self, exporter, *arguments, **options):
        with udp.Tee() as tee:
            exporter(self.pcap, tee.port, *arguments, directory=self.directory, **options)
        return tee.read()

    def test_the_capture_holds_all_kinds(self):
        kinds = {(p.proto, len(p.src), p.fragment) for p in self.packets}
        for proto in (flows.TCP, flows.UDP):
            self.assertLessEqual({(proto, 4, ""), (proto, 16, "")}, kinds)
        self.assertLessEqual({(flows.ICMP, 4, ""), (flows.ICMP6, 16, "")}, kinds)
        self.assertLessEqual({(flows.UDP, size, part) for size in (4, 16) for part in ("first", "later")}, kinds)
        self.assertGreater(len(self.packets), 200)

    def test_softflowd(self):
        for version in (5, 9, 10):
            with self.subTest(version=version):
                expected = capture.one_way_flows(self.packets, family=4 if version == 5 else None,
                                                 later_ipv6_fragment_proto=0)
                self.assertEqual("", flows.difference(expected, self.read(exporters.softflowd, version).flows))

    def test_nfprobe(self):
        for version in (5, 9, 10):
            with self.subTest(version=version):
                expected = capture.one_way_flows(self.packets, "joined", family=4 if version == 5 else None)
                self.assertEqual("", flows.difference(expected, self.read(exporters.nfprobe, version).flows))

    def test_sfprobe(self):
        samples = self.read(exporters.sfprobe).flows
        self.assertEqual(capture.samples(self.packets)[:len(samples)], samples)
        self.assertGreater(len(samples), len(self.packets) - 10)  # the last datagram is lost when pmacctd ends


if __name__ == "__main__":
    main()
