#pragma once
// Asks a ClickHouse server, or what speaks its HTTP interface, one statement. Blocks the calling thread; any
// thread, no state is shared between calls.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "http/tls.hpp"
#include "http/url.hpp"

namespace sluice::query {

struct Login {
  std::string user = {};      ///< empty: the server's default user
  std::string password = {};  ///< never written anywhere but into the request
};

struct Request {
  std::string sql = {};
  std::string database = {};
  std::string format = {};  ///< of the answer, unless the statement names one itself
  std::map<std::string, std::string> parameters = {};  ///< values of the statement's {name:Type}, unescaped
  std::map<std::string, std::string> settings = {};    ///< of ClickHouse, for this statement
  /// The rows come as they are found; an error among them then comes behind them, in the answer.
  bool as_it_comes = false;
  /// Until the end of the answer; nothing: as long as the connection lives.
  std::optional<std::chrono::milliseconds> limit = std::nullopt;
};

/// Why there is no answer.
struct Problem {
  enum class Kind {
    unreachable,  ///< nobody to talk to, or the connection broke
    refused,      ///< ClickHouse gave an error
    strange,      ///< something answered that is not ClickHouse
    untrusted,    ///< TLS: the server's certificate is not to be believed
  };
  Kind kind = Kind::unreachable;
  int code = 0;           ///< ClickHouse's number of the error; 0 where it gave none
  std::string text = {};  ///< of one error; without the code before it and the server's version behind it
  std::string body =
      {};  ///< what came with a status that get() does not take, up to the end of its first line
};

/// Takes the answer piece by piece, with the name of the format it is in (what was asked for, or what the
/// statement named). False ends the reading, which is no problem.
using Take = std::function<bool(std::string_view format, std::string_view piece)>;

/// What an answer took, as far as the server tells it.
struct Cost {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

/// Waits some seconds for the connection, and for the answer as long as the request says.
Result<Cost, Problem> ask(const http::Url& server, const Login& login, const Request& request,
                          const Take& take, const http::Trust& trust = {});

/// A request to an HTTP server that is no ClickHouse.
struct Message {
  std::string method = "GET";
  std::string target = {};  ///< begins with a slash; goes behind the server's path
  std::string token = {};   ///< goes along as a bearer token; empty: none
  std::string body = {};    ///< JSON; empty: none
};

struct Reply {
  int status = 0;
  std::string body = {};
};

/// Whatever the status is, it is a Reply. Waits some seconds for the connection; an answer that is not whole
/// after `limit` is a Problem of kind `unreachable`.
Result<Reply, Problem> exchange(const http::Url& server, const Message& message,
                                const http::Trust& trust = {},
                                std::chrono::milliseconds limit = std::chrono::seconds(60));

/// The body of `target` at an HTTP server that is no ClickHouse: sluice's own API. A token goes along as a
/// bearer token. Any status but 200 is a Problem of kind `refused` with the status as its code; an answer
/// that is not whole after `limit` is one of kind `unreachable`.
Result<std::string, Problem> get(const http::Url& server, std::string_view target, const std::string& token,
                                 const http::Trust& trust = {},
                                 std::chrono::milliseconds limit = std::chrono::seconds(30));

/// "Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE) (version 24.8.1.1)" as a Problem.
Problem problem_of(std::string_view body, int code);

}  // namespace sluice::query
