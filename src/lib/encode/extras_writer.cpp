#include "encode/extras_writer.hpp"

#include <array>
#include <bit>

#include "encode/utf8.hpp"
#include "sluice/flow/fields.hpp"
#include "util/wire.hpp"

namespace sluice::encode {
namespace {

struct ScalarField {
  std::uint16_t number = 0;
  bool optional = false;
  std::uint64_t mask = 0;  ///< a uint32 field holds no more, however wide the exporter sent it
};
struct TextField {
  std::uint16_t number = 0;
  bool raw = false;
};

/// Field numbers by enumerator.
struct ExtraFields {
  std::array<ScalarField, kCountOf<ExtraScalar>> scalars;
  std::array<std::uint16_t, kCountOf<ExtraAddress>> addresses;
  std::array<TextField, kCountOf<ExtraText>> texts;
  std::array<std::uint16_t, kCountOf<ExtraList>> lists;
  std::array<std::uint16_t, kCountOf<ExtraAddressList>> address_lists;

  ExtraFields() {
    for (const FieldInfo& field : flow_fields()) {
      switch (field.home) {
        case FieldHome::extra_scalar:
          scalars[field.index] = {field.number, field.optional,
                                  field.kind == FieldKind::uint32 ? 0xffffffffULL : ~0ULL};
          break;
        case FieldHome::extra_address:
          addresses[field.index] = field.number;
          break;
        case FieldHome::extra_text:
          texts[field.index] = {field.number, field.kind == FieldKind::raw};
          break;
        case FieldHome::extra_list:
          lists[field.index] = field.number;
          break;
        case FieldHome::extra_address_list:
          address_lists[field.index] = field.number;
          break;
        case FieldHome::record:
        case FieldHome::origin:
          break;
      }
    }
  }
};

const ExtraFields& extra_fields() {
  static const ExtraFields fields;
  return fields;
}

Bytes raw_bytes(const IpAddress& address) {
  return std::as_bytes(std::span(address.bytes).first(address.size));
}

std::byte* put_packed(std::byte* out, unsigned number, const std::vector<std::uint32_t>& list) {
  std::size_t size = 0;
  for (const std::uint32_t value : list) size += wire::varint_size(value);
  out = wire::put_varint(wire::put_tag(out, number, wire::Type::delimited), size);
  for (const std::uint32_t value : list) out = wire::put_varint(out, value);
  return out;
}

std::byte* put_scalars(std::byte* out, const FlowExtras& extras) {
  for (std::uint64_t set = extras.scalars_set(); set != 0; set &= set - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(set));
    const ScalarField& field = extra_fields().scalars[i];
    const std::uint64_t value = extras.get(static_cast<ExtraScalar>(i)) & field.mask;
    if (value != 0 || field.optional) out = wire::put_integer(out, field.number, value);
  }
  return out;
}

std::byte* put_addresses(std::byte* out, const FlowExtras& extras) {
  for (std::uint32_t set = extras.addresses_set(); set != 0; set &= set - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(set));
    const IpAddress address = extras.get(static_cast<ExtraAddress>(i));
    if (!address.empty()) out = wire::put_bytes(out, extra_fields().addresses[i], raw_bytes(address));
  }
  return out;
}

std::byte* put_texts(std::byte* out, const FlowExtras& extras) {
  for (std::uint64_t set = extras.texts_set(); set != 0; set &= set - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(set));
    const TextField field = extra_fields().texts[i];
    const std::string& text = extras.get(static_cast<ExtraText>(i));
    if (text.empty()) continue;
    out = field.raw ? wire::put_bytes(out, field.number, std::as_bytes(std::span(text)))
                    : put_text(out, field.number, text);
  }
  return out;
}

std::byte* put_user_value(std::byte* out, const UserValues& values, const UserValues::Value& value) {
  if (value.type == UserType::uint) return wire::put_integer(out, value.number, value.integer);
  const std::string_view bytes = values.bytes(value);
  if (value.type == UserType::string) return put_text(out, value.number, bytes);
  return wire::put_bytes(out, value.number, std::as_bytes(std::span(bytes)));
}

/// Lists value by value: readers of protobuf take that as they take packed ones.
std::byte* put_user_values(std::byte* out, const UserValues& values) {
  for (const auto& value : values.singles()) out = put_user_value(out, values, value);
  for (const auto& value : values.listed()) out = put_user_value(out, values, value);
  return out;
}

std::size_t user_bound(const UserValues& values) {
  return (values.singles().size() + values.listed().size()) * (wire::kMaxAnyTag + wire::kMaxVarint) +
         3 * values.byte_count();  // text that is no UTF-8 grows as in text_bound()
}

}  // namespace

std::size_t text_bound(std::string_view text) { return wire::kMaxTag + wire::kMaxVarint + 3 * text.size(); }

std::byte* put_text(std::byte* out, unsigned number, std::string_view text) {
  if (text.empty()) return out;
  if (is_ascii(text)) return wire::put_bytes(out, number, std::as_bytes(std::span(text)));
  out = wire::put_varint(wire::put_tag(out, number, wire::Type::delimited), valid_utf8_size(text));
  return put_valid_utf8(out, text);
}

std::size_t extras_bound(const FlowExtras& extras) {
  constexpr std::size_t kAddress = wire::kMaxTag + 1 + wire::kMaxAddress;
  auto bound =
      static_cast<std::size_t>(std::popcount(extras.scalars_set())) * (wire::kMaxTag + wire::kMaxVarint) +
      static_cast<std::size_t>(std::popcount(extras.addresses_set())) * kAddress;
  for (std::uint64_t set = extras.texts_set(); set != 0; set &= set - 1)
    bound += text_bound(extras.get(static_cast<ExtraText>(std::countr_zero(set))));
  for (std::size_t i = 0; i < kCountOf<ExtraList>; ++i)
    bound +=
        wire::kMaxTag + wire::kMaxVarint + wire::kMaxVarint32 * extras.list(static_cast<ExtraList>(i)).size();
  for (std::size_t i = 0; i < kCountOf<ExtraAddressList>; ++i)
    bound += kAddress * extras.list(static_cast<ExtraAddressList>(i)).size();
  if (const UserValues* values = extras.user()) bound += user_bound(*values);
  return bound;
}

std::byte* put_extras(std::byte* out, const FlowExtras& extras) {
  out = put_texts(put_addresses(put_scalars(out, extras), extras), extras);
  for (std::size_t i = 0; i < kCountOf<ExtraList>; ++i) {
    const auto& list = extras.list(static_cast<ExtraList>(i));
    if (!list.empty()) out = put_packed(out, extra_fields().lists[i], list);
  }
  for (std::size_t i = 0; i < kCountOf<ExtraAddressList>; ++i)
    for (const IpAddress& address : extras.list(static_cast<ExtraAddressList>(i)))
      out = wire::put_bytes(out, extra_fields().address_lists[i], raw_bytes(address));
  if (const UserValues* values = extras.user()) out = put_user_values(out, *values);
  return out;
}

}  // namespace sluice::encode
