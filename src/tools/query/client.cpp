#include "query/client.hpp"

#include <algorithm>
#include <charconv>

#include "http/client.hpp"
#include "query/parameters.hpp"

namespace sluice::query {
namespace {

// ClickHouse's longest errors repeat the statement; what is longer than this is none.
constexpr std::size_t kLongestError = 256 * 1024;

/// ClickHouse reads the values of parameters as fields of a TSV file, those of arrays as they stand in SQL.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\0':
        out += "\\0";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string target_of(const Request& request) {
  // Without waiting for the end an error in the middle of an answer comes after a "200 OK" and looks like
  // data.
  std::string out = request.as_it_comes ? "?wait_end_of_query=0" : "?wait_end_of_query=1";
  const auto add = [&](std::string_view name, std::string_view value) {
    out += '&' + http::percent_encoded(name) + '=' + http::percent_encoded(value);
  };
  if (!request.database.empty()) add("database", request.database);
  if (!request.format.empty()) add("default_format", request.format);
  for (const auto& [name, value] : request.settings) add(name, value);
  const std::vector<Placeholder> wanted = placeholders(request.sql);
  for (const auto& [name, value] : request.parameters) {
    const auto place = std::ranges::find(wanted, name, &Placeholder::name);
    const bool array = place != wanted.end() && place->type.starts_with("Array(");
    add("param_" + name, array ? value : escaped(value));
  }
  return out;
}

http::Call call_of(const Login& login, const Request& request) {
  http::Call call{.method = "POST",
                  .target = target_of(request),
                  .headers = {{"Content-Type", "text/plain; charset=UTF-8"}},
                  .body = request.sql};
  if (login.user.empty() && login.password.empty()) return call;
  call.headers.emplace_back("X-ClickHouse-User", login.user.empty() ? "default" : login.user);
  call.headers.emplace_back("X-ClickHouse-Key", login.password);
  return call;
}

Problem of_trouble(const http::Trouble& trouble) {
  using From = http::Trouble::Kind;
  switch (trouble.kind) {
    case From::unreachable:
    case From::given_up:  // of nobody who asks here
      break;
    case From::unknown_authority:
      return {.kind = Problem::Kind::untrusted,
              .text = trouble.text + "; --ca-file names a file with the authority that did"};
    case From::bad_certificate:
      return {.kind = Problem::Kind::untrusted, .text = trouble.text};
    case From::strange:
    case From::too_large:
      return {.kind = Problem::Kind::strange, .text = trouble.text};
  }
  return {.kind = Problem::Kind::unreachable, .text = trouble.text};
}

/// Of an HTTP server that is no ClickHouse.
Problem refusal(const http::Url& server, const Reply& reply) {
  return {.kind = Problem::Kind::refused,
          .code = reply.status,
          .text = "the answer of " + server.to_string() + " is status " + std::to_string(reply.status),
          .body = reply.body.substr(0, reply.body.find('\n'))};
}

/// What an answer other than 200 means.
Problem refusal(const http::Url& server, const http::AnswerHead& head, std::string_view body) {
  const std::string_view code_text = head.header("X-ClickHouse-Exception-Code");
  int code = 0;
  std::from_chars(code_text.data(), code_text.data() + code_text.size(), code);
  if (code != 0 || body.starts_with("Code: ")) return problem_of(body, code);
  std::string first(body.substr(0, body.find('\n')).substr(0, 200));
  return {.kind = Problem::Kind::strange,
          .text = "what answers at " + server.to_string() + " is no ClickHouse: status " +
                  std::to_string(head.status) + (first.empty() ? "" : ", \"" + first + '"')};
}

/// The summary's numbers are texts.
Cost cost_of(std::string_view summary) {
  const auto number = [&](std::string_view name) {
    std::uint64_t out = 0;
    const std::size_t at = summary.find(name);
    if (at == std::string_view::npos) return out;
    const std::string_view rest = summary.substr(std::min(at + name.size(), summary.size()));
    std::from_chars(rest.data(), rest.data() + rest.size(), out);
    return out;
  };
  return {.rows = number("\"read_rows\":\""), .bytes = number("\"read_bytes\":\"")};
}

}  // namespace

Result<Cost, Problem> ask(const http::Url& server, const Login& login, const Request& request,
                          const Take& take, const http::Trust& trust) {
  std::string error;
  const auto head = http::fetch(
      server, call_of(login, request),
      [&](const http::AnswerHead& of, std::string_view piece) {
        if (of.status == 200) {
          const std::string_view format = of.header("X-ClickHouse-Format");
          return take(format.empty() ? request.format : format, piece);
        }
        error += piece;
        return error.size() < kLongestError;
      },
      {.answer = request.limit}, trust);
  if (!head) return failure(of_trouble(head.error()));
  if (head->status != 200) return failure(refusal(server, *head, error));
  return cost_of(head->header("X-ClickHouse-Summary"));
}

Result<Reply, Problem> exchange(const http::Url& server, const Message& message, const http::Trust& trust,
                                std::chrono::milliseconds limit) {
  http::Call call{.method = message.method, .target = message.target, .body = message.body};
  if (!message.token.empty()) call.headers.emplace_back("Authorization", "Bearer " + message.token);
  if (!message.body.empty()) call.headers.emplace_back("Content-Type", "application/json");
  auto answer = http::fetch_whole(server, call, {.answer = limit}, trust);
  if (!answer) return failure(of_trouble(answer.error()));
  return Reply{.status = static_cast<int>(answer->head.status), .body = std::move(answer->body)};
}

Result<std::string, Problem> get(const http::Url& server, std::string_view target, const std::string& token,
                                 const http::Trust& trust, std::chrono::milliseconds limit) {
  auto reply = exchange(server, {.target = std::string(target), .token = token}, trust, limit);
  if (!reply) return failure(reply.error());
  if (reply->status != 200) return failure(refusal(server, *reply));
  return std::move(reply->body);
}

}  // namespace sluice::query
