// sFlow v5, walked by its document: samples, records, the packets inside, counters.
#include <map>
#include <set>

#include "capture.hpp"

namespace sluice::generate::test {
namespace {

struct Walk {
  std::uint32_t next_sequence = 1;
  std::uint32_t sub_agent = 0;
  std::map<std::uint32_t, std::uint32_t> samples, counters, pools;  // by source id
  std::uint64_t flows = 0, bytes = 0;
  std::size_t ipv6 = 0, tagged = 0;
  std::map<std::uint32_t, std::uint64_t> in_octets;  // latest of the generic counters, by ifIndex

  void datagram(const Sent& sent) {
    ByteReader in{Bytes(sent.payload)};
    EXPECT_EQ(sent.payload.size() % 4, 0U);
    EXPECT_EQ(in.be<std::uint32_t>(), 5U);
    EXPECT_EQ(in.be<std::uint32_t>(), 1U);
    EXPECT_EQ(in.be<std::uint32_t>() >> 16, 10U << 8 | 255U);  // agent 10.255.x.y
    sub_agent = in.be<std::uint32_t>();
    EXPECT_EQ(in.be<std::uint32_t>(), next_sequence++);
    in.skip(4);
    const auto count = in.be<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto format = in.be<std::uint32_t>();
      ByteReader sample(in.take(in.be<std::uint32_t>()));
      if (format == 1)
        flow_sample(sample);
      else if (format == 2)
        counter_sample(sample);
      else
        ADD_FAILURE() << "sample format " << format;
      EXPECT_TRUE(sample.ok());
      EXPECT_EQ(sample.remaining(), 0U);
    }
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.remaining(), 0U);
  }

  void flow_sample(ByteReader& in) {
    const auto sequence = in.be<std::uint32_t>(), source = in.be<std::uint32_t>();
    EXPECT_EQ(sequence, ++samples[source]);
    const auto rate = in.be<std::uint32_t>(), pool = in.be<std::uint32_t>();
    EXPECT_EQ(pool, pools[source] += rate);
    EXPECT_EQ(in.be<std::uint32_t>(), 0U);
    EXPECT_EQ(in.be<std::uint32_t>(), source);  // sampled where it came in
    in.skip(4);
    const auto records = in.be<std::uint32_t>();
    std::set<std::uint32_t> formats;
    for (std::uint32_t i = 0; i < records; ++i) {
      const auto format = in.be<std::uint32_t>();
      const auto length = in.be<std::uint32_t>();
      EXPECT_EQ(length % 4, 0U);
      ByteReader record(in.take(length));
      formats.insert(format);
      if (format == 1) raw_header(record);
      if (format == 1003) gateway(record);
    }
    EXPECT_EQ(formats, (std::set<std::uint32_t>{1, 1001, 1002, 1003}));
    ++flows;
  }

  void raw_header(ByteReader& in) {
    EXPECT_EQ(in.be<std::uint32_t>(), 1U);
    const auto frame = in.be<std::uint32_t>(), stripped = in.be<std::uint32_t>(),
               sampled = in.be<std::uint32_t>();
    EXPECT_GE(frame, 64U);
    EXPECT_EQ(stripped, 4U);
    EXPECT_EQ(sampled, std::min(frame - stripped, 128U));
    bytes += frame;
    ByteReader packet(in.take(sampled));
    packet.skip(12);
    auto etype = packet.be<std::uint16_t>();
    std::size_t link = 14;
    if (etype == 0x8100) {
      ++tagged;
      link = 18;
      EXPECT_NE(packet.be<std::uint16_t>() & 0xfff, 0);
      etype = packet.be<std::uint16_t>();
    }
    const std::size_t ip_length = frame - stripped - link;
    if (etype == 0x0800) {
      const Bytes ip = packet.take(20);
      EXPECT_EQ(load_be<std::uint16_t>(ip.data() + 2), ip_length);
      EXPECT_EQ(ones_sum(ip), 0xffffU);
      transport(packet, std::to_integer<int>(ip[9]), ip_length - 20);
    } else {
      ASSERT_EQ(etype, 0x86dd);
      ++ipv6;
      const Bytes ip = packet.take(40);
      EXPECT_EQ(std::to_integer<int>(ip[0]) >> 4, 6);
      EXPECT_EQ(load_be<std::uint16_t>(ip.data() + 4), ip_length - 40);
      transport(packet, std::to_integer<int>(ip[6]), ip_length - 40);
    }
    EXPECT_TRUE(packet.ok());
  }

  static void transport(ByteReader& in, int proto, std::size_t length) {
    if (proto == 6) {
      const Bytes tcp = in.take(20);
      EXPECT_EQ(std::to_integer<int>(tcp[12]), 0x50);
      EXPECT_NE(std::to_integer<int>(tcp[13]), 0);
      EXPECT_GE(length, 20U);
    } else if (proto == 17) {
      const Bytes udp = in.take(8);
      EXPECT_EQ(load_be<std::uint16_t>(udp.data() + 4), length);
    } else {
      EXPECT_TRUE(proto == 1 || proto == 58) << proto;
      EXPECT_GE(length, 8U);
    }
  }

  static void gateway(ByteReader& in) {
    in.skip(in.be<std::uint32_t>() == 2 ? 16 : 4);
    EXPECT_NE(in.be<std::uint32_t>(), 0U);
    in.skip(8);
    for (auto segments = in.be<std::uint32_t>(); segments > 0 && in.ok(); --segments) {
      EXPECT_EQ(in.be<std::uint32_t>(), 2U);
      in.skip(4 * in.be<std::uint32_t>());
    }
    in.skip(4 * in.be<std::uint32_t>());
    EXPECT_EQ(in.be<std::uint32_t>(), 100U);
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.remaining(), 0U);
  }

  void counter_sample(ByteReader& in) {
    const auto sequence = in.be<std::uint32_t>(), source = in.be<std::uint32_t>();
    EXPECT_EQ(sequence, ++counters[source]);
    EXPECT_EQ(in.be<std::uint32_t>(), 2U);
    EXPECT_EQ(in.be<std::uint32_t>(), 1U);
    ByteReader generic(in.take(in.be<std::uint32_t>()));
    EXPECT_EQ(generic.remaining(), 88U);
    EXPECT_EQ(generic.be<std::uint32_t>(), source);
    generic.skip(20);
    const auto octets = generic.be<std::uint64_t>();
    EXPECT_GE(octets, in_octets[source]);
    in_octets[source] = octets;
    EXPECT_EQ(in.be<std::uint32_t>(), 2U);
    EXPECT_EQ(in.be<std::uint32_t>(), 52U);
    in.skip(52);
  }
};

TEST(Sflow, SamplesPacketsAndSums) {
  const auto run = capture(options(FlowType::sflow5, 4000));
  Walk walk;
  for (const auto& one : run.sent) {
    EXPECT_LE(one.payload.size(), 1400U);
    walk.datagram(one);
  }
  EXPECT_EQ(walk.flows, 4000U);
  EXPECT_EQ(walk.bytes, run.report.bytes);
  EXPECT_EQ(run.report.packets, 4000U);
  EXPECT_NEAR(static_cast<double>(walk.ipv6), 800, 150);
  EXPECT_GT(walk.tagged, 100U);
}

TEST(Sflow, CountersOfEveryInterfaceAtIntervals) {
  auto wanted = options(FlowType::sflow5, 4000);
  wanted.rate = 100;
  wanted.counter_interval = std::chrono::seconds(3);
  const auto run = capture(wanted);
  Walk walk;
  for (const auto& one : run.sent) walk.datagram(one);
  ASSERT_EQ(walk.counters.size(), 16U);
  std::uint64_t polls = 0, octets = 0;
  for (const auto& [interface, count] : walk.counters) {
    EXPECT_GE(count, 4U);  // some 10 s
    polls += count;
    octets += walk.in_octets[interface];
  }
  EXPECT_EQ(polls, run.report.counter_samples);
  EXPECT_GT(octets, 0U);
  EXPECT_LE(octets, run.report.bytes * wanted.sampling);
}

TEST(Sflow, NoCountersWhereNoneAreWanted) {
  auto wanted = options(FlowType::sflow5, 100);
  wanted.counter_interval = std::chrono::seconds(0);
  EXPECT_EQ(capture(wanted).report.counter_samples, 0U);
}

TEST(Sflow, EachExporterIsAnAgentOfItsOwn) {
  auto wanted = options(FlowType::sflow5, 300);
  wanted.exporters = 2;
  wanted.observation_domain = 5;
  const auto run = capture(wanted);
  for (const auto& exporter : run.report.exporters) {
    Walk walk;
    for (const auto& one : run.of(*IpAddress::parse(exporter.address))) walk.datagram(one);
    EXPECT_EQ(walk.flows, 150U);
    EXPECT_EQ(walk.sub_agent, exporter.observation_domain);
  }
}

}  // namespace
}  // namespace sluice::generate::test
