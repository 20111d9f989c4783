#include <gmock/gmock.h>

#include "sink/spool/format.hpp"
#include "sink_support.hpp"
#include "spool_support.hpp"

namespace sluice::sink::spool {
namespace {

using test::same;

struct Written {
  Buffer bytes;
  BlockHead head;
  Bytes table() const { return Bytes(bytes).subspan(kBlockHead, head.table_bytes); }
  Bytes payload() const { return Bytes(bytes).subspan(kBlockHead + head.table_bytes); }
};

Buffer on_disk(const Block& block) {
  Buffer out = *head_and_table(block, 1700000000);
  out.insert(out.end(), block.bytes.begin(), block.bytes.end());
  out.insert(out.end(), block.keys.begin(), block.keys.end());
  return out;
}

/// Null where any check refuses it.
std::shared_ptr<Block> read_back(Bytes bytes) {
  const auto head = read_head(bytes);
  if (!head || head->size() > bytes.size()) return nullptr;
  const Bytes table = bytes.subspan(kBlockHead, head->table_bytes);
  if (!right(bytes, table) || !read_summary(*head, table)) return nullptr;
  return read_block(*head, table, bytes.subspan(kBlockHead + head->table_bytes, head->payload_bytes));
}

class SpoolFormat : public testing::TestWithParam<std::shared_ptr<Block>> {};

TEST_P(SpoolFormat, ComesBackAsItWas) {
  const Block& block = *GetParam();
  const Buffer bytes = on_disk(block);
  const auto head = read_head(bytes);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->size(), bytes.size());
  EXPECT_EQ(head->written_s, 1700000000U);
  EXPECT_EQ(head->state, BlockState::waiting);
  const auto summary = read_summary(*head, Bytes(bytes).subspan(kBlockHead, head->table_bytes));
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->flows, block.flows);
  EXPECT_EQ(summary->bytes, block.bytes.size());
  const auto back = read_back(bytes);
  ASSERT_TRUE(back);
  EXPECT_TRUE(same(*back, block));
}

TEST_P(SpoolFormat, IsNoneWhereverItIsCut) {
  const Buffer bytes = on_disk(*GetParam());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(read_back(Bytes(bytes).first(length))) << length;
}

TEST_P(SpoolFormat, IsNoneWhicheverByteIsFlipped) {
  const Buffer bytes = on_disk(*GetParam());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      Buffer damaged = bytes;
      damaged[at] ^= static_cast<std::byte>(flip);
      const auto back = read_back(damaged);
      // The state is no part of the block.
      EXPECT_EQ(back != nullptr, at == kStateAt) << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Framings, SpoolFormat,
                         testing::Values(test::batch_block(3, "abc"),
                                         test::row_block({"first", "", "third"})),
                         [](const auto& tested) { return tested.index == 0 ? "Batch" : "Rows"; });

TEST(SpoolFormat, ATableThatLiesIsRefused) {
  // Right checksums over what does not fit together: the file of somebody who means harm.
  const auto refused = [](auto&& change) {
    const auto block = test::row_block({"a", "bb"});
    change(*block);
    return read_back(on_disk(*block)) == nullptr;
  };
  EXPECT_FALSE(refused([](Block&) {}));
  EXPECT_TRUE(refused([](Block& b) { b.row_exporters[0] = 2; }));
  EXPECT_TRUE(refused([](Block& b) { b.row_ends[1] = 99; }));
  EXPECT_TRUE(refused([](Block& b) { b.row_ends = {2, 1}; }));
  EXPECT_TRUE(refused([](Block& b) { b.row_ends.pop_back(); }));
  EXPECT_TRUE(refused([](Block& b) { b.key_ends.back() = 1; }));
  EXPECT_TRUE(refused([](Block& b) { b.exporters[0].flows = 7; }));
  EXPECT_TRUE(refused([](Block& b) { b.runs.push_back({5, 2}); }));
}

TEST(SpoolFormat, ASegmentTellsItsForm) {
  const Buffer head = segment_head("flows protobuf batch");
  const auto read = read_segment_head(head);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->form, "flows protobuf batch");
  EXPECT_EQ(read->size, head.size());
  for (std::size_t length = 0; length < head.size(); ++length)
    EXPECT_FALSE(read_segment_head(Bytes(head).first(length)));
  for (std::size_t at = 0; at < head.size(); ++at) {
    Buffer damaged = head;
    damaged[at] ^= std::byte{0x10};
    EXPECT_FALSE(read_segment_head(damaged)) << at;
  }
}

}  // namespace
}  // namespace sluice::sink::spool
