#include "store/connection.hpp"

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

namespace sluice::store {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;

constexpr std::size_t kMaxHead = 1U << 20;  // a statement may stand in the URL
constexpr std::size_t kPiece = 1U << 16;
constexpr std::chrono::seconds kKeepAlive{30};  // for the next request to come, and to be whole
constexpr std::chrono::seconds kBodyWait{60};   // for each next piece of a body
constexpr std::chrono::seconds kWriteWait{60};  // for a client that does not read
constexpr std::chrono::seconds kLinger{1};
constexpr std::size_t kMaxDrain = 4U << 20;  // of a body nobody wanted

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }
beast::string_view beast_view(std::string_view text) { return {text.data(), text.size()}; }

class HttpExchange : public Exchange {
 public:
  HttpExchange(Channel& channel, beast::flat_buffer& buffer) : channel_(channel), buffer_(buffer) {
    parser_.header_limit(kMaxHead);
    // Boost 1.74 takes "none" for a limit of nothing.
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  error_code read_head() {
    error_code error;
    http::read_header(channel_, buffer_, parser_, error);
    if (error) return error;
    const std::string_view target = view(parser_.get().target());
    const std::size_t mark = target.find('?');
    path_ = target.substr(0, mark);
    query_ = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    return error;
  }

  std::string_view method() const override { return view(parser_.get().method_string()); }
  std::string_view path() const override { return path_; }
  std::string_view query() const override { return query_; }
  std::string_view header(std::string_view name) const override {
    return view(parser_.get()[beast_view(name)]);
  }

  Result<std::size_t, BodyError> read(char* to, std::size_t size) override {
    if (!body_begun_) {
      body_begun_ = true;
      const std::string_view coding = header("Content-Encoding");
      const auto known = parse_coding(coding);
      if (!known)
        return failure(BodyError{415, "Content-Encoding '" + std::string(coding) +
                                          "' is not known here, but " + std::string(known_codings())});
      decoder_ = make_decoder(*known);
      expect_continue();
    }
    return decoder_ == nullptr ? read_raw(to, size) : read_decoded(to, size);
  }

  void respond(unsigned status, const Headers& headers, std::string_view body, Coding coding) override {
    std::string encoded;
    if (const auto encoder = make_encoder(coding); encoder != nullptr && !body.empty()) {
      encoder->encode(body, encoded);
      encoder->finish(encoded);
      body = encoded;
    } else {
      coding = Coding::identity;
    }
    http::response<http::empty_body> head = head_of(status, headers, coding);
    head.content_length(body.size());
    send_head(head);
    if (!is_head()) send(body);
    answered_ = true;
  }

  void begin(unsigned status, const Headers& headers, Coding coding) override {
    encoder_ = make_encoder(coding);
    http::response<http::empty_body> head = head_of(status, headers, coding);
    // HTTP/1.0 knows no chunks: the end of the connection is the end of the answer.
    chunked_ = parser_.get().version() >= 11;
    if (chunked_) head.chunked(true);
    if (!chunked_) keep_alive_ = false;
    send_head(head);
  }

  bool write(std::string_view piece) override {
    if (encoder_ == nullptr) return send_chunk(piece);
    pending_.clear();
    encoder_->encode(piece, pending_);
    return send_chunk(pending_);
  }

  bool end() override {
    if (encoder_ != nullptr) {
      pending_.clear();
      encoder_->finish(pending_);
      send_chunk(pending_);
    }
    if (chunked_) send("0\r\n\r\n");
    answered_ = !failed_;
    return answered_;
  }

  /// True: the connection can go on with the next request.
  bool finish() {
    if (!answered_ || failed_ || !keep_alive_) return false;
    std::array<char, 4096> ignored{};
    for (std::size_t drained = 0; !parser_.is_done();) {
      if (waits_for_continue()) return false;  // the client was not told to send it
      const auto got = read_raw(ignored.data(), ignored.size());
      if (!got) return false;
      if (*got == 0) break;
      drained += *got;
      if (drained > kMaxDrain) return false;
    }
    return true;
  }
  bool begun() const { return begun_; }
  bool answered() const { return answered_; }
  void no_keep_alive() { keep_alive_ = false; }

 private:
  bool is_head() const { return parser_.get().method() == http::verb::head; }
  bool waits_for_continue() const {
    return !continued_ && beast::iequals(parser_.get()[http::field::expect], "100-continue");
  }

  void expect_continue() {
    if (!waits_for_continue()) return;
    continued_ = true;
    if (parser_.is_done() || buffer_.size() > 0) return;  // it is coming already
    send("HTTP/1.1 100 Continue\r\n\r\n");
  }

  Result<std::size_t, BodyError> read_raw(char* to, std::size_t size) {
    if (parser_.is_done()) return 0;
    channel_.expires_after(kBodyWait);
    parser_.get().body().data = to;
    parser_.get().body().size = size;
    parser_.get().body().more = true;
    error_code error;
    while (!parser_.is_done() && parser_.get().body().size == size && !error)
      http::read_some(channel_, buffer_, parser_, error);
    if (error && error != http::error::need_buffer) {
      keep_alive_ = false;
      return failure(BodyError{400, "the body of the request ended early: " + error.message()});
    }
    return size - parser_.get().body().size;
  }

  Result<std::size_t, BodyError> read_decoded(char* to, std::size_t size) {
    for (;;) {
      if (raw_.empty() && !raw_ended_) {
        const auto got = read_raw(raw_buffer_->data(), raw_buffer_->size());
        if (!got) return got;
        raw_ = std::string_view(raw_buffer_->data(), *got);
        raw_ended_ = *got == 0;
      }
      const auto step = decoder_->step(raw_, to, size);
      if (!step) return failure(BodyError{400, damaged(step.error())});
      raw_.remove_prefix(step->consumed);
      if (step->produced > 0) return step->produced;
      if (raw_ended_ && step->consumed == 0) break;
      if (!raw_.empty() && step->consumed == 0)
        return failure(BodyError{400, damaged("it makes no progress")});
    }
    if (!decoder_->complete() && !(raw_total_empty()))
      return failure(BodyError{400, damaged("it ends early")});
    return 0;
  }
  /// A body of no bytes is no bytes in every coding.
  bool raw_total_empty() const {
    return parser_.content_length() ? *parser_.content_length() == 0 : !parser_.chunked();
  }
  std::string damaged(const std::string& reason) const {
    return "the body is no " + std::string(header("Content-Encoding")) + ": " + reason;
  }

  http::response<http::empty_body> head_of(unsigned status, const Headers& headers, Coding coding) {
    http::response<http::empty_body> head(static_cast<http::status>(status), 11);
    head.set(http::field::server, "sluice");
    for (const auto& [name, value] : headers) head.set(beast_view(name), beast_view(value));
    if (coding != Coding::identity) head.set(http::field::content_encoding, beast_view(name(coding)));
    if (!parser_.get().keep_alive()) keep_alive_ = false;
    head.set(http::field::connection, keep_alive_ ? "keep-alive" : "close");
    if (keep_alive_) head.set("Keep-Alive", "timeout=" + std::to_string(kKeepAlive.count()));
    return head;
  }

  void send_head(http::response<http::empty_body>& head) {
    begun_ = true;
    channel_.expires_after(kWriteWait);
    error_code error;
    http::response_serializer<http::empty_body> serializer(head);
    http::write_header(channel_, serializer, error);
    failed_ = failed_ || error;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty() && !failed_) {
      channel_.expires_after(kWriteWait);
      error_code error;
      bytes.remove_prefix(channel_.write(bytes.data(), bytes.size(), error));
      failed_ = static_cast<bool>(error);
    }
    return !failed_;
  }

  bool send_chunk(std::string_view bytes) {
    if (bytes.empty() || is_head()) return !failed_;
    if (!chunked_) return send(bytes);
    std::array<char, 32> size{};
    const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    return send({size.data(), static_cast<std::size_t>(length)}) && send(bytes) && send("\r\n");
  }

  Channel& channel_;
  beast::flat_buffer& buffer_;
  http::request_parser<http::buffer_body> parser_;
  std::string_view path_, query_;
  bool body_begun_ = false, continued_ = false;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<std::array<char, kPiece>> raw_buffer_ = std::make_unique<std::array<char, kPiece>>();
  std::string_view raw_;
  bool raw_ended_ = false;
  std::unique_ptr<Encoder> encoder_;
  std::string pending_;
  bool chunked_ = false, keep_alive_ = true, failed_ = false, begun_ = false, answered_ = false;
};

/// What cannot be understood is answered as far as it can be.
void refuse(HttpExchange& exchange, const error_code& error) {
  exchange.no_keep_alive();
  const auto say = [&](unsigned status, std::string_view text) {
    exchange.respond(status, {{"Content-Type", "text/plain; charset=UTF-8"}}, text, Coding::identity);
  };
  if (error == http::error::header_limit)
    say(431, "The request's head is larger than 1 MiB; put the statement into the body.\n");
  else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message)
    say(400, "This is not HTTP: " + error.message() + ".\n");
}

void answer(HttpExchange& exchange, const Handler& handler) {
  try {
    handler(exchange);
  } catch (const std::exception& failure) {
    exchange.no_keep_alive();
    if (!exchange.begun())
      exchange.respond(500, {{"Content-Type", "text/plain; charset=UTF-8"}},
                       std::string("The store failed: ") + failure.what() + ".\n", Coding::identity);
  }
}

/// Closing on unread bytes would reset the connection and take the answer with it.
void linger(Channel& channel) {
  channel.shutdown(SHUT_WR);
  channel.expires_after(kLinger);
  std::array<char, 4096> ignored{};
  error_code error;
  while (!error) channel.read(ignored.data(), ignored.size(), error);
}

}  // namespace

void serve_connection(Channel& channel, const Handler& handler, std::atomic<Activity>& activity,
                      const std::atomic<bool>& stopping) {
  beast::flat_buffer buffer;
  while (!stopping) {
    HttpExchange exchange(channel, buffer);
    channel.expires_after(kKeepAlive);
    if (const error_code error = exchange.read_head()) {
      refuse(exchange, error);
      break;
    }
    activity = Activity::busy;
    if (stopping) exchange.no_keep_alive();
    answer(exchange, handler);
    const bool goes_on = exchange.finish();
    activity = Activity::idle;
    if (goes_on) continue;
    if (!exchange.answered()) return channel.shutdown();  // cut off, so that nobody takes it for whole
    break;
  }
  linger(channel);
}

}  // namespace sluice::store
