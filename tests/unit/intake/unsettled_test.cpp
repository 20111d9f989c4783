// Steps settle in their order, when every block that was opened in them has gone.
#include "intake/unsettled.hpp"

#include <gmock/gmock.h>

namespace sluice::intake {
namespace {

using Mark = std::shared_ptr<const void>;

/// A step that read up to these offsets, one flow each; its mark, as a block would have it.
Mark step(Unsettled& steps, const std::map<std::int32_t, std::int64_t>& offsets) {
  Mark mark = steps.begin();
  for (const auto& [partition, offset] : offsets) {
    steps.part(partition).next_offset = offset;
    steps.part(partition).flows += 1;
  }
  steps.end();
  return mark;
}

std::map<std::int32_t, std::int64_t> settled(Unsettled& steps) {
  std::map<std::int32_t, std::int64_t> out;
  for (const auto& [partition, part] : steps.settled()) out[partition] = part.next_offset;
  return out;
}

TEST(Unsettled, AStepIsSettledWhenItsLastBlockHasGone) {
  Unsettled steps;
  Mark one = step(steps, {{0, 5}, {1, 9}});
  Mark other = one;
  EXPECT_THAT(settled(steps), testing::IsEmpty());
  one.reset();
  EXPECT_THAT(settled(steps), testing::IsEmpty());
  other.reset();
  EXPECT_THAT(settled(steps), testing::ElementsAre(testing::Pair(0, 5), testing::Pair(1, 9)));
  EXPECT_TRUE(steps.empty());
}

TEST(Unsettled, NoneIsSettledBeforeThoseBeforeIt) {
  Unsettled steps;
  Mark first = step(steps, {{0, 5}});
  Mark second = step(steps, {{0, 7}});
  second.reset();
  EXPECT_THAT(settled(steps), testing::IsEmpty());
  first.reset();
  EXPECT_THAT(settled(steps), testing::ElementsAre(testing::Pair(0, 7)));
}

TEST(Unsettled, AStepWithoutBlocksIsSettledAtItsEnd) {
  Unsettled steps;
  step(steps, {{3, 1}});
  EXPECT_THAT(settled(steps), testing::ElementsAre(testing::Pair(3, 1)));
}

TEST(Unsettled, APartitionThatIsForgottenIsSettledNoMore) {
  Unsettled steps;
  Mark first = step(steps, {{0, 5}, {1, 6}});
  Mark open = steps.begin();
  steps.part(0).flows = 2;
  EXPECT_EQ(steps.forget(0).flows, 3U);
  steps.end();
  first.reset();
  open.reset();
  EXPECT_THAT(settled(steps), testing::ElementsAre(testing::Pair(1, 6)));
}

TEST(Unsettled, OffsetsBeforeARestartSayNothing) {
  Unsettled steps;
  Mark first = step(steps, {{0, 500}, {1, 6}});
  Mark open = steps.begin();
  steps.part(0) = {501, 2};
  steps.restart(0);
  steps.part(0).next_offset = 1;
  steps.end();
  first.reset();
  EXPECT_THAT(settled(steps), testing::ElementsAre(testing::Pair(0, -1), testing::Pair(1, 6)));
  open.reset();
  EXPECT_THAT(settled(steps), testing::ElementsAre(testing::Pair(0, 1)));
}

}  // namespace
}  // namespace sluice::intake
