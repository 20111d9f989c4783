// Mistakes, each with its sentence; destinations; pacing by an injected clock.
#include "generate/pacer.hpp"

#include "capture.hpp"
#include "generate/destination.hpp"

namespace sluice::generate::test {
namespace {

Options right() {
  Options out;
  out.to = "127.0.0.1:2055";
  return out;
}

std::string mistake(const std::function<void(Options&)>& change) {
  Options out = right();
  change(out);
  const auto valid = validate(out);
  return valid ? "(none)" : valid.error();
}

TEST(GenerateOptions, DefaultsAreRight) { EXPECT_TRUE(validate(right())); }

TEST(GenerateOptions, MistakesAreSaidInOneSentence) {
  EXPECT_EQ(mistake([](Options& o) { o.to = ""; }),
            "--to is missing: it says where to send, as HOST:PORT or kafka://BROKERS/TOPIC");
  EXPECT_EQ(mistake([](Options& o) { o.exporters = 0; }), "--exporters is 0, but should be from 1 to 64768");
  EXPECT_EQ(mistake([](Options& o) { o.rate = -1; }),
            "--rate is -1, but should be 0 (as fast as possible) or more datagrams a second");
  EXPECT_EQ(mistake([](Options& o) { o.ipv6_share = 1.5; }),
            "--ipv6-share is 1.5, but should be a share from 0 to 1");
  EXPECT_EQ(mistake([](Options& o) { o.gap = 1; }), "--gap is 1, but should be a share from 0 to below 1");
  EXPECT_EQ(mistake([](Options& o) { o.conversations = 0; }),
            "--conversations is 0, but should be from 1 to 4000000");
  EXPECT_EQ(mistake([](Options& o) { o.protocol = FlowType::sflow5, o.sampling = 0; }),
            "--sampling is 0, but should be 1 or more: every sFlow sample names its rate");
  EXPECT_EQ(mistake([](Options& o) { o.protocol = FlowType::netflow5, o.sampling = 20000; }),
            "--sampling is 20000, but should be at most 16383, as NetFlow v5 has 14 bits for it");
  EXPECT_EQ(mistake([](Options& o) { o.protocol = FlowType::netflow5, o.flows_per_datagram = 31; }),
            "--flows-per-datagram is 31, but should be at most 30, as NetFlow v5 has it");
  EXPECT_EQ(mistake([](Options& o) { o.flows_per_datagram = 2000; }),
            "--flows-per-datagram is 2000, but should be as few as fit into 65507 bytes");
  EXPECT_EQ(mistake([](Options& o) { o.write = "x.pcap"; }),
            "--write needs --flows or --duration, or the file would grow without end");
  EXPECT_EQ(mistake([](Options& o) { o.to = "[::1]:2055", o.source_port = 65535, o.exporters = 2; }),
            "--source-port is 65535, but should be low enough that one port an exporter follows it");
  EXPECT_EQ(
      mistake([](Options& o) { o.to = "kafka://localhost:9092/flows", o.gso = true; }),
      "--closed-loop, --gso and the faults (--gap, --reorder, --duplicate, --malformed, --restart-after, "
      "--late-templates, --no-ipv6-template) are about datagrams, and --to kafka:// makes none");
  EXPECT_EQ(mistake([](Options& o) { o.reorder = 2; }), "--reorder is 2, but should be a share from 0 to 1");
  EXPECT_EQ(mistake([](Options& o) { o.duplicate = -1; }),
            "--duplicate is -1, but should be a share from 0 to 1");
  EXPECT_EQ(mistake([](Options& o) { o.malformed = 1.5; }),
            "--malformed is 1.5, but should be a share from 0 to 1");
  EXPECT_EQ(mistake([](Options& o) { o.to = "kafka://localhost:9092"; }),
            "--to is \"kafka://localhost:9092\", but should be "
            "kafka://HOST:PORT[,HOST:PORT]/"
            "TOPIC[?framing=batch|single|plain][&compression=none|gzip|snappy|lz4|zstd]");
  EXPECT_EQ(parse_protocol("netflow").error(), "\"netflow\" is none of sflow, netflow5, netflow9 and ipfix");
}

TEST(GenerateOptions, RunTellsWhatCannotBe) {
  for (const auto* to :
       {"localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", ":2055", "::1:2055", "1.2.3.4:2055x"}) {
    Options o = right();
    o.to = to;
    o.flows = 1;
    const auto report = run(o, {});
    ASSERT_FALSE(report) << to;
    EXPECT_EQ(report.error(), "--to is \"" + std::string(to) +
                                  "\", but should be HOST:PORT, [IPV6]:PORT or kafka://BROKERS/TOPIC");
  }
  Options o = right();
  o.flows = 1;
  o.write = "/nonexistent/x.pcap";
  EXPECT_EQ(run(o, {}).error(), "cannot write the capture: /nonexistent/x.pcap: No such file or directory");
  o.write = "";
  o.to = "127.0.0.1:1";
  o.closed_loop = true;
  EXPECT_EQ(run(o, {}).error(),
            "--closed-loop looks at the receiver's sockets, but none on this machine has UDP port 1");
}

TEST(GenerateOptions, Destinations) {
  EXPECT_EQ(resolve("192.0.2.1:99")->address, IpAddress::v4(0xc0000201));
  EXPECT_EQ(resolve("192.0.2.1:99")->port, 99);
  EXPECT_EQ(resolve("[2001:db8::1]:4739")->address, *IpAddress::parse("2001:db8::1"));
  EXPECT_TRUE(resolve("localhost:1"));
  const auto kafka = parse_kafka("kafka://a:9092,b:9092/topic?framing=plain");
  ASSERT_TRUE(kafka);
  EXPECT_EQ(kafka->brokers, "a:9092,b:9092");
  EXPECT_EQ(kafka->topic, "topic");
  EXPECT_EQ(kafka->framing, sink::Framing::plain);
  EXPECT_EQ(parse_kafka("kafka://a/t")->framing, sink::Framing::batch);
  EXPECT_EQ(parse_kafka("kafka://a/t?framing=single")->framing, sink::Framing::single);
  const auto both = parse_kafka("kafka://a/t?compression=lz4&framing=plain");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->framing, sink::Framing::plain);
  EXPECT_EQ(both->compression, "lz4");
  for (const auto* wrong :
       {"kafka://a/t?framing=x", "kafka://a/t?framing=batch&", "kafka://a/t?compression=lzo",
        "kafka://a/t?framing", "kafka://a/t?", "kafka:///t", "kafka://a/", "kafka://a/t/u"})
    EXPECT_FALSE(parse_kafka(wrong)) << wrong;
}

TEST(GenerateOptions, LoopbackSources) {
  EXPECT_EQ(loopback_source(0).to_string(), "127.0.0.2");
  EXPECT_EQ(loopback_source(252).to_string(), "127.0.0.254");
  EXPECT_EQ(loopback_source(253).to_string(), "127.0.1.2");
  EXPECT_EQ(loopback_source(kLoopbackSources - 1).to_string(), "127.0.255.254");
}

constexpr std::uint64_t kMs = 1000000;

/// Runs the pacer through `duration_ns` by a clock that goes straight to when the next burst is due.
std::uint64_t sent_within(Pacer& pacer, std::uint64_t from_ns, std::uint64_t duration_ns,
                          std::uint32_t most) {
  std::uint64_t sent = 0;
  for (std::uint64_t now = from_ns; now < from_ns + duration_ns;
       now = std::max(now + 1000, pacer.next_ns())) {
    const auto n = pacer.allowed(now);
    EXPECT_LE(n, most);
    pacer.sent(n);
    sent += n;
  }
  return sent;
}

TEST(Pacer, KeepsTheRateInSmallBursts) {
  for (const double rate : {10.0, 999.0, 4000.0, 300000.0}) {
    Pacer pacer(rate, 5 * kMs);
    const auto most = static_cast<std::uint32_t>(std::max(1.0, rate / 1000));
    EXPECT_NEAR(static_cast<double>(sent_within(pacer, 5 * kMs, 10000 * kMs, most)), rate * 10, most + 1.0)
        << rate;
  }
}

TEST(Pacer, NothingBeforeItIsDue) {
  Pacer pacer(1000, 0);
  EXPECT_EQ(pacer.allowed(0), 1U);
  pacer.sent(1);
  EXPECT_EQ(pacer.next_ns(), kMs);
  EXPECT_EQ(pacer.allowed(kMs - 1), 0U);
  EXPECT_EQ(pacer.allowed(kMs), 1U);
}

TEST(Pacer, CatchesUpAfterAPause) {
  Pacer pacer(10000, 0);
  sent_within(pacer, 0, 100 * kMs, 10);
  // 500 ms of silence: the 5000 that are missing come burst by burst, then the rate goes on.
  const auto sent = sent_within(pacer, 600 * kMs, 400 * kMs, 10);
  EXPECT_NEAR(static_cast<double>(sent), 9000, 11);
}

TEST(Pacer, ForgivesALongPause) {
  Pacer pacer(10000, 0);
  sent_within(pacer, 0, 100 * kMs, 10);
  const auto sent = sent_within(pacer, 60000 * kMs, 1000 * kMs, 10);
  EXPECT_NEAR(static_cast<double>(sent), 10000, 11);
}

TEST(Pacer, WithoutARateAllIsAllowed) {
  Pacer pacer(0, 0);
  EXPECT_GT(pacer.allowed(0), 1000U);
  EXPECT_EQ(pacer.next_ns(), 0U);
}

}  // namespace
}  // namespace sluice::generate::test
