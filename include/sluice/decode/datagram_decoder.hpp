#pragma once
// The whole of decoding for one thread: looks at the version word, finds the exporter, calls the protocol's
// decoder under the exporter's lock, counts. This is what the workers use and what a program embeds.
#include <memory>
#include <unordered_map>
#include <vector>

#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

/// Those of NetFlow v9, IPFIX, sFlow v5 and NetFlow v5, new ones at each call.
std::vector<std::unique_ptr<Decoder>> standard_decoders();

class DatagramDecoder {
 public:
  /// The table outlives the decoder and may be shared with other threads' decoders. `decoders` are asked in
  /// their order; the first that claims a datagram gets it. Add your own to the standard ones for a format of
  /// your own.
  explicit DatagramDecoder(ExporterTable& exporters,
                           std::vector<std::unique_ptr<Decoder>> decoders = standard_decoders());
  ~DatagramDecoder();

  /// Decodes one datagram; its flows are appended to the batch (which the caller clears). `observer` may be
  /// null.
  DecodeReport decode(const Datagram& datagram, FlowBatch& batch, Accept accept = Accept::automatic,
                      RawObserver* observer = nullptr);

 private:
  std::shared_ptr<Exporter> exporter_of(const Datagram& datagram);
  std::shared_ptr<Exporter> known_exporter_of(const Datagram& datagram) const;
  Decoder* decoder_of(Bytes payload, Accept accept) const;

  ExporterTable& exporters_;
  const std::vector<std::unique_ptr<Decoder>> decoders_;
  std::unordered_map<ExporterKey, std::shared_ptr<Exporter>> known_;  // this thread's own references
};

}  // namespace sluice::decode
