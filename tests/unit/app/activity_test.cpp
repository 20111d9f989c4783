#include "app/activity.hpp"

#include <gmock/gmock.h>

namespace sluice::app {
namespace {

using std::chrono::seconds;

Activity activity(std::uint64_t datagrams, std::uint64_t flows, std::uint64_t delivered) {
  Activity out;
  out.exporters = 12;
  out.datagrams = datagrams;
  out.flows = flows;
  out.sinks.push_back({"kafka", delivered, 7, 0});
  return out;
}

TEST(Describe, RatesBetweenTwoMoments) {
  EXPECT_EQ(describe(activity(100, 1000, 990), activity(600, 6000, 5990), seconds(5)),
            "12 exporters; 100 datagrams/s, 1000 flows/s; kafka: 1000 flows/s delivered, 7 waiting");
}

TEST(Describe, TheFirstMomentHasNothingBeforeIt) {
  EXPECT_EQ(describe({}, activity(0, 0, 0), seconds(0)),
            "12 exporters; 0 datagrams/s, 0 flows/s; kafka: 0 flows/s delivered, 7 waiting");
}

TEST(Describe, SourcesReadAndMayBeBehind) {
  Activity before = activity(0, 0, 0), now = before;
  before.sources = {{"up", 100, 7}};
  now.sources = {{"up", 600, 1}};
  EXPECT_EQ(describe(before, now, seconds(5)),
            "12 exporters; 0 datagrams/s, 0 flows/s; up: 100 flows/s read, 1 record behind; kafka: 0 flows/s "
            "delivered, 7 waiting");
}

TEST(Describe, LossesSinceTheStart) {
  Activity now = activity(0, 0, 0);
  now.exporters = 1;
  now.sinks[0].lost_flows = 3;
  now.kernel_drops = 1;
  EXPECT_EQ(
      describe(now, now, seconds(1)),
      "1 exporter; 0 datagrams/s, 0 flows/s; kafka: 0 flows/s delivered, 7 waiting, 3 lost since the start; "
      "receive buffers dropped 1 datagram since the start");
}

}  // namespace
}  // namespace sluice::app
