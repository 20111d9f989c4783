#include <algorithm>
#include <cstdio>
#include <ctime>

#include "filter/expression.hpp"
#include "filter/words.hpp"

namespace sluice::filter {
namespace {

std::string time_text(std::uint64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string out = text;
  if (const std::uint64_t rest = ns % 1'000'000'000; rest != 0) {
    std::snprintf(text, sizeof(text), ".%09llu", static_cast<unsigned long long>(rest));
    out += text;
  }
  return out + "Z";
}

std::string mac_text(std::uint64_t mac) {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", static_cast<unsigned>(mac >> 40 & 0xff),
                static_cast<unsigned>(mac >> 32 & 0xff), static_cast<unsigned>(mac >> 24 & 0xff),
                static_cast<unsigned>(mac >> 16 & 0xff), static_cast<unsigned>(mac >> 8 & 0xff),
                static_cast<unsigned>(mac & 0xff));
  return text;
}

/// The number of equal leading bits of both ends where these are all that the range fixes; nothing where it
/// is no prefix.
std::optional<unsigned> prefix_length(const Range<Address>& range) {
  unsigned same = 0;
  const auto bit = [](const Address& address, unsigned at) { return address[at / 8] >> (7 - at % 8) & 1; };
  while (same < 128 && bit(range.low, same) == bit(range.high, same)) ++same;
  for (unsigned at = same; at < 128; ++at)
    if (bit(range.low, at) != 0 || bit(range.high, at) != 1) return std::nullopt;
  return same;
}

std::string range_text(const Range<Address>& range) {
  const IpAddress low = unmapped(range.low), high = unmapped(range.high);
  if (range.low == range.high) return low.to_string();
  const auto length = prefix_length(range);
  if (length && low.is_v4() && *length >= 96) return low.to_string() + "/" + std::to_string(*length - 96);
  const IpAddress six{.bytes = range.low, .size = 16};
  if (length) return six.to_string() + "/" + std::to_string(*length);
  if (low.size == high.size) return low.to_string() + ".." + high.to_string();
  return six.to_string() + ".." + IpAddress{.bytes = range.high, .size = 16}.to_string();
}

std::string quoted(const std::string& text) {
  const char quote = text.find('"') == std::string::npos ? '"' : '\'';
  return quote + text + quote;
}

template <class T, class Text>
std::string list_text(const std::vector<T>& values, Text text) {
  std::string out;
  for (const T& value : values) out += (out.empty() ? "" : ", ") + text(value);
  return values.size() == 1 ? out : "[" + out + "]";
}

std::string name_text(const Term& term) {
  std::string out(term.quantity->name);
  if (term.element > 0) out += "[" + std::to_string(term.element) + "]";
  return out;
}

struct TermText {
  const Term& term;

  std::string operator()(const Numbers& numbers) const {
    const Quantity& quantity = *term.quantity;
    const auto text = [&quantity](std::uint64_t value) { return value_text(quantity, value); };
    if (numbers.mask != ~std::uint64_t{0})
      return (numbers.ranges.front().low == numbers.mask ? " has " : " has-any ") + text(numbers.mask);
    if (numbers.ranges.size() == 1) {
      const auto& [low, high] = numbers.ranges.front();
      if (low == high) return " = " + text(low);
      if (high == quantity.greatest) return " >= " + text(low);
      if (low == 0) return " <= " + text(high);
    }
    return " in " + list_text(numbers.ranges, [&text](const Range<std::uint64_t>& range) {
             return range.low == range.high ? text(range.low) : text(range.low) + ".." + text(range.high);
           });
  }
  std::string operator()(const Addresses& addresses) const {
    const bool one =
        addresses.ranges.size() == 1 && addresses.ranges.front().low == addresses.ranges.front().high;
    return (one ? " = " : " in ") + list_text(addresses.ranges, range_text);
  }
  std::string operator()(const Texts& texts) const {
    return (texts.like                ? " like "
            : texts.texts.size() == 1 ? " = "
                                      : " in ") +
           list_text(texts.texts, quoted);
  }
  std::string operator()(const Other& other) const {
    constexpr std::string_view kSigns[] = {" = ", " < ", " <= ", " > ", " >= "};
    return std::string(kSigns[static_cast<std::size_t>(other.comparison)]) +
           std::string(other.quantity->name);
  }
};

std::string text_within(const Expression& expression, Expression::Kind outer) {
  const std::string text = to_text(expression);
  const bool bracket = expression.kind == Expression::Kind::any_of ||
                       (expression.kind == Expression::Kind::all_of && outer == Expression::Kind::negation);
  return bracket ? "(" + text + ")" : text;
}

}  // namespace

std::string value_text(const Quantity& quantity, std::uint64_t value) {
  switch (quantity.kind) {
    case Kind::time:
      return time_text(value);
    case Kind::mac:
      return mac_text(value);
    case Kind::flags:
      return letters_of_flags(value).value_or(std::to_string(value));
    case Kind::words:
      if (const std::string_view word = word_of_number(quantity.name, value); !word.empty())
        return std::string(word);
      break;
    default:
      break;
  }
  return std::to_string(value);
}

std::string to_text(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::any:
      return "any";
    case Expression::Kind::term:
      return name_text(expression.term) + std::visit(TermText{expression.term}, expression.term.values);
    case Expression::Kind::negation:
      return "not " + text_within(expression.parts.front(), expression.kind);
    case Expression::Kind::all_of:
    case Expression::Kind::any_of:
      break;
  }
  std::string out;
  for (const Expression& part : expression.parts) {
    if (!out.empty()) out += expression.kind == Expression::Kind::all_of ? " and " : " or ";
    out += text_within(part, expression.kind);
  }
  return out;
}

namespace {

void add(std::vector<const Quantity*>& to, const Quantity* one) {
  if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
}
void add_all(std::vector<const Quantity*>& to, const Expression& expression) {
  if (expression.kind == Expression::Kind::term) {
    add(to, expression.term.quantity);
    if (const auto* other = std::get_if<Other>(&expression.term.values)) add(to, other->quantity);
  }
  for (const Expression& part : expression.parts) add_all(to, part);
}

}  // namespace

std::vector<const Quantity*> quantities_of(const Expression& expression) {
  std::vector<const Quantity*> out;
  add_all(out, expression);
  return out;
}

}  // namespace sluice::filter
