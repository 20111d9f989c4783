// What decoders keep for the counters stream, where somebody wants it.
#include "support/decode_fixture.hpp"
#include "unit/decode/sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::SflowDatagram;
using test::SflowSample;
using test::WireBytes;
using test::XdrBytes;

XdrBytes interface_counters() {
  XdrBytes out;
  out.u32(3).u32(6).u64(10'000'000'000ULL).u32(1).u32(3).u64(1ULL << 40);
  for (std::uint32_t i = 7; i <= 12; ++i) out.u32(i);
  out.u64(1ULL << 41);
  for (std::uint32_t i = 14; i <= 19; ++i) out.u32(i);
  return out;
}
XdrBytes zeros(std::size_t n) {
  XdrBytes out;
  out.zeros(n);
  return out;
}

/// sFlow decoded into a batch that wants counters.
struct Wanted : DecodeFixture {
  explicit Wanted(const SflowDatagram& datagram) {
    batch.want_counters();
    report = (*this)(datagram.bytes());
  }
  const CounterBatch& counters() const { return *batch.counters(); }
  decode::DecodeReport report;
};

TEST(SflowCounters, EachSampleIsARecordWithItsStructures) {
  Wanted d(SflowDatagram()
               .sequence(9)
               .add(SflowSample::counter()
                        .sequence(5)
                        .source(0, 3)
                        .record(1, interface_counters())
                        .record(1004, zeros(8)))
               .add(SflowSample::expanded_counter().sequence(6).source(2, 70000).record(2, zeros(52), 4413)));
  ASSERT_EQ(d.counters().size(), 2U);
  EXPECT_EQ(d.report.count(DecodeCount::counter_samples), 2U);
  EXPECT_FALSE(d.report.any_error());
  const CounterRecord& first = d.counters().record(0);
  EXPECT_EQ(first.sample_sequence, 5U);
  EXPECT_EQ(first.source_id_index, 3U);
  EXPECT_EQ(first.uptime_ms, 3600000U);
  EXPECT_EQ(d.batch.origin(first.origin).sequence_num, 9U);
  ASSERT_EQ(d.counters().parts(0), 2U);
  const CounterPart generic = d.counters().part(0, 0);
  ASSERT_NE(generic.layout, nullptr);
  ASSERT_EQ(generic.values.size(), 19U);
  EXPECT_EQ(generic.values[2], 10'000'000'000ULL);
  EXPECT_EQ(generic.values[5], 1ULL << 40);
  EXPECT_EQ(generic.values[12], 1ULL << 41);
  EXPECT_EQ(generic.values[18], 19U);
  EXPECT_EQ(d.counters().part(0, 1).layout, nullptr);
  EXPECT_EQ(d.counters().part(0, 1).id, 1004U);
  EXPECT_EQ(d.counters().part(0, 1).data.size(), 8U);
  EXPECT_EQ(d.counters().record(1).source_id_type, 2U);
  EXPECT_EQ(d.counters().record(1).source_id_index, 70000U);
  EXPECT_EQ(d.counters().part(1, 0).enterprise, 4413U) << "not sflow.org's structure 2";
  EXPECT_EQ(d.counters().part(1, 0).layout, nullptr);
}

TEST(SflowCounters, LoadOfAHostInHundredths) {
  XdrBytes cpu;
  cpu.u32(0x3fc00000).u32(0xbf800000).u32(0x7fc00000);  // 1.5, -1, no number
  for (std::uint32_t i = 4; i <= 17; ++i) cpu.u32(i);
  cpu.zeros(12);  // what later agents append
  Wanted d(SflowDatagram().add(SflowSample::counter().record(2003, cpu)));
  EXPECT_FALSE(d.report.any_error());
  const CounterPart part = d.counters().part(0, 0);
  ASSERT_NE(part.layout, nullptr);
  EXPECT_EQ(part.layout->name, "host_cpu");
  EXPECT_EQ(part.values[0], 150U);
  EXPECT_EQ(part.values[1], 0U);
  EXPECT_EQ(part.values[2], 0U);
  EXPECT_EQ(part.values[16], 17U);
}

TEST(SflowCounters, EachStructureOfTheTableIsTakenApart) {
  for (const CounterLayout& layout : counter_layouts()) {
    SCOPED_TRACE(layout.name);
    XdrBytes body;
    for (const CounterField& field : layout.fields) field.wide ? body.u64(field.number) : body.u32(0);
    Wanted d(SflowDatagram().add(SflowSample::counter().record(layout.format, body)));
    EXPECT_FALSE(d.report.any_error());
    const CounterPart part = d.counters().part(0, 0);
    ASSERT_EQ(part.layout, &layout);
    for (std::size_t i = 0; i < layout.fields.size(); ++i)
      EXPECT_EQ(part.values[i], layout.fields[i].wide ? layout.fields[i].number : 0U);
  }
}

TEST(SflowCounters, ADamagedStructureCostsOnlyItself) {
  Wanted d(SflowDatagram().add(SflowSample::counter().record(1, zeros(80)).record(2, zeros(52))));
  EXPECT_EQ(d.report.count(DecodeError::bad_sample_record), 1U);
  ASSERT_EQ(d.counters().size(), 1U);
  ASSERT_EQ(d.counters().parts(0), 1U);
  EXPECT_EQ(d.counters().part(0, 0).layout->name, "ethernet");
}

TEST(SflowCounters, BytesBehindAKnownStructureAreNoFault) {
  Wanted d(SflowDatagram().add(SflowSample::counter().record(1001, zeros(28 + 4))));
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.counters().part(0, 0).values.size(), 5U);
}

TEST(SflowCounters, OfABadSampleNothingIsKept) {
  Wanted d(SflowDatagram().add_of_length(SflowSample::counter(), 8));
  EXPECT_EQ(d.counters().size(), 0U);
  EXPECT_EQ(d.report.count(DecodeCount::counter_samples), 0U);
}

TEST(OptionsCounters, EachRecordIsKeptAsItWasSent) {
  for (const bool wanted : {true, false}) {
    DecodeFixture decode;
    if (wanted) decode.batch.want_counters();
    WireBytes record;
    record.u32(5).u64(1000);
    const auto report =
        decode(SetMessage::ipfix().options_tmpl(300, {{149, 4}}, {{41, 8}}).data(300, record));
    EXPECT_EQ(report.count(DecodeCount::options_records), 1U);
    if (!wanted) {
      EXPECT_EQ(decode.batch.counters(), nullptr);
      continue;
    }
    const CounterBatch& counters = *decode.batch.counters();
    ASSERT_EQ(counters.size(), 1U);
    EXPECT_TRUE(counters.record(0).options);
    EXPECT_EQ(counters.record(0).template_id, 300U);
    EXPECT_EQ(decode.batch.origin(counters.record(0).origin).type, FlowType::ipfix);
    ASSERT_EQ(counters.parts(0), 2U);
    EXPECT_TRUE(counters.part(0, 0).scope);
    EXPECT_EQ(counters.part(0, 0).id, 149U);
    EXPECT_FALSE(counters.part(0, 1).scope);
    EXPECT_EQ(counters.part(0, 1).id, 41U);
    EXPECT_EQ(counters.part(0, 1).data.size(), 8U);
  }
}

}  // namespace
}  // namespace sluice::decode
