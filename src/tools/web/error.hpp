#pragma once
// Why a question of the page has no answer, as the page is told it. A value.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "query/client.hpp"
#include "sluice/util/result.hpp"

namespace sluice::web {

using nlohmann::json;

struct ApiError {
  unsigned status = 400;
  std::string code;            ///< a word for programs: docs/api.md has all of them
  std::string text;            ///< one sentence for people
  json more = json::object();  ///< further members
};

template <class T>
using Or = Result<T, ApiError>;

/// {"error":{"code":..., "text":..., ...}}
json to_json(const ApiError& error);
/// Names come from exporters: what is no UTF-8 is replaced. Ends with a newline.
std::string line(const json& value);
http::Response response(const ApiError& error);

/// What the store said, or that it did not.
ApiError of_problem(const query::Problem& problem);

}  // namespace sluice::web
