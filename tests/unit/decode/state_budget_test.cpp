// One budget for all that senders make us remember: who loses what where it is used up, that it is counted,
// and that all of it is given back.
#include <gtest/gtest.h>

#include <new>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

Limits budget_of(std::uint64_t bytes) {
  Limits limits;
  limits.state_bytes = bytes;
  limits.held_bytes = bytes / 4;
  return limits;
}

IpAddress stranger(std::uint32_t i) { return IpAddress::v4(0x0a000000 + i); }

/// So many templates of one field, of a source that never sends data.
SetMessage templates(std::uint16_t n, std::uint16_t first = 256, std::uint32_t domain = 1) {
  SetMessage message = SetMessage::ipfix(domain);
  for (std::uint16_t i = 0; i < n; ++i) message.tmpl(static_cast<std::uint16_t>(first + i), {{1, 4}});
  return message;
}

struct Budget : DecodeFixture {
  explicit Budget(std::uint64_t bytes) : DecodeFixture(budget_of(bytes)) {}

  DecodeReport from(const IpAddress& who, SetMessage message) {
    source = who;
    return (*this)(message);
  }
  /// Null where it is not known.
  std::shared_ptr<Exporter> exporter(const IpAddress& who) const {
    for (const auto& one : exporters.all())
      if (one->key.address == who) return one;
    return nullptr;
  }
  std::uint64_t used() const { return exporters.budget().used(); }
};

const IpAddress kHonest = IpAddress::v4(0xc0000201);

TEST(StateBudget, StrangersWithoutFlowsGoFirst) {
  Budget decode(1 << 20);
  decode.from(kHonest, templates(1).data(256, WireBytes().u32(1)));
  for (std::uint32_t i = 0; i < 500; ++i) {
    decode.from(stranger(i), templates(100));
    ASSERT_LE(decode.used(), decode.exporters.budget().capacity());
  }
  EXPECT_GT(decode.exporters.budget().evicted_exporters(), 400u);
  EXPECT_GT(decode.exporters.budget().evicted(Protocol::ipfix), 40000u);
  EXPECT_EQ(decode.exporters.refused(), 0u);
  const auto honest = decode.exporter(kHonest);
  ASSERT_TRUE(honest);
  EXPECT_EQ(honest->errors(Protocol::ipfix, DecodeError::state_evicted), 0u);
  EXPECT_EQ(decode.from(kHonest, SetMessage::ipfix().data(256, WireBytes().u32(1))).count(DecodeCount::flows),
            1u);
}

TEST(StateBudget, TheLatestStrangerFindsRoom) {
  Budget decode(1 << 20);
  for (std::uint32_t i = 0; i < 200; ++i) decode.from(stranger(i), templates(100));
  EXPECT_EQ(decode.from(kHonest, templates(2)).count(DecodeCount::templates), 2u);
  EXPECT_EQ(decode.from(kHonest, SetMessage::ipfix().data(257, WireBytes().u32(1))).count(DecodeCount::flows),
            1u);
}

TEST(StateBudget, AloneItIsRefusedAndKeepsWhatItHas) {
  Budget decode(256 << 10);
  DecodeReport sum;
  for (std::uint16_t i = 0; i < 40; ++i) {
    const DecodeReport report =
        decode.from(kHonest, templates(100, static_cast<std::uint16_t>(256 + 100 * i)));
    sum.add(DecodeCount::templates, report.count(DecodeCount::templates));
    sum.fail(DecodeError::state_limit, report.count(DecodeError::state_limit));
  }
  EXPECT_EQ(sum.count(DecodeCount::templates) + sum.count(DecodeError::state_limit), 4000u);
  EXPECT_GT(sum.count(DecodeError::state_limit), 1000u);
  EXPECT_EQ(decode.templates(), sum.count(DecodeCount::templates));
  EXPECT_EQ(decode.exporter(kHonest)->errors(Protocol::ipfix, DecodeError::state_limit),
            sum.count(DecodeError::state_limit));
}

/// The address of a device that sends flows is forged: the templates made up for it go, those in use stay.
TEST(StateBudget, WhoHasMoreThanItsShareLosesTemplatesWithoutData) {
  Budget decode(1 << 20);
  decode.from(kHonest, templates(1).data(256, WireBytes().u32(1)));
  const IpAddress other = IpAddress::v4(0xc0000202);
  decode.from(other, templates(1).data(256, WireBytes().u32(1)));
  for (std::uint16_t i = 0; i < 40; ++i)
    decode.from(kHonest, templates(100, static_cast<std::uint16_t>(1000 + 100 * i)));
  EXPECT_GT(decode.exporter(kHonest)->errors(Protocol::ipfix, DecodeError::state_evicted), 1000u);
  EXPECT_EQ(decode.exporter(kHonest)->errors(Protocol::ipfix, DecodeError::state_limit), 0u);
  EXPECT_EQ(decode.exporter(other)->errors(Protocol::ipfix, DecodeError::state_evicted), 0u);
  for (const IpAddress& who : {kHonest, other})
    EXPECT_EQ(decode.from(who, SetMessage::ipfix().data(256, WireBytes().u32(1))).count(DecodeCount::flows),
              1u);
}

/// One that has proven and holds all of it, in use, makes room for another that has proven.
TEST(StateBudget, TheLargestLosesAllForOneBelowItsShare) {
  Budget decode(1 << 20);
  const IpAddress small = IpAddress::v4(0xc0000202);
  decode.from(small, templates(1).data(256, WireBytes().u32(1)));
  for (std::uint16_t i = 0; i < 80; ++i) {
    SetMessage message = templates(50, static_cast<std::uint16_t>(1000 + 50 * i));
    for (std::uint16_t t = 0; t < 50; ++t)
      message.data(static_cast<std::uint16_t>(1000 + 50 * i + t), WireBytes().u32(1));
    decode.from(kHonest, std::move(message));
  }
  ASSERT_GT(decode.exporter(kHonest)->errors(Protocol::ipfix, DecodeError::state_limit), 0u);
  EXPECT_EQ(decode.from(small, templates(50, 2000)).count(DecodeCount::templates), 50u);
  EXPECT_GT(decode.exporter(kHonest)->errors(Protocol::ipfix, DecodeError::state_evicted), 500u);
  EXPECT_EQ(decode.exporter(kHonest)->templates.size(), 0u);
}

/// What each kind of table takes, it gives back.
TEST(StateBudget, AllIsGivenBack) {
  Budget decode(8 << 20);
  decode.from(kHonest, templates(3).tmpl(300, {{8, 4}, {12, 4}, {1, 4}, {82, 65535}}));
  const std::uint64_t bare = Exporter::kCost;
  decode.from(kHonest,
              SetMessage::ipfix()
                  .options_tmpl(400, {{10, 4}}, {{82, 65535}, {83, 65535}})
                  .data(400, WireBytes().u32(1).u8(3).text("ge0").u8(30).text(std::string(30, 'd'))));
  decode.from(kHonest, SetMessage::ipfix()
                           .options_tmpl(401, {{302, 4}}, {{305, 4}, {306, 4}})
                           .data(401, WireBytes().u32(1).u32(1).u32(99)));
  decode.from(kHonest, SetMessage::ipfix().data(900, WireBytes().zeros(500)));
  const auto exporter = decode.exporter(kHonest);
  ASSERT_EQ(exporter->names.size(), 1u);
  ASSERT_EQ(exporter->samplers.size(), 1u);
  ASSERT_FALSE(exporter->held.empty());
  exporter->connections.remember(1, 4711);
  EXPECT_GT(exporter->account.used(), bare + 1000);
  EXPECT_EQ(decode.used(), exporter->account.used());

  // A name that is changed and one that is taken away; what waits; templates that are withdrawn.
  decode.from(kHonest,
              SetMessage::ipfix().data(400, WireBytes().u32(1).u8(40).text(std::string(40, 'n')).u8(0)));
  decode.from(kHonest, SetMessage::ipfix().data(400, WireBytes().u32(1).u8(0).u8(0)));
  EXPECT_EQ(exporter->names.size(), 0u);
  exporter->held.expire(~0ULL);
  exporter->connections.forget(1, 4711);
  exporter->samplers.clear();
  decode.from(kHonest, SetMessage::ipfix().withdraw(2).withdraw(3, true));
  exporter->sequences.expire(~0ULL);
  EXPECT_EQ(exporter->templates.size(), 0u);
  EXPECT_EQ(exporter->account.used(), bare);
}

TEST(StateBudget, EvictionGivesAllBack) {
  Budget decode(8 << 20);
  decode.from(kHonest, templates(3));
  decode.from(kHonest, SetMessage::ipfix()
                           .options_tmpl(401, {{302, 4}}, {{305, 4}, {306, 4}})
                           .data(401, WireBytes().u32(1).u32(1).u32(99)));
  decode.from(kHonest, SetMessage::ipfix(7).data(900, WireBytes().zeros(500)));
  const auto exporter = decode.exporter(kHonest);
  exporter->connections.remember(1, 4711);
  EXPECT_EQ(exporter->evict(true), 3u);  // the options template is in use
  // The options template, the domain of the rate and the rate, two streams, a connection.
  EXPECT_EQ(exporter->evict(false), 6u);
  EXPECT_EQ(exporter->account.used(), Exporter::kCost);
  EXPECT_EQ(exporter->errors(Protocol::ipfix, DecodeError::state_evicted), 9u);
  EXPECT_EQ(exporter->held.count(Protocol::ipfix, HeldCount::refused_datagrams), 1u);
}

/// References of a thread keep exporters alive that the table has given up; it lets go of them.
TEST(StateBudget, TheDecoderLetsGoOfWhoWasEvicted) {
  Budget decode(256 << 10);
  for (std::uint32_t i = 0; i < 2000; ++i) {
    decode.from(stranger(i), SetMessage::ipfix());
    ASSERT_LE(decode.used(), decode.exporters.budget().capacity());
  }
  EXPECT_LT(decode.exporters.refused(), 20u);
  decode.decoder.tidy();
  std::uint64_t living = 0;
  decode.exporters.for_each([&](const Exporter& exporter) { living += exporter.account.used(); });
  EXPECT_EQ(decode.used(), living);
}

/// A decoder that gets no memory, now and then.
class Starving : public Decoder {
 public:
  Protocol protocol() const override { return Protocol::ipfix; }
  bool claims(Bytes) const override { return true; }
  void decode(const Datagram&, Exporter&, FlowBatch& batch, DecodeReport& report, RawObserver*) override {
    batch.add_origin();
    batch.append(3);
    report.add(DecodeCount::flows, 3);
    report.add(DecodeCount::flow_records, 3);  // so it has proven, and is not forgotten for want of room
    if (++times_ % 2 == 0) throw std::bad_alloc();
  }

 private:
  int times_ = 0;
};

TEST(StateBudget, NoMemoryCostsTheDatagram) {
  ExporterTable exporters({}, {});
  std::vector<std::unique_ptr<Decoder>> decoders;
  decoders.push_back(std::make_unique<Starving>());
  DatagramDecoder decoder(exporters, std::move(decoders));
  FlowBatch batch;
  const std::vector<std::byte> payload(20);
  const Datagram datagram{payload, kHonest, 2055, test::kReceivedNs};
  EXPECT_EQ(decoder.decode(datagram, batch).count(DecodeCount::flows), 3u);
  const DecodeReport lost = decoder.decode(datagram, batch);
  EXPECT_EQ(lost.count(DecodeError::out_of_memory), 1u);
  EXPECT_EQ(lost.count(DecodeCount::flows), 0u);
  EXPECT_EQ(lost.count(DecodeCount::datagrams), 1u);
  EXPECT_EQ(batch.size(), 3u);
  EXPECT_EQ(decoder.decode(datagram, batch).count(DecodeCount::flows), 3u);
  exporters.for_each([](Exporter& exporter) {
    EXPECT_EQ(exporter.counters_of(Protocol::ipfix).counts[DecodeCount::datagrams], 3u);
    EXPECT_EQ(exporter.errors(Protocol::ipfix, DecodeError::out_of_memory), 1u);
  });
}

}  // namespace
}  // namespace sluice::decode
