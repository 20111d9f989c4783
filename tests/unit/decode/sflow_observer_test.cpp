// What `sluice decode --raw` is shown.
#include "unit/decode/sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using test::SflowDatagram;
using test::SflowSample;
using testing::HasSubstr;

// Writes the tree on one line: name{field=value ...}.
class TextObserver : public RawObserver {
 public:
  void open(std::string_view what) override { text.append(what).append("{"); }
  void number(std::string_view name, std::uint64_t value) override {
    text.append(name).append("=").append(std::to_string(value)).append(" ");
  }
  void bytes(std::string_view name, Bytes value) override {
    text.append(name).append("[").append(std::to_string(value.size())).append("] ");
  }
  void close() override { text.append("}"); }
  std::string text;
};

TEST(SflowObserver, SeesHeaderSamplesAndRecordsAsSent) {
  test::XdrBytes ethernet_counters;
  for (std::uint32_t i = 1; i <= 13; ++i) ethernet_counters.u32(i);
  test::XdrBytes vendor;
  vendor.zeros(12);
  TextObserver observer;
  SflowDecode d(SflowDatagram()
                    .sequence(7)
                    .add(SflowSample::flow()
                             .rate(512)
                             .input(3)
                             .output(4, 2)
                             .extended_router("192.0.2.1", 24, 16)
                             .record(5, vendor, 9))
                    .add(SflowSample::counter().record(2, ethernet_counters))
                    .add(SflowSample::unknown(1991, 1, 24)),
                {}, &observer);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_THAT(
      observer.text,
      HasSubstr("header{version=5 agent_address_type=1 agent_address[4] sub_agent_id=0 sequence_number=7 "
                "uptime_ms=3600000 samples=3 }"));
  EXPECT_THAT(observer.text, HasSubstr("sample{data_format=1 length=76 sequence_number=11 source_id=3 "
                                       "sampling_rate=512 sample_pool=100000 "
                                       "drops=0 input=3 output=2147483652 records=2 "));
  EXPECT_THAT(observer.text, HasSubstr("record{data_format=1002 length=16 next_hop_type=1 next_hop[4] "
                                       "src_mask_length=24 dst_mask_length=16 }"));
  EXPECT_THAT(observer.text, HasSubstr("record{data_format=36869 length=12 data[12] }}"));
  EXPECT_THAT(observer.text,
              HasSubstr("record{data_format=2 length=52 dot3StatsAlignmentErrors=1 dot3StatsFCSErrors=2 "));
  EXPECT_THAT(observer.text, HasSubstr("dot3StatsSymbolErrors=13 }}"));
  EXPECT_THAT(observer.text, HasSubstr("sample{data_format=8155137 length=24 data[24] }"));
}

}  // namespace
}  // namespace sluice::decode
