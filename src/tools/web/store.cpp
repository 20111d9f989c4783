#include "web/store.hpp"

namespace sluice::web {
namespace {

constexpr const char* kRows = "JSONCompactEachRow";
constexpr std::chrono::seconds kBeyond{
    15};  ///< the store ends a statement by itself; this is for one that hangs
constexpr std::chrono::seconds kShort{2};

}  // namespace

Or<std::vector<json>> rows_of(std::string_view text) {
  std::vector<json> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    json row = json::parse(text.substr(0, end), nullptr, false);
    if (row.is_discarded() || !row.is_array())
      return failure(ApiError{.status = 503,
                              .code = "store_refused",
                              .text = "the store's answer is no row of JSON",
                              .more = json::object()});
    out.push_back(std::move(row));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Or<query::Cost> Store::ask(const Statement& statement, const std::string& id, const std::string& format,
                           bool as_it_comes, const query::Take& take) const {
  const query::Request request{
      .sql = statement.sql,
      .database = access_.database,
      .format = format,
      .parameters = statement.parameters,
      .settings = {{"readonly", "1"},
                   {"log_comment", id},
                   {"max_execution_time", std::to_string(access_.limits.time.count())},
                   {"max_memory_usage", std::to_string(access_.limits.memory)},
                   {"output_format_json_quote_64bit_integers", "0"},
                   {"output_format_json_validate_utf8", "1"}},
      .as_it_comes = as_it_comes,
      .limit = as_it_comes ? std::nullopt
                           : std::optional<std::chrono::milliseconds>(access_.limits.time + kBeyond)};
  const auto answered = query::ask(access_.url, access_.login, request, take, access_.trust);
  if (!answered) return failure(of_problem(answered.error()));
  return *answered;
}

Or<std::vector<json>> Store::rows(const Statement& statement, const std::string& id) const {
  std::string text;
  const auto take = [&](std::string_view, std::string_view piece) {
    text += piece;
    return true;
  };
  if (auto asked = ask(statement, id, kRows, false, take); !asked) return failure(asked.error());
  return rows_of(text);
}

std::optional<Progress> Store::progress(const std::string& id) const {
  const query::Request request{
      .sql =
          "SELECT read_rows, total_rows_approx FROM system.processes WHERE Settings['log_comment'] = "
          "{id:String}",
      .format = kRows,
      .parameters = {{"id", id}},
      .settings = {{"readonly", "1"}, {"output_format_json_quote_64bit_integers", "0"}},
      .limit = kShort};
  std::string text;
  const auto take = [&](std::string_view, std::string_view piece) {
    text += piece;
    return true;
  };
  if (!query::ask(access_.url, access_.login, request, take, access_.trust)) return std::nullopt;
  const auto rows = rows_of(text);
  if (!rows || rows->empty() || rows->front().size() != 2) return std::nullopt;
  return Progress{rows->front()[0].get<std::uint64_t>(), rows->front()[1].get<std::uint64_t>()};
}

void Store::stop(const std::string& id) const {
  const query::Request request{.sql = "KILL QUERY WHERE Settings['log_comment'] = {id:String} ASYNC",
                               .format = kRows,
                               .parameters = {{"id", id}},
                               .limit = kShort};
  (void)query::ask(access_.url, access_.login, request, [](auto, auto) { return true; }, access_.trust);
}

}  // namespace sluice::web
