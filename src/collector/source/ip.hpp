#pragma once
// From IP packets to UDP datagrams.
#include "source/capture.hpp"
#include "source/reassembly.hpp"

namespace sluice::source {

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
