#include "source/messages.hpp"

#include <gmock/gmock.h>

#include "capture_builder.hpp"
#include "sluice/encode/rows.hpp"

namespace sluice::source::test {
namespace {

using testing::HasSubstr;

/// Framed messages of flows with in_if 1..n.
Octets framed(std::uint32_t n) {
  FlowBatch batch;
  batch.add_origin().type = FlowType::ipfix;
  for (std::uint32_t i = 1; i <= n; ++i) {
    auto& flow = batch.append_one();
    flow.in_if = i;
    flow.bytes = i * 1000ULL;
  }
  encode::RowBuffer rows;
  encode::FormatSpec protobuf;
  encode::make_row_encoder(protobuf)->encode(batch, rows);
  return copy(rows.bytes());
}

struct Found {
  std::vector<std::uint32_t> in_if;
  MessageCounts counts;
};

Found read(const Octets& content) {
  const TemporaryFile file("x.pb", content);
  Found found;
  const auto counts = read_messages(file.path(), [&](FlowBatch& batch) {
    for (const auto& flow : batch.flows()) {
      EXPECT_EQ(batch.origin_of(flow).type, FlowType::ipfix);
      EXPECT_EQ(flow.bytes, flow.in_if * 1000ULL);
      found.in_if.push_back(flow.in_if);
    }
  });
  EXPECT_TRUE(counts) << counts.error();
  if (counts) found.counts = *counts;
  return found;
}

TEST(Messages, ComeBackInOrder) {
  const auto found = read(framed(5000));
  ASSERT_EQ(found.in_if.size(), 5000U);
  for (std::uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(found.in_if[i], i + 1);
  EXPECT_EQ(found.counts.messages, 5000U);
  EXPECT_EQ(found.counts.warning, "");
}

TEST(Messages, OfACutFileAreKept) {
  const Octets two = framed(2);
  const std::size_t first = framed(1).size();
  for (std::size_t size = 0; size < two.size(); ++size) {
    const auto found = read(Octets(two.begin(), two.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(found.counts.messages, size < first ? 0U : 1U) << size;
    if (size == 0 || size == first)
      EXPECT_EQ(found.counts.warning, "") << size;
    else
      EXPECT_THAT(found.counts.warning, HasSubstr("the last message is cut short")) << size;
  }
}

TEST(Messages, ABadOneCostsOnlyItself) {
  Octets content = framed(1);
  const Octets bad = {3, 0x0a, 0x7f, 0x01};  // a field longer than its message
  content.insert(content.end(), bad.begin(), bad.end());
  const Octets good = framed(1);
  content.insert(content.end(), good.begin(), good.end());
  const auto found = read(content);
  EXPECT_EQ(found.counts.messages, 2U);
  EXPECT_EQ(found.counts.bad, 1U);
  EXPECT_THAT(found.counts.warning, HasSubstr("no FlowMessage"));
}

TEST(Messages, AnAbsurdLengthEndsTheFile) {
  Octets content = framed(1);
  content.insert(content.end(), 10, 0xff);
  const auto found = read(content);
  EXPECT_EQ(found.counts.messages, 1U);
  EXPECT_THAT(found.counts.warning, HasSubstr("no length of a message"));
}

TEST(Messages, SayWhenTheFileCannotBeRead) {
  const auto missing = read_messages("/nowhere.pb", [](FlowBatch&) {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), "/nowhere.pb: cannot be opened: No such file or directory");
  const auto folder = read_messages("/", [](FlowBatch&) {});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error(), "/: cannot be read: Is a directory");
}

}  // namespace
}  // namespace sluice::source::test
