#pragma once
// The hot loop of the protobuf encoder, built once for every processor and once more for those with BMI2 and
// LZCNT (x86-64-v3), where it takes a third less time. Both give the same bytes.
#include <cstddef>
#include <cstdint>

#include "encode/prefix.hpp"
#include "sluice/flow/batch.hpp"

namespace sluice::encode {

/// Room that a row needs behind its own bytes: stores are wider than what they keep.
inline constexpr std::size_t kRowSlack = 32;
/// Bytes of a row without prefix and extras: its length, 15 fields of up to 64 bits, 19 short ones, 3
/// addresses, 2 countries.
inline constexpr std::size_t kRowBound = 10 + 15 * 12 + 19 * 5 + 3 * 19 + 2 * 5 + kRowSlack;

/// State between rows.
struct RowState {
  Prefix prefix;
  unsigned length_width = 2;  ///< bytes of the last row's length; the next one most likely has as many
};

/// Writes `count` flows of one origin behind each other and each row's size to `sizes`; returns the end. The
/// caller has room for kRowBound, the prefix's bound and the extras' bound a row.
using RowLoop = std::byte*(const FlowBatch& batch, const FlowRecord* flows, std::size_t count,
                           RowState& state, std::byte* out, std::uint32_t* sizes);

RowLoop row_loop_plain;
#if defined(__x86_64__)
#define SLUICE_HAS_ROW_LOOP_V3 1
RowLoop row_loop_v3;
#endif

// The loop's cold turns; outside of the file that is built twice, so that they exist once.

/// Writes the length before a body that stands at `body`, moving the body where the guessed width was wrong.
std::byte* reframe_row(std::byte* row, std::byte* body, std::byte* end, unsigned& width);
std::byte* put_row_extras(std::byte* out, const FlowBatch& batch, const FlowRecord& flow);

}  // namespace sluice::encode
