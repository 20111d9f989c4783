#pragma once
// Parses the start of a packet that an exporter sampled: sFlow raw headers, IPFIX elements 315 and 313, v9
// element 104. Reads as far as the bytes go; a header that is cut short ends the walk without an error, since
// sampled headers always end somewhere. Ports never come from a non-first fragment. Where a tunnel begins
// (GRE, IP in IP, VXLAN, Geneve, GTP-U, Teredo, SRv6), the flow is the outer packet's and the inner_* fields
// have the packet inside, or the other way round; a tunnel within that one is not entered.
#include "sluice/decode/datagram.hpp"
#include "sluice/flow/batch.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::decode {

/// What the first byte belongs to (sFlow header_protocol: 1 Ethernet, 7 PPP, 11 IPv4, 12 IPv6, 13 MPLS).
enum class FirstHeader : std::uint8_t { ethernet, ipv4, ipv6, mpls, ppp };

/// Fills the flow's packet fields (addresses, ports, proto, etype, MACs, VLANs, fragments, flags, MPLS, layer
/// stack and sizes, VNI and inner fields). bytes and packets are left alone. Returns false where not even the
/// first header was whole. `user_fields` where bits of the packet go to user-defined fields, else null. With
/// Decapsulate::inner a packet inside that has addresses takes the flow's fields and the outer one the
/// inner_* fields; tags, labels, routes and, where the inner packet has none, MAC addresses stay the outer
/// packet's.
bool parse_packet(FirstHeader first, Bytes packet, FlowBatch& batch, FlowRecord& flow,
                  const UserFields* user_fields = nullptr, Decapsulate decapsulate = Decapsulate::outer);

}  // namespace sluice::decode
