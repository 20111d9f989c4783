#pragma once
// Gives flows what BMP tells of their addresses: AS numbers, prefix lengths, and of the way to the
// destination the AS path, communities and BGP next hop. What a flow brought itself stays. One thread's;
// nothing waits.
#include "bmp/counts.hpp"
#include "bmp/route_cache.hpp"
#include "bmp/routes.hpp"
#include "sluice/flow/batch.hpp"
#include "util/counter.hpp"

namespace sluice::bmp {

/// Written by the filler's thread, read by any.
using FillCounters = Counts<FillCount, Counter>;

class Filler {
 public:
  /// Routes outlive it.
  explicit Filler(Routes& routes) : reader_(routes) {}

  /// Throws std::bad_alloc.
  void apply(FlowBatch& batch);
  const FillCounters& counters() const { return counters_; }

 private:
  RouteReader reader_;
  RouteCache cache_;
  FillCounters counters_;
};

}  // namespace sluice::bmp
