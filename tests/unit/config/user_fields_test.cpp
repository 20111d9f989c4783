// The setting `fields`: what it makes of a file, and every mistake with its sentence.
#include <gmock/gmock.h>

#include <regex>
#include <set>
#include <sstream>

#include "support.hpp"

namespace sluice::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(UserFieldSettings, AreReadWithAllTheirKeys) {
  const auto result = load_text(R"(
fields:
  - name: acl_name
    number: 2000
    type: string
    elements: [9:12235, flowDirection, 61, 40000]
  - name: ports
    number: 536870911
    list: true
    endian: little
    packet:
      - {layer: tcp, length: 16}
      - {layer: 802.1q, offset: 4, length: 8, inner: true}
)");
  ASSERT_THAT(told(result), IsEmpty());
  UserField name;
  name.name = "acl_name";
  name.number = 2000;
  name.type = UserType::string;
  name.elements = {{9, 12235}, {0, 61}, {0, 61}, {0, 40000}};
  UserField ports;
  ports.name = "ports";
  ports.number = 536870911;
  ports.list = ports.little_endian = true;
  ports.packet = {{PacketLayer::tcp, false, 0, 16}, {PacketLayer::dot1q, true, 4, 8}};
  EXPECT_THAT(result.config.fields, ElementsAre(name, ports));
}

TEST(UserFieldSettings, AreWrittenSoThatTheyAreReadBack) {
  const auto result = load_text(
      "fields: [{name: a, number: 2000, elements: [9:7, 61], packet: [{layer: ipv6, offset: 3, length: "
      "5}]}]");
  ASSERT_THAT(told(result), IsEmpty());
  const auto again = load_text(to_yaml(result.config));
  ASSERT_THAT(told(again), IsEmpty());
  EXPECT_EQ(again.config.fields, result.config.fields);
}

TEST(UserFieldSettings, MayComeFromTheCommandLine) {
  const auto result = load_text("", {}, {"fields=[{name: a, number: 2000, elements: [61]}]"});
  ASSERT_THAT(told(result), IsEmpty());
  EXPECT_EQ(result.config.fields.size(), 1U);
}

struct Mistake {
  const char* yaml;
  const char* message;
};

// clang-format off
const Mistake kMistakes[] = {
    {"fields: 5",
     R"(FILE:1: fields is "5"; it takes a list of maps such as [{name: acl_name, number: 2000, type: string, elements: ["9:12235"]}])"},
    {"fields: [5]",
     R"(FILE:1: fields[0] is "5"; it takes a map such as {name: acl_name, number: 2000, type: string, elements: ["9:12235"]})"},
    {"fields:\n  - number: 2000\n    elements: [61]",
     "FILE:2: fields[0] has no name; add one, such as name: acl_name"},
    {"fields:\n  - name: a\n    elements: [61]",
     "FILE:2: fields[0] has no number; add one, such as number: 2000"},
    {"fields:\n  - {name: a, number: 2000}",
     "FILE:2: fields[0] has no source; name elements, such as elements: [61], or bits of a packet, such as packet: [{layer: tcp, offset: 112, length: 16}]"},
    {"fields:\n  - name: Acl\n    number: 2000\n    elements: [61]",
     R"(FILE:2: fields[0].name is "Acl"; it takes 1 to 63 of a-z, 0-9 and _ that begin with a letter, such as acl_name)"},
    {"fields:\n  - name: src_addr\n    number: 2000\n    elements: [61]",
     R"(FILE:2: fields[0].name is "src_addr", too like src_addr, which the message or its table has; choose another name)"},
    {"fields:\n  - name: srcaddr\n    number: 2000\n    elements: [61]",
     R"(FILE:2: fields[0].name is "srcaddr", too like src_addr, which the message or its table has; choose another name)"},
    {"fields:\n  - name: inserted_at\n    number: 2000\n    elements: [61]",
     R"(FILE:2: fields[0].name is "inserted_at", too like inserted_at, which the message or its table has; choose another name)"},
    {"fields:\n  - name: a\n    number: 1999\n    elements: [61]",
     R"(FILE:3: fields[0].number is "1999"; it takes a whole number from 2000 to 536870911 that is not one of 19000 to 19999)"},
    {"fields:\n  - name: a\n    number: 19999\n    elements: [61]",
     R"(FILE:3: fields[0].number is "19999"; it takes a whole number from 2000 to 536870911 that is not one of 19000 to 19999)"},
    {"fields:\n  - name: a\n    number: 536870912\n    elements: [61]",
     R"(FILE:3: fields[0].number is "536870912"; it takes a whole number from 2000 to 536870911 that is not one of 19000 to 19999)"},
    {"fields:\n  - {name: a, number: 2000, elements: [61]}\n  - {name: b, number: 2000, elements: [62]}",
     "FILE:3: fields[1].number is 2000, the number of fields[0] (line 2); give each its own"},
    {"fields:\n  - {name: a_b, number: 2000, elements: [61]}\n  - {name: ab, number: 2001, elements: [62]}",
     R"(FILE:3: fields[1].name is "ab", too like the name of fields[0] (line 2); give each its own)"},
    {"fields: [{name: a, number: 2000, type: float, elements: [61]}]",
     R"(FILE:1: fields[0].type is "float"; it takes uint, string, bytes or address)"},
    {"fields: [{name: a, number: 2000, elements: [flowDirektion]}]",
     R"(FILE:1: fields[0].elements[0] is "flowDirektion"; did you mean flowDirection?)"},
    {"fields: [{name: a, number: 2000, elements: [9:40000]}]",
     R"(FILE:1: fields[0].elements[0] is "9:40000"; it takes an element's number (61), ENTERPRISE:NUMBER (9:12235) or a name such as flowDirection)"},
    {"fields: [{name: a, number: 2000, elements: [0]}]",
     R"(FILE:1: fields[0].elements[0] is "0"; it takes an element's number (61), ENTERPRISE:NUMBER (9:12235) or a name such as flowDirection)"},
    {"fields: [{name: a, number: 2000, elements: [4294967296:1]}]",
     R"(FILE:1: fields[0].elements[0] is "4294967296:1"; it takes an element's number (61), ENTERPRISE:NUMBER (9:12235) or a name such as flowDirection)"},
    {"fields: [{name: a, number: 2000, packet: [{layer: tcp}]}]",
     "FILE:1: fields[0].packet[0] has no length; it takes a map such as {layer: tcp, offset: 112, length: 16}"},
    {"fields: [{name: a, number: 2000, packet: [{offset: 1, length: 5}]}]",
     "FILE:1: fields[0].packet[0] has no layer; it takes a map such as {layer: tcp, offset: 112, length: 16}"},
    {"fields: [{name: a, number: 2000, packet: [{layer: tcp, length: 65}]}]",
     "FILE:1: fields[0].packet[0] takes 65 bits, but a uint has 64 at most; type bytes takes more"},
    {"fields: [{name: a, number: 2000, type: bytes, packet: [{layer: tcp, length: 12}]}]",
     "FILE:1: fields[0].packet[0] takes 12 bits, but string and bytes want whole bytes"},
    {"fields: [{name: a, number: 2000, type: address, packet: [{layer: ipv4, offset: 96, length: 16}]}]",
     "FILE:1: fields[0].packet[0] takes 16 bits, but an address has 32 or 128"},
    {"fields: [{name: a, number: 2000, endian: little, packet: [{layer: tcp, length: 12}]}]",
     "FILE:1: fields[0].packet[0] takes 12 bits, but endian little wants whole bytes"},
    {"fields: [{name: a, number: 2000, type: string, endian: little, elements: [61]}]",
     "FILE:1: fields[0].endian is little, which only a field of type uint has; leave it out"},
    {"fields: [{name: a, number: 2000, packet: [{layer: tcp, length: 16, bits: 3}]}]",
     R"(FILE:1: unknown key "fields[0].packet[0].bits"; known here are layer, offset, length, inner)"},
};
// clang-format on

TEST(UserFieldSettings, MistakesAreToldInOneSentence) {
  for (const Mistake& mistake : kMistakes)
    EXPECT_THAT(told(load_text(mistake.yaml)), ElementsAre(mistake.message)) << mistake.yaml;
}

TEST(UserFieldSettings, AnUnknownLayerIsToldWithThoseThereAre) {
  EXPECT_THAT(told(load_text("fields: [{name: a, number: 2000, packet: [{layer: http, length: 1}]}]")),
              ElementsAre(HasSubstr(R"(layer is "http"; it takes ethernet, ppp, 802.1q, mpls, ipv4)")));
}

TEST(UserFieldSettings, ThereMayBe64) {
  std::string yaml = "fields:\n";
  const auto add = [&](int i) {
    yaml +=
        "  - {name: f" + std::to_string(i) + ", number: " + std::to_string(2000 + i) + ", elements: [61]}\n";
  };
  for (int i = 0; i < 64; ++i) add(i);
  EXPECT_THAT(told(load_text(yaml)), IsEmpty());
  add(64);
  EXPECT_THAT(told(load_text(yaml)), ElementsAre("FILE:1: fields has 65 entries; there may be 64"));
}

TEST(UserFieldSettings, NoColumnOfTheTablesMayBeTheName) {
  const std::set<std::string> of_errors = {"error", "raw_message", "reason"};  // no flow is in that table
  std::size_t columns = 0;
  for (const char* script : {"50_flows_raw.sql", "90_consume.sql"}) {
    std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/deploy/clickhouse/" + script);
    ASSERT_TRUE(in) << script;
    static const std::regex kColumn(
        "^ +(?:ADD COLUMN IF NOT EXISTS )?([a-z][a-z0-9_]*) [A-Z][A-Za-z0-9(]*.*");
    for (std::string line; std::getline(in, line);) {
      std::smatch match;
      if (!std::regex_match(line, match, kColumn) || of_errors.contains(match[1])) continue;
      ++columns;
      const auto result = load_text("fields: [{name: " + match[1].str() + ", number: 2000, elements: [61]}]");
      EXPECT_THAT(told(result), ElementsAre(HasSubstr("which the message or its table has"))) << line;
    }
  }
  EXPECT_GT(columns, 200U);
}

}  // namespace
}  // namespace sluice::config
