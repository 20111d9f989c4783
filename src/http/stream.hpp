#pragma once
// A connected socket, plain or behind TLS, with a deadline for what is under way, and how parsers are fed
// from it. Private to this module. All on the thread of its io_context; what is under way keeps a stream's
// owner alive by what `done` holds.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <functional>
#include <memory>
#include <string>

#include "http/tls.hpp"

struct ssl_st;

namespace sluice::http {

using Error = boost::system::error_code;
using Socket = boost::asio::ip::tcp::socket;

class Stream {
 public:
  using Sized = std::function<void(Error, std::size_t)>;
  using Done = std::function<void(Error)>;
  virtual ~Stream() = default;

  /// Deadlines, closing, and the socket.
  virtual boost::beast::tcp_stream& tcp() = 0;
  /// Null where there is no TLS.
  virtual ssl_st* tls() = 0;
  /// For TLS; else done at once.
  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer to, Sized done) = 0;
  /// All of them; whoever calls keeps the bytes until it is done.
  using Pieces = std::array<boost::asio::const_buffer, 3>;
  virtual void write(const Pieces& from, Done done) = 0;
  /// Tells the other side that nothing more comes.
  virtual void end_sending(Done done) = 0;

  /// `call` is told whenever bytes have come or gone, and how many.
  void on_moved(std::function<void(std::size_t)> call) { moved_ = std::move(call); }

 protected:
  void moved(std::size_t bytes) const {
    if (bytes > 0 && moved_) moved_(bytes);
  }

 private:
  std::function<void(std::size_t)> moved_;
};

std::unique_ptr<Stream> plain_stream(boost::beast::tcp_stream tcp);
enum class Side { client, server };
std::unique_ptr<Stream> tls_stream(boost::beast::tcp_stream tcp, const TlsContext& context, Side side);
/// Who a client's stream is to talk to. False: `host` cannot be a name or an address.
bool expect_name(ssl_st* tls, const std::string& host);

/// Whether the other side ended the connection, in whichever way.
bool is_end(const Error& error);
/// Whether a handshake failed since the other side speaks plain HTTP.
bool is_plain_http(const Error& error);
/// Whether the error comes from TLS rather than from the network.
bool is_tls(const Error& error);

/// Feeds `parser` from the buffer, and that from the stream, until `enough` or an error. What ends within a
/// message is http::error::partial_message, and before one http::error::end_of_stream.
template <bool isRequest>
void feed(Stream& stream, boost::beast::flat_buffer& buffer,
          boost::beast::http::basic_parser<isRequest>& parser, const std::function<bool()>& enough,
          Stream::Done done);
extern template void feed<true>(Stream&, boost::beast::flat_buffer&, boost::beast::http::basic_parser<true>&,
                                const std::function<bool()>&, Stream::Done);
extern template void feed<false>(Stream&, boost::beast::flat_buffer&,
                                 boost::beast::http::basic_parser<false>&, const std::function<bool()>&,
                                 Stream::Done);

}  // namespace sluice::http
