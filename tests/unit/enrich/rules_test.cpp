#include "enrich/rules.hpp"

#include <gmock/gmock.h>

namespace sluice::enrich {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> faults(const RuleSettings& rule) {
  std::vector<std::string> out;
  for (const RuleFault& fault : faults_of(rule)) out.push_back(fault.setting + ": " + fault.text);
  return out;
}

TEST(Rules, WhatCanBeTaken) {
  EXPECT_THAT(faults({.match = "src net 192.0.2.0/24", .set = {{"src_network_tenant", "lab"}}}), IsEmpty());
  EXPECT_THAT(faults({.match = "proto 112", .drop = true}), IsEmpty());
  EXPECT_THAT(
      faults({.interface = "^transit: (\\S+)", .set = {{"boundary", "external"}, {"provider", "\\1"}}}),
      IsEmpty());
}

TEST(Rules, WhatCannot) {
  EXPECT_THAT(faults({}), ElementsAre(HasSubstr("does nothing")));
  EXPECT_THAT(faults({.match = "prt 3", .drop = true}),
              ElementsAre(HasSubstr("match: at character 1 of the filter: 'prt'")));
  EXPECT_THAT(faults({.match = "tcp", .interface = "a", .set = {{"provider", "b"}}}),
              ElementsAre(HasSubstr("a rule has one of them")));
  EXPECT_THAT(faults({.interface = "a", .drop = true}), ElementsAre(HasSubstr("drop: is about flows")));
  EXPECT_THAT(faults({.interface = "(", .set = {{"provider", "b"}}}),
              ElementsAre(HasSubstr("interface: is no regular expression")));
  EXPECT_THAT(faults({.interface = "a", .set = {{"provider", "\\1"}}}),
              ElementsAre(HasSubstr("set.provider: ")));
  EXPECT_THAT(faults({.interface = "a", .set = {{"boundary", "outside"}}}),
              ElementsAre("set.boundary: it takes external or internal"));
  EXPECT_THAT(faults({.interface = "a", .set = {{"tenant", "b"}}}),
              ElementsAre(HasSubstr("set.tenant: is nothing that a rule about interfaces sets")));
  EXPECT_THAT(faults({.match = "tcp", .set = {{"src_addr", "b"}}}),
              ElementsAre(HasSubstr("set.src_addr: is nothing that a rule about flows sets")));
  EXPECT_THAT(faults({.match = "tcp", .set = {{"src_network", std::string(256, 'a')}}}),
              ElementsAre(HasSubstr("longer than 255 bytes")));
  EXPECT_THAT(faults({.match = "tcp", .set = {{"src_network", "a"}}, .drop = true}),
              ElementsAre(HasSubstr("stands beside set")));
}

InterfaceFacts classified(const std::vector<RuleSettings>& rules, InterfaceFacts facts) {
  unsigned taken = 0;
  for (const RuleSettings& rule : rules) Rule(rule).classify(facts, taken);
  return facts;
}

TEST(Rules, OfAnInterfaceTheFirstThatSetsSomethingCounts) {
  const std::vector<RuleSettings> rules{
      {.interface = "^transit: (\\S+)", .set = {{"boundary", "external"}, {"provider", "\\1"}}},
      {.interface = "transit|peering", .set = {{"boundary", "internal"}, {"connectivity", "paid"}}},
  };
  const InterfaceFacts both = classified(rules, {.name = "xe-0", .description = "Transit: Example 10G"});
  EXPECT_EQ(both.boundary, "external");
  EXPECT_EQ(both.provider, "Example");
  EXPECT_EQ(both.connectivity, "paid");
  EXPECT_EQ(both.name, "xe-0");
  EXPECT_EQ(classified(rules, {.description = "Peering"}).boundary, "internal");
  EXPECT_EQ(classified(rules, {.name = "peering1", .description = "none of them"}).boundary, "internal")
      << "by its name";
  EXPECT_EQ(classified(rules, {.name = "ae0"}).boundary, "");
  EXPECT_EQ(
      classified({{.interface = "(.*)", .set = {{"description", "\\1!"}}}}, {.name = "", .description = ""})
          .description,
      "")
      << "an interface that nothing is known of";
}

/// An expression that a backtracking matcher takes years for.
TEST(Rules, TextOfADeviceCostsLinearTime) {
  const std::string text(4000, 'a');
  EXPECT_EQ(classified({{.interface = "(a*)*b", .set = {{"provider", "x"}}}}, {.description = text}).provider,
            "");
}

TEST(Rules, FlowsAndExporters) {
  const Rule rule({.exporter = "198.51.100.0/24", .match = "tcp", .drop = true});
  EXPECT_TRUE(rule.is_of(IpAddress::parse("198.51.100.9").value()));
  EXPECT_FALSE(rule.is_of(IpAddress::parse("198.51.101.9").value()));
  FlowBatch batch;
  batch.add_origin();
  batch.append(2)[1].proto = 6;
  EXPECT_FALSE(rule.matches(batch, batch.flows()[0]));
  EXPECT_TRUE(rule.matches(batch, batch.flows()[1]));
}

}  // namespace
}  // namespace sluice::enrich
