#include "encode/names.hpp"

#include <algorithm>
#include <array>

#include "flow/enumerations.hpp"

namespace sluice::encode {
namespace {

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
  const Enumeration* all = enumeration_of(kind);
  if (!all) return {};
  const auto found = std::ranges::find(all->values, value, &Enumerator::value);
  return found == all->values.end() ? std::string_view{} : found->name;
}

std::optional<std::uint32_t> enum_value(FieldKind kind, std::string_view name) {
  const Enumeration* all = enumeration_of(kind);
  if (!all) return std::nullopt;
  const auto found = std::ranges::find(all->values, name, &Enumerator::name);
  if (found == all->values.end()) return std::nullopt;
  return found->value;
}

std::string_view protocol_keyword(std::uint8_t protocol) {
  return protocol < kProtocols.size() ? kProtocols[protocol] : std::string_view{};
}

}  // namespace sluice::encode
