#include "sluice/decode/name_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace sluice::decode {
namespace {

using Learned = NameTable::Learned;

NameEntry interface(std::uint32_t domain, std::uint32_t if_index, std::string_view text) {
  return {.kind = NameKind::interface_name, .domain = domain, .number = if_index, .text = text};
}
NameEntry description(std::uint32_t domain, std::uint32_t if_index, std::string_view text) {
  return {.kind = NameKind::interface_description, .domain = domain, .number = if_index, .text = text};
}
NameEntry vrf(std::uint32_t domain, std::uint32_t id, std::string_view text) {
  return {.kind = NameKind::vrf_name, .domain = domain, .number = id, .text = text};
}
NameEntry application(std::uint32_t domain, std::string_view id, std::string_view text) {
  return {.kind = NameKind::application_name, .domain = domain, .application = id, .text = text};
}

std::string written(const NameEntry& entry) {
  return std::to_string(static_cast<int>(entry.kind)) + " " + std::to_string(entry.domain) + " " +
         std::to_string(entry.number) + " " + std::string(entry.application) + " " + std::string(entry.text);
}

std::set<std::string> all(const NameTable& names) {
  std::set<std::string> out;
  names.for_each([&](const NameEntry& entry) { out.insert(written(entry)); });
  return out;
}

TEST(NameTable, SaysWhatChanged) {
  NameTable names(10);
  EXPECT_TRUE(names.empty());
  EXPECT_EQ(names.learn(interface(0, 7, "eth7")), Learned::changed);
  EXPECT_EQ(names.learn(interface(0, 7, "eth7")), Learned::same);
  EXPECT_EQ(names.learn(interface(0, 7, "uplink")), Learned::changed);
  EXPECT_EQ(names.changes(), 2u);
  EXPECT_EQ(names.size(), 1u);
  EXPECT_FALSE(names.empty());
}

TEST(NameTable, AnInterfaceIsOneEntryWithBothNames) {
  NameTable names(1);
  EXPECT_EQ(names.learn(interface(3, 7, "eth7")), Learned::changed);
  EXPECT_EQ(names.learn(description(3, 7, "to the north")), Learned::changed);
  EXPECT_EQ(names.size(), 1u);
  EXPECT_EQ(names.interface_names(3, 7).name, "eth7");
  EXPECT_EQ(names.interface_names(3, 7).description, "to the north");
  EXPECT_EQ(names.interface_names(3, 8).name, "");
}

TEST(NameTable, KindsDoNotMix) {
  NameTable names(10);
  names.learn(interface(0, 7, "eth7"));
  names.learn(vrf(0, 7, "red"));
  names.learn(application(0, std::string_view("\0\0\0\7", 4), "ping"));
  EXPECT_EQ(names.interface_names(0, 7).name, "eth7");
  EXPECT_EQ(names.vrf_name(0, 7), "red");
  EXPECT_EQ(names.application_name(0, std::string_view("\0\0\0\7", 4)), "ping");
}

TEST(NameTable, ApplicationIdsOfAnotherLengthAreOthers) {
  NameTable names(10);
  names.learn(application(0, std::string_view("\3\0", 2), "short"));
  EXPECT_EQ(names.application_name(0, std::string_view("\3\0\0", 3)), "");
  EXPECT_EQ(names.application_name(0, std::string_view("\3\0", 2)), "short");
  EXPECT_EQ(names.application_name(0, ""), "");
}

TEST(NameTable, TheFlowsDomainComesBeforeDomainZero) {
  NameTable names(10);
  names.learn(interface(0, 1, "of zero"));
  names.learn(interface(5, 1, "of five"));
  names.learn(vrf(0, 1, "zero"));
  names.learn(vrf(5, 1, "five"));
  names.learn(application(0, "a", "zero"));
  names.learn(application(5, "a", "five"));
  EXPECT_EQ(names.interface_names(5, 1).name, "of five");
  EXPECT_EQ(names.interface_names(6, 1).name, "of zero");
  EXPECT_EQ(names.vrf_name(5, 1), "five");
  EXPECT_EQ(names.vrf_name(6, 1), "zero");
  EXPECT_EQ(names.application_name(5, "a"), "five");
  EXPECT_EQ(names.application_name(6, "a"), "zero");
}

TEST(NameTable, InterfacesOfTheOnlyDomainServeAllDomains) {
  NameTable names(10);
  names.learn(interface(256, 1, "eth1"));
  names.learn(vrf(256, 1, "red"));
  names.learn(application(256, "a", "web"));
  EXPECT_EQ(names.interface_names(0, 1).name, "eth1");
  EXPECT_EQ(names.interface_names(512, 1).name, "eth1");
  EXPECT_EQ(names.vrf_name(0, 1), "") << "a VRF id may mean another VRF there";
  EXPECT_EQ(names.application_name(0, "a"), "");

  names.learn(interface(512, 2, "eth2"));
  EXPECT_EQ(names.interface_names(0, 1).name, "") << "which of the two domains?";
  EXPECT_EQ(names.interface_names(256, 1).name, "eth1");
}

TEST(NameTable, AnEmptyTextForgets) {
  NameTable names(10);
  EXPECT_EQ(names.learn(description(1, 7, "")), Learned::same);
  EXPECT_TRUE(names.empty());
  names.learn(interface(1, 7, "eth7"));
  names.learn(description(1, 7, "old"));
  EXPECT_EQ(names.learn(description(1, 7, "")), Learned::changed);
  EXPECT_EQ(names.interface_names(1, 7).description, "");
  EXPECT_EQ(names.interface_names(1, 7).name, "eth7");
  EXPECT_EQ(names.learn(interface(1, 7, "")), Learned::changed);
  EXPECT_TRUE(names.empty());
  names.learn(interface(2, 7, "eth7"));
  EXPECT_EQ(names.interface_names(9, 7).name, "eth7") << "the domain that was emptied counts no more";
}

TEST(NameTable, RefusesMoreThanItsFill) {
  NameTable names(2);
  EXPECT_EQ(names.learn(interface(0, 1, "a")), Learned::changed);
  EXPECT_EQ(names.learn(vrf(0, 1, "b")), Learned::changed);
  EXPECT_EQ(names.learn(application(0, "x", "c")), Learned::refused);
  EXPECT_EQ(names.learn(interface(0, 2, "d")), Learned::refused);
  EXPECT_EQ(names.learn(interface(0, 1, "new")), Learned::changed) << "those that are known may change";
  EXPECT_EQ(names.size(), 2u);
  EXPECT_FALSE(names.restore(interface(0, 3, "e")));
}

TEST(NameTable, CutsALongNameAtACharacter) {
  NameTable names(2);
  names.learn(interface(0, 1, std::string(1000, 'x')));
  EXPECT_EQ(names.interface_names(0, 1).name, std::string(NameTable::kMaxText, 'x'));
  names.learn(interface(0, 1, std::string(NameTable::kMaxText - 1, 'x') + "ä"));
  EXPECT_EQ(names.interface_names(0, 1).name, std::string(NameTable::kMaxText - 1, 'x'));
  EXPECT_EQ(names.learn(interface(0, 1, std::string(NameTable::kMaxText - 1, 'x') + "ä")), Learned::same);
}

TEST(NameTable, RefusesALongApplicationId) {
  NameTable names(2);
  const std::string id(NameTable::kMaxApplication, 'i');
  EXPECT_EQ(names.learn(application(0, id, "fits")), Learned::changed);
  EXPECT_EQ(names.application_name(0, id), "fits");
  EXPECT_EQ(names.learn(application(0, id + "i", "does not")), Learned::refused);
  EXPECT_EQ(names.application_name(0, id + "i"), "");
}

TEST(NameTable, ComesBackFromWhatForEachGave) {
  NameTable names(10);
  names.learn(interface(1, 7, "eth7"));
  names.learn(description(1, 7, "north"));
  names.learn(description(2, 8, "south"));
  names.learn(vrf(0xffffffff, 0xffffffff, "red"));
  names.learn(application(0, std::string_view("\3\0\0P", 4), "http"));
  EXPECT_EQ(all(names).size(), 5u);

  NameTable again(10);
  names.for_each([&](const NameEntry& entry) { EXPECT_TRUE(again.restore(entry)); });
  EXPECT_EQ(all(again), all(names));
  EXPECT_EQ(again.restored(), 4u);
  EXPECT_EQ(again.changes(), 0u) << "what was read needs no writing";

  again.learn(vrf(0xffffffff, 0xffffffff, "red"));
  again.learn(interface(1, 7, "eth8"));
  again.learn(description(2, 8, ""));
  EXPECT_EQ(again.restored(), 1u);
  EXPECT_EQ(again.changes(), 2u);
}

}  // namespace
}  // namespace sluice::decode
