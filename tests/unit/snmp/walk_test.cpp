// The way through the tables, with devices that answer well, badly and for ever.
#include "snmp/walk.hpp"

#include <gmock/gmock.h>

#include <map>
#include <memory>

namespace sluice::snmp {
namespace {

const Oid kName{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1}, kAlias{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18},
    kHighSpeed{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15}, kDescr{1, 3, 6, 1, 2, 1, 2, 2, 1, 2},
    kSpeed{1, 3, 6, 1, 2, 1, 2, 2, 1, 5};

Oid at(Oid column, std::uint32_t index) {
  column.push_back(index);
  return column;
}

Value text(const Oid& oid, std::string value) { return {oid, Value::Kind::text, std::move(value), 0}; }
Value number(const Oid& oid, std::uint64_t value) { return {oid, Value::Kind::number, "", value}; }

Room plenty(1ULL << 40);

/// Answers GETBULK as a device with these objects does.
struct Agent {
  std::map<Oid, Value> objects{};
  std::size_t most = 1000;  ///< objects of an answer

  void put(const Value& value) { objects[value.oid] = value; }
  void add(std::uint32_t index, const std::string& name, const std::string& alias, std::uint64_t mbit) {
    put(text(at(kName, index), name));
    put(text(at(kAlias, index), alias));
    put(number(at(kHighSpeed, index), mbit));
  }
  std::vector<Value> answer(std::vector<Oid> after, int repetitions) const {
    std::vector<Value> out;
    for (int i = 0; i < repetitions; ++i)
      for (Oid& oid : after) {
        if (out.size() >= most) return out;
        const auto next = objects.upper_bound(oid);
        out.push_back(next == objects.end() ? Value{oid} : next->second);
        if (next != objects.end()) oid = next->first;
      }
    return out;
  }
};

/// How many requests it took.
int walk_all(Walk& walk, const Agent& agent) {
  for (int requests = 0;; ++requests) {
    const auto after = walk.next();
    if (after.empty()) return requests;
    EXPECT_TRUE(walk.take(agent.answer(after, walk.repetitions())));
    if (requests > 100'000) ADD_FAILURE() << "no end";
  }
}

TEST(Walk, ReadsNameDescriptionAndSpeed) {
  Agent agent;
  for (std::uint32_t i = 1; i <= 48; ++i)
    agent.add(i * 3, "xe-" + std::to_string(i), "to " + std::to_string(i), 10'000);
  Walk walk(1000, plenty);
  EXPECT_LE(walk_all(walk, agent), 6);
  const Interfaces got = walk.result();
  EXPECT_EQ(got.size(), 48U);
  EXPECT_EQ(*got.find(9), (Interface{"xe-3", "to 3", 10'000'000'000}));
  EXPECT_EQ(walk.cut() + walk.disorder(), 0U);
}

TEST(Walk, AnswersMayBeCutAnywhere) {
  Agent agent;
  for (std::uint32_t i = 1; i <= 48; ++i) agent.add(i, "p" + std::to_string(i), "d" + std::to_string(i), i);
  for (std::size_t most = 1; most < 40; ++most) {
    agent.most = most;
    Walk walk(1000, plenty);
    walk_all(walk, agent);
    const Interfaces got = walk.result();
    ASSERT_EQ(got.size(), 48U) << most;
    for (std::uint32_t i = 1; i <= 48; ++i)
      ASSERT_EQ(*got.find(i),
                (Interface{"p" + std::to_string(i), "d" + std::to_string(i), i * 1'000'000ULL}));
  }
}

TEST(Walk, TakesTheOldTableWhereTheNewOneIsMissing) {
  Agent agent;
  agent.put(text(at(kDescr, 1), "FastEthernet0/1"));
  agent.put(number(at(kSpeed, 1), 100'000'000));
  agent.put(text(at(kDescr, 2), "TenGig"));
  agent.put(number(at(kSpeed, 2), 0xffff'ffff));  // more than it can say
  Walk walk(1000, plenty);
  walk_all(walk, agent);
  EXPECT_EQ(*walk.result().find(1), (Interface{"FastEthernet0/1", "", 100'000'000}));
  EXPECT_EQ(*walk.result().find(2), (Interface{"TenGig", "", 0}));
}

TEST(Walk, TakesTheOldTableForWhatTheNewOneLacks) {
  Agent agent;
  agent.add(1, "", "described", 0);
  agent.put(text(at(kDescr, 1), "Serial0"));
  agent.put(number(at(kSpeed, 1), 64'000));
  agent.add(2, "Gi2", "", 1000);
  agent.put(text(at(kDescr, 2), "GigabitEthernet2"));
  agent.put(number(at(kSpeed, 2), 5));
  Walk walk(1000, plenty);
  walk_all(walk, agent);
  EXPECT_EQ(*walk.result().find(1), (Interface{"Serial0", "described", 64'000}));
  EXPECT_EQ(*walk.result().find(2), (Interface{"Gi2", "", 1'000'000'000}));
}

TEST(Walk, ADeviceWithoutInterfacesEnds) {
  Walk walk(1000, plenty);
  EXPECT_EQ(walk_all(walk, Agent{}), 2);
  EXPECT_EQ(walk.result().size(), 0U);
}

TEST(Walk, TakesNoMoreThanTheBoundAndCountsTheRest) {
  Agent agent;
  for (std::uint32_t i = 1; i <= 25; ++i) agent.add(i, "n", "d", 1);
  Walk walk(20, plenty);
  walk_all(walk, agent);
  EXPECT_EQ(walk.result().size(), 20U);
  EXPECT_EQ(walk.cut(), 5U);
}

TEST(Walk, TakesNothingPastTheRoomAndSaysSo) {
  Agent agent;
  for (std::uint32_t i = 1; i <= 50; ++i) agent.add(i, std::string(200, 'n'), std::string(200, 'd'), 1);
  std::uint64_t needed = 0;
  {
    Room room(1 << 20);
    Walk walk(1000, room);
    walk_all(walk, agent);
    needed = (1 << 20) - room.left();
    EXPECT_GE(needed, walk.result().bytes()) << "no less than what it is then";
    EXPECT_FALSE(walk.short_of_room());
  }
  Room exact(needed);
  {
    Walk walk(1000, exact);
    walk_all(walk, agent);
    EXPECT_FALSE(walk.short_of_room());
    EXPECT_EQ(walk.cut(), 0U);
    EXPECT_EQ(exact.left(), 0U);
  }
  EXPECT_EQ(exact.left(), needed) << "it has given back what it had";
  Room small(needed / 2);
  Walk walk(1000, small);
  walk_all(walk, agent);
  EXPECT_TRUE(walk.short_of_room());
  EXPECT_GE(walk.cut(), 20U);
  EXPECT_LE(walk.size(), 50U);
  EXPECT_LE(walk.result().bytes(), needed / 2);
}

TEST(Walk, AllUnderWayShareTheRoom) {
  Agent agent;
  for (std::uint32_t i = 1; i <= 50; ++i) agent.add(i, std::string(200, 'n'), std::string(200, 'd'), 1);
  Room room(40'000);
  auto first = std::make_unique<Walk>(1000, room);
  walk_all(*first, agent);
  EXPECT_FALSE(first->short_of_room());
  Walk second(1000, room);
  walk_all(second, agent);
  EXPECT_TRUE(second.short_of_room());
  first.reset();
  Walk third(1000, room);
  walk_all(third, agent);
  EXPECT_LT(third.cut(), second.cut()) << "what the first had is there again";
}

TEST(Walk, ADeviceThatNeverEndsIsLeft) {
  std::uint32_t next = 0;
  Walk walk(100, plenty);
  int requests = 0;
  while (!walk.next().empty()) {
    ASSERT_LT(++requests, 1000);
    std::vector<Value> values;
    const auto columns = walk.next();
    for (int i = 0; i < walk.repetitions(); ++i) {
      ++next;
      for (const Oid& column : columns) {
        Oid base(column.begin(), column.begin() + (column[6] == 31 ? 11 : 10));
        values.push_back(text(at(base, next), "x"));
      }
    }
    ASSERT_TRUE(walk.take(values));
  }
  EXPECT_EQ(walk.result().size(), 100U);
}

TEST(Walk, ADeviceThatGoesInCirclesIsLeft) {
  Walk walk(100, plenty);
  ASSERT_EQ(walk.next().size(), 3U);
  ASSERT_TRUE(
      walk.take({text(at(kName, 5), "five"), text(at(kAlias, 5), "d"), number(at(kHighSpeed, 5), 1),
                 text(at(kName, 5), "again"), text(at(kAlias, 4), "back"), number(at(kHighSpeed, 5), 9)}));
  EXPECT_EQ(walk.disorder(), 3U);
  EXPECT_TRUE(walk.next().empty()) << "nothing is missing, and no column goes on";
  EXPECT_EQ(*walk.result().find(5), (Interface{"five", "d", 1'000'000}));
}

TEST(Walk, LeavesWhatIsOfAnotherKind) {
  Walk walk(100, plenty);
  walk.next();
  ASSERT_TRUE(walk.take({number(at(kName, 1), 5), text(at(kAlias, 1), std::string(500, 'a')),
                         text(at(kHighSpeed, 1), "fast"), text(at(kName, 2), "a\nb")}));
  const Interfaces got = walk.result();
  EXPECT_EQ(*got.find(1), (Interface{"", std::string(kMaxText, 'a'), 0}));
  EXPECT_EQ(got.find(2)->name, "a b");
}

TEST(Walk, AColumnEndsWithAnythingThatIsNotItsOwn) {
  const std::vector<Oid> strange{{}, {1}, kName, at(at(kName, 1), 2), at(kName, 0), at(kDescr, 1)};
  for (const Oid& oid : strange) {
    Walk walk(100, plenty);
    walk.next();
    ASSERT_TRUE(walk.take({text(oid, "x"), Value{at(kAlias, 1)}, number(oid, 1)}));
    EXPECT_EQ(walk.result().size(), 0U);
    EXPECT_EQ(walk.next().size(), 2U) << "only the old table is left to ask";
  }
}

TEST(Walk, AnEmptyAnswerIsNone) {
  Walk walk(100, plenty);
  EXPECT_FALSE(walk.take({})) << "before a question";
  walk.next();
  EXPECT_FALSE(walk.take({}));
}

TEST(Walk, AsksForLessWhereTheAnswerWouldBeTooBig) {
  Walk walk(100, plenty);
  const int first = walk.repetitions();
  EXPECT_TRUE(walk.take_too_big());
  EXPECT_LT(walk.repetitions(), first);
  while (walk.repetitions() > 1) EXPECT_TRUE(walk.take_too_big());
  EXPECT_FALSE(walk.take_too_big());
}

}  // namespace
}  // namespace sluice::snmp
