#include "filter/sql.hpp"

#include <algorithm>

#include "flow/columns.hpp"
#include "flow/enumerations.hpp"

namespace sluice::filter {
namespace {

constexpr std::string_view kDuration =
    "if(time_flow_end <= time_flow_start, 0, intDiv(toUnixTimestamp64Nano(time_flow_end), 1000000) - "
    "intDiv(toUnixTimestamp64Nano(time_flow_start), 1000000))";

std::string per_second(std::string_view count, std::string_view scale) {
  const std::string duration(kDuration);
  return "if(" + duration + " = 0, 0, intDiv(" + std::string(count) + " * " + std::string(scale) +
         ", greatest(" + duration + ", 1)))";
}

std::string derived_sql(Derived derived) {
  switch (derived) {
    case Derived::bytes:
      return "bytes_corrected";
    case Derived::packets:
      return "packets_corrected";
    case Derived::flows:
      return "1";
    case Derived::duration:
      return std::string(kDuration);
    case Derived::pps:
      return per_second("packets_corrected", "1000");
    case Derived::bps:
      return per_second("bytes_corrected", "8000");
    case Derived::bpp:
      return "if(packets = 0, 0, intDiv(bytes_corrected, greatest(packets_corrected, 1)))";
    case Derived::none:
      break;
  }
  return "0";
}

std::string address_text(const Address& address) {
  return IpAddress{.bytes = address, .size = 16}.to_string();
}

/// "['a', 'b']" as an array parameter is written.
std::string array_text(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    out += out.empty() ? "['" : ", '";
    for (const char c : text) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    out += '\'';
  }
  return out + "]";
}

/// A backslash is no escape in a filter's pattern.
std::string pattern_text(const std::string& pattern) {
  std::string out;
  for (const char c : pattern) out += c == '\\' ? "\\\\" : std::string(1, c);
  return out;
}

class Maker {
 public:
  explicit Maker(const std::string& prefix) : prefix_(prefix) {}

  std::string condition(const Expression& expression) {
    switch (expression.kind) {
      case Expression::Kind::any:
        return "1";
      case Expression::Kind::term:
        return term_sql(expression.term);
      case Expression::Kind::negation:
        return "NOT " + condition(expression.parts.front());
      case Expression::Kind::all_of:
        return joined(expression.parts, " AND ");
      case Expression::Kind::any_of:
        return joined(expression.parts, " OR ");
    }
    return "0";
  }

  std::map<std::string, std::string> take_parameters() { return std::move(parameters_); }

 private:
  std::string joined(const std::vector<Expression>& parts, std::string_view by) {
    std::string out;
    for (const Expression& part : parts) out += (out.empty() ? "(" : std::string(by)) + condition(part);
    return out + ")";
  }

  /// The place of a value in the statement.
  std::string bound(std::string_view type, std::string value) {
    const std::string name = prefix_ + std::to_string(parameters_.size());
    parameters_.emplace(name, std::move(value));
    return "{" + name + ":" + std::string(type) + "}";
  }

  std::string term_sql(const Term& term) {
    const Kind kind = term.quantity->kind;
    if (kind != Kind::numbers && kind != Kind::addresses)
      return std::visit(
          [&](const auto& values) { return holds(value_sql(*term.quantity), *term.quantity, values); },
          term.values);
    const std::string column(column_name(*term.quantity->field));
    const auto of = [&](const std::string& element) {
      const bool words = enumeration_of(term.quantity->field->kind) != nullptr;
      const std::string value = words ? "toInt16(" + element + ")" : element;
      return std::visit([&](const auto& values) { return holds(value, *term.quantity, values); },
                        term.values);
    };
    if (term.element == 0) return "arrayExists(element -> " + of("element") + ", " + column + ")";
    const std::string place = std::to_string(term.element);
    return "(length(" + column + ") >= " + place + " AND " + of(column + "[" + place + "]") + ")";
  }

  std::string number(const Quantity& quantity, std::uint64_t value) {
    const std::string place = bound("UInt64", std::to_string(value));
    return quantity.kind == Kind::time ? "fromUnixTimestamp64Nano(toInt64(" + place + "), 'UTC')" : place;
  }

  std::string holds(const std::string& value, const Quantity& quantity, const Numbers& numbers) {
    const bool masked = numbers.mask != ~std::uint64_t{0};
    const std::string left =
        masked ? "bitAnd(" + value + ", " + bound("UInt64", std::to_string(numbers.mask)) + ")" : value;
    return ranges(
        left, numbers.ranges, [&](std::uint64_t v) { return number(quantity, v); }, quantity.greatest);
  }
  std::string holds(const std::string& value, const Quantity&, const Addresses& addresses) {
    Address last;
    last.fill(0xff);
    return ranges(
        value, addresses.ranges, [&](const Address& v) { return bound("IPv6", address_text(v)); }, last);
  }
  std::string holds(const std::string& value, const Quantity&, const Texts& texts) {
    if (texts.like) return value + " ILIKE " + bound("String", pattern_text(texts.texts.front()));
    if (texts.texts.size() == 1) return value + " = " + bound("String", texts.texts.front());
    return value + " IN " + bound("Array(String)", array_text(texts.texts));
  }
  std::string holds(const std::string& value, const Quantity&, const Other& other) {
    constexpr std::string_view kSigns[] = {" = ", " < ", " <= ", " > ", " >= "};
    return value + std::string(kSigns[static_cast<std::size_t>(other.comparison)]) +
           value_sql(*other.quantity);
  }

  template <class T, class Bind>
  std::string ranges(const std::string& value, const std::vector<Range<T>>& all, Bind bind,
                     const T& greatest) {
    std::string out;
    for (const Range<T>& range : all) {
      if (!out.empty()) out += " OR ";
      const std::string low = bind(range.low);
      if (range.low == range.high)
        out += value + " = " + low;
      else if (range.high == greatest)
        out += value + " >= " + low;
      else
        out += value + " BETWEEN " + low + " AND " + bind(range.high);
    }
    return all.size() == 1 ? out : "(" + out + ")";
  }

  const std::string prefix_;
  std::map<std::string, std::string> parameters_;
};

}  // namespace

std::string value_sql(const Quantity& quantity) {
  if (quantity.field == nullptr) return derived_sql(quantity.derived);
  const std::string column(column_name(*quantity.field));
  if (quantity.field->optional) return "ifNull(" + column + ", 0)";
  if (enumeration_of(quantity.field->kind) != nullptr && quantity.kind == Kind::words)
    return "toInt16(" + column + ")";
  return column;
}

Sql to_sql(const Expression& expression, const std::string& prefix) {
  Maker maker(prefix);
  std::string condition = maker.condition(expression);
  return {.condition = "(" + condition + ")", .parameters = maker.take_parameters()};
}

}  // namespace sluice::filter
