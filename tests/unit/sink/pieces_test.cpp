#include "sink/kafka/pieces.hpp"

#include <gmock/gmock.h>

#include "sink_support.hpp"

namespace sluice::sink {
namespace {

using encode::Format;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

Bytes bytes(const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::vector<std::string> pieces(const std::string& rows, Format format, std::size_t most) {
  std::vector<std::string> out;
  for (const Bytes piece : cut(bytes(rows), format, most)) out.push_back(test::text(piece));
  return out;
}

/// Rows of `n` bytes with their prefix or newline.
std::string row(Format format, std::size_t n) {
  if (format == Format::json) return std::string(n - 1, 'j') + '\n';
  if (n <= 128) return test::framed(std::string(n - 1, 'p'));
  const std::size_t body = n - 2;
  return {std::string{static_cast<char>(0x80 | (body & 0x7F)), static_cast<char>(body >> 7)} +
          std::string(body, '\x81')};
}

class PiecesOf : public testing::TestWithParam<Format> {};

TEST_P(PiecesOf, AreWholeRowsOfAtMostSoMuch) {
  std::string rows;
  for (const std::size_t n : {100U, 300U, 20U, 20U, 700U, 30U}) rows += row(GetParam(), n);
  for (std::size_t most = 1; most < rows.size() + 10; ++most) {
    std::string together;
    std::uint32_t count = 0;
    for (const std::string& piece : pieces(rows, GetParam(), most)) {
      const std::uint32_t own = count_rows(bytes(piece), GetParam());
      EXPECT_TRUE(piece.size() <= most || own == 1) << piece.size() << " at " << most;
      count += own;
      together += piece;
    }
    ASSERT_EQ(together, rows) << most;
    ASSERT_EQ(count, 6U) << most;
  }
}

TEST_P(PiecesOf, AreFewAsCanBe) {
  const std::string one = row(GetParam(), 10);
  std::string rows;
  for (int i = 0; i < 9; ++i) rows += one;
  EXPECT_THAT(pieces(rows, GetParam(), 45), ElementsAre(rows.substr(0, 40), rows.substr(0, 40), one));
  EXPECT_THAT(pieces("", GetParam(), 45), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Formats, PiecesOf, testing::Values(Format::protobuf, Format::json));

TEST(Pieces, WhatIsNoRowStaysWhole) {
  for (const std::string& torn : {std::string("\x7f"
                                              "abc"),
                                  std::string("\xff\xff\xff\xff\xff\xff"), std::string("\x80")})
    EXPECT_THAT(pieces(torn, Format::protobuf, 1), ElementsAre(torn));
  EXPECT_THAT(pieces("{}\n{", Format::json, 1), ElementsAre("{}\n", "{"));
}

TEST(Pieces, RowsAreTheirExporters) {
  Block block;
  block.exporters = {{test::exporter(1), 5}, {test::exporter(2), 4}};
  block.runs = {{0, 2}, {1, 4}, {0, 3}};
  const auto lost = [&](std::size_t first, std::size_t n) {
    std::vector<std::uint32_t> out;
    count_by_exporter(block, first, n, out);
    return out;
  };
  EXPECT_THAT(lost(0, 9), ElementsAre(5, 4));
  EXPECT_THAT(lost(1, 2), ElementsAre(1, 1));
  EXPECT_THAT(lost(5, 1), ElementsAre(0, 1));
  EXPECT_THAT(lost(6, 3), ElementsAre(3, 0));
  EXPECT_THAT(lost(3, 0), Each(0));
}

}  // namespace
}  // namespace sluice::sink
