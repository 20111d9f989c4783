#pragma once
// What the filter bar asks while somebody types: is it right, what was understood, what may come next.
// Offsets are UTF-16 units, as browsers count. Pure but for the names; any thread.
#include <string>
#include <string_view>

#include "filter/parser.hpp"
#include "web/error.hpp"

namespace sluice::web {

/// Bytes of UTF-8 as units of UTF-16.
std::size_t units_before(std::string_view text, std::size_t bytes);

/// {"from":0,"to":3,"code":"syntax","text":"..."}
json error_in(std::string_view text, const filter::Error& error);

/// The answer of /api/v1/filter/check.
json check_filter(const std::string& text);

/// A few words that could stand at this byte of a filter, those that begin as what stands there where there
/// are many.
json possible_at(const std::string& text, std::size_t at);

/// The answer of /api/v1/filter/complete. `names`: as Tables::names() has them.
json complete_filter(const std::string& text, std::size_t cursor, const json& names);

}  // namespace sluice::web
