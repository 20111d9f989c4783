#include "doctor/examine.hpp"
#include "doctor_support.hpp"
#include "flow/rollups.hpp"

namespace sluice::doctor::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;

constexpr double kNow = 1800000000;
/// flows_raw, flows_errors, flows_consumer and schema_version beside the rollups.
const std::size_t kTables = rollups().size() + 4;

/// Answers by the first of its keys that the statement holds. A healthy server unless a test changes it.
struct Server {
  std::map<std::string, std::string> answers = {
      {"version(), ", "26.3.1.1\t1800000000.5\n"},
      {"name = 'flows_native'", ""},
      {"extract(", "sluice\tflows\tsluice-flows\n"},
      {"countIf(name", std::to_string(kTables) + "\n"},
      {"schema_version", std::to_string(schema_version()) + "\n"},
      {"system.dictionaries", "0\t\t\n"},
      {"kafka_consumers", "1\t4\t\t1800000000\t0\n"},
      {"flows_raw", "1799999998\n"},
      {"flows_errors", "0\t0\t0\t0\n"},
  };
  std::optional<query::Problem> problem;
  Result<std::uint64_t, std::string> lag = std::uint64_t{3};
  mutable std::vector<std::string> asked;

  Findings findings(bool named = true, const std::string& topic = "flows") const {
    config::Config config;
    config.sinks["kafka"].own.emplace<sink::KafkaSettings>().topic = topic;
    return findings(config, named);
  }

  Findings findings(const config::Config& config, bool named = true) const {
    const Store store{.where = "http://127.0.0.1:8123",
                      .named = named,
                      .ask = [this](const std::string& sql) -> Result<std::string, query::Problem> {
                        asked.push_back(sql);
                        if (problem) return failure(*problem);
                        for (const char* key : {"version(), ", "name = 'flows_native'", "extract(",
                                                "countIf(name", "system.dictionaries", "kafka_consumers",
                                                "schema_version", "flows_raw", "flows_errors"})
                          if (sql.find(key) != std::string::npos) return answers.at(key);
                        return failure(query::Problem{.text = "unexpected: " + sql});
                      },
                      .lag = [this](const std::string&, const std::string&) { return std::optional(lag); }};
    return check_clickhouse(config, store, kNow);
  }
};

TEST(ClickHouse, AllIsWell) {
  EXPECT_THAT(Server().findings(),
              ElementsAre(Is("ClickHouse", Status::ok, "26.3.1.1"), Is("schema version", Status::ok, ""),
                          Is("consumers", Status::ok, "4 partitions"), Is("lag", Status::ok, "3 records"),
                          Is("unreadable records", Status::ok, "")));
}

/// A configuration of one sink.
config::Config writes(bool native, const std::string& topic) {
  config::Config out;
  sink::Settings& settings = out.sinks["tables"];
  settings.own.emplace<sink::KafkaSettings>().topic = topic;
  settings.native = native;
  return out;
}

TEST(ClickHouse, AllIsWellWithColumnsToo) {
  Server server;
  server.answers["name = 'flows_native'"] = "sluice\tcolumns\tsluice-flows-native\n";
  const auto topic = [](const char* text) { return Is("consumers", Status::ok, text); };
  EXPECT_THAT(server.findings(), Contains(topic("of topic flows.")));
  EXPECT_THAT(server.findings(), Contains(topic("of topic columns.")));
  const auto findings = server.findings(writes(true, "columns"));
  EXPECT_THAT(findings, Contains(topic("of topic columns.")));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::ok)));
  EXPECT_THAT(findings, testing::Not(Contains(topic("of topic flows.")))) << "nobody writes there";

  config::Config both = writes(true, "columns");
  both.sinks["others"].own.emplace<sink::KafkaSettings>().topic = "for-others";
  EXPECT_THAT(server.findings(both), Each(Field(&Finding::status, Status::ok)));
}

TEST(ClickHouse, ATopicOfTheOtherFormat) {
  Server server;
  EXPECT_THAT(
      server.findings(writes(true, "flows")),
      Contains(
          Is("format of the topic", Status::fail,
             "The sink tables writes format native to topic flows, which ClickHouse reads as protobuf")));
  EXPECT_THAT(server.findings(writes(true, "columns")),
              Contains(Is("topic of the tables", Status::fail,
                          "reads none as that; run deploy/clickhouse/apply.sh "
                          "with --native-topic")));
  server.answers["name = 'flows_native'"] = "sluice\tcolumns\tsluice-flows-native\n";
  EXPECT_THAT(server.findings(writes(false, "columns")),
              Contains(Is("format of the topic", Status::fail,
                          "The sink tables does not write format native to topic columns")));
  EXPECT_THAT(server.findings(writes(true, "others")),
              Contains(Is("topic of the tables", Status::fail, "reads topic columns as that")));
}

TEST(ClickHouse, ADictionaryThatCannotBeRead) {
  Server server;
  server.answers["system.dictionaries"] = "1\tasns\tno such file\n";
  EXPECT_THAT(server.findings(), Contains(Is("names", Status::fail, "sluice.asns cannot be read")));
}

TEST(ClickHouse, NobodyThereMattersWhereItWasNamed) {
  Server server;
  server.problem = query::Problem{.kind = query::Problem::Kind::unreachable, .text = "no answer"};
  EXPECT_THAT(server.findings(true), ElementsAre(Says(Status::fail, "no answer")));
  EXPECT_THAT(server.findings(false),
              ElementsAre(Says(Status::warning, "--clickhouse or CLICKHOUSE_URL names it")));
}

TEST(ClickHouse, AWrongPassword) {
  Server server;
  server.problem =
      query::Problem{.kind = query::Problem::Kind::refused, .code = 516, .text = "default: wrong"};
  EXPECT_THAT(server.findings(false), ElementsAre(Says(Status::fail, "--password-file")));
}

TEST(ClickHouse, OldServerAndWrongClock) {
  Server server;
  server.answers["version(), "] = "24.3.9.5\t1800000000\n";
  EXPECT_THAT(server.findings(), ElementsAre(Says(Status::fail, "24.8 or newer")));
  server.answers["version(), "] = "25.1\t1800003600\n";
  EXPECT_THAT(server.findings(), Contains(Is("ClickHouse's clock", Status::warning, "3,600 seconds")));
}

TEST(ClickHouse, NoTables) {
  Server server;
  server.answers["extract("] = "";
  EXPECT_THAT(server.findings(), Contains(Is("tables", Status::fail, "apply.sh")));
  server.answers["extract("] = "sluice\tflows\tgroup\n";
  server.answers["countIf(name"] = std::to_string(kTables - 1) + "\n";
  EXPECT_THAT(server.findings(), Contains(Is("tables", Status::fail, "missing")));
}

TEST(ClickHouse, LooksForEveryRollup) {
  const Server server;
  server.findings();
  for (const Rollup& rollup : rollups())
    EXPECT_THAT(server.asked, Contains(testing::HasSubstr("'" + std::string(rollup.name) + "'")));
}

TEST(ClickHouse, OtherSchemaVersions) {
  Server server;
  server.answers["schema_version"] = "0\n";
  EXPECT_THAT(server.findings(), Contains(Is("schema version", Status::warning, "run its")));
  server.answers["schema_version"] = "999\n";
  EXPECT_THAT(server.findings(), Contains(Is("schema version", Status::warning, "upgrade")));
}

TEST(ClickHouse, AnotherTopic) {
  EXPECT_THAT(Server().findings(true, "elsewhere"),
              Contains(Is("topic of the tables", Status::fail,
                          "consumes topic flows while sluice writes to elsewhere")));
}

TEST(ClickHouse, NoConsumer) {
  Server server;
  server.answers["kafka_consumers"] = "1\t0\tLocal: Broker transport failure\t70\t1\n";
  EXPECT_THAT(server.findings(), Contains(Is("consumers", Status::fail, "transport failure")));
}

TEST(ClickHouse, AConsumerThatCannotWrite) {
  Server server;
  server.answers["kafka_consumers"] = "1\t4\tCode: 252. DB::Exception: Too many partitions\t3\t1\n";
  EXPECT_THAT(server.findings(), Contains(Is("consumers", Status::fail, "3 seconds ago")));
  EXPECT_THAT(server.findings(), Contains(Is("consumers", Status::fail, "Too many partitions")));
  // Long ago, or before a commit: it is over.
  for (const char* over : {"1\t4\tCode: 252\t61\t1\n", "1\t4\tCode: 252\t3\t0\n"}) {
    server.answers["kafka_consumers"] = over;
    EXPECT_THAT(server.findings(), Contains(Is("consumers", Status::ok, "4 partitions")));
  }
}

TEST(ClickHouse, Behind) {
  Server server;
  server.lag = std::uint64_t{5000};
  EXPECT_THAT(server.findings(), Contains(Is("lag", Status::ok, "5,000 records")));  // but rows are fresh
  server.answers["flows_raw"] = "1799999000\n";
  EXPECT_THAT(server.findings(), Contains(Is("lag", Status::warning, "newest row is 1,000 seconds old")));
  server.lag = failure(std::string("timed out"));
  EXPECT_THAT(server.findings(), Contains(Is("lag", Status::warning, "timed out")));
}

TEST(ClickHouse, UnreadableRecords) {
  Server server;
  server.answers["flows_errors"] = "12\t0\t0\t0\n";
  EXPECT_THAT(server.findings(), Contains(Is("unreadable records", Status::warning, "12 records")));
}

TEST(ClickHouse, TimesThatCannotBe) {
  Server server;
  server.answers["flows_errors"] = "0\t2\t130\t7\n";
  EXPECT_THAT(server.findings(), Contains(Is("times of receipt", Status::warning, "130 flows in 2 records")));
  EXPECT_THAT(server.findings(), Contains(Is("old flows", Status::warning, "7 flows")));
  EXPECT_THAT(server.findings(), Contains(Is("unreadable records", Status::ok, "")));
}

TEST(ClickHouse, TablesThatTellNoReasons) {
  Server server;
  server.answers["schema_version"] = "4\n";
  server.answers["flows_errors"] = "12\n";
  EXPECT_THAT(server.findings(), Contains(Is("unreadable records", Status::warning, "12 records")));
  EXPECT_THAT(server.asked, Each(testing::Not(testing::HasSubstr("reason"))));
}

}  // namespace
}  // namespace sluice::doctor::test
