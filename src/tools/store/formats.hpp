#pragma once
// Formats of answers: what they are called in a header, and whether the engine can give them in pieces.
#include <string_view>

namespace sluice::store {

/// "text/csv; charset=UTF-8; header=present"
std::string_view content_type(std::string_view format);

/// The engine counts "rows" and the statistics of JSON, XML and their like for the last piece alone, so only
/// formats that are rows and nothing else may come in pieces.
bool comes_in_pieces(std::string_view format);

}  // namespace sluice::store
