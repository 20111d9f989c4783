#include "filter/parser.hpp"

#include <algorithm>

#include "filter/nouns.hpp"
#include "filter/values.hpp"

namespace sluice::filter {
namespace {

using MaybeExpression = std::optional<Expression>;

constexpr std::uint64_t kTcp = 6, kIcmp = 1, kIcmpv6 = 58, kEtypeIpv4 = 0x0800, kEtypeIpv6 = 0x86dd;

Expression number_is(std::string_view quantity, std::vector<Range<std::uint64_t>> ranges) {
  return term(
      {.quantity = find_quantity(quantity), .element = 0, .values = Numbers{.ranges = std::move(ranges)}});
}

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> out;
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    out.push_back(words.substr(0, space));
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  return out;
}

/// Which of a noun's quantities `src` and `dst` before it choose.
enum class Side { either, source, destination, both };

class Parser {
 public:
  explicit Parser(std::string_view text) : cursor_(text) {}

  std::vector<Expectation> expected(bool past_errors) {
    recovers_ = past_errors;
    (void)disjunction(0);
    return cursor_.expected();
  }

  std::vector<Error> errors() {
    recovers_ = true;
    if (cursor_.peek().kind == Token::Kind::end) return {};
    (void)disjunction(0);
    while (cursor_.peek().kind != Token::Kind::end) {
      cursor_.fail(cursor_.peek(), kMustFollow + shown(cursor_.peek()));
      if (!cursor_.recover()) break;
      if (cursor_.peek().is(")")) cursor_.take();
      cursor_.take_any({"and", "or", "&&", "||"});
      if (cursor_.peek().kind != Token::Kind::end) (void)disjunction(0);
    }
    return cursor_.all_errors();
  }

  Result<Expression, Error> run() {
    if (cursor_.peek().kind == Token::Kind::end) return Expression{};
    auto out = disjunction(0);
    if (out && cursor_.peek().kind != Token::Kind::end) {
      cursor_.fail(cursor_.peek(), kMustFollow + shown(cursor_.peek()));
      out.reset();
    }
    if (!out) return failure(*cursor_.error());
    return std::move(*out);
  }

 private:
  MaybeExpression disjunction(std::size_t depth) {
    std::vector<Expression> parts;
    do {
      auto part = conjunction(depth);
      if (!part) return std::nullopt;
      parts.push_back(std::move(*part));
    } while (cursor_.take_any({"or", "||"}));
    return any_of(std::move(parts));
  }

  MaybeExpression conjunction(std::size_t depth) {
    std::vector<Expression> parts;
    do {
      auto part = unary(depth);
      if (!part) return std::nullopt;
      parts.push_back(std::move(*part));
      cursor_.expect(Expectation::What::joint);
    } while (cursor_.take_any({"and", "&&"}));
    return all_of(std::move(parts));
  }

  /// Where what is wrong is only passed over, every flow stands for it.
  MaybeExpression unary(std::size_t depth) {
    auto out = condition(depth);
    if (!out && recovers_ && cursor_.recover()) return Expression{};
    return out;
  }

  MaybeExpression condition(std::size_t depth) {
    if (depth > kDeepest)
      return cursor_.fail(cursor_.peek(),
                          "more than " + std::to_string(kDeepest) + " brackets and nots within each other");
    const Token& at = cursor_.peek();
    if (cursor_.take_any({"not", "!"})) {
      negated_ = !negated_;
      auto part = unary(depth + 1);
      negated_ = !negated_;
      if (!part) return std::nullopt;
      return negation(std::move(*part));
    }
    if (!at.is("(")) return primary();
    const Token open = cursor_.take();
    auto inner = disjunction(depth + 1);
    if (!inner || !close(open, depth)) return std::nullopt;
    return inner;
  }

  /// Passes over the bracket's end, and over what is wrong before it where that is wanted.
  bool close(const Token& open, std::size_t depth) {
    while (!cursor_.peek().is(")")) {
      cursor_.fail(open, "this bracket is not closed: ) is missing before " + shown(cursor_.peek()));
      if (!recovers_ || !cursor_.recover()) return false;
      if (cursor_.peek().kind == Token::Kind::end) return true;
      if (cursor_.peek().is(")")) break;
      cursor_.take();
      if (!disjunction(depth + 1)) return false;
    }
    cursor_.take();
    return true;
  }

  MaybeExpression primary() {
    cursor_.expect(Expectation::What::condition);
    const Token at = cursor_.peek();
    if (at.kind == Token::Kind::open) return cursor_.fail(at, "this quote is not closed");
    if (at.kind != Token::Kind::word)
      return cursor_.fail(at, "a condition must stand here, not " + shown(at));
    const std::size_t before = side_words();
    if (const Noun* noun = noun_at(before)) return noun_term(*noun, before);
    if (before > 0 && cursor_.peek(before).kind == Token::Kind::end) {
      cursor_.skip(before);
      cursor_.expect(Expectation::What::sided);
    }
    if (before > 0)
      return cursor_.fail(cursor_.peek(before),
                          "after " + std::string(at.text) +
                              " comes what is compared: ip, net, port, as, if, mask, vlan, mac; not " +
                              shown(cursor_.peek(before)));
    if (const Quantity* quantity = find_quantity(at.text)) return field_term(*quantity);
    return bare(at);
  }

  /// How many tokens of `src`, `dst`, `src and dst` and the like come next, which side_ then tells.
  std::size_t side_words() {
    const bool source = cursor_.at_word("src"), destination = cursor_.at_word("dst");
    side_ = source ? Side::source : destination ? Side::destination : Side::either;
    if (!source && !destination) return 0;
    if (!cursor_.at_word(source ? "dst" : "src", 2)) return 1;
    if (cursor_.at_word("or", 1) || cursor_.peek(1).is("||")) return side_ = Side::either, 3;
    if (cursor_.at_word("and", 1) || cursor_.peek(1).is("&&")) return side_ = Side::both, 3;
    return 1;
  }

  /// The noun of the longest phrase that comes after `ahead` tokens.
  const Noun* noun_at(std::size_t ahead) {
    const Noun* best = nullptr;
    for (const Noun& noun : nouns()) {
      const std::size_t length = phrase_length(noun, ahead);
      if (length > 0 && (best == nullptr || length > phrase_)) best = &noun, phrase_ = length;
    }
    return best;
  }

  /// In tokens; 0 where the noun's phrase is not next.
  std::size_t phrase_length(const Noun& noun, std::size_t ahead) const {
    const auto words = split(noun.phrase);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const Token& token = cursor_.peek(ahead + i);
      if (token.kind != Token::Kind::word) return 0;
      const bool numbered = noun.meaning == Meaning::mpls_label && i + 1 == words.size();
      if (!same_word(numbered ? token.text.substr(0, words[i].size()) : token.text, words[i])) return 0;
    }
    return words.size();
  }

  MaybeExpression noun_term(const Noun& noun, std::size_t before) {
    const Token first = cursor_.peek(), last = cursor_.peek(before + phrase_ - 1);
    if (!noun.refusal.empty())
      return cursor_.fail(first.from, last.to, std::string(noun.phrase) + ": " + std::string(noun.refusal));
    const std::string_view names = side_ == Side::source        ? noun.source
                                   : side_ == Side::destination ? noun.destination
                                                                : noun.either;
    if (before > 0 && (names.empty() || noun.source.empty()))
      return cursor_.fail(first.from, last.to,
                          "there is no " + std::string(first.text) + " " + std::string(noun.phrase));
    cursor_.skip(before + phrase_);
    std::vector<const Quantity*> quantities;
    for (const std::string_view name : split(names)) quantities.push_back(find_quantity(name));
    return meant(noun, quantities, last);
  }

  MaybeExpression meant(const Noun& noun, const std::vector<const Quantity*>& quantities, const Token& word) {
    switch (noun.meaning) {
      case Meaning::everything:
        return Expression{};
      case Meaning::ipv4:
        return number_is("etype", {{kEtypeIpv4, kEtypeIpv4}});
      case Meaning::ipv6:
        return number_is("etype", {{kEtypeIpv6, kEtypeIpv6}});
      case Meaning::net:
        if (auto addresses = at_operator(cursor_) ? std::nullopt : parse_net(cursor_))
          return spread(quantities, 0, {.values = std::move(*addresses)});
        if (cursor_.error()) return std::nullopt;
        return compared(quantities, 0);
      case Meaning::flags:
        return flags(*quantities.front());
      case Meaning::icmp: {
        auto out = compared(quantities, 0);
        if (!out) return std::nullopt;
        return all_of({number_is("proto", {{kIcmp, kIcmp}, {kIcmpv6, kIcmpv6}}), std::move(*out)});
      }
      case Meaning::direction:
        return direction(quantities);
      case Meaning::mpls_label:
        return mpls_label(quantities, word);
      case Meaning::exporter:
        return exporter(quantities);
      case Meaning::values:
        break;
    }
    return compared(quantities, 0);
  }

  MaybeExpression compared(const std::vector<const Quantity*>& quantities, std::uint8_t element) {
    auto values = parse_values(cursor_, *quantities.front());
    if (!values) return std::nullopt;
    return spread(quantities, element, *values);
  }

  /// The same comparison for each quantity: of either, or of both.
  Expression spread(const std::vector<const Quantity*>& quantities, std::uint8_t element,
                    const Compared& values) const {
    Expression out;
    std::vector<Expression> parts;
    for (const Quantity* quantity : quantities)
      parts.push_back(term({.quantity = quantity, .element = element, .values = values.values}));
    out = side_ == Side::both ? all_of(std::move(parts)) : any_of(std::move(parts));
    if (values.never) out = negation(Expression{});
    return values.negated ? negation(std::move(out)) : out;
  }

  /// nfdump's flags are TCP's: letters ask for these bits at least, a number for all of them. Behind an odd
  /// number of `not`, letters ask for any of the bits, so that `not flags AFRPU` is none of them: that is how
  /// nfdump reads it, and what people mean who write `flags S and not flags AFRPU`.
  MaybeExpression flags(const Quantity& quantity) {
    std::optional<Compared> values;
    cursor_.expect(Expectation::What::value, &quantity);
    if (at_operator(cursor_)) {
      values = parse_values(cursor_, quantity);
    } else {
      const Token& token = cursor_.take();
      if (const auto bits = flags_of_letters(token.text))
        values = bits_of(*bits, negated_);
      else if (const auto number = parse_number(token.text); number && *number <= 0xff)
        values = Compared{.values = Numbers{.ranges = {{*number, *number}}}};
      else
        cursor_.fail(token, "flags wants letters of CEUAPRSF, or a number up to 255, not " + shown(token));
    }
    if (!values) return std::nullopt;
    return all_of({number_is("proto", {{kTcp, kTcp}}), spread({&quantity}, 0, *values)});
  }

  MaybeExpression direction(const std::vector<const Quantity*>& quantities) {
    const Token& token = cursor_.peek();
    const auto number = parse_number(token.text);
    if (token.kind != Token::Kind::word || !number) return compared(quantities, 0);
    if (*number > 1)
      return cursor_.fail(token, "flowdir wants 0 or ingress, 1 or egress, not " + shown(token));
    cursor_.take();
    return number_is("flow_direction", {{*number + 1, *number + 1}});
  }

  MaybeExpression mpls_label(const std::vector<const Quantity*>& quantities, const Token& word) {
    constexpr std::size_t kWord = std::string_view("label").size();
    constexpr std::uint64_t kMostLabels = 10;
    const auto number = parse_number(word.text.substr(kWord));
    if (!number || *number == 0 || *number > kMostLabels)
      return cursor_.fail(word, "mpls wants label1 to label10, not " + shown(word));
    return compared(quantities, static_cast<std::uint8_t>(*number));
  }

  MaybeExpression exporter(const std::vector<const Quantity*>& quantities) {
    const Token& token = cursor_.peek();
    const bool number = token.kind == Token::Kind::word && parse_number(token.text);
    if (number)
      return cursor_.fail(token, "nfdump numbers exporters by itself; write exporter ADDRESS or NAME");
    const bool address = at_operator(cursor_) || IpAddress::parse(token.text).has_value();
    return compared({quantities[address ? 0 : 1]}, 0);
  }

  /// `field op value`, with a place behind the name of a list.
  MaybeExpression field_term(const Quantity& quantity) {
    cursor_.take();
    std::uint64_t element = 0;
    if ((quantity.kind == Kind::numbers || quantity.kind == Kind::addresses) && cursor_.peek().is("[")) {
      cursor_.take();
      const Token place = cursor_.take();
      element = parse_number(place.text).value_or(0);
      if (element == 0 || element > 255 || !cursor_.peek().is("]"))
        return cursor_.fail(
            place, "behind a list's name comes the place of an element, such as [1], not " + shown(place));
      cursor_.take();
    }
    cursor_.expect(Expectation::What::comparison, &quantity);
    if (!at_operator(cursor_))
      return cursor_.fail(cursor_.peek(), "an operator such as = or in must follow " +
                                              std::string(quantity.name) + ", not " + shown(cursor_.peek()));
    side_ = Side::either;
    return compared({&quantity}, static_cast<std::uint8_t>(element));
  }

  /// A word by itself: an address, a prefix, an AS, a protocol.
  MaybeExpression bare(const Token& at) {
    static const std::vector<const Quantity*> kHosts = {find_quantity("src_addr"), find_quantity("dst_addr")};
    static const std::vector<const Quantity*> kAses = {find_quantity("src_as"), find_quantity("dst_as")};
    if (IpAddress::parse(at.text)) return compared(kHosts, 0);
    if (at.text.size() > 2 && same_word(at.text.substr(0, 2), "as") && parse_number(at.text.substr(2)))
      return compared(kAses, 0);
    if (const auto protocol = number_of_word("proto", at.text)) {
      cursor_.take();
      return number_is("proto", {{*protocol, *protocol}});
    }
    return cursor_.fail(at, unknown(at.text));
  }

  static std::string unknown(std::string_view word) {
    std::string out = "'" + std::string(word.substr(0, 40)) + "' is no field and no word of the filter";
    const std::size_t dot = word.find('.');
    if (dot == std::string_view::npos) return out;
    const std::string_view what = word.substr(dot + 1);  // "ip.addr" is Wireshark's
    if (what == "addr") out += "; write host";
    if (what == "port") out += "; write port";
    if (what == "src") out += "; write src host";
    if (what == "dst") out += "; write dst host";
    return out;
  }

  static constexpr const char* kMustFollow = "and, or, or the end must follow, not ";

  Cursor cursor_;
  bool recovers_ = false;
  Side side_ = Side::either;
  bool negated_ = false;    ///< within an odd number of negations
  std::size_t phrase_ = 0;  ///< tokens of the noun that was found last
};

}  // namespace

Result<Expression, Error> parse(std::string_view text) {
  if (text.size() > kLongestText)
    return failure(
        Error{kLongestText, text.size(), "a filter has at most " + std::to_string(kLongestText) + " bytes"});
  return Parser(text).run();
}

std::vector<Error> errors_in(std::string_view text) {
  if (text.size() <= kLongestText) return Parser(text).errors();
  return {parse(text).error()};
}

std::vector<Expectation> expectations(std::string_view text, bool past_errors) {
  return text.size() > kLongestText ? std::vector<Expectation>{} : Parser(text).expected(past_errors);
}

std::string describe(std::string_view text, const Error& error) {
  const std::string_view what = text.substr(std::min(error.from, text.size()), error.to - error.from);
  if (what.empty()) return "at the end of the filter: " + error.text;
  return "at character " + std::to_string(error.from + 1) + " of the filter: " + error.text;
}

}  // namespace sluice::filter
