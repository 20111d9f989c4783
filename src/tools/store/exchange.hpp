#pragma once
// One request and its answer, as http::Exchange has them, with content codings. On the handler's thread.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "store/encoding.hpp"

namespace sluice::store {

using Headers = http::Headers;

/// What is wrong with a body: its coding is not known, it is damaged, or the client went away.
struct BodyError {
  unsigned status = 400;
  std::string sentence;
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual std::string_view method() const = 0;                       ///< "GET"
  virtual std::string_view path() const = 0;                         ///< without the query
  virtual std::string_view query() const = 0;                        ///< after "?", still encoded
  virtual std::string_view header(std::string_view name) const = 0;  ///< "" where it is not there

  /// The body, decoded. 0: that was all.
  virtual Result<std::size_t, BodyError> read(char* to, std::size_t size) = 0;

  /// The whole answer.
  virtual void respond(unsigned status, const Headers& headers, std::string_view body, Coding coding) = 0;
  /// An answer in pieces: begin, write as often as there is something, end. write and end return false once
  /// the client is gone. Without end() the client sees that the answer was cut off.
  virtual void begin(unsigned status, const Headers& headers, Coding coding) = 0;
  virtual bool write(std::string_view piece) = 0;
  virtual bool end() = 0;
  /// The last words of an answer that does not come to its end.
  virtual void cut_off(std::string_view last_words) = 0;

  /// As http::Exchange has it.
  virtual void when_gone(std::function<void()> call) = 0;
};

/// The exchange of a connection, which outlives it.
std::unique_ptr<Exchange> coded(http::Exchange& raw);

}  // namespace sluice::store
