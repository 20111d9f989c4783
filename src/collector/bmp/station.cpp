#include "bmp/station.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include "util/clock.hpp"

namespace sluice::bmp {
namespace {

/// What is read at once.
constexpr std::size_t kPiece = 128 << 10;
/// How long one session may be served in a turn.
constexpr std::uint64_t kSliceNs = 20'000'000;
constexpr unsigned kAcceptsATurn = 64;
constexpr std::size_t kEventsATurn = 64;
/// Where no descriptor is left, nobody is taken for so long.
constexpr std::uint64_t kPauseNs = kNsPerSecond;
/// How often gauges are set, and those looked for that are overdue.
constexpr std::uint64_t kLookNs = kNsPerSecond / 10;
/// Of epoll: not a descriptor of a session.
constexpr std::uint64_t kListener = ~std::uint64_t{0}, kWake = kListener - 1;

std::uint64_t in_ns(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(time.count()) * (kNsPerSecond / 1000);
}

void watch(int epoll, int operation, int fd, std::uint64_t what, bool readable) {
  epoll_event event{};
  event.events = readable ? std::uint32_t{EPOLLIN} : 0U;
  event.data.u64 = what;
  if (::epoll_ctl(epoll, operation, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot watch a BMP connection");
}

}  // namespace

std::string_view sentence(BmpEnd why) {
  switch (why) {
    case BmpEnd::not_allowed:
      return "the source may not connect there";
    case BmpEnd::session_limit:
      return "as many sessions as enrich.bmp.max_sessions allows are there already";
    case BmpEnd::address_limit:
      return "as many sessions as enrich.bmp.max_sessions_per_address allows are there already";
    case BmpEnd::no_descriptor:
      return "the process could not take the connection";
    case BmpEnd::by_router:
      return "the router ended it";
    case BmpEnd::cut_off:
      return "it ended within a message";
    case BmpEnd::bad_message:
      return "what came is no BMP message";
    case BmpEnd::bad_update:
      return "the prefixes of an UPDATE cannot be told, so that what it withdraws is unknown";
    case BmpEnd::slow:
      return "a message, or the first one, took longer than enrich.bmp.message_timeout";
    case BmpEnd::made_room:
      return "it had sent no message yet, and another one needed the place";
    case BmpEnd::no_memory:
      return "there was no memory for what it told";
    case BmpEnd::network:
      return "the connection broke";
    case BmpEnd::stopped:
      return "this collector stops";
    case BmpEnd::count:
      break;
  }
  return {};
}

/// A table and whose it is.
struct Station::Held {
  IpAddress router;
  Table* table = nullptr;            // retired when it goes
  const Session* session = nullptr;  // null: it ended
  bool shown = false;                // in the directory
  std::uint64_t until_ns = 0;        // when it ended: it goes then

  bool live() const { return session != nullptr; }
  bool over(std::uint64_t now_ns) const { return table == nullptr || (!live() && now_ns >= until_ns); }
};

struct Station::Connection {
  UniqueFd fd;
  Endpoint peer;
  std::list<Held>::iterator held;
  std::unique_ptr<Session> session;
  std::vector<std::byte> waiting;  // bytes that came and are not taken
  std::uint64_t came_ns = 0;
  std::uint64_t begun_ns = 0;  // the message that is not whole; 0: none is waited for
  bool heard = false;          // a whole message came
  bool more = false;           // whole messages wait
};

Station::Station(Settings settings, net::TcpListener listener, Routes& routes, Say say)
    : settings_(std::move(settings)),
      listener_(std::move(listener)),
      allowed_(settings_.allow),
      routes_(routes),
      say_(std::move(say)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      room_{0, settings_.limits.routes, [this] { return let_kept_go(); }},
      buffer_(kPiece) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "cannot watch BMP connections");
  watch(epoll_.get(), EPOLL_CTL_ADD, listener_.fd(), kListener, true);
  watch(epoll_.get(), EPOLL_CTL_ADD, wake_.fd(), kWake, true);
  routers_.with([&](auto& rows) {
    for (const IpAddress& router : settings_.defaults) rows[router].address = router;
  });
  show();
}

Station::~Station() { stop(); }

void Station::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "bmp");
}

void Station::stop() {
  stop_.store(true, std::memory_order_release);
  wake_.notify();
  if (thread_.joinable()) thread_.join();
  listener_.close();
  while (!connections_.empty()) end(*connections_.begin()->second, BmpEnd::stopped);
  // Readers may look at them still: who stops a station has stopped them, or outlives the Routes.
  routes_.publish(nullptr);
  for (Held& held : held_) {
    held.table->leave();
    routes_.epochs().retire(held.table);
  }
  held_.clear();
}

void Station::run() {
  while (!stop_.load(std::memory_order_acquire)) {
    try {
      turn();
    } catch (const std::bad_alloc&) {
      // What could not be done now is there at the next turn.
    }
  }
}

/// Milliseconds until the next turn, if nothing comes.
int Station::patience() const {
  if (more_) return 0;
  const bool something =
      !connections_.empty() || !held_.empty() || paused_until_ns_ != 0 || changed_ || !shown_empty_;
  return something || routes_.epochs().waiting() > 0 ? 100 : -1;
}

void Station::turn() {
  std::array<epoll_event, kEventsATurn> events{};
  const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience());
  now_ns_ = monotonic_ns();
  more_ = false;
  if (paused_until_ns_ != 0 && now_ns_ >= paused_until_ns_) {
    paused_until_ns_ = 0;
    watch(epoll_.get(), EPOLL_CTL_MOD, listener_.fd(), kListener, true);
  }
  std::vector<int> ready_fds;
  for (int e = 0; e < ready; ++e) {
    const std::uint64_t what = events[static_cast<std::size_t>(e)].data.u64;
    if (what == kListener)
      accept();
    else if (what == kWake)
      wake_.clear();
    else
      ready_fds.push_back(static_cast<int>(what));
  }
  for (const auto& [fd, connection] : connections_)
    if (connection->more) ready_fds.push_back(fd);
  std::ranges::sort(ready_fds);
  const auto twice = std::ranges::unique(ready_fds);
  ready_fds.erase(twice.begin(), twice.end());
  for (const int fd : ready_fds)
    if (const auto one = connections_.find(fd); one != connections_.end()) serve(*one->second);
  tidy_tables();
  routes_.epochs().collect();
  if (now_ns_ - looked_ns_ < kLookNs) return;
  looked_ns_ = now_ns_;
  end_overdue();
  show();
}

void Station::accept() {
  for (unsigned n = 0; n < kAcceptsATurn; ++n) {
    auto connected = listener_.accept();
    if (connected) {
      begin(std::move(*connected));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      if (make_room([](const Connection&) { return true; })) continue;
      told({}, BmpEnd::no_descriptor, std::strerror(errno));
      watch(epoll_.get(), EPOLL_CTL_MOD, listener_.fd(), kListener, false);
      paused_until_ns_ = now_ns_ + kPauseNs;
      return;
    }
    if (errno != ECONNABORTED && errno != EINTR) return;
  }
}

/// Before anything is made for it.
std::optional<BmpEnd> Station::refusal(const IpAddress& source) {
  if (!settings_.allow.empty() && !allowed_.contains(source)) return BmpEnd::not_allowed;
  const auto of_source = [&](const Connection& one) { return one.peer.address == source; };
  const auto open =
      std::ranges::count_if(connections_, [&](const auto& one) { return of_source(*one.second); });
  if (open >= settings_.limits.sessions_per_address && !make_room(of_source)) return BmpEnd::address_limit;
  if (connections_.size() >= settings_.limits.sessions && !make_room([](const Connection&) { return true; }))
    return BmpEnd::session_limit;
  return std::nullopt;
}

/// Ends the oldest of those that have not sent a message yet: who says nothing must not keep others out.
bool Station::make_room(const std::function<bool(const Connection&)>& among) {
  Connection* oldest = nullptr;
  for (const auto& [fd, one] : connections_)
    if (!one->heard && among(*one) && (oldest == nullptr || one->came_ns < oldest->came_ns))
      oldest = one.get();
  if (oldest == nullptr) return false;
  end(*oldest, BmpEnd::made_room);
  return true;
}

void Station::begin(net::Connected connected) {
  const Endpoint peer = connected.peer;
  if (const auto why = refusal(peer.address)) return told(peer, *why, {});
  try {
    auto connection = std::make_unique<Connection>();
    connection->peer = peer;
    connection->came_ns = now_ns_;
    auto table = std::make_unique<Table>(
        routes_.epochs(), room_,
        TableLimits{settings_.limits.routes_per_session, settings_.limits.bytes_per_session});
    connection->session = std::make_unique<Session>(
        *table, counters_, settings_.limits.peers_per_session, [this, peer](BmpError why) {
          const BmpErrorInfo& info = row_of(kBmpErrors, why);
          if (info.fault)
            say(true, "bmp " + std::string(info.key),
                "BMP of " + peer.to_string() + " (" + std::string(info.key) +
                    "): " + std::string(info.sentence));
        });
    const int fd = connected.fd.get();
    watch(epoll_.get(), EPOLL_CTL_ADD, fd, static_cast<std::uint64_t>(fd), true);
    connection->fd = std::move(connected.fd);
    held_.push_front({.router = peer.address, .session = connection->session.get()});
    held_.front().table = table.release();
    connection->held = held_.begin();
    Connection& kept = *connection;
    try {
      connections_[fd] = std::move(connection);
    } catch (const std::bad_alloc&) {
      kept.held->session = nullptr;
      throw;
    }
  } catch (const std::exception& e) {
    return told(peer, BmpEnd::no_descriptor, e.what());
  }
  counters_.counts[BmpCount::accepted].add();
}

void Station::serve(Connection& connection) {
  std::optional<BmpEnd> why;
  std::string detail;
  try {
    // What waits goes first; a session that brings more than can be taken waits in its socket.
    if (!connection.more) why = receive(connection);
    if (why == BmpEnd::network) detail = std::strerror(errno);
    if (!why || why == BmpEnd::by_router)
      if (const auto taken = take_messages(connection)) why = taken;
  } catch (const std::bad_alloc&) {
    why = BmpEnd::no_memory;
  }
  if (held_.size() > connections_.size()) let_replaced_go(connection.peer.address);
  if (why == BmpEnd::by_router && connection.more) why.reset();  // its end is met again
  if (why == BmpEnd::by_router && !connection.waiting.empty()) why = BmpEnd::cut_off;
  if (why) return end(connection, *why, detail);
  more_ |= connection.more;
}

std::optional<BmpEnd> Station::receive(Connection& connection) {
  const ssize_t got = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (got == 0) return BmpEnd::by_router;
  if (got < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
    return BmpEnd::network;
  }
  const auto bytes = static_cast<std::size_t>(got);
  counters_.counts[BmpCount::bytes].add(bytes);
  connection.waiting.insert(connection.waiting.end(), buffer_.begin(), buffer_.begin() + got);
  return std::nullopt;
}

/// All that are whole, for as long as the session's slice lasts.
std::optional<BmpEnd> Station::take_messages(Connection& connection) {
  const Bytes all(connection.waiting);
  const std::uint64_t until = monotonic_ns() + kSliceNs;
  std::size_t done = 0;
  std::optional<BmpEnd> why;
  connection.more = false;
  while (!why && all.size() - done >= kCommonHeader) {
    const CommonHeader header = read_common_header(all.subspan(done));
    if (!header.good(settings_.limits.message_bytes)) {
      counters_.errors[BmpError::bad_message].add();
      why = BmpEnd::bad_message;
      break;
    }
    if (all.size() - done < header.length) break;
    if (done > 0 && monotonic_ns() > until) {
      connection.more = true;
      break;
    }
    if (!connection.heard) heard(connection);
    why = connection.session->take(all.subspan(done, header.length));
    done += header.length;
  }
  const bool moved = done > 0;
  connection.waiting.erase(connection.waiting.begin(),
                           connection.waiting.begin() + static_cast<std::ptrdiff_t>(done));
  if (connection.waiting.empty() && connection.waiting.capacity() > kPiece) connection.waiting = {};
  if (connection.waiting.empty() || connection.more)
    connection.begun_ns = 0;
  else if (moved || connection.begun_ns == 0)
    connection.begun_ns = now_ns_;
  return why;
}

/// From its first message on it answers for its router.
void Station::heard(Connection& connection) {
  connection.heard = true;
  connection.held->shown = true;
  changed_ = true;
}

void Station::end(Connection& connection, BmpEnd why, const std::string& detail) {
  const auto itself = connections_.find(connection.fd.get());
  const std::unique_ptr<Connection> gone = std::move(itself->second);
  connections_.erase(itself);
  Held& held = *gone->held;
  held.session = nullptr;
  if (why != BmpEnd::stopped) keep(held);
  changed_ = true;
  told(gone->peer, why, detail);
}

/// For a while, in place of what was kept of its router: who comes and goes all the time has one such table,
/// and who says nothing has none and leaves what there is.
void Station::keep(Held& ended) {
  if (!ended.shown || ended.table->routes() == 0) return;
  for (Held& other : held_)
    if (!other.live() && other.router == ended.router) other.until_ns = 0;
  ended.until_ns = now_ns_ + in_ns(settings_.keep);
  let_replaced_go(ended.router);
}

/// What is kept of the router goes when a later session of its has told all anew.
void Station::let_replaced_go(const IpAddress& router) {
  const auto of_router = [&](const Held& held) { return held.router == router; };
  for (auto kept = held_.begin(); kept != held_.end(); ++kept) {
    if (!of_router(*kept) || kept->live() || kept->over(now_ns_)) continue;
    const auto families = kept->table->families();
    const bool replaced = std::any_of(held_.begin(), kept, [&](const Held& later) {
      return of_router(later) && later.live() && later.session->refilled(families);
    });
    if (replaced) kept->until_ns = 0;
  }
}

/// Routes that are told come before those that are only kept: of these the table that was left first goes, so
/// that there is room. False: none is kept.
bool Station::let_kept_go() {
  Held* first = nullptr;
  for (Held& held : held_)
    if (!held.live() && (first == nullptr || held.until_ns < first->until_ns)) first = &held;
  if (first == nullptr) return false;
  first->until_ns = 0;
  tidy_tables();
  return true;
}

void Station::told(const Endpoint& peer, BmpEnd why, const std::string& detail) {
  counters_.ends[why].add();
  try {
    if (why == BmpEnd::not_allowed) return refused_.count(peer.address);
    const std::string reason(word_of(kBmpEnds, why));
    say(why != BmpEnd::by_router && why != BmpEnd::stopped, "bmp session " + reason,
        "the BMP session of " + peer.to_string() + " ended (" + reason + "): " + std::string(sentence(why)) +
            (detail.empty() ? "" : ": " + detail));
  } catch (const std::bad_alloc&) {
    // It is counted.
  }
}

void Station::say(bool warning, const std::string& kind, const std::string& line) const {
  if (say_) say_(warning, kind, line);
}

void Station::end_overdue() {
  const std::uint64_t longest = in_ns(settings_.limits.message_timeout);
  std::vector<Connection*> late;
  for (const auto& [fd, one] : connections_) {
    const std::uint64_t since = !one->heard ? one->came_ns : one->begun_ns;
    if (since != 0 && now_ns_ - since > longest) late.push_back(one.get());
  }
  for (Connection* one : late) end(*one, BmpEnd::slow);
}

std::unique_ptr<Routes::Directory> Station::directory() const {
  const auto answers = [&](const Held& held) { return held.shown && !held.over(now_ns_); };
  auto next = std::make_unique<Routes::Directory>();
  for (const Held& held : held_)
    if (answers(held)) next->by_router[held.router].push_back(held.table);
  // While the router tells all anew, its new table has the default route perhaps, and not yet what is longer.
  for (const Held& held : held_)
    if (answers(held) && !held.live()) {
      auto& tables = next->by_router[held.router];
      for (auto one = tables.begin(); one != tables.end() - 1; ++one) one->with_next = true;
    }
  for (const IpAddress& router : settings_.defaults)
    if (const auto known = next->by_router.find(router); known != next->by_router.end())
      next->defaults.insert(next->defaults.end(), known->second.begin(), known->second.end());
  return next;
}

/// Tables whose time is over leave the directory, and then go; new ones come in.
void Station::tidy_tables() {
  const auto over = [&](const Held& held) { return held.over(now_ns_); };
  if (!changed_ && std::ranges::none_of(held_, over)) return;
  routes_.publish(directory());
  changed_ = false;
  for (auto held = held_.begin(); held != held_.end();) {
    if (!over(*held)) {
      ++held;
      continue;
    }
    if (held->table != nullptr) {
      counters_.counts[BmpCount::removed].add(held->table->routes());
      held->table->leave();
      routes_.epochs().retire(held->table);
    }
    held = held_.erase(held);
  }
}

/// Gauges, and what is known of each router.
void Station::show() {
  std::uint64_t peers = 0, paths = 0, kept = 0, bytes = 0;
  for (const auto& [fd, one] : connections_) peers += one->session->peers();
  for (const Held& held : held_) {
    if (held.table == nullptr) continue;
    paths += held.table->path_count();
    bytes += held.table->bytes();
    if (!held.live()) kept += held.table->routes();
  }
  auto& counts = counters_.counts;
  counts[BmpCount::open].set(connections_.size());
  counts[BmpCount::peers].set(peers);
  counts[BmpCount::routes].set(room_.routes);
  counts[BmpCount::paths].set(paths);
  counts[BmpCount::kept_routes].set(kept);
  counts[BmpCount::held_bytes].set(bytes);
  counts[BmpCount::away].set(show_routers());
  shown_empty_ = connections_.empty() && held_.empty();
}

/// Returns how many are away.
std::uint64_t Station::show_routers() {
  const std::uint64_t now = unix_ns() / kNsPerSecond;
  return routers_.with([&](auto& rows) {
    std::map<IpAddress, std::uint64_t> before;
    for (auto& [address, row] : rows) {
      before[address] = std::exchange(row.counts[RouterCount::sessions], 0);
      row.counts[RouterCount::routes] = 0;
    }
    for (const auto& [fd, one] : connections_) {
      const IpAddress& address = one->peer.address;
      if (!one->heard || (rows.size() >= kMostRouters && !rows.contains(address))) continue;
      RouterRow& row = rows[address];
      row.address = address;
      row.name = one->session->router().name;
      ++row.counts[RouterCount::sessions];
      row.counts[RouterCount::routes] += one->held->table->routes();
    }
    std::uint64_t away = 0;
    for (auto& [address, row] : rows) {
      const bool here = row.counts[RouterCount::sessions] > 0;
      if (here != (before[address] > 0)) row.counts[RouterCount::since_seconds] = now;
      away += here ? 0 : 1;
    }
    return away;
  });
}

std::vector<RouterRow> Station::routers() const {
  return routers_.with([](const auto& rows) {
    std::vector<RouterRow> out;
    for (const auto& [address, row] : rows) out.push_back(row);
    return out;
  });
}

}  // namespace sluice::bmp
