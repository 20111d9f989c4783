// Which of several places counts, and what may stand in each.
#include <gmock/gmock.h>

#include <cstdlib>

#include "support.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Layers, TheStrongerCounts) {
  const char* yaml = "workers: 2";
  EXPECT_EQ(load({}).config.workers, 0U);
  EXPECT_EQ(load_text(yaml).config.workers, 2U);
  EXPECT_EQ(load_text(yaml, {{"SLUICE_WORKERS", "3"}}).config.workers, 3U);
  EXPECT_EQ(load_text(yaml, {{"SLUICE_WORKERS", "3"}}, {"workers=4"}).config.workers, 4U);
  EXPECT_EQ(load_text(yaml, {{"SLUICE_WORKERS", "3"}}, {"workers=4", "workers=5"}).config.workers, 5U);
}

TEST(Layers, StrongerSettingsLeaveTheirNeighbours) {
  const auto result = load_text("kafka: {topic: a, brokers: b:1, sasl: {mechanism: PLAIN, username: u}}",
                                {{"SLUICE_KAFKA__SASL__PASSWORD", "p"}}, {"kafka.topic=c"});
  ASSERT_THAT(told(result), IsEmpty());
  const sink::KafkaSettings& kafka = kafka_of(result);
  EXPECT_EQ(kafka.topic, "c");
  EXPECT_EQ(kafka.brokers, "b:1");
  EXPECT_EQ(kafka.sasl_username, "u");
  EXPECT_EQ(kafka.sasl_password, "p");
}

TEST(Layers, TheFileIsNamedByVariableUnlessByRequest) {
  const TemporaryFile one("workers: 1");
  const TemporaryFile two("workers: 2");
  EXPECT_EQ(load({std::nullopt, {}, {{"SLUICE_CONFIG", one.path()}}}).config.workers, 1U);
  EXPECT_EQ(load({two.path(), {}, {{"SLUICE_CONFIG", one.path()}}}).config.workers, 2U);
  EXPECT_TRUE(load({std::nullopt, {}, {{"SLUICE_CONFIG", ""}}}).ok());
}

TEST(Layers, VariablesOfTheCommandsAreNoSettings) {
  EXPECT_THAT(told(load({std::nullopt,
                         {},
                         {{"SLUICE_API_URL", "http://a:1"},
                          {"SLUICE_METRICS_URL", "http://a:2"},
                          {"CLICKHOUSE_URL", "x"}}})),
              IsEmpty());
}

TEST(Layers, ListsAndMapsAreYamlTextOutsideTheFile) {
  const auto result = load_text("listeners: [\"0.0.0.0:1\"]\nmetrics: {allow: [10.0.0.0/8]}",
                                {{"SLUICE_LISTENERS", "[\"127.0.0.1:2055\", {port: 6343, protocol: sflow}]"},
                                 {"SLUICE_METRICS__ALLOW", "[]"},
                                 {"SLUICE_KAFKA", "{topic: t, partition_by: [src_addr, dst_addr]}"}},
                                {"exporters=[{prefix: 192.0.2.0/24, name: core}]", "kafka.brokers=b:1"});
  ASSERT_THAT(told(result), IsEmpty());
  ASSERT_EQ(result.config.listeners.size(), 2U);
  EXPECT_EQ(result.config.listeners[1].protocol, decode::Accept::sflow);
  EXPECT_THAT(result.config.metrics.allow, IsEmpty());
  EXPECT_EQ(result.config.exporters.at(0).settings.name, "core");
  const sink::KafkaSettings& kafka = kafka_of(result);
  EXPECT_EQ(kafka.topic, "t");
  EXPECT_EQ(kafka.brokers, "b:1");
  EXPECT_THAT(kafka.key_fields, ElementsAre("src_addr", "dst_addr"));
}

TEST(Layers, TextOutsideTheFileStandsAsItIs) {
  const auto result = load({std::nullopt, {"collector_id=a: [b"}, {{"SLUICE_API__TOKEN", "${x}: #'"}}});
  ASSERT_THAT(told(result), IsEmpty());
  EXPECT_EQ(result.config.collector_id, "a: [b");
  EXPECT_EQ(result.config.api.token, "${x}: #'");
}

TEST(Layers, TopLevelKafkaIsTheSinkOfThatName) {
  EXPECT_EQ(kafka_of(load_text("sinks: {kafka: {type: kafka, topic: a}}", {}, {"kafka.topic=b"})).topic, "b");
  EXPECT_EQ(kafka_of(load_text("kafka: {topic: a}", {}, {"sinks.kafka.topic=b"})).topic, "b");
  const auto both = load_text("sinks: {out: {type: stdout}}", {{"SLUICE_KAFKA__TOPIC", "c"}});
  ASSERT_THAT(told(both), IsEmpty());
  EXPECT_EQ(both.config.sinks.size(), 2U);
  EXPECT_TRUE(both.config.sinks.at("kafka").kafka());
  EXPECT_EQ(kafka_of(load_text("kafka:")), sink::KafkaSettings{});
}

TEST(Layers, PropertiesKeepTheirDots) {
  const auto result = load_text("kafka: {properties: {linger.ms: 1, client.id: x}}",
                                {{"SLUICE_KAFKA__PROPERTIES__LINGER__MS", "2"}},
                                {"kafka.properties.queue.buffering.max.messages=3"});
  ASSERT_THAT(told(result), IsEmpty());
  EXPECT_THAT(kafka_of(result).properties, ElementsAre(Pair("client.id", "x"), Pair("linger.ms", "2"),
                                                       Pair("queue.buffering.max.messages", "3")));
}

TEST(Layers, VariablesOfTheFileAreSubstituted) {
  const auto result = load_text(
      "workers: ${WORKERS}\n"
      "collector_id: ${NAME:-edge}-1\n"
      "metrics: {allow: \"${ALLOW}\"}\n"
      "kafka: {brokers: \"${HOST}:9092\", properties: {client.id: \"$${raw}\"}}\n",
      {{"WORKERS", "7"}, {"HOST", "k1"}, {"ALLOW", "[10.0.0.0/8, 192.0.2.0/24]"}});
  ASSERT_THAT(told(result), IsEmpty());
  EXPECT_EQ(result.config.workers, 7U);
  EXPECT_EQ(result.config.collector_id, "edge-1");
  EXPECT_THAT(result.config.metrics.allow, ElementsAre("10.0.0.0/8", "192.0.2.0/24"));
  EXPECT_EQ(kafka_of(result).brokers, "k1:9092");
  EXPECT_EQ(kafka_of(result).properties.at("client.id"), "${raw}");
}

TEST(Layers, SecretsComeFromFiles) {
  const TemporaryFile secret("hunter2\n");
  const TemporaryFile empty("\n");
  const std::string yaml = "api: {token_file: " + secret.path() + "}";
  EXPECT_EQ(load_text(yaml).config.api.token, "hunter2");
  EXPECT_EQ(load_text("api: {token: \"\", token_file: " + secret.path() + "}").config.api.token, "hunter2");
  const auto result = load_text("api: {token_file: " + empty.path() + "}");
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_EQ(result.errors[0].message,
            "api.token_file names \"" + empty.path() + "\", which is empty; it takes a file with the secret");
}

TEST(Layers, TheStrongerSpellingOfASecretCounts) {
  const TemporaryFile secret("from file\n");
  const auto in_place =
      load_text("api: {token_file: /nonexistent}", {{"SLUICE_API__TOKEN", "from variable"}});
  ASSERT_THAT(told(in_place), IsEmpty());
  EXPECT_EQ(in_place.config.api.token, "from variable");
  const auto in_file = load_text("api: {token: weak}", {}, {"api.token_file=" + secret.path()});
  ASSERT_THAT(told(in_file), IsEmpty());
  EXPECT_EQ(in_file.config.api.token, "from file");
  EXPECT_THAT(told(load({std::nullopt, {}, {{"SLUICE_API__TOKEN", "a"}, {"SLUICE_API__TOKEN_FILE", "/b"}}})),
              ElementsAre("environment SLUICE_API__TOKEN_FILE: api.token and api.token_file are both given; "
                          "keep one of them"));
}

struct Outside {
  Environment environment;
  std::vector<std::string> set;
  const char* message;
};

TEST(Layers, MistakesOutsideTheFileNameTheirPlace) {
  const Outside mistakes[] = {
      {{}, {"kafka.topic"}, "--set kafka.topic: takes NAME=VALUE, such as --set kafka.topic=flows"},
      {{}, {"=x"}, "--set: takes NAME=VALUE, such as --set kafka.topic=flows"},
      {{},
       {"kafka..topic=x"},
       "--set kafka..topic: a part of the name \"kafka..topic\" is empty; it takes names such as "
       "kafka.topic"},
      {{}, {"kafka.topik=x"}, "--set kafka.topik: unknown key \"kafka.topik\"; did you mean kafka.topic?"},
      {{}, {"kafak.topic=x"}, "--set kafak.topic: unknown key \"kafak\"; did you mean kafka?"},
      {{},
       {"listeners=[{port: 1"},
       "--set listeners: listeners: not valid YAML at column 1: end of map flow not found"},
      {{},
       {"listeners=[{prt: 1, port: 1}]"},
       "--set listeners: unknown key \"listeners[0].prt\"; did you mean listeners[0].port?"},
      {{},
       {"receive=5"},
       "--set receive: receive is \"5\"; it takes a map of settings (buffer, batch, steering, gro, "
       "exporters_only, tcp)"},
      {{{"SLUICE_KAFKA_TOPIC", "x"}},
       {},
       "environment SLUICE_KAFKA_TOPIC: unknown key \"kafka_topic\"; did you mean SLUICE_KAFKA__TOPIC?"},
      {{{"SLUICE_WORKRES", "1"}},
       {},
       "environment SLUICE_WORKRES: unknown key \"workres\"; did you mean SLUICE_WORKERS?"},
      {{{"SLUICE_KAFKA__TOPIC", "a"}, {"SLUICE_SINKS__KAFKA__TOPIC", "b"}},
       {},
       "environment SLUICE_SINKS__KAFKA__TOPIC: sets the same as environment SLUICE_KAFKA__TOPIC; keep one "
       "of them"},
      {{{"SLUICE_WORKERS", ""}},
       {},
       "environment SLUICE_WORKERS: workers is \"\"; it takes a whole number from 0 to 1024"},
  };
  for (const Outside& mistake : mistakes)
    EXPECT_THAT(told(load({std::nullopt, mistake.set, mistake.environment})), ElementsAre(mistake.message));
}

TEST(Layers, ASettingWithinWhatIsNoMapIsTold) {
  EXPECT_THAT(told(load_text("kafka: yes", {}, {"kafka.topic=x"})),
              ElementsAre("FILE:1: sinks.kafka is \"yes\"; it takes a map of settings"));
  EXPECT_THAT(
      told(load_text("listeners: [\"0.0.0.0:1\"]", {}, {"listeners.0=x"})),
      testing::Contains("--set listeners.0: listeners is a list, which is given whole, as YAML text"));
}

TEST(Layers, VariablesOfOthersAreLeftAlone) {
  EXPECT_THAT(told(load({std::nullopt,
                         {},
                         {{"PATH", "/bin"},
                          {"SLUICE", "x"},
                          {"SLUICE_SERVICE_HOST", "10.0.0.1"},
                          {"SLUICE_SERVICE_PORT", "2055"},
                          {"SLUICE_SERVICE_PORT_NETFLOW", "2055"},
                          {"SLUICE_PORT", "udp://10.0.0.1:2055"},
                          {"SLUICE_PORT_2055_UDP", "udp://10.0.0.1:2055"},
                          {"SLUICE_PORT_2055_UDP_ADDR", "10.0.0.1"},
                          {"SLUICE_METRICS_SERVICE_HOST", "10.0.0.2"}}})),
              IsEmpty());
}

TEST(Layers, AMistypedPortIsNoVariableOfOthers) {
  EXPECT_EQ(load({std::nullopt, {}, {{"SLUICE_METRICS_PORT", "8080"}}}).errors.size(), 1U);
  EXPECT_EQ(load({std::nullopt, {}, {{"SLUICE_LISTENERS__PORT_1", "8080"}}}).errors.size(), 1U);
}

TEST(Layers, TheProcessEnvironmentIsTaken) {
  ::setenv("SLUICE_TEST_OF_ENVIRONMENT", "a=b", 1);
  EXPECT_EQ(current_environment().at("SLUICE_TEST_OF_ENVIRONMENT"), "a=b");
  ::unsetenv("SLUICE_TEST_OF_ENVIRONMENT");
}

}  // namespace
}  // namespace sluice::config
