#pragma once
// What is known of a network or an interface, as tables: one row for each attribute, which the configuration,
// the columns of CSV files, the fields of a flow and the rules are made from. Constant data and plain values;
// any thread.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/flow/record.hpp"

namespace sluice::enrich {

/// What a network has.
struct NetworkFacts {
  std::string name, role, site, region, tenant;
  std::uint32_t as = 0;
  friend bool operator==(const NetworkFacts&, const NetworkFacts&) = default;
};

/// What an interface has.
struct InterfaceFacts {
  std::string name, description, boundary, connectivity, provider;
  std::uint64_t speed = 0;  ///< bits per second; 0: not known
  friend bool operator==(const InterfaceFacts&, const InterfaceFacts&) = default;
};

/// A text attribute of Facts, and the fields of both sides of a flow that it fills.
template <class Facts>
struct Attribute {
  std::string_view key;
  std::string Facts::* member;
  ExtraText near;  ///< of the source, or of the input interface
  ExtraText far;   ///< of the destination, or of the output interface
  std::string_view meaning;
};

inline constexpr std::array<Attribute<NetworkFacts>, 5> kNetworkAttributes{{
    {"name", &NetworkFacts::name, ExtraText::src_network, ExtraText::dst_network, "Name of the network"},
    {"role", &NetworkFacts::role, ExtraText::src_network_role, ExtraText::dst_network_role, "What it is for"},
    {"site", &NetworkFacts::site, ExtraText::src_network_site, ExtraText::dst_network_site, "Where it is"},
    {"region", &NetworkFacts::region, ExtraText::src_network_region, ExtraText::dst_network_region,
     "Where its site is"},
    {"tenant", &NetworkFacts::tenant, ExtraText::src_network_tenant, ExtraText::dst_network_tenant,
     "Whose it is"},
}};

inline constexpr std::array<Attribute<InterfaceFacts>, 5> kInterfaceAttributes{{
    {"name", &InterfaceFacts::name, ExtraText::in_if_name, ExtraText::out_if_name, "Name of the interface"},
    {"description", &InterfaceFacts::description, ExtraText::in_if_description, ExtraText::out_if_description,
     "Its description"},
    {"boundary", &InterfaceFacts::boundary, ExtraText::in_if_boundary, ExtraText::out_if_boundary,
     "external or internal: which side it faces"},
    {"connectivity", &InterfaceFacts::connectivity, ExtraText::in_if_connectivity,
     ExtraText::out_if_connectivity, "What it connects to: transit, peering, customer and the like"},
    {"provider", &InterfaceFacts::provider, ExtraText::in_if_provider, ExtraText::out_if_provider,
     "Whom it connects to"},
}};

/// What a rule sets: a field of the flow, or, of rules about interfaces, an attribute of that side's
/// interface.
struct Assignment {
  std::string field;  ///< "src_network_tenant", or "boundary" of a rule about interfaces
  std::string value;  ///< of a rule about interfaces with \1 to \9, what the expression's brackets held
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// Longest text of an attribute, in bytes; what is longer is refused where it is configured.
inline constexpr std::size_t kLongestText = 255;

}  // namespace sluice::enrich
