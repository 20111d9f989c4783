#pragma once
// The monitoring station (RFC 7854): a thread that takes BMP sessions of routers, keeps the routes that they
// tell, and publishes them to those who ask (routes.hpp). It owns all sockets, sessions and tables; each
// session has a table of its own, which goes with it, at once or after Settings::keep, one of a router at
// most; sooner where the router has told all anew, or others need the room. A session gets a slice of time in
// turn, so that one that floods holds up none of the others for longer than that, or than it takes to walk
// through its table once, when a peer of a full one goes (some 100 ms for a million routes).
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bmp/limits.hpp"
#include "bmp/routes.hpp"
#include "bmp/session.hpp"
#include "net/admission.hpp"
#include "net/tcp_listener.hpp"
#include "net/wait.hpp"
#include "util/guarded.hpp"

namespace sluice::bmp {

struct Settings {
  std::vector<IpPrefix> allow;        ///< who may connect; empty: everybody
  std::vector<IpAddress> defaults;    ///< routers whose routes serve exporters without a session, in order
  std::chrono::milliseconds keep{0};  ///< how long routes outlive their session at most
  Limits limits;
};

/// A router that has a session or had one, or is a default.
struct RouterRow {
  IpAddress address;
  std::string name;  ///< as it says itself, in one line; or empty
  Counts<RouterCount> counts;
};

class Station {
 public:
  /// A line for the log; `limited`: one of many of its kind. Called on the station's thread.
  using Say = std::function<void(bool warning, const std::string& kind, const std::string& line)>;

  /// Routes outlive it. The listener is open. Throws std::system_error.
  Station(Settings settings, net::TcpListener listener, Routes& routes, Say say);
  ~Station();

  void start();
  /// Sessions end, and their routes go. Also without start().
  void stop();

  std::string local_name() const { return listener_.local_name(); }

  // Any thread.

  const BmpCounters& counters() const { return counters_; }
  const net::RefusedSources& refused() const { return refused_; }
  /// In order of their addresses; at most kMostRouters.
  std::vector<RouterRow> routers() const;
  static constexpr std::size_t kMostRouters = 1000;

 private:
  struct Held;
  struct Connection;
  void run();
  void turn();
  int patience() const;
  void accept();
  std::optional<BmpEnd> refusal(const IpAddress& source);
  bool make_room(const std::function<bool(const Connection&)>& among);
  void begin(net::Connected connected);
  void serve(Connection& connection);
  std::optional<BmpEnd> receive(Connection& connection);
  std::optional<BmpEnd> take_messages(Connection& connection);
  void heard(Connection& connection);
  void end(Connection& connection, BmpEnd why, const std::string& detail = {});
  void told(const Endpoint& peer, BmpEnd why, const std::string& detail);
  void keep(Held& ended);
  void let_replaced_go(const IpAddress& router);
  bool let_kept_go();
  void end_overdue();
  std::unique_ptr<Routes::Directory> directory() const;
  void tidy_tables();
  void show();
  std::uint64_t show_routers();
  void say(bool warning, const std::string& kind, const std::string& line) const;

  const Settings settings_;
  net::TcpListener listener_;
  const net::AddressSet allowed_;
  Routes& routes_;
  const Say say_;
  net::WakeUp wake_;
  UniqueFd epoll_;
  Room room_;
  std::list<Held> held_;  // tables, the latest first
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::vector<std::byte> buffer_;
  bool changed_ = true;       // what the directory is to say
  bool shown_empty_ = false;  // gauges say that there is nothing
  bool more_ = false;         // messages wait for the next turn
  std::uint64_t now_ns_ = 0, looked_ns_ = 0, paused_until_ns_ = 0;
  BmpCounters counters_;
  net::RefusedSources refused_;
  Guarded<std::map<IpAddress, RouterRow>> routers_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace sluice::bmp
