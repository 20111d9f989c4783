// json.fields: sluice. The message's names; what a message leaves out, a line leaves out, but for type,
// time_received_ns, bytes and packets. A value without a name of its own (an enumerator that is not known, a
// MAC of more than 48 bits) stands as an integer, so that every flow comes back as it was.
#include <bit>
#include <string>

#include "encode/encoders.hpp"
#include "encode/json_text.hpp"
#include "encode/names.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::encode {
namespace {

/// A field with its key, quoted, and the comma before it.
struct KeyedField {
  const FieldInfo* info;
  std::string key;
  bool always;
};

struct KeyedFields {
  std::vector<KeyedField> origin;
  std::vector<KeyedField> record;
  std::vector<KeyedField> extras;

  KeyedFields() {
    for (const FieldInfo& field : flow_fields()) {
      const bool always = field.name == "type" || field.name == "time_received_ns" || field.name == "bytes" ||
                          field.name == "packets";
      auto& home = field.home == FieldHome::origin   ? origin
                   : field.home == FieldHome::record ? record
                                                     : extras;
      home.push_back({&field, ",\"" + std::string(field.name) + "\":", always});
    }
  }
};

const KeyedFields& keyed_fields() {
  static const KeyedFields fields;
  return fields;
}

constexpr std::size_t kKeyBound = 48;
constexpr std::size_t kLayerNameBound = 24;
constexpr std::size_t kUserKeyBound = 80;  // names have 63 characters at most; comma, quotes and brackets

void put_integer(JsonText& json, FieldKind kind, std::uint64_t value) {
  if (const std::string_view name = enum_name(kind, value); !name.empty()) return json.quoted(name);
  if (kind == FieldKind::mac && value >> 48 == 0) return json.mac(value);
  json.integer(kind == FieldKind::uint32 ? value & 0xffffffff : value);  // as in a message
}

template <class List, class Put>
void put_array(JsonText& json, const List& list, Put&& put) {
  char separator = '[';
  for (const auto& element : list) {
    json.raw(separator);
    put(element);
    separator = ',';
  }
  json.raw(']');
}

void put_value(JsonText& json, const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  switch (field.kind) {
    case FieldKind::address:
      return json.address(address_field(field, batch, flow));
    case FieldKind::raw:
      return json.hex(text_field(field, batch, flow));
    case FieldKind::text:
      return json.text(text_field(field, batch, flow));
    case FieldKind::uint32_list:
    case FieldKind::layer_list:
      return put_array(json, batch.extras_of(flow)->list(static_cast<ExtraList>(field.index)),
                       [&](std::uint32_t value) { put_integer(json, field.kind, value); });
    case FieldKind::address_list:
      return put_array(json, batch.extras_of(flow)->list(static_cast<ExtraAddressList>(field.index)),
                       [&](const IpAddress& value) { json.address(value); });
    default:
      return put_integer(json, field.kind, integer_field(field, batch, flow));
  }
}

void put_fields(JsonText& json, std::span<const KeyedField> fields, const FlowBatch& batch,
                const FlowRecord& flow) {
  for (const KeyedField& field : fields) {
    if (!field.always && !field_present(*field.info, batch, flow)) continue;
    json.raw(field.key);
    put_value(json, *field.info, batch, flow);
  }
}

/// False where the extras have never heard of the field: what most of them answer for most fields.
bool may_have(const FlowExtras& extras, const FieldInfo& field) {
  switch (field.home) {
    case FieldHome::extra_scalar:
      return extras.has(static_cast<ExtraScalar>(field.index));
    case FieldHome::extra_address:
      return extras.has(static_cast<ExtraAddress>(field.index));
    case FieldHome::extra_text:
      return extras.has(static_cast<ExtraText>(field.index));
    default:
      return true;
  }
}

void put_extras(JsonText& json, const FlowExtras& extras, const FlowBatch& batch, const FlowRecord& flow) {
  for (const KeyedField& field : keyed_fields().extras) {
    if (!may_have(extras, *field.info) || !field_present(*field.info, batch, flow)) continue;
    json.raw(field.key);
    put_value(json, *field.info, batch, flow);
  }
}

std::size_t extras_json_bound(const FlowExtras& extras) {
  std::size_t bound = (kCountOf<ExtraScalar> + kCountOf<ExtraAddress>)*(kKeyBound + kAddressBound);
  for (std::uint64_t set = extras.texts_set(); set != 0; set &= set - 1)
    bound += kKeyBound + text_json_bound(extras.get(static_cast<ExtraText>(std::countr_zero(set))).size());
  for (std::size_t i = 0; i < kCountOf<ExtraList>; ++i)
    bound += kKeyBound + kLayerNameBound * extras.list(static_cast<ExtraList>(i)).size();
  for (std::size_t i = 0; i < kCountOf<ExtraAddressList>; ++i)
    bound += kKeyBound + (kAddressBound + 1) * extras.list(static_cast<ExtraAddressList>(i)).size();
  return bound;
}

/// User-defined fields with their keys.
struct KeyedUserField {
  const UserField* field;
  std::string key;
};

std::vector<KeyedUserField> keyed_user_fields(const UserFields* fields) {
  std::vector<KeyedUserField> out;
  if (fields == nullptr) return out;
  for (const UserField& field : fields->all()) out.push_back({&field, ",\"" + field.name + "\":"});
  return out;
}

std::size_t user_json_bound(const UserValues& values) {
  const std::size_t count = values.singles().size() + values.listed().size();
  return count * (kUserKeyBound + kAddressBound) + text_json_bound(values.byte_count());
}

void put_user_value(JsonText& json, const UserValues& values, const UserValues::Value& value) {
  const std::string_view bytes = values.bytes(value);
  switch (value.type) {
    case UserType::uint:
      return json.integer(value.integer);
    case UserType::string:
      return json.text(bytes);
    case UserType::bytes:
      return json.hex(bytes);
    case UserType::address:
      return json.address(IpAddress::from_bytes(std::as_bytes(std::span(bytes))));
  }
}

void put_user_field(JsonText& json, const KeyedUserField& field, const UserValues& values) {
  if (!field.field->list) {
    const auto* value = values.single(field.field->number);
    if (value == nullptr) return;
    json.raw(field.key);
    return put_user_value(json, values, *value);
  }
  bool open = false;
  for (const auto& value : values.listed()) {
    if (value.number != field.field->number) continue;
    open ? json.raw(',') : json.raw(field.key + '[');
    put_user_value(json, values, value);
    open = true;
  }
  if (open) json.raw(']');
}

class SluiceJsonEncoder final : public RowEncoder {
 public:
  explicit SluiceJsonEncoder(UserFieldsPtr user_fields)
      : user_fields_(std::move(user_fields)), keyed_user_fields_(keyed_user_fields(user_fields_.get())) {}

  void encode(const FlowBatch& batch, RowBuffer& rows) override {
    const std::size_t record_bound = keyed_fields().record.size() * (kKeyBound + kAddressBound) + 4;
    std::uint32_t origin = kNoOrigin;
    for (const FlowRecord& flow : batch.flows()) {
      if (flow.origin != origin) write_origin(batch, flow);
      origin = flow.origin;
      const FlowExtras* extras = batch.extras_of(flow);
      const UserValues* user = extras ? extras->user() : nullptr;
      JsonText json(rows.reserve(origin_text_.size() + record_bound +
                                 (extras ? extras_json_bound(*extras) : 0) +
                                 (user ? user_json_bound(*user) : 0)));
      json.raw(origin_text_);
      put_fields(json, keyed_fields().record, batch, flow);
      if (extras) put_extras(json, *extras, batch, flow);
      if (user)
        for (const KeyedUserField& field : keyed_user_fields_) put_user_field(json, field, *user);
      json.raw("}\n");
      rows.commit(json.size());
      rows.end_row();
    }
  }

 private:
  static constexpr std::uint32_t kNoOrigin = 0xffffffff;

  /// The line's beginning, up to the last field of the origin: flows of one datagram share it.
  void write_origin(const FlowBatch& batch, const FlowRecord& flow) {
    const Origin& origin = batch.origin_of(flow);
    origin_text_.resize(
        keyed_fields().origin.size() * (kKeyBound + kAddressBound) +
        text_json_bound(origin.exporter_name.size()) + text_json_bound(origin.exporter_site.size()) +
        text_json_bound(origin.exporter_role.size()) + text_json_bound(origin.exporter_tenant.size()) +
        text_json_bound(origin.collector_id.size()));
    JsonText json(reinterpret_cast<std::byte*>(origin_text_.data()));
    for (const KeyedField& field : keyed_fields().origin) {
      // As in a message: the exporter's address stands only where it is not the sampler's (an empty one too).
      const bool wanted = field.info->name == "exporter_address"
                              ? origin.exporter_address != origin.sampler_address
                              : field.always || field_present(*field.info, batch, flow);
      if (!wanted) continue;
      json.raw(field.key);
      put_value(json, *field.info, batch, flow);
    }
    origin_text_.resize(json.size());
    origin_text_.front() = '{';  // instead of the first key's comma
  }

  const UserFieldsPtr user_fields_;
  const std::vector<KeyedUserField> keyed_user_fields_;
  std::string origin_text_;
};

}  // namespace

std::unique_ptr<RowEncoder> make_sluice_json_encoder(UserFieldsPtr user_fields) {
  return std::make_unique<SluiceJsonEncoder>(std::move(user_fields));
}

}  // namespace sluice::encode
