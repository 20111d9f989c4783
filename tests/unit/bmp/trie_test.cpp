#include "bmp/trie.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "support/dice.hpp"

namespace sluice::bmp {
namespace {

IpPrefix prefix(const std::string& text) { return *IpPrefix::parse(text); }
IpAddress address(const std::string& text) { return *IpAddress::parse(text); }

constexpr auto kNothing = [](Trie::Entry) {};

class TrieTest : public testing::Test {
 protected:
  Epochs epochs;
  std::uint64_t bytes = 0;
  Trie trie{epochs, bytes};
  Trie::Match find(const IpAddress& a) const {
    return trie.find(a, [](Trie::Entry) { return true; });
  }
  Trie::Entry entry(const std::string& a) const { return find(address(a)).entry; }
};

TEST_F(TrieTest, FindsTheLongestPrefix) {
  trie.set(prefix("0.0.0.0/0"), 2);
  trie.set(prefix("10.0.0.0/8"), 4);
  trie.set(prefix("10.1.0.0/16"), 6);
  trie.set(prefix("10.1.1.0/24"), 8);
  trie.set(prefix("10.1.1.1"), 10);
  EXPECT_EQ(entry("192.0.2.1"), 2U);
  EXPECT_EQ(entry("10.255.0.1"), 4U);
  EXPECT_EQ(entry("10.1.255.1"), 6U);
  EXPECT_EQ(entry("10.1.1.2"), 8U);
  EXPECT_EQ(entry("10.1.1.1"), 10U);
  EXPECT_EQ(find(address("10.1.1.2")).length, 24);
  EXPECT_EQ(find(address("10.1.1.1")).length, 32);
  EXPECT_EQ(find(address("192.0.2.1")).length, 0);
}

TEST_F(TrieTest, FindsAShorterOneWhereTheLongestIsNotGood) {
  trie.set(prefix("10.0.0.0/8"), 4);
  trie.set(prefix("10.1.0.0/15"), 6);
  trie.set(prefix("10.1.0.0/16"), 8);
  const auto good = [](Trie::Entry e) { return e == 4; };
  const auto match = trie.find(address("10.1.0.1"), good);
  EXPECT_EQ(match.entry, 4U);
  EXPECT_EQ(match.length, 8);
}

TEST_F(TrieTest, EveryLengthIsAPrefixOfItsOwn) {
  for (const bool v6 : {false, true}) {
    Trie one(epochs, bytes);
    const IpAddress a = address(v6 ? "2001:db8:aaaa:5555:1234:5678:9abc:def1" : "170.85.193.127");
    const unsigned bits = v6 ? 128 : 32;
    for (unsigned length = 0; length <= bits; ++length)
      one.set(IpPrefix{a, static_cast<std::uint8_t>(length)}, 2 * length + 2);
    for (unsigned length = bits + 1; length-- > 0;) {
      const auto match = one.find(a, [](Trie::Entry) { return true; });
      EXPECT_EQ(match.entry, 2 * length + 2);
      EXPECT_EQ(match.length, length);
      EXPECT_EQ(one.get(IpPrefix{a, static_cast<std::uint8_t>(length)}), 2 * length + 2);
      one.set(IpPrefix{a, static_cast<std::uint8_t>(length)}, 0);
      EXPECT_EQ(one.get(IpPrefix{a, static_cast<std::uint8_t>(length)}), 0U);
    }
    EXPECT_EQ(one.find(a, [](Trie::Entry) { return true; }).entry, 0U);
  }
  EXPECT_EQ(bytes, 0U) << "nodes that hold nothing are gone";
}

/// Against the plainest thing that can be: a list of prefixes.
TEST_F(TrieTest, AgreesWithAListThroughManyChanges) {
  test::Dice dice(7);
  std::map<std::pair<IpAddress, std::uint8_t>, Trie::Entry> list;
  const auto random_address = [&] {
    return IpAddress::v4(static_cast<std::uint32_t>(dice.below(1 << 12)) << 20 |
                         static_cast<std::uint32_t>(dice.below(256)));
  };
  for (int round = 0; round < 20000; ++round) {
    const IpPrefix raw{random_address(), static_cast<std::uint8_t>(dice.below(33))};
    const IpPrefix one{raw.first(), raw.length};
    const Trie::Entry value = dice.below(3) == 0 ? 0 : 2 * dice.below(1000) + 2;
    trie.set(one, value);
    if (value == 0)
      list.erase({one.address, one.length});
    else
      list[{one.address, one.length}] = value;
    const IpAddress asked = random_address();
    std::optional<std::pair<std::uint8_t, Trie::Entry>> longest;
    for (std::uint8_t length = 0; length <= 32; ++length) {
      if (const auto known = list.find({IpPrefix{asked, length}.first(), length}); known != list.end())
        longest = {length, known->second};
    }
    const auto match = find(asked);
    ASSERT_EQ(match.entry, longest ? longest->second : 0) << asked.to_string();
    if (longest) {
      ASSERT_EQ(match.length, longest->first);
    }
    epochs.collect();
  }
}

TEST_F(TrieTest, ChangesAllAndDropsWhatIsEmpty) {
  for (unsigned i = 0; i < 1000; ++i) trie.set(IpPrefix{IpAddress::v4(i << 8), 24}, 2 * i + 2);
  trie.set(prefix("0.0.0.0/0"), 2);
  trie.change_all([](Trie::Entry e) -> Trie::Entry { return e % 4 == 0 ? 0 : e + 4; }, kNothing);
  EXPECT_EQ(entry("0.0.0.1"), 6U);
  EXPECT_EQ(find(IpAddress::v4(1 << 8)).length, 0) << "its own is gone";
  EXPECT_EQ(find(IpAddress::v4(2 << 8)).entry, 10U);
  trie.change_all([](Trie::Entry) -> Trie::Entry { return 0; }, kNothing);
  EXPECT_EQ(bytes, 0U);
  EXPECT_EQ(entry("0.0.1.1"), 0U);
}

TEST_F(TrieTest, TellsWhatWasThereWhenNobodyFindsItAnyMore) {
  for (unsigned i = 0; i < 100; ++i) trie.set(IpPrefix{IpAddress::v4(i << 8), 24}, 2 * i + 2);
  trie.set(prefix("0.0.0.0/0"), 1000);
  unsigned told = 0;
  const auto change = [](Trie::Entry e) -> Trie::Entry { return e % 3 == 0 ? e : e % 3 == 1 ? 0 : 2000 + e; };
  trie.change_all(change, [&](Trie::Entry before) {
    ++told;
    EXPECT_NE(before % 3, 0U) << "it stays";
    const bool is_default = before == 1000;
    EXPECT_NE(find(is_default ? address("192.0.2.1")
                              : IpAddress::v4(static_cast<std::uint32_t>(before / 2 - 1) << 8))
                  .entry,
              before);
  });
  EXPECT_EQ(told, 68U);
}

TEST_F(TrieTest, FreesWhatNobodyLooksAt) {
  Epochs::Reader reader(epochs);
  reader.enter();
  for (unsigned i = 0; i < 100; ++i) trie.set(IpPrefix{IpAddress::v4(i << 8), 24}, 2);
  const std::size_t waits = epochs.waiting();
  EXPECT_GT(waits, 0U);
  epochs.collect();
  EXPECT_EQ(epochs.waiting(), waits) << "somebody may be looking at it";
  reader.leave();
  epochs.collect();
  EXPECT_EQ(epochs.waiting(), 0U);
  reader.enter();
  epochs.collect();
  trie.set(prefix("10.0.0.0/8"), 2);
  EXPECT_GT(epochs.waiting(), 0U);
  reader.leave();
}

/// Retires what it holds when it is freed.
struct Holder {
  Epochs& epochs;
  Holder* held;
  unsigned& freed;
  static void free(Holder* one) {
    if (one->held != nullptr) one->epochs.retire(one->held);
    ++one->freed;
    delete one;
  }
};

TEST(Epochs, FreeWhatIsRetiredWhileTheyEnd) {
  constexpr unsigned kHolders = 100;
  unsigned freed = 0;
  {
    Epochs epochs;
    Holder* last = nullptr;
    for (unsigned i = 0; i < kHolders; ++i) last = new Holder{epochs, last, freed};
    epochs.retire(last);
  }
  EXPECT_EQ(freed, kHolders);
}

}  // namespace
}  // namespace sluice::bmp
