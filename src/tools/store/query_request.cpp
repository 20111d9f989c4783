#include "store/query_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

#include "store/error_text.hpp"
#include "store/sql_text.hpp"

namespace sluice::store {
namespace {

// Parameters that are no settings. What follows after session_check is taken and has no effect.
constexpr std::array<std::string_view, 18> kReserved{"query",
                                                     "database",
                                                     "default_format",
                                                     "user",
                                                     "password",
                                                     "query_id",
                                                     "compress",
                                                     "decompress",
                                                     "wait_end_of_query",
                                                     "session_id",
                                                     "session_timeout",
                                                     "session_check",
                                                     "quota_key",
                                                     "role",
                                                     "stacktrace",
                                                     "close_session",
                                                     "client_protocol_version",
                                                     "buffer_size"};

constexpr unsigned kLongestSession = 3600;  // as a server's max_session_timeout

std::string random_uuid() {
  static constexpr std::string_view kForm = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string out(kForm);
  for (char& c : out)
    if (c == 'x') c = "0123456789abcdef"[random() % 16];
  return out;
}

bool is_setting_name(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") ==
             std::string_view::npos;
}

bool is_on(std::string_view value) {
  return value == "1" || value == "true" || value == "yes" || value == "on";
}

Result<void, EngineError> read_session(const Form& form, QueryRequest& out) {
  out.session_id = form.get("session_id");
  out.session_check = is_on(form.get("session_check"));
  const std::string timeout = form.get("session_timeout");
  if (timeout.empty()) return {};
  const auto [end, error] =
      std::from_chars(timeout.data(), timeout.data() + timeout.size(), out.session_timeout);
  if (error != std::errc() || end != timeout.data() + timeout.size() || out.session_timeout > kLongestSession)
    return failure(error_text(code::kInvalidSessionTimeout,
                              "session_timeout '" + timeout + "' is no number of seconds from 0 to 3600"));
  return {};
}

Result<void, EngineError> read_settings(const Form& form, QueryRequest& out) {
  constexpr std::string_view kParameter = "param_";
  for (const auto& [name, value] : form.all()) {
    if (std::ranges::find(kReserved, std::string_view(name)) != kReserved.end()) continue;
    if (name.starts_with(kParameter)) {
      out.parameters.push_back({name.substr(kParameter.size()), value});
    } else if (is_setting_name(name)) {
      if (name == "readonly" && out.readonly) continue;  // it is already, and cannot be less
      out.settings.emplace_back(name, value);
    } else {
      return failure(error_text(code::kUnknownSetting, "Unknown setting '" + name + "'"));
    }
  }
  return {};
}

}  // namespace

Result<QueryRequest, EngineError> read_query_request(const Exchange& exchange, const Form& form) {
  QueryRequest out;
  out.query_id = form.get("query_id");
  if (out.query_id.empty()) out.query_id = random_uuid();
  out.statement = form.get("query");
  out.database = form.get("database");
  if (out.database.empty()) out.database = exchange.header("X-ClickHouse-Database");
  if (const std::string format = form.get("default_format"); !format.empty())
    out.format = format;
  else if (const std::string_view header = exchange.header("X-ClickHouse-Format"); !header.empty())
    out.format = header;
  out.readonly = exchange.method() != "POST";
  out.whole = is_on(form.get("wait_end_of_query"));
  if (is_on(form.get("enable_http_compression")))
    out.answer_coding = choose_coding(exchange.header("Accept-Encoding"));
  out.in_blocks = {.body = is_on(form.get("decompress")), .answer = is_on(form.get("compress"))};
  if (exchange.header("Content-Type").starts_with("multipart/"))
    return failure(error_text(code::kNotImplemented,
                              "bodies of several parts (external tables) are not known here; use a temporary "
                              "table in a session"));
  if (auto session = read_session(form, out); !session) return failure(session.error());
  if (auto settings = read_settings(form, out); !settings) return failure(settings.error());
  return out;
}

void QueryRequest::set_unless_said(std::string_view name, std::string_view value) {
  const auto said = [&](const auto& setting) { return setting.first == name; };
  if (std::ranges::none_of(settings, said)) settings.emplace_back(name, value);
}

std::string set_statement(const QueryRequest& request, bool readonly) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    out += (out.empty() ? "SET " : ", ") + std::string(name) + " = " + quoted(value);
  };
  for (const auto& [name, value] : request.settings) add(name, value);
  if (readonly) add("readonly", "1");
  return out;
}

}  // namespace sluice::store
