// What holds of every filter: its canonical text is read as the same tree, and no text whatever does harm.
#include <gtest/gtest.h>

#include <algorithm>

#include "filter/evaluate.hpp"
#include "filter/nouns.hpp"
#include "filter/parser.hpp"
#include "support/random_flow.hpp"

namespace sluice::filter::test {
namespace {

class RandomFilters {
 public:
  explicit RandomFilters(std::uint64_t seed) : random_(seed) {}

  Expression expression(unsigned depth) {
    switch (depth == 0 ? 5 : random_.below(6)) {
      case 0:
        return negation(expression(depth - 1));
      case 1:
        return all_of({expression(depth - 1), expression(depth - 1), expression(depth - 1)});
      case 2:
        return any_of({expression(depth - 1), expression(depth - 1)});
      case 3:
        return random_.chance(20) ? Expression{} : term(random_term());
      default:
        return term(random_term());
    }
  }

 private:
  Term random_term() {
    const auto all = quantities();
    const Quantity& quantity = all[random_.below(all.size())];
    Term out{.quantity = &quantity, .element = 0, .values = {}};
    if ((quantity.kind == Kind::numbers || quantity.kind == Kind::addresses) && random_.chance(50))
      out.element = static_cast<std::uint8_t>(1 + random_.below(255));
    if (quantity.kind == Kind::address || quantity.kind == Kind::addresses)
      out.values = addresses();
    else if (quantity.kind == Kind::text)
      out.values = texts();
    else
      out.values = numbers(quantity);
    return out;
  }

  Numbers numbers(const Quantity& quantity) {
    Numbers out;
    if (quantity.kind == Kind::flags && random_.chance(50)) {
      out.mask = random_.below(0x10000);
      const bool single = (out.mask & (out.mask - 1)) == 0;
      out.ranges = {{random_.chance(50) && !single ? 1 : out.mask, out.mask}};
      return out;
    }
    const auto value = [&] {
      return random_.number(64) % (quantity.greatest == ~0ULL ? ~0ULL : quantity.greatest + 1);
    };
    for (std::uint64_t n = 1 + random_.below(4); n > 0; --n) {
      const std::uint64_t a = value(), b = random_.chance(50) ? a : value();
      out.ranges.push_back({std::min(a, b), std::max(a, b)});
    }
    normalize(out.ranges);
    return out;
  }

  Addresses addresses() {
    Addresses out;
    for (std::uint64_t n = 1 + random_.below(4); n > 0; --n) {
      const Address a = mapped(random_.address()), b = random_.chance(50) ? a : mapped(random_.address());
      out.ranges.push_back({std::min(a, b), std::max(a, b)});
    }
    normalize(out.ranges);
    return out;
  }

  Texts texts() {
    constexpr const char* kSome[] = {"", "ae0.100", "to \"core\"", "it's", "a%b_c", "\xc3\xa9", "not"};
    Texts out{.texts = {kSome[random_.below(std::size(kSome))]}, .like = random_.chance(50)};
    if (!out.like) out.texts.emplace_back("zz");
    std::sort(out.texts.begin(), out.texts.end());
    return out;
  }

  sluice::test::RandomFlows random_;
};

TEST(Properties, CanonicalTextIsTheSameTree) {
  RandomFilters filters(1);
  for (int i = 0; i < 5000; ++i) {
    const Expression expression = filters.expression(4);
    const std::string text = to_text(expression);
    const auto again = parse(text);
    ASSERT_TRUE(again) << text << "\n" << describe(text, again.error());
    ASSERT_EQ(to_text(*again), text);
    ASSERT_EQ(*again, expression) << text;
  }
}

TEST(Properties, ReversingTwiceIsNothing) {
  RandomFilters filters(2);
  for (int i = 0; i < 1000; ++i) {
    const Expression expression = filters.expression(3);
    ASSERT_EQ(reverse(reverse(expression)), expression) << to_text(expression);
  }
}

/// Words of the language, operators and bytes, in any order.
TEST(Properties, NoTextDoesHarm) {
  sluice::test::RandomFlows random(3);
  constexpr std::string_view kPieces[] = {
      "(",  ")",  "[",    "]",    ",",  "/",  "and",  "or",  "not",       "!",      "src", "dst",
      "in", "=",  "<",    ">",    "<<", "..", "1..9", "80",  "192.0.2.1", "::",     "'",   "\"",
      "#",  "\n", "\xff", "\x80", "0x", "k",  "like", "has", "SA",        "label1", "@x",  "%"};
  std::size_t understood = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(12); n > 0; --n) {
      switch (random.below(3)) {
        case 0:
          text += nouns()[random.below(nouns().size())].phrase;
          break;
        case 1:
          text += quantities()[random.below(quantities().size())].name;
          break;
        default:
          text += kPieces[random.below(std::size(kPieces))];
      }
      if (random.chance(80)) text += ' ';
    }
    const auto parsed = parse(text);
    if (parsed) {
      ++understood;
      const auto again = parse(to_text(*parsed));
      ASSERT_TRUE(again) << text << " -> " << to_text(*parsed);
      ASSERT_EQ(*again, *parsed) << text;
    } else {
      ASSERT_LE(parsed.error().from, parsed.error().to) << text;
      ASSERT_LE(parsed.error().to, text.size()) << text;
      ASSERT_FALSE(parsed.error().text.empty()) << text;
    }
  }
  EXPECT_GT(understood, 1000U);
}

TEST(Properties, AFlowMatchesAFilterOrItsNegation) {
  RandomFilters filters(4);
  sluice::test::RandomFlows random(5);
  FlowBatch batch;
  random.fill(batch, 5, 200);
  for (int i = 0; i < 500; ++i) {
    const Expression expression = filters.expression(3), other = negation(expression);
    for (const FlowRecord& flow : batch.flows())
      ASSERT_NE(matches(expression, batch, flow), matches(other, batch, flow)) << to_text(expression);
  }
}

}  // namespace
}  // namespace sluice::filter::test
