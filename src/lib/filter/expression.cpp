#include "filter/expression.hpp"

#include <algorithm>

namespace sluice::filter {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::uint64_t after(std::uint64_t value) { return value + 1; }
Address after(Address value) {
  for (auto it = value.rbegin(); it != value.rend(); ++it)
    if (++*it != 0) break;
  return value;
}
bool is_last(std::uint64_t value) { return value == ~std::uint64_t{0}; }
bool is_last(const Address& value) {
  return std::all_of(value.begin(), value.end(), [](std::uint8_t byte) { return byte == 0xff; });
}

template <class T>
void join(std::vector<Range<T>>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.low < b.low; });
  std::size_t kept = 0;
  for (const Range<T>& range : ranges) {
    if (kept > 0 && (is_last(ranges[kept - 1].high) || range.low <= after(ranges[kept - 1].high)))
      ranges[kept - 1].high = std::max(ranges[kept - 1].high, range.high);
    else
      ranges[kept++] = range;
  }
  ranges.resize(kept);
}

Expression joined(Expression::Kind kind, std::vector<Expression> parts) {
  Expression out;
  out.kind = kind;
  for (Expression& part : parts) {
    if (part.kind == kind)
      std::move(part.parts.begin(), part.parts.end(), std::back_inserter(out.parts));
    else
      out.parts.push_back(std::move(part));
  }
  if (out.parts.size() != 1) return out;
  Expression only = std::move(out.parts.front());
  return only;
}

}  // namespace

Address mapped(const IpAddress& address) {
  if (address.is_v6()) return address.bytes;
  Address out{};
  if (address.empty()) return out;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), out.begin());
  std::copy_n(address.bytes.begin(), 4, out.begin() + kMappedPrefix.size());
  return out;
}

IpAddress unmapped(const Address& address) { return IpAddress{.bytes = address, .size = 16}.unmapped(); }

Expression term(Term term) { return {.kind = Expression::Kind::term, .term = std::move(term), .parts = {}}; }

Expression negation(Expression of) {
  Expression out;
  out.kind = Expression::Kind::negation;
  out.parts.push_back(std::move(of));
  return out;
}

Expression all_of(std::vector<Expression> parts) {
  return joined(Expression::Kind::all_of, std::move(parts));
}
Expression any_of(std::vector<Expression> parts) {
  return joined(Expression::Kind::any_of, std::move(parts));
}

void normalize(std::vector<Range<std::uint64_t>>& ranges) { join(ranges); }
void normalize(std::vector<Range<Address>>& ranges) { join(ranges); }

}  // namespace sluice::filter
