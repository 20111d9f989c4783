#pragma once
// One request and its answer for a handler that may block: it reads the body in pieces and answers in pieces.
#include <cstddef>
#include <functional>

#include "http/message.hpp"
#include "sluice/util/result.hpp"

namespace sluice::http {

/// Of the thread that the handler was called on, until it returns. Calls wait for the client, up to the
/// server's deadlines. Once the client is gone all of them fail at once.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// The head; its body is empty.
  virtual const Request& request() const = 0;

  /// The next piece of the body, 1 to `size` bytes; 0: that was all. The error is why there is no more:
  /// "partial message". A client that waits to be told to send is told so by the first call.
  virtual Result<std::size_t, std::string> read(char* to, std::size_t size) = 0;

  /// The whole answer. Content-Length, Connection and Server are the server's own. For HEAD the body is not
  /// sent.
  virtual void respond(unsigned status, const Headers& headers, std::string_view body) = 0;
  /// An answer in pieces: begin, write as often as there is something, end. write and end return false once
  /// the client is gone. Without end() the client sees that the answer was cut off.
  virtual void begin(unsigned status, const Headers& headers) = 0;
  virtual bool write(std::string_view piece) = 0;
  virtual bool end() = 0;

  /// Whether the client has ended its side of the connection, which is what one that gave up looks like.
  /// Asked at a moment of the handler's choice while it has nothing to write. After a body that was not read
  /// to its end, or with another request behind this one, it cannot be told and is false.
  virtual bool client_gone() = 0;
  /// Has `call` called once, on another thread of the server's, as soon as that is so while the handler does
  /// something else than read and write. An empty one takes it back, and waits where it is being called; so
  /// does the end of the handler.
  virtual void when_gone(std::function<void()> call) = 0;
};

/// Called on a thread of the server's own, by many at once. What it throws before an answer began becomes a
/// 500, and after that cuts the answer off.
using StreamHandler = std::function<void(Exchange&)>;

}  // namespace sluice::http
