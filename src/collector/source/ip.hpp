#pragma once
// From captured frames to IP packets, and from those to UDP datagrams.
#include "source/capture.hpp"
#include "source/reassembly.hpp"

namespace sluice::source {

/// Whether frames of this link type (a DLT_ value of libpcap) can be read.
bool link_type_known(int link_type);
/// The IP packet of a frame, VLAN tags taken off; empty where there is none.
Bytes ip_packet(int link_type, Bytes frame);

class UdpExtractor {
 public:
  /// Fills `out` and returns true where the packet, or the fragments it completes, is a UDP datagram; adds to
  /// the counts. The payload borrows the packet or the extractor, until the next call.
  bool extract(Bytes packet, std::uint64_t time_ns, CapturedDatagram& out, CaptureCounts& counts);
  /// Datagrams of which fragments are missing.
  std::uint64_t incomplete() const { return fragments_.given_up() + fragments_.pending(); }

 private:
  bool extract_v4(Bytes packet, CapturedDatagram& out, CaptureCounts& counts);
  bool extract_v6(Bytes packet, CapturedDatagram& out, CaptureCounts& counts);
  bool reassemble(const Fragment& fragment, CapturedDatagram& out, CaptureCounts& counts);

  Reassembler fragments_;
};

}  // namespace sluice::source
