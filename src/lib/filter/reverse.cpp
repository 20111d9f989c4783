#include "filter/expression.hpp"

namespace sluice::filter {

Expression reverse(const Expression& expression) {
  Expression out = expression;
  if (out.kind == Expression::Kind::term) {
    out.term.quantity = reversed(*out.term.quantity);
    if (auto* other = std::get_if<Other>(&out.term.values)) other->quantity = reversed(*other->quantity);
  }
  for (Expression& part : out.parts) part = reverse(part);
  return out;
}

}  // namespace sluice::filter
