#pragma once
// A filter as a tree of typed values: no text of a user's is in it but what a text is compared with. Values;
// any thread. Made by parse(), printed in one canonical form by to_text(), reversed, evaluated
// (evaluate.hpp).
#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "filter/quantity.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::filter {

/// From low to high, both belong to it.
template <class T>
struct Range {
  T low{};
  T high{};
  friend bool operator==(const Range&, const Range&) = default;
};

/// An address in the order that ranges have: IPv4 mapped into IPv6, none as ::, as in the tables.
using Address = std::array<std::uint8_t, 16>;
Address mapped(const IpAddress& address);
IpAddress unmapped(const Address& address);

/// A number masked so is in one of the ranges, which are sorted and do not touch.
struct Numbers {
  std::uint64_t mask = ~std::uint64_t{0};
  std::vector<Range<std::uint64_t>> ranges;
  friend bool operator==(const Numbers&, const Numbers&) = default;
};
struct Addresses {
  std::vector<Range<Address>> ranges;  ///< sorted, do not touch
  friend bool operator==(const Addresses&, const Addresses&) = default;
};
/// One of the texts is it; where `like`, % stands for any characters and _ for one, and case does not count.
struct Texts {
  std::vector<std::string> texts;
  bool like = false;
  friend bool operator==(const Texts&, const Texts&) = default;
};
/// Compared with another quantity of the same flow.
enum class Comparison : std::uint8_t { equal, less, less_equal, greater, greater_equal };
struct Other {
  Comparison comparison = Comparison::equal;
  const Quantity* quantity = nullptr;
  friend bool operator==(const Other&, const Other&) = default;
};

struct Term {
  const Quantity* quantity = nullptr;
  std::uint8_t element = 0;  ///< of a list: 1 is the first; 0 any of them
  std::variant<Numbers, Addresses, Texts, Other> values;
  friend bool operator==(const Term&, const Term&) = default;
};

struct Expression {
  enum class Kind : std::uint8_t { any, term, negation, all_of, any_of };
  Kind kind = Kind::any;  ///< any: every flow
  Term term;
  std::vector<Expression>
      parts;  ///< one of a negation; two or more of all_of and any_of, none of the same kind
  friend bool operator==(const Expression&, const Expression&) = default;
};

Expression term(Term term);
Expression negation(Expression of);
/// Flattened; what has one part is that part.
Expression all_of(std::vector<Expression> parts);
Expression any_of(std::vector<Expression> parts);

/// Sorted, joined where they touch.
void normalize(std::vector<Range<std::uint64_t>>& ranges);
void normalize(std::vector<Range<Address>>& ranges);

/// The one spelling of it; parse() gives the same tree again.
std::string to_text(const Expression& expression);
/// A number as the canonical form has it: a protocol by its name, a time in UTC.
std::string value_text(const Quantity& quantity, std::uint64_t value);
/// The quantities that are asked for, each once, in the order of the text.
std::vector<const Quantity*> quantities_of(const Expression& expression);
/// The same question about the way back: sources are destinations and so on.
Expression reverse(const Expression& expression);

}  // namespace sluice::filter
