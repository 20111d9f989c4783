#pragma once
// What `sluice schema` prints about the message. Constant; any thread.
#include <string>

namespace sluice::encode {

/// The text of proto/flow.proto as it was when the program was built.
std::string proto_schema();

}  // namespace sluice::encode
