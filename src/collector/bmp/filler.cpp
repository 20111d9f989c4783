#include "bmp/filler.hpp"

namespace sluice::bmp {
namespace {

void fill_list(FlowExtras& extras, ExtraList field, std::span<const std::uint32_t> numbers) {
  std::vector<std::uint32_t>& list = extras.list(field);
  if (list.empty()) list.assign(numbers.begin(), numbers.end());
}

void fill_destination(FlowBatch& batch, FlowRecord& flow, const Route& route) {
  if (flow.dst_as == 0) flow.dst_as = route.origin_as;
  if (flow.dst_net == 0) flow.dst_net = route.prefix_length;
  FlowExtras& extras = batch.extras(flow);
  fill_list(extras, ExtraList::as_path, route.as_path);
  fill_list(extras, ExtraList::bgp_communities, route.communities);
  if (!route.next_hop.empty() && !extras.has(ExtraAddress::bgp_next_hop))
    extras.set(ExtraAddress::bgp_next_hop, route.next_hop);
}

void fill_source(FlowRecord& flow, const Route& route) {
  if (flow.src_as == 0) flow.src_as = route.origin_as;
  if (flow.src_net == 0) flow.src_net = route.prefix_length;
}

}  // namespace

void Filler::apply(FlowBatch& batch) {
  if (batch.empty()) return;
  const RouteReader::Look look(reader_);
  // Flows of one origin come together.
  const Origin* of = nullptr;
  Routes::Tables tables;
  std::uint64_t routed = 0;
  for (FlowRecord& flow : batch.flows()) {
    if (const Origin& origin = batch.origin_of(flow); &origin != of) {
      of = &origin;
      tables = look.tables_for(origin.exporter_address);
    }
    if (tables.empty()) continue;
    if (const auto route = RouteReader::Look::find(tables, flow.destination())) {
      ++routed;
      fill_destination(batch, flow, *route);
    }
    if (const auto route = RouteReader::Look::find(tables, flow.source())) fill_source(flow, *route);
  }
  counters_[FillCount::routed].add(routed);
  counters_[FillCount::unrouted].add(batch.size() - routed);
}

}  // namespace sluice::bmp
