#include "web/check.hpp"

#include <gmock/gmock.h>

namespace sluice::web {
namespace {

using testing::Contains;
using testing::Not;

std::vector<std::string> labels(const std::string& text, const json& names = json::object()) {
  std::vector<std::string> out;
  const json answer = complete_filter(text, units_before(text, text.size()), names);
  for (const json& item : answer["items"]) out.push_back(item["label"]);
  return out;
}

TEST(Check, CountsAsBrowsersDo) {
  const json got = check_filter("exporter_name = \"Zürich 🙂\" and prt 3");
  EXPECT_EQ(got["ok"], false);
  EXPECT_EQ(got["errors"][0]["from"], 32);
  EXPECT_EQ(got["errors"][0]["to"], 35);
}

TEST(Check, TellsWhatWasUnderstood) {
  const json got = check_filter("src net 192.0.2.0/24 and bytes > 1k");
  EXPECT_EQ(got["canonical"], "src_addr in 192.0.2.0/24 and bytes >= 1001");
  EXPECT_EQ(got["reverse"], "dst_addr in 192.0.2.0/24 and bytes >= 1001");
  EXPECT_EQ(got["raw"], true);
  EXPECT_EQ(got["warnings"].size(), 1U);
  EXPECT_EQ(check_filter("proto tcp")["table"], "flows_1m");
  EXPECT_EQ(check_filter("  # nothing")["canonical"], "");
}

TEST(Check, TellsEachMistakeWithWhatCouldStandThere) {
  const json got = check_filter("prot tcp and src_as 5 and flowdir up");
  ASSERT_EQ(got["errors"].size(), 3U) << got;
  EXPECT_THAT(got["errors"][0]["expected"], Contains("proto"));
  EXPECT_THAT(got["errors"][1]["expected"], Contains("="));
  EXPECT_THAT(got["errors"][1]["expected"], Not(Contains("like")));
  for (const json& error : got["errors"]) EXPECT_LE(error.value("expected", json::array()).size(), 12U);
  EXPECT_FALSE(check_filter("qqq 5")["errors"][0].contains("expected")) << "nothing begins like it";
}

TEST(Complete, GivesWhatMayComeNext) {
  EXPECT_THAT(labels(""), Contains("proto"));
  EXPECT_THAT(labels("src_"), Contains("src_as"));
  EXPECT_THAT(labels("src_"), Not(Contains("dst_as")));
  EXPECT_THAT(labels("src "), Contains("port"));
  EXPECT_THAT(labels("src "), Not(Contains("proto")));
  EXPECT_THAT(labels("proto "), Contains("tcp"));
  EXPECT_THAT(labels("proto in ["), Contains("udp"));
  EXPECT_THAT(labels("proto in [tcp, "), Contains("udp"));
  EXPECT_THAT(labels("proto tcp "), Contains("and"));
  EXPECT_THAT(labels("proto tcp "), Not(Contains("src_as")));
  EXPECT_THAT(labels("proto tcp and not ("), Contains("src_as"));
  EXPECT_THAT(labels("src_as "), Contains("in"));
  EXPECT_THAT(labels("src_as "), Not(Contains("like")));
  EXPECT_THAT(labels("exporter_name "), Contains("like"));
  EXPECT_THAT(labels("type = n"), Contains("netflow_v9"));
  EXPECT_THAT(labels("flags "), Contains("SA"));
  EXPECT_TRUE(labels("nothing is here ").empty());
}

TEST(Complete, QuotesNames) {
  const json names{
      {"exporters",
       {{{"address", "192.0.2.1"}, {"name", "edge \"1\""}}, {{"address", "192.0.2.2"}, {"name", "\"'"}}}}};
  const json answer = complete_filter("exporter_name = ", 16, names);
  ASSERT_EQ(answer["items"].size(), 1U) << answer;
  EXPECT_EQ(answer["items"][0]["insert"], "'edge \"1\"' ");
  EXPECT_EQ(answer["from"], 16);
  EXPECT_THAT(labels("sampler_address = 192", names), Contains("192.0.2.1"));
}

TEST(Complete, FindsAsesByNameAndNumber) {
  const json names{
      {"ases", {{{"number", 65001}, {"name", "Example Net"}}, {{"number", 65020}, {"name", "Uni"}}}}};
  const json answer = complete_filter("src_as = exa", 12, names);
  ASSERT_EQ(answer["items"].size(), 1U) << answer;
  EXPECT_EQ(answer["items"][0]["label"], "Example Net");
  EXPECT_EQ(answer["items"][0]["insert"], "65001 ");
  EXPECT_THAT(labels("dst_as in [650", names), testing::ElementsAre("65001", "65020"));
  EXPECT_THAT(labels("as ", names), Contains("Uni"));
  EXPECT_THAT(labels("src_as = ", json::object()), Not(Contains("65001")));
}

}  // namespace
}  // namespace sluice::web
