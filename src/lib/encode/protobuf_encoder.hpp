#pragma once
// Framed FlowMessages, written by hand.
#include <memory>

#include "sluice/encode/rows.hpp"

namespace sluice::encode {

enum class RowBuild : std::uint8_t { plain, v3 };

/// The fastest build that this processor runs well.
RowBuild best_row_build();
/// Whether this processor runs it at all.
bool runs(RowBuild build);

/// Requires runs(build).
std::unique_ptr<RowEncoder> make_protobuf_encoder(RowBuild build = best_row_build());

}  // namespace sluice::encode
