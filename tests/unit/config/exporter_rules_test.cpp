// Names that the configuration gives to exporters of flows that come without them.
#include "config/exporter_rules.hpp"

#include <gmock/gmock.h>

namespace sluice::config {
namespace {

Config with(const std::vector<std::pair<std::string, std::string>>& prefixes) {
  Config out;
  for (const auto& [prefix, name] : prefixes) {
    ExporterRule& rule = out.exporters.emplace_back();
    rule.prefix = prefix;
    rule.settings.name = name;
  }
  return out;
}

std::string name_of(const Config& config, const std::string& exporter) {
  FlowBatch batch;
  batch.add_origin().exporter_address = *IpAddress::parse(exporter);
  batch.append_one();
  enrich::Enricher({.collector_id = "here", .exporter_names = ExporterRules(config.exporters).names()})
      .complete(batch);
  return batch.origin(0).exporter_name;
}

TEST(ExporterNames, TheLongestPrefixCounts) {
  const Config config = with({{"192.0.2.0/24", "network"}, {"192.0.2.7", "edge"}});
  EXPECT_EQ(name_of(config, "192.0.2.7"), "edge");
  EXPECT_EQ(name_of(config, "192.0.2.8"), "network");
  EXPECT_EQ(name_of(config, "198.51.100.1"), "");
}

/// As all that is set of an exporter is of one rule.
TEST(ExporterNames, ALongerPrefixWithoutANameHidesAShorterOne) {
  const Config config = with({{"192.0.2.0/24", "network"}, {"192.0.2.7", ""}});
  EXPECT_EQ(name_of(config, "192.0.2.7"), "");
  EXPECT_EQ(name_of(config, "192.0.2.8"), "network");
}

TEST(ExporterNames, WithoutANameThereAreNone) {
  EXPECT_TRUE(ExporterRules(with({{"192.0.2.0/24", ""}}).exporters).names().empty());
}

}  // namespace
}  // namespace sluice::config
