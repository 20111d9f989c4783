// json.fields: goflow2. Lines as GoFlow2 v2.2.6 prints with -format=json and no mapping file: every field of
// its FlowMessage in the order in which its flow.proto declares them, zeros and empty ones too, rendered by
// the default renderers of its producer/proto/render.go.
#include <array>

#include "encode/encoders.hpp"
#include "encode/json_text.hpp"
#include "encode/names.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::encode {
namespace {

enum class Render : std::uint8_t { value, etype, protocol, source_net, destination_net };

struct Column {
  std::string_view name;
  Render render = Render::value;
};

constexpr Column kColumns[] = {{"type"},
                               {"time_received_ns"},
                               {"sequence_num"},
                               {"sampling_rate"},
                               {"sampler_address"},
                               {"time_flow_start_ns"},
                               {"time_flow_end_ns"},
                               {"bytes"},
                               {"packets"},
                               {"src_addr"},
                               {"dst_addr"},
                               {"etype", Render::etype},
                               {"proto", Render::protocol},
                               {"src_port"},
                               {"dst_port"},
                               {"in_if"},
                               {"out_if"},
                               {"src_mac"},
                               {"dst_mac"},
                               {"src_vlan"},
                               {"dst_vlan"},
                               {"vlan_id"},
                               {"ip_tos"},
                               {"forwarding_status"},
                               {"ip_ttl"},
                               {"ip_flags"},
                               {"tcp_flags"},
                               {"icmp_type"},
                               {"icmp_code"},
                               {"ipv6_flow_label"},
                               {"fragment_id"},
                               {"fragment_offset"},
                               {"src_as"},
                               {"dst_as"},
                               {"next_hop"},
                               {"next_hop_as"},
                               {"src_net", Render::source_net},
                               {"dst_net", Render::destination_net},
                               {"bgp_next_hop"},
                               {"bgp_communities"},
                               {"as_path"},
                               {"mpls_ttl"},
                               {"mpls_label"},
                               {"mpls_ip"},
                               {"observation_domain_id"},
                               {"observation_point_id"},
                               {"layer_stack"},
                               {"layer_size"},
                               {"ipv6_routing_header_addresses"},
                               {"ipv6_routing_header_seg_left"}};

struct KeyedColumn {
  const FieldInfo* info;
  Render render;
  std::string key;
};

const std::vector<KeyedColumn>& keyed_columns() {
  static const auto kKeyed = [] {
    std::vector<KeyedColumn> out;
    for (const Column& column : kColumns)
      out.push_back({find_field(column.name), column.render,
                     std::string(out.empty() ? "{" : ",") + '"' + std::string(column.name) + "\":"});
    return out;
  }();
  return kKeyed;
}

std::string_view etype_name(std::uint16_t etype) {
  switch (etype) {
    case 0x0800:
      return "IPv4";
    case 0x0806:
      return "ARP";
    case 0x86dd:
      return "IPv6";
    default:
      return "";
  }
}

std::string_view protocol_name(std::uint8_t protocol) {
  if (protocol == 255) return "reserved";
  if (protocol >= 253) return "experimental";
  const std::string_view keyword = protocol_keyword(protocol);
  return keyword.empty() ? "unassigned" : keyword;
}

/// Enumerators by name, others as text of the number; MACs as text; the rest as numbers.
void put_integer(JsonText& json, FieldKind kind, std::uint64_t value) {
  switch (kind) {
    case FieldKind::mac:
      return json.mac(value);
    case FieldKind::flow_type:
    case FieldKind::layer_list: {
      if (const std::string_view name = enum_name(kind, value); !name.empty()) return json.quoted(name);
      json.raw('"');
      json.integer(value);
      return json.raw('"');
    }
    default:
      return json.integer(kind == FieldKind::uint32 ? value & 0xffffffff : value);
  }
}

/// The address with its host bits cleared and the prefix length, as Go's netip.Prefix prints it.
void put_network(JsonText& json, IpAddress address, unsigned bits) {
  if (address.empty() || bits > address.size * 8U) return json.quoted("invalid Prefix");
  for (std::size_t i = 0; i < address.size; ++i) {
    const std::size_t kept = bits > 8 * i ? std::min<std::size_t>(bits - 8 * i, 8) : 0;
    address.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  std::array<char, kMaxAddressText> text;
  const char* end = put_address_text(text.data(), address);
  json.raw('"');
  json.raw(std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
  json.raw('/');
  json.integer(bits);
  json.raw('"');
}

template <class List, class Put>
void put_array(JsonText& json, const List* list, Put&& put) {
  json.raw('[');
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (i > 0) json.raw(',');
    put((*list)[i]);
  }
  json.raw(']');
}

void put_value(JsonText& json, const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  const FlowExtras* extras = batch.extras_of(flow);
  switch (field.kind) {
    case FieldKind::address:
      return json.address(address_field(field, batch, flow));
    case FieldKind::uint32_list:
    case FieldKind::layer_list:
      return put_array(json, extras ? &extras->list(static_cast<ExtraList>(field.index)) : nullptr,
                       [&](std::uint32_t value) { put_integer(json, field.kind, value); });
    case FieldKind::address_list:
      return put_array(json, extras ? &extras->list(static_cast<ExtraAddressList>(field.index)) : nullptr,
                       [&](const IpAddress& value) { json.address(value); });
    default:
      return put_integer(json, field.kind, integer_field(field, batch, flow));
  }
}

void put_column(JsonText& json, const KeyedColumn& column, const FlowBatch& batch, const FlowRecord& flow) {
  json.raw(column.key);
  switch (column.render) {
    case Render::etype:
      return json.quoted(etype_name(flow.etype));
    case Render::protocol:
      return json.quoted(protocol_name(flow.proto));
    case Render::source_net:
      return put_network(json, flow.source(), flow.src_net);
    case Render::destination_net:
      return put_network(json, flow.destination(), flow.dst_net);
    case Render::value:
      return put_value(json, *column.info, batch, flow);
  }
}

std::size_t row_bound(const FlowExtras* extras) {
  constexpr std::size_t kKeyBound = 48;
  constexpr std::size_t kElementBound = 24;
  std::size_t bound = std::size(kColumns) * (kKeyBound + kAddressBound + 4) + 4;
  if (extras == nullptr) return bound;
  for (std::size_t i = 0; i < kCountOf<ExtraList>; ++i)
    bound += kElementBound * extras->list(static_cast<ExtraList>(i)).size();
  for (std::size_t i = 0; i < kCountOf<ExtraAddressList>; ++i)
    bound += (kAddressBound + 1) * extras->list(static_cast<ExtraAddressList>(i)).size();
  return bound;
}

class Goflow2JsonEncoder final : public RowEncoder {
 public:
  void encode(const FlowBatch& batch, RowBuffer& rows) override {
    for (const FlowRecord& flow : batch.flows()) {
      JsonText json(rows.reserve(row_bound(batch.extras_of(flow))));
      for (const KeyedColumn& column : keyed_columns()) put_column(json, column, batch, flow);
      json.raw("}\n");
      rows.commit(json.size());
      rows.end_row();
    }
  }
};

}  // namespace

std::unique_ptr<RowEncoder> make_goflow2_json_encoder() { return std::make_unique<Goflow2JsonEncoder>(); }

}  // namespace sluice::encode
