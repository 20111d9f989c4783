#pragma once
// An exporter's settings with one of them set.
#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

template <class Member, class Value>
ExporterSettings with(Member member, Value value) {
  ExporterSettings settings;
  settings.*member = value;
  return settings;
}

inline ExporterSettings with_default_rate(std::uint64_t rate) {
  return with(&ExporterSettings::sampling_rate_default, rate);
}

}  // namespace sluice::decode
