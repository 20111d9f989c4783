#include "query/client.hpp"

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <limits>

#include "sluice/util/version.hpp"

namespace sluice::query {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::chrono::seconds kConnectTime{5};
// ClickHouse's longest errors repeat the statement; what is longer than this is none.
constexpr std::size_t kLongestError = 256 * 1024;

using Parser = http::response_parser<http::buffer_body>;

/// Percent-encodes all but RFC 3986's unreserved characters.
void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

/// ClickHouse reads the values of parameters as fields of a TSV file.
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

std::string target_of(const Server& server, const Request& request) {
  // Without waiting for the end an error in the middle of an answer comes after a "200 OK" and looks like
  // data.
  std::string out = server.path + "?wait_end_of_query=1";
  const auto add = [&](std::string_view name, std::string_view value) {
    out += '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  };
  if (!request.database.empty()) add("database", request.database);
  if (!request.format.empty()) add("default_format", request.format);
  for (const auto& [name, value] : request.parameters) add("param_" + name, escaped(value));
  return out;
}

http::request<http::string_body> message_of(const Server& server, const Login& login,
                                            const Request& request) {
  http::request<http::string_body> message(http::verb::post, target_of(server, request), 11);
  message.set(http::field::host, server.authority());
  message.set(http::field::user_agent, "sluice/" + std::string(version().version));
  message.set(http::field::content_type, "text/plain; charset=UTF-8");
  message.set(http::field::connection, "close");
  if (!login.user.empty() || !login.password.empty()) {
    message.set("X-ClickHouse-User", login.user.empty() ? "default" : login.user);
    message.set("X-ClickHouse-Key", login.password);
  }
  message.body() = request.sql;
  message.prepare_payload();
  return message;
}

Problem unreachable(const Server& server, const beast::error_code& error) {
  return {.kind = Problem::Kind::unreachable,
          .text = "nothing answers at " + server.to_string() + " (" + error.message() + ")"};
}

Problem broken(const Server& server, const beast::error_code& error) {
  const bool http = error.category() == http::make_error_code(http::error::bad_version).category() &&
                    error != http::error::end_of_stream && error != http::error::partial_message;
  if (http)
    return {
        .kind = Problem::Kind::strange,
        .text = "what answers at " + server.to_string() + " does not speak HTTP (" + error.message() + ")"};
  return {.kind = Problem::Kind::unreachable,
          .text = "the connection to " + server.to_string() + " broke before the answer was complete (" +
                  error.message() + ")"};
}

Problem late(const Server& server, std::chrono::milliseconds limit) {
  return {
      .kind = Problem::Kind::unreachable,
      .text = "no answer from " + server.to_string() + " within " + std::to_string(limit.count()) + " ms"};
}

/// Of an HTTP server that is no ClickHouse.
Problem refusal(const Server& server, const Reply& reply) {
  return {.kind = Problem::Kind::refused,
          .code = reply.status,
          .text = "the answer of " + server.to_string() + " is status " + std::to_string(reply.status),
          .body = reply.body.substr(0, reply.body.find('\n'))};
}

/// A connection has a time limit, an answer has none: both on one stream.
beast::error_code connect(asio::io_context& io, beast::tcp_stream& stream, const Server& server) {
  beast::error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(server.host, server.port, error);
  if (error) return error;
  stream.expires_after(kConnectTime);
  stream.async_connect(found, [&](beast::error_code result, const tcp::endpoint&) { error = result; });
  io.run();
  return error;
}

std::string header(const Parser& parser, beast::string_view name) {
  const auto value = parser.get()[name];
  return {value.data(), value.size()};
}

/// Reads the body and hands out its pieces until `take` has enough.
template <class TakePiece>
beast::error_code read_body(tcp::socket& socket, beast::flat_buffer& buffer, Parser& parser, TakePiece take) {
  std::array<char, 64 * 1024> piece;
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    beast::error_code error;
    http::read(socket, buffer, parser, error);
    if (error && error != http::error::need_buffer) return error;
    const std::size_t got = piece.size() - parser.get().body().size;
    if (got != 0 && !take(std::string_view(piece.data(), got))) break;
  }
  return {};
}

/// What an answer other than 200 means.
Problem refusal(const Server& server, const Parser& parser, std::string_view body) {
  const std::string code_text = header(parser, "X-ClickHouse-Exception-Code");
  int code = 0;
  std::from_chars(code_text.data(), code_text.data() + code_text.size(), code);
  if (code != 0 || body.starts_with("Code: ")) return problem_of(body, code);
  std::string first(body.substr(0, body.find('\n')).substr(0, 200));
  return {.kind = Problem::Kind::strange,
          .text = "what answers at " + server.to_string() + " is no ClickHouse: status " +
                  std::to_string(parser.get().result_int()) + (first.empty() ? "" : ", \"" + first + '"')};
}

Result<void, Problem> read_answer(tcp::socket& socket, const Server& server, const Request& request,
                                  const Take& take) {
  beast::flat_buffer buffer;
  Parser parser;
  // Boost 1.74 takes "none" for a limit of nothing.
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  beast::error_code error;
  http::read_header(socket, buffer, parser, error);
  if (error) return failure(broken(server, error));
  if (parser.get().result() != http::status::ok) {
    std::string body;
    error = read_body(socket, buffer, parser, [&](std::string_view piece) {
      body += piece;
      return body.size() < kLongestError;
    });
    if (error) return failure(broken(server, error));
    return failure(refusal(server, parser, body));
  }
  std::string format = header(parser, "X-ClickHouse-Format");
  if (format.empty()) format = request.format;
  error = read_body(socket, buffer, parser, [&](std::string_view piece) { return take(format, piece); });
  if (error) return failure(broken(server, error));
  return {};
}

}  // namespace

Result<void, Problem> ask(const Server& server, const Login& login, const Request& request,
                          const Take& take) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  if (const auto error = connect(io, stream, server)) return failure(unreachable(server, error));
  beast::error_code error;
  http::write(stream.socket(), message_of(server, login, request), error);
  if (error) return failure(broken(server, error));
  return read_answer(stream.socket(), server, request, take);
}

Result<Reply, Problem> exchange(const Server& server, const Message& message,
                                std::chrono::milliseconds limit) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  if (const auto error = connect(io, stream, server)) return failure(unreachable(server, error));
  const std::string path =
      server.path.ends_with('/') ? server.path.substr(0, server.path.size() - 1) : server.path;
  http::request<http::string_body> request(http::string_to_verb(message.method), path + message.target, 11);
  request.set(http::field::host, server.authority());
  request.set(http::field::user_agent, "sluice/" + std::string(version().version));
  request.set(http::field::connection, "close");
  if (!message.token.empty()) request.set(http::field::authorization, "Bearer " + message.token);
  if (!message.body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = message.body;
  request.prepare_payload();
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  beast::error_code error;
  stream.expires_after(limit);  // which counts for asynchronous calls alone
  http::async_write(stream, request, [&](beast::error_code written, std::size_t) {
    error = written;
    if (!written)
      http::async_read(stream, buffer, parser, [&](beast::error_code read, std::size_t) { error = read; });
  });
  io.restart();
  io.run();
  if (error == beast::error::timeout) return failure(late(server, limit));
  if (error) return failure(broken(server, error));
  return Reply{.status = static_cast<int>(parser.get().result_int()), .body = std::move(parser.get().body())};
}

Result<std::string, Problem> get(const Server& server, std::string_view target, const std::string& token,
                                 std::chrono::milliseconds limit) {
  auto reply = exchange(server, {.target = std::string(target), .token = token}, limit);
  if (!reply) return failure(reply.error());
  if (reply->status != 200) return failure(refusal(server, *reply));
  return std::move(reply->body);
}

}  // namespace sluice::query
