#pragma once
// nfdump's words (1.7.1, and some of later versions), each with the quantities that it means. Constant data;
// any thread.
#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::filter {

/// What a word says beside its values.
enum class Meaning : unsigned char {
  values,      ///< compare the quantities with what follows
  net,         ///< a prefix, or an address and a mask, must follow
  flags,       ///< of TCP only; letters ask for these bits at least
  icmp,        ///< of ICMP and ICMPv6 only
  direction,   ///< 0 and 1 are the element's, not the message's
  mpls_label,  ///< the number of the label follows the word at once: label1
  exporter,    ///< an address, or a name
  ipv4,        ///< nothing follows
  ipv6,        ///< likewise
  everything   ///< likewise
};

struct Noun {
  std::string_view phrase;       ///< one word or more, each after one space
  std::string_view either = {};  ///< names of the quantities of which one must match, each after one space
  std::string_view source = {};  ///< behind `src`; "": not possible
  std::string_view destination = {};
  Meaning meaning = Meaning::values;
  std::string_view refusal = {};  ///< not empty: understood, but there is no answer, and why
};

std::span<const Noun> nouns();

}  // namespace sluice::filter
