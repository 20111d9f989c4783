// A Kafka sink of format native: records of columns, read back and held against what a block's rows say.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "encode/columns_record.hpp"
#include "native_reader.hpp"
#include "sink/clickhouse/native.hpp"
#include "sink/factory.hpp"
#include "sink/stream.hpp"
#include "sink_support.hpp"
#include "support/mock_broker.hpp"
#include "support/random_flow.hpp"

namespace sluice::sink {
namespace {

using std::chrono::seconds;
using test::eventually;
using test::exporter;
using test::failed;
using test::Flows;
using test::framed;
using test::MockBroker;
using test::NativeReader;
using test::Values;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

/// A row with this many bytes counted in field 9, so that each flow has a number.
std::string numbered(std::uint64_t number, std::size_t padding = 0) {
  FlowBatch batch;
  batch.add_origin().time_received_ns = 5;
  FlowRecord& flow = batch.append_one();
  flow.bytes = number;
  flow.proto = 6;
  if (padding != 0) batch.extras(flow).set(ExtraText::user_name, std::string(padding, 'u'));
  encode::RowBuffer rows;
  encode::make_row_encoder({})->encode(batch, rows);
  return test::text(rows.row(0));
}

class KafkaNativeTest : public testing::Test {
 protected:
  Settings settings() const {
    Settings out = broker_.settings();
    out.native = true;
    return out;
  }
  std::unique_ptr<Sink> make(const Settings& settings) {
    return make_sink("kafka", settings, 1, lines_.callback());
  }
  /// Flows `first` to `last` of this exporter.
  static void put(StreamWriter& writer, std::uint32_t from, std::uint64_t first, std::uint64_t last) {
    Flows flows;
    for (std::uint64_t n = first; n <= last; ++n) flows.datagram(exporter(from), 1, numbered(n));
    writer.write(flows.batch, flows.rows, 0);
  }
  /// What `bytes` says in all records, sorted.
  std::vector<std::uint64_t> numbers(const std::vector<test::KafkaRecord>& records) const {
    std::vector<std::uint64_t> out;
    for (const auto& record : records) {
      NativeReader reader(record.value);
      const auto columns = reader.arrays();
      EXPECT_TRUE(reader.at_end());
      for (const auto& [name, values] : columns) EXPECT_EQ(values.size(), columns.at("type").size()) << name;
      for (const std::string& value : columns.at("bytes")) out.push_back(std::stoull(value));
    }
    std::ranges::sort(out);
    return out;
  }
  static std::vector<std::uint64_t> up_to(std::uint64_t last) {
    std::vector<std::uint64_t> out(last);
    std::iota(out.begin(), out.end(), 1U);
    return out;
  }

  MockBroker broker_;
  test::Lines lines_;
};

TEST_F(KafkaNativeTest, ABlockIsARecordOfColumns) {
  const Settings wanted = settings();
  const auto sink = make(wanted);
  ASSERT_TRUE(eventually([&] { return sink->buckets() == 4; }));
  {
    StreamWriter writer(stream_spec(wanted), {sink.get()}, 0);
    put(writer, 1, 1, 300);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == 300; }));
  const auto records = broker_.read(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(numbers(records), up_to(300));
  NativeReader reader(records[0].value);
  const auto columns = reader.arrays();
  EXPECT_EQ(columns.at("time_received_ns"), Values(300, "5"));
  EXPECT_EQ(columns.at("proto"), Values(300, "6"));
  EXPECT_FALSE(columns.contains("time_flow_end_ns")) << "that is the tables' to fill in";
  EXPECT_FALSE(columns.contains("src_port")) << "no flow has one";
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.counts[SinkCount::queued_bytes], 0U);
  EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
}

/// Field by field as the block of rows of the direct sink, which has its own tests.
TEST_F(KafkaNativeTest, ArraysHoldWhatRowsHold) {
  test::RandomFlows random(29);
  for (int round = 0; round < 20; ++round) {
    FlowBatch batch;
    random.fill(batch, 4, 12);
    if (batch.size() == 0) continue;
    encode::RowBuffer rows;
    encode::make_row_encoder({})->encode(batch, rows);
    NativeBlock as_rows, as_arrays(nullptr, NativeBlock::Shape::arrays);
    std::string row_bytes, array_bytes;
    for (NativeBlock* const block : {&as_rows, &as_arrays}) {
      block->begin(rows.rows());
      for (std::size_t i = 0; i < rows.rows(); ++i)
        ASSERT_TRUE(block->add(encode::strip_length_prefix(rows.row(i))));
      block->write(block == &as_rows ? row_bytes : array_bytes);
    }
    std::size_t count = 0;
    auto expected = NativeReader(row_bytes).block(count);
    auto got = NativeReader(array_bytes).arrays();
    for (const char* const time : {"time_received", "time_flow_start", "time_flow_end"}) {
      const auto named = got.find(std::string(time) + "_ns");
      if (named == got.end()) continue;
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t ns = std::stoull(named->second[i]);
        if (ns == 0 || ns > INT64_MAX) continue;
        EXPECT_EQ(named->second[i], expected.at(time)[i]);
      }
      got.erase(named);
    }
    for (const char* const time : {"time_received", "time_flow_start", "time_flow_end"}) expected.erase(time);
    EXPECT_EQ(got, expected);
  }
}

TEST_F(KafkaNativeTest, WhatIsTooLargeIsCutDownToSingleFlows) {
  Settings wanted = settings();
  std::get<KafkaSettings>(wanted.own).properties = {{"message.max.bytes", "1000"}};
  const auto sink = make(wanted);
  {
    StreamWriter writer(stream_spec(wanted), {sink.get()}, 0);
    put(writer, 1, 1, 50);
    Flows large;
    large.datagram(exporter(2), 1, numbered(1000, 2000));
    writer.write(large.batch, large.rows, 0);
    put(writer, 1, 51, 100);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
  EXPECT_EQ(sink->stats().counts[SinkCount::delivered_flows], 100U);
  EXPECT_EQ(failed(sink->stats(), "message_too_large"), 1U);
  EXPECT_EQ(numbers(broker_.read(broker_.records())), up_to(100));
  for (const ExporterBook& book : sink->books()) {
    EXPECT_EQ(book.delivered, book.exporter == exporter(1) ? 100U : 0U);
    EXPECT_EQ(book.failed, book.exporter == exporter(2) ? 1U : 0U);
  }
  EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
}

TEST_F(KafkaNativeTest, WhatTheBrokerRefusesForItsSizeIsSentInSmallerPieces) {
  for (const std::size_t times : {1U, 6U}) {
    MockBroker broker;
    broker.produce_fails(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, times);
    Settings wanted = broker.settings();
    wanted.native = true;
    const auto sink = make(wanted);
    ASSERT_TRUE(eventually([&] { return sink->buckets() == 4; }));
    {
      StreamWriter writer(stream_spec(wanted), {sink.get()}, 0);
      put(writer, 1, 1, 1000);
    }
    ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
    EXPECT_TRUE(sink->stats().failed_flows.empty());
    EXPECT_EQ(numbers(broker.read(broker.records())), up_to(1000));
    EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
  }
}

/// Whatever wrote it into the spool.
TEST_F(KafkaNativeTest, ARowThatIsNoMessageCostsItselfAlone) {
  const Settings wanted = settings();
  const auto sink = make(wanted);
  {
    StreamWriter writer(stream_spec(wanted), {sink.get()}, 0);
    put(writer, 1, 1, 20);
    Flows broken;
    broken.datagram(exporter(2), 1, framed("\x32\x03\x01\x02\x03"));  // an address of three bytes
    writer.write(broken.batch, broken.rows, 0);
    put(writer, 1, 21, 40);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
  EXPECT_EQ(failed(sink->stats(), "damaged"), 1U);
  EXPECT_EQ(sink->stats().counts[SinkCount::delivered_flows], 40U);
  EXPECT_EQ(numbers(broker_.read(broker_.records())), up_to(40));
  for (const ExporterBook& book : sink->books())
    EXPECT_EQ(book.failed, book.exporter == exporter(2) ? 1U : 0U);
}

/// Rows wait, not columns; and when the broker is back, columns are made of no more at a time than there is
/// memory for.
TEST_F(KafkaNativeTest, WhileTheBrokerIsAwayMemoryIsBounded) {
  broker_.down();
  Settings wanted = settings();
  KafkaSettings& kafka = std::get<KafkaSettings>(wanted.own);
  kafka.buffer_bytes = 2 << 20;
  kafka.properties = {{"reconnect.backoff.max.ms", "200"}};
  const auto sink = make(wanted);
  std::uint64_t sent = 0;
  {
    StreamWriter writer(stream_spec(wanted), {sink.get()}, 0);
    for (; sink->stats().counts[SinkCount::shed_flows] == 0 && sent < 1'000'000; sent += 500)
      put(writer, static_cast<std::uint32_t>(sent / 500 % 40), sent + 1, sent + 500);
  }
  // At most a block and its columns were under way when it became full.
  EXPECT_LT(sink->budget()->used(), kafka.buffer_bytes + 4 * wanted.block_bytes);
  const std::uint64_t shed = sink->stats().counts[SinkCount::shed_flows];
  EXPECT_GT(shed, 0U);
  broker_.up();
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
  EXPECT_EQ(sink->stats().counts[SinkCount::delivered_flows], sent - shed);
  auto got = numbers(broker_.read(broker_.records()));
  EXPECT_EQ(got.size(), sent - shed);
  got.erase(std::unique(got.begin(), got.end()), got.end());
  EXPECT_EQ(got.size(), sent - shed) << "each once";
  EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
}

TEST_F(KafkaNativeTest, WhoReadsMessagesCanTell) {
  NativeBlock block(nullptr, NativeBlock::Shape::arrays);
  const std::string row = numbered(1);
  block.begin(1);
  ASSERT_TRUE(block.add(encode::strip_length_prefix(bytes_of(row))));
  std::string record;
  block.write(record);
  EXPECT_TRUE(encode::columns_follow(bytes_of(record).subspan(1)));
  for (std::size_t size = 0; size < 15; ++size)
    EXPECT_FALSE(encode::columns_follow(bytes_of(record).subspan(1, size))) << size;
  test::RandomFlows random(31);
  FlowBatch batch;
  random.fill(batch, 20, 30);
  encode::RowBuffer rows;
  encode::make_row_encoder({})->encode(batch, rows);
  for (std::size_t i = 0; i < rows.rows(); ++i)
    EXPECT_FALSE(encode::columns_follow(encode::strip_length_prefix(rows.row(i))));
}

}  // namespace
}  // namespace sluice::sink
