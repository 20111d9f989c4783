// NetFlow v5, read field by field as Cisco's document has it.
#include "capture.hpp"
#include "generate/netflow5_writer.hpp"

namespace sluice::generate::test {
namespace {

TEST(Netflow5, HeaderSequenceAndSums) {
  auto wanted = options(FlowType::netflow5, 1000);
  wanted.sampling = 512;
  wanted.observation_domain = 9;
  const auto run = capture(wanted);
  EXPECT_EQ(run.report.templates, 0U);
  std::uint32_t expected = 0;
  std::uint64_t packets = 0, bytes = 0;
  for (const auto& one : run.sent) {
    ByteReader in{Bytes(one.payload)};
    EXPECT_EQ(in.be<std::uint16_t>(), 5);
    const auto count = in.be<std::uint16_t>();
    ASSERT_EQ(one.payload.size(), 24U + 48U * count);
    const auto uptime = in.be<std::uint32_t>();
    const auto seconds = in.be<std::uint32_t>(), nanoseconds = in.be<std::uint32_t>();
    EXPECT_EQ((seconds * 1000000000ULL + nanoseconds) / 1000000, one.time_ns / 1000000);
    EXPECT_EQ(in.be<std::uint32_t>(), expected);
    expected += count;
    EXPECT_EQ(in.be<std::uint16_t>(), 9);             // engine type 0, id 9
    EXPECT_EQ(in.be<std::uint16_t>(), 0x4000 | 512);  // mode 1
    for (int i = 0; i < count; ++i) {
      const auto record = in.window<48>();
      packets += be_at<std::uint32_t, 16>(record);
      bytes += be_at<std::uint32_t, 20>(record);
      EXPECT_LE((be_at<std::uint32_t, 24>(record)), (be_at<std::uint32_t, 28>(record)));
      EXPECT_LE((be_at<std::uint32_t, 28>(record)), uptime);
      const auto proto = std::to_integer<int>(record[38]);
      EXPECT_TRUE(proto == 1 || proto == 6 || proto == 17) << proto;
    }
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.remaining(), 0U);
  }
  EXPECT_EQ(expected, 1000U);
  EXPECT_EQ(packets, run.report.packets);
  EXPECT_EQ(bytes, run.report.bytes);
}

TEST(Netflow5, AsNumbersAbove16BitsBecomeAsTrans) {
  FlowRecord flow{};
  flow.set_source(IpAddress::v4(1));
  flow.src_as = 196608;
  flow.dst_as = 65535;
  std::array<std::byte, 100> room{};
  Netflow5Writer writer({});
  ASSERT_EQ(writer.flows({&flow, 1}, kStart, room), 72U);
  EXPECT_EQ(load_be<std::uint16_t>(&room[24 + 40]), 23456);
  EXPECT_EQ(load_be<std::uint16_t>(&room[24 + 42]), 65535);
}

TEST(Netflow5, TooSmallRoomWritesNothing) {
  const FlowRecord flow{};
  std::array<std::byte, 71> room{};
  EXPECT_EQ(Netflow5Writer({}).flows({&flow, 1}, kStart, room), 0U);
}

TEST(Netflow5, WithoutSamplingTheFieldIsZero) {
  auto wanted = options(FlowType::netflow5, 10);
  wanted.sampling = 0;
  EXPECT_EQ(load_be<std::uint16_t>(capture(wanted).sent.at(0).payload.data() + 22), 0);
}

}  // namespace
}  // namespace sluice::generate::test
