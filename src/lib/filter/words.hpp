#pragma once
// The words that values are known by: protocols, letters of TCP flags, forwarding states, events. Facts of
// the registries; constant data, any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::filter {

/// Whether two words differ at most in the case of their letters (ASCII).
bool same_word(std::string_view a, std::string_view b);

/// Whether values of this quantity may be given by words, beside the enumerations of the message.
bool has_words(std::string_view quantity);
/// The number that a word means there, in any case of letters.
std::optional<std::uint64_t> number_of_word(std::string_view quantity, std::string_view word);
/// The first word for it; "" for none.
std::string_view word_of_number(std::string_view quantity, std::uint64_t number);

/// All of them with their numbers, enumerations of the message left out.
std::vector<std::pair<std::string_view, std::uint64_t>> words_of(std::string_view quantity);

/// "SA" -> 0x12; X is all six of RFC 793. Nothing where a letter is unknown or comes twice.
std::optional<std::uint64_t> flags_of_letters(std::string_view letters);
/// 0x12 -> "SA"; nothing where a bit has no letter.
std::optional<std::string> letters_of_flags(std::uint64_t flags);

}  // namespace sluice::filter
