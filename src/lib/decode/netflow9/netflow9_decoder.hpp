#pragma once
// NetFlow version 9 (RFC 3954).
#include "decode/template/records.hpp"

namespace sluice::decode {

class Netflow9Decoder : public Decoder {
 public:
  Protocol protocol() const override { return Protocol::netflow9; }
  bool claims(Bytes payload) const override;
  void decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch, DecodeReport& report,
              RawObserver* observer) override;

 private:
  RecordDecoder records_;
};

}  // namespace sluice::decode
