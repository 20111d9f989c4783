#pragma once
// Why a packet was discarded, as IPFIX says it.
#include <cstdint>

namespace sluice::decode::sflow {

/// The forwardingStatus (IE 89, RFC 7270 section 4.12) of a packet discarded for `reason`: a code of an
/// output interface of format 1 (sFlow version 5, section 5, "interface") or of a discarded-packet sample,
/// which has the same codes and more (sFlow dropped packet notification structures). 128, dropped for an
/// unknown reason, where IPFIX has no word for it.
std::uint8_t forwarding_status(std::uint32_t reason);

}  // namespace sluice::decode::sflow
