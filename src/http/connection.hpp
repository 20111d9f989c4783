#pragma once
// One connection of a server: read a request, have it answered, again while both sides want to. Private to
// this module; on the thread of the io_context, but for what says otherwise.
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "http/exchange.hpp"
#include "http/server.hpp"
#include "http/stream.hpp"
#include "http/threads.hpp"
#include "util/counter.hpp"

namespace sluice::http {

/// What all connections of a server share. One of the handlers is set; `threads` goes with `stream_handler`.
/// Changed and counted by the io_context's thread alone.
struct Service {
  explicit Service(Options given)
      : options(std::move(given)), gate(std::make_shared<const Gate>(options.access)) {}
  Response fault(Fault fault, std::string_view text) const {
    return options.fault(fault, text, gate->access().hosts_setting);
  }
  void count(HttpCount what) { counts[what].add(); }
  Counts<HttpCount> counted() const {
    Counts<HttpCount> out;
    for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] = counts.values[i].get();
    return out;
  }

  Options options;
  std::shared_ptr<const Gate> gate;
  Counts<HttpCount, Counter> counts;
  Handler handler;
  StreamHandler stream_handler;
  Threads* threads = nullptr;
};

/// The head of an answer as it goes over the wire, its last empty line included.
std::string head_text(unsigned status, const Headers& headers);

class Connection;

/// How a StreamHandler left its connection.
struct StreamResult {
  bool goes_on = false;   ///< the connection may take another request
  bool answered = false;  ///< to the end
};
/// Whom to tell that a client has gone. Of two threads.
struct Watch {
  std::mutex mutex;
  std::function<void()> call;  ///< empty: it was told, or is not needed any more
};

/// Has the handler called; on its thread. See exchange.cpp.
StreamResult run_exchange(Connection& connection);

/// What of its client a connection waits for; the later, the worse it is to end it meanwhile.
enum class WaitsFor : std::uint8_t { end, request, head, body, taking_answer, nothing };

/// Lives as long as an operation of it is under way, or a handler.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// `ended` is called once, when the connection is over.
  Connection(std::unique_ptr<Stream> stream, IpAddress peer, std::shared_ptr<Service> service,
             std::function<void()> ended);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// At once.
  void close() { stream_->tcp().close(); }
  /// After the request that is under way, if any.
  void drain();
  /// It is one beyond the limit, and ends with its answer.
  void answer_health_alone() { health_alone_ = true; }

  using Clock = std::chrono::steady_clock;
  WaitsFor waits_for() const { return waits_for_; }
  Clock::time_point waits_since() const { return waits_since_; }
  /// Something has come that was not looked at yet.
  bool unread() const;
  /// It takes its answer, or sends what a handler reads, and not too slowly: ended now, all of it was in
  /// vain.
  bool under_way(Clock::time_point now) const;

 private:
  friend class StreamExchange;
  friend StreamResult run_exchange(Connection& connection);

  void next();
  void read_head();
  void on_head(Error error);
  void describe_request();
  void expect_continue(Stream::Done done);
  void read_body();
  void answer();
  void refuse(Fault fault, std::string_view text);
  void respond(Response response, bool keep_alive);
  void gzip(Response& response) const;
  void run_stream_handler();
  void after_stream_handler(bool goes_on, bool answered);
  void drain_body();
  void linger();
  void swallow();
  void wait_for(WaitsFor what);
  void work() { waits_for_ = WaitsFor::nothing; }
  void note_moved(std::size_t bytes);
  void gone(const Error& error);
  bool client_ended();
  void watch(const std::shared_ptr<Watch>& watch);
  bool admit();
  bool is_head() const;
  bool waits_for_continue() const;
  /// Up to `size` bytes of the body; `done` gets 0 at its end.
  void read_piece(char* to, std::size_t size, Stream::Sized done);
  void send(std::string_view bytes, Stream::Done done);

  std::unique_ptr<Stream> stream_;
  boost::beast::flat_buffer buffer_;
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  std::optional<Parser> parser_;  // Beast's parser reads one message in its life
  Request request_;
  std::string body_, answer_;
  std::array<char, 1U << 14> piece_{};
  std::size_t drained_ = 0;
  Clock::time_point request_deadline_ = Clock::time_point::max();
  WaitsFor waits_for_ = WaitsFor::request;
  Clock::time_point waits_since_ = Clock::now();
  // When something worth it had moved, and what did since when.
  Clock::time_point moved_at_ = Clock::time_point::min(), moving_since_ = waits_since_;
  std::size_t moved_ = 0;
  bool handled_ = false;  // by a StreamHandler, now
  bool busy_ = false, continued_ = false, health_alone_ = false;
  std::atomic<bool> stopping_{false};
  const IpAddress peer_;
  const std::shared_ptr<Service> service_;
  const std::function<void()> ended_;
};

}  // namespace sluice::http
