// What the text of a table's engine says of it.
#include "web/engine.hpp"

#include <gtest/gtest.h>

#include "query/choose_table.hpp"

namespace sluice::web {
namespace {

using std::chrono::days;
using std::chrono::hours;

std::string merge_tree(const std::string& end) {
  return "ReplicatedSummingMergeTree('/clickhouse/{shard}/x TTL y', '{replica}', (bytes, packets)) PARTITION "
         "BY "
         "toDate(time) ORDER BY (toStartOfHour(time), proto)" +
         end;
}

TEST(Engine, KeepsRowsByItsTtl) {
  const std::string settings = " SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1";
  EXPECT_EQ(kept_by(merge_tree(" TTL toDate(time) + toIntervalDay(400)" + settings)), days(400));
  EXPECT_EQ(kept_by(merge_tree(" TTL toDate(time) + toIntervalMonth(3)")), days(90));
  EXPECT_EQ(kept_by(merge_tree(" TTL toDateTime(time_received) + toIntervalHour(12) DELETE" + settings)),
            hours(12));
  EXPECT_EQ(kept_by(merge_tree(settings)), query::kForGood);
  EXPECT_EQ(kept_by("MergeTree ORDER BY time" + settings), query::kForGood);
}

TEST(Engine, MovingRowsIsNotDroppingThem) {
  EXPECT_EQ(kept_by(merge_tree(" TTL toDate(time) + toIntervalDay(7) TO VOLUME 'cold, slow', toDate(time) + "
                               "toIntervalDay(90), toDate(time) + toIntervalYear(1)")),
            days(90));
  EXPECT_EQ(kept_by(merge_tree(" TTL toDate(time) + toIntervalDay(7) TO DISK 's3'")), query::kForGood);
  EXPECT_EQ(kept_by(merge_tree(" TTL toDate(time) + toIntervalDay(7) RECOMPRESS CODEC(ZSTD(6))")),
            query::kForGood);
  EXPECT_EQ(kept_by(merge_tree(" TTL toDate(time) + toIntervalDay(7) WHERE proto = 6")), query::kForGood);
}

TEST(Engine, SaysNothingOfWhatIsNotPlain) {
  for (const char* ttl : {" TTL toDate(time) + toIntervalDay(days)", " TTL toDate(time) + 86400",
                          " TTL toDate(time) + toIntervalFortnight(2)", " TTL toDate(time) + toIntervalDay(",
                          " TTL toDate(time) + toIntervalDay(3) + toIntervalHour(4)", " TTL dropped_at"})
    EXPECT_EQ(kept_by(merge_tree(ttl)), std::nullopt) << ttl;
  for (const char* engine : {"", "View", "Distributed('c', 'd', 't')", "Kafka('MergeTree')"})
    EXPECT_EQ(kept_by(engine), std::nullopt) << engine;
}

TEST(Engine, StandsForTheTablesBehindIt) {
  const auto found = behind("Distributed('sluice', 'sluice_shard', 'flows_1m', rand())");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cluster + "/" + found->database + "/" + found->table, "sluice/sluice_shard/flows_1m");
  EXPECT_TRUE(behind("Distributed('sluice', 'sluice_shard', 'flows_raw')"));
  for (const char* engine : {"", "MergeTree", "Distributed(", "Distributed('a', 'b')", "Distributed('a', 'b"})
    EXPECT_FALSE(behind(engine)) << engine;
}

}  // namespace
}  // namespace sluice::web
