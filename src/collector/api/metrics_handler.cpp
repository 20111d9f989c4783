#include "api/handlers.hpp"
#include "metrics/collectable.hpp"

namespace sluice::api {
namespace {

using http::Request;
using http::Response;

constexpr const char* kPlain = "text/plain; charset=utf-8";

Response plain(unsigned status, std::string body) {
  return {.status = status, .content_type = kPlain, .body = std::move(body), .headers = {}};
}

Response readiness(const metrics::Snapshot& snapshot) {
  if (snapshot.ready) return plain(200, "ready\n");
  return plain(
      503,
      "not ready: " + (snapshot.not_ready_because.empty() ? "starting" : snapshot.not_ready_because) + "\n");
}

}  // namespace

http::Options listener(const Endpoint& at, const std::string& purpose) {
  http::Options options;
  options.at = at;
  options.purpose = purpose;
  options.advice = "set " + purpose + ".listen";
  if (purpose == "api") options.methods = {"GET", "HEAD", "POST"};
  options.deadlines.request = options.deadlines.idle;
  options.access.hosts_setting = purpose + ".hosts";
  options.access.open = options.health = {"/healthz", "/readyz"};
  return options;
}

http::Handler make_metrics_handler(metrics::SnapshotSource source) {
  const auto exposition = [source](const Request&) -> Response {
    return {.status = 200,
            .content_type = metrics::kTextType,
            .body = metrics::text(metrics::SnapshotCollectable(source).Collect()),
            .headers = {}};
  };
  return http::by_path({{"/metrics", exposition},
                        {"/healthz", [](const Request&) { return plain(200, "ok\n"); }},
                        {"/readyz", [source](const Request&) { return readiness(source()); }}});
}

}  // namespace sluice::api
