#include "bmp/filler.hpp"

namespace sluice::bmp {
namespace {

/// Flows ahead of the one in hand whose places in the cache are fetched.
constexpr std::size_t kAhead = 8;

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
  const std::uint64_t looked_up = cache_.looked_up();
  const auto flows = batch.flows();
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (i + kAhead < flows.size()) {
      cache_.fetch(flows[i + kAhead].destination());
      cache_.fetch(flows[i + kAhead].source());
    }
    FlowRecord& flow = flows[i];
    if (const Origin& origin = batch.origin_of(flow); &origin != of) {
      of = &origin;
      tables = look.tables_for(origin.exporter_address);
    }
    if (tables.empty()) continue;
    if (const auto route = cache_.find(tables, flow.destination())) {
      ++routed;
      fill_destination(batch, flow, *route);
    }
    if (const auto route = cache_.find(tables, flow.source())) fill_source(flow, *route);
  }
  counters_[FillCount::routed].add(routed);
  counters_[FillCount::unrouted].add(batch.size() - routed);
  counters_[FillCount::looked_up].add(cache_.looked_up() - looked_up);
}

}  // namespace sluice::bmp
