// The table of elements against IANA's registry (tests/data/iana): each element that is assigned has a row.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "decode/elements.hpp"

namespace sluice::decode {
namespace {

constexpr std::uint16_t kFirstOfNobody = 1000;  // IANA has come to 533; v9 has numbers of vendors far above

/// Names by number.
std::map<std::uint16_t, std::string> registry() {
  std::map<std::uint16_t, std::string> out;
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/data/iana/ipfix-information-elements.csv");
  for (std::string line; std::getline(file, line);) {
    const auto comma = line.find(',');
    if (line.starts_with('#') || comma == std::string::npos) continue;
    out[static_cast<std::uint16_t>(std::stoul(line.substr(0, comma)))] = line.substr(comma + 1);
  }
  return out;
}

TEST(Registry, EachElementHasARowOfItsName) {
  const auto assigned = registry();
  ASSERT_GT(assigned.size(), 400U);
  for (const auto& [id, name] : assigned) {
    const ElementInfo* element = find_element(0, id);
    ASSERT_NE(element, nullptr) << id << " " << name;
    EXPECT_EQ(element->name, name) << id;
    EXPECT_NE(element->number == 0, element->because.empty()) << id << " " << name;
  }
}

TEST(Registry, HasEachElementOfTheTable) {
  const auto assigned = registry();
  for (const ElementInfo& element : elements()) {
    if (element.pen == 0 && element.id < kFirstOfNobody) {
      EXPECT_TRUE(assigned.contains(element.id)) << element.name;
    }
  }
}

}  // namespace
}  // namespace sluice::decode
