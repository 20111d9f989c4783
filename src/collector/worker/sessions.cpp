#include "worker/sessions.hpp"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <system_error>

#include "util/clock.hpp"

namespace sluice::worker {
namespace {

using State = http::TlsPeer::State;

/// What is read at once, and how often in one turn: one busy session must not starve the others.
constexpr std::size_t kPiece = 128 << 10;
constexpr unsigned kReadsATurn = 4;
constexpr unsigned kAcceptsATurn = 64;
constexpr std::size_t kEventsATurn = 64;
/// Where no descriptor is left, nobody is taken for so long.
constexpr std::uint64_t kPauseNs = kNsPerSecond;
/// How often those that are overdue are looked for.
constexpr std::uint64_t kLookNs = kNsPerSecond / 10;
/// Domains of a session whose templates go with it. What it teaches of others goes when it expires.
constexpr std::size_t kMaxDomains = 256;
/// Marks an event as a listener's; else it is a session's descriptor.
constexpr std::uint64_t kOfListener = 1ULL << 32;

std::uint64_t in_ns(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(time.count()) * (kNsPerSecond / 1000);
}

/// Bytes that came and were not read.
std::uint64_t unread(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

}  // namespace

std::string_view sentence(SessionEnd why) {
  switch (why) {
    case SessionEnd::not_allowed:
      return "the source may not send there";
    case SessionEnd::connection_limit:
      return "as many sessions as receive.tcp.connections allows have sent messages already";
    case SessionEnd::address_limit:
      return "as many sessions as receive.tcp.connections_per_address allows have sent messages already";
    case SessionEnd::no_descriptor:
      return "the process could not take the connection";
    case SessionEnd::by_exporter:
      return "the exporter ended it";
    case SessionEnd::cut_off:
      return "it ended within a message";
    case SessionEnd::bad_message:
      return "what came is no IPFIX message";
    case SessionEnd::slow:
      return "a message or the handshake took longer than receive.tcp.message_timeout";
    case SessionEnd::buffer_limit:
      return "messages that are not whole fill receive.tcp.waiting_bytes, and its own took longest";
    case SessionEnd::made_room:
      return "it had sent no message yet, and another one needed the place";
    case SessionEnd::forgotten:
      return "decode.state_bytes made the collector forget what it taught, so that it has to begin anew";
    case SessionEnd::tls:
      return "the TLS connection failed";
    case SessionEnd::network:
      return "the connection broke";
    case SessionEnd::stopped:
      return "this collector stops";
    case SessionEnd::count:
      break;
  }
  return {};
}

struct Sessions::Session {
  std::size_t i = 0;  // of the inlets
  UniqueFd fd;
  Endpoint peer;
  std::unique_ptr<http::TlsPeer> tls;
  net::Framing framing;
  std::size_t booked = 0;      // of waiting_bytes_
  std::uint64_t received = 0;  // bytes
  std::uint64_t decoded = 0;   // of them, in whole messages
  std::uint64_t came_ns = 0;   // monotonic
  std::uint64_t begun_ns = 0;  // the message that is not whole, or shaking hands; 0: nothing is waited for
  bool heard = false;          // a whole message came
  bool waits_to_write = false;
  std::shared_ptr<decode::Exporter> exporter;  // once known
  std::uint64_t evicted_before = 0;            // of what the exporter taught
  std::vector<std::uint32_t> domains;          // that it spoke of; sorted
};

Sessions::Sessions(const SessionLimits& limits, std::vector<SessionInlet> inlets,
                   decode::ExporterTable& exporters, const net::CurrentAdmission* admission, OnEnd on_end)
    : limits_(limits),
      inlets_(std::move(inlets)),
      exporters_(exporters),
      admission_(admission),
      on_end_(std::move(on_end)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      counts_(inlets_.size()),
      buffer_(kPiece) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "cannot watch TCP connections");
  std::vector<std::optional<http::Identity>> identities;
  for (std::size_t i = 0; i < inlets_.size(); ++i) {
    identities.push_back(inlets_[i].identity);
    watch(EPOLL_CTL_ADD, inlets_[i].listener.fd(), kOfListener | i, true, false);
  }
  change(std::move(identities));
}

Sessions::~Sessions() { close(); }

void Sessions::change(std::vector<std::optional<http::Identity>> identities) {
  identities_.with([&](auto& now) { now = std::move(identities); });
}

void Sessions::watch(int operation, int fd, std::uint64_t what, bool readable, bool writable) const {
  epoll_event event{};
  event.events = (readable ? std::uint32_t{EPOLLIN} : 0U) | (writable ? std::uint32_t{EPOLLOUT} : 0U);
  event.data.u64 = what;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot watch a TCP connection");
}

std::size_t Sessions::turn(const Take& take) {
  now_ns_ = monotonic_ns();
  more_ = false;
  taken_ = 0;
  try {
    do_turn(take);
  } catch (const std::bad_alloc&) {
    // What could not be done now is there at the next turn.
  }
  return taken_;
}

void Sessions::do_turn(const Take& take) {
  end_not_allowed();
  resume();
  std::array<epoll_event, kEventsATurn> events{};
  const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int e = 0; e < ready; ++e) {
    const std::uint64_t what = events[static_cast<std::size_t>(e)].data.u64;
    if (what & kOfListener) {
      take_connections(static_cast<std::size_t>(what & ~kOfListener));
      continue;
    }
    // One that has ended since may have left its descriptor to another: that one is then asked in vain.
    const auto session = sessions_.find(static_cast<int>(what));
    if (session != sessions_.end()) serve(*session->second, take);
  }
  more_ |= ready == static_cast<int>(kEventsATurn);
  end_overdue();
}

bool Sessions::allows(std::size_t i, const IpAddress& source) const {
  return !allowed_ || (*allowed_)[inlets_[i].inlet].allow(source);
}

/// After a reload, those who may send no more.
void Sessions::end_not_allowed() {
  if (admission_ == nullptr) return;
  auto now = admission_->now();
  if (now == allowed_) return;
  allowed_ = std::move(now);
  std::vector<Session*> out;
  for (const auto& [fd, session] : sessions_)
    if (!allows(session->i, session->peer.address)) out.push_back(session.get());
  for (Session* session : out) end(*session, SessionEnd::not_allowed);
}

void Sessions::take_connections(std::size_t i) {
  for (unsigned n = 0; n < kAcceptsATurn; ++n) {
    auto connected = inlets_[i].listener.accept();
    if (connected) {
      begin(i, std::move(*connected));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      // One that has sent nothing yet gives up its descriptor; else whoever waits has to wait on.
      if (make_room([](const Session&) { return true; })) continue;
      told(i, {}, SessionEnd::no_descriptor, std::strerror(errno));
      return pause(i);
    }
    if (errno != ECONNABORTED && errno != EINTR) return;
  }
}

void Sessions::pause(std::size_t i) {
  watch(EPOLL_CTL_MOD, inlets_[i].listener.fd(), kOfListener | i, false, false);
  paused_until_ns_ = now_ns_ + kPauseNs;
}

void Sessions::resume() {
  if (!paused_until_ns_ || now_ns_ < *paused_until_ns_) return;
  paused_until_ns_.reset();
  for (std::size_t i = 0; i < inlets_.size(); ++i)
    watch(EPOLL_CTL_MOD, inlets_[i].listener.fd(), kOfListener | i, true, false);
}

/// Before anything is made for it.
std::optional<SessionEnd> Sessions::refusal(std::size_t i, const IpAddress& source) {
  if (!allows(i, source)) return SessionEnd::not_allowed;
  const auto of_source = [&](const Session& session) { return session.peer.address == source; };
  const auto open = std::ranges::count_if(sessions_, [&](const auto& one) { return of_source(*one.second); });
  if (limits_.per_address != 0 && open >= limits_.per_address && !make_room(of_source))
    return SessionEnd::address_limit;
  if (sessions_.size() >= limits_.connections && !make_room([](const Session&) { return true; }))
    return SessionEnd::connection_limit;
  return std::nullopt;
}

/// Ends the oldest of those that have not sent a message yet: who says nothing must not keep others out.
bool Sessions::make_room(const std::function<bool(const Session&)>& among) {
  Session* oldest = nullptr;
  for (const auto& [fd, session] : sessions_)
    if (!session->heard && among(*session) && (oldest == nullptr || session->came_ns < oldest->came_ns))
      oldest = session.get();
  if (oldest == nullptr) return false;
  end(*oldest, SessionEnd::made_room);
  return true;
}

void Sessions::begin(std::size_t i, net::Connected connected) {
  const Endpoint peer = connected.peer;
  if (const auto why = refusal(i, peer.address)) return told(i, peer, *why, {});
  try {
    auto session = std::make_unique<Session>();
    session->i = i;
    session->peer = peer;
    session->came_ns = now_ns_;
    const int fd = connected.fd.get();
    const auto identity = identities_.with([&](const auto& all) { return all[i]; });
    if (identity) {
      session->tls = std::make_unique<http::TlsPeer>(*identity, fd);
      session->begun_ns = now_ns_;
    }
    session->fd = std::move(connected.fd);
    watch(EPOLL_CTL_ADD, fd, static_cast<std::uint64_t>(fd), true, false);
    sessions_[fd] = std::move(session);
  } catch (const std::exception& e) {
    return told(i, peer, SessionEnd::no_descriptor, e.what());
  }
  counts_[i].counts[SessionCount::accepted].add();
  counts_[i].counts[SessionCount::open].add();
}

Sessions::Read Sessions::read(Session& session) {
  if (session.tls) {
    const auto got = session.tls->read(buffer_);
    if (got.state != State::got && session.tls->established() && session.framing.waiting() == 0)
      session.begun_ns = 0;  // hands were shaken
    return {got.state, got.bytes};
  }
  const ssize_t got = ::recv(session.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (got > 0) return {State::got, static_cast<std::size_t>(got)};
  if (got == 0) return {State::ended};
  return {errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? State::wants_read : State::failed};
}

void Sessions::serve(Session& session, const Take& take) {
  for (unsigned n = 0; n < kReadsATurn; ++n) {
    const Read got = read(session);
    if (got.state == State::ended)
      return end(session, session.framing.waiting() > 0 ? SessionEnd::cut_off : SessionEnd::by_exporter);
    if (got.state == State::failed && session.tls)
      return end(session, SessionEnd::tls, session.tls->trouble());
    if (got.state == State::failed) return end(session, SessionEnd::network, std::strerror(errno));
    if (got.state != State::got) {
      const bool write = got.state == State::wants_write;
      if (write != session.waits_to_write)
        watch(EPOLL_CTL_MOD, session.fd.get(), static_cast<std::uint64_t>(session.fd.get()), true, write);
      session.waits_to_write = write;
      return;
    }
    received_ns_ = unix_ns();
    if (!take_bytes(session, Bytes(buffer_).first(got.bytes), take)) return;
  }
  more_ = true;
}

/// False: the session has ended.
bool Sessions::take_bytes(Session& session, Bytes bytes, const Take& take) {
  counts_[session.i].counts[SessionCount::bytes].add(bytes.size());
  session.received += bytes.size();
  why_ = SessionEnd::bad_message;
  const bool before = session.framing.waiting() > 0;
  if (!before) session.begun_ns = now_ns_;
  bool good = false;
  try {
    good = session.framing.feed(bytes, [&](Bytes message) { return take_message(session, message, take); });
  } catch (const std::bad_alloc&) {
    why_ = SessionEnd::buffer_limit;
  }
  if (!good) return end(session, why_), false;
  if (session.framing.waiting() == 0) session.begun_ns = 0;
  book_waiting(session);
  const int fd = session.fd.get();
  keep_within_buffer();
  return sessions_.contains(fd);
}

bool Sessions::take_message(Session& session, Bytes message, const Take& take) {
  why_ = SessionEnd::forgotten;
  if (session.exporter && session.exporter->expired) return false;
  const SessionInlet& inlet = inlets_[session.i];
  const decode::DecodeReport report = take(inlet.inlet, {message, session.peer.address, session.peer.port,
                                                         received_ns_, inlet.number, inlet.decapsulate});
  counts_[session.i].counts[SessionCount::messages].add();
  session.decoded += message.size();
  ++taken_;
  session.heard = true;
  session.begun_ns = now_ns_;  // of the next one, if it has begun
  if (!session.exporter && report.count(decode::DecodeError::exporter_limit) == 0 &&
      report.count(decode::DecodeError::state_limit) == 0)
    adopt(session);
  if (report.undecoded_sets > 0 && was_evicted(session)) return false;
  const auto domain = load_be<std::uint32_t>(message.data() + 12);
  const auto place = std::ranges::lower_bound(session.domains, domain);
  if ((place == session.domains.end() || *place != domain) && session.domains.size() < kMaxDomains)
    session.domains.insert(place, domain);
  why_ = SessionEnd::bad_message;
  return true;
}

/// Whose session it is: with its first message the exporter is known.
void Sessions::adopt(Session& session) {
  session.exporter =
      exporters_.find_or_add(exporters_.key_of(session.peer.address, session.peer.port), received_ns_);
  if (!session.exporter) return;
  session.exporter->sessions.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(session.exporter->mutex);
  session.evicted_before =
      session.exporter->errors(decode::Protocol::ipfix, decode::DecodeError::state_evicted);
}

/// What the session taught may be among it, and will not be sent again within it.
bool Sessions::was_evicted(const Session& session) const {
  if (!session.exporter) return false;
  const std::lock_guard lock(session.exporter->mutex);
  return session.exporter->errors(decode::Protocol::ipfix, decode::DecodeError::state_evicted) >
         session.evicted_before;
}

/// Another session of the exporter speaks of it, as one does that follows one whose end was not seen yet.
bool Sessions::shared(const Session& session, std::uint32_t domain) const {
  return std::ranges::any_of(sessions_, [&](const auto& one) {
    const Session& other = *one.second;
    return &other != &session && other.exporter == session.exporter &&
           std::ranges::binary_search(other.domains, domain);
  });
}

/// Templates and numbers are of the session (RFC 7011 sections 3.1 and 8).
void Sessions::forget(Session& session) {
  if (!session.exporter) return;
  decode::Exporter& exporter = *session.exporter;
  exporter.sessions.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard lock(exporter.mutex);
  for (const std::uint32_t id : session.domains) {
    if (shared(session, id)) continue;
    const decode::Domain domain{decode::Protocol::ipfix, id};
    for (const bool options : {false, true}) exporter.templates.withdraw_all(domain, options);
    exporter.sequences.end({decode::Protocol::ipfix, id, {}});
  }
  exporters_.note_changes(exporter);
}

void Sessions::book_waiting(Session& session) {
  const std::size_t held = session.framing.held();
  Counter& shown = counts_[session.i].counts[SessionCount::waiting_bytes];
  shown.set(shown.get() - session.booked + held);
  waiting_bytes_ = waiting_bytes_ - session.booked + held;
  session.booked = held;
}

/// Where messages that are not whole take too much, the ones that take longest are given up.
void Sessions::keep_within_buffer() {
  while (waiting_bytes_ > limits_.waiting_bytes) {
    Session* oldest = nullptr;
    for (const auto& [fd, session] : sessions_)
      if (session->booked > 0 && (oldest == nullptr || session->begun_ns < oldest->begun_ns))
        oldest = session.get();
    if (oldest == nullptr) return;
    end(*oldest, SessionEnd::buffer_limit);
  }
}

void Sessions::end(Session& session, SessionEnd why, const std::string& detail) {
  const auto itself = sessions_.find(session.fd.get());
  const std::unique_ptr<Session> gone = std::move(itself->second);
  sessions_.erase(itself);
  forget(*gone);
  waiting_bytes_ -= gone->booked;
  Counts<SessionCount, Counter>& counts = counts_[gone->i].counts;
  counts[SessionCount::waiting_bytes].set(counts[SessionCount::waiting_bytes].get() - gone->booked);
  counts[SessionCount::open].set(counts[SessionCount::open].get() - 1);
  counts[SessionCount::discarded_bytes].add(gone->received - gone->decoded + unread(gone->fd.get()));
  told(gone->i, gone->peer, why, detail);
}

void Sessions::told(std::size_t i, const Endpoint& peer, SessionEnd why, const std::string& detail) {
  counts_[i].ends[why].add();
  try {
    if (why == SessionEnd::not_allowed) refused_.count(peer.address);
    if (on_end_) on_end_(peer, why, detail);
  } catch (const std::bad_alloc&) {
    // It is counted.
  }
}

void Sessions::end_overdue() {
  if (now_ns_ - looked_ns_ < kLookNs) return;
  looked_ns_ = now_ns_;
  const std::uint64_t longest = in_ns(limits_.message_timeout);
  std::vector<Session*> late;
  for (const auto& [fd, session] : sessions_)
    if (session->begun_ns != 0 && now_ns_ - session->begun_ns > longest) late.push_back(session.get());
  for (Session* session : late) end(*session, SessionEnd::slow);
}

void Sessions::close() {
  for (SessionInlet& inlet : inlets_) inlet.listener.close();
  while (!sessions_.empty()) end(*sessions_.begin()->second, SessionEnd::stopped);
}

}  // namespace sluice::worker
