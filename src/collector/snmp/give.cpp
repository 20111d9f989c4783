#include "snmp/give.hpp"

namespace sluice::snmp {
namespace {

/// Where an interface's names go, and the latest one: the flows of a datagram mostly share their interfaces.
struct Side {
  ExtraText name, description;
  ExtraScalar speed;
  std::uint32_t if_index = 0;  // never asked for
  const Interface* found = nullptr;
};

void put(ExtraText field, const std::string& text, FlowExtras& extras) {
  if (!text.empty() && !extras.has(field)) extras.set(field, text);
}

template <class Names>
void give(Names& names, Side& side, std::uint32_t if_index, FlowBatch& batch, FlowRecord& flow) {
  if (if_index == 0) return;
  if (if_index != side.if_index) {
    side.if_index = if_index;
    side.found = names.find(if_index);
  }
  if (side.found == nullptr) return;
  FlowExtras& extras = batch.extras(flow);
  put(side.name, side.found->name, extras);
  put(side.description, side.found->description, extras);
  if (side.found->speed != 0 && !extras.has(side.speed)) extras.set(side.speed, side.found->speed);
}

/// `names_of` an exporter has any() and find() of an interface.
template <class NamesOf>
void give_all(const NamesOf& names_of, FlowBatch& batch) {
  const Origin* before = nullptr;
  decltype(names_of(IpAddress())) names;
  Side in{ExtraText::in_if_name, ExtraText::in_if_description, ExtraScalar::in_if_speed};
  Side out{ExtraText::out_if_name, ExtraText::out_if_description, ExtraScalar::out_if_speed};
  for (FlowRecord& flow : batch.flows()) {
    const Origin& origin = batch.origin_of(flow);
    if (&origin != before) {
      before = &origin;
      names = names_of(origin.sampler_address.empty() ? origin.exporter_address : origin.sampler_address);
      in.if_index = out.if_index = 0;
    }
    if (!names.any()) continue;
    give(names, in, flow.in_if, batch, flow);
    give(names, out, flow.out_if, batch, flow);
  }
}

struct KeptNames {
  const Interfaces* interfaces = nullptr;
  bool any() const { return interfaces != nullptr; }
  const Interface* find(std::uint32_t if_index) const { return interfaces->find(if_index); }
};

}  // namespace

void give_interfaces(View& view, FlowBatch& batch) {
  if (view.on()) give_all([&](const IpAddress& exporter) { return view.of(exporter); }, batch);
}

void give_interfaces(const Snapshot& kept, FlowBatch& batch) {
  give_all([&](const IpAddress& exporter) { return KeptNames{kept.find(exporter)}; }, batch);
}

}  // namespace sluice::snmp
