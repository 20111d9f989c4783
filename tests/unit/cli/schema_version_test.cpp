#include <gmock/gmock.h>

#include <cstdlib>

#include "process.hpp"
#include "schema/field_table.hpp"

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
  EXPECT_EQ(ended.out, schema::field_table());
}

TEST(Schema, WriteWantsASourceTree) {
  const auto ended = sluice("schema write /usr");
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(
      ended.err,
      "sluice schema: \"/usr\" is no source tree of Sluice; give the directory that has proto and docs; "
      "see sluice schema --help\n");
}

const char kFields[] =
    " --set 'fields=[{name: acl_name, number: 2000, type: string, elements: [9:12235]}, "
    "{name: ports, number: 536870911, list: true, packet: [{layer: tcp, offset: 16, length: 16, inner: "
    "true}]}, "
    "{name: far, number: 2001, type: address, list: true, elements: [8, 27]}, "
    "{name: near, number: 2002, type: address, elements: [8]}]'";

TEST(UserSchema, ProtoHasTheFieldsAtTheEnd) {
  const auto ended = sluice(std::string("schema proto") + kFields);
  EXPECT_EQ(ended.status, 0) << ended.err;
  std::string expected = read_file(SLUICE_SOURCE_DIR "/proto/flow.proto");
  ASSERT_TRUE(expected.ends_with("}\n"));
  expected.insert(expected.size() - 2,
                  "\n  // Fields of the configuration that this was printed for.\n"
                  "  string acl_name = 2000;  // element 9:12235\n"
                  "  repeated uint64 ports = 536870911;  // inner tcp bits 16 to 31\n"
                  "  repeated bytes far = 2001;  // element 8, element 27\n"
                  "  bytes near = 2002;  // element 8\n");
  EXPECT_EQ(ended.out, expected);
}

TEST(UserSchema, FieldsHasTheirRows) {
  const auto ended = sluice(std::string("schema fields") + kFields);
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(
      ended.out,
      testing::HasSubstr(
          "\n| acl_name | 2000 | string | | User-defined | | | element 9:12235 |\n"
          "| ports | 536870911 | repeated uint64 | | User-defined | inner tcp bits 16 to 31 | | inner "
          "tcp bits 16 to 31 |\n"));
}

TEST(UserSchema, TheScriptListsThemWhereverItListsTheMessagesFields) {
  const auto ended = sluice(std::string("schema clickhouse") + kFields);
  ASSERT_EQ(ended.status, 0) << ended.err;
  for (const char* part :
       {"ALTER TABLE {{db}}.flows_raw{{on_cluster}}\n"
        "    ADD COLUMN IF NOT EXISTS `acl_name` String COMMENT 'User-defined field 2000: element 9:12235',\n"
        "    ADD COLUMN IF NOT EXISTS `ports` Array(UInt64) COMMENT 'User-defined field 536870911: inner tcp "
        "bits 16 to "
        "31',\n"
        "    ADD COLUMN IF NOT EXISTS `far` Array(IPv6) COMMENT 'User-defined field 2001: element 8, element "
        "27',\n"
        "    ADD COLUMN IF NOT EXISTS `near` IPv6 COMMENT 'User-defined field 2002: element 8';\n",
        " String,\n    `acl_name` String,\n    `ports` Array(UInt64),\n    `far` "
        "Array(String),\n    "
        "`near` String,\n    kafka_topic String,\n",
        " String,\n    `acl_name` String,\n    `ports` Array(UInt64),\n    `far` "
        "Array(String),\n    "
        "`near` String\n)\nENGINE = Kafka\n",
        ",\n    `acl_name`,\n    `ports`,\n    arrayMap(a -> sluice_address(a), `far`) AS "
        "`far`,\n    "
        "sluice_address(`near`) AS `near`,\n    kafka_topic,\n",
        "kafka_schema = 'flow_user.proto:FlowMessage'"})
    EXPECT_THAT(ended.out, testing::HasSubstr(part));
  const auto at = [&](const char* text) { return ended.out.find(text); };
  EXPECT_LT(at("throwIf"), at("DROP TABLE IF EXISTS {{db}}.flows{{on_cluster}} SYNC"));
  EXPECT_LT(at("DROP TABLE IF EXISTS {{db}}.flows{{on_cluster}} SYNC"), at("ALTER TABLE"));
  EXPECT_LT(at("ALTER TABLE"), at("CREATE TABLE {{db}}.flows{{on_cluster}}\n"));
  EXPECT_LT(at("CREATE TABLE {{db}}.flows{{on_cluster}}\n"),
            at("CREATE MATERIALIZED VIEW {{db}}.flows_consumer"));
}

/// The script with the options of apply.sh in it, as apply.sh would send it.
std::string as_sent(const std::string& options) {
  const Folder folder;
  const auto ended = sluice(std::string("schema clickhouse") + kFields);
  EXPECT_EQ(ended.status, 0) << ended.err;
  const std::string script = folder.write("fields.sql", std::string_view(ended.out));
  const std::string command = SLUICE_SOURCE_DIR "/deploy/clickhouse/apply.sh --print --script " + script +
                              " " + options + " >" + folder.path("printed");
  EXPECT_EQ(std::system(command.c_str()), 0);
  return read_file(folder.path("printed"));
}

TEST(UserSchema, ApplyPutsItsOptionsIntoTheScript) {
  const std::string sent =
      as_sent("--brokers a:1,b:2 --topic t --group g --consumers 3 --flush-interval 400 --block-rows 7000");
  for (const char* part :
       {"ALTER TABLE sluice.flows_raw\n    ADD COLUMN IF NOT EXISTS `acl_name` String",
        "kafka_broker_list = 'a:1,b:2',\n    kafka_topic_list = 't',\n    kafka_group_name = 'g',",
        "kafka_num_consumers = 3,", "kafka_max_block_size = 7000,", "kafka_poll_max_batch_size = 6,",
        "kafka_flush_interval_ms = 400,", "kafka_poll_timeout_ms = 100,",
        "kafka_consumer_reschedule_ms = 40;",
        "sluice.flows was made with another --group; give it to apply.sh as before"})
    EXPECT_THAT(sent, testing::HasSubstr(part));
  EXPECT_THAT(sent, testing::Not(testing::HasSubstr("{{")));
}

TEST(UserSchema, OnAClusterEveryStatementIsForAllNodes) {
  const std::string sent = as_sent("--cluster c1");
  for (const char* word :
       {"CREATE TABLE ", "CREATE MATERIALIZED VIEW ", "DROP TABLE ", "DROP VIEW ", "ALTER TABLE "})
    for (auto at = sent.find(word); at != std::string::npos; at = sent.find(word, at + 1))
      EXPECT_THAT(sent.substr(at, sent.find('\n', at) - at), testing::HasSubstr(" ON CLUSTER 'c1'"));
  EXPECT_THAT(sent, testing::HasSubstr("ALTER TABLE sluice_shard.flows_raw ON CLUSTER 'c1'"));
  EXPECT_THAT(sent, testing::HasSubstr("ALTER TABLE sluice.flows_raw ON CLUSTER 'c1'"));
}

TEST(UserSchema, MistakesAreToldInASentence) {
  const auto none = sluice("schema clickhouse");
  EXPECT_EQ(none.status, 2);
  EXPECT_EQ(none.err,
            "sluice schema: the configuration has no fields of its own; deploy/clickhouse/apply.sh makes the "
            "tables; see "
            "sluice schema --help\n");
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
