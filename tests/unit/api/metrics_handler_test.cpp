#include <gmock/gmock.h>

#include "api/handlers.hpp"
#include "unit/http/client.hpp"
#include "unit/metrics/full_snapshot.hpp"

namespace sluice::api {
namespace test = http::test;
namespace {

using metrics::test::full_snapshot;
using test::RunningServer;
using ::testing::HasSubstr;

TEST(MetricsHandler, ShowsTheSnapshotAsPrometheusText) {
  const RunningServer server(make_metrics_handler(full_snapshot));
  const auto answer = get(server, "/metrics");
  EXPECT_EQ(answer.result_int(), 200U);
  EXPECT_EQ(answer["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body(), HasSubstr("# TYPE sluice_protocol_flows_total counter\n"
                                       "sluice_protocol_flows_total{protocol=\"netflow9\"} 204\n"));
  EXPECT_THAT(answer.body(), HasSubstr("process_resident_memory_bytes "));
}

TEST(MetricsHandler, HealthDoesNotAskTheCollector) {
  const RunningServer server(
      make_metrics_handler([]() -> metrics::Snapshot { throw std::runtime_error("stuck"); }));
  const auto healthy = get(server, "/healthz");
  EXPECT_EQ(healthy.result_int(), 200U);
  EXPECT_EQ(healthy.body(), "ok\n");
  EXPECT_EQ(get(server, "/metrics").result_int(), 500U);
}

TEST(MetricsHandler, ReadinessSaysWhyNot) {
  metrics::Snapshot snapshot = full_snapshot();
  const RunningServer ready(make_metrics_handler([&] { return snapshot; }));
  EXPECT_EQ(get(ready, "/readyz").result_int(), 200U);
  snapshot.ready = false;
  snapshot.not_ready_because = "worker 1 does not run";
  const auto answer = get(ready, "/readyz");
  EXPECT_EQ(answer.result_int(), 503U);
  EXPECT_EQ(answer.body(), "not ready: worker 1 does not run\n");
}

}  // namespace
}  // namespace sluice::api
