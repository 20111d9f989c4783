#pragma once
// A fuzz input as a series of datagrams of one exporter: two bytes of length, then the payload, and so on. So
// an input can hold templates, options and the data that needs them.
#include <cstdint>
#include <cstdlib>

#include "fuzz/user_fields.hpp"
#include "sluice/decode/datagram_decoder.hpp"

namespace sluice::fuzz {

/// Small limits, so that the refusals are within the fuzzer's reach.
inline decode::Limits small_limits() {
  decode::Limits limits;
  limits.max_templates = 8;
  limits.max_template_fields = 64;
  limits.max_record_length = 4096;
  limits.max_samplers = 4;
  limits.max_names = 4;
  limits.held_bytes_per_exporter = limits.held_bytes = 2048;
  return limits;
}

/// Reads every byte that it is shown, so that a view past the datagram is found.
struct ReadingObserver : decode::RawObserver {
  void open(std::string_view) override { ++depth; }
  void number(std::string_view, std::uint64_t) override {}
  void bytes(std::string_view, Bytes value) override {
    for (const std::byte b : value) sum ^= b;
  }
  void close() override { --depth; }
  int depth = 0;
  std::byte sum{};
};

inline int decode_series(const std::uint8_t* data, std::size_t size) {
  decode::ExporterTable exporters(small_limits(), {}, {}, user_fields());
  decode::DatagramDecoder decoder(exporters);
  FlowBatch batch;
  batch.want_counters();
  ReadingObserver observer;
  ByteReader reader(std::as_bytes(std::span(data, size)));
  constexpr std::uint64_t kHour = 3600ULL * 1000000000;
  std::uint64_t now_ns = 1700000000ULL * 1000000000;
  std::size_t bytes = 0;
  std::size_t flows = 0;
  while (reader.remaining() > 2) {
    const std::size_t length = std::min<std::size_t>(reader.be<std::uint16_t>(), reader.remaining());
    const decode::Datagram datagram{reader.take(length), IpAddress::v4(0x7f000001), 2055, now_ns};
    batch.clear();
    const auto report =
        decoder.decode(datagram, batch, decode::Accept::automatic, length % 2 ? &observer : nullptr);
    // What is reported is what is there, and a byte makes two flows at most (a record of one reverse
    // counter), be it of a datagram before this one that waited for its template.
    bytes += length;
    flows += batch.size();
    if (report.count(decode::DecodeCount::flows) != batch.size() || flows > 2 * bytes || observer.depth != 0)
      std::abort();
    now_ns += length % 16 == 15 ? 13 * kHour : 1000000;  // so that what grows old does
    if (length % 16 == 15) exporters.expire(now_ns);
  }
  return 0;
}

}  // namespace sluice::fuzz
