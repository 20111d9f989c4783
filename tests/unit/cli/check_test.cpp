#include <gmock/gmock.h>

#include "process.hpp"

namespace sluice::cli::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Check, PrintsWhatCountsInTheEnd) {
  const Folder folder;
  const auto file =
      folder.write("sluice.yaml", "kafka:\n  brokers: file:9092\n  topic: from-file\ncollector_id: file\n");
  const auto ended = sluice("check -c " + file + " --set kafka.topic=from-set",
                            "SLUICE_KAFKA__BROKERS=environment:9092 SLUICE_KAFKA__TOPIC=from-environment");
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, HasSubstr("environment:9092"));
  EXPECT_THAT(ended.out, HasSubstr("from-set"));
  EXPECT_THAT(ended.out, HasSubstr("collector_id: file"));
  EXPECT_THAT(ended.out, Not(HasSubstr("file:9092")));
  EXPECT_THAT(ended.out, Not(HasSubstr("from-environment")));
}

TEST(Check, TakesTheFileThatTheEnvironmentNames) {
  const Folder folder;
  const auto file = folder.write("sluice.yaml", "collector_id: named\n");
  EXPECT_THAT(sluice("check", "SLUICE_CONFIG=" + file).out, HasSubstr("collector_id: named"));
}

TEST(Check, ItsOutputIsAConfigurationThatMeansTheSame) {
  const Folder folder;
  const auto first = sluice("check --set collector_id=one --set workers=3");
  ASSERT_EQ(first.status, 0) << first.err;
  const auto second = sluice("check -c " + folder.write("again.yaml", first.out));
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.out, first.out);
}

TEST(Check, MasksSecrets) {
  const auto ended = sluice("check --set kafka.sasl.mechanism=PLAIN --set kafka.sasl.username=me",
                            "SLUICE_KAFKA__SASL__PASSWORD=hunter2");
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("hunter2")));
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("********"));
}

TEST(Check, SaysAllMistakesAtOnceWithFileAndLine) {
  const Folder folder;
  const auto file = folder.write("bad.yaml", "workers: many\n\nlisten: 2055\n");
  for (const std::string command : {"check", "run"}) {
    const auto ended = sluice(command + " -c " + file);
    EXPECT_EQ(ended.status, 2);
    EXPECT_EQ(ended.out, "");
    const auto said = lines(ended.err);
    ASSERT_EQ(said.size(), 2U) << ended.err;
    EXPECT_THAT(said[0], HasSubstr("sluice: " + file + ":1: "));
    EXPECT_THAT(said[1], HasSubstr("sluice: " + file + ":3: "));
  }
}

}  // namespace
}  // namespace sluice::cli::test
