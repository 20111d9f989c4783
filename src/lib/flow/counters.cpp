// Layouts: sFlow version 5, section 5.3, "Counter Data Types"; names of RFC 2863 and RFC 3635.
#include "sluice/flow/counters.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr CounterField kInterface[] = {{"if_index", "ifIndex", 1},
                                       {"if_type", "ifType", 2},
                                       {"if_speed", "ifSpeed", 3, true},
                                       {"if_direction", "ifDirection", 4},
                                       {"if_status", "ifStatus", 5},
                                       {"if_in_octets", "ifInOctets", 6, true},
                                       {"if_in_ucast_pkts", "ifInUcastPkts", 7},
                                       {"if_in_multicast_pkts", "ifInMulticastPkts", 8},
                                       {"if_in_broadcast_pkts", "ifInBroadcastPkts", 9},
                                       {"if_in_discards", "ifInDiscards", 10},
                                       {"if_in_errors", "ifInErrors", 11},
                                       {"if_in_unknown_protos", "ifInUnknownProtos", 12},
                                       {"if_out_octets", "ifOutOctets", 13, true},
                                       {"if_out_ucast_pkts", "ifOutUcastPkts", 14},
                                       {"if_out_multicast_pkts", "ifOutMulticastPkts", 15},
                                       {"if_out_broadcast_pkts", "ifOutBroadcastPkts", 16},
                                       {"if_out_discards", "ifOutDiscards", 17},
                                       {"if_out_errors", "ifOutErrors", 18},
                                       {"if_promiscuous_mode", "ifPromiscuousMode", 19}};

constexpr CounterField kEthernet[] = {
    {"alignment_errors", "dot3StatsAlignmentErrors", 1},
    {"fcs_errors", "dot3StatsFCSErrors", 2},
    {"single_collision_frames", "dot3StatsSingleCollisionFrames", 3},
    {"multiple_collision_frames", "dot3StatsMultipleCollisionFrames", 4},
    {"sqe_test_errors", "dot3StatsSQETestErrors", 5},
    {"deferred_transmissions", "dot3StatsDeferredTransmissions", 6},
    {"late_collisions", "dot3StatsLateCollisions", 7},
    {"excessive_collisions", "dot3StatsExcessiveCollisions", 8},
    {"internal_mac_transmit_errors", "dot3StatsInternalMacTransmitErrors", 9},
    {"carrier_sense_errors", "dot3StatsCarrierSenseErrors", 10},
    {"frame_too_longs", "dot3StatsFrameTooLongs", 11},
    {"internal_mac_receive_errors", "dot3StatsInternalMacReceiveErrors", 12},
    {"symbol_errors", "dot3StatsSymbolErrors", 13}};

constexpr CounterField kProcessor[] = {{"cpu_5s", "5s_cpu", 1},
                                       {"cpu_1m", "1m_cpu", 2},
                                       {"cpu_5m", "5m_cpu", 3},
                                       {"total_memory", "total_memory", 4, true},
                                       {"free_memory", "free_memory", 5, true}};

constexpr CounterLayout kLayouts[] = {
    {1, "interface", 20, kInterface}, {2, "ethernet", 21, kEthernet}, {1001, "processor", 22, kProcessor}};

}  // namespace

std::span<const CounterLayout> counter_layouts() { return kLayouts; }

const CounterLayout* find_counter_layout(std::uint32_t enterprise, std::uint32_t format) {
  if (enterprise != 0) return nullptr;
  const auto* const found = std::ranges::find(kLayouts, format, &CounterLayout::format);
  return found == std::end(kLayouts) ? nullptr : found;
}

void CounterBatch::clear() {
  records_.clear();
  parts_.clear();
  values_.clear();
  bytes_.clear();
}

CounterRecord& CounterBatch::add() { return records_.emplace_back(Held{{}, parts_.size()}).record; }

void CounterBatch::add_values(const CounterLayout& layout, std::span<const std::uint64_t> values) {
  parts_.push_back({&layout, 0, layout.format, false, values_.size(), values.size()});
  values_.insert(values_.end(), values.begin(), values.end());
}

void CounterBatch::add_raw(std::uint32_t enterprise, std::uint32_t id, Bytes data, bool scope) {
  parts_.push_back({nullptr, enterprise, id, scope, bytes_.size(), data.size()});
  bytes_.insert(bytes_.end(), data.begin(), data.end());
}

CounterPart CounterBatch::part(std::size_t i, std::size_t n) const {
  const Part& held = parts_[records_[i].first_part + n];
  CounterPart out{held.layout, held.enterprise, held.id, held.scope, {}, {}};
  if (held.layout)
    out.values = std::span(values_).subspan(held.first, held.size);
  else
    out.data = std::span(bytes_).subspan(held.first, held.size);
  return out;
}

}  // namespace sluice
