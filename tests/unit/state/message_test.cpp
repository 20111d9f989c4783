#include "state/message.hpp"

#include <gmock/gmock.h>

#include "state.pb.h"
#include "unit/state/support.hpp"

namespace sluice::state {
namespace {

using decode::Protocol;
using test::DecodeFixture;
using test::file_of;
using test::kHour;
using test::kReceivedNs;
using test::SetMessage;
using test::WireBytes;
using testing::HasSubstr;

Result<Restored, std::string> restored(const std::string& file, DecodeFixture& into,
                                       std::uint64_t now_ns = kReceivedNs) {
  return restore(test::bytes_of(file), now_ns, into.exporters);
}

TEST(StateFile, AFirstDatagramIsDecodedWithWhatWasKept) {
  DecodeFixture before;
  test::teach(before);
  DecodeFixture after;
  const auto sum = restored(file_of(before.exporters), after);
  ASSERT_TRUE(sum.has_value()) << sum.error();
  EXPECT_EQ(sum->exporters, 1u);
  EXPECT_EQ(sum->templates, 3u);
  EXPECT_EQ(sum->rates, 2u);
  EXPECT_EQ(sum->names, 3u);
  EXPECT_EQ(sum->refused, 0u);

  const auto v9 = after(SetMessage::v9(4).data(256, WireBytes().address("192.0.2.1").u32(1500)));
  EXPECT_EQ(v9.count(decode::DecodeCount::flows), 1u);
  EXPECT_EQ(after.flow().bytes, 1500u);
  const auto ipfix =
      after(SetMessage::ipfix(5).data(300, WireBytes().address("192.0.2.1").u8(1).u8('a').u16(9)));
  EXPECT_EQ(ipfix.count(decode::DecodeCount::flows), 1u);
  EXPECT_EQ(after.flow().sampling_rate, 64u);
  decode::Exporter& exporter = test::only_exporter(after.exporters);
  EXPECT_EQ(exporter.samplers.system_init_ms({Protocol::ipfix, 5}), 1600000000u);
  EXPECT_EQ(exporter.names.interface_names(5, 7).name, "ge-0/0/7");
  EXPECT_EQ(exporter.names.application_name(5, "\x03\x01"), "dns");
  EXPECT_EQ(exporter.names.mpls_label(5, 18), std::string_view("\x05\x20\0", 3));
}

TEST(StateFile, ARestoredLayoutGoesWhereItsNextDefinitionIsRefused) {
  DecodeFixture before;
  test::teach(before);
  DecodeFixture after;
  ASSERT_TRUE(restored(file_of(before.exporters), after).has_value());
  const std::uint64_t changes = test::only_exporter(after.exporters).changes();
  after(SetMessage::v9(4).tmpl(256, {{8, 0}}));
  EXPECT_GT(test::only_exporter(after.exporters).changes(), changes) << "so that the file is written anew";
  EXPECT_EQ(after(SetMessage::v9(4).data(256, WireBytes().u32(1).u32(2))).held_sets, 1u);
}

TEST(StateFile, ARefusedDefinitionOfTheFileLeavesNoLayout) {
  DecodeFixture before;
  test::teach(before);
  kept::State state;
  ASSERT_TRUE(state.ParseFromString(file_of(before.exporters)));
  kept::Exporter& exporter = *state.mutable_exporters(0);
  for (int i = 0, n = exporter.templates_size(); i < n; ++i) {
    kept::Template& again = *exporter.add_templates();
    again = exporter.templates(i);
    again.clear_fields();
  }
  DecodeFixture after;
  const auto sum = restored(test::sealed(state.SerializeAsString()), after);
  ASSERT_TRUE(sum.has_value()) << sum.error();
  EXPECT_EQ(sum->refused, 3u);
  EXPECT_EQ(after.templates(), 0u);
}

TEST(StateFile, KeepsWhoseLayoutADefinitionHad) {
  DecodeFixture before;
  before(SetMessage::ipfix().set(1, WireBytes().u16(301).u16(4).u16(4).u16(34).u16(4).u16(50).u16(4)));
  DecodeFixture after;
  ASSERT_TRUE(restored(file_of(before.exporters), after).has_value());
  after(SetMessage::ipfix().data(301, WireBytes().u32(7).u32(500)).tmpl(256, {{1, 4}}));
  after(SetMessage::ipfix().data(256, WireBytes().u32(1)));
  EXPECT_EQ(after.flow().sampling_rate, 500u) << "34 is a scope's type here, not a rate";
}

TEST(StateFile, IsTheProtoFile) {
  DecodeFixture before;
  before.source = *IpAddress::parse("2001:db8::7");
  test::teach(before);
  kept::State state;
  ASSERT_TRUE(state.ParseFromString(file_of(before.exporters)));
  EXPECT_EQ(state.magic(), "sluice state");
  EXPECT_EQ(state.version(), 1u);
  EXPECT_EQ(state.written_ns(), kReceivedNs);
  ASSERT_EQ(state.exporters_size(), 1);
  const kept::Exporter& exporter = state.exporters(0);
  EXPECT_EQ(exporter.address().size(), 16u);
  EXPECT_EQ(exporter.last_seen_ns(), kReceivedNs);
  ASSERT_EQ(exporter.templates_size(), 3);
  for (const kept::Template& tmpl : exporter.templates()) {
    EXPECT_EQ(tmpl.last_seen_ns(), kReceivedNs);
    if (tmpl.id() != 300) continue;
    EXPECT_EQ(tmpl.version(), 10u);
    EXPECT_EQ(tmpl.domain(), 5u);
    EXPECT_THAT(tmpl.fields(),
                testing::ElementsAre(8U << 16 | 4U, 371U << 16 | 65535U, 29305ULL << 32 | 5U << 16 | 2U));
  }
  ASSERT_EQ(exporter.samplers_size(), 1);
  EXPECT_EQ(exporter.samplers(0).rate(), 64u);
  ASSERT_EQ(exporter.system_inits_size(), 1);
  EXPECT_EQ(exporter.system_inits(0).ms(), 1600000000u);
  EXPECT_EQ(exporter.names_size(), 3);
  EXPECT_NE(state.crc32(), 0u);
}

TEST(StateFile, StreamsAreTheProtoFilesToo) {
  DecodeFixture before;
  test::teach(before);
  before(SetMessage::ipfix(5, 30).data(900, WireBytes().zeros(70)));
  std::string file = file_head(kReceivedNs, true);
  before.exporters.for_each([&](decode::Exporter& exporter) { append(exporter, file, true); });
  kept::State state;
  ASSERT_TRUE(state.ParseFromString(test::sealed(file)));
  EXPECT_TRUE(state.stopped());
  ASSERT_EQ(state.exporters_size(), 1);
  ASSERT_EQ(state.exporters(0).streams_size(), 2);
  for (const kept::Stream& stream : state.exporters(0).streams()) {
    EXPECT_EQ(stream.last_seen_ns(), kReceivedNs);
    EXPECT_EQ(stream.has_uptime(), stream.protocol() == 9);
    EXPECT_NE(stream.has_uptime() ? stream.uptime_ms() : stream.export_s(), 0u);
    if (stream.protocol() != 10) continue;
    EXPECT_EQ(stream.id(), 5u);
    EXPECT_EQ(stream.sequence(), 30u);
    EXPECT_TRUE(stream.incomplete());
    EXPECT_EQ(stream.undecoded_bytes(), 70u);
    EXPECT_NE(stream.readings(), 0u);
  }
  DecodeFixture after;
  const auto sum = restored(test::sealed(file), after);
  ASSERT_TRUE(sum.has_value()) << sum.error();
  EXPECT_EQ(sum->streams, 2u);
  EXPECT_EQ(test::only_exporter(after.exporters).sequences.size(), 2u);
}

/// A stream with a gap, and with a datagram of which nobody knows yet whether it is there twice.
void leave_open(DecodeFixture& exporter) {
  const auto data = [](std::uint32_t sequence) {
    return SetMessage::ipfix(6, sequence).data(256, WireBytes().u32(5));
  };
  exporter(SetMessage::ipfix(6, 10).tmpl(256, {{1, 4}}).data(256, WireBytes().u32(5)));
  exporter(data(20));
  exporter(data(20));
}

std::string with_streams(const DecodeFixture& of) {
  std::string file = file_head(kReceivedNs, true);
  of.exporters.for_each([&](decode::Exporter& exporter) { append(exporter, file, true); });
  return file;
}

TEST(StateFile, WhatIsOpenInAStreamIsKept) {
  DecodeFixture before;
  leave_open(before);
  const std::string file = test::sealed(with_streams(before));
  kept::State state;
  ASSERT_TRUE(state.ParseFromString(file));
  ASSERT_EQ(state.exporters(0).streams_size(), 1);
  const kept::Stream& stream = state.exporters(0).streams(0);
  EXPECT_THAT(stream.gaps(), testing::ElementsAre(11ULL << 32 | 20U));
  ASSERT_TRUE(stream.has_doubt());
  EXPECT_EQ(stream.doubt().datagrams(), 1u);
  EXPECT_EQ(stream.doubt().units(), 1u);
  EXPECT_EQ(stream.doubt().sequence(), 20u);
  EXPECT_EQ(stream.doubt().units_of_latest(), 1u);
  EXPECT_TRUE(stream.doubt().near_and_no_newer());

  DecodeFixture after;
  ASSERT_TRUE(restored(file, after).has_value());
  after(SetMessage::ipfix(6, 15).data(256, WireBytes().u32(5)));
  after(SetMessage::ipfix(6, 21).data(256, WireBytes().u32(5)));
  const decode::SequenceCounts& counts =
      test::only_exporter(after.exporters).counters_of(Protocol::ipfix).sequence;
  EXPECT_EQ(counts.recovered, 1u);
  EXPECT_EQ(counts.repeated, 1u);
  EXPECT_EQ(counts.in_order, 1u);
  EXPECT_EQ(counts.lost() + counts.while_down + counts.unknown, 0u);
}

/// A message with templates alone counts for no record, and says nothing else after a restart.
TEST(StateFile, AMessageOfNoRecordsStaysOne) {
  DecodeFixture before;
  before(SetMessage::ipfix(6, 10).tmpl(256, {{8, 4}}).data(256, WireBytes().u32(5)));
  before(SetMessage::ipfix(6, 11).tmpl(256, {{8, 4}}));
  DecodeFixture after;
  ASSERT_TRUE(restored(test::sealed(with_streams(before)), after).has_value());
  after(SetMessage::ipfix(6, 11).data(256, WireBytes().u32(5)));
  after(SetMessage::ipfix(6, 12).data(256, WireBytes().u32(5)));
  const decode::SequenceCounts& counts =
      test::only_exporter(after.exporters).counters_of(Protocol::ipfix).sequence;
  EXPECT_EQ(counts.in_order, 2u);
  EXPECT_EQ(counts.repeated + counts.lost() + counts.while_down + counts.unknown, 0u);
}

/// Those of whom flows were decoded come first where the budget is too small for all of the file.
TEST(StateFile, TheBudgetHoldsForWhatIsReadBack) {
  DecodeFixture before;
  for (std::uint32_t i = 0; i < 100; ++i) {
    before.source = IpAddress::v4(0x0a000000 + i);
    auto message = SetMessage::ipfix();
    for (std::uint16_t id = 256; id < 300; ++id) message.tmpl(id, {{1, 4}});
    if (i >= 90) message.data(256, WireBytes().u32(1));
    before(message);
  }
  decode::Limits small;
  small.state_bytes = 512 << 10;
  small.held_bytes = 0;
  DecodeFixture after(small);
  ASSERT_TRUE(restored(file_of(before.exporters), after).has_value());
  EXPECT_LE(after.exporters.budget().used(), small.state_bytes);
  std::size_t whole = 0;
  after.exporters.for_each([&](decode::Exporter& exporter) {
    if (exporter.proven) whole += exporter.templates.size() == 44;
  });
  EXPECT_EQ(whole, 10u);
}

/// Fields that a later version may add are passed over.
TEST(StateFile, UnknownFieldsDoNotMatter) {
  DecodeFixture before;
  test::teach(before);
  kept::State state;
  ASSERT_TRUE(state.ParseFromString(file_of(before.exporters)));
  state.clear_crc32();
  auto* more = state.mutable_exporters(0)->mutable_templates(0);
  more->GetReflection()->MutableUnknownFields(more)->AddVarint(99, 7);
  more->GetReflection()->MutableUnknownFields(more)->AddLengthDelimited(100, "later");
  DecodeFixture after;
  const auto sum = restored(test::sealed(state.SerializeAsString()), after);
  ASSERT_TRUE(sum.has_value()) << sum.error();
  EXPECT_EQ(sum->templates, 3u);
}

TEST(StateFile, WhatWasRestoredIsMarkedUntilItIsSentAgain) {
  DecodeFixture before;
  test::teach(before);
  DecodeFixture after;
  ASSERT_TRUE(restored(file_of(before.exporters), after).has_value());
  decode::Exporter& exporter = test::only_exporter(after.exporters);
  EXPECT_EQ(exporter.templates.restored(Protocol::netflow9), 1u);
  EXPECT_EQ(exporter.templates.restored(Protocol::ipfix), 2u);
  EXPECT_EQ(exporter.samplers.restored(), 2u);
  EXPECT_EQ(exporter.names.restored(), 3u);
  after(SetMessage::v9(4).data(256, WireBytes().address("192.0.2.1").u32(1500)));
  EXPECT_EQ(exporter.templates.restored(Protocol::netflow9), 1u) << "used, not sent";
  after(SetMessage::v9(4).tmpl(256, {{8, 4}, {1, 4}}));
  EXPECT_EQ(exporter.templates.restored(Protocol::netflow9), 0u);
  after(SetMessage::ipfix(5).tmpl(300, {{8, 4}}));
  EXPECT_EQ(exporter.templates.restored(Protocol::ipfix), 1u) << "another layout";
  after(SetMessage::ipfix(5).data(301, WireBytes().u32(5).u32(128).u32(0).u32(1600000000)));
  EXPECT_EQ(exporter.samplers.restored(), 0u);
}

TEST(StateFile, ReadingItIsNoChangeToWrite) {
  DecodeFixture before;
  test::teach(before);
  DecodeFixture after;
  ASSERT_TRUE(restored(file_of(before.exporters), after).has_value());
  EXPECT_EQ(after.exporters.changes(), 0u);
  test::teach(after);
  EXPECT_EQ(after.exporters.changes(), 0u) << "all of it was known";
  after(SetMessage::v9(4).tmpl(257, {{8, 4}}));
  EXPECT_EQ(after.exporters.changes(), 1u);
}

TEST(Changes, OnlyWhatIsNewIsOne) {
  DecodeFixture decode;
  const auto changed = [&](SetMessage message) {
    const std::uint64_t before = decode.exporters.changes();
    decode(message);
    return decode.exporters.changes() != before;
  };
  EXPECT_TRUE(changed(SetMessage::ipfix().tmpl(256, {{1, 4}})));
  EXPECT_FALSE(changed(SetMessage::ipfix().tmpl(256, {{1, 4}})));
  EXPECT_FALSE(changed(SetMessage::ipfix().data(256, WireBytes().u32(1))));
  EXPECT_TRUE(changed(SetMessage::ipfix().tmpl(256, {{1, 8}})));
  EXPECT_TRUE(changed(SetMessage::ipfix().options_tmpl(300, {{149, 4}}, {{34, 4}})));
  EXPECT_TRUE(changed(SetMessage::ipfix().data(300, WireBytes().u32(1).u32(64))));
  EXPECT_FALSE(changed(SetMessage::ipfix().data(300, WireBytes().u32(1).u32(64))));
  EXPECT_TRUE(changed(SetMessage::ipfix().data(300, WireBytes().u32(1).u32(65))));
  EXPECT_TRUE(changed(SetMessage::ipfix().withdraw(256)));
  EXPECT_FALSE(changed(SetMessage::ipfix().withdraw(256)));
  EXPECT_FALSE(changed(SetMessage::ipfix().data(256, WireBytes().u32(1)))) << "held";
  const std::uint64_t before = decode.exporters.changes();
  decode.exporters.expire(kReceivedNs + 48 * kHour);
  EXPECT_NE(decode.exporters.changes(), before);
}

TEST(StateFile, WhatIsTooOldIsNotTakenBack) {
  DecodeFixture before;
  test::teach(before);
  before(SetMessage::v9(4).tmpl(257, {{8, 4}}).bytes(), kReceivedNs + 2 * kHour);
  DecodeFixture after;
  const auto sum = restored(file_of(before.exporters), after, kReceivedNs + 25 * kHour);
  ASSERT_TRUE(sum.has_value());
  EXPECT_EQ(sum->templates, 1u);
  EXPECT_EQ(sum->refused, 3u);
  DecodeFixture much_later;
  const auto nothing = restored(file_of(before.exporters), much_later, kReceivedNs + 48 * kHour);
  ASSERT_TRUE(nothing.has_value());
  EXPECT_EQ(nothing->exporters, 0u);
  EXPECT_EQ(much_later.exporters.size(), 0u);
}

TEST(StateFile, TimesThatAreAheadBecomeNow) {
  DecodeFixture before;
  test::teach(before);
  DecodeFixture after;
  ASSERT_TRUE(restored(file_of(before.exporters), after, kReceivedNs - kHour).has_value());
  test::only_exporter(after.exporters)
      .templates.for_each([](const decode::Domain&, const decode::Template& tmpl) {
        EXPECT_EQ(tmpl.last_seen_ns, kReceivedNs - kHour);
      });
}

TEST(StateFile, LimitsHoldForWhatIsReadBack) {
  DecodeFixture before;
  test::teach(before);
  before(SetMessage::v9(4).tmpl(258, {{1, 4}, {2, 4}, {3, 4}, {4, 1}}));
  decode::Limits limits;
  limits.max_templates = 2;
  limits.max_template_fields = 3;
  limits.max_samplers = 0;
  limits.max_names = 1;
  DecodeFixture after(limits);
  const auto sum = restored(file_of(before.exporters), after);
  ASSERT_TRUE(sum.has_value());
  EXPECT_EQ(sum->templates, 2u);
  EXPECT_EQ(sum->rates, 0u);
  EXPECT_EQ(sum->names, 1u);
  EXPECT_EQ(sum->refused, 2u + 2u + 2u);

  decode::Limits one;
  one.max_exporters = 1;
  before.source = IpAddress::v4(7);
  test::teach(before);
  DecodeFixture small(one);
  const auto first = restored(file_of(before.exporters), small);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->exporters, 1u);
  EXPECT_GT(first->refused, 0u);
}

TEST(StateFile, NonsenseInAWholeFileIsRefusedPieceByPiece) {
  kept::State state;
  state.set_magic("sluice state");
  state.set_version(1);
  kept::Exporter& exporter = *state.add_exporters();
  exporter.set_address("\x0a\x00\x00\x01", 4);
  exporter.set_last_seen_ns(kReceivedNs);
  const auto tmpl = [&](unsigned version, unsigned id, std::initializer_list<std::uint64_t> fields) {
    kept::Template& one = *exporter.add_templates();
    one.set_version(version);
    one.set_id(id);
    one.set_scope_fields(60000);
    one.set_options(true);
    one.set_last_seen_ns(kReceivedNs);
    for (const std::uint64_t field : fields) one.add_fields(field);
  };
  tmpl(9, 255, {1U << 16 | 4U});
  tmpl(11, 256, {1U << 16 | 4U});
  tmpl(10, 257, {});
  tmpl(10, 258, {1U << 16 | 0U});
  tmpl(10, 259, {34U << 16 | 4U});  // fine, but for its scope
  exporter.add_samplers()->set_version(10);
  exporter.add_system_inits()->set_version(3);
  exporter.add_names()->set_kind(17);
  kept::Name& long_id = *exporter.add_names();
  long_id.set_kind(4);
  long_id.set_application(std::string(300, 'x'));
  long_id.set_text("y");
  DecodeFixture after;
  const auto sum = restored(test::sealed(state.SerializeAsString()), after);
  ASSERT_TRUE(sum.has_value()) << sum.error();
  EXPECT_EQ(sum->templates, 1u);
  EXPECT_EQ(sum->rates, 0u);
  EXPECT_EQ(sum->names, 0u);
  after.source = *IpAddress::parse("10.0.0.1");
  EXPECT_EQ(
      after(SetMessage::ipfix(0).data(259, WireBytes().u32(9))).count(decode::DecodeCount::options_records),
      1u);
}

TEST(StateFile, ForeignFilesSaySo) {
  DecodeFixture after;
  const auto reason = [&](const std::string& file) {
    const auto sum = restored(file, after);
    return sum ? std::string("taken") : sum.error();
  };
  EXPECT_EQ(reason(""), "is no state file");
  EXPECT_EQ(reason("collector_id: x\nworkers: 0\nlisteners: []\n"), "is no state file");
  EXPECT_EQ(reason(test::sealed(file_head(1))), "taken");
  EXPECT_THAT(reason(file_head(test::kReceivedNs)), HasSubstr("is cut short"));
  kept::State later;
  later.set_magic("sluice state");
  later.set_version(2);
  EXPECT_EQ(reason(test::sealed(later.SerializeAsString())), "is of version 2, where this program knows 1");
  later.set_version(1);
  later.add_exporters()->set_address("abc");
  EXPECT_EQ(reason(test::sealed(later.SerializeAsString())), "has an exporter that cannot be read");
  EXPECT_EQ(after.exporters.size(), 0u);
}

TEST(StateFile, CutOrFlippedAnywhereItGivesNothing) {
  DecodeFixture before;
  test::teach(before);
  const std::string file = file_of(before.exporters);
  DecodeFixture after;
  for (std::size_t n = 0; n < file.size(); ++n)
    ASSERT_FALSE(restored(file.substr(0, n), after).has_value()) << n;
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    ASSERT_FALSE(restored(damaged, after).has_value()) << i;
  }
  EXPECT_EQ(after.exporters.size(), 0u);
}

/// The checksum is no proof of good intent: whatever the bytes, nothing is read outside of them (the
/// sanitizer build watches), and the limits hold.
TEST(StateFile, FlippedBytesUnderAGoodChecksumAreSafe) {
  DecodeFixture before;
  test::teach(before);
  leave_open(before);
  const std::string bytes = with_streams(before);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int flip : {0x01, 0x41, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      DecodeFixture after;
      static_cast<void>(restored(test::sealed(damaged), after));
      ASSERT_LE(after.exporters.size(), 1u);
      leave_open(after);
    }
}

}  // namespace
}  // namespace sluice::state
