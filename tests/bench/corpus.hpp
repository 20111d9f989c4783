#pragma once
// Datagrams to measure with, and what decodes them.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/reference_datagrams.hpp"
#include "generate/generate.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "source/capture.hpp"

namespace sluice::bench {

constexpr std::uint64_t kReceivedNs = (kSeconds + 1ULL) * 1000000000ULL;

struct Corpus {
  std::vector<Payload> announcements;  // templates and options, decoded once before
  std::vector<Payload> datagrams;
  std::size_t flows = 0;
  std::uint64_t received_ns = kReceivedNs;
};

/// What `sluice generate` sends for the protocol: IPv4 and IPv6, templates and options now and then.
inline Corpus generated_corpus(FlowType protocol) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("sluice-bench-" + std::to_string(static_cast<int>(protocol)) + ".pcap");
  generate::Options options;
  options.protocol = protocol;
  options.write = file.string();
  options.flows = 60000;
  options.rate = 0;
  options.start_time_ns = kReceivedNs;
  if (const auto report = generate::run(options, {}, [](std::string_view) {}); !report)
    throw std::runtime_error(report.error());
  auto capture = source::CaptureFile::open(file.string());
  if (!capture) throw std::runtime_error(capture.error());
  Corpus corpus;
  source::CapturedDatagram datagram;
  while (capture->next(datagram))
    corpus.datagrams.emplace_back(datagram.payload.begin(), datagram.payload.end());
  corpus.flows = options.flows;
  std::filesystem::remove(file);
  return corpus;
}

struct Setup {
  explicit Setup(const Corpus& c) : corpus(c) {
    for (const Payload& payload : corpus.announcements) decode(payload);
    // The templates of a generated corpus come with its first datagrams.
    for (const Payload& payload : corpus.datagrams) decode(payload);
  }
  void decode(const Payload& payload) {
    batch.clear();
    decoder.decode({payload, IpAddress::v4(0x7f000002), 2055, corpus.received_ns}, batch);
  }
  /// Before each pass: the same datagrams once more would all count as repeated, which live ones are not.
  void forget_numbers() {
    exporters.for_each([](decode::Exporter& exporter) { exporter.sequences.expire(~0ULL); });
  }
  const Corpus& corpus;
  decode::ExporterTable exporters{{}, {}};
  decode::DatagramDecoder decoder{exporters};
  FlowBatch batch;
};

inline void per_flow(benchmark::State& state, const Corpus& corpus) {
  const auto flows = static_cast<double>(corpus.flows) * static_cast<double>(state.iterations());
  state.counters["ns/flow"] =
      benchmark::Counter(flows / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace sluice::bench
