#include "nfdump/lzo.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace sluice::nfdump::test {
namespace {

using Octets = std::vector<std::byte>;

/// Copies of what was before, from near and far, long and short, and fresh bytes in between.
Octets content() {
  Octets out;
  std::uint32_t state = 1;
  const auto roll = [&](std::size_t n) {
    state = (state * 1103515245U + 12345U) & 0x7fffffffU;
    return std::size_t{state >> 8} % n;
  };
  constexpr std::size_t kWithin[] = {8, 40, 2000, 3000, 60000}, kLengths[] = {3, 4, 7, 30, 300, 700};
  while (out.size() < 40000) {
    const std::size_t kind = roll(8);
    if (kind < 2 || out.size() < 8) {
      for (std::size_t n = roll(5) + 1; n > 0; --n) out.push_back(static_cast<std::byte>(roll(256)));
    } else if (kind == 2) {
      const auto byte = static_cast<std::byte>(roll(256));
      out.resize(out.size() + roll(900) + 1, byte);
    } else {
      const std::size_t distance = roll(std::min(out.size(), kWithin[roll(5)])) + 1;
      for (std::size_t n = kLengths[roll(6)]; n > 0; --n) out.push_back(out[out.size() - distance]);
    }
  }
  return out;
}

Octets from_hex(const std::string& name) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/tests/data/nfdump/" + name);
  Octets out;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2)
      out.push_back(static_cast<std::byte>(std::stoi(line.substr(i, 2), nullptr, 16)));
  }
  return out;
}

Octets octets(std::initializer_list<int> values) {
  Octets out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(Lzo, WhatTheLibraryPackedIsUnpacked) {
  const Octets plain = content();
  for (const char* name : {"lzo1x_1.hex", "lzo1x_999.hex"}) {
    const Octets packed = from_hex(name);
    ASSERT_GT(packed.size(), 500U);
    Octets out(plain.size());
    const auto size = unpack_lzo1x(packed, out);
    ASSERT_TRUE(size) << name;
    EXPECT_EQ(*size, plain.size());
    EXPECT_TRUE(out == plain) << name;
  }
}

TEST(Lzo, WhatDoesNotFitIsRefused) {
  const Octets plain = content(), packed = from_hex("lzo1x_1.hex");
  for (const std::size_t room : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, plain.size() - 1}) {
    Octets out(room);
    EXPECT_FALSE(unpack_lzo1x(packed, out)) << room;
  }
}

TEST(Lzo, WhatIsCutShortIsRefused) {
  const Octets packed = from_hex("lzo1x_999.hex");
  Octets out(content().size());
  for (std::size_t size = 0; size < packed.size(); ++size)
    EXPECT_FALSE(unpack_lzo1x(Bytes(packed).first(size), out)) << size;
}

TEST(Lzo, DamageStaysInItsBounds) {
  std::mt19937 random(1);
  for (const char* name : {"lzo1x_1.hex", "lzo1x_999.hex"}) {
    const Octets packed = from_hex(name);
    for (int i = 0; i < 3000; ++i) {
      Octets changed = packed;
      changed[random() % changed.size()] = static_cast<std::byte>(random());
      Octets out(content().size());
      const auto size = unpack_lzo1x(changed, out);
      EXPECT_LE(size.value_or(0), out.size());
    }
  }
}

TEST(Lzo, AMatchFromBeforeTheBeginningIsRefused) {
  Octets out(100);
  // One literal, then three bytes from 9 before; and the same from 1 before.
  EXPECT_FALSE(unpack_lzo1x(octets({18, 'a', 0x40, 1, 0x11, 0, 0}), out));
  const auto size = unpack_lzo1x(octets({18, 'a', 0x40, 0, 0x11, 0, 0}), out);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 4U);
  EXPECT_EQ(out[3], std::byte{'a'});
}

TEST(Lzo, ALengthOfZerosWithoutEndIsRefused) {
  Octets packed(5 << 20, std::byte{0}), out(1000);
  EXPECT_FALSE(unpack_lzo1x(packed, out));
}

}  // namespace
}  // namespace sluice::nfdump::test
