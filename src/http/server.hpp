#pragma once
// The HTTP/1.1 server: limits, deadlines, TLS where it has a certificate. Two forms share all but who
// answers: Server calls a Handler on an io_context of its owner, StreamServer a StreamHandler on threads of
// its own.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "flow/endpoint.hpp"
#include "http/access.hpp"
#include "http/counts.hpp"
#include "http/exchange.hpp"
#include "http/message.hpp"
#include "http/tls.hpp"
#include "sluice/util/result.hpp"

namespace sluice::http {

struct Limits {
  std::uint32_t head = 8192;  ///< bytes of a request's head; more is a 431
  /// Bytes of a request's body; more is a 413. Nothing: no limit, for handlers that read it in pieces.
  std::optional<std::uint64_t> body = 16384;
  /// One more ends the one that has waited for its client for the longest, the idle ones first. Where none
  /// waits, since handlers are at work for all or answers under way, it is answered 503, unless it asks for
  /// health.
  unsigned connections = 64;
  /// The same for the connections of one address, or of one /64 of IPv6. 0: as many as there are.
  unsigned per_client = 0;
  /// A connection that has waited for its client for less is not ended while another has for longer.
  std::chrono::milliseconds fresh{250};
  /// No connection is ended sooner after it came, the time included that it had to wait for its place.
  std::chrono::milliseconds heard{40};
  /// Nor is one that takes its answer, or sends a body that is read in pieces, while a kilobyte of it moved
  /// within this time.
  std::chrono::milliseconds moving{1000};
};

/// What a body that is read in pieces may be late by: so long at first, and then so many bytes for each
/// second that its client was waited for.
struct Pace {
  std::chrono::milliseconds at_first{30000};
  std::uint64_t bytes_per_second = 1024;
};

/// What takes longer ends the connection. Each counts from the end of what was before it.
struct Deadlines {
  using Time = std::chrono::milliseconds;
  Time idle{10000};    ///< until the first byte of a request; a TLS handshake has as long
  Time head{10000};    ///< from there until the head is whole
  Time body{10000};    ///< until the body is whole; where it is read in pieces, until the next is there
  Time answer{10000};  ///< until the client has taken the answer; where it is written in pieces, the next
  /// Idle time, head and body together; nothing: no limit besides theirs. A TLS handshake has its own.
  std::optional<Time> request = std::nullopt;
  std::optional<Pace> pace = std::nullopt;  ///< nothing: a byte now and then will do
};

/// What the server answers by itself.
enum class Fault {
  not_http,         ///< 400; the text is what is wrong
  head_too_large,   ///< 431
  body_too_large,   ///< 413
  handler_threw,    ///< 500; the text is the exception's
  too_many,         ///< 503: as many connections as allowed
  plain_where_tls,  ///< 400, in plain text on a port that speaks TLS
  not_allowed,      ///< 403: connections of that address are not taken; the text is the address
  foreign_host,     ///< 421: asked by a name that is none of the listener's; the text is the Host header
  foreign_page,     ///< 403: a page of another site asks
  no_token,         ///< 401: the token that is demanded was not sent
};

/// {"error":"..."} in the words of this module; `hosts_setting` as in Access.
Response fault_response(Fault fault, std::string_view text, std::string_view hosts_setting = {});

struct Options {
  Endpoint at;          ///< port 0: the kernel chooses
  std::string purpose;  ///< "metrics", for "cannot listen on ... for metrics"; empty: not said
  std::string advice;   ///< what to do then: "set metrics.listen"; empty: not said
  Limits limits;
  Deadlines deadlines;
  std::optional<Identity> tls;  ///< nothing: plain HTTP
  /// Addresses are looked at as soon as a connection is there, before anything is read of it or a handshake
  /// begun; all else as soon as the head is there, before the body is read. What is refused ends its
  /// connection.
  Access access;
  /// Asked then too, of what has access. A response refuses the request and ends the connection. Empty: all
  /// are welcome. On the io_context's thread.
  std::function<std::optional<Response>(const Request& head)> admit_request;
  /// Paths that are answered also by connections beyond the limit.
  std::vector<std::string> health;

  std::function<Response(Fault fault, std::string_view text, std::string_view hosts_setting)> fault =
      fault_response;
  /// For Server: any other is a 405.
  std::vector<std::string> methods = {"GET", "HEAD"};
  /// For Server: with each answer.
  Headers headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  /// For Server: bodies of answers from this size on go gzipped to clients that take it. Nothing: never.
  std::optional<std::size_t> gzip_from = std::nullopt;
};

/// Why nobody can listen there.
struct ListenRefusal {
  int error = 0;         ///< errno
  std::string sentence;  ///< for the user
};

/// What a server with these options would be refused when it starts. Nobody can connect meanwhile, and
/// whoever listens there is not disturbed.
std::optional<ListenRefusal> try_out(const Options& options);

class Listener;

/// Belongs to the thread that runs the io_context, handlers included.
class Server {
 public:
  /// Listens at once and answers as soon as the io_context runs. The error is a sentence for the user. The
  /// io_context outlives the server.
  static Result<std::unique_ptr<Server>, std::string> start(boost::asio::io_context& io, Options options,
                                                            Handler handler);
  /// Closes the listener and all connections.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  /// Access, TLS, limits and deadlines of these, for connections and requests from now on.
  void change(Options next);
  Counts<HttpCount> counts() const;  ///< any thread, while the server lives

 private:
  explicit Server(std::shared_ptr<Listener> listener);
  std::shared_ptr<Listener> listener_;
};

/// Made and destroyed on any thread.
class StreamServer {
 public:
  /// Listens at once; nothing is answered before run(). The error is a sentence for the user.
  static Result<std::unique_ptr<StreamServer>, std::string> listen(Options options);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  std::uint16_t port() const;
  Counts<HttpCount> counts() const;  ///< any thread
  /// Answers until `stop` is requested; then takes nothing new, ends who is idle, waits up to `grace` for
  /// what is under way, calls `hurry` to end that, closes after another `grace` what is left, and returns
  /// when all handlers have. To be called once; `hurry` is called on a thread of its own.
  void run(StreamHandler handler, const std::stop_token& stop, std::chrono::milliseconds grace,
           std::function<void()> hurry);

 private:
  struct Parts;
  explicit StreamServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::http
