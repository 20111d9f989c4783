// FlowMessage -> flow, by the field table.
#include <array>
#include <string>

#include "sluice/encode/rows.hpp"
#include "sluice/flow/fields.hpp"
#include "util/wire_reader.hpp"

namespace sluice::encode {
namespace {

using wire::Type;

/// find_field() without the search; nullptr where the table has no such number.
const FieldInfo* field_numbered(std::uint32_t number) {
  static const auto kByNumber = [] {
    std::array<const FieldInfo*, 256> out{};
    for (const FieldInfo& field : flow_fields())
      if (field.number < out.size()) out[field.number] = &field;
    return out;
  }();
  if (number < kByNumber.size()) return kByNumber[number];
  return number <= 0xffff ? find_field(static_cast<std::uint16_t>(number)) : nullptr;
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

bool address_length(std::size_t size) { return size == 0 || size == 4 || size == 16; }

class MessageDecoder {
 public:
  MessageDecoder(FlowBatch& batch, FlowRecord& flow, const UserFields* user_fields)
      : batch_(batch), flow_(flow), user_fields_(user_fields) {}

  /// The message's fields into the flow; the error, or nothing.
  std::string read(Bytes message) {
    wire::Reader reader(message);
    while (!reader.at_end()) {
      const wire::Field field = reader.field();
      if (!reader.ok()) break;
      const FieldInfo* info = field_numbered(field.number);
      if (info != nullptr)
        store(*info, field);
      else if (user_fields_ != nullptr)
        if (const UserField* user = user_fields_->find(field.number)) store_user(*user, field);
      if (!error_.empty()) return error_;
    }
    if (!reader.ok()) return reader.error();
    // Left out of a message where it is the sampler's (see prefix.cpp); GoFlow2's messages do not have it.
    Origin& origin = batch_.origin(flow_.origin);
    if (!exporter_seen_) origin.exporter_address = origin.sampler_address;
    return {};
  }

 private:
  /// A field whose wire type is not the table's is passed over as an unknown one, as protobuf's classes do.
  void store(const FieldInfo& info, const wire::Field& field) {
    switch (info.kind) {
      case FieldKind::address:
        if (field.type == Type::delimited) store_address(info, field.bytes);
        break;
      case FieldKind::text:
      case FieldKind::raw:
        if (field.type == Type::delimited) set_text_field(info, batch_, flow_, text_of(field.bytes));
        break;
      case FieldKind::uint32_list:
      case FieldKind::layer_list:
        store_list(info, field);
        break;
      case FieldKind::address_list:
        if (field.type != Type::delimited) break;
        if (!address_length(field.bytes.size())) return bad_address(info, field.bytes);
        batch_.extras(flow_)
            .list(static_cast<ExtraAddressList>(info.index))
            .push_back(IpAddress::from_bytes(field.bytes));
        break;
      default:
        if (field.type == Type::varint)
          set_integer_field(info, batch_, flow_,
                            info.kind == FieldKind::uint32 ? field.integer & 0xffffffff : field.integer);
        break;
    }
  }

  void store_user(const UserField& user, const wire::Field& field) {
    if (user.type == UserType::uint) return store_user_integers(user, field);
    if (field.type != Type::delimited) return;
    const std::size_t size = field.bytes.size();
    if (user.type == UserType::address && size != 4 && size != 16) {
      error_ = user.name + ": an address of " + std::to_string(size) + " bytes, not of 4 or 16";
      return;
    }
    batch_.extras(flow_).user().put(user, text_of(field.bytes));
  }

  /// Alone or packed; the bytes bound the list.
  void store_user_integers(const UserField& user, const wire::Field& field) {
    if (field.type == Type::varint) return batch_.extras(flow_).user().put(user, field.integer);
    if (field.type != Type::delimited || !user.list) return;
    wire::Reader elements(field.bytes);
    while (!elements.at_end()) {
      const std::uint64_t value = elements.varint();
      if (elements.ok()) batch_.extras(flow_).user().put(user, value);
    }
    if (!elements.ok()) error_ = user.name + ": " + elements.error();
  }

  void store_address(const FieldInfo& info, Bytes bytes) {
    if (!address_length(bytes.size())) return bad_address(info, bytes);
    set_address_field(info, batch_, flow_, IpAddress::from_bytes(bytes));
    exporter_seen_ |= info.number == kExporterAddress;
  }

  /// Packed, or one element a field; the bytes bound the list.
  void store_list(const FieldInfo& info, const wire::Field& field) {
    if (field.type != Type::varint && field.type != Type::delimited) return;
    auto& list = batch_.extras(flow_).list(static_cast<ExtraList>(info.index));
    if (field.type == Type::varint) return list.push_back(static_cast<std::uint32_t>(field.integer));
    wire::Reader elements(field.bytes);
    while (!elements.at_end()) {
      const std::uint64_t value = elements.varint();
      if (!elements.ok()) break;
      list.push_back(static_cast<std::uint32_t>(value));
    }
    if (!elements.ok()) error_ = std::string(info.name) + ": " + elements.error();
  }

  void bad_address(const FieldInfo& info, Bytes bytes) {
    error_ =
        std::string(info.name) + ": an address of " + std::to_string(bytes.size()) + " bytes, not of 4 or 16";
  }

  static constexpr std::uint16_t kExporterAddress = 252;

  FlowBatch& batch_;
  FlowRecord& flow_;
  const UserFields* user_fields_;
  bool exporter_seen_ = false;
  std::string error_;
};

}  // namespace

Result<void, std::string> decode_message(Bytes message, FlowBatch& batch, const UserFields* user_fields) {
  const std::size_t before = batch.size();
  batch.add_origin();
  std::string error = MessageDecoder(batch, batch.append_one(), user_fields).read(message);
  if (error.empty()) return {};
  batch.truncate(before);
  return failure(std::move(error));
}

}  // namespace sluice::encode
