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

TEST(Reload, HasNoUseForWhatAnotherCommandIsTold) {
  Config config = load_text("log: {level: debug}\n").config;
  const Config wanted =
      load_text("log: {level: debug}\nweb: {listen: '127.0.0.1:9', query: {rows: 77}}\n").config;
  const Difference difference = take_over(wanted, config);
  EXPECT_TRUE(difference.reloaded.empty() && difference.needs_restart.empty());
  for (const auto& [path, value] : flattened(wanted)) EXPECT_FALSE(path.starts_with("web.")) << path;
}

TEST(Reload, DoesNotTakeTheTokenOfAListenerThatOthersReach) {
  Config config = load_text("api: {listen: '0.0.0.0:8081', token: secret}\n").config;
  const Difference difference = take_over(load_text("api: {listen: '127.0.0.1:8081'}\n").config, config);
  EXPECT_THAT(difference.needs_restart, testing::UnorderedElementsAre("api.listen", "api.token"));
  EXPECT_EQ(config.api.token, "secret");
}

Difference by_text(const std::string& wanted, const std::string& running) {
  return difference(flattened(load_text(wanted).config), flattened(load_text(running).config));
}

/// The settings at the top that they are parts of: "sinks" of "sinks.out.format".
std::set<std::string> rows_of(const std::vector<std::string>& paths) {
  std::set<std::string> out;
  for (const std::string& path : paths)
    out.insert(path.starts_with("sinks.")     ? "sinks"
               : path.starts_with("sources.") ? "sources"
                                              : path.substr(0, path.find('[')));
  return out;
}

TEST(Difference, NamesEachSettingAndWhatBringsIt) {
  const std::string running =
      "listeners: ['127.0.0.1:2055']\nsinks: {out: {type: stdout}, old: {type: file, path: /tmp}}\n"
      "exporters: [{prefix: 192.0.2.1, name: a}, {prefix: 192.0.2.2}]\nmetrics: {allow: ['127.0.0.1']}\n";
  const std::string wanted =
      "listeners: ['127.0.0.1:2056']\nsinks: {out: {type: stdout, format: protobuf}, new: {type: stdout}}\n"
      "exporters: [{prefix: 192.0.2.2, name: core}, {prefix: 192.0.2.1, name: a, key_with_port: true}, "
      "{prefix: 192.0.2.3, key_with_port: true}, {prefix: 192.0.2.4}]\nlog: {level: debug, format: json}\n"
      "workers: 3\nmetrics: {allow: ['127.0.0.1', '192.0.2.9']}\n";
  const Difference found = by_text(wanted, running);
  EXPECT_THAT(found.reloaded,
              testing::UnorderedElementsAre("sinks.out.format", "sinks.new", "sinks.old",
                                            "exporters[192.0.2.2].name", "exporters[192.0.2.3]",
                                            "exporters[192.0.2.4]", "log.level", "metrics.allow[1]"));
  EXPECT_THAT(found.needs_restart, testing::UnorderedElementsAre("listeners[0].port", "workers", "log.format",
                                                                 "exporters[192.0.2.1].key_with_port",
                                                                 "exporters[192.0.2.3].key_with_port"));
  const Difference none = by_text(wanted, wanted);
  EXPECT_TRUE(none.reloaded.empty() && none.needs_restart.empty());
}

TEST(Difference, IsWhatAReloadWouldMakeOfIt) {
  const std::vector<std::string> texts = {
      "",
      "workers: 2\n",
      "listeners: [{address: '127.0.0.1', port: 2055, allow: [192.0.2.0/24]}]\n",
      "listeners: [{address: '127.0.0.1', port: 2055}]\n",
      "listeners: [{address: '127.0.0.1', port: 2056, allow: [192.0.2.0/24]}]\n",
      "exporters: [{prefix: 192.0.2.1, key_with_port: true}]\n",
      "exporters: [{prefix: 192.0.2.1, name: x}]\n",
      "api: {listen: '0.0.0.0:8081', token: secret}\n",
      "api: {token: secret}\n",
      "kafka: {topic: other}\nlog: {level: debug}\n",
      "sinks: {a: {type: stdout}, b: {type: file, path: /tmp}}\ndecode: {max_exporters: 7}\nstate: {file: "
      "/tmp/s}\n",
      "sources: {up: {type: kafka, topic: t}, more: {type: kafka, topic: u}}\n",
      "sources: {up: {type: kafka, topic: t, readers: 2}}\nlisteners: ['127.0.0.1:2055']\n",
      "fields: []\nmetrics: {listen: '', allow: ['::1']}\nshutdown_timeout: 3s\n",
  };
  for (const std::string& wanted : texts) {
    for (const std::string& running : texts) {
      SCOPED_TRACE(running + "-> " + wanted);
      Config config = load_text(running).config;
      const Difference told = by_text(wanted, running);
      const Difference done = take_over(load_text(wanted).config, config);
      EXPECT_EQ(rows_of(told.reloaded), rows_of(done.reloaded));
      EXPECT_EQ(rows_of(told.needs_restart), rows_of(done.needs_restart));
      // After the reload, only what needs a restart is left.
      const Difference left = difference(flattened(load_text(wanted).config), flattened(config));
      EXPECT_THAT(left.reloaded, IsEmpty());
      EXPECT_EQ(rows_of(left.needs_restart), rows_of(done.needs_restart));
    }
  }
}

TEST(Difference, PassesOverWhatANewerProgramHas) {
  Flat running = flattened(Config{});
  running.emplace_back("future.setting", "1");
  const Difference none = difference(flattened(Config{}), running);
  EXPECT_TRUE(none.reloaded.empty() && none.needs_restart.empty());
}

TEST(ShippedFile, IsKafkaOnThisMachineAndElseTheDefaults) {
  const auto result = load({kSource + "/config/sluice.yaml", {}, {}});
  ASSERT_THAT(told(result), IsEmpty());
  Config expected;
  expected.sinks["kafka"].own = sink::KafkaSettings{};
  expected.sinks["kafka"].spool.path = "auto";
  EXPECT_EQ(result.config, expected);
}

TEST(ShippedFile, OfTheServiceIsKafkaOnThisMachineAndAStateFile) {
  const auto result = load({kSource + "/deploy/systemd/sluice.yaml", {}, {}});
  ASSERT_THAT(told(result), IsEmpty());
  Config expected;
  expected.sinks["kafka"].own = sink::KafkaSettings{};
  expected.sinks["kafka"].spool.path = "auto";
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
      // A setting that stands for another, in an example.
      const auto inner = line.find_first_not_of(' ');
      if (inner > hash && line[inner] == '#' && line[inner + 1] != ' ') line.erase(inner, 1);
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
    // What every client of Kafka has stands with the sink.
    const std::string source = "sources.NAME.";
    if (path.starts_with(source)) {
      const std::string key = path.substr(source.size());
      path = (paths.contains("kafka." + key) ? "kafka." : "sources.upstream.") + key;
      if (paths.contains("sources.upstream." + key)) path = "sources.upstream." + key;
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
  EXPECT_EQ(kafka_of(result).oauth_client_secret, "token swordfish");
  EXPECT_EQ(kafka_of(result).properties.at("linger.ms"), "5");
  EXPECT_EQ(result.config.api.token, "token-1");
  EXPECT_EQ(result.config.metrics.token, "metrics-token-1");
  EXPECT_EQ(result.config.exporters.size(), 1U);
  EXPECT_EQ(result.config.snmp.devices.at(0).community, "snmp community");
  EXPECT_EQ(result.config.snmp.devices.at(1).auth_password, "snmp swordfish");
  EXPECT_EQ(result.config.snmp.devices.at(1).privacy_password, "private swordfish");
  intake::Settings upstream;
  upstream.topic = "flows-raw";
  EXPECT_EQ(result.config.sources.at("upstream"), upstream);
}

}  // namespace
}  // namespace sluice::config
