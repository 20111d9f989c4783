#include "decode/template/as_configured.hpp"

#include <algorithm>

#include "decode/finish.hpp"

namespace sluice::decode {
namespace {

/// Some routers say that they dropped a packet by output interface 0 and an empty next hop alone.
void derive_forwarding_status(std::span<FlowRecord> flows) {
  constexpr std::uint8_t kDropped = 2 << 6;  // RFC 7270 section 4.12, reason unknown
  for (FlowRecord& flow : flows)
    if (flow.out_if == 0 && flow.next_hop_address().all_zero()) flow.forwarding_status = kDropped;
}

}  // namespace

void apply_settings(const Message& message, const Plan& plan, const ExporterSettings& settings,
                    std::span<FlowRecord> flows) {
  if (settings.times_received) move_to_receipt(flows, message.received_ns);
  if (settings.derive_forwarding_status && plan.may_imply_drop) derive_forwarding_status(flows);
  if (settings.icmp_in_both_ports && plan.icmp_from_port) icmp_from_both_ports(flows);
}

void settle_firewall_volume(const Message& message, std::span<FlowRecord> flows, std::span<Scratch> scratch,
                            const Into& into) {
  constexpr std::uint64_t kDeleted = 2, kUpdate = 5;  // IE 233
  ConnectionTable& connections = into.exporter.connections;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const FlowExtras* extras = into.batch.extras_of(flows[i]);
    if (!extras || extras->get(ExtraScalar::flow_id) == 0) continue;
    const std::uint64_t connection = extras->get(ExtraScalar::flow_id);
    const std::uint64_t event = extras->get(ExtraScalar::firewall_event);
    if (event == kUpdate)
      into.report.fail(DecodeError::connection_limit, connections.remember(message.domain.id, connection));
    if (event != kDeleted || !connections.forget(message.domain.id, connection)) continue;
    flows[i].bytes = flows[i].packets = 0;
    scratch[i].reverse_octets = scratch[i].reverse_packets = 0;
  }
}

void take_original_exporters(std::size_t n, FlowBatch& batch) {
  constexpr std::size_t kLookBack = 64;  // bounds the search, not the number of exporters
  const Origin mediators = batch.current_origin();
  const std::size_t first = batch.origin_count();
  bool added = false;
  for (FlowRecord& flow : batch.flows().last(n)) {
    const FlowExtras* extras = batch.extras_of(flow);
    if (!extras || extras->get(ExtraAddress::original_exporter_address).all_zero()) continue;
    const IpAddress exporter = extras->get(ExtraAddress::original_exporter_address);
    const std::size_t count = batch.origin_count();
    std::size_t found = std::max(first, count > kLookBack ? count - kLookBack : 0);
    while (found < count && batch.origin(found).sampler_address != exporter) ++found;
    if (found == count) {
      batch.add_origin() = mediators;
      batch.current_origin().sampler_address = exporter;
      added = true;
    }
    flow.origin = static_cast<std::uint32_t>(found);
  }
  if (added) batch.add_origin() = mediators;
}

}  // namespace sluice::decode
