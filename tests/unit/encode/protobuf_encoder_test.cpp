#include "encode/encoders.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <gtest/gtest.h>

#include "support/random_flow.hpp"
#include "unit/encode/message_matches.hpp"

namespace sluice::encode {
namespace {

using test::message_matches;
using test::RandomFlows;

FlowMessage parse(Bytes row) {
  const Bytes body = strip_length_prefix(row);
  FlowMessage message;
  EXPECT_TRUE(message.ParseFromArray(body.data(), static_cast<int>(body.size())));
  return message;
}

class ProtobufEncoder : public ::testing::TestWithParam<RowBuild> {
 protected:
  void SetUp() override {
    if (!runs(GetParam())) GTEST_SKIP() << "this processor has no BMI2";
    encoder_ = make_protobuf_encoder(GetParam());
  }
  void encode(const FlowBatch& batch) {
    rows_.clear();
    encoder_->encode(batch, rows_);
    ASSERT_EQ(rows_.rows(), batch.size());
  }
  void expect_read_back(const FlowBatch& batch) {
    encode(batch);
    for (std::size_t i = 0; i < batch.size(); ++i)
      ASSERT_TRUE(message_matches(parse(rows_.row(i)), batch, batch.flows()[i])) << "flow " << i;
  }

  std::unique_ptr<RowEncoder> encoder_;
  RowBuffer rows_;
};

INSTANTIATE_TEST_SUITE_P(Builds, ProtobufEncoder, ::testing::Values(RowBuild::plain, RowBuild::v3),
                         [](const auto& build) { return build.param == RowBuild::plain ? "Plain" : "V3"; });

TEST_P(ProtobufEncoder, NoFlowsNoRows) {
  encode(FlowBatch{});
  EXPECT_EQ(rows_.size(), 0U);
}

TEST_P(ProtobufEncoder, AnEmptyFlowIsAnEmptyMessage) {
  FlowBatch batch;
  batch.add_origin();
  batch.append_one();
  encode(batch);
  ASSERT_EQ(rows_.row(0).size(), 1U);
  EXPECT_EQ(rows_.row(0)[0], std::byte{0});
}

TEST_P(ProtobufEncoder, EachFieldAloneIsReadBack) {
  RandomFlows random(1);
  for (const FieldInfo& field : flow_fields()) {
    for (int round = 0; round < 200; ++round) {
      FlowBatch batch;
      batch.add_origin();
      FlowRecord& flow = batch.append_one();
      random.set_random(field, batch, flow);
      SCOPED_TRACE(field.name);
      ASSERT_NO_FATAL_FAILURE(expect_read_back(batch));
    }
  }
}

TEST_P(ProtobufEncoder, EachBitOfEachIntegerIsReadBack) {
  for (const FieldInfo& field : flow_fields()) {
    if (field.kind > FieldKind::mac) continue;
    for (unsigned bit = 0; bit < 64; ++bit) {
      for (const std::uint64_t value : {1ULL << bit, ~0ULL >> bit}) {
        FlowBatch batch;
        batch.add_origin();
        FlowRecord& flow = batch.append_one();
        set_integer_field(field, batch, flow, field.kind == FieldKind::uint32 ? value & 0xffffffff : value);
        SCOPED_TRACE(field.name);
        ASSERT_NO_FATAL_FAILURE(expect_read_back(batch));
      }
    }
  }
}

TEST_P(ProtobufEncoder, AllFieldsAtTheirLargestAreReadBack) {
  FlowBatch batch;
  batch.add_origin();
  FlowRecord& flow = batch.append_one();
  RandomFlows random(2);
  for (const FieldInfo& field : flow_fields()) {
    random.set_random(field, batch, flow);
    if (field.kind <= FieldKind::mac)
      set_integer_field(field, batch, flow, field.kind == FieldKind::uint32 ? 0xffffffffULL : ~0ULL);
  }
  expect_read_back(batch);
}

TEST_P(ProtobufEncoder, APresentZeroIsToldFromNothing) {
  for (const FieldInfo& field : flow_fields()) {
    if (!field.optional) continue;
    FlowBatch batch;
    batch.add_origin();
    set_integer_field(field, batch, batch.append_one(), 0);
    batch.append_one();
    encode(batch);
    const auto* descriptor = FlowMessage::descriptor()->FindFieldByNumber(field.number);
    const FlowMessage set = parse(rows_.row(0));
    const FlowMessage unset = parse(rows_.row(1));
    EXPECT_TRUE(set.GetReflection()->HasField(set, descriptor)) << field.name;
    EXPECT_FALSE(unset.GetReflection()->HasField(unset, descriptor)) << field.name;
  }
}

TEST_P(ProtobufEncoder, RandomBatchesAreReadBack) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    RandomFlows random(seed, {.extras = seed % 3 != 0});
    FlowBatch batch;
    random.fill(batch, 1 + seed % 5, 1 + seed % 70);
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(expect_read_back(batch));
  }
}

TEST_P(ProtobufEncoder, AnEncoderUsedAgainForgetsTheBatchBefore) {
  RandomFlows random(3);
  FlowBatch batch;
  for (int round = 0; round < 50; ++round) {
    batch.clear();
    random.fill(batch, 3, 3);
    ASSERT_NO_FATAL_FAILURE(expect_read_back(batch));
  }
}

TEST_P(ProtobufEncoder, RowsAreOneDelimitedStream) {
  RandomFlows random(4);
  FlowBatch batch;
  random.fill(batch, 4, 40);
  encode(batch);
  google::protobuf::io::ArrayInputStream in(rows_.bytes().data(), static_cast<int>(rows_.size()));
  FlowMessage message;
  for (const FlowRecord& flow : batch.flows()) {
    bool end = false;
    message.Clear();
    ASSERT_TRUE(google::protobuf::util::ParseDelimitedFromZeroCopyStream(&message, &in, &end));
    ASSERT_TRUE(message_matches(message, batch, flow));
  }
  EXPECT_EQ(in.ByteCount(), static_cast<std::int64_t>(rows_.size()));
}

TEST_P(ProtobufEncoder, RowsOfEveryLengthWidthFollowEachOther) {
  FlowBatch batch;
  batch.add_origin();
  for (const std::size_t length : {0U, 10U, 120U, 130U, 16'000U, 17'000U, 3U, 2'100'000U, 200U, 1U}) {
    FlowRecord& flow = batch.append_one();
    if (length != 0) batch.extras(flow).set(ExtraText::user_name, std::string(length, 'x'));
  }
  expect_read_back(batch);
}

TEST_P(ProtobufEncoder, TheExportersAddressIsWrittenWhereItIsNotTheSamplers) {
  FlowBatch batch;
  Origin& same = batch.add_origin();
  same.sampler_address = same.exporter_address = IpAddress::v4(0xc0000201);
  batch.append_one();
  Origin& other = batch.add_origin();
  other.sampler_address = IpAddress::v4(0xc0000201);
  other.exporter_address = IpAddress::v4(0xc0000202);
  batch.append_one();
  encode(batch);
  EXPECT_EQ(parse(rows_.row(0)).exporter_address(), "");
  EXPECT_EQ(parse(rows_.row(1)).exporter_address(), std::string("\xc0\x00\x02\x02", 4));
}

TEST_P(ProtobufEncoder, NamesThatAreNoUtf8CostNoMessage) {
  FlowBatch batch;
  batch.add_origin().exporter_name = "a\xff";
  batch.extras(batch.append_one())
      .set(ExtraText::user_name, "J\xfcrgen \xed\xa0\x80 \xe2\x82\xac \xc0\x80\xf5\xe2\x82");
  encode(batch);
  const FlowMessage message = parse(rows_.row(0));
  EXPECT_EQ(message.exporter_name(), "a\uFFFD");
  EXPECT_EQ(message.user_name(), "J\uFFFDrgen \uFFFD\uFFFD\uFFFD \u20AC \uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST_P(ProtobufEncoder, AnIntegerWiderThanItsFieldKeepsTheFieldReadable) {
  FlowBatch batch;
  batch.add_origin();
  batch.extras(batch.append_one()).set(ExtraScalar::vni, 0x1'0000'0007ULL);
  encode(batch);
  EXPECT_EQ(parse(rows_.row(0)).vni(), 7U);
}

TEST(RowBuilds, GiveTheSameBytes) {
  if (!runs(RowBuild::v3)) GTEST_SKIP() << "this processor has no BMI2";
  const auto plain = make_protobuf_encoder(RowBuild::plain);
  const auto v3 = make_protobuf_encoder(RowBuild::v3);
  for (std::uint64_t seed = 1000; seed < 1100; ++seed) {
    RandomFlows random(seed, {.extras = true, .any_bytes_text = true});
    FlowBatch batch;
    random.fill(batch, 4, 50);
    RowBuffer a;
    RowBuffer b;
    plain->encode(batch, a);
    v3->encode(batch, b);
    ASSERT_EQ(a.rows(), b.rows());
    ASSERT_TRUE(std::ranges::equal(a.bytes(), b.bytes())) << "seed " << seed;
  }
}

TEST(RowBuilds, TheBestOneRuns) { EXPECT_TRUE(runs(best_row_build())); }

TEST(StripLengthPrefix, OfAnythingStaysWithinTheRow) {
  EXPECT_TRUE(strip_length_prefix({}).empty());
  const std::array<std::byte, 2> unended{std::byte{0x80}, std::byte{0xff}};
  EXPECT_TRUE(strip_length_prefix(unended).empty());
  const std::array<std::byte, 2> one{std::byte{1}, std::byte{0x42}};
  EXPECT_EQ(strip_length_prefix(one).size(), 1U);
}

}  // namespace
}  // namespace sluice::encode
