#pragma once
// The questions of docs/queries.md, which is part of the program. Pure functions; any thread.
#include <string>
#include <string_view>
#include <vector>

#include "query/parameters.hpp"
#include "sluice/util/result.hpp"

namespace sluice::query {

struct Parameter {
  Placeholder placeholder;
  std::string fallback;  ///< its value where none is given
  std::string meaning;   ///< may be empty where the document explains it once for all
};

struct Question {
  unsigned number = 0;
  std::string title;
  std::string sql;
  std::string reading;  ///< how to read the answer
  std::vector<Parameter> parameters;
};

/// docs/queries.md as it was when the program was built.
std::string document();

/// The document's questions, or the first thing that is wrong with it, with its line. A question is
///
///     ## 7. Title
///     ```sql
///     SELECT ...
///     ```
///     Read it: one paragraph.
///
///     Parameters: `from=to-1h`, `port=53` (the port)
///
/// numbered from 1 without a gap; its parameters are exactly those of its SQL, each with a default that fits.
Result<std::vector<Question>, std::string> parse_questions(std::string_view text);

}  // namespace sluice::query
