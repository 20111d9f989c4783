#pragma once
// The encoders that make_row_encoder() chooses from.
#include <memory>

#include "sluice/encode/rows.hpp"

namespace sluice::encode {

// Framed FlowMessages, written by hand.

enum class RowBuild : std::uint8_t { plain, v3 };

/// The fastest build that this processor runs well.
RowBuild best_row_build();
/// Whether this processor runs it at all.
bool runs(RowBuild build);

/// Requires runs(build).
std::unique_ptr<RowEncoder> make_protobuf_encoder(RowBuild build = best_row_build());

// JSON lines, one encoder for each set of fields.

std::unique_ptr<RowEncoder> make_sluice_json_encoder(UserFieldsPtr user_fields);
std::unique_ptr<RowEncoder> make_goflow2_json_encoder();
std::unique_ptr<RowEncoder> make_kflow_json_encoder(bool drop_ipv6);

// Rows of the counters stream: one CounterMessage (proto/counters.proto) or one line of JSON for each record
// of the batch's counters. They come by the second, not by the million, so these encoders are plain.

std::unique_ptr<RowEncoder> make_counters_protobuf_encoder();
std::unique_ptr<RowEncoder> make_counters_json_encoder();

}  // namespace sluice::encode
