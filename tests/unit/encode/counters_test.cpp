// The rows of the counters stream, as protobuf's own classes and a JSON parser read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "counters.pb.h"
#include "sluice/encode/rows.hpp"
#include "sluice/encode/schema.hpp"

namespace sluice::encode {
namespace {

FormatSpec counters(Format format) {
  FormatSpec spec;
  spec.format = format;
  spec.stream = Stream::counters;
  return spec;
}

/// A counter sample with a structure of each layout and a raw one, and an options record.
FlowBatch both_kinds() {
  FlowBatch batch;
  batch.want_counters();
  Origin& sflow = batch.add_origin();
  sflow.type = FlowType::sflow5;
  sflow.sequence_num = 77;
  sflow.time_received_ns = 1700000000123456789ULL;
  sflow.sampler_address = *IpAddress::parse("192.0.2.1");
  sflow.exporter_address = *IpAddress::parse("2001:db8::9");
  sflow.exporter_name = "edge \"1\"";
  sflow.collector_id = "here";
  batch.append_one();  // a flow of the same datagram is none of this stream's rows
  CounterRecord& sample = batch.counters()->add();
  sample.sub_agent_id = 2;
  sample.uptime_ms = 3;
  sample.sample_sequence = 4;
  sample.source_id_type = 1;
  sample.source_id_index = 5;
  const std::byte raw[]{std::byte{0xab}, std::byte{0x01}};
  batch.counters()->add_raw(4413, 3, raw);
  for (const CounterLayout& layout : counter_layouts()) {
    std::vector<std::uint64_t> values;
    for (const CounterField& field : layout.fields)
      values.push_back(field.wide ? ~0ULL - field.number : field.number);
    batch.counters()->add_values(layout, values);
  }
  batch.add_origin().type = FlowType::ipfix;
  CounterRecord& options = batch.counters()->add();
  options.origin = 1;
  options.options = true;
  options.template_id = 300;
  batch.counters()->add_raw(0, 149, raw, true);
  batch.counters()->add_raw(9, 12345, {});
  return batch;
}

CounterMessage parse(Bytes row) {
  const Bytes body = strip_length_prefix(row);
  CounterMessage message;
  EXPECT_TRUE(message.ParseFromArray(body.data(), static_cast<int>(body.size())));
  return message;
}

TEST(CountersProtobuf, IsReadBack) {
  RowBuffer rows;
  make_row_encoder(counters(Format::protobuf))->encode(both_kinds(), rows);
  ASSERT_EQ(rows.rows(), 2U);
  const CounterMessage sample = parse(rows.row(0));
  EXPECT_EQ(sample.type(), CounterMessage::SFLOW_5);
  EXPECT_EQ(sample.time_received_ns(), 1700000000123456789ULL);
  EXPECT_EQ(sample.sequence_num(), 77U);
  EXPECT_EQ(sample.sampler_address(), std::string("\xc0\x00\x02\x01", 4));
  EXPECT_EQ(sample.exporter_address().size(), 16U);
  EXPECT_EQ(sample.exporter_name(), "edge \"1\"");
  EXPECT_EQ(sample.collector_id(), "here");
  EXPECT_EQ(sample.sub_agent_id(), 2U);
  EXPECT_EQ(sample.uptime_ms(), 3U);
  EXPECT_EQ(sample.sample_sequence(), 4U);
  EXPECT_EQ(sample.source_id_type(), 1U);
  EXPECT_EQ(sample.source_id_index(), 5U);
  EXPECT_EQ(sample.interface().if_index(), 1U);
  EXPECT_EQ(sample.interface().if_in_octets(), ~0ULL - 6);
  EXPECT_EQ(sample.interface().if_promiscuous_mode(), 19U);
  EXPECT_EQ(sample.ethernet().symbol_errors(), 13U);
  EXPECT_EQ(sample.processor().free_memory(), ~0ULL - 5);
  ASSERT_EQ(sample.raw_size(), 1);
  EXPECT_EQ(sample.raw(0).enterprise(), 4413U);
  EXPECT_EQ(sample.raw(0).format(), 3U);
  EXPECT_EQ(sample.raw(0).data(), "\xab\x01");
  EXPECT_FALSE(sample.has_options());
  const CounterMessage options = parse(rows.row(1));
  EXPECT_EQ(options.type(), CounterMessage::IPFIX);
  EXPECT_EQ(options.options().template_id(), 300U);
  ASSERT_EQ(options.options().fields_size(), 2);
  EXPECT_TRUE(options.options().fields(0).scope());
  EXPECT_EQ(options.options().fields(0).element(), 149U);
  EXPECT_EQ(options.options().fields(0).value(), "\xab\x01");
  EXPECT_EQ(options.options().fields(1).enterprise(), 9U);
  EXPECT_FALSE(options.has_interface());
}

// A structure whose numbers are all 0 was sent all the same.
TEST(CountersProtobuf, AStructureOfZerosIsThere) {
  FlowBatch batch;
  batch.want_counters();
  batch.add_origin();
  batch.counters()->add();
  const std::vector<std::uint64_t> zeros(13);
  batch.counters()->add_values(*find_counter_layout(0, 2), zeros);
  RowBuffer rows;
  make_row_encoder(counters(Format::protobuf))->encode(batch, rows);
  EXPECT_TRUE(parse(rows.row(0)).has_ethernet());
}

TEST(CountersJson, IsReadBack) {
  RowBuffer rows;
  make_row_encoder(counters(Format::json))->encode(both_kinds(), rows);
  ASSERT_EQ(rows.rows(), 2U);
  const auto line = [&](std::size_t i) {
    const Bytes row = rows.row(i);
    return nlohmann::json::parse(std::string(reinterpret_cast<const char*>(row.data()), row.size()));
  };
  const auto sample = line(0);
  EXPECT_EQ(sample["type"], "SFLOW_5");
  EXPECT_EQ(sample["sampler_address"], "192.0.2.1");
  EXPECT_EQ(sample["exporter_address"], "2001:db8::9");
  EXPECT_EQ(sample["exporter_name"], "edge \"1\"");
  EXPECT_EQ(sample["source_id_index"], 5);
  for (const CounterLayout& layout : counter_layouts())
    for (const CounterField& field : layout.fields)
      EXPECT_EQ(sample[std::string(layout.name)][std::string(field.name)],
                field.wide ? ~0ULL - field.number : field.number)
          << field.name;
  EXPECT_EQ(sample["raw"].dump(), R"([{"data":"ab01","enterprise":4413,"format":3}])");
  const auto options = line(1);
  EXPECT_EQ(options["type"], "IPFIX");
  EXPECT_EQ(options["options"].dump(), R"({"fields":[{"element":149,"scope":true,"value":"ab01"},)"
                                       R"({"element":12345,"enterprise":9,"value":""}],"template_id":300})");
}

TEST(Counters, NoneAreNoRows) {
  FlowBatch batch;
  batch.add_origin();
  batch.append_one();
  RowBuffer rows;
  for (const Format format : {Format::protobuf, Format::json}) {
    make_row_encoder(counters(format))->encode(batch, rows);
    EXPECT_EQ(rows.rows(), 0U);
  }
}

TEST(Counters, SchemaIsTheProtoFile) {
  EXPECT_THAT(counters_proto_schema(), testing::HasSubstr("message CounterMessage {"));
}

}  // namespace
}  // namespace sluice::encode
