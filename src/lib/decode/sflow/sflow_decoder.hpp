#pragma once
// sFlow version 5 (sflow.org, sflow_version_5.txt). Every flow sample and every discarded-packet sample
// becomes one flow of one packet; counter samples are counted. A sample or record that does not fit costs
// only itself.
#include "decode/sflow/flow_records.hpp"
#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

class SflowDecoder final : public Decoder {
 public:
  Protocol protocol() const override { return Protocol::sflow5; }
  /// The version is a 32-bit word; NetFlow v5 has its 5 in 16 bits.
  bool claims(Bytes payload) const override;
  void decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch, DecodeReport& report,
              RawObserver* observer) override;

 private:
  sflow::FlowRecords records_;  // scratch
};

}  // namespace sluice::decode
