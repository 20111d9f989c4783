#pragma once
// Turns a Snapshot into Prometheus metric families and those into text. What each family means stands in
// docs/metrics.md, which a test holds against this. Any thread that the source may be asked on; nothing is
// kept between scrapes.
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "metrics/snapshot.hpp"

namespace sluice::metrics {

/// The families named sluice_*; those without a series (no sink, no exporter yet) are left out.
std::vector<prometheus::MetricFamily> families(const Snapshot& snapshot);

/// This process as the kernel sees it, in the names that Prometheus client libraries use: process_*.
std::vector<prometheus::MetricFamily> process_families();

/// Both, of the snapshot taken at each collection; can be registered with any prometheus-cpp exposer.
class SnapshotCollectable final : public prometheus::Collectable {
 public:
  explicit SnapshotCollectable(SnapshotSource source) : source_(std::move(source)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const SnapshotSource source_;
};

/// Content type of text().
inline constexpr const char* kTextType = "text/plain; version=0.0.4; charset=utf-8";
/// The text exposition format.
std::string text(const std::vector<prometheus::MetricFamily>& families);

}  // namespace sluice::metrics
