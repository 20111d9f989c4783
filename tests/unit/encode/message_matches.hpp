#pragma once
// Holds a FlowMessage as protobuf's own classes read it against the flow it was made from, by the field
// table.
#include <gtest/gtest.h>

#include "flow.pb.h"
#include "sluice/flow/fields.hpp"

namespace sluice::test {

::testing::AssertionResult message_matches(const FlowMessage& message, const FlowBatch& batch,
                                           const FlowRecord& flow);

}  // namespace sluice::test
