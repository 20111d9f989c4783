#include "store/encoding.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace sluice::store {
namespace {

constexpr std::array kCodings{Coding::gzip, Coding::deflate, Coding::zstd, Coding::lz4, Coding::br};

/// Letters that repeat and bytes that do not, more than any buffer inside.
std::string sample() {
  std::string text;
  std::mt19937 random(7);
  while (text.size() < 300'000) {
    text += "a line that is often the same\n";
    text += static_cast<char>(random());
  }
  return text;
}

std::string encoded(Coding coding, std::string_view text, std::size_t piece) {
  const auto encoder = make_encoder(coding);
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    encoder->encode(text.substr(0, piece), out);
  encoder->finish(out);
  return out;
}

/// The text, or "error: ..." or "incomplete".
std::string decoded(Coding coding, std::string_view bytes, std::size_t in_piece, std::size_t out_piece) {
  const auto decoder = make_decoder(coding);
  std::string out, buffer(out_piece, '\0');
  while (true) {
    const auto step = decoder->step(bytes.substr(0, in_piece), buffer.data(), buffer.size());
    if (!step) return "error: " + step.error();
    out.append(buffer, 0, step->produced);
    bytes.remove_prefix(step->consumed);
    if (step->consumed == 0 && step->produced == 0) break;
  }
  return bytes.empty() && decoder->complete() ? out : "incomplete";
}

class EveryCoding : public testing::TestWithParam<Coding> {};
INSTANTIATE_TEST_SUITE_P(Codings, EveryCoding, testing::ValuesIn(kCodings),
                         [](const auto& each) { return std::string(name(each.param)); });

TEST_P(EveryCoding, GivesBackWhatWentIn) {
  const std::string text = sample();
  for (const std::size_t piece : {7UL, 65'536UL, 1'000'000UL}) {
    const std::string bytes = encoded(GetParam(), text, piece);
    EXPECT_LT(bytes.size(), text.size() / 2);
    EXPECT_EQ(decoded(GetParam(), bytes, 1'000'000, 1'000'000), text);
    EXPECT_EQ(decoded(GetParam(), bytes, 1000, 333), text);
  }
}

TEST_P(EveryCoding, TakesOneByteAtATime) {
  const std::string bytes = encoded(GetParam(), "some text", 4);
  EXPECT_EQ(decoded(GetParam(), bytes, 1, 1), "some text");
}

TEST_P(EveryCoding, NothingIsATextToo) {
  EXPECT_EQ(decoded(GetParam(), encoded(GetParam(), "", 1), 9, 9), "");
}

TEST_P(EveryCoding, CutShortIsIncomplete) {
  const std::string bytes = encoded(GetParam(), sample().substr(0, 5000), 5000);
  for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 50)
    EXPECT_EQ(decoded(GetParam(), std::string_view(bytes).substr(0, size), 100, 100), "incomplete") << size;
}

TEST_P(EveryCoding, PlainTextIsAnError) {
  EXPECT_TRUE(decoded(GetParam(), "INSERT INTO t VALUES (1), (2), (3), (4)", 100, 100).starts_with("error"));
}

TEST(Encoding, FramesMayFollowOneAnother) {
  for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::lz4}) {
    const std::string bytes = encoded(coding, "one, ", 9) + encoded(coding, "two", 9);
    EXPECT_EQ(decoded(coding, bytes, 100, 100), "one, two") << name(coding);
    EXPECT_EQ(decoded(coding, bytes, 1, 3), "one, two") << name(coding);
  }
}

TEST(Encoding, NamesOfContentEncoding) {
  EXPECT_EQ(parse_coding(""), Coding::identity);
  EXPECT_EQ(parse_coding("identity"), Coding::identity);
  EXPECT_EQ(parse_coding(" GZip "), Coding::gzip);
  EXPECT_EQ(parse_coding("x-gzip"), Coding::gzip);
  EXPECT_EQ(parse_coding("br"), Coding::br);
  for (const std::string_view unknown : {"xz", "snappy", "gzip, zstd", "bz2"})
    EXPECT_FALSE(parse_coding(unknown)) << unknown;
}

TEST(Encoding, AnswersInTheCheapestThatIsTaken) {
  EXPECT_EQ(choose_coding(""), Coding::identity);
  EXPECT_EQ(choose_coding("gzip, deflate"), Coding::gzip);
  EXPECT_EQ(choose_coding("gzip, deflate, br, zstd, lz4"), Coding::lz4);
  EXPECT_EQ(choose_coding("br;q=1.0, gzip;q=0"), Coding::br);
  EXPECT_EQ(choose_coding("zstd; q=0.000, deflate;q=0.1"), Coding::deflate);
  EXPECT_EQ(choose_coding("xz, *"), Coding::identity);
}

}  // namespace
}  // namespace sluice::store
