#pragma once
// A small HTTP/1.1 server for a few readers: metrics, health, the API. It runs on the io_context it is given,
// handlers included, and belongs to that thread.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/util/result.hpp"

namespace sluice::api {

/// What a handler is told. Borrows from the connection for the duration of the call.
struct Request {
  std::string_view path;           ///< without the query
  std::string_view query;          ///< after "?", or empty
  std::string_view authorization;  ///< the header of that name, or empty
  IpAddress peer;                  ///< v4-mapped already unmapped
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< further ones
};

/// Answers GET; for HEAD the server sends what it answers without the body. What it throws becomes a 500.
using Handler = std::function<Response(const Request&)>;

/// {"error":"TEXT"} with that status.
Response error_response(unsigned status, std::string_view text);
/// A handler that chooses by path; any other path is a 404.
Handler by_path(std::map<std::string, Handler, std::less<>> routes);

struct HttpOptions {
  IpAddress address;
  std::uint16_t port = 0;           ///< 0: the kernel chooses
  std::string purpose;              ///< "metrics": for error texts, which name the setting "metrics.listen"
  std::uint32_t max_header = 8192;  ///< bytes of a request's head
  std::uint32_t max_body = 16384;   ///< bytes of a request's body, which is read and ignored
  unsigned max_connections = 64;    ///< one more is answered 503 and closed
  std::chrono::milliseconds timeout{
      10000};  ///< for a whole request, idle time before it included, and for its answer
};

class HttpServer {
 public:
  /// Listens at once and answers as soon as the io_context runs. The error is a sentence for the user. The
  /// io_context outlives the server.
  static Result<std::unique_ptr<HttpServer>, std::string> start(boost::asio::io_context& io,
                                                                const HttpOptions& options, Handler handler);
  /// Closes the listener and all connections.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

 private:
  class Core;
  explicit HttpServer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace sluice::api
