#include "flow/columns.hpp"

namespace sluice {
namespace {

constexpr ConsumedColumn kConsumed[] = {
    {"kafka_topic", "String", "_topic"},   {"kafka_partition", "UInt64", "_partition"},
    {"kafka_offset", "UInt64", "_offset"}, {"kafka_time", "Nullable(DateTime64(3))", "_timestamp_ms"},
    {"kafka_error", "String", "_error"},   {"kafka_message", "String", "_raw_message"},
};

constexpr StoredColumn kStored[] = {
    {"kafka_topic", "LowCardinality(String)", "ZSTD(1)", "", "",
     "Topic of the Kafka record that held the flow"},
    {"kafka_partition", "UInt32", "ZSTD(1)", "", "", "Partition of that record"},
    {"kafka_offset", "UInt64", "Delta, ZSTD(1)", "", "",
     "Offset of that record; all flows of a record share it"},
    {"inserted_at", "DateTime64(3, 'UTC')", "ZSTD(1)", "now64(3, 'UTC')", "ms",
     "When the block that holds the row was written"},
};

constexpr AliasColumn kAliases[] = {
    {"src_ip", "String", "sluice_ip(src_addr)", "", "Source address as text, IPv4 as IPv4"},
    {"dst_ip", "String", "sluice_ip(dst_addr)", "", "Destination address as text, IPv4 as IPv4"},
    {"sampler_ip", "String", "sluice_ip(sampler_address)", "", "Exporter as text, IPv4 as IPv4"},
    {"next_hop_ip", "String", "sluice_ip(next_hop)", "", "Next hop as text, IPv4 as IPv4"},
    {"bgp_next_hop_ip", "String", "sluice_ip(bgp_next_hop)", "", "BGP next hop as text, IPv4 as IPv4"},
    {"post_nat_src_ip", "String", "sluice_ip(post_nat_src_addr)", "",
     "Source address after NAT as text, IPv4 as IPv4"},
    {"post_nat_dst_ip", "String", "sluice_ip(post_nat_dst_addr)", "",
     "Destination address after NAT as text, IPv4 as IPv4"},
    {"inner_src_ip", "String", "sluice_ip(inner_src_addr)", "",
     "Source address of the encapsulated packet as text, IPv4 as IPv4"},
    {"inner_dst_ip", "String", "sluice_ip(inner_dst_addr)", "",
     "Destination address of the encapsulated packet as text, IPv4 as IPv4"},
    {"src_mac_text", "String", "sluice_mac(src_mac)", "", "Source MAC address as text"},
    {"dst_mac_text", "String", "sluice_mac(dst_mac)", "", "Destination MAC address as text"},
    {"tcp_flags_text", "String", "sluice_tcp_flags(tcp_flags)", "", "TCP flags as letters"},
    {"application_id_text", "String",
     "if(empty(application_id), '', concat(toString(reinterpretAsUInt8(application_id)), ':', "
     "toString(reinterpretAsUInt64(reverse(substring(application_id, 2))))))",
     "", "Application tag as engine:selector"},
    {"bytes_corrected", "UInt64", "bytes * greatest(sampling_rate, 1)", "bytes",
     "Bytes times the sampling rate; an unknown rate counts as 1"},
    {"packets_corrected", "UInt64", "packets * greatest(sampling_rate, 1)", "packets",
     "Packets times the sampling rate; an unknown rate counts as 1"},
    {"service_port", "UInt32", "least(src_port, dst_port)", "",
     "The lower of the two ports, which mostly is that of the service"},
    {"time", "DateTime64(9, 'UTC')", "time_received", "ns",
     "When the flow was received, by the name that it has in the rollups"},
    {"flows", "UInt64", "toUInt64(1)", "flows", "Flows, by the name that they have in the rollups: 1"},
};

constexpr ColumnIndex kIndexes[] = {
    {"src_addr_index", "src_addr", "bloom_filter(0.01)"},
    {"dst_addr_index", "dst_addr", "bloom_filter(0.01)"},
};

}  // namespace

std::span<const ConsumedColumn> consumed_columns() { return kConsumed; }
std::span<const StoredColumn> stored_columns() { return kStored; }
std::span<const AliasColumn> alias_columns() { return kAliases; }
std::span<const ColumnIndex> column_indexes() { return kIndexes; }

std::string_view column_name(const FieldInfo& field) {
  std::string_view name = field.name;
  if (field.kind == FieldKind::time_ns) name.remove_suffix(std::string_view("_ns").size());
  return name;
}

std::vector<std::string_view> column_names() {
  std::vector<std::string_view> names;
  for (const FieldInfo& field : flow_fields()) names.push_back(column_name(field));
  for (const ConsumedColumn& column : kConsumed) names.push_back(column.name);
  for (const StoredColumn& column : kStored) names.push_back(column.name);
  for (const AliasColumn& column : kAliases) names.push_back(column.name);
  return names;
}

}  // namespace sluice
