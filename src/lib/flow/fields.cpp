#include "sluice/flow/fields.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

#include "flow/field_rows.hpp"

namespace sluice {
namespace {

using namespace field_rows;

std::uint64_t load(const void* base, std::size_t offset, std::size_t width) {
  const auto* p = static_cast<const std::byte*>(base) + offset;
  std::uint64_t value = 0;
  std::memcpy(&value, p, width);  // little-endian host: the low bytes come first
  return value;
}

std::uint64_t origin_integer(const Origin& origin, std::uint16_t member) {
  switch (member) {
    case kType:
      return static_cast<std::uint64_t>(origin.type);
    case kSequence:
      return origin.sequence_num;
    case kDomain:
      return origin.observation_domain_id;
    case kReceived:
      return origin.time_received_ns;
    default:
      return 0;
  }
}

constexpr bool is_alphanumeric(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

template <class AnyOrigin>
auto& origin_text(AnyOrigin& origin, std::uint16_t member) {
  switch (member) {
    case kExporterName:
      return origin.exporter_name;
    case kExporterSite:
      return origin.exporter_site;
    case kExporterRole:
      return origin.exporter_role;
    case kExporterTenant:
      return origin.exporter_tenant;
    default:
      return origin.collector_id;
  }
}

void set_origin_integer(Origin& origin, std::uint16_t member, std::uint64_t value) {
  switch (member) {
    case kType:
      origin.type = static_cast<FlowType>(value);
      break;
    case kSequence:
      origin.sequence_num = static_cast<std::uint32_t>(value);
      break;
    case kDomain:
      origin.observation_domain_id = static_cast<std::uint32_t>(value);
      break;
    case kReceived:
      origin.time_received_ns = value;
      break;
    default:
      break;
  }
}

/// Whether what the row says goes with its kind.
constexpr bool is_sound(const FieldRow& row) {
  const FieldInfo& field = row.info;
  const bool time = field.kind == K::time_ns;
  if (field.optional && (field.home != H::extra_scalar || time)) return false;
  if (row.column.few_values && field.kind != K::text) return false;
  if (!row.column.refused.empty() && !time) return false;
  return row.column.otherwise.empty() != time;
}

}  // namespace

static_assert(std::ranges::all_of(kRows, is_sound));
static_assert(std::ranges::is_sorted(kFields, std::less_equal<>{}, &FieldInfo::number),
              "rows stand in the order of their numbers, each with its own");
static_assert(std::endian::native == std::endian::little, "record members are read by width");

std::span<const FieldInfo> flow_fields() { return kFields; }

const FieldInfo* find_field(std::string_view name) {
  const auto* found = std::ranges::find(kFields, name, &FieldInfo::name);
  return found == std::end(kFields) ? nullptr : found;
}

const FieldInfo* find_field(std::uint16_t number) {
  const auto* found = std::ranges::lower_bound(kFields, number, {}, &FieldInfo::number);
  return found == std::end(kFields) || found->number != number ? nullptr : found;
}

std::uint64_t integer_field(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  switch (field.home) {
    case H::record:
      return load(&flow, field.index, field.width);
    case H::origin:
      return origin_integer(batch.origin_of(flow), field.index);
    case H::extra_scalar: {
      const FlowExtras* extras = batch.extras_of(flow);
      return extras ? extras->get(static_cast<ExtraScalar>(field.index)) : 0;
    }
    default:
      return 0;
  }
}

void set_integer_field(const FieldInfo& field, FlowBatch& batch, FlowRecord& flow, std::uint64_t value) {
  switch (field.home) {
    case H::record:
      std::memcpy(reinterpret_cast<std::byte*>(&flow) + field.index, &value, field.width);
      break;
    case H::origin:
      set_origin_integer(batch.origin(flow.origin), field.index, value);
      break;
    case H::extra_scalar:
      batch.extras(flow).set(static_cast<ExtraScalar>(field.index), value);
      break;
    default:
      break;
  }
}

IpAddress address_field(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  switch (field.home) {
    case H::record: {
      const auto* base = reinterpret_cast<const std::uint8_t*>(&flow);
      return FlowRecord::address_of(base + field.index, base[field.size_offset]);
    }
    case H::origin: {
      const Origin& origin = batch.origin_of(flow);
      return field.index == kSampler ? origin.sampler_address : origin.exporter_address;
    }
    case H::extra_address: {
      const FlowExtras* extras = batch.extras_of(flow);
      return extras ? extras->get(static_cast<ExtraAddress>(field.index)) : IpAddress{};
    }
    default:
      return {};
  }
}

void set_address_field(const FieldInfo& field, FlowBatch& batch, FlowRecord& flow, const IpAddress& value) {
  switch (field.home) {
    case H::record: {
      auto* base = reinterpret_cast<std::uint8_t*>(&flow);
      FlowRecord::set_address(value, base + field.index, base[field.size_offset]);
      break;
    }
    case H::origin: {
      Origin& origin = batch.origin(flow.origin);
      (field.index == kSampler ? origin.sampler_address : origin.exporter_address) = value;
      break;
    }
    case H::extra_address:
      batch.extras(flow).set(static_cast<ExtraAddress>(field.index), value);
      break;
    default:
      break;
  }
}

std::string_view text_field(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  if (field.home == H::origin) return origin_text(batch.origin_of(flow), field.index);
  if (field.home == H::record) {
    const char* text = reinterpret_cast<const char*>(&flow) + field.index;
    return {text, *text == 0 ? 0U : field.width};
  }
  const FlowExtras* extras = batch.extras_of(flow);
  return extras && extras->has(static_cast<ExtraText>(field.index))
             ? std::string_view(extras->get(static_cast<ExtraText>(field.index)))
             : std::string_view{};
}

void set_text_field(const FieldInfo& field, FlowBatch& batch, FlowRecord& flow, std::string_view value) {
  if (field.home == H::origin) {
    origin_text(batch.origin(flow.origin), field.index) = value;
    return;
  }
  if (field.home == H::record) {
    // What is no code has no place there: it is left out, not cut.
    if (value.size() == field.width && std::ranges::all_of(value, is_alphanumeric))
      std::memcpy(reinterpret_cast<char*>(&flow) + field.index, value.data(), field.width);
    return;
  }
  batch.extras(flow).set(static_cast<ExtraText>(field.index), value);
}

bool field_present(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  const FlowExtras* extras = batch.extras_of(flow);
  switch (field.kind) {
    case K::address:
      return !address_field(field, batch, flow).empty();
    case K::raw:
    case K::text:
      return !text_field(field, batch, flow).empty();
    case K::uint32_list:
    case K::layer_list:
      return extras && !extras->list(static_cast<ExtraList>(field.index)).empty();
    case K::address_list:
      return extras && !extras->list(static_cast<ExtraAddressList>(field.index)).empty();
    default:
      break;
  }
  if (field.optional) return extras && extras->has(static_cast<ExtraScalar>(field.index));
  return integer_field(field, batch, flow) != 0;
}

}  // namespace sluice
