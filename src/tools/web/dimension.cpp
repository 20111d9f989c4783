#include "web/dimension.hpp"

#include <algorithm>
#include <charconv>

#include "filter/expression.hpp"
#include "filter/sql.hpp"
#include "filter/words.hpp"
#include "flow/columns.hpp"
#include "flow/enumerations.hpp"

namespace sluice::web {
namespace {

using filter::Kind;
using filter::Quantity;

constexpr unsigned kUsualV6 = 48;
constexpr unsigned kMapped = 96;  ///< bits before an IPv4 address in its IPv6 form

bool is_enumeration(const Quantity& quantity) {
  return quantity.field != nullptr && enumeration_of(quantity.field->kind) != nullptr;
}

std::optional<unsigned> bits(std::string_view text, unsigned most) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out > most) return std::nullopt;
  return out;
}

/// "24" or "24/56" behind the name of an address.
bool read_lengths(std::string_view text, Dimension& out) {
  const std::size_t slash = text.find('/');
  const auto v4 = bits(text.substr(0, slash), 32);
  const auto v6 =
      slash == std::string_view::npos ? std::optional(kUsualV6) : bits(text.substr(slash + 1), 128);
  if (!v4 || !v6) return false;
  out.prefix = true;
  out.v4 = *v4;
  out.v6 = *v6;
  return true;
}

std::optional<filter::Address> address_of(const std::string& text) {
  const auto address = IpAddress::parse(text);
  return address ? std::optional(filter::mapped(address->unmapped())) : std::nullopt;
}

filter::Range<filter::Address> network(const Dimension& dimension, const filter::Address& first) {
  const IpAddress address = filter::unmapped(first);
  const auto length = static_cast<std::uint8_t>(address.is_v4() ? dimension.v4 : dimension.v6);
  const IpPrefix prefix{.address = address, .length = length};
  return {filter::mapped(prefix.first()), filter::mapped(prefix.last())};
}

/// "65001" of "src_as = 65001", "192.0.2.0/24" of "src_addr in 192.0.2.0/24".
std::string value_in(const std::string& condition, std::string_view name) {
  std::string out = condition.substr(name.size());
  for (const std::string_view op : {" = ", " in "})
    if (out.starts_with(op)) return out.substr(op.size());
  return out;
}

json as_cell(const filter::Term& term) {
  const std::string condition = to_text(filter::term(term));
  return {{"value", value_in(condition, term.quantity->name)}, {"filter", condition}};
}

json number_cell(const Quantity& quantity, std::uint64_t number) {
  return as_cell({.quantity = &quantity, .values = filter::Numbers{.ranges = {{number, number}}}});
}

json address_cell(const Dimension& dimension, const std::string& text) {
  const auto address = address_of(text);
  if (!address) return {{"value", text}};
  const auto range =
      dimension.prefix ? network(dimension, *address) : filter::Range<filter::Address>{*address, *address};
  return as_cell({.quantity = dimension.quantity, .values = filter::Addresses{{range}}});
}

json text_cell(const Quantity& quantity, const std::string& text) {
  const bool both = text.find('"') != std::string::npos && text.find('\'') != std::string::npos;
  if (both) return {{"value", text}};
  const filter::Term term{.quantity = &quantity, .values = filter::Texts{.texts = {text}}};
  return {{"value", text}, {"filter", to_text(filter::term(term))}};
}

/// The port is the lower one, so the other is no lower.
json service_cell(std::uint64_t port) {
  const std::string text = std::to_string(port);
  return {{"value", text},
          {"filter", "(src_port = " + text + " and dst_port >= " + text + " or dst_port = " + text +
                         " and src_port >= " + text + ")"}};
}

}  // namespace

std::string Dimension::column() const {
  if (quantity == nullptr) return std::string(kServicePort);
  return std::string(column_name(*quantity->field));
}

bool groups(const Quantity& quantity) {
  if (quantity.field == nullptr || quantity.field->kind == FieldKind::raw) return false;
  if (quantity.name != column_name(*quantity.field)) return false;  // bytes and packets are summed
  return quantity.kind != Kind::time && quantity.kind != Kind::numbers && quantity.kind != Kind::addresses;
}

std::optional<Dimension> find_dimension(std::string_view text) {
  Dimension out{.text = std::string(text)};
  if (text == kServicePort) return out;
  const std::size_t slash = text.find('/');
  const std::string_view name = text.substr(0, slash);
  for (const Quantity& quantity : filter::quantities())
    if (quantity.name == name && groups(quantity)) out.quantity = &quantity;
  if (out.quantity == nullptr) return std::nullopt;
  if (slash == std::string_view::npos) return out;
  if (out.quantity->kind != Kind::address || !read_lengths(text.substr(slash + 1), out)) return std::nullopt;
  return out;
}

Dimension reversed(const Dimension& dimension) {
  Dimension out = dimension;
  if (out.quantity == nullptr) return out;
  out.quantity = filter::reversed(*dimension.quantity);
  out.text = std::string(out.quantity->name) + dimension.text.substr(dimension.quantity->name.size());
  return out;
}

std::string sql_of(const Dimension& dimension) {
  if (dimension.quantity == nullptr) return "toUInt64(service_port)";
  const Quantity& quantity = *dimension.quantity;
  const std::string column = dimension.column();
  if (dimension.prefix)
    return "IPv6CIDRToRange(" + column + ", if(" + column +
           " BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), toUInt8(" +
           std::to_string(kMapped + dimension.v4) + "), toUInt8(" + std::to_string(dimension.v6) + "))).1";
  if (quantity.kind == Kind::address) return column;
  if (quantity.kind == Kind::text || is_enumeration(quantity)) return "toString(" + column + ")";
  return "toUInt64(" + filter::value_sql(quantity) + ")";
}

std::string_view type_of(const Dimension& dimension) {
  if (dimension.quantity == nullptr) return "UInt64";
  if (dimension.quantity->kind == Kind::address) return "IPv6";
  if (dimension.quantity->kind == Kind::text || is_enumeration(*dimension.quantity)) return "String";
  return "UInt64";
}

std::string bound_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::to_string(value.get<std::uint64_t>());
}

json cell_of(const Dimension& dimension, const json& value) {
  const std::string text = bound_text(value);
  if (dimension.quantity == nullptr) return service_cell(value.get<std::uint64_t>());
  const Quantity& quantity = *dimension.quantity;
  if (quantity.kind == Kind::address) return address_cell(dimension, text);
  if (quantity.kind == Kind::text) return text_cell(quantity, text);
  if (!is_enumeration(quantity)) return number_cell(quantity, value.get<std::uint64_t>());
  const auto number = filter::number_of_word(quantity.name, text);
  return number ? number_cell(quantity, *number) : json{{"value", text}};
}

}  // namespace sluice::web
