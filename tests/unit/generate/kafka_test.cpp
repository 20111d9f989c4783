// Messages to a broker without network and decoding in between.
#include <gmock/gmock.h>

#include "capture.hpp"
#include "sluice/encode/rows.hpp"
#include "support/mock_broker.hpp"

namespace sluice::generate::test {
namespace {

/// Messages of a record: one after the other with their length, or one alone.
void decode_record(std::string_view record, bool framed, FlowBatch& batch) {
  const auto one = [&](std::string_view message) {
    const Bytes bytes(reinterpret_cast<const std::byte*>(message.data()), message.size());
    const auto read = encode::decode_message(bytes, batch);
    EXPECT_TRUE(read) << read.error();
  };
  if (!framed) return one(record);
  while (!record.empty()) {
    std::size_t length = 0, shift = 0, at = 0;
    while (at < record.size()) {
      const auto byte = static_cast<unsigned char>(record[at++]);
      length |= static_cast<std::size_t>(byte & 0x7fU) << shift;
      shift += 7;
      if (byte < 0x80) break;
    }
    ASSERT_LE(at + length, record.size());
    one(record.substr(at, length));
    record.remove_prefix(at + length);
  }
}

class ToKafka : public testing::TestWithParam<FlowType> {};

TEST_P(ToKafka, EveryFlowArrivesInEveryFraming) {
  for (const std::string framing : {"batch", "single", "plain"}) {
    sluice::test::MockBroker broker;
    auto wanted = options(GetParam(), 500);
    wanted.exporters = 2;
    wanted.rate = 0;
    wanted.to = "kafka://" + broker.brokers() + "/flows?framing=" + framing;
    const auto report = run(wanted, {});
    ASSERT_TRUE(report) << report.error();
    EXPECT_EQ(report->flows, 500U);
    EXPECT_EQ(report->undelivered, 0U);
    FlowBatch batch;
    const auto records = broker.read(framing == "batch" ? 2 : 500);
    if (framing != "batch") {
      EXPECT_EQ(records.size(), 500U);
    }
    for (const auto& record : records) decode_record(record.value, framing != "plain", batch);
    ASSERT_EQ(batch.size(), 500U);
    std::uint64_t packets = 0, bytes = 0;
    for (const auto& flow : batch.flows()) {
      const Origin& origin = batch.origin_of(flow);
      EXPECT_EQ(origin.type, GetParam());
      EXPECT_EQ(flow.sampling_rate, wanted.sampling);
      EXPECT_TRUE(origin.exporter_address.to_string().starts_with("127.0.0."));
      packets += flow.packets;
      bytes += flow.bytes;
    }
    EXPECT_EQ(packets, report->packets);
    EXPECT_EQ(bytes, report->bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(, ToKafka, testing::Values(FlowType::sflow5, FlowType::netflow9));

}  // namespace
}  // namespace sluice::generate::test
