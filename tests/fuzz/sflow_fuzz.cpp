// The sFlow decoder on any bytes, with and without an observer.
#include <cstdint>
#include <cstdlib>

#include "decode/sflow/sflow_decoder.hpp"
#include "fuzz/datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::decode;
  static Exporter exporter({}, {}, {}, {});
  static SflowDecoder decoder;
  static sluice::FlowBatch batch;
  batch.clear();
  DecodeReport report;
  sluice::fuzz::ReadingObserver observer;
  const Datagram datagram{std::as_bytes(std::span(data, size)), sluice::IpAddress::v4(0x7f000001), 6343, 1};
  decoder.decode(datagram, exporter, batch, report, size % 2 ? &observer : nullptr);
  if (report.flows != batch.size() || observer.depth != 0) std::abort();
  return 0;
}
