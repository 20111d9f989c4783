#include "http/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <limits>
#include <sstream>

#include "http/codec.hpp"
#include "http/in_any_case.hpp"
#include "util/one_line.hpp"

namespace sluice::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

namespace {

// After the last answer the rest of what the client sends is read for this long: closing on unread bytes
// would reset the connection and take the answer with it.
constexpr std::chrono::seconds kLinger{1};
constexpr std::size_t kMoves = 1024;         // bytes at the least, or it is one that only wants to stay
constexpr std::size_t kMaxDrain = 4U << 20;  // of a body nobody wanted

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool is_parse_error(const Error& error) {
  return error.category() == bhttp::make_error_code(bhttp::error::bad_method).category();
}

}  // namespace

std::string head_text(unsigned status, const Headers& headers) {
  bhttp::response<bhttp::empty_body> head(static_cast<bhttp::status>(status), 11);
  head.set(bhttp::field::server, "sluice");
  for (const auto& [name, value] : headers) head.set(name, one_line(value));
  std::ostringstream out;
  out << head.base();
  return std::move(out).str();
}

Connection::Connection(std::unique_ptr<Stream> stream, IpAddress peer, std::shared_ptr<Service> service,
                       std::function<void()> ended)
    : stream_(std::move(stream)), peer_(peer), service_(std::move(service)), ended_(std::move(ended)) {
  stream_->on_moved([this](std::size_t bytes) { note_moved(bytes); });
}

Connection::~Connection() { ended_(); }

void Connection::start() {
  wait_for(WaitsFor::request);
  stream_->handshake([self = shared_from_this()](Error error) {
    if (!error) return self->next();
    if (!is_plain_http(error)) return;
    // Its TLS cannot say it; the client, which speaks plain HTTP, understands plain HTTP.
    const Response response = self->service_->fault(Fault::plain_where_tls, "");
    self->answer_ = head_text(response.status, {{"Content-Type", response.content_type},
                                                {"Content-Length", std::to_string(response.body.size())},
                                                {"Connection", "close"}}) +
                    response.body;
    beast::tcp_stream& tcp = self->stream_->tcp();
    tcp.async_write_some(asio::buffer(self->answer_), [self](Error, std::size_t) {
      Error ignored;
      self->stream_->tcp().socket().shutdown(Socket::shutdown_send, ignored);
      self->stream_->tcp().expires_after(kLinger);
      self->swallow();
    });
  });
}

void Connection::drain() {
  stopping_ = true;
  if (!busy_) close();
}

bool Connection::unread() const {
  Error error;
  return stream_->tcp().socket().available(error) > 0;
}

void Connection::note_moved(std::size_t bytes) {
  const auto now = Clock::now();
  if (now - moving_since_ > service_->options.limits.moving) {
    moving_since_ = now;
    moved_ = 0;
  }
  moved_ += bytes;
  if (moved_ >= kMoves) moved_at_ = now;
}

bool Connection::under_way(Clock::time_point now) const {
  const auto moving = service_->options.limits.moving;
  if (waits_for_ == WaitsFor::taking_answer) return now - std::max(waits_since_, moved_at_) < moving;
  return waits_for_ == WaitsFor::body && handled_ && moved_at_ > now - moving;
}

/// For what is under way next.
void Connection::wait_for(WaitsFor what) {
  const Deadlines& deadlines = service_->options.deadlines;
  const auto time = [&]() -> Deadlines::Time {
    switch (what) {
      case WaitsFor::request:
        return deadlines.idle;
      case WaitsFor::head:
        return deadlines.head;
      case WaitsFor::body:
        return deadlines.body;
      case WaitsFor::taking_answer:
        return deadlines.answer;
      case WaitsFor::end:
      case WaitsFor::nothing:
        break;
    }
    return kLinger;
  };
  waits_for_ = what;
  waits_since_ = Clock::now();
  stream_->tcp().expires_at(std::min(request_deadline_, waits_since_ + time()));
}

/// Too late, reset, or closed by the server: the last reference goes with this call.
void Connection::gone(const Error& error) {
  if (error == beast::error::timeout) service_->count(HttpCount::late);
}

void Connection::next() {
  const Deadlines& deadlines = service_->options.deadlines;
  busy_ = continued_ = false;
  drained_ = 0;
  if (stopping_) return linger();
  parser_.emplace();
  parser_->header_limit(service_->options.limits.head);
  // Boost 1.74 takes "none" for a limit of nothing.
  parser_->body_limit(service_->options.limits.body.value_or(std::numeric_limits<std::uint64_t>::max()));
  request_deadline_ = deadlines.request ? Clock::now() + *deadlines.request : Clock::time_point::max();
  if (buffer_.size() > 0) return read_head();
  wait_for(WaitsFor::request);
  stream_->read_some(buffer_.prepare(4096), [self = shared_from_this()](Error error, std::size_t size) {
    self->buffer_.commit(size);
    if (!error) return self->read_head();
    if (is_end(error)) self->linger();
  });
}

void Connection::read_head() {
  wait_for(WaitsFor::head);
  feed<true>(
      *stream_, buffer_, *parser_, [this] { return parser_->is_header_done(); },
      [self = shared_from_this()](Error error) { self->on_head(error); });
}

void Connection::on_head(Error error) {
  if (error == bhttp::error::header_limit) return refuse(Fault::head_too_large, "");
  if (error == bhttp::error::body_limit) return refuse(Fault::body_too_large, "");
  if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) return linger();
  if (is_parse_error(error)) return refuse(Fault::not_http, error.message());
  if (error) return gone(error);
  busy_ = true;
  service_->count(HttpCount::requests);
  describe_request();
  if (!admit()) return;
  if (service_->stream_handler) return run_stream_handler();
  body_.clear();
  wait_for(WaitsFor::body);
  expect_continue([self = shared_from_this()](Error failed) {
    if (!failed) self->read_body();
  });
}

/// False: it was refused, and answered so.
bool Connection::admit() {
  const auto refused = [this](HttpCount why, Fault fault, std::string_view text = {}) {
    service_->count(why);
    refuse(fault, text);
    return false;
  };
  switch (service_->gate->judge(request_)) {
    case Gate::Finding::foreign_host:
      return refused(HttpCount::refused_host, Fault::foreign_host, request_.header("Host"));
    case Gate::Finding::foreign_page:
      return refused(HttpCount::refused_site, Fault::foreign_page);
    case Gate::Finding::no_token:
      return refused(HttpCount::refused_token, Fault::no_token);
    case Gate::Finding::welcome:
      break;
  }
  const auto& health = service_->options.health;
  if (health_alone_ && std::ranges::find(health, request_.path) == health.end())
    return refused(HttpCount::turned_away, Fault::too_many);
  if (!service_->options.admit_request) return true;
  auto refusal = service_->options.admit_request(request_);
  if (refusal) respond(std::move(*refusal), false);
  return !refusal;
}

void Connection::describe_request() {
  const auto& message = parser_->get();
  const std::string_view target = view(message.target());
  const std::size_t mark = target.find('?');
  request_ = {.method = view(message.method_string()),
              .path = target.substr(0, mark),
              .query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1),
              .peer = peer_,
              .tls = stream_->tls() != nullptr,
              .body = {},
              .fields = {}};
  for (const auto& field : message)
    request_.fields.emplace_back(view(field.name_string()), view(field.value()));
}

/// Where another request is behind this one, or a body that was not read, it cannot be told.
bool Connection::client_ended() {
  pollfd item{.fd = stream_->tcp().socket().native_handle(), .events = POLLRDHUP, .revents = 0};
  return parser_->is_done() && buffer_.size() == 0 && ::poll(&item, 1, 0) > 0;
}

void Connection::watch(const std::shared_ptr<Watch>& watch) {
  if (!stream_->tcp().socket().is_open()) return;
  // An end makes the socket readable, as does the next request, which leaves nothing to watch for.
  stream_->tcp().socket().async_wait(Socket::wait_read, [weak = weak_from_this(), watch](Error error) {
    const auto self = weak.lock();
    if (error || !self || !self->client_ended()) return;
    self->service_->threads->run([watch] {
      const std::lock_guard lock(watch->mutex);
      if (const auto call = std::exchange(watch->call, nullptr)) call();
    });
  });
}

bool Connection::is_head() const { return parser_->get().method() == bhttp::verb::head; }

bool Connection::waits_for_continue() const {
  return !continued_ && same_word(request_.header("Expect"), "100-continue");
}

void Connection::expect_continue(Stream::Done done) {
  const bool tell =
      waits_for_continue() && !parser_->is_done() && buffer_.size() == 0;  // else it comes already
  continued_ = true;
  if (!tell) return done({});
  send("HTTP/1.1 100 Continue\r\n\r\n", std::move(done));
}

void Connection::read_body() {
  read_piece(piece_.data(), piece_.size(), [self = shared_from_this()](Error error, std::size_t size) {
    if (error == bhttp::error::body_limit) return self->refuse(Fault::body_too_large, "");
    if (error == bhttp::error::partial_message) return self->linger();
    if (is_parse_error(error)) return self->refuse(Fault::not_http, error.message());
    if (error) return self->gone(error);
    if (size == 0) return self->answer();
    self->body_.append(self->piece_.data(), size);
    self->read_body();
  });
}

void Connection::read_piece(char* to, std::size_t size, Stream::Sized done) {
  auto& body = parser_->get().body();
  body.data = to;
  body.size = size;
  body.more = true;
  feed<true>(
      *stream_, buffer_, *parser_,
      [this, size] { return parser_->is_done() || parser_->get().body().size < size; },
      [this, size, done = std::move(done)](Error error) {
        done(error, error ? 0 : size - parser_->get().body().size);
      });
}

void Connection::send(std::string_view bytes, Stream::Done done) {
  stream_->write({asio::buffer(bytes.data(), bytes.size())}, std::move(done));
}

void Connection::answer() {
  const auto& methods = service_->options.methods;
  const bool keep_alive = parser_->get().keep_alive();
  if (std::find(methods.begin(), methods.end(), request_.method) == methods.end()) {
    std::string allowed, known;
    for (const std::string& one : methods) {
      allowed += (allowed.empty() ? "" : ", ") + one;
      known += (known.empty() ? "" : &one == &methods.back() ? " and " : ", ") + one;
    }
    Response response =
        error_response(405, "only " + known + (methods.size() == 1 ? " is" : " are") + " known here");
    response.headers.emplace_back("Allow", allowed);
    return respond(std::move(response), keep_alive);
  }
  request_.body = body_;
  Response response;
  try {
    response = service_->handler(request_);
  } catch (const std::exception& failure) {
    response = service_->fault(Fault::handler_threw, failure.what());
  }
  gzip(response);
  respond(std::move(response), keep_alive);
}

void Connection::gzip(Response& response) const {
  const auto from = service_->options.gzip_from;
  if (!from || response.body.size() < *from) return;
  bool taken = false;
  for_each_accepted(request_.header("Accept-Encoding"),
                    [&](std::string_view coding) { taken = taken || same_word(coding, "gzip"); });
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!taken) return;
  const auto encoder = make_gzip_encoder();
  std::string encoded;
  encoder->encode(response.body, encoded);
  encoder->finish(encoded);
  response.body = std::move(encoded);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

void Connection::refuse(Fault fault, std::string_view text) {
  busy_ = true;
  respond(service_->fault(fault, text), false);
}

void Connection::respond(Response response, bool keep_alive) {
  keep_alive = keep_alive && !stopping_ && !health_alone_;
  Headers headers = {{"Content-Type", response.content_type}};
  const auto add = [&](const Headers& more) { headers.insert(headers.end(), more.begin(), more.end()); };
  add(service_->options.headers);
  add(response.headers);
  headers.emplace_back("Content-Length", std::to_string(response.body.size()));
  const bool old = parser_->is_header_done() && parser_->get().version() < 11;
  if (!keep_alive || old) headers.emplace_back("Connection", keep_alive ? "keep-alive" : "close");
  answer_ = head_text(response.status, headers);
  if (!parser_->is_header_done() || !is_head()) answer_ += response.body;
  request_deadline_ = Clock::time_point::max();
  wait_for(WaitsFor::taking_answer);
  send(answer_, [self = shared_from_this(), keep_alive](Error error) {
    if (error) return self->gone(error);
    keep_alive ? self->next() : self->linger();
  });
}

void Connection::run_stream_handler() {
  request_deadline_ = Clock::time_point::max();
  waits_for_ = WaitsFor::nothing;
  handled_ = true;
  moved_ = 0;  // the head is not worth it
  moved_at_ = Clock::time_point::min();
  // While the handler has nothing to read or write nothing is under way, and the io_context shall go on.
  auto work = asio::make_work_guard(stream_->tcp().get_executor());
  // What is posted is a copy of what the thread has, and either may be the last to go: so both share a box
  // that the io_context's thread takes the connection out of, which then ends there.
  const auto box = std::make_shared<std::shared_ptr<Connection>>(shared_from_this());
  const bool runs =
      service_->threads->run([box, executor = stream_->tcp().get_executor(), work = std::move(work)] {
        const StreamResult result = run_exchange(**box);
        post_in_any_case(executor, [box, result] {
          const auto self = std::move(*box);
          self->after_stream_handler(result.goes_on, result.answered);
        });
      });
  if (!runs) close();
}

void Connection::after_stream_handler(bool goes_on, bool answered) {
  handled_ = false;
  if (!answered) return close();  // cut off, so that nobody takes it for whole
  if (!goes_on || (waits_for_continue() && !parser_->is_done())) return linger();
  drain_body();
}

void Connection::drain_body() {
  if (parser_->is_done()) return next();
  if (drained_ > kMaxDrain) return linger();
  wait_for(WaitsFor::body);
  read_piece(piece_.data(), piece_.size(), [self = shared_from_this()](Error error, std::size_t size) {
    if (error) return self->linger();
    self->drained_ += size;
    self->drain_body();
  });
}

void Connection::linger() {
  busy_ = false;
  request_deadline_ = Clock::time_point::max();
  wait_for(WaitsFor::end);
  stream_->end_sending([self = shared_from_this()](Error) {
    Error ignored;
    self->stream_->tcp().socket().shutdown(Socket::shutdown_send, ignored);
    self->swallow();
  });
}

void Connection::swallow() {
  stream_->tcp().async_read_some(asio::buffer(piece_), [self = shared_from_this()](Error error, std::size_t) {
    if (!error) self->swallow();
  });
}

}  // namespace sluice::http
