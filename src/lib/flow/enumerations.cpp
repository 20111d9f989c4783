#include "flow/enumerations.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr Enumerator kFlowTypes[] = {
    {0, "FLOWUNKNOWN"}, {1, "SFLOW_5"}, {2, "NETFLOW_V5"}, {3, "NETFLOW_V9"}, {4, "IPFIX"},
};
constexpr Enumerator kLayers[] = {
    {0, "Ethernet"},
    {1, "IPv4"},
    {2, "IPv6"},
    {3, "TCP"},
    {4, "UDP"},
    {5, "MPLS"},
    {6, "Dot1Q"},
    {7, "ICMP"},
    {8, "ICMPv6"},
    {9, "GRE"},
    {10, "IPv6HeaderRouting"},
    {11, "IPv6HeaderFragment"},
    {12, "Geneve"},
    {13, "Teredo"},
    {99, "Custom"},
};
constexpr Enumerator kDirections[] = {
    {0, "DIRECTION_UNKNOWN"},
    {1, "INGRESS"},
    {2, "EGRESS"},
};
constexpr Enumerator kRateSources[] = {
    {0, "RATE_UNKNOWN"}, {1, "HEADER"}, {2, "OPTIONS"}, {3, "RECORD"}, {4, "CONFIGURED"},
};

constexpr Enumeration kEnumerations[] = {
    {FieldKind::flow_type, "FlowType", kFlowTypes},
    {FieldKind::layer_list, "LayerStack", kLayers},
    {FieldKind::direction, "FlowDirection", kDirections},
    {FieldKind::rate_source, "SamplingRateSource", kRateSources},
};

}  // namespace

std::span<const Enumeration> enumerations() { return kEnumerations; }

const Enumeration* enumeration_of(FieldKind kind) {
  const auto* found = std::ranges::find(kEnumerations, kind, &Enumeration::kind);
  return found == std::end(kEnumerations) ? nullptr : found;
}

}  // namespace sluice
