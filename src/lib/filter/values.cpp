#include "filter/values.hpp"

#include <ctime>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace sluice::filter {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

enum class Operator {
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,
  like,
  unlike,
  has,
  has_any
};

struct Spelling {
  std::string_view text;
  Operator meaning;
};
constexpr Spelling kOperators[] = {
    {"=", Operator::equal},          {"==", Operator::equal},       {"eq", Operator::equal},
    {"!=", Operator::unequal},       {"ne", Operator::unequal},     {"<", Operator::less},
    {"lt", Operator::less},          {"<=", Operator::less_equal},  {"le", Operator::less_equal},
    {">", Operator::greater},        {"gt", Operator::greater},     {">=", Operator::greater_equal},
    {"ge", Operator::greater_equal}, {"in", Operator::in},          {"<<", Operator::in},
    {"notin", Operator::not_in},     {"like", Operator::like},      {"ilike", Operator::like},
    {"unlike", Operator::unlike},    {"iunlike", Operator::unlike}, {"has", Operator::has},
    {"has-any", Operator::has_any},
};

std::optional<Operator> operator_at(const Cursor& cursor) {
  const Token& token = cursor.peek();
  if (token.kind != Token::Kind::word && token.kind != Token::Kind::symbol) return std::nullopt;
  if (cursor.at_word("not") && cursor.at_word("in", 1)) return Operator::not_in;
  for (const Spelling& row : kOperators)
    if (same_word(row.text, token.text)) return row.meaning;
  return std::nullopt;
}

std::optional<Operator> take_operator(Cursor& cursor) {
  const auto found = operator_at(cursor);
  if (found) cursor.skip(cursor.at_word("not") ? 2 : 1);
  return found;
}

std::optional<std::uint64_t> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  std::uint64_t out = 0;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
    if (error != std::errc{} || end != text.data() + at + 2) return std::nullopt;
    if (at + 2 < text.size() && text[at + 2] != ':' && text[at + 2] != '-') return std::nullopt;
    out = out << 8 | byte;
  }
  return out;
}

/// Unix time in seconds, or in UTC 2026-11-29, 2026-11-29T10:00, 2026-11-29T10:00:00.5Z; in nanoseconds.
std::optional<std::uint64_t> parse_time(std::string_view text) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  if (const auto seconds = parse_number(text))
    return *seconds > kMost / kSecond ? std::nullopt : std::optional(*seconds * kSecond);
  std::string copy(text);
  if (!copy.empty() && (copy.back() == 'Z' || copy.back() == 'z')) copy.pop_back();
  std::uint64_t fraction = 0;
  if (const std::size_t dot = copy.find('.'); dot != std::string::npos) {
    std::string digits = copy.substr(dot + 1);
    if (digits.empty() || digits.size() > 9) return std::nullopt;
    digits.resize(9, '0');
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), fraction);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    copy.resize(dot);
  }
  for (const char* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = strptime(copy.c_str(), form, &parts);
    if (end == nullptr || *end != '\0') continue;
    const time_t seconds = timegm(&parts);
    if (seconds < 0 || static_cast<std::uint64_t>(seconds) >= kMost / kSecond) return std::nullopt;
    return static_cast<std::uint64_t>(seconds) * kSecond + fraction;
  }
  return std::nullopt;
}

/// What a value of this quantity looks like, for the sentence that says so.
std::string wanted(const Quantity& quantity) {
  switch (quantity.kind) {
    case Kind::time:
      return "a time such as 2026-11-29T10:00:00Z";
    case Kind::mac:
      return "a MAC address such as 00:53:00:00:00:01";
    case Kind::address:
    case Kind::addresses:
      return "an address or a prefix such as 192.0.2.0/24";
    case Kind::text:
      return "a word, or a text in quotes";
    case Kind::flags:
      return "letters of CEUAPRSF, or a number up to " + std::to_string(quantity.greatest);
    case Kind::number:
    case Kind::words:
    case Kind::numbers:
      break;
  }
  const std::string number = quantity.greatest == kMost
                                 ? "a number, which may end in k, m, g or t"
                                 : "a number up to " + std::to_string(quantity.greatest);
  return quantity.kind == Kind::words ? "a name or " + number : number;
}

std::optional<std::uint64_t> number_in(std::string_view text, const Quantity& quantity) {
  switch (quantity.kind) {
    case Kind::time:
      return parse_time(text);
    case Kind::mac:
      return parse_mac(text);
    case Kind::flags:
      if (const auto flags = flags_of_letters(text)) return flags;
      break;
    case Kind::words:
      if (const auto number = number_of_word(quantity.name, text)) return number;
      break;
    default:
      break;
  }
  constexpr std::string_view kAs = "as";
  if (quantity.name.ends_with("_as") && text.size() > kAs.size() && same_word(text.substr(0, 2), kAs))
    text.remove_prefix(kAs.size());
  return parse_number(text);
}

/// "a..b" in its two parts; nothing where it is none.
std::optional<std::pair<std::string_view, std::string_view>> ends_of(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, dots), text.substr(dots + 2));
}

std::optional<Range<std::uint64_t>> take_number(Cursor& cursor, const Quantity& quantity) {
  const Token& token = cursor.take();
  const auto wrong = [&] {
    return cursor.fail(token,
                       std::string(quantity.name) + " wants " + wanted(quantity) + ", not " + shown(token));
  };
  if (token.kind != Token::Kind::word && token.kind != Token::Kind::quoted) return wrong();
  const auto ends = ends_of(token.text);
  const auto low = number_in(ends ? ends->first : token.text, quantity);
  const auto high = ends ? number_in(ends->second, quantity) : low;
  if (!low || !high || std::max(*low, *high) > quantity.greatest) return wrong();
  if (*low > *high) return cursor.fail(token, "the range " + shown(token) + " ends before it begins");
  return Range<std::uint64_t>{*low, *high};
}

std::optional<Range<Address>> take_address(Cursor& cursor, const Quantity& quantity) {
  const Token token = cursor.take();
  const auto wrong = [&](const Token& at) {
    return cursor.fail(token.from, at.to,
                       std::string(quantity.name) + " wants " + wanted(quantity) + ", not " + shown(at));
  };
  if (token.kind != Token::Kind::word && token.kind != Token::Kind::quoted) return wrong(token);
  if (const auto ends = ends_of(token.text)) {
    const auto low = IpAddress::parse(ends->first), high = IpAddress::parse(ends->second);
    if (!low || !high || low->size != high->size) return wrong(token);
    if (mapped(*low) > mapped(*high))
      return cursor.fail(token, "the range " + shown(token) + " ends before it begins");
    return Range<Address>{mapped(*low), mapped(*high)};
  }
  const auto address = IpAddress::parse(token.text);
  if (!address) return wrong(token);
  if (!cursor.peek().is("/")) return Range<Address>{mapped(*address), mapped(*address)};
  cursor.take();
  const Token length = cursor.take();
  const auto bits = parse_number(length.text);
  const unsigned most = address->is_v4() ? 32 : 128;
  if (!bits || *bits > most)
    return cursor.fail(token.from, length.to,
                       "a prefix length of " + std::string(address->is_v4() ? "IPv4" : "IPv6") +
                           " is a number up to " + std::to_string(most) + ", not " + shown(length));
  return range_of({.address = *address, .length = static_cast<std::uint8_t>(*bits)});
}

std::optional<std::string> take_text(Cursor& cursor, const Quantity& quantity) {
  const Token& token = cursor.take();
  if (token.kind == Token::Kind::word || token.kind == Token::Kind::quoted) return std::string(token.text);
  return cursor.fail(token,
                     std::string(quantity.name) + " wants " + wanted(quantity) + ", not " + shown(token));
}

/// One value, or several within [] or (), with or without commas.
template <class T, class Take>
std::optional<std::vector<T>> take_list(Cursor& cursor, const Quantity& quantity, Take take_one) {
  std::vector<T> out;
  const bool square = cursor.peek().is("["), round = cursor.peek().is("(");
  if (!square && !round) {
    auto one = take_one();
    if (!one) return std::nullopt;
    out.push_back(std::move(*one));
    return out;
  }
  const Token open = cursor.take();
  const std::string_view close = square ? "]" : ")";
  while (!cursor.peek().is(close)) {
    cursor.expect(Expectation::What::value, &quantity);
    if (cursor.peek().kind == Token::Kind::end)
      return cursor.fail(open, "this list has no end: " + std::string(close) + " is missing");
    auto one = take_one();
    if (!one) return std::nullopt;
    out.push_back(std::move(*one));
    if (cursor.peek().is(",")) cursor.take();
  }
  const Token end = cursor.take();
  if (out.empty()) return cursor.fail(open.from, end.to, "this list is empty");
  return out;
}

/// From an operator and one value, by the order of numbers. Empty where nothing can be so.
std::vector<Range<std::uint64_t>> ordered(Operator op, Range<std::uint64_t> value, std::uint64_t greatest) {
  switch (op) {
    case Operator::less:
      if (value.low == 0) return {};
      return {{0, value.low - 1}};
    case Operator::less_equal:
      return {{0, value.high}};
    case Operator::greater:
      if (value.high >= greatest) return {};
      return {{value.high + 1, greatest}};
    case Operator::greater_equal:
      return {{value.low, greatest}};
    default:
      return {value};
  }
}

bool negates(Operator op) {
  return op == Operator::unequal || op == Operator::not_in || op == Operator::unlike;
}
bool asks_bits(Operator op) { return op == Operator::has || op == Operator::has_any; }
bool takes_list(Operator op) { return op == Operator::in || op == Operator::not_in; }

std::optional<Compared> numbers_after(Cursor& cursor, const Quantity& quantity, Operator op) {
  Compared out{.values = Numbers{}, .negated = negates(op)};
  Numbers& numbers = std::get<Numbers>(out.values);
  const auto take = [&] { return take_number(cursor, quantity); };
  if (asks_bits(op)) {
    const auto bits = take();
    if (!bits) return std::nullopt;
    return bits_of(bits->low, op == Operator::has_any);
  }
  if (takes_list(op)) {
    auto ranges = take_list<Range<std::uint64_t>>(cursor, quantity, take);
    if (!ranges) return std::nullopt;
    numbers.ranges = std::move(*ranges);
  } else {
    const auto value = take();
    if (!value) return std::nullopt;
    numbers.ranges = ordered(op, *value, quantity.greatest);
    out.never = numbers.ranges.empty();
  }
  normalize(numbers.ranges);
  return out;
}

std::optional<Compared> addresses_after(Cursor& cursor, const Quantity& quantity, Operator op) {
  Compared out{.values = Addresses{}, .negated = negates(op)};
  auto& ranges = std::get<Addresses>(out.values).ranges;
  const auto take = [&] { return take_address(cursor, quantity); };
  auto taken = takes_list(op) ? take_list<Range<Address>>(cursor, quantity, take) : std::nullopt;
  if (!takes_list(op))
    if (const auto one = take()) taken = {*one};
  if (!taken) return std::nullopt;
  ranges = std::move(*taken);
  normalize(ranges);
  return out;
}

std::optional<Compared> texts_after(Cursor& cursor, const Quantity& quantity, Operator op) {
  Compared out{.values = Texts{}, .negated = negates(op)};
  Texts& texts = std::get<Texts>(out.values);
  texts.like = op == Operator::like || op == Operator::unlike;
  const auto take = [&] { return take_text(cursor, quantity); };
  auto taken = takes_list(op) ? take_list<std::string>(cursor, quantity, take) : std::nullopt;
  if (!takes_list(op))
    if (auto one = take()) taken = {std::move(*one)};
  if (!taken) return std::nullopt;
  texts.texts = std::move(*taken);
  std::sort(texts.texts.begin(), texts.texts.end());
  texts.texts.erase(std::unique(texts.texts.begin(), texts.texts.end()), texts.texts.end());
  return out;
}

/// Whether both are numbers of one sort, or addresses.
bool comparable(const Quantity& a, const Quantity& b) {
  const auto sort = [](Kind kind) {
    return kind == Kind::words || kind == Kind::flags ? Kind::number : kind;
  };
  return sort(a.kind) == sort(b.kind) && a.kind != Kind::text && a.kind != Kind::numbers &&
         a.kind != Kind::addresses;
}

std::optional<Compared> other_after(Cursor& cursor, const Quantity& other, Operator op) {
  cursor.take();
  Other out{.comparison = Comparison::equal, .quantity = &other};
  if (op == Operator::less) out.comparison = Comparison::less;
  if (op == Operator::less_equal) out.comparison = Comparison::less_equal;
  if (op == Operator::greater) out.comparison = Comparison::greater;
  if (op == Operator::greater_equal) out.comparison = Comparison::greater_equal;
  return Compared{.values = out, .negated = negates(op)};
}

/// The operators that a kind has, and the sentence where it is none of them.
bool suits(Operator op, Kind kind) {
  const bool pattern = op == Operator::like || op == Operator::unlike;
  const bool order = op >= Operator::less && op <= Operator::greater_equal;
  if (kind == Kind::text) return !order && !asks_bits(op);
  if (kind == Kind::address || kind == Kind::addresses) return !order && !pattern && !asks_bits(op);
  return !pattern && (!asks_bits(op) || kind == Kind::flags);
}

}  // namespace

bool at_operator(const Cursor& cursor) { return operator_at(cursor).has_value(); }

std::optional<std::uint64_t> parse_number(std::string_view text) {
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hex) text.remove_prefix(2);
  std::uint64_t scale = 1;
  constexpr std::string_view kSuffixes = "kmgt";
  if (!hex && !text.empty()) {
    const auto at = kSuffixes.find(static_cast<char>(std::tolower(static_cast<unsigned char>(text.back()))));
    if (at != std::string_view::npos) {
      text.remove_suffix(1);
      for (std::size_t i = 0; i <= at; ++i) scale *= 1000;
    }
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size() || value > kMost / scale) return std::nullopt;
  return value * scale;
}

Compared bits_of(std::uint64_t bits, bool any) {
  if (any && bits == 0) return {.values = Numbers{}, .never = true};
  const bool single = (bits & (bits - 1)) == 0;
  return {.values = Numbers{.mask = bits, .ranges = {{any && !single ? 1 : bits, bits}}}};
}

Range<Address> range_of(const IpPrefix& prefix) { return {mapped(prefix.first()), mapped(prefix.last())}; }

std::optional<Compared> parse_values(Cursor& cursor, const Quantity& quantity) {
  const Token at = cursor.peek();
  const auto given = take_operator(cursor);
  if (!given) cursor.expect(Expectation::What::comparison, &quantity);
  cursor.expect(Expectation::What::value, &quantity);
  if (given && !suits(*given, quantity.kind))
    return cursor.fail(at, shown(at) + " does not go with " + std::string(quantity.name));
  const Operator op = given.value_or(Operator::equal);
  const Token& next = cursor.peek();
  if (given && next.kind == Token::Kind::word && !takes_list(op) && !asks_bits(op)) {
    const Quantity* other = find_quantity(next.text);
    if (other != nullptr && comparable(quantity, *other)) return other_after(cursor, *other, op);
  }
  switch (quantity.kind) {
    case Kind::address:
    case Kind::addresses:
      return addresses_after(cursor, quantity, op);
    case Kind::text:
      return texts_after(cursor, quantity, op);
    default:
      return numbers_after(cursor, quantity, op);
  }
}

std::optional<Addresses> parse_net(Cursor& cursor) {
  static const Quantity kNet{.name = "net", .kind = Kind::address, .unit = {}};
  const Token first = cursor.peek();
  const auto range = take_address(cursor, kNet);
  if (!range) return std::nullopt;
  if (range->low != range->high || cursor.peek().kind != Token::Kind::word) return Addresses{{*range}};
  const auto mask = IpAddress::parse(cursor.peek().text);
  if (!mask) return Addresses{{*range}};
  const Token last = cursor.take();
  const IpAddress address = unmapped(range->low);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits = bits << 8 | mask->bytes[i];
  if (!address.is_v4() || !mask->is_v4() || (~bits & (~bits + 1)) != 0)
    return cursor.fail(first.from, last.to,
                       "net takes a netmask of IPv4 such as 255.255.255.0; write ADDRESS/BITS otherwise");
  std::uint8_t length = 0;
  while (length < 32 && (bits & 0x80000000U >> length) != 0) ++length;
  return Addresses{{range_of({.address = address, .length = length})}};
}

}  // namespace sluice::filter
