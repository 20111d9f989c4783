#pragma once
// The sequence number and the source, which every kind of sample begins with. Each source of a sub-agent
// numbers its samples by itself, flow, counter and discarded-packet samples apart from each other (sFlow
// version 5, section 5).
#include <cstdint>

#include "decode/sflow/xdr.hpp"

namespace sluice::decode::sflow {

struct SampleSource {
  std::uint32_t sequence = 0;  ///< of this sample
  std::uint32_t type = 0;      ///< 0 ifIndex, 1 VLAN, 2 physical entity
  std::uint32_t index = 0;     ///< within the type
};

/// Expanded samples carry the source's type in a word of its own, the others in the top byte of its index.
inline SampleSource read_source(bool expanded, XdrReader& in) {
  SampleSource out;
  out.sequence = in.u32("sequence_number");
  if (expanded) {
    out.type = in.u32("source_id_type");
    out.index = in.u32("source_id_index");
    return out;
  }
  const std::uint32_t word = in.u32("source_id");
  out.type = word >> 24;
  out.index = word & 0xffffff;
  return out;
}

}  // namespace sluice::decode::sflow
