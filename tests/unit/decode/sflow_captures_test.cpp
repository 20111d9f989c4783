// Datagrams that real agents sent. They lie beside the repository (../shared/captures, or where
// SLUICE_CAPTURES points), for their licences differ; without them these tests skip.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "unit/decode/sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAreArray;

class SflowCaptures : public testing::Test {
 protected:
  void SetUp() override {
    const char* configured = std::getenv("SLUICE_CAPTURES");
    directory_ =
        configured ? configured : std::filesystem::path(SLUICE_SOURCE_DIR) / ".." / "shared" / "captures";
    if (!std::filesystem::is_directory(directory_)) GTEST_SKIP() << "no captures at " << directory_;
  }
  std::string text(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<std::byte> bytes(const std::string& name) const {
    const std::string content = text(name);
    const Bytes raw = std::as_bytes(std::span(content));
    return {raw.begin(), raw.end()};
  }

  std::filesystem::path directory_;
};

std::uint32_t little_endian(Bytes four) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(four[i]);
  return value;
}

// The UDP payloads of a classic little-endian pcap file of Ethernet frames.
std::vector<Bytes> udp_payloads(Bytes pcap) {
  std::vector<Bytes> out;
  ByteReader in(pcap);
  in.skip(24);
  while (in.remaining() >= 16) {
    const Bytes record = in.take(16);
    ByteReader frame(in.take(little_endian(record.subspan(8, 4))));
    frame.skip(12);
    frame.skip(frame.be<std::uint16_t>() == 0x86dd ? 40 : 20);
    frame.skip(4);
    const std::size_t length = frame.be<std::uint16_t>();
    frame.skip(2);
    out.push_back(frame.rest().first(std::min(length - 8, frame.remaining())));
  }
  return out;
}

std::string mac(std::uint64_t value) {
  char out[18];
  std::snprintf(out, sizeof out, "%02x:%02x:%02x:%02x:%02x:%02x", static_cast<unsigned>(value >> 40 & 0xff),
                static_cast<unsigned>(value >> 32 & 0xff), static_cast<unsigned>(value >> 24 & 0xff),
                static_cast<unsigned>(value >> 16 & 0xff), static_cast<unsigned>(value >> 8 & 0xff),
                static_cast<unsigned>(value & 0xff));
  return out;
}

// A line of metrics ("netflow,tag=.. key=value,key=\"value\" time") as a map.
std::map<std::string, std::string> metrics(const std::string& line) {
  std::map<std::string, std::string> out;
  std::istringstream fields(line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1));
  for (std::string field; std::getline(fields, field, ',');) {
    const auto equals = field.find('=');
    if (equals == std::string::npos) continue;
    std::string value = field.substr(equals + 1);
    if (value.ends_with('u')) value.pop_back();
    std::erase(value, '"');
    out[field.substr(0, equals)] = value;
  }
  return out;
}

std::string number_or_zero(const std::map<std::string, std::string>& from, const std::string& key) {
  const auto found = from.find(key);
  return found == from.end() ? "0" : found->second;
}

// Every field that the peer's metrics and our flow both know; its in_snmp is the data source, not the input.
std::string told_by_peer(const std::map<std::string, std::string>& m) {
  std::string out;
  for (const char* key : {"src", "dst", "in_src_mac", "out_dst_mac"}) out += m.at(key) + " ";
  for (const char* key : {"src_port", "dst_port", "ttl", "src_tos", "l2_bytes", "out_snmp", "vlan_src",
                          "vlan_dst", "sampling_interval", "ipv4_id", "fragment_offset"})
    out += std::string(key) + "=" + number_or_zero(m, key) + " ";
  return out;
}
std::string told_by_us(const FlowRecord& f) {
  std::string out = f.source().to_string() + " " + f.destination().to_string() + " " + mac(f.src_mac) + " " +
                    mac(f.dst_mac) + " ";
  const std::pair<const char*, std::uint64_t> numbers[] = {{"src_port", f.src_port},
                                                           {"dst_port", f.dst_port},
                                                           {"ttl", f.ip_ttl},
                                                           {"src_tos", f.ip_tos},
                                                           {"l2_bytes", f.bytes},
                                                           {"out_snmp", f.out_if},
                                                           {"vlan_src", f.src_vlan},
                                                           {"vlan_dst", f.dst_vlan},
                                                           {"sampling_interval", f.sampling_rate},
                                                           {"ipv4_id", f.fragment_id},
                                                           {"fragment_offset", f.fragment_offset}};
  for (const auto& [key, value] : numbers) out += std::string(key) + "=" + std::to_string(value) + " ";
  return out;
}

TEST_F(SflowCaptures, FlowsOfASwitchEqualWhatTelegrafRead) {
  SflowDecode d(Bytes(bytes("telegraf/sflow_issue_15918/message.bin")));
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.report.count(DecodeCount::counter_samples), 1U);
  std::vector<std::string> expected, decoded;
  std::istringstream lines(text("telegraf/sflow_issue_15918/expected.out"));
  for (std::string line; std::getline(lines, line);)
    if (const auto m = metrics(line); m.contains("src")) expected.push_back(told_by_peer(m));
  std::vector<std::uint32_t> inputs;
  for (const FlowRecord& flow : d.batch.flows()) {
    decoded.push_back(told_by_us(flow));
    inputs.push_back(flow.in_if);
  }
  ASSERT_EQ(expected.size(), 6U);
  EXPECT_THAT(decoded, UnorderedElementsAreArray(expected));
  EXPECT_THAT(inputs, ElementsAre(96, 101, 97, 60, 6, 97));
  EXPECT_EQ(d.batch.origin(0).sampler_address.to_string(), "192.168.227.2");
}

TEST_F(SflowCaptures, CounterSamplesOfTelegraf) {
  SflowDecode expanded(Bytes(bytes("telegraf/sflow_issue_18876/message.bin")));
  SflowDecode counter(Bytes(bytes("telegraf/sflow_v5_example/sflow_v5.bin")));
  for (const SflowDecode* d : {&expanded, &counter}) {
    EXPECT_EQ(d->report.count(DecodeCount::counter_samples), 1U);
    EXPECT_FALSE(d->report.any_error());
    EXPECT_EQ(d->report.count(DecodeCount::flows), 0U);
  }
}

TEST_F(SflowCaptures, DiscardedPacketOfTelegrafIsAFlow) {
  SflowDecode d(Bytes(bytes("telegraf/sflow_issue_15375/sflow_drop_1036.bin")));
  EXPECT_EQ(d.report.count(DecodeCount::discard_samples), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.extras().get(ExtraScalar::drop_reason), 1U);
  EXPECT_EQ(d.flow().in_if, 1U);
  EXPECT_EQ(d.flow().out_if, 2U);
}

TEST_F(SflowCaptures, ExpandedSampleWithGatewayAndRouter) {
  const auto file = bytes("tcpdump/sflow_expanded.pcap");
  const auto payloads = udp_payloads(file);
  ASSERT_EQ(payloads.size(), 1U);
  SflowDecode d(payloads[0]);
  ASSERT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.flow().bytes, 126U);
  EXPECT_EQ(d.flow().sampling_rate, 1000U);
  EXPECT_EQ(d.flow().in_if, 29001U);
  EXPECT_EQ(d.flow().out_if, 1285816721U);
  EXPECT_EQ(d.flow().vlan_id, 809);
  EXPECT_EQ(d.flow().source().to_string(), "52.52.52.52");
  EXPECT_EQ(d.flow().destination().to_string(), "53.53.53.53");
  EXPECT_EQ(d.flow().src_port, 22);
  EXPECT_EQ(d.flow().dst_port, 52237);
  EXPECT_EQ(d.flow().tcp_flags, 0x18);
  EXPECT_EQ(d.flow().next_hop_address().to_string(), "54.54.54.54");
  EXPECT_EQ(d.flow().src_net, 32);
  EXPECT_EQ(d.flow().dst_net, 22);
  EXPECT_EQ(d.flow().src_as, 203476U);
  EXPECT_EQ(d.flow().dst_as, 203361U);
  EXPECT_EQ(d.extras().get(ExtraScalar::next_hop_as), 8218U);
  EXPECT_THAT(d.extras().list(ExtraList::as_path), ElementsAre(8218, 29605, 203361));
  EXPECT_EQ(d.extras().list(ExtraList::bgp_communities).size(), 4U);
  EXPECT_EQ(d.extras().get(ExtraScalar::local_pref), 100U);
}

TEST_F(SflowCaptures, Ipv6AgentWithMultipleOutputs) {
  const auto file = bytes("tcpdump/sflow-print-v6.pcap");
  std::uint32_t flows = 0, counters = 0;
  for (const Bytes payload : udp_payloads(file)) {
    SflowDecode d(payload);
    EXPECT_FALSE(d.report.any_error());
    EXPECT_EQ(d.batch.origin(0).sampler_address.to_string(), "30::1:1:1");
    flows += d.report.count(DecodeCount::flows);
    counters += d.report.count(DecodeCount::counter_samples);
    for (const FlowRecord& flow : d.batch.flows()) {
      EXPECT_EQ(flow.in_if, 7001U);
      EXPECT_EQ(flow.out_if, 0U);
      EXPECT_TRUE(d.batch.extras_of(flow)->has(ExtraScalar::out_if_multiple));
      EXPECT_EQ(flow.src_vlan, 10);
      EXPECT_EQ(flow.sampling_rate, 1U);
    }
  }
  EXPECT_EQ(flows, 13U);
  EXPECT_EQ(counters, 48U);
}

TEST_F(SflowCaptures, ExpandedCounterSamplesOfManyKinds) {
  const auto file = bytes("tcpdump/sflow_multiple_counter_30_pdus.pcap");
  std::uint32_t datagrams = 0, counters = 0;
  for (const Bytes payload : udp_payloads(file)) {
    if (!SflowDecoder().claims(payload)) continue;  // NetFlow v5 was captured along with it
    SflowDecode d(payload);
    ++datagrams;
    EXPECT_FALSE(d.report.any_error());
    EXPECT_EQ(d.report.count(DecodeCount::flows), 0U);
    counters += d.report.count(DecodeCount::counter_samples);
  }
  EXPECT_EQ(datagrams, 25U);
  EXPECT_EQ(counters, 144U);
}

TEST_F(SflowCaptures, DatagramCutToEightBytesIsATruncatedHeader) {
  const auto file = bytes("tcpdump/sflow_print-segv.pcap");
  const auto payloads = udp_payloads(file);
  ASSERT_EQ(payloads.size(), 1U);
  SflowDecode d(payloads[0]);
  EXPECT_EQ(d.errors(DecodeError::truncated_header), 1U);
}

TEST_F(SflowCaptures, CutAndFlippedDoNoHarm) {
  std::vector<std::vector<std::byte>> samples;
  for (const char* name :
       {"telegraf/sflow_issue_15918/message.bin", "telegraf/sflow_issue_15375/sflow_drop_1036.bin",
        "telegraf/sflow_issue_18876/message.bin", "telegraf/sflow_v5_example/sflow_v5.bin"})
    samples.push_back(bytes(name));
  for (const char* name : {"tcpdump/sflow_expanded.pcap", "tcpdump/sflow-print-v6.pcap"}) {
    const auto file = bytes(name);
    for (const Bytes payload : udp_payloads(file)) samples.emplace_back(payload.begin(), payload.end());
  }
  for (const auto& sample : samples) {
    for (std::size_t n = 0; n < sample.size(); ++n) {
      const std::vector<std::byte> cut(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(n));
      SflowDecode d{Bytes(cut)};
      ASSERT_TRUE(d.report.any_error()) << n;
    }
    for (std::size_t at = 0; at < sample.size(); ++at) {
      auto flipped = sample;
      flipped[at] ^= std::byte{0xff};
      SflowDecode d{Bytes(flipped)};
      ASSERT_EQ(d.report.count(DecodeCount::flows), d.batch.size()) << at;
    }
  }
}

}  // namespace
}  // namespace sluice::decode
