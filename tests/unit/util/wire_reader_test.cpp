// Fields of protobuf messages, read in a hurry and at leisure: both find the same.
#include "util/wire_reader.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace sluice::wire {
namespace {

/// All that is found, as text, and what was wrong in the end.
std::string at_leisure(Bytes message) {
  std::string out;
  Reader reader(message);
  while (!reader.at_end()) {
    const Field field = reader.field();
    if (!reader.ok()) break;
    if (field.type == Type::varint)
      out += std::to_string(field.number) + '=' + std::to_string(field.integer) + ' ';
    else if (field.type == Type::delimited)
      out += std::to_string(field.number) + ':' +
             std::string(reinterpret_cast<const char*>(field.bytes.data()), field.bytes.size()) + ' ';
  }
  return out + (reader.ok() ? "" : reader.error());
}

std::string in_a_hurry(Bytes message) {
  std::string out;
  const char* const error = each_field(
      message,
      [&](std::uint32_t number, std::uint64_t value) {
        out += std::to_string(number) + '=' + std::to_string(value) + ' ';
        return true;
      },
      [&](std::uint32_t number, Bytes bytes) {
        out += std::to_string(number) + ':' +
               std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) + ' ';
        return true;
      });
  return out + (error == nullptr ? "" : error);
}

void put(std::vector<std::byte>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

TEST(WireReader, FindsTheSameInAHurry) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> message;
    for (int n = 0; n < 6; ++n) {
      const std::uint64_t number = 1 + (random() >> (35 + random() % 29));
      const std::uint64_t value = random() >> (random() % 64);
      const bool text = random() % 3 == 0;
      put(message, number << 3 | (text ? 2U : 0U));
      put(message, text ? value % 40 : value);
      if (text) message.resize(message.size() + value % 40, std::byte{'x'});
    }
    // Whole, cut anywhere, and with any byte another.
    ASSERT_EQ(in_a_hurry(message), at_leisure(message));
    const Bytes all(message);
    const Bytes cut = all.first(random() % message.size());
    ASSERT_EQ(in_a_hurry(cut), at_leisure(cut));
    message[random() % message.size()] = static_cast<std::byte>(random());
    ASSERT_EQ(in_a_hurry(message), at_leisure(message));
  }
}

TEST(WireReader, KnowsVarintsOfEveryLength) {
  for (unsigned bits = 0; bits <= 64; ++bits)
    for (const std::size_t behind : {0U, 1U, 20U}) {
      const std::uint64_t value = bits == 64 ? ~0ULL : (1ULL << bits) - 1;
      std::vector<std::byte> message{std::byte{8}};
      put(message, value);
      for (std::size_t i = 0; i < behind; ++i) message.insert(message.end(), {std::byte{16}, std::byte{0}});
      std::string expected = "1=" + std::to_string(value) + ' ';
      for (std::size_t i = 0; i < behind; ++i) expected += "2=0 ";
      EXPECT_EQ(in_a_hurry(message), expected) << bits;
    }
  // Of more than 64 bits, and without an end.
  for (const std::byte tenth : {std::byte{2}, std::byte{0xff}}) {
    std::vector<std::byte> message(10, std::byte{0xff});
    message[0] = std::byte{8};
    message.insert(message.end(), {tenth, std::byte{1}, std::byte{16}, std::byte{0}});
    EXPECT_EQ(in_a_hurry(message), at_leisure(message));
    EXPECT_NE(in_a_hurry(message).find("a varint of more than"), std::string::npos);
  }
}

TEST(WireReader, EndsWhereItIsTold) {
  const std::vector<std::byte> message{std::byte{8}, std::byte{1}, std::byte{16}, std::byte{2}};
  int seen = 0;
  EXPECT_EQ(each_field(
                message, [&](std::uint32_t, std::uint64_t) { return ++seen, false; },
                [](std::uint32_t, Bytes) { return true; }),
            nullptr);
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace sluice::wire
