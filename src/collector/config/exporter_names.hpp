#pragma once
// The names that `exporters` gives, for flows that come without the exporter itself.
#include "config/config.hpp"
#include "enrich/enricher.hpp"

namespace sluice::config {

enrich::ExporterNames exporter_names(const Config& config);

}  // namespace sluice::config
