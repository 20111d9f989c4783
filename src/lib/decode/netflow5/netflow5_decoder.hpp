#pragma once
// NetFlow version 5: a fixed header of 24 bytes and records of 48 (Cisco's NetFlow export datagram format).
#include "sluice/decode/datagram.hpp"

namespace sluice::decode {

class Netflow5Decoder : public Decoder {
 public:
  Protocol protocol() const override { return Protocol::netflow5; }
  bool claims(Bytes payload) const override;
  void decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch, DecodeReport& report,
              RawObserver* observer) override;
};

}  // namespace sluice::decode
