// A line of json.fields: sluice -> flow, by the field table. Not a hot path: the text is parsed by a library.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "encode/json_text.hpp"
#include "encode/names.hpp"
#include "sluice/encode/rows.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::encode {
namespace {

using Json = nlohmann::json;

/// A value that does not fit its field; says what would.
struct Mismatch {
  std::string expected;
};

std::uint64_t largest(const FieldInfo& field) {
  switch (field.kind) {
    case FieldKind::uint32:
    case FieldKind::uint32_list:
    case FieldKind::layer_list:
      return field.width == 1 ? 0xff : field.width == 2 ? 0xffff : 0xffffffff;
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return 0xff;
    default:
      return ~0ULL;
  }
}

std::optional<std::uint64_t> mac_value(std::string_view text) {
  std::uint64_t value = 0;
  if (text.size() != 17) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned byte = 0;
    const char* end = text.data() + i + 2;
    if (const auto read = std::from_chars(text.data() + i, end, byte, 16);
        read.ptr != end || read.ec != std::errc{})
      return std::nullopt;
    if (i + 2 < text.size() && text[i + 2] != ':') return std::nullopt;
    value = value << 8 | byte;
  }
  return value;
}

std::optional<std::string> hex_value(std::string_view text) {
  std::string out;
  if (text.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    const char* end = text.data() + i + 2;
    if (const auto read = std::from_chars(text.data() + i, end, byte, 16);
        read.ptr != end || read.ec != std::errc{})
      return std::nullopt;
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

std::uint64_t integer_of(const FieldInfo& field, const Json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= largest(field))
    return value.get<std::uint64_t>();
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (const auto known = enum_value(field.kind, text)) return *known;
    if (field.kind == FieldKind::mac)
      if (const auto mac = mac_value(text)) return *mac;
  }
  throw Mismatch{field.kind == FieldKind::mac ? "a MAC address as aa:bb:cc:dd:ee:ff"
                                              : "an integer of 0 to " + std::to_string(largest(field))};
}

const std::string& string_of(const Json& value) {
  if (!value.is_string()) throw Mismatch{"a string"};
  return value.get_ref<const std::string&>();
}

IpAddress address_of(const Json& value) {
  const std::string& text = string_of(value);
  if (text.empty()) return {};
  const auto address = IpAddress::parse(text);
  if (!address) throw Mismatch{"an IPv4 or IPv6 address"};
  return *address;
}

const Json& array_of(Json&&) = delete;  // the reference would outlive a temporary
const Json& array_of(const Json& value) {
  if (!value.is_array()) throw Mismatch{"an array"};
  return value;
}

void store(const FieldInfo& field, const Json& value, FlowBatch& batch, FlowRecord& flow) {
  switch (field.kind) {
    case FieldKind::address:
      return set_address_field(field, batch, flow, address_of(value));
    case FieldKind::text:
      return set_text_field(field, batch, flow, unescape_bytes(string_of(value)));
    case FieldKind::raw: {
      const auto bytes = hex_value(string_of(value));
      if (!bytes) throw Mismatch{"hexadecimal digits, two for each byte"};
      return set_text_field(field, batch, flow, *bytes);
    }
    case FieldKind::uint32_list:
    case FieldKind::layer_list: {
      auto& list = batch.extras(flow).list(static_cast<ExtraList>(field.index));
      for (const Json& element : array_of(value))
        list.push_back(static_cast<std::uint32_t>(integer_of(field, element)));
      return;
    }
    case FieldKind::address_list: {
      auto& list = batch.extras(flow).list(static_cast<ExtraAddressList>(field.index));
      for (const Json& element : array_of(value)) list.push_back(address_of(element));
      return;
    }
    default:
      return set_integer_field(field, batch, flow, integer_of(field, value));
  }
}

void store_user_value(const UserField& field, const Json& value, UserValues& values) {
  switch (field.type) {
    case UserType::uint:
      if (!value.is_number_unsigned()) throw Mismatch{"an integer of 0 to 18446744073709551615"};
      return values.put(field, value.get<std::uint64_t>());
    case UserType::string:
      return values.put(field, unescape_bytes(string_of(value)));
    case UserType::bytes: {
      const auto bytes = hex_value(string_of(value));
      if (!bytes) throw Mismatch{"hexadecimal digits, two for each byte"};
      return values.put(field, *bytes);
    }
    case UserType::address: {
      const IpAddress address = address_of(value);
      if (address.empty()) return;
      return values.put(field,
                        std::string_view(reinterpret_cast<const char*>(address.bytes.data()), address.size));
    }
  }
}

void store_user(const UserField& field, const Json& value, UserValues& values) {
  if (!field.list) return store_user_value(field, value, values);
  for (const Json& element : array_of(value)) store_user_value(field, element, values);
}

std::string read(const Json& line, FlowBatch& batch, FlowRecord& flow, const UserFields* user_fields) {
  if (!line.is_object()) return "a line must be one JSON object";
  for (const auto& [name, value] : line.items()) {
    const FieldInfo* field = find_field(name);
    const UserField* user = field == nullptr && user_fields != nullptr ? user_fields->find(name) : nullptr;
    if (field == nullptr && user == nullptr) continue;
    try {
      field != nullptr ? store(*field, value, batch, flow)
                       : store_user(*user, value, batch.extras(flow).user());
    } catch (const Mismatch& mismatch) {
      return name + ": expected " + mismatch.expected;
    } catch (const Json::exception& error) {
      return name + ": " + error.what();
    }
  }
  Origin& origin = batch.origin(flow.origin);
  if (!line.contains("exporter_address")) origin.exporter_address = origin.sampler_address;
  return {};
}

}  // namespace

Result<void, std::string> decode_json_line(std::string_view line, FlowBatch& batch,
                                           const UserFields* user_fields) {
  Json parsed;
  try {
    parsed = Json::parse(line);
  } catch (const Json::parse_error& error) {
    return failure("not JSON, at byte " + std::to_string(error.byte));
  } catch (const Json::exception& error) {  // such as a number beyond any that can be held
    return failure(std::string("JSON that cannot be read: ") + error.what());
  }
  const std::size_t before = batch.size();
  batch.add_origin();
  std::string error = read(parsed, batch, batch.append_one(), user_fields);
  if (error.empty()) return {};
  batch.truncate(before);
  return failure(std::move(error));
}

}  // namespace sluice::encode
