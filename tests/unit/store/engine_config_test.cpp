#include "store/engine_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_engine.hpp"

namespace sluice::store {
namespace {

using testing::HasSubstr;
using testing::Optional;

std::optional<std::string> idle(const std::string& setting, const std::string& known_to) {
  FakeEngine engine;
  engine.reply = [&](const std::string& sql) {
    return FakeEngine::Reply(sql.find(known_to) != std::string::npos ? "1\n" : "0\n");
  };
  const auto session = engine.open();
  return idle_setting(**session, std::vector{setting});
}

TEST(EngineConfig, SettingsWithoutEffect) {
  EXPECT_EQ(idle("max_server_memory_usage=5", "system.server_settings"), std::nullopt);
  EXPECT_THAT(idle("max_threads=5", "system.settings"), Optional(HasSubstr("SETTINGS max_threads=5")));
  EXPECT_THAT(idle("parts_to_throw_insert=5", "system.merge_tree_settings"),
              Optional(HasSubstr("MODIFY SETTING parts_to_throw_insert=5")));
  EXPECT_THAT(idle("nonsense=5", "nowhere"), Optional(HasSubstr("nonsense has no effect")));
}

TEST(EngineConfig, WhatTheEngineDoesNotShowIsTaken) {
  EXPECT_EQ(idle("kafka.session_timeout_ms=6000", "nowhere"), std::nullopt);
  EXPECT_EQ(idle("config-file=/etc/engine.xml", "nowhere"), std::nullopt);
}

TEST(EngineConfig, AFileOfSomebodysOwn) {
  EXPECT_THAT(own_config_file(std::vector<std::string>{"a=1", "config-file=/etc/engine.xml"}),
              Optional(std::string("/etc/engine.xml")));
  EXPECT_EQ(own_config_file(std::vector<std::string>{"a=1", "config-files=1"}), std::nullopt);
}

TEST(EngineConfig, NameAndValue) {
  EXPECT_EQ(malformed_setting("a="), std::nullopt);
  EXPECT_EQ(malformed_setting("a=b=c"), std::nullopt);
  for (const char* wrong : {"", "a", "=b"})
    EXPECT_THAT(malformed_setting(wrong), Optional(HasSubstr("NAME=VALUE")));
}

TEST(EngineConfig, ThePathIsNoMarkup) {
  EXPECT_THAT(engine_config("/data/<a>&b/engine.xml", "/data/<a>&b/files", {}),
              HasSubstr(">/data/&lt;a>&amp;b/engine.xml<"));
}

TEST(EngineConfig, ClientsReachTablesUnlessMoreIsAllowed) {
  const std::string inside =
      engine_config("/d/engine.xml", "/d/files", {.longest_statement = std::chrono::seconds(7)});
  EXPECT_THAT(inside, HasSubstr("<max_execution_time>7</max_execution_time>"));
  EXPECT_THAT(inside, HasSubstr("<user_files_path>/d/files/</user_files_path>"));
  EXPECT_THAT(inside, testing::Not(HasSubstr("access_management")));
  EXPECT_THAT(inside, HasSubstr("<output_format_schema><const/></output_format_schema>"));
  for (const char* const grant : {"SOURCES", "URL", "REMOTE", "S3", "BACKUP", "SHUTDOWN", "GRANT ALL"})
    EXPECT_THAT(inside, testing::Not(HasSubstr(grant))) << grant;
  EXPECT_THAT(engine_config("/d/engine.xml", "/d/files", {.external = true}),
              testing::AllOf(HasSubstr("access_management"), testing::Not(HasSubstr("<const/>"))));
}

TEST(EngineConfig, NothingIsCompiledWhereTheKernelForbidsIt) {
  EXPECT_THAT(engine_config("/d/engine.xml", "/d/files", {}), testing::Not(HasSubstr("compile_")));
  const std::string without = engine_config("/d/engine.xml", "/d/files", {.compiles = false});
  for (const char* const what : {"expressions", "aggregate_expressions", "sort_description"})
    EXPECT_THAT(without, HasSubstr("<compile_" + std::string(what) + ">0<"));
}

}  // namespace
}  // namespace sluice::store
