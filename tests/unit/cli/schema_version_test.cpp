#include <gmock/gmock.h>

#include "cli/field_table.hpp"
#include "process.hpp"

namespace sluice::cli::test {
namespace {

TEST(Schema, ProtoIsTheFileOfTheTree) {
  const auto ended = sluice("schema proto");
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, read_file(SLUICE_SOURCE_DIR "/proto/flow.proto"));
}

TEST(Schema, FieldsIsTheTable) {
  const auto ended = sluice("schema fields");
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, field_table());
}

TEST(Version, NamesBuildAndLibraries) {
  const auto ended = sluice("version");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out,
              testing::ContainsRegex("^sluice [0-9]+\\.[0-9]+\\.[0-9]+\ncommit +[^ ]+\ncompiler +[^ ]+ "));
  EXPECT_THAT(ended.out, testing::HasSubstr("\nlibrdkafka  "));
  EXPECT_THAT(ended.out, testing::HasSubstr("\nlibpcap     "));
}

}  // namespace
}  // namespace sluice::cli::test
