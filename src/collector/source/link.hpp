#pragma once
// From a captured frame to the IP packet in it.
#include "sluice/util/byte_reader.hpp"

namespace sluice::source {

/// Whether frames of this link type (a DLT_ value of libpcap) can be read.
bool link_type_known(int link_type);

/// The IP packet of a frame, VLAN tags taken off; empty where there is none.
Bytes ip_packet(int link_type, Bytes frame);

}  // namespace sluice::source
