#pragma once
// One sFlow decoder, an exporter and what came of a datagram.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/sflow/sflow_decoder.hpp"
#include "support/sflow_builder.hpp"

namespace sluice::decode {

struct SflowDecode {
  static constexpr std::uint64_t kReceived = 1700000000123456789ULL;

  explicit SflowDecode(Bytes payload, const ExporterSettings& settings = {}, RawObserver* observer = nullptr)
      : exporter(ExporterKey{*IpAddress::parse("203.0.113.9"), 0}, settings, Limits{}, TimeBounds{}) {
    const Datagram datagram{payload, *IpAddress::parse("203.0.113.9"), 6343, kReceived};
    batch.want_counters();  // so that damage reaches them too
    SflowDecoder decoder;
    decoder.decode(datagram, exporter, batch, report, observer);
  }
  explicit SflowDecode(const test::SflowDatagram& datagram, const ExporterSettings& settings = {},
                       RawObserver* observer = nullptr)
      : SflowDecode(datagram.bytes(), settings, observer) {}
  explicit SflowDecode(const test::SflowSample& sample, const ExporterSettings& settings = {})
      : SflowDecode(test::SflowDatagram().add(sample), settings) {}

  FlowRecord& flow(std::size_t i = 0) { return batch.flows()[i]; }
  const FlowExtras& extras(std::size_t i = 0) { return batch.extras(flow(i)); }
  std::uint32_t errors(DecodeError error) const { return report.count(error); }

  Exporter exporter;
  FlowBatch batch;
  DecodeReport report;
};

}  // namespace sluice::decode
