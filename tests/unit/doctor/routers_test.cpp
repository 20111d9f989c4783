#include "doctor_support.hpp"

namespace sluice::doctor {
namespace {

using test::Is;
using test::running;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kNow = 2'000'000'000;

/// Of one router.
std::string router(int sessions, int routes, const std::string& since) {
  const std::string labels = "{router=\"192.0.2.1\"} ";
  return "sluice_bmp_router_sessions" + labels + std::to_string(sessions) + "\nsluice_bmp_router_routes" +
         labels + std::to_string(routes) + "\nsluice_bmp_router_since_timestamp_seconds" + labels + since +
         "\n";
}

Findings found(const std::string& metrics) { return check_routers(running(metrics), kNow); }

TEST(CheckRouters, SaysWhoIsAway) {
  EXPECT_THAT(found(""), IsEmpty()) << "no BMP";
  EXPECT_THAT(found(router(1, 1000, "1999999000")),
              ElementsAre(Is("BMP 192.0.2.1", Status::ok, "1,000 routes")));
  EXPECT_THAT(found(router(0, 0, "1999999970")),
              ElementsAre(Is("BMP 192.0.2.1", Status::warning, "session ended 30 seconds ago")));
  EXPECT_THAT(found(router(0, 0, "0")),
              ElementsAre(Is("BMP 192.0.2.1", Status::warning, "enrich.bmp.default")));
  EXPECT_THAT(found(router(1, 0, "1999999970")),
              ElementsAre(Is("BMP 192.0.2.1", Status::warning, "told no route")));
}

TEST(CheckRouters, SaysWhereNoFlowFindsARoute) {
  const std::string up = router(1, 1000, "1999999000");
  EXPECT_THAT(found(up + "sluice_bmp_routed_flows_total 0\nsluice_bmp_unrouted_flows_total 5000\n"),
              ElementsAre(Is("BMP 192.0.2.1", Status::ok, ""),
                          Is("BMP routes", Status::warning, "enrich.bmp.default")));
  EXPECT_EQ(found(up + "sluice_bmp_routed_flows_total 1\nsluice_bmp_unrouted_flows_total 5000\n").size(), 1U);
}

}  // namespace
}  // namespace sluice::doctor
