#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sluice/encode/rows.hpp"
#include "support/random_flow.hpp"
#include "unit/encode/example_flows.hpp"

namespace sluice::encode {
namespace {

using test::differing_fields;
using test::fill_examples;
using test::RandomFlows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

FormatSpec json(JsonFields fields) {
  return {.format = Format::json, .json_fields = fields, .user_fields = {}};
}

std::vector<std::string> lines(const FlowBatch& batch, RowEncoder& encoder) {
  RowBuffer rows;
  encoder.encode(batch, rows);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rows.rows(); ++i) out.emplace_back(text_of(rows.row(i)));
  return out;
}

std::vector<std::string> lines(const FlowBatch& batch, const FormatSpec& spec) {
  return lines(batch, *make_row_encoder(spec));
}

std::string error_of(std::string_view line) {
  FlowBatch batch;
  const auto result = decode_json_line(line, batch);
  EXPECT_EQ(batch.size(), result ? 1U : 0U);
  return result ? "" : result.error();
}

TEST(SluiceJson, WritesWhatIsThereUnderTheMessagesNames) {
  FlowBatch batch;
  fill_examples(batch);
  EXPECT_THAT(
      lines(batch, json(JsonFields::sluice)),
      ElementsAre(
          R"({"type":"NETFLOW_V9","sequence_num":4711,"sampler_address":"192.0.2.1","observation_domain_id":256,)"
          R"("time_received_ns":1750000000123456789,"exporter_name":"edge-1","sampling_rate":1000,)"
          R"("src_addr":"198.51.100.7","dst_addr":"203.0.113.9","bytes":18446744073709551615,"packets":12,)"
          R"("next_hop":"192.0.2.254","src_as":64500,"dst_as":4200000000,"src_net":22,"dst_net":24,"in_if":10,)"
          R"("out_if":4294967295,"proto":6,"src_port":443,"dst_port":51000,"ip_tos":184,"ip_ttl":61,"tcp_flags":27,)"
          R"("src_mac":"00:00:5e:00:53:01","dst_mac":"fe:dc:ba:98:76:54","vlan_id":100,"etype":2048,)"
          R"("time_flow_start_ns":1749999990000000000,"time_flow_end_ns":1749999999500000000,)"
          R"("flow_direction":"EGRESS","sampling_rate_source":"OPTIONS","mpls_label":[16],)"
          R"("mpls_ip":["192.0.2.33","2001:db8::33"],"bgp_next_hop":"2001:db8::1","as_path":[64500,64501],)"
          R"("layer_stack":["Ethernet","IPv4","TCP",55],"application_id":"0d000001",)"
          "\"user_name\":\"J\\ueffcrgen \\\"\\\\\\n\\t\\u0001/\u65e5\",\"vlan_priority\":0}\n",
          R"({"type":"SFLOW_5","sampler_address":"2001:db8:0:1::2","time_received_ns":1750000001000000000,)"
          R"("exporter_address":"192.0.2.2","src_addr":"2001:db8:1:2:3:4:5:6","dst_addr":"::ffff:192.0.2.5",)"
          R"("bytes":1518,"packets":1,"src_net":33,"dst_net":129,"proto":58,"etype":34525,"icmp_type":128})"
          "\n",
          R"({"type":"SFLOW_5","sampler_address":"2001:db8:0:1::2","time_received_ns":1750000001000000000,)"
          R"("exporter_address":"192.0.2.2","bytes":0,"packets":0,"proto":254,"etype":2054})"
          "\n"));
}

TEST(SluiceJson, AnEmptyFlowHasTypeTimeBytesAndPackets) {
  FlowBatch batch;
  batch.add_origin();
  batch.append_one();
  EXPECT_THAT(lines(batch, json(JsonFields::sluice)),
              ElementsAre("{\"type\":\"FLOWUNKNOWN\",\"time_received_ns\":0,\"bytes\":0,\"packets\":0}\n"));
}

TEST(SluiceJson, RandomFlowsComeBackWhole) {
  FlowBatch back;
  const auto encoder = make_row_encoder(json(JsonFields::sluice));
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    RandomFlows random(seed, {.extras = true, .any_bytes_text = true});
    FlowBatch batch;
    random.fill(batch, 3, 15);
    back.clear();
    const auto written = lines(batch, *encoder);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      ASSERT_THAT(written[i].substr(0, written[i].size() - 1), Not(HasSubstr("\n"))) << "one line a flow";
      const auto result = decode_json_line(written[i], back);
      ASSERT_TRUE(result) << result.error() << " in " << written[i];
      ASSERT_THAT(differing_fields(batch, batch.flows()[i], back, back.flows()[i]), IsEmpty()) << written[i];
    }
  }
}

TEST(SluiceJson, EachFieldAloneComesBack) {
  RandomFlows random(5, {.extras = true, .any_bytes_text = true});
  for (const FieldInfo& field : flow_fields()) {
    for (int round = 0; round < 60; ++round) {
      FlowBatch batch;
      batch.add_origin();
      random.set_random(field, batch, batch.append_one());
      FlowBatch back;
      const auto line = lines(batch, json(JsonFields::sluice)).at(0);
      ASSERT_TRUE(decode_json_line(line, back)) << line;
      ASSERT_THAT(differing_fields(batch, batch.flows()[0], back, back.flows()[0]), IsEmpty()) << line;
    }
  }
}

TEST(SluiceJson, ValuesWithoutANameStayIntegers) {
  FlowBatch batch;
  batch.add_origin().type = static_cast<FlowType>(200);
  FlowRecord& flow = batch.append_one();
  flow.flow_direction = static_cast<FlowDirection>(9);
  flow.src_mac = ~0ULL;
  const auto line = lines(batch, json(JsonFields::sluice)).at(0);
  EXPECT_THAT(line, StartsWith("{\"type\":200,"));
  EXPECT_THAT(line, HasSubstr("\"src_mac\":18446744073709551615"));
  FlowBatch back;
  ASSERT_TRUE(decode_json_line(line, back));
  EXPECT_THAT(differing_fields(batch, batch.flows()[0], back, back.flows()[0]), IsEmpty());
}

TEST(SluiceJson, EveryByteOfANameSurvivesInValidJson) {
  FlowBatch batch;
  batch.add_origin();
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  for (int c = 255; c >= 0; --c) all.push_back(static_cast<char>(c));
  all += "\u00fc\u65e5\U0001f310\uef7f\uef80\uefbf\uefff\uf000";
  batch.extras(batch.append_one()).set(ExtraText::user_name, all);
  const auto line = lines(batch, json(JsonFields::sluice)).at(0);
  EXPECT_TRUE(nlohmann::json::accept(line));
  FlowBatch back;
  ASSERT_TRUE(decode_json_line(line, back));
  EXPECT_EQ(back.extras_of(back.flows()[0])->get(ExtraText::user_name), all);
}

TEST(SluiceJson, ReadsWhatOthersMayWrite) {
  FlowBatch batch;
  const auto result = decode_json_line(
      R"( { "packets" : 3, "src_mac":"AA:bb:CC:dd:ee:ff", "dst_mac": 1, "type":4, "no_such_field":[{}], "vni":0,)"
      R"( "sampler_address":"::ffff:10.0.0.1", "user_name":"\u00fc\ud83c\udf10", "layer_stack":["Custom",2] } )",
      batch);
  ASSERT_TRUE(result) << result.error();
  const FlowRecord& flow = batch.flows()[0];
  const FlowExtras* extras = batch.extras_of(flow);
  EXPECT_EQ(flow.packets, 3U);
  EXPECT_EQ(flow.src_mac, 0xaabbccddeeffU);
  EXPECT_EQ(flow.dst_mac, 1U);
  EXPECT_EQ(batch.origin_of(flow).type, FlowType::ipfix);
  EXPECT_TRUE(extras->has(ExtraScalar::vni));
  EXPECT_EQ(extras->get(ExtraText::user_name), "\u00fc\U0001f310");
  EXPECT_THAT(extras->list(ExtraList::layer_stack), ElementsAre(99U, 2U));
  EXPECT_EQ(batch.origin_of(flow).exporter_address, batch.origin_of(flow).sampler_address);
}

TEST(SluiceJson, EachMistakeIsNamed) {
  EXPECT_EQ(error_of(""), "not JSON, at byte 1");
  EXPECT_EQ(error_of("{\"bytes\":1"), "not JSON, at byte 11");
  EXPECT_EQ(error_of("[1]"), "a line must be one JSON object");
  EXPECT_EQ(error_of(R"({"bytes":-1})"), "bytes: expected an integer of 0 to 18446744073709551615");
  EXPECT_EQ(error_of(R"({"bytes":1.5})"), "bytes: expected an integer of 0 to 18446744073709551615");
  EXPECT_EQ(error_of(R"({"bytes":18446744073709551616})"),
            "bytes: expected an integer of 0 to 18446744073709551615");
  EXPECT_EQ(error_of(R"({"src_port":65536})"), "src_port: expected an integer of 0 to 65535");
  EXPECT_EQ(error_of(R"({"proto":256})"), "proto: expected an integer of 0 to 255");
  EXPECT_EQ(error_of(R"({"vni":4294967296})"), "vni: expected an integer of 0 to 4294967295");
  EXPECT_EQ(error_of(R"({"type":"NETFLOW_V7"})"), "type: expected an integer of 0 to 255");
  EXPECT_EQ(error_of(R"({"src_mac":"aa:bb:cc:dd:ee"})"),
            "src_mac: expected a MAC address as aa:bb:cc:dd:ee:ff");
  EXPECT_EQ(error_of(R"({"src_mac":"aa:bb:cc:dd:ee-ff"})"),
            "src_mac: expected a MAC address as aa:bb:cc:dd:ee:ff");
  EXPECT_EQ(error_of(R"({"src_mac":"aa:bb:cc:dd:ee:fg"})"),
            "src_mac: expected a MAC address as aa:bb:cc:dd:ee:ff");
  EXPECT_EQ(error_of(R"({"src_addr":"10.0.0.256"})"), "src_addr: expected an IPv4 or IPv6 address");
  EXPECT_EQ(error_of(R"({"src_addr":"10.0.0.1\u0000x"})"), "src_addr: expected an IPv4 or IPv6 address");
  EXPECT_EQ(error_of(R"({"src_addr":10})"), "src_addr: expected a string");
  EXPECT_EQ(error_of(R"({"as_path":1})"), "as_path: expected an array");
  EXPECT_EQ(error_of(R"({"as_path":[1,"x"]})"), "as_path: expected an integer of 0 to 4294967295");
  EXPECT_EQ(error_of(R"({"application_id":"0d0"})"),
            "application_id: expected hexadecimal digits, two for each byte");
  EXPECT_EQ(error_of(R"({"application_id":"0x"})"),
            "application_id: expected hexadecimal digits, two for each byte");
}

TEST(SluiceJson, CutAnywhereOrWithAnyByteFlippedIsSafe) {
  FlowBatch batch;
  RandomFlows random(21, {.extras = true, .any_bytes_text = true});
  random.fill(batch, 2, 2);
  fill_examples(batch);
  FlowBatch back;
  for (const std::string& line : lines(batch, json(JsonFields::sluice))) {
    std::string changed = line;
    for (std::size_t at = 0; at < line.size() && at < 3000; ++at) {
      back.clear();
      EXPECT_EQ(decode_json_line(line.substr(0, at), back).has_value(), at == line.size() - 1);
      for (const int flip : {0x80, 0x01}) {
        changed[at] = static_cast<char>(line[at] ^ flip);
        back.clear();
        static_cast<void>(decode_json_line(changed, back));
      }
      changed[at] = line[at];
    }
  }
}

TEST(SluiceJson, DeeplyNestedInputIsRefusedWithoutHarm) {
  EXPECT_THAT(error_of("{\"x\":" + std::string(200'000, '[')), StartsWith("not JSON"));
  EXPECT_EQ(error_of("{\"x\":" + std::string(50'000, '[') + std::string(50'000, ']') + "}"), "");
}

// The expected lines are GoFlow2's own, printed from the protobuf messages of the same flows.
TEST(Goflow2Json, IsWhatGoflow2Prints) {
  FlowBatch batch;
  fill_examples(batch);
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/unit/encode/goflow2_v2.2.6.jsonl");
  std::vector<std::string> expected;
  for (std::string line; std::getline(file, line);) expected.push_back(line + "\n");
  ASSERT_EQ(expected.size(), batch.size());
  EXPECT_EQ(lines(batch, json(JsonFields::goflow2)), expected);
}

TEST(Goflow2Json, RandomFlowsAreValidJsonOfOneSetOfKeys) {
  FlowBatch batch;
  RandomFlows random(8);
  random.fill(batch, 20, 20);
  std::size_t keys = 0;
  for (const std::string& line : lines(batch, json(JsonFields::goflow2))) {
    const auto parsed = nlohmann::json::parse(line);
    if (keys == 0) keys = parsed.size();
    ASSERT_EQ(parsed.size(), keys);
  }
  EXPECT_EQ(keys, 50U);
}

TEST(KflowJson, HasKflowsTenKeys) {
  FlowBatch batch;
  fill_examples(batch);
  const auto encoder = make_row_encoder(json(JsonFields::kflow));
  EXPECT_THAT(
      lines(batch, *encoder),
      ElementsAre(R"({"dvc":"192.0.2.1","src":"198.51.100.7","srcp":443,"dst":"203.0.113.9","dstp":51000,)"
                  R"("proto":6,"flags":27,"bytes":18446744073709551615,"pkts":12,"time":1750000000123})"
                  "\n",
                  R"({"dvc":"192.0.2.2","src":"2001:db8:1:2:3:4:5:6","srcp":0,"dst":"::ffff:192.0.2.5",)"
                  R"("dstp":0,"proto":58,"flags":0,"bytes":1518,"pkts":1,"time":1750000001000})"
                  "\n",
                  R"({"dvc":"192.0.2.2","src":"0.0.0.0","srcp":0,"dst":"0.0.0.0","dstp":0,"proto":254,)"
                  R"("flags":0,"bytes":0,"pkts":0,"time":1750000001000})"
                  "\n"));
  EXPECT_EQ(encoder->left_out(), 0U);
}

TEST(KflowJson, LeavesIpv6OutWhereToldToAndCountsIt) {
  FlowBatch batch;
  fill_examples(batch);
  FormatSpec spec = json(JsonFields::kflow);
  spec.kflow_drop_ipv6 = true;
  const auto encoder = make_row_encoder(spec);
  const auto written = lines(batch, *encoder);
  ASSERT_EQ(written.size(), 3U);
  EXPECT_THAT(written[0], StartsWith("{\"dvc\""));
  EXPECT_EQ(written[1], "");
  EXPECT_THAT(written[2], StartsWith("{\"dvc\""));
  EXPECT_EQ(encoder->left_out(), 1U);
}

}  // namespace
}  // namespace sluice::encode
