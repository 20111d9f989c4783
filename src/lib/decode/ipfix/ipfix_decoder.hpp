#pragma once
// IPFIX (RFC 7011), as it comes over UDP.
#include "decode/template/records.hpp"

namespace sluice::decode {

class IpfixDecoder : public Decoder {
 public:
  Protocol protocol() const override { return Protocol::ipfix; }
  bool claims(Bytes payload) const override;
  void decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch, DecodeReport& report,
              RawObserver* observer) override;

 private:
  RecordDecoder records_;
};

}  // namespace sluice::decode
