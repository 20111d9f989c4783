#pragma once
// What `sluice schema` prints about the message. Constant; any thread.
#include <string>

#include "sluice/flow/fields.hpp"
#include "sluice/flow/user_fields.hpp"

namespace sluice::encode {

/// The text of proto/flow.proto, made from the table of fields.
std::string proto_schema();
/// The same with these fields at the end of FlowMessage.
std::string proto_schema(const UserFields& user_fields);
/// "repeated string".
std::string proto_type(const FieldInfo& field);
std::string proto_type(const UserField& field);
/// "element 9:12235, inner udp bits 0 to 15".
std::string source_text(const UserField& field);
/// The text of proto/counters.proto, the message of the counters stream, as it was when the program was
/// built.
std::string counters_proto_schema();

}  // namespace sluice::encode
