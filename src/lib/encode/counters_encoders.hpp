#pragma once
// Rows of the counters stream: one CounterMessage (proto/counters.proto) or one line of JSON for each record
// of the batch's counters. They come by the second, not by the million, so these encoders are plain.
#include <memory>

#include "sluice/encode/rows.hpp"

namespace sluice::encode {

std::unique_ptr<RowEncoder> make_counters_protobuf_encoder();
std::unique_ptr<RowEncoder> make_counters_json_encoder();

}  // namespace sluice::encode
