#pragma once
// One flow, flat. Three cache lines that nearly every flow needs; what a datagram's flows share stands once
// in an Origin, what is rare in FlowExtras; both belong to the FlowBatch. Values in host order, addresses
// raw. The meaning, unit and source of each member is in the field table (fields.hpp).
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/flow/user_values.hpp"

namespace sluice {

enum class FlowType : std::uint8_t { unknown = 0, sflow5 = 1, netflow5 = 2, netflow9 = 3, ipfix = 4 };
enum class FlowDirection : std::uint8_t { unknown = 0, ingress = 1, egress = 2 };
enum class SamplingRateSource : std::uint8_t {
  unknown = 0,
  header = 1,
  options = 2,
  record = 3,
  configured = 4
};
enum class Layer : std::uint8_t {  ///< layer_stack entries, GoFlow2's numbers
  ethernet = 0,
  ipv4 = 1,
  ipv6 = 2,
  tcp = 3,
  udp = 4,
  mpls = 5,
  dot1q = 6,
  icmp = 7,
  icmpv6 = 8,
  gre = 9,
  ipv6_routing = 10,
  ipv6_fragment = 11,
  geneve = 12,
  teredo = 13,
  custom = 99
};

inline constexpr std::uint32_t kNoExtras = 0xffffffffU;

struct alignas(64) FlowRecord {
  std::uint8_t src_addr[16];
  std::uint8_t dst_addr[16];
  std::uint8_t next_hop[16];
  std::uint64_t bytes;
  std::uint64_t packets;
  // second cache line
  std::uint64_t time_flow_start_ns;  ///< Unix time
  std::uint64_t time_flow_end_ns;    ///< Unix time
  std::uint64_t sampling_rate;       ///< 1 in N; 0 unknown
  std::uint64_t src_mac;             ///< 48 bits
  std::uint64_t dst_mac;
  std::uint32_t in_if;
  std::uint32_t out_if;
  std::uint32_t src_as;
  std::uint32_t dst_as;
  std::uint16_t src_port;
  std::uint16_t dst_port;
  std::uint16_t etype;
  std::uint16_t tcp_flags;
  // third
  std::uint8_t src_addr_size;  ///< 0, 4 or 16
  std::uint8_t dst_addr_size;
  std::uint8_t next_hop_size;
  std::uint8_t proto;
  std::uint8_t ip_tos;
  std::uint8_t ip_ttl;
  std::uint8_t src_net;  ///< prefix length
  std::uint8_t dst_net;
  std::uint8_t icmp_type;
  std::uint8_t icmp_code;
  std::uint8_t ip_flags;
  std::uint8_t forwarding_status;
  FlowDirection flow_direction;
  SamplingRateSource sampling_rate_source;
  std::uint8_t flow_end_reason;
  std::uint8_t dropped;  ///< 1: no sink gets it, see FlowBatch::drop()
  std::uint16_t vlan_id;
  std::uint16_t src_vlan;
  std::uint16_t dst_vlan;
  std::uint16_t fragment_offset;  ///< 8-byte units
  std::uint32_t fragment_id;
  std::uint32_t ipv6_flow_label;
  std::uint32_t origin;  ///< index into the batch's origins
  std::uint32_t extras;  ///< index into the batch's extras, or kNoExtras
  char src_country[2];   ///< two letters (ISO 3166-1), or zeros
  char dst_country[2];
  std::uint32_t reserved_b;
  std::uint64_t reserved_c[2];

  IpAddress source() const { return address_of(src_addr, src_addr_size); }
  IpAddress destination() const { return address_of(dst_addr, dst_addr_size); }
  IpAddress next_hop_address() const { return address_of(next_hop, next_hop_size); }
  void set_source(const IpAddress& a) { set_address(a, src_addr, src_addr_size); }
  void set_destination(const IpAddress& a) { set_address(a, dst_addr, dst_addr_size); }
  void set_next_hop(const IpAddress& a) { set_address(a, next_hop, next_hop_size); }

  static IpAddress address_of(const std::uint8_t* raw, std::uint8_t size) {
    IpAddress out;
    out.size = size;
    std::copy_n(raw, 16, out.bytes.begin());
    return out;
  }
  static void set_address(const IpAddress& from, std::uint8_t* raw, std::uint8_t& size) {
    std::copy_n(from.bytes.begin(), 16, raw);
    size = from.size;
  }
};
static_assert(sizeof(FlowRecord) == 192 && std::is_trivially_copyable_v<FlowRecord>);

/// What all flows of one datagram have in common.
struct Origin {
  FlowType type = FlowType::unknown;
  std::uint32_t sequence_num = 0;           ///< as in the header; its unit differs by protocol
  std::uint32_t observation_domain_id = 0;  ///< v9 source id, IPFIX domain; 0 for others
  std::uint64_t time_received_ns = 0;       ///< Unix time of receipt
  IpAddress sampler_address;                ///< sFlow agent address; UDP source for NetFlow and IPFIX
  IpAddress exporter_address;               ///< UDP source, v4-mapped unmapped
  std::string exporter_name;                ///< configured name, or empty
  std::string exporter_site;                ///< configured, or empty; the next two too
  std::string exporter_role;
  std::string exporter_tenant;
  std::string collector_id;  ///< configured name of this collector, or empty
};

// Rare fields, by shape. Each enumerator is one row of the field table.
enum class ExtraScalar : std::uint8_t {
  observation_point_id,
  next_hop_as,
  ipv6_routing_seg_left,
  ingress_vrf_id,
  egress_vrf_id,
  flow_id,
  post_nat_src_port,
  post_nat_dst_port,
  nat_event,
  firewall_event,
  in_phys_if,
  out_phys_if,
  customer_vlan_id,
  post_customer_vlan_id,
  vlan_priority,
  vni,
  src_peer_as,
  next_adjacent_as,
  prev_adjacent_as,
  local_pref,
  out_if_discard_reason,
  out_if_multiple,
  drop_reason,
  inner_proto,
  inner_src_port,
  inner_dst_port,
  inner_etype,
  inner_ip_tos,
  nat_port_start,
  nat_port_end,
  nat_port_step,
  nat_port_count,
  nat_pool_id,
  station_mac,
  access_point_mac,
  mpls_label_type,
  mpls_prefix_length,
  flow_count,
  biflow_direction,
  engine_type,
  engine_id,
  firewall_event_code,
  egress_queue,
  http_status,
  in_if_speed,
  out_if_speed,
  count
};
enum class ExtraAddress : std::uint8_t {
  bgp_next_hop,
  post_nat_src_addr,
  post_nat_dst_addr,
  inner_src_addr,
  inner_dst_addr,
  original_exporter_address,
  station_address,
  tunnel_src_addr,
  tunnel_dst_addr,
  count
};
enum class ExtraText : std::uint8_t {
  application_id,
  application_name,
  user_name,
  in_if_name,
  out_if_name,
  in_if_description,
  out_if_description,
  ingress_vrf_name,
  egress_vrf_name,
  nat_pool_name,
  wlan_ssid,
  mpls_vpn_rd,
  ingress_acl_id,
  egress_acl_id,
  acl_name,
  http_host,
  http_url,
  function_name,
  src_network,
  dst_network,
  src_network_role,
  dst_network_role,
  src_network_site,
  dst_network_site,
  src_network_region,
  dst_network_region,
  src_network_tenant,
  dst_network_tenant,
  in_if_boundary,
  out_if_boundary,
  in_if_connectivity,
  out_if_connectivity,
  in_if_provider,
  out_if_provider,
  count
};
enum class ExtraList : std::uint8_t {
  mpls_ttl,
  mpls_label,
  bgp_communities,
  as_path,
  layer_stack,
  layer_size,
  count
};
enum class ExtraAddressList : std::uint8_t { mpls_ip, ipv6_routing_addresses, count };

template <class E>
inline constexpr std::size_t kCountOf = static_cast<std::size_t>(E::count);

/// Rare fields of one flow. Reused: reset() keeps the capacity of lists and texts. What was not set is
/// absent, so a present 0 can be told from nothing.
class FlowExtras {
 public:
  void reset() {
    for (std::uint64_t set = texts_set_; set != 0; set &= set - 1)
      texts_[static_cast<std::size_t>(std::countr_zero(set))].clear();
    for (auto& list : lists_) list.clear();
    for (auto& list : address_lists_) list.clear();
    scalars_set_ = texts_set_ = 0;
    addresses_set_ = 0;
    if (user_) user_->clear();
  }

  void set(ExtraScalar field, std::uint64_t value) {
    scalars_[index(field)] = value;
    scalars_set_ |= bit(field);
  }
  void set(ExtraAddress field, const IpAddress& value) {
    addresses_[index(field)] = value;
    addresses_set_ |= bit(field);
  }
  void set(ExtraText field, std::string_view value) {
    texts_[index(field)].assign(value);
    texts_set_ |= bit(field);
  }

  bool has(ExtraScalar field) const { return scalars_set_ & bit(field); }
  bool has(ExtraAddress field) const { return addresses_set_ & bit(field); }
  bool has(ExtraText field) const { return (texts_set_ & bit(field)) != 0; }

  /// 0, the empty address or "" where absent.
  std::uint64_t get(ExtraScalar field) const { return has(field) ? scalars_[index(field)] : 0; }
  IpAddress get(ExtraAddress field) const { return has(field) ? addresses_[index(field)] : IpAddress{}; }
  const std::string& get(ExtraText field) const { return texts_[index(field)]; }

  std::vector<std::uint32_t>& list(ExtraList field) { return lists_[index(field)]; }
  const std::vector<std::uint32_t>& list(ExtraList field) const { return lists_[index(field)]; }
  std::vector<IpAddress>& list(ExtraAddressList field) { return address_lists_[index(field)]; }
  const std::vector<IpAddress>& list(ExtraAddressList field) const { return address_lists_[index(field)]; }

  /// Values of user-defined fields, made on first use.
  UserValues& user() {
    if (!user_) user_ = std::make_unique<UserValues>();
    return *user_;
  }
  /// nullptr where there are none.
  const UserValues* user() const { return user_ && !user_->empty() ? user_.get() : nullptr; }

  /// Bit i is set where scalar i is present: lets an encoder walk only what is there.
  std::uint64_t scalars_set() const { return scalars_set_; }
  std::uint32_t addresses_set() const { return addresses_set_; }
  std::uint64_t texts_set() const { return texts_set_; }

 private:
  template <class E>
  static std::size_t index(E field) {
    return static_cast<std::size_t>(field);
  }
  static std::uint64_t bit(ExtraScalar f) { return 1ULL << index(f); }
  static std::uint32_t bit(ExtraAddress f) { return 1U << index(f); }
  static std::uint64_t bit(ExtraText f) { return 1ULL << index(f); }
  static_assert(kCountOf<ExtraScalar> <= 64 && kCountOf<ExtraText> <= 64 && kCountOf<ExtraAddress> <= 32);

  std::uint64_t scalars_set_ = 0;
  std::uint32_t addresses_set_ = 0;
  std::uint64_t texts_set_ = 0;
  std::array<std::uint64_t, kCountOf<ExtraScalar>> scalars_;  // valid where scalars_set_ says so
  std::array<IpAddress, kCountOf<ExtraAddress>> addresses_;
  std::array<std::string, kCountOf<ExtraText>> texts_;
  std::array<std::vector<std::uint32_t>, kCountOf<ExtraList>> lists_;
  std::array<std::vector<IpAddress>, kCountOf<ExtraAddressList>> address_lists_;
  std::unique_ptr<UserValues> user_;
};

}  // namespace sluice
