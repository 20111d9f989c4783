#pragma once
// Who is connected, and who has to go when another comes. Private to this module; on the thread of the
// io_context.
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "flow/endpoint.hpp"
#include "http/connection.hpp"

namespace sluice::http {

class Places {
 public:
  using Clock = Connection::Clock;
  using Id = std::uint64_t;
  explicit Places(Service& service) : service_(service) {}

  /// Who asks for a place.
  struct Newcomer {
    IpAddress network;        ///< of its address: that, or the /64 of IPv6
    Clock::time_point since;  ///< when it was first asked for
    std::size_t behind = 0;   ///< how many wait behind it
  };
  enum class Room {
    enough,
    for_health,  ///< and for nothing else
    none,
    later,  ///< those that may go have not had their time yet
  };
  struct Offer {
    Room room = Room::none;
    Clock::time_point when{};  ///< of `later`
  };
  /// Ends who has to go for it.
  Offer make_room(const Newcomer& newcomer);
  /// Ends one, whoever it is, so that its descriptor is free: enough, none or later.
  Offer end_one(const Newcomer& newcomer) { return evict(of_anybody, newcomer); }

  void add(const std::shared_ptr<Connection>& connection, const IpAddress& network, Room room);
  void remove(Id id) { clients_.erase(id); }
  /// Before add(): what that is going to return.
  Id next_id() const { return next_id_; }
  std::size_t size() const { return clients_.size(); }
  std::vector<std::shared_ptr<Connection>> living() const;

 private:
  struct Client {
    std::weak_ptr<Connection> connection;
    IpAddress network;
    Clock::time_point came;
    bool for_health = false;
  };
  using Which = std::function<bool(const Client&)>;
  struct Candidate;
  using Merit = std::tuple<int, WaitsFor, Clock::time_point>;

  static bool of_anybody(const Client& client) { return !client.for_health; }
  std::size_t count(const Which& which) const;
  Offer keep_below(std::size_t limit, const Which& which, const Newcomer& newcomer);
  Offer evict(const Which& which, const Newcomer& newcomer);
  std::vector<Candidate> candidates(const Which& which, Clock::time_point now) const;
  Merit merit_of(const Connection& one, Clock::time_point now) const;

  Service& service_;
  std::map<Id, Client> clients_;
  Id next_id_ = 0;
};

}  // namespace sluice::http
