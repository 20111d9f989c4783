#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "flow.pb.h"
#include "message_matches.hpp"
#include "sluice/encode/rows.hpp"
#include "support/random_flow.hpp"

namespace sluice::encode {
namespace {

using test::differing_fields;
using test::RandomFlows;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

RowBuffer encoded(const FlowBatch& batch) {
  RowBuffer rows;
  make_row_encoder({})->encode(batch, rows);
  return rows;
}

std::string error_of(std::string_view message) {
  FlowBatch batch;
  const auto result = decode_message(bytes_of(message), batch);
  EXPECT_TRUE(batch.empty()) << "a message that failed leaves no flow";
  return result ? "" : result.error();
}

TEST(DecodeMessage, RandomFlowsComeBackWhole) {
  FlowBatch back;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RandomFlows random(seed);
    FlowBatch batch;
    random.fill(batch, 3, 20);
    const RowBuffer rows = encoded(batch);
    back.clear();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto result = decode_message(strip_length_prefix(rows.row(i)), back);
      ASSERT_TRUE(result) << result.error();
      ASSERT_EQ(back.size(), i + 1);
      ASSERT_THAT(differing_fields(batch, batch.flows()[i], back, back.flows()[i]), IsEmpty())
          << "seed " << seed;
    }
  }
}

TEST(DecodeMessage, EachFieldAloneComesBack) {
  RandomFlows random(7);
  for (const FieldInfo& field : flow_fields()) {
    for (int round = 0; round < 100; ++round) {
      FlowBatch batch;
      batch.add_origin();
      random.set_random(field, batch, batch.append_one());
      FlowBatch back;
      ASSERT_TRUE(decode_message(strip_length_prefix(encoded(batch).row(0)), back));
      ASSERT_THAT(differing_fields(batch, batch.flows()[0], back, back.flows()[0]), IsEmpty());
    }
  }
}

TEST(DecodeMessage, ReadsWhatProtobufWrites) {
  FlowMessage message;
  message.set_type(FlowMessage::NETFLOW_V9);
  message.set_src_addr(std::string("\xc0\x00\x02\x01", 4));
  message.set_sampler_address(std::string("\xc0\x00\x02\xfe", 4));
  message.set_bytes(~0ULL);
  message.set_vni(0);
  message.add_as_path(64500);
  message.add_as_path(4200000000);
  message.add_layer_stack(FlowMessage::Ethernet);
  FlowBatch batch;
  ASSERT_TRUE(decode_message(bytes_of(message.SerializeAsString()), batch));
  const FlowRecord& flow = batch.flows()[0];
  const FlowExtras* extras = batch.extras_of(flow);
  ASSERT_NE(extras, nullptr);
  EXPECT_EQ(batch.origin_of(flow).type, FlowType::netflow9);
  EXPECT_EQ(batch.origin_of(flow).exporter_address.to_string(), "192.0.2.254") << "absent: the sampler's";
  EXPECT_EQ(flow.bytes, ~0ULL);
  EXPECT_TRUE(extras->has(ExtraScalar::vni));
  EXPECT_FALSE(extras->has(ExtraScalar::vlan_priority));
  EXPECT_THAT(extras->list(ExtraList::as_path), ElementsAre(64500U, 4200000000U));
  EXPECT_THAT(extras->list(ExtraList::layer_stack), ElementsAre(0U));
}

TEST(DecodeMessage, AnEmptyMessageIsAnEmptyFlow) {
  FlowBatch batch;
  ASSERT_TRUE(decode_message({}, batch));
  FlowBatch empty;
  empty.add_origin();
  empty.append_one();
  EXPECT_THAT(differing_fields(batch, batch.flows()[0], empty, empty.flows()[0]), IsEmpty());
}

TEST(DecodeMessage, ListsMayBePackedOrNot) {
  FlowBatch batch;
  // as_path (102): 1 unpacked, [2, 300] packed, 4 unpacked
  ASSERT_TRUE(decode_message(bytes_of("\xb0\x06\x01\xb2\x06\x03\x02\xac\x02\xb0\x06\x04"), batch));
  EXPECT_THAT(batch.extras_of(batch.flows()[0])->list(ExtraList::as_path), ElementsAre(1U, 2U, 300U, 4U));
}

TEST(DecodeMessage, TheLastOfSeveralValuesCounts) {
  FlowBatch batch;
  ASSERT_TRUE(decode_message(bytes_of("\x48\x01\x48\x02"), batch));
  EXPECT_EQ(batch.flows()[0].bytes, 2U);
}

TEST(DecodeMessage, UnknownFieldsAndOtherWireTypesArePassedOver) {
  FlowBatch batch;
  const std::string message = std::string("\x28\x05") + "\x80\x7d\x07" + std::string("\x2d\0\0\0\0", 5) +
                              std::string("\x29\0\0\0\0\0\0\0\0", 9) + "\x82\x7d\x02zz" +
                              "\x4a\x01y" /* bytes, delimited */ + "\x30\x04" /* src_addr, varint */ +
                              "\x50\x09";
  const auto result = decode_message(bytes_of(message), batch);
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(batch.flows()[0].packets, 9U);
  EXPECT_EQ(batch.flows()[0].bytes, 0U);
}

TEST(DecodeMessage, EachMistakeIsNamed) {
  using namespace std::string_view_literals;
  EXPECT_THAT(error_of("\x48"sv), HasSubstr("ends within a varint"));
  EXPECT_THAT(error_of("\x48\xff\xff"sv), HasSubstr("ends within a varint"));
  EXPECT_THAT(error_of("\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv),
              HasSubstr("more than 10 bytes"));
  EXPECT_THAT(error_of("\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv), HasSubstr("more than 64 bits"));
  EXPECT_THAT(error_of("\x32\x04\x01\x02\x03"sv), HasSubstr("longer than the message"));
  EXPECT_THAT(error_of("\x32\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv),
              HasSubstr("longer than the message"));
  EXPECT_THAT(error_of("\x32\x05\x01\x02\x03\x04\x05"sv), HasSubstr("src_addr: an address of 5 bytes"));
  EXPECT_THAT(error_of("\x92\x05\x03\x01\x02\x03"sv), HasSubstr("mpls_ip: an address of 3 bytes"));
  EXPECT_THAT(error_of("\xb2\x06\x02\x01\x80"sv), HasSubstr("as_path: the message ends within a varint"));
  EXPECT_THAT(error_of("\x03\x01"sv), HasSubstr("field number"));
  EXPECT_THAT(error_of("\xff\xff\xff\xff\x7f\x01"sv), HasSubstr("field number"));
  EXPECT_THAT(error_of("\x4b\x4c"sv), HasSubstr("group"));
  EXPECT_THAT(error_of("\x4c"sv), HasSubstr("group"));
  EXPECT_THAT(error_of("\x4e\x01"sv), HasSubstr("wire type"));
  EXPECT_THAT(error_of("\x2d\x01\x02"sv), HasSubstr("longer than the message"));
}

TEST(DecodeMessage, AFailureLeavesTheFlowsBefore) {
  FlowBatch batch;
  ASSERT_TRUE(decode_message(bytes_of("\x48\x01"), batch));
  ASSERT_FALSE(decode_message(bytes_of("\x48"), batch));
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(batch.flows()[0].bytes, 1U);
  ASSERT_TRUE(decode_message(bytes_of("\x48\x02"), batch));
  EXPECT_EQ(batch.flows()[1].bytes, 2U);
}

/// A copy of exactly that size, so that a sanitizer sees a read behind its end.
std::vector<std::byte> head(Bytes message, std::size_t size) {
  return {message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size)};
}

/// What comes of the first `size` bytes of a message, held against what protobuf's own classes read there:
/// the fields that are whole, or, where the cut is within one, no flow.
void expect_cut_read(Bytes message, std::size_t size) {
  const std::vector<std::byte> cut = head(message, size);
  FlowMessage theirs;
  const bool whole = theirs.ParseFromArray(cut.data(), static_cast<int>(cut.size()));
  FlowBatch batch;
  const auto result = decode_message(cut, batch);
  ASSERT_EQ(bool(result), whole) << "cut to " << size << " of " << message.size() << " bytes";
  if (!whole) {
    EXPECT_TRUE(batch.empty());
    EXPECT_THAT(result.error(), AnyOf(HasSubstr("ends within"), HasSubstr("longer than the message")));
    return;
  }
  ASSERT_EQ(batch.size(), 1U);
  // Absent for a reader of messages means: the sampler's.
  if (theirs.exporter_address().empty()) batch.origin(0).exporter_address = {};
  EXPECT_TRUE(test::message_matches(theirs, batch, batch.flows()[0])) << "cut to " << size << " bytes";
}

TEST(DecodeMessage, CutAnywhereGivesTheFieldsBeforeOrAnError) {
  RandomFlows random(11);
  FlowBatch batch;
  random.fill(batch, 3, 6);
  const RowBuffer rows = encoded(batch);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const Bytes message = strip_length_prefix(rows.row(i));
    for (std::size_t size = 0; size < message.size(); ++size)
      ASSERT_NO_FATAL_FAILURE(expect_cut_read(message, size));
  }
}

TEST(DecodeMessage, WithAnyByteFlippedGivesAFlowThatIsWrittenTheSameAgainOrAnError) {
  RandomFlows random(11);
  FlowBatch batch;
  random.fill(batch, 3, 6);
  const RowBuffer rows = encoded(batch);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const Bytes message = strip_length_prefix(rows.row(i));
    std::vector<std::byte> bytes = head(message, message.size());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const std::byte kept = bytes[at];
      for (const unsigned flip : {0xffU, 0x80U, 0x01U}) {
        bytes[at] = kept ^ static_cast<std::byte>(flip);
        FlowBatch read;
        const auto result = decode_message(bytes, read);
        refused += !result;
        ASSERT_EQ(read.size(), result ? 1U : 0U);
        if (!result) continue;
        const RowBuffer once = encoded(read);
        FlowBatch again;
        ASSERT_TRUE(decode_message(strip_length_prefix(once.row(0)), again));
        const RowBuffer twice = encoded(again);
        ASSERT_TRUE(std::ranges::equal(once.row(0), twice.row(0))) << "byte " << at << " of row " << i;
      }
      bytes[at] = kept;
    }
  }
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace sluice::encode
