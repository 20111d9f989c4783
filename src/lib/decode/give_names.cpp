#include "decode/give_names.hpp"

#include "decode/label_facts.hpp"

namespace sluice::decode {
namespace {

/// The flows of a datagram mostly share their interfaces: the last answer is kept.
class LastInterface {
 public:
  InterfaceNames of(const NameTable& names, std::uint32_t domain, std::uint32_t if_index) {
    if (if_index != if_index_ || domain != domain_) {
      if_index_ = if_index;
      domain_ = domain;
      answer_ = names.interface_names(domain, if_index);
    }
    return answer_;
  }

 private:
  std::uint32_t domain_ = 0;
  std::uint32_t if_index_ = 0;  // never asked for
  InterfaceNames answer_;
};

void give(ExtraText field, std::string_view name, FlowExtras& extras) {
  if (!name.empty() && !extras.has(field)) extras.set(field, name);
}

void give_interface(const InterfaceNames& known, ExtraText name, ExtraText description, FlowBatch& batch,
                    FlowRecord& flow) {
  if (known.name.empty() && known.description.empty()) return;
  FlowExtras& extras = batch.extras(flow);
  give(name, known.name, extras);
  give(description, known.description, extras);
}

void give_vrf(const NameTable& names, std::uint32_t domain, ExtraScalar id, ExtraText name,
              FlowExtras& extras) {
  if (extras.has(id)) give(name, names.vrf_name(domain, static_cast<std::uint32_t>(extras.get(id))), extras);
}

void give(ExtraScalar field, std::uint8_t value, FlowExtras& extras) {
  if (value != 0 && !extras.has(field)) extras.set(field, value);
}

/// Type, address and prefix are the top label's; the route distinguisher is that of the first label that has
/// one, since a VPN's label lies below that of the way to its router.
void give_labels(const NameTable& names, std::uint32_t domain, FlowExtras& extras) {
  bool top = true;
  for (const std::uint32_t label : extras.list(ExtraList::mpls_label)) {
    const LabelFacts facts = LabelFacts::of(names.mpls_label(domain, label));
    if (top) {
      give(ExtraScalar::mpls_label_type, facts.type, extras);
      give(ExtraScalar::mpls_prefix_length, facts.prefix_length, extras);
      std::vector<IpAddress>& addresses = extras.list(ExtraAddressList::mpls_ip);
      if (addresses.empty() && !facts.address.empty()) addresses.push_back(facts.address);
    }
    give(ExtraText::mpls_vpn_rd, facts.rd, extras);
    top = false;
  }
}

/// An sFlow agent behind another's address may number its interfaces otherwise.
bool own_interfaces(const Origin& origin) {
  return origin.type != FlowType::sflow5 || origin.sampler_address == origin.exporter_address;
}

}  // namespace

void give_names(const NameTable& names, std::size_t first, FlowBatch& batch) {
  LastInterface input;
  LastInterface output;
  for (FlowRecord& flow : batch.flows().subspan(first)) {
    const Origin& origin = batch.origin_of(flow);
    if (!own_interfaces(origin)) continue;
    const std::uint32_t domain = origin.observation_domain_id;
    if (flow.in_if)
      give_interface(input.of(names, domain, flow.in_if), ExtraText::in_if_name, ExtraText::in_if_description,
                     batch, flow);
    if (flow.out_if)
      give_interface(output.of(names, domain, flow.out_if), ExtraText::out_if_name,
                     ExtraText::out_if_description, batch, flow);
    if (flow.extras == kNoExtras) continue;
    FlowExtras& extras = batch.extras(flow);
    give_vrf(names, domain, ExtraScalar::ingress_vrf_id, ExtraText::ingress_vrf_name, extras);
    give_vrf(names, domain, ExtraScalar::egress_vrf_id, ExtraText::egress_vrf_name, extras);
    if (names.has_labels()) give_labels(names, domain, extras);
    if (extras.has(ExtraText::application_id))
      give(ExtraText::application_name, names.application_name(domain, extras.get(ExtraText::application_id)),
           extras);
  }
}

}  // namespace sluice::decode
