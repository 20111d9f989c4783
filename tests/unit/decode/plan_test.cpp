// A record means the same whether its template is decoded field by field (fixed lengths) or record by record
// (a variable-length field in it): every element of the table, with random values, both ways.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <set>

#include "decode/elements.hpp"
#include "sluice/flow/fields.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint16_t kUnknownElement = 30000;

std::vector<std::uint16_t> widths_of(const ElementInfo& element) {
  const FieldInfo* field = element.number ? find_field(element.number) : nullptr;
  if (field && field->kind == FieldKind::address && element.action == Action::store) return {4, 16};
  if (element.action == Action::packet_ethernet || element.action == Action::packet_ip) return {54, 80};
  if (field && (field->kind == FieldKind::text || field->kind == FieldKind::raw)) return {1, 9, 20};
  return {1, 2, 3, 4, 5, 6, 7, 8, 16};
}

void expect_same_flow(const DecodeFixture& a, const DecodeFixture& b, std::size_t i,
                      const ElementInfo& element) {
  for (const FieldInfo& field : flow_fields()) {
    const FlowRecord& x = a.flow(i);
    const FlowRecord& y = b.flow(i);
    ASSERT_EQ(field_present(field, a.batch, x), field_present(field, b.batch, y))
        << element.name << " " << field.name;
    ASSERT_EQ(integer_field(field, a.batch, x), integer_field(field, b.batch, y))
        << element.name << " " << field.name;
    ASSERT_EQ(address_field(field, a.batch, x), address_field(field, b.batch, y))
        << element.name << " " << field.name;
  }
}

TEST(Plan, FieldMajorAndRecordMajorAgreeForEveryElement) {
  std::mt19937 random(1);
  for (const ElementInfo& element : elements()) {
    if (element.id >= 0x8000) continue;  // v9 only
    for (const std::uint16_t width : widths_of(element)) {
      constexpr std::size_t kRecords = 3;
      WireBytes fixed;
      WireBytes variable;
      for (std::size_t i = 0; i < kRecords; ++i) {
        WireBytes record;
        for (std::uint16_t b = 0; b < width; ++b) record.u8(i == 1 ? 0 : random() & 0xffU);
        record.u8(random() & 0xffU).u16(random() & 0xffffU);
        fixed.raw(record.data());
        variable.raw(record.data()).u8(0);
      }
      const SetMessage::Fields fields{{element.id, width, element.pen}, {4, 1}, {11, 2}};
      SetMessage::Fields with_variable = fields;
      with_variable.push_back({kUnknownElement, kVariableLength});
      DecodeFixture a;
      DecodeFixture b;
      ASSERT_EQ(a(SetMessage::ipfix().tmpl(256, fields).data(256, fixed)).count(DecodeCount::flow_records),
                kRecords)
          << element.name << " " << width;
      ASSERT_EQ(b(SetMessage::ipfix().tmpl(256, with_variable).data(256, variable))
                    .count(DecodeCount::flow_records),
                kRecords)
          << element.name << " " << width;
      for (std::size_t i = 0; i < kRecords; ++i) expect_same_flow(a, b, i, element);
    }
  }
}

TEST(Elements, FillFieldsThatExist) {
  for (const ElementInfo& element : elements()) {
    if (element.number) {
      EXPECT_NE(find_field(element.number), nullptr) << element.name;
    }
    if (element.action == Action::store) {
      EXPECT_NE(element.number, 0) << element.name;
    }
  }
}

TEST(Elements, NamesAreTold) {
  std::set<std::string_view> names;
  for (const ElementInfo& element : elements())
    EXPECT_TRUE(names.insert(element.name).second) << element.name;
  EXPECT_EQ(find_element(0, 1)->name, "octetDeltaCount");
  EXPECT_EQ(find_element(0, 29999), nullptr);
  EXPECT_EQ(find_element(29305, 999), nullptr);
}

TEST(DecodeErrors, StandInTheDocumentOfMetrics) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/docs/metrics.md");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (std::size_t i = 0; i < static_cast<std::size_t>(DecodeError::count); ++i) {
    const std::string row = "| `" + std::string(name(static_cast<DecodeError>(i))) + "` |";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

TEST(DecodeErrors, HaveNamesAndSentences) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(DecodeError::count); ++i) {
    EXPECT_TRUE(names.insert(name(static_cast<DecodeError>(i))).second);
    EXPECT_NE(sentence(static_cast<DecodeError>(i)), "unknown error");
  }
}

}  // namespace
}  // namespace sluice::decode
