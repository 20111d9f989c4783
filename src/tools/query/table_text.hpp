#pragma once
// Text of a terminal's table: what is harmless, and how wide it is.
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::query {

/// A TSV field for a screen: \\ and \' become plain, other escapes stay as they are, control characters (also
/// those of Unicode's C1 block) and bytes that are no UTF-8 are shown as \xNN, \N as NULL.
std::string shown_field(std::string_view field);

/// Characters of valid UTF-8, each taken as one column.
std::size_t columns_of(std::string_view text);

/// At most `columns` characters, the last of them an ellipsis where text was cut.
std::string cut(std::string_view text, std::size_t columns);

}  // namespace sluice::query
