#include "encode/names.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace sluice::encode {
namespace {

struct EnumName {
  std::uint32_t value;
  std::string_view name;
};

constexpr std::array kFlowTypes = {EnumName{0, "FLOWUNKNOWN"}, EnumName{1, "SFLOW_5"},
                                   EnumName{2, "NETFLOW_V5"}, EnumName{3, "NETFLOW_V9"},
                                   EnumName{4, "IPFIX"}};
constexpr std::array kDirections = {EnumName{0, "DIRECTION_UNKNOWN"}, EnumName{1, "INGRESS"},
                                    EnumName{2, "EGRESS"}};
constexpr std::array kRateSources = {EnumName{0, "RATE_UNKNOWN"}, EnumName{1, "HEADER"},
                                     EnumName{2, "OPTIONS"}, EnumName{3, "RECORD"},
                                     EnumName{4, "CONFIGURED"}};
constexpr std::array kLayers = {EnumName{0, "Ethernet"},
                                EnumName{1, "IPv4"},
                                EnumName{2, "IPv6"},
                                EnumName{3, "TCP"},
                                EnumName{4, "UDP"},
                                EnumName{5, "MPLS"},
                                EnumName{6, "Dot1Q"},
                                EnumName{7, "ICMP"},
                                EnumName{8, "ICMPv6"},
                                EnumName{9, "GRE"},
                                EnumName{10, "IPv6HeaderRouting"},
                                EnumName{11, "IPv6HeaderFragment"},
                                EnumName{12, "Geneve"},
                                EnumName{13, "Teredo"},
                                EnumName{99, "Custom"}};

std::span<const EnumName> enumerators(FieldKind kind) {
  switch (kind) {
    case FieldKind::flow_type:
      return kFlowTypes;
    case FieldKind::direction:
      return kDirections;
    case FieldKind::rate_source:
      return kRateSources;
    case FieldKind::layer_list:
      return kLayers;
    default:
      return {};
  }
}

// IANA, Assigned Internet Protocol Numbers, 0 to 145 (RFC 9263); numbers without a keyword as GoFlow2 has
// them.
constexpr std::array kProtocols = std::to_array<std::string_view>({"HOPOPT",
                                                                   "ICMP",
                                                                   "IGMP",
                                                                   "GGP",
                                                                   "IPv4",
                                                                   "ST",
                                                                   "TCP",
                                                                   "CBT",
                                                                   "EGP",
                                                                   "IGP",
                                                                   "BBN-RCC-MON",
                                                                   "NVP-II",
                                                                   "PUP",
                                                                   "ARGUS",
                                                                   "EMCON",
                                                                   "XNET",
                                                                   "CHAOS",
                                                                   "UDP",
                                                                   "MUX",
                                                                   "DCN-MEAS",
                                                                   "HMP",
                                                                   "PRM",
                                                                   "XNS-IDP",
                                                                   "TRUNK-1",
                                                                   "TRUNK-2",
                                                                   "LEAF-1",
                                                                   "LEAF-2",
                                                                   "RDP",
                                                                   "IRTP",
                                                                   "ISO-TP4",
                                                                   "NETBLT",
                                                                   "MFE-NSP",
                                                                   "MERIT-INP",
                                                                   "DCCP",
                                                                   "3PC",
                                                                   "IDPR",
                                                                   "XTP",
                                                                   "DDP",
                                                                   "IDPR-CMTP",
                                                                   "TP++",
                                                                   "IL",
                                                                   "IPv6",
                                                                   "SDRP",
                                                                   "IPv6-Route",
                                                                   "IPv6-Frag",
                                                                   "IDRP",
                                                                   "RSVP",
                                                                   "GRE",
                                                                   "DSR",
                                                                   "BNA",
                                                                   "ESP",
                                                                   "AH",
                                                                   "I-NLSP",
                                                                   "SWIPE",
                                                                   "NARP",
                                                                   "Min-IPv4",
                                                                   "TLSP",
                                                                   "SKIP",
                                                                   "IPv6-ICMP",
                                                                   "IPv6-NoNxt",
                                                                   "IPv6-Opts",
                                                                   "any-host-internal-protocol",
                                                                   "CFTP",
                                                                   "any-local-network",
                                                                   "SAT-EXPAK",
                                                                   "KRYPTOLAN",
                                                                   "RVD",
                                                                   "IPPC",
                                                                   "any-distributed-file-system",
                                                                   "SAT-MON",
                                                                   "VISA",
                                                                   "IPCV",
                                                                   "CPNX",
                                                                   "CPHB",
                                                                   "WSN",
                                                                   "PVP",
                                                                   "BR-SAT-MON",
                                                                   "SUN-ND",
                                                                   "WB-MON",
                                                                   "WB-EXPAK",
                                                                   "ISO-IP",
                                                                   "VMTP",
                                                                   "SECURE-VMTP",
                                                                   "VINES",
                                                                   "IPTM",
                                                                   "NSFNET-IGP",
                                                                   "DGP",
                                                                   "TCF",
                                                                   "EIGRP",
                                                                   "OSPFIGP",
                                                                   "Sprite-RPC",
                                                                   "LARP",
                                                                   "MTP",
                                                                   "AX.25",
                                                                   "IPIP",
                                                                   "MICP",
                                                                   "SCC-SP",
                                                                   "ETHERIP",
                                                                   "ENCAP",
                                                                   "any-private-encryption-scheme",
                                                                   "GMTP",
                                                                   "IFMP",
                                                                   "PNNI",
                                                                   "PIM",
                                                                   "ARIS",
                                                                   "SCPS",
                                                                   "QNX",
                                                                   "A/N",
                                                                   "IPComp",
                                                                   "SNP",
                                                                   "Compaq-Peer",
                                                                   "IPX-in-IP",
                                                                   "VRRP",
                                                                   "PGM",
                                                                   "any-0-hop-protocol",
                                                                   "L2TP",
                                                                   "DDX",
                                                                   "IATP",
                                                                   "STP",
                                                                   "SRP",
                                                                   "UTI",
                                                                   "SMP",
                                                                   "SM",
                                                                   "PTP",
                                                                   "ISIS over IPv4",
                                                                   "FIRE",
                                                                   "CRTP",
                                                                   "CRUDP",
                                                                   "SSCOPMCE",
                                                                   "IPLT",
                                                                   "SPS",
                                                                   "PIPE",
                                                                   "SCTP",
                                                                   "FC",
                                                                   "RSVP-E2E-IGNORE",
                                                                   "Mobility Header",
                                                                   "UDPLite",
                                                                   "MPLS-in-IP",
                                                                   "manet",
                                                                   "HIP",
                                                                   "Shim6",
                                                                   "WESP",
                                                                   "ROHC",
                                                                   "Ethernet",
                                                                   "AGGFRAG",
                                                                   "NSH"});

}  // namespace

std::string_view enum_name(FieldKind kind, std::uint64_t value) {
  const auto all = enumerators(kind);
  const auto found = std::ranges::find(all, value, &EnumName::value);
  return found == all.end() ? std::string_view{} : found->name;
}

std::optional<std::uint32_t> enum_value(FieldKind kind, std::string_view name) {
  const auto all = enumerators(kind);
  const auto found = std::ranges::find(all, name, &EnumName::name);
  if (found == all.end()) return std::nullopt;
  return found->value;
}

std::string_view protocol_keyword(std::uint8_t protocol) {
  return protocol < kProtocols.size() ? kProtocols[protocol] : std::string_view{};
}

}  // namespace sluice::encode
