#pragma once
// The part of an Origin that is the same for every protocol.
#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

inline Origin& start_origin(const Datagram& datagram, const Exporter& exporter, FlowType type,
                            FlowBatch& batch) {
  Origin& origin = batch.add_origin();
  origin.type = type;
  origin.time_received_ns = datagram.received_ns;
  origin.sampler_address = datagram.source;
  origin.exporter_address = datagram.source;
  origin.exporter_name = exporter.settings.name;
  origin.exporter_site = exporter.settings.site;
  origin.exporter_role = exporter.settings.role;
  origin.exporter_tenant = exporter.settings.tenant;
  return origin;
}

}  // namespace sluice::decode
