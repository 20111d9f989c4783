#include "sluice/decode/sequence.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "support/decode_fixture.hpp"
#include "support/dice.hpp"
#include "support/sflow_builder.hpp"

namespace sluice::decode {
namespace {

using V = SequenceVerdict;

/// One stream and its counts; time goes on by a second with each datagram.
struct Stream {
  explicit Stream(Protocol p) : protocol(p), stream(p) {}

  V operator()(std::uint32_t sequence, std::uint32_t units = 1) {
    SequenceStep step = now(sequence, units);
    ++second;
    return stream.step(step, counts);
  }
  /// `ago` seconds before the latest one.
  V old(std::uint32_t ago, std::uint32_t sequence, std::uint32_t units = 1) {
    SequenceStep step = now(sequence, units);
    step.uptime_ms -= (ago + 1) * 1000;
    step.export_s -= ago + 1;
    return stream.step(step, counts);
  }
  V incomplete(std::uint32_t sequence, std::uint32_t units) {
    SequenceStep step = now(sequence, units);
    step.complete = false;
    ++second;
    return stream.step(step, counts);
  }
  /// One set of data whose template is not known.
  V undecoded(std::uint32_t sequence, std::uint32_t bytes, std::uint16_t set = 256) {
    SequenceStep step = now(sequence, 0);
    step.complete = false;
    step.undecoded_bytes = bytes;
    step.undecoded_set = set;
    ++second;
    return stream.step(step, counts);
  }
  SequenceStep now(std::uint32_t sequence, std::uint32_t units) const {
    SequenceStep step;
    step.sequence = sequence;
    step.units = units;
    step.has_uptime = protocol != Protocol::ipfix;
    step.uptime_ms = (1000000 + second) * 1000;
    step.export_s = 1700000000 + second;
    return step;
  }

  Protocol protocol;
  SequenceStream stream;
  SequenceCounts counts;
  std::uint32_t second = 0;
};

TEST(Sequence, DatagramsInOrderLoseNothing) {
  Stream s(Protocol::netflow9);
  for (std::uint32_t i = 1; i <= 10; ++i) EXPECT_EQ(s(i), V::in_order);
  EXPECT_EQ(s.counts.in_order, 10U);
  EXPECT_EQ(s.counts.lost(), 0U);
}

TEST(Sequence, AGapOfDatagramsIsLost) {
  Stream s(Protocol::netflow9);
  s(1);
  EXPECT_EQ(s(5), V::after_gap);
  EXPECT_EQ(s.counts.lost(), 3U);
  EXPECT_EQ(s.counts.in_order, 2U);
}

TEST(Sequence, RecordsLostWithDatagramsAreEstimatedFromTheirNeighbours) {
  Stream s(Protocol::sflow5);
  s.counts.average_in(8);
  s(1);
  s(4);
  EXPECT_EQ(s.counts.lost(), 2U);
  EXPECT_DOUBLE_EQ(s.counts.estimate, 16);
}

TEST(Sequence, LateDatagramsAreNotLost) {
  Stream s(Protocol::netflow9);
  s(1);
  s(5);
  EXPECT_EQ(s.old(1, 3), V::late);
  EXPECT_EQ(s.old(1, 2), V::late);
  EXPECT_EQ(s.counts.late, 2U);
  EXPECT_EQ(s.counts.lost(), 1U);
  EXPECT_EQ(s.old(1, 4), V::late);
  EXPECT_EQ(s.counts.lost(), 0U);
  EXPECT_EQ(s.counts.estimate, 0);
}

TEST(Sequence, WhatCameTwiceIsRepeatedAndNeverARestart) {
  Stream s(Protocol::netflow9);
  for (std::uint32_t i = 100; i < 110; ++i) s(i);
  for (std::uint32_t i = 0; i < 9; ++i) EXPECT_EQ(s.old(9 - i, 100 + i), V::repeated);
  EXPECT_EQ(s(110), V::in_order);
  EXPECT_EQ(s.counts.repeated, 9U);
  EXPECT_EQ(s.counts.restarts, 0U);
  EXPECT_EQ(s.counts.in_order, 11U);
}

TEST(Sequence, ALateDatagramThatComesTwiceIsLateOnce) {
  Stream s(Protocol::netflow9);
  s(1);
  s(3);
  EXPECT_EQ(s.old(1, 2), V::late);
  EXPECT_EQ(s.old(1, 2), V::repeated);
  EXPECT_EQ(s.counts.late, 1U);
  EXPECT_EQ(s.counts.repeated, 1U);
}

TEST(Sequence, AResetIsNotALoss) {
  Stream s(Protocol::netflow9);
  for (std::uint32_t i = 4000000; i < 4000010; ++i) s(i);
  SequenceStep rebooted = s.now(0, 1);
  rebooted.uptime_ms = 3000;
  EXPECT_EQ(s.stream.step(rebooted, s.counts), V::restarted);
  rebooted.sequence = 1;
  rebooted.uptime_ms = 4000;
  EXPECT_EQ(s.stream.step(rebooted, s.counts), V::in_order);
  EXPECT_EQ(s.counts.restarts, 1U);
  EXPECT_EQ(s.counts.lost(), 0U);
  EXPECT_EQ(s.counts.in_order, 12U);
}

TEST(Sequence, AProcessThatRestartsOnABoxThatStaysUpIsNoLoss) {
  for (const std::uint32_t before : {5000U, 3000000000U, 4294000000U}) {
    Stream s(Protocol::netflow9);
    s(before);
    s(before + 1);
    EXPECT_EQ(s(1), V::in_doubt);
    EXPECT_EQ(s(2), V::restarted);
    EXPECT_EQ(s(3), V::in_order);
    EXPECT_EQ(s.counts.restarts, 1U) << before;
    EXPECT_EQ(s.counts.lost(), 0U) << before;
    EXPECT_EQ(s.counts.in_order, 5U) << before;
  }
}

TEST(Sequence, ARestartIsSeenThroughLossBehindIt) {
  Stream s(Protocol::ipfix);
  s(70000, 10);
  s(70010, 10);
  EXPECT_EQ(s(0, 10), V::in_doubt);
  EXPECT_EQ(s(20, 10), V::in_doubt);
  EXPECT_EQ(s(30, 10), V::restarted);
  EXPECT_EQ(s.counts.lost(), 10U);
  EXPECT_EQ(s.counts.in_order, 50U);
  EXPECT_EQ(s.counts.repeated, 0U);
}

TEST(Sequence, WrapIsNotALoss) {
  Stream s(Protocol::ipfix);
  s(4294967280U, 10);
  EXPECT_EQ(s(4294967290U, 10), V::in_order);
  EXPECT_EQ(s(4, 10), V::in_order);
  EXPECT_EQ(s(24, 10), V::after_gap);
  EXPECT_EQ(s.counts.lost(), 10U);
}

TEST(Sequence, UptimeMayWrapToo) {
  Stream s(Protocol::netflow9);
  SequenceStep step = s.now(7, 1);
  step.uptime_ms = 4294967290U;
  s.stream.step(step, s.counts);
  step.sequence = 9;
  step.uptime_ms = 5;
  EXPECT_EQ(s.stream.step(step, s.counts), V::after_gap);
  EXPECT_EQ(s.counts.restarts, 0U);
}

TEST(Sequence, OneForgedNumberIsNoOutage) {
  Stream s(Protocol::netflow9);
  s(10);
  EXPECT_EQ(s(2000000), V::in_doubt);
  EXPECT_EQ(s(11), V::in_order);
  EXPECT_EQ(s.counts.lost(), 0U);
  EXPECT_EQ(s.counts.repeated, 1U);
}

TEST(Sequence, ANumberHalfTheCircleAwayIsInDoubt) {
  for (const auto p : {Protocol::sflow5, Protocol::netflow9, Protocol::ipfix}) {
    Stream s(p);
    s(1);
    EXPECT_EQ(s(0x80000001U), V::in_doubt);
    EXPECT_EQ(s(2), V::in_order);
    EXPECT_EQ(s.counts.lost(), 0U);
  }
}

TEST(Sequence, ALongOutageIsALoss) {
  Stream s(Protocol::netflow9);
  s(10);
  EXPECT_EQ(s(2000000), V::in_doubt);
  EXPECT_EQ(s(2000001), V::after_gap);
  EXPECT_EQ(s.counts.lost(), 2000000U - 11U);
  EXPECT_EQ(s.counts.restarts, 0U);
}

TEST(Sequence, RecordsAreCountedByTheirNumber) {
  Stream s(Protocol::netflow5);
  s(0, 30);
  s(30, 12);
  EXPECT_EQ(s(42, 30), V::in_order);
  EXPECT_EQ(s(102, 30), V::after_gap);
  EXPECT_EQ(s.counts.lost(), 30U);
  EXPECT_EQ(s.old(1, 72, 30), V::late);
  EXPECT_EQ(s.counts.lost(), 0U);
  EXPECT_EQ(s.counts.late, 30U);
}

// Open vSwitch's v5 and softflowd's IPFIX number the last record, not the first.
TEST(Sequence, ANumberAfterTheLastRecordIsLearnt) {
  Stream s(Protocol::netflow5);
  std::uint32_t sequence = 0;
  for (const std::uint32_t n : {3U, 1U, 7U, 2U, 30U, 4U}) s(sequence += n, n);
  EXPECT_EQ(s.counts.lost(), 0U);
  EXPECT_EQ(s.counts.in_order, 47U);
  EXPECT_EQ(s(sequence + 5 + 9, 9), V::after_gap);
  EXPECT_EQ(s.counts.lost(), 5U);
}

TEST(Sequence, OptionsRecordsThatAreNotNumberedAreLearnt) {
  for (const bool after_last : {false, true}) {
    Stream s(Protocol::ipfix);
    std::uint32_t sequence = 1;
    for (const std::uint32_t n : {3U, 1U, 7U, 2U, 5U}) {
      SequenceStep step = s.now(after_last ? sequence + n : sequence, n + 1);
      step.options_units = 1;
      s.stream.step(step, s.counts);
      sequence += n;
    }
    EXPECT_EQ(s.counts.lost(), 0U) << after_last;
  }
}

TEST(Sequence, TemplateRecordsThatAreNumberedAreLearnt) {
  for (const std::uint32_t templates : {1U, 2U, 5U}) {
    Stream s(Protocol::ipfix);
    std::uint32_t sequence = 1;
    for (unsigned i = 0; i < 12; ++i) {
      SequenceStep step = s.now(sequence, 3 + i % 4);
      step.options_units = i % 3 == 0 ? 1 : 0;
      step.template_units = i % 4 == 0 ? templates : 0;
      EXPECT_EQ(s.stream.step(step, s.counts), V::in_order) << i;
      sequence += step.units + step.template_units;
    }
    EXPECT_EQ(s.counts.lost(), 0U) << templates;
    EXPECT_EQ(s(sequence + 5, 3), V::after_gap);
    EXPECT_EQ(s.counts.lost(), 5U) << "what is lost is still seen";
  }
}

// Any of the exporters that count otherwise may send templates too.
TEST(Sequence, TemplateRecordsThatAreNotNumberedAreNotTakenForIt) {
  for (const bool after_last : {false, true}) {
    for (const bool without_options : {false, true}) {
      Stream s(Protocol::ipfix);
      std::uint32_t sequence = 1;
      for (unsigned i = 0; i < 12; ++i) {
        SequenceStep step = s.now(0, 3 + i % 4);
        step.options_units = i % 3 == 0 ? 1 : 0;
        step.template_units = i % 4 == 0 ? 2 : 0;
        const std::uint32_t numbered = step.units - (without_options ? step.options_units : 0);
        step.sequence = after_last ? sequence + numbered : sequence;
        s.stream.step(step, s.counts);
        sequence += numbered;
      }
      EXPECT_EQ(s.counts.lost(), 0U) << after_last << without_options;
    }
  }
}

TEST(Sequence, EveryKindOfTemplateRecordIsOne) {
  test::DecodeFixture decode;
  std::uint32_t sequence = 0;
  const auto next = [&](test::SetMessage message, std::uint32_t records, std::uint32_t templates) {
    decode(std::move(message));
    sequence += records + templates;
    decode.exporters.for_each([&](Exporter& exporter) {
      EXPECT_EQ(exporter.counters_of(Protocol::ipfix).sequence.lost(), 0U) << sequence;
    });
  };
  const auto message = [&] { return test::SetMessage::ipfix(1, sequence); };
  const test::WireBytes record = test::WireBytes().u32(1);
  next(message().tmpl(256, {{1, 4}}).data(256, record), 1, 1);
  next(message().data(256, record).options_tmpl(257, {{149, 4}}, {{34, 4}}), 1, 1);
  next(message().withdraw(256), 0, 1);
  next(message().tmpl(256, {{1, 4}}).tmpl(258, {{2, 4}}), 0, 2);
  next(message().tmpl(256, {{1, 4}}).tmpl(259, {{1, 0}}), 0, 2);  // the second is refused
  next(message().data(256, record), 1, 0);
}

TEST(Sequence, WhatWasLearntWronglyIsLearntAnew) {
  Stream s(Protocol::netflow5);
  s(0, 10);
  s(15, 15);  // lost five, and looks like a number after the last record
  std::uint32_t sequence = 30;
  for (const std::uint32_t n : {1U, 20U, 3U, 8U, 30U, 5U}) {
    s(sequence, n);
    sequence += n;
  }
  const std::uint64_t lost = s.counts.lost();
  for (const std::uint32_t n : {1U, 20U, 3U, 8U, 30U, 5U}) {
    s(sequence, n);
    sequence += n;
  }
  EXPECT_EQ(s.counts.lost(), lost);
}

TEST(Sequence, AMessageNotDecodedWholeIsUnknownAndNotLost) {
  Stream s(Protocol::ipfix);
  s(0, 10);
  s.incomplete(10, 4);
  EXPECT_EQ(s(30, 10), V::in_order);
  EXPECT_EQ(s.counts.unknown, 16U);
  EXPECT_EQ(s.counts.lost(), 0U);
  EXPECT_EQ(s.counts.in_order, 24U);
  EXPECT_EQ(s(50, 10), V::after_gap);
  EXPECT_EQ(s.counts.lost(), 10U);
}

/// A record has a byte at least, so that a long gap beside a message that was not decoded is loss for the
/// most part.
TEST(Sequence, AGapBesideUnknownRecordsIsBoundedFromBelow) {
  Stream s(Protocol::ipfix);
  s.undecoded(0, 1344);
  EXPECT_EQ(s.undecoded(2400, 1344), V::after_gap);
  EXPECT_EQ(s.counts.lost(), 2400U - 1344U);
  EXPECT_EQ(s.counts.unknown, 1344U);
  EXPECT_EQ(s.old(1, 1200, 24), V::late);
  EXPECT_EQ(s.counts.lost(), 2400U - 1344U - 24U);
  EXPECT_EQ(s.counts.late, 24U);
}

/// Records of 56 bytes whose template never comes; every third datagram does not arrive either.
TEST(Sequence, LossesAmongUnknownRecordsAreToldByTheLengthOfRecords) {
  Stream s(Protocol::ipfix);
  for (std::uint32_t i = 0; i < 300; ++i)
    if (i % 3 != 1) s.undecoded(24 * i, 24 * 56);
  EXPECT_LE(s.counts.lost(), 2400U);
  EXPECT_GE(s.counts.lost(), 1200U);
  EXPECT_EQ(s.counts.in_order + s.counts.lost() + s.counts.unknown, 24U * 299U);
  EXPECT_LE(s.counts.estimate, 101);
  EXPECT_GE(s.counts.estimate, 30);
}

TEST(Sequence, UnknownRecordsOfAnyLengthAreNotLost) {
  Stream s(Protocol::ipfix);
  std::uint32_t sequence = 0;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const std::uint32_t records = 1 + i * 7 % 20;
    // Of two templates: one of fixed length, one whose records vary.
    s.undecoded(sequence, i % 2 ? records * 40 + i % 4 : records * (90 + i * 13 % 20), i % 2 ? 256 : 257);
    sequence += records;
  }
  EXPECT_EQ(s.counts.lost(), 0U);
}

TEST(Sequence, AfterARestartOfOursTheGapWasLostWhileDown) {
  for (const Protocol protocol :
       {Protocol::netflow9, Protocol::sflow5, Protocol::netflow5, Protocol::ipfix}) {
    const bool records = protocol == Protocol::ipfix || protocol == Protocol::netflow5;
    const std::uint32_t units = records ? 5 : 1;
    Stream before(protocol);
    EXPECT_FALSE(before.stream.place());
    for (std::uint32_t i = 0; i < 10; ++i) before(100 + units * i, units);
    Stream after(protocol);
    after.second = before.second + 60;
    after.stream.resume(*before.stream.place());
    EXPECT_TRUE(after.stream.place()) << "another stop before a datagram comes";
    const std::uint32_t next = 100 + units * 10;
    EXPECT_EQ(after(next + 35, units), V::after_gap);
    EXPECT_EQ(after.counts.while_down, 35U);
    EXPECT_EQ(after.counts.lost(), 0U);
    EXPECT_EQ(after(next + 35 + units, units), V::in_order);
    // Overtaken while we started.
    EXPECT_EQ(after.old(2, next + 10, units), V::late);
    EXPECT_EQ(after.counts.recovered, units);
    EXPECT_EQ(after.counts.lost(), 0U);
  }
}

TEST(Sequence, AfterARestartOfOursWhatIsLostLaterWasNotLostWhileDown) {
  Stream before(Protocol::netflow9);
  for (const std::uint32_t sequence : {100U, 101U, 105U}) before(sequence);
  Stream after(Protocol::netflow9);
  after.second = before.second + 1;
  after.stream.resume(*before.stream.place());
  EXPECT_EQ(after.old(1, 103), V::late) << "the first that comes is out of a gap of before";
  EXPECT_EQ(after(106), V::in_order);
  EXPECT_EQ(after(112), V::after_gap);
  EXPECT_EQ(after.counts.while_down, 0U);
  EXPECT_EQ(after.counts.lost(), 5U);
}

TEST(Sequence, AfterARestartOfOursNothingIsMissingWhereNothingWasSent) {
  Stream before(Protocol::netflow9);
  before(7);
  Stream after(Protocol::netflow9);
  after.second = 60;
  after.stream.resume(*before.stream.place());
  EXPECT_EQ(after(8), V::in_order);
  EXPECT_EQ(after.counts.while_down, 0U);
}

TEST(Sequence, ABoxThatRestartedWhileWeWereDownLostNothing) {
  Stream before(Protocol::netflow9);
  before(5000);
  Stream after(Protocol::netflow9);
  after.stream.resume(*before.stream.place());
  SequenceStep step = after.now(1, 1);
  step.uptime_ms = 5000;
  EXPECT_EQ(after.stream.step(step, after.counts), V::restarted);
  EXPECT_EQ(after.counts.while_down, 0U);
  EXPECT_EQ(after.counts.restarts, 1U);
}

/// What an exporter sent: whole datagrams, out of turn and twice and not at all.
struct Sent {
  std::vector<SequenceStep> steps;  // in the order in which they come
  std::uint64_t numbered = 0, arrived = 0;
};

Sent faulty(Protocol protocol, std::uint64_t seed) {
  constexpr std::uint32_t kDatagrams = 60, kQuietAtTheEnd = 20;
  test::Dice dice(seed);
  Sent out;
  std::multimap<unsigned, SequenceStep> order;  // by when it comes; of equals the first
  std::uint32_t sequence = 1000;
  for (std::uint32_t i = 0; i < kDatagrams; ++i) {
    SequenceStep step;
    step.sequence = sequence;
    step.units = protocol == Protocol::netflow9 ? 1 : 1 + dice.below(5);
    step.has_uptime = protocol != Protocol::ipfix;
    step.uptime_ms = 300000000 + i * 10;
    step.export_s = 1700000000 + i / 20;
    sequence += step.units;
    out.numbered += step.units;
    const bool quiet = i < 5 || i + kQuietAtTheEnd > kDatagrams;
    if (!quiet && dice.below(20) == 0) continue;
    const unsigned at = 10 * i + (!quiet && dice.below(12) == 0 ? 15 + 10 * dice.below(3) : 0);
    order.emplace(at, step);
    if (!quiet && dice.below(12) == 0) order.emplace(at + 1 + 20 * dice.below(2), step);
  }
  for (const auto& [at, step] : order) {
    out.steps.push_back(step);
    out.arrived += step.units;
  }
  return out;
}

/// One process after the other hears what comes, and what they count adds up: nothing is in none of their
/// books because it was late, repeated or in doubt just when one followed the other.
TEST(Sequence, OverProcessesThatTakeOverTheCountsAreExact) {
  for (const Protocol protocol : {Protocol::netflow9, Protocol::netflow5, Protocol::ipfix})
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
      const Sent sent = faulty(protocol, seed);
      test::Dice dice(seed);
      SequenceCounts sum;
      auto stream = std::make_unique<SequenceStream>(protocol);
      std::vector<SequenceCounts> counts(1);
      for (std::size_t i = 0; i < sent.steps.size(); ++i) {
        if (i > 5 && dice.below(8) == 0) {
          const auto place = stream->place();
          stream = std::make_unique<SequenceStream>(protocol);
          stream->resume(*place);
          counts.emplace_back();
        }
        stream->step(sent.steps[i], counts.back());
      }
      for (const SequenceCounts& one : counts) {
        ASSERT_LE(one.late, one.passed_over) << name(protocol) << ", seed " << seed;
        sum.in_order += one.in_order;
        sum.passed_over += one.passed_over;
        sum.late += one.late;
        sum.repeated += one.repeated;
        sum.unknown += one.unknown;
        sum.while_down += one.while_down;
        sum.recovered += one.recovered;
        sum.restarts += one.restarts;
      }
      ASSERT_EQ(sum.in_order + sum.late + sum.repeated + sum.recovered, sent.arrived)
          << name(protocol) << ", seed " << seed;
      ASSERT_EQ(sum.in_order + sum.passed_over + sum.unknown + sum.while_down, sent.numbered)
          << name(protocol) << ", seed " << seed;
      ASSERT_EQ(sum.restarts, 0U) << name(protocol) << ", seed " << seed;
    }
}

/// One forged datagram after the start is no outage of millions.
TEST(Sequence, AFarJumpAfterARestartOfOursWaitsForTheNextOnes) {
  Stream before(Protocol::netflow9);
  before(5000);
  Stream after(Protocol::netflow9);
  after.second = 60;
  after.stream.resume(*before.stream.place());
  EXPECT_EQ(after(5001 + 1000000), V::in_doubt);
  EXPECT_EQ(after.counts.while_down, 0U);
  after(5001 + 1000001);
  after(5001 + 1000002);
  EXPECT_EQ(after.counts.while_down, 1000000U);
  EXPECT_EQ(after.counts.lost(), 0U);
}

TEST(Sequence, WithManyGapsTheOldestIsForgottenAndMemoryIsBounded) {
  Stream s(Protocol::netflow9);
  for (std::uint32_t i = 0; i < 1000; ++i) s(2 * i);
  EXPECT_EQ(s.counts.lost(), 999U);
  EXPECT_EQ(s.old(1, 1997), V::late);
  EXPECT_EQ(s.old(50, 3), V::repeated);
}

TEST(Sequence, AGapThatFallsToPiecesIsBoundedToo) {
  Stream s(Protocol::netflow9);
  s(0);
  s(4000);
  for (std::uint32_t i = 2; i < 3998; i += 2) EXPECT_EQ(s.old(1, i), V::late);
  EXPECT_EQ(s.old(1, 1), V::repeated) << "forgotten";
  EXPECT_EQ(s.old(1, 3995), V::late);
  EXPECT_EQ(s.old(1, 3999), V::late);
}

TEST(SampleSequences, GapsAndDropsOfEachSource) {
  SampleSequences samples;
  SampleCounts counts;
  const auto step = [&](std::uint64_t source, std::uint32_t sequence, std::uint32_t drops = 0) {
    return samples.step(source, sequence, drops, V::in_order, 2, counts);
  };
  EXPECT_TRUE(step(1, 5, 100));
  EXPECT_TRUE(step(2, 70));
  EXPECT_TRUE(step(1, 6, 100));
  EXPECT_TRUE(step(2, 73));
  EXPECT_TRUE(step(1, 7, 104));
  EXPECT_EQ(counts.lost(), 2U);
  EXPECT_EQ(counts.drops, 4U);
  EXPECT_FALSE(step(3, 1));  // the limit
  EXPECT_EQ(samples.size(), 2U);
  EXPECT_EQ(counts.samples, 6U);
}

// Whatever number a source has, a free slot is not its.
TEST(SampleSequences, AnyNumberCanBeASource) {
  for (const std::uint64_t source : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    SampleSequences samples;
    SampleCounts counts;
    EXPECT_FALSE(samples.plainly_next(source, 0, 0, counts));
    EXPECT_TRUE(samples.step(source, 7, 0, V::in_order, 1, counts));
    EXPECT_TRUE(samples.plainly_next(source, 8, 0, counts));
    EXPECT_EQ(counts.samples, 2U);
  }
}

TEST(SampleSequences, SamplesOfALateDatagramAreNotLost) {
  SampleSequences samples;
  SampleCounts counts;
  samples.step(1, 1, 0, V::in_order, 9, counts);
  samples.step(1, 3, 0, V::after_gap, 9, counts);
  samples.step(1, 2, 0, V::late, 9, counts);
  EXPECT_EQ(counts.lost(), 0U);
  samples.step(1, 2, 0, V::repeated, 9, counts);
  samples.step(1, 4, 0, V::in_order, 9, counts);
  EXPECT_EQ(counts.lost(), 0U);
}

TEST(SequenceTracker, StreamsAreBounded) {
  SequenceTracker tracker(2);
  SequenceCounts counts;
  SequenceStep step;
  for (std::uint32_t domain = 0; domain < 5; ++domain)
    tracker.step({Protocol::netflow9, domain, {}}, step, 1, counts);
  EXPECT_EQ(tracker.size(), 2U);
  EXPECT_EQ(counts.untracked, 3U);
  EXPECT_EQ(tracker.expire(2), 2U);
  EXPECT_EQ(tracker.size(), 0U);
}

TEST(SequenceTracker, SourcesAreBoundedOverAllStreams) {
  SequenceTracker tracker(3);
  SequenceCounts counts;
  SampleCounts samples;
  for (std::uint32_t sub_agent = 0; sub_agent < 3; ++sub_agent) {
    const auto verdict =
        tracker.step({Protocol::sflow5, sub_agent, {}}, SequenceStep{}, 1 + sub_agent, counts);
    for (std::uint64_t source = 0; source < 2; ++source) tracker.step_sample(source, 1, 0, verdict, samples);
  }
  EXPECT_EQ(tracker.sources(), 3U);
  EXPECT_EQ(samples.samples, 6U) << "counted, whether its numbers are followed or not";
  EXPECT_EQ(tracker.expire(2), 1U);
  EXPECT_EQ(tracker.sources(), 1U) << "those of a stream go with it";
}

// Each domain of a v9 exporter, each engine of v5 has numbers of its own.
TEST(SequenceOfDatagrams, DomainsCountApart) {
  test::DecodeFixture decode;
  for (std::uint32_t sequence = 1; sequence < 4; ++sequence)
    for (const std::uint32_t domain : {1U, 2U})
      decode(test::SetMessage::v9(domain, sequence + 1000 * domain));
  decode(test::SetMessage::v9(2, 2006));
  decode.exporters.for_each([](Exporter& exporter) {
    EXPECT_EQ(exporter.counters_of(Protocol::netflow9).sequence.lost(), 2U);
    EXPECT_EQ(exporter.counters_of(Protocol::netflow9).sequence.in_order, 7U);
    EXPECT_EQ(exporter.sequences.size(), 2U);
  });
}

TEST(SequenceOfDatagrams, IpfixCountsDataRecordsOfAllKinds) {
  test::DecodeFixture decode;
  decode(test::SetMessage::ipfix(1, 0)
             .tmpl(256, {{8, 4}})
             .options_tmpl(257, {{144, 4}}, {{34, 4}})
             .data(257, test::WireBytes().u32(1).u32(100))
             .data(256, test::WireBytes().address("192.0.2.1").address("192.0.2.2")));
  decode(test::SetMessage::ipfix(1, 3).data(999, test::WireBytes().u32(1)));  // no template
  decode(test::SetMessage::ipfix(1, 5).data(256, test::WireBytes().address("192.0.2.1")));
  decode(test::SetMessage::ipfix(1, 7).data(256, test::WireBytes().address("192.0.2.1")));
  decode.exporters.for_each([](Exporter& exporter) {
    const SequenceCounts& counts = exporter.counters_of(Protocol::ipfix).sequence;
    EXPECT_EQ(counts.in_order, 5U);
    EXPECT_EQ(counts.unknown, 2U);
    EXPECT_EQ(counts.lost(), 1U);
  });
}

TEST(SequenceOfDatagrams, SflowCountsDatagramsAndTheSamplesOfEachSource) {
  test::DecodeFixture decode;
  const auto sample = [](std::uint32_t sequence, std::uint32_t drops) {
    return test::SflowSample::flow().source(0, 3).sequence(sequence).drops(drops);
  };
  decode(test::SflowDatagram().sequence(1).add(sample(10, 0)).bytes());
  decode(test::SflowDatagram().sequence(4).add(sample(12, 5)).bytes());
  decode.exporters.for_each([](Exporter& exporter) {
    const ExporterCounters& counters = exporter.counters_of(Protocol::sflow5);
    EXPECT_EQ(counters.sequence.lost(), 2U);
    EXPECT_EQ(counters.samples.lost(), 1U);
    EXPECT_EQ(counters.samples.drops, 5U);
    EXPECT_FALSE(counters.has_clock);
  });
}

TEST(SequenceOfDatagrams, RecordsThatWaitedForTheirTemplateAreRecovered) {
  test::DecodeFixture decode;
  decode(test::SetMessage::ipfix(1, 10).data(256, test::WireBytes().u32(1).u32(2)));
  decode(test::SetMessage::ipfix(1, 12).tmpl(256, {{8, 4}}).data(256, test::WireBytes().u32(3)));
  decode(test::SetMessage::ipfix(1, 13).data(256, test::WireBytes().u32(4)));
  decode.exporters.for_each([](Exporter& exporter) {
    const SequenceCounts& counts = exporter.counters_of(Protocol::ipfix).sequence;
    EXPECT_EQ(counts.in_order, 2U);
    EXPECT_EQ(counts.unknown, 2U);
    EXPECT_EQ(counts.recovered, 2U);
    EXPECT_EQ(counts.lost(), 0U);
  });
}

TEST(SequenceOfDatagrams, TheExportersClockIsHeldAgainstOurs) {
  test::DecodeFixture decode;
  decode(test::SetMessage::ipfix(1, 0).bytes(), (test::kHeaderSeconds + 90) * 1000000000ULL);
  decode.exporters.for_each([](Exporter& exporter) {
    EXPECT_TRUE(exporter.counters_of(Protocol::ipfix).has_clock);
    EXPECT_DOUBLE_EQ(exporter.counters_of(Protocol::ipfix).clock_difference_seconds, -90);
  });
}

}  // namespace
}  // namespace sluice::decode
