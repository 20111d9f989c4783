"""A second, independent reading of the datagrams: what did the exporter really send?

Only as much as the exporters of these tests send, straight from the RFCs and the sFlow v5 text, written for being
easy to check by eye. It shares nothing with the daemon's decoders.
"""
import struct

from . import capture, flows


class Reader:
    """Collects flows over the datagrams of one exporter, whose templates it remembers."""

    def __init__(self):
        self.templates = {}   # (version, domain, id) -> ([(element, enterprise, length)], is options template)
        self.flows = []       # flows.Flow, in the order sent
        self.rates = []       # the sampling rate each flow was sent with: header or sample; 0 where only options tell
        self.options = []     # {element: value} of each options record
        self.times = []       # (start, end) in Unix nanoseconds, or None
        self.datagrams = 0

    def take(self, data):
        self.datagrams += 1
        version = struct.unpack_from("!H", data)[0]
        if version == 5:
            self._v5(data)
        elif version == 9:
            self._v9(data)
        elif version == 10:
            self._ipfix(data)
        elif struct.unpack_from("!I", data)[0] == 5:
            self._sflow(data)
        else:
            raise ValueError(f"a datagram of version {version}")

    def sampling_rate(self):
        """As the options records tell it: elements 34, 50 or 305 and 306."""
        for record in self.options:
            for element in (34, 50):
                if element in record:
                    return number(record[element])
            if 305 in record:
                interval, space = number(record[305]), number(record.get(306, b""))
                return (interval + space) // interval
        return 0

    def _v5(self, data):
        count, uptime, seconds, nanoseconds = struct.unpack_from("!HIII", data, 2)
        sampling = struct.unpack_from("!H", data, 22)[0] & 0x3FFF
        now = seconds * 10**9 + nanoseconds
        for n in range(count):
            (src, dst, packets, octets, first, last, sport, dport, proto) = struct.unpack_from(
                "!4s4s4x2x2xIIIIHHxxB", data, 24 + 48 * n)
            self._add(flows.make(src, dst, proto, sport, dport, packets, octets), sampling,
                      tuple(now - signed(uptime - moment) * 10**6 for moment in (first, last)))

    def _v9(self, data):
        uptime, seconds, _, domain = struct.unpack_from("!IIII", data, 4)
        self._sets(data, 20, 9, domain, {"template": 0, "options": 1}, (uptime, seconds))

    def _ipfix(self, data):
        length, seconds, _, domain = struct.unpack_from("!HIII", data, 2)
        if length != len(data):
            raise ValueError(f"an IPFIX message of {len(data)} bytes says that it has {length}")
        self._sets(data, 16, 10, domain, {"template": 2, "options": 3}, (None, seconds))

    def _sets(self, data, offset, version, domain, ids, clock):
        while offset + 4 <= len(data):
            set_id, length = struct.unpack_from("!HH", data, offset)
            if length < 4 or offset + length > len(data):
                raise ValueError(f"set {set_id} of {length} bytes in a datagram of {len(data)}")
            body = data[offset + 4:offset + length]
            if set_id == ids["template"]:
                self._templates(body, version, domain)
            elif set_id == ids["options"]:
                self._options_templates(body, version, domain)
            elif set_id >= 256:
                self._records(body, self.templates[version, domain, set_id], clock)
            offset += length

    @staticmethod
    def _fields(body, at, count, enterprise_bit):
        fields = []
        for _ in range(count):
            element, length = struct.unpack_from("!HH", body, at)
            at += 4
            enterprise = 0
            if enterprise_bit and element & 0x8000:
                enterprise = struct.unpack_from("!I", body, at)[0]
                element, at = element & 0x7FFF, at + 4
            fields.append((element, enterprise, length))
        return fields, at

    def _templates(self, body, version, domain):
        at = 0
        while at + 4 <= len(body):
            template, count = struct.unpack_from("!HH", body, at)
            if template < 256:
                return  # padding
            fields, at = self._fields(body, at + 4, count, version == 10)
            self.templates[version, domain, template] = (fields, False)

    def _options_templates(self, body, version, domain):
        at = 0
        while at + 6 <= len(body):
            template, first, second = struct.unpack_from("!HHH", body, at)
            if template < 256:
                return
            if version == 9:  # lengths in bytes, scope first; scope types are not elements
                scope, at = self._fields(body, at + 6, first // 4, False)
                fields, at = self._fields(body, at, second // 4, False)
                fields = [(None, 0, length) for _, _, length in scope] + fields
            else:             # field counts, scope included
                fields, at = self._fields(body, at + 6, first, True)
            self.templates[version, domain, template] = (fields, True)

    def _records(self, body, template, clock):
        fields, is_options = template
        smallest = sum(1 if length == 0xFFFF else length for _, _, length in fields)
        at = 0
        while at + smallest <= len(body):
            record = {}
            for element, enterprise, length in fields:
                if length == 0xFFFF:
                    length, at = body[at], at + 1
                    if length == 255:
                        length, at = struct.unpack_from("!H", body, at)[0], at + 2
                if enterprise == 0 and element is not None:
                    record[element] = body[at:at + length]
                at += length
            if is_options:
                self.options.append(record)
            else:
                self._record(record, clock)

    def _record(self, record, clock):
        def value(*elements):
            return next((number(record[e]) for e in elements if e in record), 0)

        def either(*elements):
            return next((record[e] for e in elements if any(record.get(e, b""))), b"\0" * 4)

        proto, icmp = value(4), None
        if proto in (flows.ICMP, flows.ICMP6):
            apart = next(((a, b) for a, b in ((176, 177), (178, 179)) if a in record), None)
            whole = next((record[e] for e in (32, 139) if e in record), None)
            if apart:
                icmp = (value(apart[0]), value(apart[1]))
            elif whole:
                icmp = (whole[0], whole[1])
        self._add(flows.make(either(8, 27), either(12, 28), proto, value(7), value(11), value(2), value(1), icmp=icmp), 0,
                  times(record, clock))

    def _sflow(self, data):
        address_type = struct.unpack_from("!I", data, 4)[0]
        at = 8 + (4 if address_type == 1 else 16) + 12
        samples, at = struct.unpack_from("!I", data, at)[0], at + 4
        for _ in range(samples):
            kind, length = struct.unpack_from("!II", data, at)
            if kind == 1:
                rate, = struct.unpack_from("!I", data, at + 8 + 8)
                self._sflow_records(data, at + 8 + 28, struct.unpack_from("!I", data, at + 8 + 28)[0], rate)
            at += 8 + length

    def _sflow_records(self, data, at, count, rate):
        at += 4
        for _ in range(count):
            kind, length = struct.unpack_from("!II", data, at)
            if kind == 1:
                _, frame_length, _, header_length = struct.unpack_from("!IIII", data, at + 8)
                packet = capture.parse(data[at + 24:at + 24 + header_length])
                if packet:
                    self._add(flows.make(*packet[:5], 1, frame_length, icmp=packet.icmp), rate, None)
            at += 8 + length

    def _add(self, flow, rate, times):
        self.flows.append(flow)
        self.rates.append(rate)
        self.times.append(times)


def number(data):
    return int.from_bytes(data, "big")


def signed(difference):
    """Of two 32-bit clocks, which wrap, and of which the one may be a little ahead of the other."""
    return (difference + 2**31) % 2**32 - 2**31


def times(record, clock):
    """(start, end) in Unix nanoseconds; None where the record alone does not tell."""
    uptime, seconds = clock
    if 150 in record:
        return number(record[150]) * 10**9, number(record[151]) * 10**9
    if 152 in record:
        return number(record[152]) * 10**6, number(record[153]) * 10**6
    if 22 in record and uptime is not None:
        return tuple(seconds * 10**9 - signed(uptime - number(record[e])) * 10**6 for e in (22, 21))
    return None
