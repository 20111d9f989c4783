"""tcpdump's text of sFlow datagrams, as the nodes of `sluice decode --raw`: what it says, under our names."""
import re

HEADER = re.compile(r"sFlowv(?P<version>\d+), IPv. agent (?P<agent_address>\S+), agent-id (?P<sub_agent_id>\d+), "
                    r"seqnum (?P<sequence_number>\d+), uptime (?P<uptime_ms>\d+), samples (?P<samples>\d+), length \d+")
ADDRESSES = re.compile(r"(?P<from>[0-9a-f.:]+)\.(?P<from_port>\d+) > (?P<to>[0-9a-f.:]+)\.(?P<to_port>\d+): (?P<rest>.*)")
SAMPLE = re.compile(r"(?:expanded )?(?:flow|counter) sample \((?P<data_format>\d+)\), length (?P<length>\d+), "
                    r"seqnum (?P<sequence_number>\d+), type (?P<source_id_type>\d+), idx (?P<source_id_index>\d+), "
                    r"(?:rate (?P<sampling_rate>\d+), pool (?P<sample_pool>\d+), drops (?P<drops>\d+), "
                    r"input (?P<input>\d+)(?: \((?P<input_format>\d+)\),)? "
                    r"output (?P<output>\d+)(?: \((?P<output_format>\d+)\),)? )?records (?P<records>\d+)")
RECORD = re.compile(r"enterprise (?P<enterprise>\d+),? [\w ]+ \((?P<format>\d+)\) length (?P<length>\d+)")
LINES = [re.compile(line) for line in (
    r"protocol Ethernet \((?P<header_protocol>\d+)\), length (?P<frame_length>\d+), stripped bytes (?P<stripped>\d+), "
    r"header_size (?P<header_length>\d+)",
    r"src vlan (?P<src_vlan>\d+), src pri (?P<src_priority>\d+), dst vlan (?P<dst_vlan>\d+), dst pri (?P<dst_priority>\d+)",
    r"ifindex (?P<ifIndex>\d+), iftype (?P<ifType>\d+), ifspeed (?P<ifSpeed>\d+), ifdirection (?P<ifDirection>\d+) .*",
    r"ifstatus (?P<ifStatus>\d+), adminstatus: \w+, operstatus: \w+",
    r"In octets (?P<ifInOctets>\d+), unicast pkts (?P<ifInUcastPkts>\d+), multicast pkts (?P<ifInMulticastPkts>\d+), "
    r"broadcast pkts (?P<ifInBroadcastPkts>\d+), discards (?P<ifInDiscards>\d+)",
    r"In errors (?P<ifInErrors>\d+), unknown protos (?P<ifInUnknownProtos>\d+)",
    r"Out octets (?P<ifOutOctets>\d+), unicast pkts (?P<ifOutUcastPkts>\d+), multicast pkts (?P<ifOutMulticastPkts>\d+), "
    r"broadcast pkts (?P<ifOutBroadcastPkts>\d+), discards (?P<ifOutDiscards>\d+)",
    r"Out errors (?P<ifOutErrors>\d+), promisc mode (?P<ifPromiscuousMode>\d+)",
    r"align errors (?P<dot3StatsAlignmentErrors>\d+), fcs errors (?P<dot3StatsFCSErrors>\d+), "
    r"single collision (?P<dot3StatsSingleCollisionFrames>\d+), "
    r"multiple collision (?P<dot3StatsMultipleCollisionFrames>\d+), test error (?P<dot3StatsSQETestErrors>\d+)",
    r"deferred (?P<dot3StatsDeferredTransmissions>\d+), late collision (?P<dot3StatsLateCollisions>\d+), "
    r"excessive collision (?P<dot3StatsExcessiveCollisions>\d+), "
    r"mac trans error (?P<dot3StatsInternalMacTransmitErrors>\d+)",
    r"carrier error (?P<dot3StatsCarrierSenseErrors>\d+), frames too long (?P<dot3StatsFrameTooLongs>\d+), "
    r"mac receive errors (?P<dot3StatsInternalMacReceiveErrors>\d+), symbol errors (?P<dot3StatsSymbolErrors>\d+)",
)]


class Datagram:
    """`facts` of the header, `samples` with facts and records. `refused` is what tcpdump says of one that it cannot read."""

    def __init__(self, source):
        self.source, self.facts, self.samples, self.refused = source, {}, [], ""


class Sample:
    def __init__(self, facts):
        self.facts, self.records = facts, []


def facts(match):
    return {name: value for name, value in match.groupdict().items() if value is not None}


def parse(text):
    """Of the verbose form. A line that is not known is a ValueError."""
    datagrams = []
    for line in text.splitlines():
        line = line.strip()
        addresses = ADDRESSES.search(line)
        if addresses:
            datagrams.append(Datagram((addresses["from"], int(addresses["from_port"]), addresses["to"], int(addresses["to_port"]))))
            header = HEADER.search(addresses["rest"])
            if header:
                datagrams[-1].facts = facts(header)
            else:
                datagrams[-1].refused = addresses["rest"]
        elif re.match(r"\d+ +\d{4}-\d\d-\d\d \S+ IP |0x[0-9a-f]{4}: ", line):
            continue  # the IP header, or an unknown record's bytes
        else:
            take(line, datagrams[-1])
    return datagrams


def take(line, datagram):
    """A line below the datagram's."""
    sample, record = SAMPLE.fullmatch(line), RECORD.fullmatch(line)
    if sample:
        datagram.samples.append(Sample(facts(sample)))
    elif record:
        number = int(record["enterprise"]) << 12 | int(record["format"])
        datagram.samples[-1].records.append({"data_format": str(number), "length": record["length"]})
    else:
        known = next(filter(None, (known.fullmatch(line) for known in LINES)), None)
        if known is None:
            raise ValueError(f"tcpdump says {line!r}")
        datagram.samples[-1].records[-1].update(facts(known))
