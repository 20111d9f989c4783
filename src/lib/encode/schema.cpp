// The text of flow.proto, from the tables of fields and enumerations.
#include "sluice/encode/schema.hpp"

#include "flow/enumerations.hpp"

namespace sluice::encode {
namespace {

constexpr std::string_view kHead =
    R"(// Made by `sluice schema write` from src/lib/flow/field_rows.hpp; changes belong there.
// The flow message. Numbers and types up to 112 are those of GoFlow2 v2 (flowpb.FlowMessage): its consumers read
// this stream, and this file reads its stream. Numbers from 200 are Sluice's own, frozen once released; 300-399
// are for enrichment, 2000 and up for fields that a user defines. Never to be given a new meaning, since older
// streams used them otherwise: 2, 5, 39-65, 1001-1021.
syntax = "proto3";

package sluice;

message FlowMessage {
)";
constexpr std::string_view kReserved = "\n  reserved 2, 5, 39 to 65, 1001 to 1021;\n\n";

std::string enum_text(const Enumeration& enumeration) {
  std::string out = "  enum " + std::string(enumeration.type) + " {\n";
  for (const Enumerator& value : enumeration.values)
    out += "    " + std::string(value.name) + " = " + std::to_string(value.value) + ";\n";
  return out + "  }\n";
}

std::string line(const std::string& type, std::string_view name, std::uint32_t number,
                 std::string_view comment) {
  std::string out = "  " + type + " ";
  out.append(name).append(" = ").append(std::to_string(number)).append(";  // ").append(comment);
  return out + "\n";
}

std::string schema_with(const std::string& more_fields) {
  std::string out(kHead);
  for (const Enumeration& enumeration : enumerations()) out += enum_text(enumeration);
  out += kReserved;
  for (const FieldInfo& field : flow_fields())
    out += line(proto_type(field), field.name, field.number, field.meaning);
  return out + more_fields + "}\n";
}

}  // namespace

std::string proto_type(const FieldInfo& field) {
  const std::string optional = field.optional ? "optional " : "";
  switch (field.kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return optional + std::string(enumeration_of(field.kind)->type);
    case FieldKind::layer_list:
      return "repeated " + std::string(enumeration_of(field.kind)->type);
    case FieldKind::uint32:
      return optional + "uint32";
    case FieldKind::uint64:
    case FieldKind::time_ns:
    case FieldKind::mac:
      return optional + "uint64";
    case FieldKind::address:
    case FieldKind::raw:
      return "bytes";
    case FieldKind::text:
      return "string";
    case FieldKind::uint32_list:
      return "repeated uint32";
    case FieldKind::address_list:
      return "repeated bytes";
  }
  return "";
}

std::string proto_type(const UserField& field) {
  const bool text = field.type == UserType::string;
  const std::string type = field.type == UserType::uint ? "uint64" : text ? "string" : "bytes";
  if (field.list) return "repeated " + type;
  return field.type == UserType::uint ? "optional " + type : type;
}

std::string source_text(const UserField& field) {
  std::string out;
  const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  for (const ElementSource& source : field.elements)
    add("element " + (source.pen == 0 ? "" : std::to_string(source.pen) + ":") + std::to_string(source.id));
  for (const PacketSource& source : field.packet)
    add((source.inner ? "inner " : "") + std::string(name(source.layer)) + " bits " +
        std::to_string(source.offset) + " to " + std::to_string(source.offset + source.length - 1));
  return out;
}

std::string proto_schema() { return schema_with(""); }

std::string proto_schema(const UserFields& user_fields) {
  std::string lines = "\n  // Fields of the configuration that this was printed for.\n";
  for (const UserField& field : user_fields.all())
    lines += line(proto_type(field), field.name, field.number, source_text(field));
  return schema_with(lines);
}

}  // namespace sluice::encode
