// Routers that tell routes by BMP: which is away, and whether flows find routes.
#include "doctor/checks.hpp"

namespace sluice::doctor {
namespace {

/// Fewer flows say nothing.
constexpr double kEnough = 1000;

Finding finding_of(const Sample& router, const Reading& metrics, double now_seconds) {
  const std::string& address = router.labels.at("router");
  const Labels one = {{"router", address}};
  const std::string check = "BMP " + address;
  const double since = metrics.sum("sluice_bmp_router_since_timestamp_seconds", one);
  if (router.value == 0 && since == 0)
    return {check, Status::warning,
            "It is in enrich.bmp.default and has had no session since the start; point its BMP here."};
  if (router.value == 0)
    return {check, Status::warning,
            "Its session ended " + counted(now_seconds - since, "second") +
                " ago and has not come again: flows have no routes from it. "
                "sluice_bmp_ended_sessions_total says why, and the log."};
  const double routes = metrics.sum("sluice_bmp_router_routes", one);
  if (routes == 0)
    return {check, Status::warning,
            "It has a session and told no route; does it monitor IPv4 or IPv6 unicast?"};
  return {check, Status::ok, "It has a session, with " + counted(routes, "route") + "."};
}

}  // namespace

Findings check_routers(const Collector& collector, double now_seconds) {
  Findings out;
  for (const Sample& sample : collector.metrics.of("sluice_bmp_router_sessions"))
    out.push_back(finding_of(sample, collector.metrics, now_seconds));
  const double routed = collector.metrics.sum("sluice_bmp_routed_flows_total");
  const double unrouted = collector.metrics.sum("sluice_bmp_unrouted_flows_total");
  if (routed == 0 && unrouted > kEnough)
    out.push_back({"BMP routes", Status::warning,
                   "None of " + counted(unrouted, "flow") +
                       " found a route. Exporters must send from the address that their BMP session comes "
                       "from; for others, name a router in enrich.bmp.default."});
  return out;
}

}  // namespace sluice::doctor
