#include "web/error.hpp"

namespace sluice::web {
namespace {

struct Known {
  int code;  ///< ClickHouse's
  unsigned status;
  std::string_view word;
  std::string_view advice;
};
constexpr Known kKnown[] = {
    {159, 503, "time_limit", "; a shorter range or a coarser table takes less (web.query.time is the limit)"},
    {241, 503, "memory_limit",
     "; fewer dimensions or a shorter range take less (web.query.memory is the limit)"},
    {394, 503, "cancelled", ""},
    {60, 503, "store_refused", "; deploy/clickhouse/apply.sh makes the tables of Sluice"},
    {81, 503, "store_refused", "; deploy/clickhouse/apply.sh makes the tables of Sluice"},
    {516, 503, "store_refused", "; web.clickhouse.user and web.clickhouse.password_file say who asks"},
    {194, 503, "store_refused", "; web.clickhouse.user and web.clickhouse.password_file say who asks"},
    {497, 503, "store_refused", "; docs/web.md has the rights that the user needs"},
    {164, 503, "store_refused", "; the profile of the user must not set readonly, see docs/web.md"},
};

}  // namespace

json to_json(const ApiError& error) {
  json inside = error.more;
  inside["code"] = error.code;
  inside["text"] = error.text;
  return {{"error", std::move(inside)}};
}

std::string line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

http::Response response(const ApiError& error) {
  return {.status = error.status,
          .content_type = "application/json",
          .body = line(to_json(error)),
          .headers = {}};
}

ApiError of_problem(const query::Problem& problem) {
  std::string text = problem.text;
  while (text.ends_with('.')) text.pop_back();
  if (problem.kind != query::Problem::Kind::refused)
    return {.status = 503,
            .code = "store_away",
            .text = "the store does not answer: " + text,
            .more = json::object()};
  for (const Known& known : kKnown)
    if (known.code == problem.code)
      return {.status = known.status,
              .code = std::string(known.word),
              .text = "the store says: " + text + std::string(known.advice),
              .more = {{"store_code", problem.code}}};
  return {.status = 503,
          .code = "store_refused",
          .text = "the store says: " + text,
          .more = {{"store_code", problem.code}}};
}

}  // namespace sluice::web
