#include "filter/evaluate.hpp"

#include <algorithm>

#include "filter/words.hpp"

namespace sluice::filter {
namespace {

template <class T>
bool holds(const std::vector<Range<T>>& ranges, const T& value) {
  const auto it = std::upper_bound(ranges.begin(), ranges.end(), value,
                                   [](const T& v, const Range<T>& range) { return v < range.low; });
  return it != ranges.begin() && value <= std::prev(it)->high;
}

/// Bytes of the character of UTF-8 that begins there.
std::size_t length_at(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) ++end;
  return end - at;
}

/// SQL's LIKE without its escapes, since a name is no pattern. Goes back to the last % only, so
/// its time is bounded by the product of both lengths.
bool like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == '_') {
      ++p, t += length_at(text, t);
    } else if (p < pattern.size() && same_word(pattern.substr(p, 1), text.substr(t, 1))) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

/// One of a list's, or the one at a place.
template <class List, class Test>
bool element_matches(const List& list, std::uint8_t element, Test test) {
  if (element == 0) return std::any_of(list.begin(), list.end(), test);
  return element <= list.size() && test(list[element - 1U]);
}

bool compare(Comparison comparison, auto a, auto b) {
  switch (comparison) {
    case Comparison::equal:
      return a == b;
    case Comparison::less:
      return a < b;
    case Comparison::less_equal:
      return a <= b;
    case Comparison::greater:
      return a > b;
    case Comparison::greater_equal:
      return a >= b;
  }
  return false;
}

struct Flow {
  const FlowBatch& batch;
  const FlowRecord& record;
  const Term& term;

  bool operator()(const Numbers& numbers) const {
    const auto held = [&numbers](std::uint64_t value) { return holds(numbers.ranges, value & numbers.mask); };
    if (term.quantity->kind != Kind::numbers) return held(number_of(*term.quantity, batch, record));
    const FlowExtras* extras = batch.extras_of(record);
    if (extras == nullptr) return false;
    return element_matches(extras->list(static_cast<ExtraList>(term.quantity->field->index)), term.element,
                           held);
  }
  bool operator()(const Addresses& addresses) const {
    const auto held = [&addresses](const IpAddress& value) { return holds(addresses.ranges, mapped(value)); };
    if (term.quantity->kind != Kind::addresses)
      return held(address_field(*term.quantity->field, batch, record));
    const FlowExtras* extras = batch.extras_of(record);
    if (extras == nullptr) return false;
    return element_matches(extras->list(static_cast<ExtraAddressList>(term.quantity->field->index)),
                           term.element, held);
  }
  bool operator()(const Texts& texts) const {
    const std::string_view value = text_field(*term.quantity->field, batch, record);
    return std::any_of(texts.texts.begin(), texts.texts.end(), [&](const std::string& text) {
      return texts.like ? like(text, value) : text == value;
    });
  }
  bool operator()(const Other& other) const {
    if (term.quantity->kind == Kind::address)
      return compare(other.comparison, mapped(address_field(*term.quantity->field, batch, record)),
                     mapped(address_field(*other.quantity->field, batch, record)));
    return compare(other.comparison, number_of(*term.quantity, batch, record),
                   number_of(*other.quantity, batch, record));
  }
};

}  // namespace

bool matches(const Expression& expression, const FlowBatch& batch, const FlowRecord& flow) {
  const auto part = [&](const Expression& one) { return matches(one, batch, flow); };
  switch (expression.kind) {
    case Expression::Kind::any:
      return true;
    case Expression::Kind::term:
      return std::visit(Flow{batch, flow, expression.term}, expression.term.values);
    case Expression::Kind::negation:
      return !part(expression.parts.front());
    case Expression::Kind::all_of:
      return std::all_of(expression.parts.begin(), expression.parts.end(), part);
    case Expression::Kind::any_of:
      return std::any_of(expression.parts.begin(), expression.parts.end(), part);
  }
  return false;
}

}  // namespace sluice::filter
