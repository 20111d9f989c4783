#include "unit/encode/message_matches.hpp"

#include "support/random_flow.hpp"

namespace sluice::test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

std::string wire(const IpAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.size};
}

std::uint64_t integer(const FlowMessage& message, const FieldDescriptor* field) {
  const Reflection& r = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      return r.GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return r.GetUInt64(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return static_cast<std::uint64_t>(r.GetEnumValue(message, field));
    default:
      ADD_FAILURE() << field->name() << " is no integer";
      return 0;
  }
}

std::vector<std::uint32_t> list(const FlowMessage& message, const FieldDescriptor* field) {
  const Reflection& r = *message.GetReflection();
  std::vector<std::uint32_t> out;
  for (int i = 0; i < r.FieldSize(message, field); ++i)
    out.push_back(field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM
                      ? static_cast<std::uint32_t>(r.GetRepeatedEnumValue(message, field, i))
                      : r.GetRepeatedUInt32(message, field, i));
  return out;
}

bool field_matches(const FlowMessage& message, const FieldDescriptor* descriptor, const FieldInfo& field,
                   const FlowBatch& batch, const FlowRecord& flow) {
  const Reflection& r = *message.GetReflection();
  if (field.optional && r.HasField(message, descriptor) != field_present(field, batch, flow)) return false;
  switch (field.kind) {
    case FieldKind::address: {
      IpAddress expected = address_field(field, batch, flow);
      // Left out where it is the sampler's.
      if (field.name == "exporter_address" && expected == batch.origin_of(flow).sampler_address)
        expected = {};
      return r.GetString(message, descriptor) == wire(expected);
    }
    case FieldKind::text:
    case FieldKind::raw:
      return r.GetString(message, descriptor) == text_field(field, batch, flow);
    case FieldKind::uint32_list:
    case FieldKind::layer_list:
      return list(message, descriptor) == list_field(field, batch, flow);
    case FieldKind::address_list: {
      const auto& expected = address_list_field(field, batch, flow);
      if (static_cast<std::size_t>(r.FieldSize(message, descriptor)) != expected.size()) return false;
      for (int i = 0; i < r.FieldSize(message, descriptor); ++i)
        if (r.GetRepeatedString(message, descriptor, i) != wire(expected[static_cast<std::size_t>(i)]))
          return false;
      return true;
    }
    default:
      return integer(message, descriptor) == integer_field(field, batch, flow);
  }
}

}  // namespace

::testing::AssertionResult message_matches(const FlowMessage& message, const FlowBatch& batch,
                                           const FlowRecord& flow) {
  if (message.GetReflection()->GetUnknownFields(message).field_count() != 0)
    return ::testing::AssertionFailure() << "fields that flow.proto does not have";
  for (const FieldInfo& field : flow_fields()) {
    const FieldDescriptor* descriptor = message.GetDescriptor()->FindFieldByNumber(field.number);
    if (descriptor == nullptr) return ::testing::AssertionFailure() << field.name << " is not in flow.proto";
    if (!field_matches(message, descriptor, field, batch, flow))
      return ::testing::AssertionFailure() << field.name << " differs in\n" << message.ShortDebugString();
  }
  return ::testing::AssertionSuccess();
}

}  // namespace sluice::test
