#include "flow/columns.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace sluice {
namespace {

using field_rows::FieldRow;
using field_rows::S;

constexpr ConsumedColumn kConsumed[] = {
    {"kafka_topic", "String", "_topic"},
    {"kafka_partition", "UInt64", "_partition"},
    {"kafka_offset", "UInt64", "_offset"},
    {"kafka_time", "Nullable(DateTime64(3))",
     "if(_timestamp_ms BETWEEN now64(3) - toIntervalDay({{kept_longest}}) AND now64(3) + toIntervalDay(1), "
     "_timestamp_ms, NULL)"},
    {"kafka_time_fault", "UInt8",
     "multiIf(_error != '', 0, "
     "time_received_ns != 0 AND NOT (_received_ms BETWEEN _written_ms - {{days_before}} * 86400000 "
     "AND _written_ms + {{hours_after}} * 3600000), 1, "
     "if(time_received_ns = 0, _written_ms, _received_ms) "
     "< (intDiv(_now_ms, 86400000) - {{retention}} + 1) * 86400000, 2, 0)"},
    {"kafka_error", "String", "_error"},
    {"kafka_message", "String", "_raw_message"},
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
    {"bytes_corrected", "UInt128", "bytes * toUInt128(least(greatest(sampling_rate, 1), 4294967295))",
     "bytes", "Bytes times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that"},
    {"packets_corrected", "UInt128", "packets * toUInt128(least(greatest(sampling_rate, 1), 4294967295))",
     "packets", "Packets times the sampling rate; an unknown rate counts as 1, one above 4294967295 as that"},
    {"service_port", "UInt32", "least(src_port, dst_port)", "",
     "The lower of the two ports, which mostly is that of the service"},
    {"time", "DateTime64(9, 'UTC')", "time_received", "ns",
     "When the flow was received, by the name that it has in the rollups"},
    {"flows", "UInt64", "toUInt64(1)", "flows", "Flows, by the name that they have in the rollups: 1"},
};

constexpr NamedColumnSet kSets[] = {
    {S::packet, "packet", "The layers of a sampled packet, routing headers of IPv6"},
    {S::ip, "ip", "What IP headers have beside addresses and protocol: time to live, fragments, flow labels"},
    {S::mac, "mac", "MAC addresses"},
    {S::vlan, "vlan", "VLANs at the input and at the output; `vlan_id` is always there"},
    {S::qinq, "qinq", "Customers' VLANs of QinQ, priorities"},
    {S::mpls, "mpls", "Labels of MPLS and what they stand for"},
    {S::bgp, "bgp", "What a router's BGP knows beyond the two ASes: paths, communities, neighbours"},
    {S::vrf, "vrf", "VRFs of both sides"},
    {S::nat, "nat", "Translated addresses and ports, port blocks, NAT logs"},
    {S::firewall, "firewall", "Events and access lists of firewalls"},
    {S::application, "application", "Applications, users, HTTP requests"},
    {S::tunnel, "tunnel", "The packet inside a tunnel, ends of tunnels, VXLAN"},
    {S::wlan, "wlan", "Wireless networks, stations and access points"},
    {S::device, "device", "Discards, queues and functions inside a switch (sFlow)"},
    {S::metering, "metering",
     "How the exporter meters: engines, observation points, identifiers, physical interfaces, mediators"},
    {S::names, "names", "Names and descriptions of interfaces, also for `interface_names`"},
    {S::collector, "collector",
     "Configured names of exporters and collectors, also for `exporter_names`; the sender where it is not "
     "the exporter"},
    {S::enriched, "enriched",
     "What the collector adds: networks, what interfaces face and connect to, sites and roles of exporters"},
};

constexpr bool has_a_row(const NamedColumnSet& named) {
  return std::ranges::any_of(field_rows::kRows, [&](const FieldRow& row) { return row.set == named.set; });
}
static_assert(std::ranges::all_of(kSets, has_a_row));
static_assert(std::ranges::all_of(field_rows::kRows, [](const FieldRow& row) {
  return row.set == S::always || std::ranges::find(kSets, row.set, &NamedColumnSet::set) != std::end(kSets);
}));

constexpr ColumnIndex kIndexes[] = {
    {"src_addr_index", "src_addr", "bloom_filter(0.01)"},
    {"dst_addr_index", "dst_addr", "bloom_filter(0.01)"},
};

bool has_word(std::string_view text, std::string_view word) {
  const auto of_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !of_word(text[at - 1])) && (end == text.size() || !of_word(text[end]))) return true;
  }
  return false;
}

}  // namespace

std::span<const ConsumedColumn> consumed_columns() { return kConsumed; }
std::span<const StoredColumn> stored_columns() { return kStored; }
std::span<const AliasColumn> alias_columns() { return kAliases; }
std::span<const ColumnIndex> column_indexes() { return kIndexes; }

std::span<const NamedColumnSet> column_sets() { return kSets; }

std::string_view set_name(ColumnSet set) {
  const auto* found = std::ranges::find(kSets, set, &NamedColumnSet::set);
  return found == std::end(kSets) ? std::string_view() : found->name;
}

std::vector<std::string_view> columns_of(ColumnSet set) {
  std::vector<std::string_view> out;
  for (const FieldRow& row : field_rows::kRows)
    if (row.set == set) out.push_back(column_name(row.info));
  return out;
}

std::vector<std::string_view> aliases_of(ColumnSet set) {
  std::vector<std::string_view> out;
  for (const AliasColumn& alias : kAliases)
    if (std::ranges::any_of(columns_of(set), [&](auto name) { return has_word(alias.expression, name); }))
      out.push_back(alias.name);
  return out;
}

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
