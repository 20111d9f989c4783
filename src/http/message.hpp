#pragma once
// What is asked and what is answered, without its transport. Values; any thread.
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/flow/address.hpp"

namespace sluice::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What a handler is told. Borrows from the connection, as long as the request is being answered.
struct Request {
  std::string_view method = {};  ///< "GET"
  std::string_view path = {};    ///< without the query
  std::string_view query = {};   ///< after "?", still encoded; or empty
  IpAddress peer = {};           ///< v4-mapped already unmapped
  bool tls = false;              ///< it came encrypted
  std::string_view body = {};    ///< empty where it is read in pieces
  std::vector<std::pair<std::string_view, std::string_view>> fields = {};  ///< of the head

  /// The first header of that name, in whatever case; "" where there is none.
  std::string_view header(std::string_view name) const;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;  ///< further ones
};

/// Answers one request that was read whole. On the thread of the server's io_context, which it keeps from all
/// else meanwhile. What it throws becomes a 500.
using Handler = std::function<Response(const Request&)>;

/// {"error":"TEXT"} with that status.
Response error_response(unsigned status, std::string_view text);
/// A handler that chooses by path; any other path is a 404.
Handler by_path(std::map<std::string, Handler, std::less<>> routes);

/// ASCII letters in either case are the same.
bool same_word(std::string_view a, std::string_view b);
/// Percent-encodes all but RFC 3986's unreserved characters.
std::string percent_encoded(std::string_view text);

}  // namespace sluice::http
