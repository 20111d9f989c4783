#include "sluice/util/seeded_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "sluice/flow/address.hpp"

namespace sluice {
namespace {

/// Most keys in one bucket.
template <class Keys>
std::size_t fullest(const Keys& keys) {
  std::size_t most = 0;
  for (std::size_t b = 0; b < keys.bucket_count(); ++b) most = std::max(most, keys.bucket_size(b));
  return most;
}

TEST(SeededHash, SeedsAreDrawnAnew) {
  EXPECT_NE(draw_hash_seed(), draw_hash_seed());
  EXPECT_NE(SeededHash{}(std::uint64_t{1}), 1u);
}

/// Keys that meet in one bucket of every table of so many buckets where a number's hash is the number.
TEST(SeededHash, ChosenNumbersDoNotMeet) {
  SeededSet<std::uint64_t> keys;
  keys.rehash(5087);
  const std::size_t buckets = keys.bucket_count();
  for (std::uint64_t i = 0; i < 4096; ++i) keys.insert(i * buckets);
  ASSERT_EQ(keys.bucket_count(), buckets);
  EXPECT_LT(fullest(keys), 12u);
}

TEST(SeededHash, KeysThatDifferInOneBitOrByteDoNotMeet) {
  SeededSet<ExporterKey> keys;
  for (std::uint32_t i = 0; i < 2048; ++i) {
    keys.insert({IpAddress::v4(i << 16), 0});
    keys.insert({IpAddress::v4(0x0a000001), static_cast<std::uint16_t>(i)});
    IpAddress six{{}, 16};
    six.bytes[i % 16] = static_cast<std::uint8_t>(i / 16 + 1);
    keys.insert({six, 0});
  }
  EXPECT_LT(fullest(keys), 14u);
  std::set<std::size_t> hashes;
  for (const auto& key : keys) hashes.insert(SeededHash{}(key));
  EXPECT_EQ(hashes.size(), keys.size());
}

TEST(SeededHash, TextOfAnyLength) {
  std::set<std::size_t> hashes;
  for (std::size_t n = 0; n < 64; ++n) hashes.insert(SeededHash{}(std::string(n, '\0')));
  EXPECT_EQ(hashes.size(), 64u);
  EXPECT_EQ(SeededHash{}(std::string("eth0")), SeededHash{}(std::string_view("eth0")));
}

/// A map of ours that is keyed by what came over the wire has a seeded hash or is a tree. So that nobody has
/// to tell which keys come from where, there is no other one.
TEST(SeededHash, NoOtherUnorderedMapIsUsed) {
  std::size_t files = 0;
  for (const char* folder : {"include", "src"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::filesystem::path(SLUICE_SOURCE_DIR) / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".hpp" && extension != ".cpp" && extension != ".inc") continue;
      if (entry.path().filename() == "seeded_hash.hpp") continue;
      ++files;
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number) {
        const std::string code = line.substr(0, line.find("//"));
        for (const char* word : {"unordered_", "std::hash", "flat_map<", "flat_set<"})
          EXPECT_EQ(code.find(word), std::string::npos)
              << entry.path() << ":" << number << ": use SeededMap, SeededSet or a tree";
      }
    }
  }
  EXPECT_GT(files, 200u);
}

}  // namespace
}  // namespace sluice
