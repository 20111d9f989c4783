#pragma once
// A filter as a condition in ClickHouse's SQL over flows_raw. No text of a user's stands in it: every value
// is a parameter that is bound, and names and functions come from the table of quantities. Any thread.
#include <map>
#include <string>

#include "filter/expression.hpp"

namespace sluice::filter {

struct Sql {
  std::string condition;                          ///< in brackets where it has operators
  std::map<std::string, std::string> parameters;  ///< values of its {name:Type}, unescaped
};

/// What the quantity is of a row: a number, an address, a text or a list. What is absent is 0.
std::string value_sql(const Quantity& quantity);

/// Parameters are named PREFIX0, PREFIX1 and so on.
Sql to_sql(const Expression& expression, const std::string& prefix = "filter_");

}  // namespace sluice::filter
