#pragma once
// From bytes as sent to the value of a user-defined field.
#include "sluice/flow/batch.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::decode {

/// A whole element. What does not fit the field's type, or has no bytes, is no value.
void put_user_value(const UserField& field, Bytes value, FlowBatch& batch, FlowRecord& flow);

/// Bits of a packet; `from_header` begins with the layer's header. No value where not all of them are there.
void put_user_bits(const UserField& field, const PacketSource& source, Bytes from_header, FlowBatch& batch,
                   FlowRecord& flow);

}  // namespace sluice::decode
