// docs/protocols.md holds the output of `sluice schema fields`, word for word.
#include "cli/field_table.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sluice {
namespace {

constexpr const char* kDocument = SLUICE_SOURCE_DIR "/docs/protocols.md";
constexpr std::string_view kBegin = "<!-- begin: sluice schema fields -->\n";
constexpr std::string_view kEnd = "<!-- end: sluice schema fields -->\n";

std::string document() {
  std::ifstream file(kDocument);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ProtocolsDocument, HoldsTheFieldTableAsTheProgramPrintsIt) {
  const std::string text = document();
  const auto begin = text.find(kBegin);
  const auto end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos) << "the marker " << kBegin;
  ASSERT_NE(end, std::string::npos) << "the marker " << kEnd;
  ASSERT_LT(begin, end);
  const std::string held = text.substr(begin + kBegin.size(), end - begin - kBegin.size());
  // Line by line, so that a difference shows as the row it is in.
  std::istringstream in_document(held);
  std::istringstream in_program(cli::field_table());
  std::string ours;
  std::string printed;
  while (std::getline(in_program, printed)) {
    ASSERT_TRUE(std::getline(in_document, ours)) << "missing: " << printed;
    ASSERT_EQ(ours, printed) << "put the output of `sluice schema fields` between the markers of "
                             << kDocument;
  }
  EXPECT_FALSE(std::getline(in_document, ours)) << "too much: " << ours;
}

}  // namespace
}  // namespace sluice
