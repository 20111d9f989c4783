#include "web/service.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "http/credentials.hpp"
#include "sluice/util/version.hpp"
#include "web/check.hpp"
#include "web/export.hpp"
#include "web/nfdump.hpp"

namespace sluice::web {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t kLargestBody = 1U << 18;
constexpr std::size_t kCacheBytes = 64U << 20, kTicketBytes = 1000, kSessionBytes = 10'000;
constexpr seconds kOpenRange{5}, kClosedRange{600}, kTicketLives{60}, kSessionLives{30 * 86400};
constexpr seconds kSettled{600};  ///< what ended so long ago changes no more
constexpr std::string_view kCookie = "sluice_session";
constexpr std::string_view kQueries = "/api/v1/queries/", kExports = "/api/v1/export/", kApi = "/api/";

sys_seconds now() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

http::Headers headers_of(std::string content_type) {
  return {{"Content-Type", std::move(content_type)},
          {"Cache-Control", "no-store"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"}};
}

void respond(http::Exchange& exchange, const ApiError& error, http::Headers more = {}) {
  http::Headers headers = headers_of("application/json");
  headers.insert(headers.end(), more.begin(), more.end());
  exchange.respond(error.status, headers, line(to_json(error)));
}
void respond(http::Exchange& exchange, const json& body) {
  exchange.respond(200, headers_of("application/json"), line(body));
}

ApiError refusal(unsigned status, std::string code, std::string text) {
  return {.status = status, .code = std::move(code), .text = std::move(text), .more = json::object()};
}

/// The value of a cookie, or "".
std::string_view cookie(const http::Request& request, std::string_view name) {
  std::string_view all = request.header("Cookie");
  while (!all.empty()) {
    const std::size_t end = std::min(all.find(';'), all.size());
    std::string_view one = all.substr(0, end);
    all.remove_prefix(std::min(end + 1, all.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) return one.substr(name.size() + 1);
  }
  return "";
}

Or<json> body_of(http::Exchange& exchange) {
  const std::string_view type = exchange.request().header("Content-Type");
  if (!http::same_word(type.substr(0, type.find(';')), "application/json"))
    return failure(refusal(415, "json", "the body must be JSON, and Content-Type say so: application/json"));
  std::string text;
  char piece[8192];
  while (true) {
    const auto got = exchange.read(piece, sizeof(piece));
    if (!got) return failure(refusal(400, "json", "the body did not come: " + got.error()));
    if (*got == 0) break;
    text.append(piece, *got);
    if (text.size() > kLargestBody) return failure(refusal(413, "json", "the body is larger than 256 KiB"));
  }
  json out = json::parse(text, nullptr, false);
  if (!out.is_object()) return failure(refusal(400, "json", "the body is no JSON object"));
  return out;
}

Or<std::string> text_in(const json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || !found->is_string())
    return failure(ApiError{
        .status = 400, .code = "value", .text = std::string(key) + " wants a text", .more = {{"key", key}}});
  return found->get<std::string>();
}

Or<View> view_in(const json& body, const char* key, View otherwise) {
  const std::string text = body.contains(key) && body[key].is_string() ? body[key].get<std::string>() : "";
  if (text.empty() && !body.contains(key)) return otherwise;
  if (text == "series") return View::series;
  if (text == "table") return View::table;
  if (text == "flows") return View::flows;
  return failure(ApiError{.status = 400,
                          .code = "value",
                          .text = std::string(key) + " wants series, table or flows",
                          .more = {{"key", key}}});
}

ApiError too_costly(const Plan& plan) {
  const auto millions = static_cast<double>(plan.rows) / 1e6;
  return {.status = 400,
          .code = "costly",
          .text = "this reads some " + std::to_string(static_cast<std::uint64_t>(millions)) +
                  " million rows of " + plan.table + ", about " +
                  std::to_string(static_cast<std::uint64_t>(plan.seconds)) +
                  " s; a shorter range takes less, or confirm it",
          .more = {{"rows", plan.rows}, {"seconds", plan.seconds}}};
}

json end_line(const Asking& asking, bool cached) {
  json sql = json::array();
  for (const Statement& one : asking.statements())
    sql.push_back({{"text", one.sql}, {"parameters", one.parameters}});
  return {{"end",
           {{"rows_read", asking.cost().rows},
            {"bytes_read", asking.cost().bytes},
            {"ms", asking.taken().count()},
            {"cached", cached},
            {"sql", std::move(sql)}}}};
}

/// What makes two questions the same: all that the answer depends on, with the rounded range.
std::string cache_key(const json& body, const Plan& plan, View view) {
  json key = body;
  for (const char* one : {"id", "fresh", "costly", "tz"}) key.erase(one);
  if (view != View::flows) {
    key["from"] = plan.from.time_since_epoch().count();
    key["to"] = plan.to.time_since_epoch().count();
  }
  return std::to_string(static_cast<int>(view)) + key.dump();
}

}  // namespace

Service::Service(ServiceOptions options)
    : options_(std::move(options)),
      store_(options_.store),
      collectors_(options_.collectors),
      tables_(store_),
      page_(options_.page),
      running_(options_.at_once),
      cache_(kCacheBytes),
      tickets_(kTicketBytes),
      sessions_(kSessionBytes) {}

std::span<const Service::Route> Service::routes() {
  static constexpr Route table[] = {
      {"GET", "/healthz", &Service::health},
      {"POST", "/api/v1/login", &Service::login},
      {"GET", "/api/v1/meta", &Service::meta},
      {"POST", "/api/v1/filter/check", &Service::check},
      {"POST", "/api/v1/filter/complete", &Service::complete},
      {"POST", "/api/v1/filter/nfdump", &Service::nfdump},
      {"POST", "/api/v1/plan", &Service::plan},
      {"POST", "/api/v1/series", &Service::series},
      {"POST", "/api/v1/table", &Service::table},
      {"POST", "/api/v1/flows", &Service::flows},
      {"POST", "/api/v1/export", &Service::prepare_export},
  };
  return table;
}

bool Service::knows(const http::Request& request) {
  if (options_.token.empty()) return true;
  if (http::same_secret(http::bearer_token(request.header("Authorization")), options_.token)) return true;
  const std::string_view session = cookie(request, kCookie);
  return !session.empty() && sessions_.find(std::string(session));
}

void Service::answer(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const std::string_view path = request.path;
  const bool read = request.method == "GET" || request.method == "HEAD";
  if (read)
    if (auto page = page_.answer(path, request.header("Accept-Encoding"))) {
      http::Headers headers{{"Content-Type", page->content_type},
                            {"X-Content-Type-Options", "nosniff"},
                            {"X-Frame-Options", "DENY"},
                            {"Referrer-Policy", "no-referrer"},
                            {"Cross-Origin-Opener-Policy", "same-origin"},
                            {"Cross-Origin-Resource-Policy", "same-origin"}};
      headers.insert(headers.end(), page->headers.begin(), page->headers.end());
      return exchange.respond(page->status, headers, page->body);
    }
  if (read && path == "/favicon.ico") return exchange.respond(204, {}, "");
  const bool open = path == "/healthz" || path == "/api/v1/login" || !path.starts_with(kApi);
  if (!open && !knows(request))
    return respond(
        exchange,
        refusal(401, "token",
                "a token is needed: send \"Authorization: Bearer\" and the token of web.token_file"),
        {{"WWW-Authenticate", "Bearer"}});
  if (request.method == "DELETE" && path.starts_with(kQueries))
    return end_query(exchange, path.substr(kQueries.size()));
  if (read && path.starts_with(kExports)) return take_export(exchange, path.substr(kExports.size()));
  route(exchange, path);
}

void Service::route(http::Exchange& exchange, std::string_view path) {
  std::string allowed;
  for (const Route& one : routes()) {
    if (one.path != path) continue;
    const std::string_view method = exchange.request().method == "HEAD" ? "GET" : exchange.request().method;
    if (one.method != method) {
      allowed = one.method;
      continue;
    }
    if (method == "GET") return (this->*one.answer)(exchange, {});
    const auto body = body_of(exchange);
    return body ? (this->*one.answer)(exchange, *body) : respond(exchange, body.error());
  }
  if (!allowed.empty())
    return respond(exchange, refusal(405, "not_found", "only " + allowed + " is answered here"),
                   {{"Allow", allowed}});
  respond(exchange, refusal(404, "not_found", "there is nothing at this path"));
}

void Service::health(http::Exchange& exchange, const json&) {
  exchange.respond(200, headers_of("text/plain; charset=utf-8"), "ok\n");
}

void Service::login(http::Exchange& exchange, const json& body) {
  const auto token = text_in(body, "token");
  if (!token) return respond(exchange, token.error());
  if (!options_.token.empty() && !http::same_secret(*token, options_.token))
    return respond(exchange, refusal(401, "token", "this is not the token of web.token_file"));
  std::string session = random_text(24);
  sessions_.put(session, true, 1, kSessionLives);
  http::Headers headers = headers_of("text/plain; charset=utf-8");
  headers.emplace_back(
      "Set-Cookie", std::string(kCookie) + "=" + session + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                        std::to_string(kSessionLives.count()) + (exchange.request().tls ? "; Secure" : ""));
  exchange.respond(204, headers, "");
}

void Service::meta(http::Exchange& exchange, const json&) {
  json out = *tables_.names();
  out.erase("ok");
  out.erase("ases");  // for completion alone
  out["version"] = version().version;
  out["now"] = static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count()) /
               1000;
  out["fields"] = fields_json();
  out.update(words_json());
  out["tables"] = tables_json(*tables_.sizes());
  out["limits"] = {{"series", kMostSeries},
                   {"points", kMostPoints},
                   {"least_points", kLeastPoints},
                   {"columns", kMostColumns},
                   {"rows", options_.rows},
                   {"export_rows", options_.export_rows},
                   {"seconds", options_.store.limits.time.count()}};
  out["collectors"] = collectors_.states();
  respond(exchange, out);
}

void Service::check(http::Exchange& exchange, const json& body) {
  const auto text = text_in(body, "text");
  if (!text) return respond(exchange, text.error());
  respond(exchange, check_filter(*text));
}

void Service::complete(http::Exchange& exchange, const json& body) {
  const auto text = text_in(body, "text");
  if (!text) return respond(exchange, text.error());
  const json cursor = body.value("cursor", json(text->size()));
  if (!cursor.is_number_unsigned())
    return respond(exchange, ApiError{.status = 400,
                                      .code = "value",
                                      .text = "cursor wants a whole number",
                                      .more = {{"key", "cursor"}}});
  respond(exchange, complete_filter(*text, cursor.get<std::size_t>(), *tables_.names()));
}

void Service::nfdump(http::Exchange& exchange, const json& body) {
  if (body.contains("command")) {
    const auto command = text_in(body, "command");
    if (!command) return respond(exchange, command.error());
    const auto question = question_of_command(*command);
    return question ? respond(exchange, *question) : respond(exchange, question.error());
  }
  const auto view = view_in(body, "view", View::table);
  if (!view) return respond(exchange, view.error());
  const auto question = read_question(body.value("query", json::object()), *view, now(), {options_.rows});
  if (!question) return respond(exchange, question.error());
  respond(exchange, json{{"command", nfdump_command(*question)}, {"warnings", json::array()}});
}

Or<Service::Asked> Service::asked(const json& body, View view) {
  const sys_seconds time = now();
  auto question = read_question(body, view, time, {options_.rows});
  if (!question) return failure(question.error());
  auto made = make_plan(*question, time, *tables_.sizes(), options_.ask_above);
  if (!made) return failure(made.error());
  return Asked{std::move(*question), std::move(*made)};
}

void Service::plan(http::Exchange& exchange, const json& body) {
  const auto view = view_in(body, "for", View::series);
  if (!view) return respond(exchange, view.error());
  const auto one = asked(body, *view);
  if (!one) return respond(exchange, one.error());
  const Statement first = *view == View::series  ? series_statement(one->question, one->plan, {}, {})
                          : *view == View::table ? table_statement(one->question, one->plan)
                                                 : flows_statement(one->question, one->plan, std::nullopt);
  respond(exchange, plan_json(one->question, one->plan, one->question.id, {first}));
}

void Service::stream(http::Exchange& exchange, const json& body, View view, Make make, bool keep) {
  auto one = asked(body, view);
  if (!one) return respond(exchange, one.error());
  if (one->plan.costly && !one->question.costly) return respond(exchange, too_costly(one->plan));
  const auto place = running_.enter(one->question.id);
  if (!place) return respond(exchange, place.error());
  exchange.begin(200, headers_of("application/x-ndjson"));
  exchange.write(line(plan_json(one->question, one->plan, place->name(), {})));
  Asking asking(store_, running_, *place, exchange, true);
  const std::string key = cache_key(body, one->plan, view);
  std::optional<Lines> lines;
  if (keep && !one->question.fresh) lines = cache_.find(key);
  const bool cached = lines.has_value();
  if (!cached) {
    const auto sizes = tables_.sizes();
    auto made = make(one->question, one->plan, asking, {store_, collectors_, *sizes, now()});
    if (!made) {
      exchange.write(line(to_json(made.error())));
      exchange.end();
      return;
    }
    lines = std::move(*made);
  }
  std::string text;
  for (const json& one_line : *lines) text += line(one_line);
  if (!cached && keep)
    cache_.put(key, *lines, 2 * text.size(), one->plan.to + kSettled < now() ? kClosedRange : kOpenRange);
  exchange.write(text);
  exchange.write(line(end_line(asking, cached)));
  exchange.end();
}

void Service::series(http::Exchange& exchange, const json& body) {
  stream(exchange, body, View::series, series_answer, true);
}
void Service::table(http::Exchange& exchange, const json& body) {
  stream(exchange, body, View::table, table_answer, true);
}

namespace {

Or<Lines> flow_lines(const Question& question, const Plan& plan, Asking& asking, const Surroundings&) {
  auto page = flows_answer(question, plan, asking);
  if (!page) return failure(page.error());
  page->lines.push_back({{"page",
                          {{"more", page->next.has_value()},
                           {"cursor", page->next ? json(cursor_text(*page->next)) : json()}}}});
  return std::move(page->lines);
}

}  // namespace

void Service::flows(http::Exchange& exchange, const json& body) {
  stream(exchange, body, View::flows, flow_lines, false);
}

void Service::end_query(http::Exchange& exchange, std::string_view id) {
  if (running_.end(std::string(id))) return exchange.respond(204, {}, "");
  respond(exchange, refusal(404, "not_found", "no question of this id is being answered"));
}

void Service::prepare_export(http::Exchange& exchange, const json& body) {
  const auto format = export_format(exchange.request().query);
  if (!format) return respond(exchange, format.error());
  const auto view = view_in(body, "what", View::flows);
  if (!view) return respond(exchange, view.error());
  const auto one = asked(body, *view);
  if (!one) return respond(exchange, one.error());
  if (one->plan.costly && !one->question.costly) return respond(exchange, too_costly(one->plan));
  std::string ticket = random_text(18);
  tickets_.put(ticket, {body, std::string(format->name)}, 1, kTicketLives);
  respond(exchange,
          json{{"href", std::string(kExports) + ticket}, {"file", export_file(*view, *format, one->plan)}});
}

void Service::take_export(http::Exchange& exchange, std::string_view ticket) {
  const auto kept = tickets_.take(std::string(ticket));
  if (!kept)
    return respond(exchange,
                   refusal(404, "not_found", "this export was taken, or its link is too old; ask again"));
  const ExportFormat& format = *find_export_format(kept->format);
  const auto view = view_in(kept->body, "what", View::flows);
  auto one = asked(kept->body, *view);
  if (!one) return respond(exchange, one.error());
  const auto place = running_.enter("");
  if (!place) return respond(exchange, place.error());
  const json rows = kept->body.value("rows", json(options_.export_rows));
  const std::uint64_t most = rows.is_number_unsigned()
                                 ? std::min(rows.get<std::uint64_t>(), options_.export_rows)
                                 : options_.export_rows;
  Asking asking(store_, running_, *place, exchange, false);
  http::Headers headers = headers_of(std::string(format.content_type));
  headers.emplace_back("Content-Disposition",
                       "attachment; filename=\"" + export_file(*view, format, one->plan) + "\"");
  bool begun = false;
  const auto passed = asking.pass(export_statement(one->question, one->plan, most),
                                  std::string(format.clickhouse), [&](std::string_view piece) {
                                    if (!std::exchange(begun, true)) exchange.begin(200, headers);
                                    return exchange.write(piece);
                                  });
  // Cut off where it did not come whole: a browser then says that the download failed.
  if (!passed && !begun) return respond(exchange, passed.error());
  if (!passed) return;
  if (!begun) return exchange.respond(200, headers, "");
  exchange.end();
}

}  // namespace sluice::web
