// The table of settings, the shipped file and the operators' reference say the same.
#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <sstream>

#include "config/reload.hpp"
#include "config/settings.hpp"
#include "sink/type.hpp"
#include "support.hpp"

namespace sluice::config {
namespace {

using testing::Contains;
using testing::IsEmpty;

const std::string kSource = SLUICE_SOURCE_DIR;

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string row_of(const SettingInfo& setting) {
  return "| `" + setting.path + "` | " + setting.type + " | `" + setting.default_value + "` | " +
         setting.unit + " | " + setting.meaning + " |";
}

TEST(Reference, EverySettingStandsInTheDocument) {
  const auto lines = lines_of(kSource + "/docs/configuration.md");
  for (const SettingInfo& setting : settings()) EXPECT_THAT(lines, Contains(row_of(setting)));
}

TEST(Reference, TheDocumentHasNoOtherSettings) {
  std::set<std::string> rows;
  for (const SettingInfo& setting : settings()) rows.insert(row_of(setting));
  for (const std::string& line : lines_of(kSource + "/docs/configuration.md")) {
    if (line.starts_with("| `")) {
      EXPECT_TRUE(rows.contains(line)) << line;
    }
  }
}

TEST(Reference, EveryRowIsWhole) {
  for (const SettingInfo& setting : settings()) {
    EXPECT_FALSE(setting.type.empty()) << setting.path;
    EXPECT_GT(setting.meaning.size(), 8U) << setting.path;
    EXPECT_FALSE(setting.default_value.empty()) << setting.path;
    EXPECT_EQ((row_of(setting) + setting.meaning).find("||"), std::string::npos) << setting.path;
  }
}

TEST(Reference, WhatNeedsARestartStandsInTheDocument) {
  std::string list;
  for (const SettingInfo& setting : settings())
    if (!setting.reloads) list += (list.empty() ? "`" : ", `") + setting.path + "`";
  const auto lines = lines_of(kSource + "/docs/configuration.md");
  EXPECT_THAT(lines, Contains(list + "."));
}

TEST(Reload, TakesOverWhatItsRowSaysAndKeepsTheRest) {
  const std::string running =
      "listeners: ['127.0.0.1:2055']\nsinks: {out: {type: stdout}}\nexporters: [{prefix: 192.0.2.1}]\n";
  const std::string wanted =
      "listeners: ['127.0.0.1:2056']\nsinks: {out: {type: stdout, format: protobuf}}\nworkers: 3\n"
      "exporters: [{prefix: 192.0.2.1, name: core, key_with_port: true}]\nlog: {level: debug, format: json}\n"
      "shutdown_timeout: 3s\ncollector_id: here\n";
  Config config = load_text(running).config;
  const Difference difference = take_over(load_text(wanted).config, config);
  EXPECT_THAT(difference.reloaded, testing::UnorderedElementsAre("collector_id", "exporters", "sinks",
                                                                 "log.level", "shutdown_timeout"));
  EXPECT_THAT(difference.needs_restart, testing::UnorderedElementsAre("workers", "listeners", "log.format",
                                                                      "exporters[].key_with_port"));
  EXPECT_EQ(config.listeners.at(0).port, 2055);
  EXPECT_EQ(config.workers, 0U);
  EXPECT_EQ(config.exporters.at(0).settings.name, "core");
  EXPECT_FALSE(config.exporters.at(0).settings.key_with_port);
  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.log.format, LogFormat::text);
  EXPECT_EQ(config.sinks.at("out").format, encode::Format::protobuf);
  const Difference none = take_over(config, config);
  EXPECT_TRUE(none.reloaded.empty() && none.needs_restart.empty());
}

TEST(Reload, TakesWhoMaySendToListenersThatAreOtherwiseTheSame) {
  Config config = load_text("listeners: [{address: '127.0.0.1', port: 2055}]\n").config;
  const Config allowed =
      load_text("listeners: [{address: '127.0.0.1', port: 2055, allow: [192.0.2.0/24]}]\n").config;
  EXPECT_THAT(take_over(allowed, config).reloaded, testing::ElementsAre("listeners[].allow"));
  EXPECT_THAT(config.listeners.at(0).allow, testing::ElementsAre("192.0.2.0/24"));
  const Config moved = load_text("listeners: [{address: '127.0.0.1', port: 2056}]\n").config;
  EXPECT_THAT(take_over(moved, config).needs_restart, testing::ElementsAre("listeners"));
  EXPECT_THAT(config.listeners.at(0).allow, testing::ElementsAre("192.0.2.0/24"));
}

TEST(Reload, DoesNotTakeTheTokenOfAListenerThatOthersReach) {
  Config config = load_text("api: {listen: '0.0.0.0:8081', token: secret}\n").config;
  const Difference difference = take_over(load_text("api: {listen: '127.0.0.1:8081'}\n").config, config);
  EXPECT_THAT(difference.needs_restart, testing::UnorderedElementsAre("api.listen", "api.token"));
  EXPECT_EQ(config.api.token, "secret");
}

TEST(ShippedFile, IsKafkaOnThisMachineAndElseTheDefaults) {
  const auto result = load({kSource + "/config/sluice.yaml", {}, {}});
  ASSERT_THAT(told(result), IsEmpty());
  Config expected;
  expected.sinks["kafka"].own = sink::KafkaSettings{};
  EXPECT_EQ(result.config, expected);
}

TEST(ShippedFile, OfTheServiceIsKafkaOnThisMachineAndAStateFile) {
  const auto result = load({kSource + "/deploy/systemd/sluice.yaml", {}, {}});
  ASSERT_THAT(told(result), IsEmpty());
  Config expected;
  expected.sinks["kafka"].own = sink::KafkaSettings{};
  expected.state.file = "/var/lib/sluice/state";
  EXPECT_EQ(result.config, expected);
}

/// The shipped file with every example in force: "#name: value" is a setting, "# text" is not. An example
/// replaces the empty list or map above it.
std::string uncommented_file() {
  std::vector<std::string> out;
  for (std::string line : lines_of(kSource + "/config/sluice.yaml")) {
    const auto hash = line.find_first_not_of(' ');
    // Within an example the text is indented: "#  archive:".
    const bool example = hash != std::string::npos && line[hash] == '#' && line.size() > hash + 1 &&
                         (line[hash + 1] != ' ' || line.compare(hash, 3, "#  ") == 0);
    if (example) {
      line.erase(hash, 1);
      const std::string opened = line.ends_with(":") ? line + " " : "\n";
      std::erase_if(out, [&](const std::string& earlier) {
        return earlier == opened + "[]" || earlier == opened + "{}";
      });
    }
    out.push_back(line);
  }
  std::string text;
  for (const std::string& line : out) text += line + "\n";
  const std::string secrets = "/etc/sluice/";
  for (auto at = text.find(secrets); at != std::string::npos; at = text.find(secrets))
    text.replace(at, secrets.size(), kSource + "/tests/data/config/secrets/");
  return text;
}

void collect(const YAML::Node& node, const std::string& path, std::set<std::string>& out) {
  out.insert(path);
  if (node.IsSequence())
    for (const auto& item : node) collect(item, path + "[]", out);
  if (node.IsMap())
    for (const auto& member : node)
      collect(member.second, (path.empty() ? "" : path + ".") + member.first.as<std::string>(), out);
}

TEST(ShippedFile, HasEverySetting) {
  const YAML::Node root = YAML::Load(uncommented_file());
  std::set<std::string> paths;
  collect(root, "", paths);
  std::map<std::string, std::string> places{{"kafka", "kafka."}};  // by type
  for (const auto& sink : root["sinks"])
    places.emplace(sink.second["type"].as<std::string>(), "sinks." + sink.first.as<std::string>() + ".");
  for (const SettingInfo& setting : settings()) {
    const std::string generic = "sinks.NAME.";
    std::string path = setting.path;
    if (path.starts_with(generic)) {
      const std::string place =
          setting.only_for.empty() ? (path == "sinks.NAME.type" ? "file" : "kafka") : setting.only_for;
      ASSERT_TRUE(places.contains(place)) << "the file has no example of a sink of type " << place;
      path = places.at(place) + path.substr(generic.size());
    }
    EXPECT_TRUE(paths.contains(path)) << path;
  }
}

TEST(ShippedFile, ItsExamplesAreValid) {
  const std::string text = uncommented_file();
  const auto result = load_text(text, {}, {"kafka.sasl.mechanism=PLAIN", "kafka.sasl.username=me"});
  ASSERT_THAT(told(result), IsEmpty()) << text;
  EXPECT_EQ(result.config.sinks.size(), sink::types().size());
  EXPECT_EQ(result.config.sinks.at("archive").file()->queue_bytes, sink::FileSettings{}.queue_bytes);
  EXPECT_EQ(kafka_of(result).sasl_password, "swordfish");
  EXPECT_EQ(kafka_of(result).tls_key_password, "key swordfish");
  EXPECT_EQ(kafka_of(result).properties.at("linger.ms"), "5");
  EXPECT_EQ(result.config.api.token, "token-1");
  EXPECT_EQ(result.config.exporters.size(), 1U);
}

}  // namespace
}  // namespace sluice::config
