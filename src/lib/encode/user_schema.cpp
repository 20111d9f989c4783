// The .proto text with the fields that configuration adds.
#include <stdexcept>

#include "sluice/encode/schema.hpp"

namespace sluice::encode {

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

std::string proto_schema(const UserFields& user_fields) {
  std::string text = proto_schema();
  const auto end = text.rfind('}');  // of FlowMessage, which is the last in the file
  if (end == std::string::npos) throw std::logic_error("flow.proto ends without a message");
  std::string lines = "\n  // Fields of the configuration that this was printed for.\n";
  for (const UserField& field : user_fields.all())
    lines += "  " + proto_type(field) + " " + field.name + " = " + std::to_string(field.number) + ";  // " +
             source_text(field) + "\n";
  return text.insert(end, lines);
}

}  // namespace sluice::encode
