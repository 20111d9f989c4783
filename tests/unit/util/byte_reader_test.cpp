#include "sluice/util/byte_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace sluice {
namespace {

/// Of exactly that size on the heap, so that a sanitizer sees a read behind its end: 1, 2, 3 ...
std::vector<std::byte> counting(std::size_t size) {
  std::vector<std::byte> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(i + 1);
  return out;
}

/// The big-endian integer of `width` bytes that begins with `first`, each byte one more than the last.
std::uint64_t run_from(std::uint64_t first, std::size_t width) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < width; ++i) out = out << 8 | (first + i);
  return out;
}

void expect_failed(ByteReader& reader) {
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_TRUE(reader.rest().empty());
}

TEST(ByteReader, ReadsBigEndianFrontToBack) {
  const auto bytes = counting(15);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.be<std::uint8_t>(), 0x01U);
  EXPECT_EQ(reader.be<std::uint16_t>(), 0x0203U);
  EXPECT_EQ(reader.be<std::uint32_t>(), 0x04050607U);
  EXPECT_EQ(reader.be<std::uint64_t>(), 0x08090a0b0c0d0e0fULL);
  EXPECT_TRUE(reader.ok()) << "read to its end, not past it";
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteReader, HighBitsAreNoSign) {
  const std::vector<std::byte> bytes(8, std::byte{0xff});
  EXPECT_EQ(ByteReader(bytes).be<std::uint8_t>(), 0xffU);
  EXPECT_EQ(ByteReader(bytes).be<std::uint32_t>(), 0xffffffffU);
  EXPECT_EQ(ByteReader(bytes).be<std::uint64_t>(), ~0ULL);
  EXPECT_EQ(load_be_any(Bytes(bytes).first(3)), 0xffffffU);
}

/// Reads a T of every number of bytes up to twice its size.
template <class T>
void read_cut_at_each_length() {
  for (std::size_t size = 0; size <= 2 * sizeof(T); ++size) {
    const auto bytes = counting(size);
    ByteReader reader(bytes);
    const T value = reader.be<T>();
    const bool whole = size >= sizeof(T);
    EXPECT_EQ(value, whole ? run_from(1, sizeof(T)) : 0U) << sizeof(T) << " of " << size;
    EXPECT_EQ(reader.ok(), whole) << sizeof(T) << " of " << size;
    EXPECT_EQ(reader.remaining(), whole ? size - sizeof(T) : 0U) << sizeof(T) << " of " << size;
  }
}

TEST(ByteReader, CutAtEachLengthGivesTheValueOrZero) {
  read_cut_at_each_length<std::uint8_t>();
  read_cut_at_each_length<std::uint16_t>();
  read_cut_at_each_length<std::uint32_t>();
  read_cut_at_each_length<std::uint64_t>();
}

TEST(ByteReader, AFailureIsForGoodThoughBytesWereLeft) {
  const auto bytes = counting(3);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.be<std::uint32_t>(), 0U);
  expect_failed(reader);
  EXPECT_EQ(reader.be<std::uint8_t>(), 0U) << "the three bytes are not handed out after the failure";
  EXPECT_TRUE(reader.take(1).empty());
  for (const std::byte b : reader.window<2>()) EXPECT_EQ(b, std::byte{0});
  expect_failed(reader);
}

TEST(ByteReader, TakingNothingFromAFailedReaderDoesNotHealIt) {
  ByteReader reader({});
  EXPECT_TRUE(reader.take(0).empty());
  EXPECT_TRUE(reader.ok()) << "nothing is always there";
  reader.skip(1);
  reader.skip(0);
  EXPECT_TRUE(reader.take(0).empty());
  expect_failed(reader);
}

TEST(ByteReader, TakeHandsOutTheBytesThemselves) {
  const auto bytes = counting(5);
  ByteReader reader(bytes);
  const Bytes two = reader.take(2);
  EXPECT_EQ(two.data(), bytes.data()) << "borrowed, not copied";
  EXPECT_EQ(two.size(), 2U);
  EXPECT_EQ(reader.rest().data(), bytes.data() + 2);
  EXPECT_EQ(reader.take(3).size(), 3U);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteReader, SkipPassesOverAndFailsBehindTheEnd) {
  const auto bytes = counting(4);
  ByteReader reader(bytes);
  reader.skip(3);
  EXPECT_EQ(reader.be<std::uint8_t>(), 4U);
  EXPECT_TRUE(reader.ok());
  reader.skip(1);
  expect_failed(reader);

  ByteReader beyond(bytes);
  beyond.skip(5);
  expect_failed(beyond);
}

TEST(ByteReader, SizesNearTheLargestDoNotWrapAround) {
  const auto bytes = counting(8);
  constexpr std::size_t kLargest = std::numeric_limits<std::size_t>::max();
  for (const std::size_t size : {kLargest, kLargest - 7, kLargest / 2 + 1, std::size_t{9}}) {
    ByteReader reader(bytes);
    reader.skip(2);
    EXPECT_TRUE(reader.take(size).empty()) << size;
    expect_failed(reader);
  }
}

TEST(ByteReader, ANestedReaderStaysInItsPart) {
  const auto bytes = counting(6);
  ByteReader outer(bytes);
  ByteReader inner(outer.take(4));
  EXPECT_EQ(inner.be<std::uint16_t>(), 0x0102U);
  EXPECT_EQ(inner.be<std::uint32_t>(), 0U) << "two bytes are left of the part, four of the whole";
  expect_failed(inner);
  EXPECT_TRUE(outer.ok()) << "a part's failure is its own";
  EXPECT_EQ(outer.be<std::uint16_t>(), 0x0506U);
}

TEST(ByteReader, AWindowIsWholeOrZerosAtEachLength) {
  for (std::size_t size = 0; size <= 8; ++size) {
    const auto bytes = counting(size);
    ByteReader reader(bytes);
    const auto window = reader.window<4>();
    EXPECT_EQ(reader.ok(), size >= 4) << size;
    EXPECT_EQ((be_at<std::uint32_t, 0>(window)), size >= 4 ? 0x01020304U : 0U) << size;
    EXPECT_EQ((be_at<std::uint16_t, 2>(window)), size >= 4 ? 0x0304U : 0U) << size;
    EXPECT_EQ(reader.remaining(), size >= 4 ? size - 4 : 0U) << size;
  }
}

TEST(LoadBeAny, TakesEveryWidth) {
  for (std::size_t width = 0; width <= 8; ++width) {
    const auto bytes = counting(width);
    EXPECT_EQ(load_be_any(bytes), run_from(1, width)) << width;
  }
}

TEST(LoadBeAny, OfWiderInputTheLastEightBytesCount) {
  for (std::size_t width = 9; width <= 17; ++width) {
    const auto bytes = counting(width);
    EXPECT_EQ(load_be_any(bytes), run_from(width - 7, 8)) << width;
  }
}

}  // namespace
}  // namespace sluice
