#pragma once
// Fills in what the datagram did not say. Today that is who collected it; names and prefixes of options data
// and of users' files join here. One enricher belongs to one thread.
#include <string>

#include "sluice/flow/batch.hpp"

namespace sluice::enrich {

struct Settings {
  std::string collector_id;  ///< configured name of this collector, or empty
};

class Enricher {
 public:
  explicit Enricher(Settings settings) : settings_(std::move(settings)) {}

  void apply(FlowBatch& batch) const {
    if (settings_.collector_id.empty()) return;
    for (std::size_t i = 0; i < batch.origin_count(); ++i)
      batch.origin(i).collector_id = settings_.collector_id;
  }

 private:
  Settings settings_;
};

}  // namespace sluice::enrich
