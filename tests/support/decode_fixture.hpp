#pragma once
// One exporter and one decoder: what most decoder tests need.
#include <vector>

#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/flow/batch.hpp"
#include "support/set_message.hpp"

namespace sluice::test {

/// Data without a template is lost at once.
inline decode::Limits hold_nothing() {
  decode::Limits limits;
  limits.held_bytes = 0;
  return limits;
}

struct DecodeFixture {
  explicit DecodeFixture(decode::Limits limits = {}, decode::ExporterSettings settings = {})
      : exporters(limits, decode::TimeBounds{}, [settings](const IpAddress&) { return settings; }),
        decoder(exporters) {}

  /// Decodes one datagram into a cleared batch.
  decode::DecodeReport operator()(const std::vector<std::byte>& payload,
                                  std::uint64_t received_ns = kReceivedNs) {
    batch.clear();
    return decoder.decode({payload, source, 2055, received_ns}, batch);
  }
  decode::DecodeReport operator()(SetMessage& message) { return (*this)(message.bytes()); }
  decode::DecodeReport operator()(SetMessage&& message) { return (*this)(message.bytes()); }

  const FlowRecord& flow(std::size_t i = 0) const { return batch.flows()[i]; }
  const FlowExtras* extras(std::size_t i = 0) const { return batch.extras_of(flow(i)); }

  IpAddress source = IpAddress::v4(0xc0000209);  // 192.0.2.9
  decode::ExporterTable exporters;
  decode::DatagramDecoder decoder;
  FlowBatch batch;
};

}  // namespace sluice::test
