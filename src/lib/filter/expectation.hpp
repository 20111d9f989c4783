#pragma once
// What may follow a filter's text: what the parser tried where it ended. For completion. Any thread.
#include <string_view>
#include <vector>

#include "filter/quantity.hpp"

namespace sluice::filter {

struct Expectation {
  enum class What : unsigned char {
    condition,   ///< a whole condition begins
    sided,       ///< what src or dst goes with
    comparison,  ///< an operator; of `quantity`, as the next
    value,
    joint  ///< and, or, or the end
  };
  What what = What::condition;
  const Quantity* quantity = nullptr;
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// Empty where the text is wrong before its end, unless that is to be passed over as errors_in() does.
std::vector<Expectation> expectations(std::string_view text, bool past_errors = false);

}  // namespace sluice::filter
