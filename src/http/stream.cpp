#include "http/stream.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

namespace sluice::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = boost::asio::ssl;

namespace {

constexpr std::size_t kPiece = 1U << 16;

/// Whatever lies below: reads and writes, and tells of what has moved, a write's parts one by one.
template <class Layer>
class MovingStream : public Stream {
 public:
  template <class... From>
  explicit MovingStream(From&&... from) : layer_(std::forward<From>(from)...) {}

  void read_some(asio::mutable_buffer to, Sized done) override {
    layer_.async_read_some(to, [this, done = std::move(done)](const Error& error, std::size_t size) {
      moved(size);
      done(error, size);
    });
  }
  void write(const Pieces& from, Done done) override {
    const auto go_on = [this, before = std::size_t{0}](const Error& error, std::size_t gone) mutable {
      moved(gone - std::exchange(before, gone));
      return error ? 0 : kPiece;
    };
    asio::async_write(layer_, from, go_on,
                      [done = std::move(done)](const Error& error, std::size_t) { done(error); });
  }

 protected:
  Layer layer_;
};

class PlainStream : public MovingStream<beast::tcp_stream> {
 public:
  explicit PlainStream(beast::tcp_stream tcp) : MovingStream(std::move(tcp)) {}

  beast::tcp_stream& tcp() override { return layer_; }
  ssl_st* tls() override { return nullptr; }
  void handshake(Done done) override { done({}); }
  void end_sending(Done done) override {
    Error error;
    layer_.socket().shutdown(Socket::shutdown_send, error);
    done(error);
  }
};

class TlsStream : public MovingStream<ssl::stream<beast::tcp_stream>> {
 public:
  TlsStream(beast::tcp_stream tcp, TlsContext context, Side side)
      : MovingStream(std::move(tcp), *context), context_(std::move(context)), side_(side) {}

  beast::tcp_stream& tcp() override { return layer_.next_layer(); }
  ssl_st* tls() override { return layer_.native_handle(); }
  void handshake(Done done) override {
    layer_.async_handshake(side_ == Side::server ? ssl::stream_base::server : ssl::stream_base::client,
                           std::move(done));
  }
  void end_sending(Done done) override { layer_.async_shutdown(std::move(done)); }

 private:
  const TlsContext context_;
  const Side side_;
};

int reason(const Error& error) { return ERR_GET_REASON(static_cast<unsigned long>(error.value())); }

}  // namespace

std::unique_ptr<Stream> plain_stream(beast::tcp_stream tcp) {
  return std::make_unique<PlainStream>(std::move(tcp));
}

std::unique_ptr<Stream> tls_stream(beast::tcp_stream tcp, const TlsContext& context, Side side) {
  return std::make_unique<TlsStream>(std::move(tcp), context, side);
}

bool expect_name(ssl_st* tls, const std::string& host) {
  ::SSL_set_verify(tls, SSL_VERIFY_PEER, nullptr);
  X509_VERIFY_PARAM* const wanted = ::SSL_get0_param(tls);
  if (::X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1) return true;
  ::ERR_clear_error();
  ::X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // The name goes along in the clear, so that a server of many names shows the right certificate.
  return ::X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
         ::SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
}

bool is_end(const Error& error) { return error == asio::error::eof || error == ssl::error::stream_truncated; }

bool is_tls(const Error& error) {
  return error.category() == asio::error::get_ssl_category() ||
         error.category() == ssl::error::get_stream_category();
}

bool is_plain_http(const Error& error) {
  return error.category() == asio::error::get_ssl_category() && reason(error) == SSL_R_HTTP_REQUEST;
}

template <bool isRequest>
void feed(Stream& stream, beast::flat_buffer& buffer, beast::http::basic_parser<isRequest>& parser,
          const std::function<bool()>& enough, Stream::Done done) {
  while (!enough()) {
    if (buffer.size() > 0) {
      Error error;
      buffer.consume(parser.put(buffer.data(), error));
      if (!error || error == beast::http::error::need_buffer) continue;
      if (error != beast::http::error::need_more) return done(error);
    }
    stream.read_some(buffer.prepare(kPiece), [&stream, &buffer, &parser, enough, done = std::move(done)](
                                                 Error error, std::size_t size) mutable {
      buffer.commit(size);
      if (error && is_end(error)) {
        if (!parser.got_some()) return done(beast::http::error::end_of_stream);
        Error broken;
        parser.put_eof(broken);
        // Without TLS's own end an answer that goes on until the end may have been cut off by anybody.
        return done(!broken && error == ssl::error::stream_truncated ? error : broken);
      }
      if (error) return done(error);
      feed(stream, buffer, parser, enough, std::move(done));
    });
    return;
  }
  done({});
}

template void feed<true>(Stream&, beast::flat_buffer&, beast::http::basic_parser<true>&,
                         const std::function<bool()>&, Stream::Done);
template void feed<false>(Stream&, beast::flat_buffer&, beast::http::basic_parser<false>&,
                          const std::function<bool()>&, Stream::Done);

}  // namespace sluice::http
