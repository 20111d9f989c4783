#pragma once
// Where a flow tells of two packets, one in the other: the fields for the one that the flow is not about.
#include "sluice/flow/record.hpp"

namespace sluice::decode {

/// Keeps `packet` in the fields of the inner packet; what it does not say stays absent.
inline void keep_inner(const FlowRecord& packet, FlowExtras& extras) {
  const auto keep = [&extras](ExtraScalar field, std::uint64_t value) {
    if (value != 0) extras.set(field, value);
  };
  keep(ExtraScalar::inner_etype, packet.etype);
  keep(ExtraScalar::inner_proto, packet.proto);
  keep(ExtraScalar::inner_src_port, packet.src_port);
  keep(ExtraScalar::inner_dst_port, packet.dst_port);
  keep(ExtraScalar::inner_ip_tos, packet.ip_tos);
  if (packet.src_addr_size == 0) return;
  extras.set(ExtraAddress::inner_src_addr, packet.source());
  extras.set(ExtraAddress::inner_dst_addr, packet.destination());
}

}  // namespace sluice::decode
