#pragma once
// Tells a Kafka record of `format: native` (columns in ClickHouse's Native format, one row of arrays) from
// messages, for those who read messages and should say what they have met. Any bytes are safe.
#include "sluice/util/byte_reader.hpp"

namespace sluice::encode {

/// What is behind the first varint, which would be the length of a message and is the number of columns:
/// whether it goes on as a block of one row whose first column is an array. No message begins so.
bool columns_follow(Bytes rest);

inline constexpr const char* kAreColumns =
    "columns of format native, which only ClickHouse reads; sluice reads topics and files of format protobuf";

}  // namespace sluice::encode
