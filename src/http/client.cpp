#include "http/client.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

#include "http/stream.hpp"
#include "sluice/util/version.hpp"
#include "util/one_line.hpp"

namespace sluice::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

namespace {

using Parser = bhttp::response_parser<bhttp::buffer_body>;
using Kind = Trouble::Kind;

constexpr std::chrono::milliseconds kAskAgain{100};  // whether it is given up

Trouble trouble(Kind kind, std::string text) { return {.kind = kind, .text = std::move(text)}; }

std::string head_of(const Url& url, const Call& call) {
  const bool joint = url.path.ends_with('/') && call.target.starts_with('/');
  bhttp::request<bhttp::empty_body> head;
  head.method_string(call.method);
  head.target(url.path.substr(0, url.path.size() - (joint ? 1 : 0)) + call.target);
  head.version(11);
  head.set(bhttp::field::host, url.authority());
  head.set(bhttp::field::user_agent, "sluice/" + std::string(version().version));
  for (const auto& [name, value] : call.headers) head.set(name, one_line(value));
  head.set(bhttp::field::connection, "close");
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT")
    head.set(bhttp::field::content_length, std::to_string(call.body.size()));
  std::ostringstream out;
  out << head.base();
  return std::move(out).str();
}

Trouble untrusted(const Url& url, long verdict) {
  const std::string certificate = "the certificate of " + url.to_string();
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return trouble(Kind::bad_certificate, certificate + " has expired");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return trouble(Kind::bad_certificate, certificate + " is not valid yet");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return trouble(Kind::bad_certificate, certificate + " is made out to another name than " + url.host);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return trouble(Kind::unknown_authority, certificate + " is signed by nobody who is trusted here (" +
                                                  ::X509_verify_cert_error_string(verdict) + ")");
    default:
      return trouble(Kind::bad_certificate,
                     certificate + " is not accepted (" + ::X509_verify_cert_error_string(verdict) + ")");
  }
}

/// One call. Asynchronous operations, of which each is waited for: only those have deadlines.
class Conversation {
 public:
  Conversation(const Url& url, const Patience& patience, const Trust& trust)
      : url_(url), patience_(patience), trust_(trust) {
    // Boost 1.74 takes "none" for a limit of nothing.
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  Result<AnswerHead, Trouble> hold(const Call& call, const TakePiece& take) {
    if (auto done = connect(); !done) return failure(done.error());
    if (patience_.answer)
      stream_->tcp().expires_after(*patience_.answer);
    else
      stream_->tcp().expires_never();
    if (const Error error = send(call)) return failure(broken(error));
    // There is no body behind the head of what HEAD asks for, whatever its length says.
    parser_.skip(call.method == "HEAD");
    if (const Error error = advance([this] { return parser_.is_header_done(); }))
      return failure(broken(error));
    const AnswerHead head = answer_head();
    std::array<char, 64 * 1024> piece;
    while (!parser_.is_done()) {
      auto& body = parser_.get().body();
      body.data = piece.data();
      body.size = piece.size();
      body.more = true;
      const Error error = advance([&] { return parser_.is_done() || body.size == 0; });
      if (error) return failure(broken(error));
      const std::size_t got = piece.size() - body.size;
      if (got != 0 && !take(head, {piece.data(), got})) break;
    }
    return head;
  }

 private:
  /// Runs what `start` begins on `tcp` until it calls what it was given.
  template <class Start>
  Error wait(beast::tcp_stream& tcp, Start start) {
    Error result;
    start([&](Error error) { result = error; });
    io_.restart();
    while (patience_.give_up && !gave_up_ && !io_.stopped()) {
      gave_up_ = patience_.give_up();
      if (gave_up_)
        tcp.close();
      else
        io_.run_for(kAskAgain);
    }
    io_.run();
    return result;
  }

  Error advance(const std::function<bool()>& enough) {
    return wait(stream_->tcp(),
                [&](Stream::Done done) { feed<false>(*stream_, buffer_, parser_, enough, std::move(done)); });
  }

  Error send(const Call& call) {
    const std::string head = head_of(url_, call);
    return wait(stream_->tcp(), [&](Stream::Done done) {
      stream_->write({asio::buffer(head), asio::buffer(call.body)}, std::move(done));
    });
  }

  Result<void, Trouble> connect() {
    TlsContext context;
    if (url_.tls) {
      auto trusted = trust_.context();
      if (!trusted) return failure(trouble(Kind::unknown_authority, trusted.error()));
      context = std::move(*trusted);
    }
    Error error;
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(url_.host, url_.port, error);
    if (error) return failure(unreachable(error));
    beast::tcp_stream tcp(io_);
    tcp.expires_after(patience_.connect);
    error = wait(tcp, [&](Stream::Done done) {
      tcp.async_connect(found,
                        [done = std::move(done)](Error result, const tcp::endpoint&) { done(result); });
    });
    if (error) return failure(unreachable(error));
    stream_ = url_.tls ? tls_stream(std::move(tcp), context, Side::client) : plain_stream(std::move(tcp));
    return url_.tls ? shake_hands() : Result<void, Trouble>();
  }

  Result<void, Trouble> shake_hands() {
    if (!expect_name(stream_->tls(), url_.host))
      return failure(trouble(Kind::bad_certificate, url_.host + " is no name that a certificate can have"));
    stream_->tcp().expires_after(patience_.connect);
    const Error error = wait(stream_->tcp(), [&](Stream::Done done) { stream_->handshake(std::move(done)); });
    if (!error) return {};
    if (gave_up_) return failure(given_up());
    if (const long verdict = ::SSL_get_verify_result(stream_->tls()); verdict != X509_V_OK)
      return failure(untrusted(url_, verdict));
    if (is_tls(error) && !is_end(error))
      return failure(trouble(Kind::strange, "what answers at " + url_.to_string() + " does not speak TLS (" +
                                                error.message() + "); is it http://?"));
    return failure(trouble(Kind::unreachable, "the connection to " + url_.to_string() +
                                                  " broke before TLS was agreed on (" + error.message() +
                                                  ")"));
  }

  AnswerHead answer_head() {
    AnswerHead head{.status = parser_.get().result_int(), .headers = {}};
    for (const auto& field : parser_.get())
      head.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    return head;
  }

  Trouble given_up() const {
    return trouble(Kind::given_up, "the answer of " + url_.to_string() + " was not waited for any longer");
  }

  Trouble unreachable(const Error& error) const {
    if (gave_up_) return given_up();
    return trouble(Kind::unreachable,
                   "nothing answers at " + url_.to_string() + " (" + error.message() + ")");
  }

  Trouble broken(const Error& error) const {
    const std::string where = url_.to_string();
    if (gave_up_) return given_up();
    if (error == beast::error::timeout && patience_.answer)
      return trouble(Kind::unreachable, "no answer from " + where + " within " +
                                            std::to_string(patience_.answer->count()) + " ms");
    if (!parser_.is_header_done() && speaks_tls())
      return trouble(Kind::strange, "what answers at " + where + " speaks TLS; is it https://?");
    const bool strange = error.category() == bhttp::make_error_code(bhttp::error::bad_version).category() &&
                         error != bhttp::error::end_of_stream && error != bhttp::error::partial_message;
    if (strange)
      return trouble(Kind::strange,
                     "what answers at " + where + " does not speak HTTP (" + error.message() + ")");
    return trouble(Kind::unreachable, "the connection to " + where +
                                          " broke before the answer was complete (" + error.message() + ")");
  }

  /// What cannot be parsed stays in the buffer: an alert is 21, a handshake 22, and then version 3.x follows.
  bool speaks_tls() const {
    const auto* const bytes = static_cast<const unsigned char*>(buffer_.data().data());
    return buffer_.size() >= 2 && (bytes[0] == 21 || bytes[0] == 22) && bytes[1] == 3;
  }

  const Url& url_;
  const Patience& patience_;
  const Trust& trust_;
  asio::io_context io_;
  std::unique_ptr<Stream> stream_;
  beast::flat_buffer buffer_;
  Parser parser_;
  bool gave_up_ = false;
};

}  // namespace

std::string_view AnswerHead::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& one) { return same_word(one.first, name); });
  return found == headers.end() ? std::string_view() : found->second;
}

Result<AnswerHead, Trouble> fetch(const Url& url, const Call& call, const TakePiece& take,
                                  const Patience& patience, const Trust& trust) {
  return Conversation(url, patience, trust).hold(call, take);
}

Result<Answer, Trouble> fetch_whole(const Url& url, const Call& call, const Patience& patience,
                                    const Trust& trust, std::uint64_t limit) {
  Answer answer;
  auto head = fetch(
      url, call,
      [&](const AnswerHead&, std::string_view piece) {
        answer.body += piece;
        return answer.body.size() <= limit;
      },
      patience, trust);
  if (!head) return failure(head.error());
  if (answer.body.size() > limit)
    return failure(trouble(Kind::too_large, "the answer of " + url.to_string() + " is larger than " +
                                                std::to_string(limit) + " bytes"));
  answer.head = std::move(*head);
  return answer;
}

}  // namespace sluice::http
