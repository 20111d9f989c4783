// The blocking side of a connection: what a handler on a thread of its own calls, and the io_context does.
#include "http/exchange.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdio>
#include <exception>
#include <future>

#include "http/connection.hpp"

namespace sluice::http {

namespace asio = boost::asio;

class StreamExchange : public Exchange {
 public:
  explicit StreamExchange(Connection& connection)
      : connection_(connection),
        deadlines_(connection.service_->options.deadlines),
        keep_alive_(connection.parser_->get().keep_alive()),
        is_head_(connection.is_head()),
        old_(connection.parser_->get().version() < 11) {}

  const Request& request() const override { return connection_.request_; }

  Result<std::size_t, std::string> read(char* to, std::size_t size) override {
    std::size_t got = 0;
    const auto begun = Clock::now();
    const Error error = wait([&](Stream::Done done) {
      connection_.request_deadline_ = patience_until();
      connection_.wait_for(WaitsFor::body);
      connection_.request_deadline_ = Clock::time_point::max();
      connection_.expect_continue([&, to, size, done = std::move(done)](Error failed) mutable {
        if (failed) return done(failed);
        connection_.read_piece(to, size, [&got, done = std::move(done)](Error ended, std::size_t n) {
          got = n;
          done(ended);
        });
      });
    });
    waited_ += Clock::now() - begun;
    read_ += got;
    if (!error) return got;
    keep_alive_ = false;
    return failure(error.message());
  }

  void respond(unsigned status, const Headers& headers, std::string_view body) override {
    Headers all = headers;
    all.emplace_back("Content-Length", std::to_string(body.size()));
    send_head(status, std::move(all));
    if (!is_head_) for_each_piece(body, [this](std::string_view piece) { return send({}, piece, {}); });
    answered_ = !failed_;
  }

  void begin(unsigned status, const Headers& headers) override {
    // HTTP/1.0 knows no chunks: the end of the connection is the end of the answer.
    if (old_) keep_alive_ = false;
    Headers all = headers;
    if (!old_) all.emplace_back("Transfer-Encoding", "chunked");
    send_head(status, std::move(all));
  }

  bool write(std::string_view piece) override {
    if (piece.empty() || is_head_) return !failed_;
    return for_each_piece(piece, [this](std::string_view chunk) {
      if (old_) return send({}, chunk, {});
      std::array<char, 32> size{};
      const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", chunk.size());
      return send({size.data(), static_cast<std::size_t>(length)}, chunk, "\r\n");
    });
  }

  bool end() override {
    if (!old_ && !is_head_) send("0\r\n\r\n", {}, {});
    answered_ = !failed_;
    return answered_;
  }

  bool client_gone() override {
    bool gone = failed_;
    wait([&](Stream::Done done) {
      gone = gone || !connection_.stream_->tcp().socket().is_open() || connection_.client_ended();
      done({});
    });
    return gone;
  }

  void when_gone(std::function<void()> call) override {
    if (watch_) {
      const std::lock_guard lock(watch_->mutex);
      watch_->call = nullptr;
    }
    watch_ = call ? std::make_shared<Watch>() : nullptr;
    if (!call) return;
    watch_->call = std::move(call);
    asio::post(connection_.stream_->tcp().get_executor(),
               [connection = connection_.shared_from_this(), watch = watch_] { connection->watch(watch); });
  }

  /// Where there is no memory to say so either, the connection just ends.
  void handler_threw(const char* what) {
    keep_alive_ = false;
    if (begun_) return;
    try {
      const Response response = connection_.service_->fault(Fault::handler_threw, what);
      respond(response.status, {{"Content-Type", response.content_type}}, response.body);
    } catch (const std::exception&) {
      answered_ = false;
    }
  }

  StreamResult result() const { return {.goes_on = answered_ && keep_alive_, .answered = answered_}; }

 private:
  using Clock = Connection::Clock;

  /// Only what the client is waited for counts, not what the handler does with a piece.
  Clock::time_point patience_until() const {
    if (!deadlines_.pace) return Clock::time_point::max();
    const auto earned = std::chrono::milliseconds(read_ * 1000 / deadlines_.pace->bytes_per_second);
    return Clock::now() + deadlines_.pace->at_first + earned - waited_;
  }

  /// Has `start` called on the io_context's thread and waits until it calls `done`, or until that is
  /// forgotten, since there was no memory to go on with.
  template <class Start>
  Error wait(Start start) {
    // The io_context's side alone holds the promise, so that it is broken where nobody can keep it any more.
    auto promise = std::make_shared<std::promise<Error>>();
    auto kept = promise->get_future();
    asio::post(connection_.stream_->tcp().get_executor(), [this, &start, promise = std::move(promise)] {
      start([&connection = connection_, promise](Error error) {
        connection.work();
        if (error) connection.gone(error);
        promise->set_value(error);
      });
    });
    try {
      return kept.get();
    } catch (const std::future_error&) {
      return asio::error::no_memory;
    }
  }

  /// The deadline is for a client that does not read, not for one with much to read.
  template <class Send>
  static bool for_each_piece(std::string_view bytes, Send send) {
    constexpr std::size_t kPiece = 1U << 18;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size())))
      if (!send(bytes.substr(0, kPiece))) return false;
    return true;
  }

  void send_head(unsigned status, Headers headers) {
    if (connection_.stopping_ || connection_.health_alone_) keep_alive_ = false;
    headers.emplace_back("Connection", keep_alive_ ? "keep-alive" : "close");
    if (keep_alive_) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(deadlines_.idle);
      headers.emplace_back("Keep-Alive", "timeout=" + std::to_string(seconds.count()));
    }
    begun_ = true;
    send(head_text(status, headers), {}, {});
  }

  bool send(std::string_view a, std::string_view b, std::string_view c) {
    const auto buffer = [](std::string_view bytes) { return asio::buffer(bytes.data(), bytes.size()); };
    if (!failed_)
      failed_ = static_cast<bool>(wait([&](Stream::Done done) {
        connection_.wait_for(WaitsFor::taking_answer);
        connection_.stream_->write({buffer(a), buffer(b), buffer(c)}, std::move(done));
      }));
    return !failed_;
  }

  Connection& connection_;
  const Deadlines& deadlines_;
  bool keep_alive_;
  const bool is_head_, old_;
  std::shared_ptr<Watch> watch_;
  Clock::duration waited_{0};  // for the body
  std::uint64_t read_ = 0;     // of it
  bool failed_ = false, begun_ = false, answered_ = false;
};

StreamResult run_exchange(Connection& connection) {
  StreamExchange exchange(connection);
  try {
    connection.service_->stream_handler(exchange);
  } catch (const std::exception& failure) {
    exchange.handler_threw(failure.what());
  }
  exchange.when_gone({});
  return exchange.result();
}

}  // namespace sluice::http
