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
    decode::Datagram datagram{payload, source, source_port, received_ns};
    datagram.decapsulate = listener_decapsulates;
    return decoder.decode(datagram, batch);
  }
  decode::DecodeReport operator()(SetMessage& message) { return (*this)(message.bytes()); }
  decode::DecodeReport operator()(SetMessage&& message) { return (*this)(message.bytes()); }

  const FlowRecord& flow(std::size_t i = 0) const { return batch.flows()[i]; }
  const FlowExtras* extras(std::size_t i = 0) const { return batch.extras_of(flow(i)); }
  /// Of the one exporter there is.
  std::uint64_t templates() const {
    std::uint64_t n = 0;
    exporters.for_each([&n](const decode::Exporter& exporter) { n += exporter.templates.size(); });
    return n;
  }

  IpAddress source = IpAddress::v4(0xc0000209);  // 192.0.2.9
  std::uint16_t source_port = 2055;
  decode::Decapsulate listener_decapsulates = decode::Decapsulate::outer;
  decode::ExporterTable exporters;
  decode::DatagramDecoder decoder;
  FlowBatch batch;
};

}  // namespace sluice::test
