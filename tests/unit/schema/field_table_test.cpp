#include "schema/field_table.hpp"

#include <gmock/gmock.h>

#include <map>
#include <sstream>

#include "decode/elements.hpp"
#include "sluice/flow/fields.hpp"
#include "unit/cli/process.hpp"

namespace sluice::schema {
namespace {

using testing::HasSubstr;

/// Cells by field name.
std::map<std::string, std::vector<std::string>> rows() {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& line : cli::test::lines(field_table())) {
    if (!line.starts_with("| ") || line.starts_with("| Field") || line.starts_with("| ---")) continue;
    std::vector<std::string> cells;
    std::istringstream in(line.substr(1));
    for (std::string cell; std::getline(in, cell, '|');) {
      const auto first = cell.find_first_not_of(' ');
      cells.push_back(
          first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
    }
    out.emplace(cells[0], cells);
  }
  return out;
}

TEST(FieldTable, HasARowOfEightCellsForEachField) {
  const auto table = rows();
  EXPECT_EQ(table.size(), flow_fields().size());
  for (const auto& field : flow_fields()) {
    const auto row = table.find(std::string(field.name));
    ASSERT_NE(row, table.end()) << field.name;
    EXPECT_EQ(row->second.size(), 8U) << field.name;
    EXPECT_EQ(row->second[1], std::to_string(field.number));
  }
}

TEST(FieldTable, NamesEachElementWhereItGoes) {
  const auto table = rows();
  for (const auto& element : decode::elements()) {
    if (element.number == 0) continue;
    const auto* field = find_field(element.number);
    ASSERT_NE(field, nullptr) << element.name;
    EXPECT_THAT(table.at(std::string(field->name))[7], HasSubstr(element.name));
  }
}

TEST(FieldTable, SaysWhatFillsAField) {
  const auto table = rows();
  const auto& bytes = table.at("bytes");
  EXPECT_EQ(bytes[2], "uint64");
  EXPECT_EQ(bytes[5], "frame_length; else length of sampled Ethernet, IPv4, IPv6");
  EXPECT_EQ(bytes[6], "dOctets");
  EXPECT_THAT(bytes[7], testing::StartsWith("octetDeltaCount (1), "));
  EXPECT_THAT(table.at("icmp_code")[7], HasSubstr("icmpTypeCodeIPv4 (32)"));
  EXPECT_THAT(table.at("mpls_ttl")[7], HasSubstr("(70)"));
  EXPECT_THAT(table.at("src_addr")[7], HasSubstr("dataLinkFrameSection (315) packet"));
  EXPECT_EQ(table.at("nat_event")[2], "optional uint32");
}

}  // namespace
}  // namespace sluice::schema
