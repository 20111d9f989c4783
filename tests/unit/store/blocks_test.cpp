// ClickHouse's own blocks. Sums and blocks that are written out here are another implementation's
// (clickhouse-cityhash, lz4 and zstandard for Python).
#include "store/blocks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "store/city_hash.hpp"
#include "unit/store/http_fixture.hpp"

namespace sluice::store {
namespace {

using testing::HasSubstr;

TEST(CityHash, IsThatOfVersion102) {
  struct Row {
    std::size_t size;
    Hash128 sum;
  };
  // One size on each way through, and those at its edges.
  for (const auto& [size, sum] :
       {Row{0, {0x3df09dfc64c09a2b, 0x3cb540c392e51e29}}, Row{1, {0x39379490ccb55d55, 0x2af2b13064cd571f}},
        Row{3, {0x3108fa6b1da16986, 0x32301bf0c250612d}}, Row{8, {0xb6ad7c9a5953432f, 0x9f0e02109921888c}},
        Row{9, {0x5601ccf1e058519a, 0xf8512fca28333fef}}, Row{15, {0x5a8299d8ab8f2f47, 0x8ea0a478a90d3277}},
        Row{16, {0x21e79cab7f9c2b79, 0xa35615c235313f7a}}, Row{17, {0x0cd5bb13faea6e4c, 0x32bf719178f6bbfe}},
        Row{32, {0x67cfab8404eec7e9, 0x80cd3c27f5bd61ee}}, Row{33, {0x094bbf1d5b6ddb61, 0x10572bd58efa7aaf}},
        Row{64, {0x9962ac3c360cd25e, 0x461a4dd444f4ab26}}, Row{127, {0x55e007a5488e6a51, 0xbf49bf6ee9bb75e3}},
        Row{128, {0x0c58563baf04cf17, 0x4e9b14077ea48421}},
        Row{129, {0xe4eb2372cb5800f1, 0x05a6882435a0aa0f}},
        Row{255, {0xa48d2e3996a51871, 0x1604f0c9baa64867}},
        Row{256, {0xb92030e0aa944f01, 0x1b4aabf33c5266c6}},
        Row{300, {0x499b9ee6cc46f477, 0x8e409f5e6d0786ea}},
        Row{1000, {0xde828a038aa55521, 0xb07137e43cb72327}}}) {
    std::string bytes;
    for (std::size_t n = 0; n < size; ++n) bytes += static_cast<char>((n * 7 + 3) % 251);
    EXPECT_EQ(city_hash128(bytes), sum) << size;
  }
}

std::string of_hex(std::string_view hex) {
  std::string out;
  for (; !hex.empty(); hex.remove_prefix(2))
    out += static_cast<char>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16));
  return out;
}

constexpr std::string_view kText = "some text, some text, some text";
const std::string kStored = of_hex(
    "1bcb4dfa85c391043c5f9258b5f1f1b702280000001f000000"
    "736f6d6520746578742c20736f6d6520746578742c20736f6d652074657874");
const std::string kLz4 =
    of_hex("95fb00a3d75556f49f94b65e593cee45821d0000001f000000bb736f6d6520746578742c200b00502074657874");
const std::string kZstd = of_hex(
    "13882bc2e429390252b581d1f7aa9c6090230000001f00000028b52ffd201f8d000058736f6d6520746578742c200100a68b17");

/// The text, or "error: ..." or "incomplete".
std::string decoded(std::string_view bytes, std::size_t in_piece = 1U << 16,
                    std::size_t out_piece = 1U << 16) {
  const auto decoder = make_block_decoder();
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

std::string encoded(std::string_view text, std::size_t piece = 1U << 16) {
  const auto encoder = make_block_encoder();
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    encoder->encode(text.substr(0, piece), out);
  encoder->finish(out);
  return out;
}

/// A block with this header, whose checksum is right.
std::string block(unsigned char method, std::uint32_t packed, std::uint32_t unpacked, std::string_view data) {
  std::string rest(9, static_cast<char>(method));
  std::memcpy(rest.data() + 1, &packed, 4);
  std::memcpy(rest.data() + 5, &unpacked, 4);
  rest += data;
  const Hash128 sum = city_hash128(rest);
  std::string out(16, '\0');
  std::memcpy(out.data(), &sum.low, 8);
  std::memcpy(out.data() + 8, &sum.high, 8);
  return out + rest;
}

TEST(Blocks, EveryMethodIsRead) {
  const std::string text(kText);
  for (const std::string& one : {kStored, kLz4, kZstd})
    for (const std::size_t piece : {1UL, 7UL, 100UL}) {
      EXPECT_EQ(decoded(one, piece, piece), text);
      EXPECT_EQ(decoded(one + one, piece, 1000), text + text);
    }
  EXPECT_EQ(decoded(kStored + kZstd + kLz4), text + text + text);
  EXPECT_EQ(decoded(""), "");
}

TEST(Blocks, CutShortIsIncomplete) {
  for (const std::string& one : {kStored, kLz4, kZstd})
    for (std::size_t size = 1; size < one.size(); ++size)
      EXPECT_EQ(decoded(std::string_view(one).substr(0, size)), "incomplete") << size;
}

TEST(Blocks, EveryChangedByteIsAnError) {
  for (const std::string& one : {kStored, kLz4, kZstd})
    for (std::size_t at = 0; at < one.size(); ++at) {
      std::string changed = one;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      const std::string got = decoded(changed + one);
      EXPECT_TRUE(got == "incomplete" || got.starts_with("error: ")) << at << ": " << got;
    }
}

TEST(Blocks, WhatIsRefused) {
  struct Row {
    std::string bytes;
    std::string_view said;
  };
  constexpr std::uint32_t kMany = (64U << 20) + 1;
  const std::string lz4_data = kLz4.substr(25), zstd_data = kZstd.substr(25);
  const auto lz4_size = static_cast<std::uint32_t>(9 + lz4_data.size());
  const auto zstd_size = static_cast<std::uint32_t>(9 + zstd_data.size());
  for (const auto& [bytes, said] :
       {Row{std::string(40, '\x7f'), "the method of a block is 127"},
        Row{"INSERT INTO t VALUES (1), (2), (3), (4)", "the method of a block is "},
        Row{block(0x91, 10, 1, "x"), "the method of a block is 145, not LZ4 (130), ZSTD (144) or stored (2)"},
        Row{block(0x82, 9, 0, ""), "a block holds nothing"},
        Row{block(0x82, 0, 5, "xxxxx"), "a block holds nothing"},
        Row{block(0x82, kMany, 1, "x"), "larger than 64 MiB"},
        Row{block(0x90, 10, kMany, "x"), "larger than 64 MiB"},
        Row{block(0x02, 0xffffffff, 0xffffffff, "x"), "larger than 64 MiB"},
        Row{block(0x82, lz4_size, 30, lz4_data), "does not unpack to the 30 bytes that it tells of"},
        Row{block(0x82, lz4_size, 32, lz4_data), "does not unpack to the 32 bytes"},
        Row{block(0x82, lz4_size, 64U << 20, lz4_data), "does not unpack to the 67108864 bytes"},
        Row{block(0x90, zstd_size, 30, zstd_data), "does not unpack to the 30 bytes"},
        Row{block(0x90, zstd_size, 32, zstd_data), "does not unpack to the 32 bytes"},
        Row{block(0x02, 10, 2, "x"), "does not unpack to the 2 bytes"},
        Row{block(0x02, 11, 1, "xx"), "does not unpack to the 1 bytes"}})
    EXPECT_THAT(decoded(bytes), testing::AllOf(testing::StartsWith("error: "), HasSubstr(std::string(said))));
}

TEST(Blocks, AreWrittenAsAServerDoes) {
  std::string text;
  while (text.size() < (5U << 19)) text += std::to_string(text.size() * 7919);
  for (const std::size_t piece : {1000UL, 65'536UL, 3'000'000UL}) {
    const std::string bytes = encoded(text, piece);
    EXPECT_EQ(decoded(bytes, 1000, 1000), text);
    EXPECT_EQ(static_cast<unsigned char>(bytes[16]), 0x82);  // LZ4
    std::uint32_t unpacked = 0;
    std::memcpy(&unpacked, bytes.data() + 21, 4);
    EXPECT_EQ(unpacked, 1U << 20);
  }
  EXPECT_EQ(encoded(""), "");
}

class InBlocksTest : public HttpTest {};

TEST_F(InBlocksTest, TheAnswer) {
  const std::string text(10'000, 'x');
  engine_.reply = [&](const std::string&) { return text; };
  start();
  for (const char* const whole : {"", "&wait_end_of_query=1"}) {
    const auto answer =
        ask(std::string("POST /?compress=1") + whole, "Accept-Encoding: gzip\r\n", "SELECT 1");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.headers.count("Content-Encoding"), 0U);
    EXPECT_LT(answer.body.size(), 1000U);
    EXPECT_EQ(decoded(answer.body), text);
  }
}

TEST_F(InBlocksTest, TheAnswerInPieces) {
  const std::string text(5U << 20, 'x');
  engine_.reply = [&](const std::string&) { return text; };
  start();
  const auto answer = ask("POST /?compress=1", "", "SELECT 1");
  EXPECT_FALSE(answer.cut_off);
  EXPECT_EQ(decoded(answer.body), text);
}

TEST_F(InBlocksTest, InsideAContentCoding) {
  engine_.reply = [&](const std::string&) { return "text"; };
  start();
  const auto answer =
      ask("POST /?compress=1&enable_http_compression=1", "Accept-Encoding: gzip\r\n", "SELECT 1");
  EXPECT_EQ(answer.headers.at("Content-Encoding"), "gzip");
  std::string blocks(1000, '\0');
  const auto step = make_decoder(Coding::gzip)->step(answer.body, blocks.data(), blocks.size());
  ASSERT_TRUE(step);
  EXPECT_EQ(decoded(blocks.substr(0, step->produced)), "text");
}

TEST_F(InBlocksTest, AnErrorIsPlain) {
  engine_.reply = [](const std::string&) {
    return failure(std::string("Code: 60. DB::Exception: no such table. (UNKNOWN_TABLE)"));
  };
  start();
  const auto answer = ask("POST /?compress=1", "", "SELECT * FROM nope");
  EXPECT_EQ(answer.status, 404U);
  EXPECT_TRUE(answer.body.starts_with("Code: 60. DB::Exception: ")) << answer.body;
}

TEST_F(InBlocksTest, ALateErrorIsTheEndOfWhatCanBeRead) {
  engine_.reply = [](const std::string&) {
    return std::string(3U << 20, 'x') + "!Code: 395. DB::Exception: Too late. (LATE)";
  };
  start();
  const auto answer = ask("POST /?compress=1", "", "SELECT 1");
  EXPECT_TRUE(answer.cut_off);
  EXPECT_TRUE(decoded(answer.body).ends_with("Too late. (LATE) (version 26.7.2.1)\n"));
}

TEST_F(InBlocksTest, TheBody) {
  start();
  const std::string rows = "1\n2\n3\n";
  EXPECT_EQ(ask("POST /?decompress=1&query=INSERT+INTO+t+FORMAT+TSV", "", encoded(rows)).status, 200U);
  EXPECT_EQ(engine_.inserted(), rows);
  EXPECT_EQ(ask("POST /?decompress=1", "", encoded("SELECT 7")).status, 200U);
  EXPECT_EQ(engine_.statements().back(), "SELECT 7");
  EXPECT_EQ(ask("POST /?decompress=1&query=SELECT+8").status, 200U);  // no bytes are none in blocks too
}

TEST_F(InBlocksTest, ABodyInsideAContentCoding) {
  start();
  const auto gzip = make_encoder(Coding::gzip);
  std::string body;
  gzip->encode(encoded("SELECT 7"), body);
  gzip->finish(body);
  EXPECT_EQ(ask("POST /?decompress=1", "Content-Encoding: gzip\r\n", body).status, 200U);
  EXPECT_EQ(engine_.statements().back(), "SELECT 7");
}

TEST_F(InBlocksTest, ADamagedBodyNamesTheOption) {
  start();
  for (const auto& [body, reason] :
       {std::pair{std::string("SELECT 1 plain, without any block"), "the method of a block is"},
        std::pair{encoded("SELECT 1").substr(0, 30), "it ends early"},
        std::pair{kLz4 + "x" + kLz4, "a block"}}) {
    const auto answer = ask("POST /?decompress=1", "", body);
    EXPECT_EQ(answer.status, 400U);
    EXPECT_EQ(answer.headers.at("X-ClickHouse-Exception-Code"), "117");
    EXPECT_THAT(answer.body, HasSubstr("the body is no ClickHouse blocks (decompress=1): "));
    EXPECT_THAT(answer.body, HasSubstr(reason));
  }
  EXPECT_TRUE(engine_.calls().empty());
}

}  // namespace
}  // namespace sluice::store
