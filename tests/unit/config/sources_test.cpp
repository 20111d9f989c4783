// The setting `sources`.
#include <gmock/gmock.h>

#include "config/reload.hpp"
#include "support.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> mistakes(const std::string& yaml) { return told(load_text(yaml)); }

TEST(Sources, AreReadAndListenersAreNot) {
  const auto result = load_text(
      "sources:\n  up:\n    type: kafka\n    brokers: k:9092\n    topic: raw\n    group: g\n    framing: "
      "plain\n"
      "    start: latest\n    readers: 3\n    buffer_bytes: 8MB\n    tls: {enabled: true}\n"
      "    properties: {fetch.wait.max.ms: 5}\n");
  ASSERT_THAT(told(result), IsEmpty());
  EXPECT_THAT(result.config.listeners, IsEmpty());
  intake::Settings expected;
  expected.brokers = "k:9092";
  expected.topic = "raw";
  expected.group = "g";
  expected.framing = sink::Framing::plain;
  expected.start = intake::Start::latest;
  expected.readers = 3;
  expected.buffer_bytes = 8 << 20;
  expected.tls = true;
  expected.properties["fetch.wait.max.ms"] = "5";
  EXPECT_EQ(result.config.sources.at("up"), expected);
}

TEST(Sources, StandBesideListenersThatAreGiven) {
  const auto both = load_text("sources: {up: {type: kafka, topic: t}}\nlisteners: ['[::]:2055']\n");
  ASSERT_THAT(told(both), IsEmpty());
  EXPECT_EQ(both.config.listeners.size(), 1U);
  EXPECT_EQ(load_text("sources: {}\n").config.listeners.size(), 3U);
}

TEST(Sources, WhatIsWrittenIsReadBack) {
  const auto result = load_text("sources: {up: {type: kafka, topic: t, readers: 2}}\n");
  const auto again = load_text(to_yaml(result.config));
  EXPECT_THAT(told(again), IsEmpty());
  EXPECT_EQ(again.config, result.config);
}

TEST(Sources, MistakesAreToldWithTheirLines) {
  EXPECT_THAT(mistakes("sources:\n  up: {topic: t}\n"),
              ElementsAre("FILE:2: sources.up has no type; add one, such as type: kafka"));
  EXPECT_THAT(mistakes("sources:\n  up: {type: kafka}\n"),
              ElementsAre("FILE:2: sources.up has no topic; add one, such as topic: flows-raw"));
  EXPECT_THAT(mistakes("sources:\n  up: {type: file, topic: t}\n"),
              ElementsAre("FILE:2: sources.up.type is \"file\"; it takes kafka"));
  EXPECT_THAT(mistakes("sources:\n  Up: {type: kafka, topic: t}\n"),
              ElementsAre("FILE:2: \"Up\" is no name for a source; it takes 1 to 64 of a-z, 0-9, _ and -"));
  EXPECT_THAT(mistakes("sources:\n  up:\n    type: kafka\n    topic: t\n    partition_by: exporter\n").size(),
              1U);
  EXPECT_THAT(mistakes("sources:\n  up:\n    type: kafka\n    topic: t\n    properties: {group.id: x}\n"),
              ElementsAre("FILE:5: sources.up.properties.group.id cannot be set: it takes group for that"));
  EXPECT_THAT(
      mistakes("sources:\n  up:\n    type: kafka\n    topic: t\n    sasl: {username: x}\n"),
      ElementsAre("FILE:5: sources.up.sasl.username is given without sources.up.sasl.mechanism; it takes "
                  "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"));
  EXPECT_THAT(
      mistakes("listeners: []\n"),
      ElementsAre("FILE:1: listeners is empty; name at least one, or leave it out for 6343, 2055 and 4739"));
}

TEST(Sources, ThatReadWhatASinkWritesAreRefused) {
  EXPECT_THAT(
      mistakes("sources:\n  up:\n    type: kafka\n    topic: flows\nkafka: {}\n"),
      ElementsAre("FILE:4: sources.up.topic is \"flows\", which the sink kafka writes to; flows would go "
                  "round for ever"));
  EXPECT_THAT(mistakes("sources:\n  up:\n    type: kafka\n    topic: raw\nkafka: {}\n"), IsEmpty());
}

TEST(Sources, NeedARestart) {
  Config running = load_text("sources: {up: {type: kafka, topic: t}}\n").config;
  const Config wanted = load_text("sources: {up: {type: kafka, topic: u}}\n").config;
  EXPECT_THAT(take_over(wanted, running).needs_restart, ElementsAre("sources"));
  EXPECT_EQ(running.sources.at("up").topic, "t");
  EXPECT_THAT(difference(flattened(wanted), flattened(running)).needs_restart,
              ElementsAre("sources.up.topic"));
}

TEST(Sources, AreSetFromOutside) {
  const auto result =
      load_text("sources: {up: {type: kafka, topic: t}}\n", {{"SLUICE_SOURCES__UP__GROUP", "g"}},
                {"sources.up.properties.fetch.wait.max.ms=5"});
  ASSERT_THAT(told(result), IsEmpty());
  EXPECT_EQ(result.config.sources.at("up").group, "g");
  EXPECT_EQ(result.config.sources.at("up").properties.at("fetch.wait.max.ms"), "5");
}

}  // namespace
}  // namespace sluice::config
