// Layouts: sFlow version 5, section 5.3, "Counter Data Types"; names of RFC 2863 and RFC 3635;
// sFlow host structures and sFlow HTTP structures.
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

constexpr CounterField kHostParent[] = {{"container_type", "container_type", 1},
                                        {"container_index", "container_index", 2}};

constexpr CounterField kHostCpu[] = {{"load_one", "load_one", 1, false, true},
                                     {"load_five", "load_five", 2, false, true},
                                     {"load_fifteen", "load_fifteen", 3, false, true},
                                     {"proc_run", "proc_run", 4},
                                     {"proc_total", "proc_total", 5},
                                     {"cpu_num", "cpu_num", 6},
                                     {"cpu_speed", "cpu_speed", 7},
                                     {"uptime", "uptime", 8},
                                     {"cpu_user", "cpu_user", 9},
                                     {"cpu_nice", "cpu_nice", 10},
                                     {"cpu_system", "cpu_system", 11},
                                     {"cpu_idle", "cpu_idle", 12},
                                     {"cpu_wio", "cpu_wio", 13},
                                     {"cpu_intr", "cpu_intr", 14},
                                     {"cpu_sintr", "cpu_sintr", 15},
                                     {"interrupts", "interrupts", 16},
                                     {"contexts", "contexts", 17}};

constexpr CounterField kHostMemory[] = {
    {"mem_total", "mem_total", 1, true},   {"mem_free", "mem_free", 2, true},
    {"mem_shared", "mem_shared", 3, true}, {"mem_buffers", "mem_buffers", 4, true},
    {"mem_cached", "mem_cached", 5, true}, {"swap_total", "swap_total", 6, true},
    {"swap_free", "swap_free", 7, true},   {"page_in", "page_in", 8},
    {"page_out", "page_out", 9},           {"swap_in", "swap_in", 10},
    {"swap_out", "swap_out", 11}};

constexpr CounterField kHostDisk[] = {{"disk_total", "disk_total", 1, true},
                                      {"disk_free", "disk_free", 2, true},
                                      {"part_max_used", "part_max_used", 3},
                                      {"reads", "reads", 4},
                                      {"bytes_read", "bytes_read", 5, true},
                                      {"read_time", "read_time", 6},
                                      {"writes", "writes", 7},
                                      {"bytes_written", "bytes_written", 8, true},
                                      {"write_time", "write_time", 9}};

constexpr CounterField kHostNetwork[] = {{"bytes_in", "bytes_in", 1, true},   {"pkts_in", "pkts_in", 2},
                                         {"errs_in", "errs_in", 3},           {"drops_in", "drops_in", 4},
                                         {"bytes_out", "bytes_out", 5, true}, {"pkts_out", "packets_out", 6},
                                         {"errs_out", "errs_out", 7},         {"drops_out", "drops_out", 8}};

constexpr CounterField kVirtualNode[] = {{"mhz", "mhz", 1},
                                         {"cpus", "cpus", 2},
                                         {"memory", "memory", 3, true},
                                         {"memory_free", "memory_free", 4, true},
                                         {"num_domains", "num_domains", 5}};

constexpr CounterField kVirtualCpu[] = {
    {"state", "state", 1}, {"cpu_time", "cpuTime", 2}, {"nr_virt_cpu", "nrVirtCpu", 3}};

constexpr CounterField kVirtualMemory[] = {{"memory", "memory", 1, true},
                                           {"max_memory", "maxMemory", 2, true}};

constexpr CounterField kVirtualDisk[] = {
    {"capacity", "capacity", 1, true},   {"allocation", "allocation", 2, true},
    {"available", "available", 3, true}, {"rd_req", "rd_req", 4},
    {"rd_bytes", "rd_bytes", 5, true},   {"wr_req", "wr_req", 6},
    {"wr_bytes", "wr_bytes", 7, true},   {"errs", "errs", 8}};

constexpr CounterField kVirtualNetwork[] = {
    {"rx_bytes", "rx_bytes", 1, true}, {"rx_packets", "rx_packets", 2},   {"rx_errs", "rx_errs", 3},
    {"rx_drops", "rx_drops", 4},       {"tx_bytes", "tx_bytes", 5, true}, {"tx_packets", "tx_packets", 6},
    {"tx_errs", "tx_errs", 7},         {"tx_drops", "tx_drops", 8}};

constexpr CounterField kHttp[] = {
    {"method_option", "method_option_count", 1}, {"method_get", "method_get_count", 2},
    {"method_head", "method_head_count", 3},     {"method_post", "method_post_count", 4},
    {"method_put", "method_put_count", 5},       {"method_delete", "method_delete_count", 6},
    {"method_trace", "method_trace_count", 7},   {"method_connect", "method_connect_count", 8},
    {"method_other", "method_other_count", 9},   {"status_1xx", "status_1XX_count", 10},
    {"status_2xx", "status_2XX_count", 11},      {"status_3xx", "status_3XX_count", 12},
    {"status_4xx", "status_4XX_count", 13},      {"status_5xx", "status_5XX_count", 14},
    {"status_other", "status_other_count", 15}};

constexpr CounterLayout kLayouts[] = {{1, "interface", 20, kInterface},
                                      {2, "ethernet", 21, kEthernet},
                                      {1001, "processor", 22, kProcessor},
                                      {2002, "host_parent", 23, kHostParent},
                                      {2003, "host_cpu", 24, kHostCpu},
                                      {2004, "host_memory", 25, kHostMemory},
                                      {2005, "host_disk", 26, kHostDisk},
                                      {2006, "host_network", 27, kHostNetwork},
                                      {2100, "virtual_node", 28, kVirtualNode},
                                      {2101, "virtual_cpu", 29, kVirtualCpu},
                                      {2102, "virtual_memory", 31, kVirtualMemory},
                                      {2103, "virtual_disk", 32, kVirtualDisk},
                                      {2104, "virtual_network", 33, kVirtualNetwork},
                                      {2201, "http", 34, kHttp}};

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

void CounterBatch::truncate(std::size_t size) {
  if (size >= records_.size()) return;
  const std::size_t parts = records_[size].first_part;
  parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(std::min(parts, parts_.size())), parts_.end());
  records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(size), records_.end());
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
