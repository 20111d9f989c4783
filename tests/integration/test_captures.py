#!/usr/bin/python3
"""Captures of real exporters through `sluice decode`, against what other projects read in the same bytes. Telegraf's
metrics, tcpdump's text and the counts that logstash's codec asserts are a second opinion on each field."""
import os
import struct

from harness import captures, flows, messages, tcpdump, telegraf, wire
from harness.case import Case, main


class Telegraf(Case):
    def metrics(self, group):
        return telegraf.parse(captures.read(os.path.dirname(group["files"][0]), "expected.out", mode="r"))

    def received(self, group, metrics):
        """A moment from which the flows are no older than the time bounds allow: the end of the last, else the header's."""
        ends = [metric.fields["flow_end_ms"] for metric in metrics if "flow_end_ms" in metric.fields]
        if ends:
            return max(ends) // 1000 + 1
        first = captures.datagrams(group)[0]
        if first[:2] == b"\0\5":
            return struct.unpack_from("!I", first, 8)[0]
        return 1_700_000_000

    def decode(self, group, metrics):
        """Our flows, and the moment at which they were received, in ns."""
        seconds = self.received(group, metrics)
        pcap = self.path("capture.pcap")
        captures.write_pcap(pcap, captures.datagrams(group), seconds)
        return captures.Decoded(pcap), seconds * telegraf.SECOND

    @staticmethod
    def disagreements(expected, flow):
        """Fields that are 0 or empty are absent in ours."""
        return {name: (value, flow.get(name)) for name, value in expected.items()
                if flow.get(name) != value and not (value == 0 and name not in flow)}

    def take(self, expected, left):
        """The flow that agrees in every field, out of those that are left."""
        for flow in left:
            if not self.disagreements(expected, flow):
                left.remove(flow)
                return flow
        nearest = min((self.disagreements(expected, flow) for flow in left), key=len, default="no flow is left")
        self.fail(f"no flow of ours is as telegraf's {expected}; the nearest differs in (theirs, ours): {nearest}")

    def check_times(self, metric, flow, received, header):
        """What telegraf has in seconds or in uptimes. Times out of bounds are replaced by the time of receipt."""
        fields = metric.fields
        start, end = flow["time_flow_start_ns"], flow["time_flow_end_ns"]
        for name, ours in (("flow_start", start), ("flow_end", end)):
            if name in fields and abs(received - fields[name] * telegraf.SECOND) < telegraf.HOUR:
                self.assertEqual(fields[name], ours // telegraf.SECOND)
            elif name in fields:
                self.assertEqual(received, ours)
        if "first_switched" not in fields:
            return
        lasted = (fields["last_switched"] - fields["first_switched"]) * telegraf.MILLISECOND
        self.assertEqual(lasted, end - start)
        if metric.tags["version"] == "NetFlowV5":
            seconds, nanoseconds = struct.unpack_from("!II", header, 8)
            before = (fields["sys_uptime"] - fields["last_switched"]) * telegraf.MILLISECOND
            self.assertEqual(seconds * telegraf.SECOND + nanoseconds - before, end)

    def check_flows(self, group, metrics):
        decoded, received = self.decode(group, metrics)
        left, compared = list(decoded.flows), 0
        for metric in metrics:
            if "reason" in metric.fields:  # a discarded packet, of which telegraf reads no addresses
                self.take(telegraf.expected_discard(metric), left)
            if "src" not in metric.fields:
                continue
            there, *back = telegraf.expected_flows(metric)
            flow = self.take(there, left)
            self.check_times(metric, flow, received, captures.datagrams(group)[0])
            if metric.fields.get("direction") == "ingress" and metric.tags["version"] == "sFlowV5":
                self.assertEqual(metric.fields["in_snmp"], flow["in_if"])
            for other in back:
                self.take(other, left)
            compared += 1
        self.assertEqual([], left, "flows of ours that telegraf has not")
        return compared

    def test_every_flow(self):
        compared = {}
        for group in captures.groups("telegraf"):
            with self.subTest(group["name"]):
                compared[group["name"]] = self.check_flows(group, self.metrics(group))
                self.assertEqual(group["flow_records"], compared[group["name"]])
        self.assertEqual(57, sum(compared.values()))

    def test_every_options_record(self):
        compared = 0
        for group in captures.groups("telegraf"):
            metrics = [metric for metric in self.metrics(group) if metric.measurement == "netflow_options"]
            if not metrics:
                continue
            with self.subTest(group["name"]):
                expected = [{telegraf.OPTIONS[name]: value for name, value in metric.fields.items()}
                            for metric in metrics]
                self.assertEqual("", self.options_difference(expected, self.options(group)))
                compared += len(metrics)
        self.assertEqual(136, compared)

    def decode_with_flows(self, name, version, elements, records):
        """The group's options data, and behind it a datagram from the same exporter with these flows."""
        group, = (group for group in captures.groups("telegraf") if group["name"] == "telegraf: " + name)
        datagrams = captures.datagrams(group)
        domain = struct.unpack_from("!I", datagrams[0], 16 if version == 9 else 12)[0]
        pcap = self.path("capture.pcap")
        captures.write_pcap(pcap, [*datagrams, captures.flows_datagram(version, domain, elements, records)], 1_700_000_000)
        decoded = captures.Decoded(pcap).flows
        self.assertEqual(len(records), len(decoded))
        return [metric.fields for metric in self.metrics(group)], decoded

    def test_options_data_name_the_applications_of_flows(self):
        """The place that an options record's names have in our message is in the flows that come after it."""
        metrics = telegraf.parse(captures.read("telegraf", "ipfix_options", "expected.out", mode="r"))
        ids = [telegraf.number(metric.fields["app_id"]) for metric in metrics]
        fields, decoded = self.decode_with_flows("ipfix_options", 10, (95, 8, 12), [(i, 1, 2) for i in ids])
        for said, flow in zip(fields, decoded):
            self.assertEqual(said["app_name"], flow["application_name"])
        self.assertEqual(126, len(decoded))

    def test_options_data_name_the_interfaces_of_flows(self):
        metrics = telegraf.parse(captures.read("telegraf", "netflow_v9_options", "expected.out", mode="r"))
        indices = [metric.fields["in_snmp"] for metric in metrics]
        # In at each, out at the one before it.
        records = [(index, indices[at - 1], 1, 2) for at, index in enumerate(indices)]
        fields, decoded = self.decode_with_flows("netflow_v9_options", 9, (10, 14, 8, 12), records)
        for at, flow in enumerate(decoded):
            for side, said in (("in", fields[at]), ("out", fields[at - 1])):
                self.assertEqual(said["interface"], flow[side + "_if_name"])
                self.assertEqual(said["interface_desc"], flow[side + "_if_description"])
        self.assertEqual(8, len(decoded))

    def options(self, group):
        """Options records as {(enterprise, element) or name: text}."""
        tree = captures.raw_tree(*[os.path.join(captures.directory(), name) for name in group["files"]])
        known = {}
        for template in tree.all("options template"):
            for field in template.below:
                if field.get("element") and field.name not in ("field", "scope"):
                    known[field.name] = (int(field.get("enterprise") or 0), int(field.get("element")))
        records = []
        for record in tree.all("options record"):
            records.append({self.key(field.name, known): field.value for field in record.below})
        return records

    @staticmethod
    def key(name, known):
        if name.startswith("element "):
            return (0, int(name.removeprefix("element ")))
        if ":" in name:
            return tuple(int(part) for part in name.split(":"))
        return known.get(name, name)

    @staticmethod
    def same_option(value, text):
        """Ours are the bytes in hexadecimal, with what they may mean in brackets."""
        sent, _, meaning = text.partition(" (")
        meaning = meaning.rstrip(")").strip('"')
        if isinstance(value, int):
            return value == int(sent, 16)
        return value in (meaning, "0x" + sent) or value.count(".") == 3 and telegraf.address(int(sent, 16)) == value

    def options_difference(self, expected, ours):
        left = list(ours)
        for record in expected:
            found = next((o for o in left if record.keys() == o.keys() and
                          all(self.same_option(value, o[key]) for key, value in record.items())), None)
            if found is None:
                return f"no options record of ours is as telegraf's {record}; left are {left[:3]}"
            left.remove(found)
        return f"telegraf has no {left[0]}" if left else ""

    def test_every_counter_sample(self):
        compared = 0
        for group in captures.groups("telegraf"):
            metrics = [metric for metric in self.metrics(group) if "interface_type" in metric.fields]
            if not metrics:
                continue
            with self.subTest(group["name"]):
                tree = captures.raw_tree(*[os.path.join(captures.directory(), name) for name in group["files"]])
                samples = [s for s in tree.all("sample") if s.get("data_format") in ("2", "4")]
                self.assertEqual(len(metrics), len(samples))
                for metric, sample in zip(metrics, samples):
                    self.check_counters(metric.fields, sample, next(tree.all("header")))
                    compared += 1
        self.assertEqual(3, compared)

    #: Fields of the datagram and of the sample, and what is said in words.
    COUNTERS_APART = {"agent_ip", "agent_subid", "sys_uptime", "seq_number", "status", "type", "ip_version", "port_name"}

    def check_counters(self, fields, sample, header):
        records = {record.get("data_format"): record for record in sample.below if record.name == "record"}
        values = {field.name: field.value for record in records.values() for field in record.below}
        for name, value in fields.items():
            if name not in self.COUNTERS_APART:
                self.assertEqual(str(value), values[telegraf.COUNTERS[name]], name)
        self.assertEqual(str(fields["agent_subid"]), header.get("sub_agent_id"))
        self.assertEqual(str(fields["sys_uptime"]), header.get("uptime_ms"))
        self.assertIn(fields["agent_ip"], header.get("agent_address"))
        self.assertEqual(str(fields["seq_number"]), sample.get("sequence_number"))
        self.assertEqual("up", fields["status"])
        self.assertEqual("3", values["ifStatus"])  # both its bits: administratively and operationally up
        if "port_name" in fields:
            self.assertIn(fields["port_name"].encode().hex(), records["1005"].get("data"))


class Tcpdump(Case):
    def said(self, name):
        """tcpdump's datagrams, with ours as trees."""
        datagrams = tcpdump.parse(captures.read("tcpdump", name + ".expected.out", mode="r"))
        file = captures.raw_tree(os.path.join(captures.directory(), "tcpdump", name))
        trees = [node for node in file.below if node.name.startswith("datagram ")]
        self.assertEqual(len(datagrams), len(trees))
        return list(zip(datagrams, trees))

    def check_facts(self, facts, node):
        """Whatever tcpdump says is so in ours."""
        for name, value in facts.items():
            if name == "agent_address":
                self.assertIn(f"({value})", node.get(name))
            elif name.startswith("source_id_") and node.get(name) is None:  # both in one word, where it is not expanded
                word = int(node.get("source_id"))
                self.assertEqual(int(value), word >> 24 if name.endswith("type") else word & 0xFFFFFF)
            else:
                self.assertEqual(value, node.get(name), name)

    def check_datagram(self, datagram, tree):
        header = next(tree.all("header"))
        self.check_facts(datagram.facts, header)
        samples = list(tree.all("sample"))
        self.assertEqual(len(datagram.samples), len(samples))
        for sample, ours in zip(datagram.samples, samples):
            self.check_facts(sample.facts, ours)
            records = list(ours.all("record"))
            self.assertEqual(len(sample.records), len(records))
            for record, our_record in zip(sample.records, records):
                self.check_facts(record, our_record)

    def check_addresses(self, datagram, tree):
        source, port, destination, to_port = datagram.source
        bracket = lambda address: f"[{address}]" if ":" in address else address
        text = f"{tree.name}: {tree.value}"
        self.assertIn(f": {bracket(source)}:{port} to {bracket(destination)}:{to_port}, ", text)

    def check_flow(self, datagram, sample, flow):
        """The flow made of the sample: interfaces, rates and lengths, and whose it is."""
        facts = dict(sample.facts)
        for record in sample.records:
            facts.update({name: value for name, value in record.items() if name not in ("data_format", "length")})
        self.assertEqual(datagram.facts["agent_address"], flow["sampler_address"])
        self.assertEqual(int(datagram.facts["sequence_number"]), flow["sequence_num"])
        self.assertEqual(int(facts["sampling_rate"]), flow["sampling_rate"])
        self.assertEqual(int(facts["input"]), flow["in_if"])
        output = int(facts["output"])
        if "output_format" not in facts and output >> 30 == 2:  # the number of outputs, 0 where it is not known
            self.assertEqual((None, output & 0x3FFFFFFF), (flow.get("out_if"), flow["out_if_multiple"]))
        else:
            self.assertEqual(output, flow["out_if"])
        self.assertEqual((1, int(facts["frame_length"])), (flow["packets"], flow["bytes"]))
        for theirs, ours in (("src_vlan", "src_vlan"), ("dst_vlan", "dst_vlan"), ("src_priority", "vlan_priority")):
            if theirs in facts:
                self.assertEqual(int(facts[theirs]), flow[ours])

    def check(self, name):
        flows = [flow for flow in captures.Decoded(os.path.join(captures.directory(), "tcpdump", name)).flows
                 if flow["type"] == "SFLOW_5"]
        counters = 0
        for datagram, tree in self.said(name):
            self.check_addresses(datagram, tree)
            if datagram.refused:
                continue
            self.check_datagram(datagram, tree)
            for sample in datagram.samples:
                if "sampling_rate" in sample.facts:
                    self.check_flow(datagram, sample, flows.pop(0))
                else:
                    counters += 1
        self.assertEqual([], flows, "flows of ours that tcpdump has not")
        return counters

    def test_expanded_flow_sample(self):
        self.assertEqual(0, self.check("sflow_expanded.pcap"))

    def test_agent_of_ipv6_with_flow_and_counter_samples(self):
        self.assertEqual(48, self.check("sflow-print-v6.pcap"))

    def test_counter_samples_of_many_agents(self):
        name = "sflow_multiple_counter_30_pdus.pcap"
        self.assertEqual(144, self.check(name))
        # What tcpdump takes for an sFlow of another version is NetFlow v5 to the same port.
        refused = [tree for datagram, tree in self.said(name) if datagram.refused]
        self.assertEqual(5, len(refused))
        self.assertEqual({"5"}, {next(tree.all("header")).get("version") for tree in refused})

    def test_datagram_that_is_cut_short(self):
        (datagram, tree), = self.said("sflow_print-segv.pcap")
        self.assertIn("(invalid)", datagram.refused)
        self.assertIn("truncated_header", tree.get("error"))


class Logstash(Case):
    #: Two of its files hold several datagrams back to back, of which it reads the first; `sluice decode` reads them all.
    FIRST_DATAGRAM = {"logstash: Netflow 5 valid 01": 24 + 2 * 48, "logstash: IPFIX": None}

    #: It asserts no number of events here.
    NO_NUMBER = {
        "logstash: Netflow 5 invalid 01": "only that nothing is raised",
        "logstash: Netflow 5 invalid 02": "only that nothing is raised",
        "logstash: Netflow 9 invalid 01": "only that nothing is raised",
        "logstash: Netflow 9 macaddress": "only what one event holds",
        "logstash: Netflow 9 options template with scope fields": "only what one event holds",
        "logstash: Netflow 9 Cisco WLC 8500 release 8.2": "no test of its own; the file holds a template alone",
        "logstash: Netflow 9 Cisco 1941/K9 release 15.1": "no number",
        "logstash: Netflow 9 Cisco ASR1001-X": "no number",
    }

    def records(self, *files):
        decoded = captures.Decoded(*files)
        return decoded.count("flow records") + decoded.count("options records")

    def first_datagram(self, group):
        data, = captures.datagrams(group)
        length = self.FIRST_DATAGRAM[group["name"]] or struct.unpack_from("!H", data, 2)[0]
        path = self.path("first.dat")
        with open(path, "wb") as file:
            file.write(data[:length])
        return path

    def test_every_group_gives_the_events_asserted(self):
        no_number, first = set(), set()
        for group in captures.groups("logstash"):
            name, files = group["name"], [os.path.join(captures.directory(), file) for file in group["files"]]
            with self.subTest(name):
                records = self.records(*files)
                self.assertEqual(group["flow_records"] + group["options_records"], records)
                if "peer_count" not in group:
                    no_number.add(name)
                elif name in self.FIRST_DATAGRAM:
                    first.add(name)
                    self.assertEqual(group["peer_count"], self.records(self.first_datagram(group)))
                else:
                    self.assertEqual(group["peer_count"], records)
        self.assertEqual(set(self.NO_NUMBER), no_number)
        self.assertEqual(set(self.FIRST_DATAGRAM), first)


class Vflow(Case):
    """Its captures carry no expectations; what they hold is told by the datagrams' own headers, or by the tests' reading."""

    def decoded(self, *names):
        return captures.Decoded(*[os.path.join(captures.directory(), "vflow", name) for name in names])

    def test_ipfix_with_its_template(self):
        names = ("TestDecodeDataTpl.tpl.dat", "TestDecodeDataTpl.payload.dat")
        reader = wire.Reader()
        for name in names:
            reader.take(captures.read("vflow", name))
        self.assertEqual("", flows.difference(reader.flows, messages.flow_list(self.decoded(*names).flows)))

    def test_netflow5(self):
        reader = wire.Reader()
        reader.take(captures.read("vflow", "TestV5FlowPacket.dat"))
        decoded = self.decoded("TestV5FlowPacket.dat").flows
        self.assertEqual(29, len(decoded))
        self.assertEqual("", flows.difference(reader.flows, messages.flow_list(decoded)))

    def test_sflow(self):
        decoded = self.decoded("TestsFlowRawPacket.dat")
        self.assertEqual(5, len(decoded.flows) + decoded.count("counter samples"))


if __name__ == "__main__":
    main()
