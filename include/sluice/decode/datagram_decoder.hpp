#pragma once
// The whole of decoding for one thread: looks at the version word, finds the exporter, calls the protocol's
// decoder under the exporter's lock, counts. This is what the workers use and what a program embeds.
#include <memory>
#include <vector>

#include "sluice/decode/exporter.hpp"
#include "sluice/util/seeded_hash.hpp"

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
  /// null. Where the process gets no more memory, that costs the datagram (`out_of_memory`) and nothing else.
  DecodeReport decode(const Datagram& datagram, FlowBatch& batch, Accept accept = Accept::automatic,
                      RawObserver* observer = nullptr);

  /// Lets go of exporters that the table gave up for want of room; for a thread to which no datagrams come.
  void tidy() {
    if (exporters_.evictions() != evictions_) [[unlikely]]
      drop_evicted();
  }

 private:
  DecodeReport decode_known(const Datagram& datagram, Decoder& decoder, FlowBatch& batch,
                            RawObserver* observer);
  DecodeReport noise(const Datagram& datagram);
  DecodeReport out_of_memory(const Datagram& datagram, Protocol protocol);
  void drop_evicted();
  std::shared_ptr<Exporter> exporter_of(const Datagram& datagram);
  std::shared_ptr<Exporter> known_exporter_of(const Datagram& datagram) const;
  Decoder* decoder_of(Bytes payload, Accept accept) const;

  ExporterTable& exporters_;
  const std::vector<std::unique_ptr<Decoder>> decoders_;
  SeededMap<ExporterKey, std::shared_ptr<Exporter>> known_;  // this thread's own references
  std::uint64_t evictions_ = 0;                              // of the table, when known_ was last looked over
};

}  // namespace sluice::decode
