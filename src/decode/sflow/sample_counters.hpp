#pragma once
// What each sample says about its own stream, for the accounting of what was lost: every source of a
// sub-agent numbers its samples by itself (sFlow version 5, section 5).
#include <cstdint>

#include "decode/sflow/xdr.hpp"

namespace sluice::decode::sflow {

/// Flow, counter and discarded-packet samples of one source are numbered apart from each other.
enum class SampleKind : std::uint8_t { flow, counter, discard };

struct SampleCounters {
  SampleKind kind = SampleKind::flow;
  std::uint32_t source_type = 0;   ///< 0 ifIndex, 1 VLAN, 2 physical entity
  std::uint32_t source_index = 0;  ///< within the type
  std::uint32_t sequence = 0;      ///< of this sample
  std::uint32_t pool = 0;          ///< flow samples: packets that could have been sampled, running sum; wraps
  std::uint32_t drops =
      0;  ///< flow: samples, discard: notifications the agent did not send, running sum; wraps
};

/// The sequence number and the source, which every kind of sample begins with. Expanded samples carry the
/// source's type in a word of its own, the others in the top byte of its index.
inline SampleCounters read_source(SampleKind kind, bool expanded, XdrReader& in) {
  SampleCounters out;
  out.kind = kind;
  out.sequence = in.u32("sequence_number");
  if (expanded) {
    out.source_type = in.u32("source_id_type");
    out.source_index = in.u32("source_id_index");
    return out;
  }
  const std::uint32_t word = in.u32("source_id");
  out.source_type = word >> 24;
  out.source_index = word & 0xffffff;
  return out;
}

}  // namespace sluice::decode::sflow
