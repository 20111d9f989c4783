#pragma once
// The rare fields of a flow as protobuf: the cold half of the row encoder. Numbers and kinds come from the
// field table, so there is nothing here to keep in step with it.
#include <cstddef>
#include <string_view>

#include "sluice/flow/record.hpp"

namespace sluice::encode {

/// Bytes that put_extras writes at most.
std::size_t extras_bound(const FlowExtras& extras);

/// Writes every field that is there and returns the end.
std::byte* put_extras(std::byte* out, const FlowExtras& extras);

/// A `string` field, made valid UTF-8; nothing where it is empty.
std::byte* put_text(std::byte* out, unsigned number, std::string_view text);
std::size_t text_bound(std::string_view text);

}  // namespace sluice::encode
