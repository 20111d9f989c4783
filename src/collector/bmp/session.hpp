#pragma once
// What one router tells in a BMP session: takes whole messages, knows the router's peers, and puts their
// routes into the session's table. No sockets, no clock, no log. The writer's thread.
#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "bmp/counts.hpp"
#include "bmp/message.hpp"
#include "bmp/table.hpp"
#include "util/counter.hpp"

namespace sluice::bmp {

/// Written by one thread, read by any.
struct BmpCounters {
  Counts<BmpCount, Counter> counts;
  Counts<BmpError, Counter> errors;
  Counts<BmpEnd, Counter> ends;
};

class Session {
 public:
  /// Called when something was not taken; must be quick.
  using OnError = std::function<void(BmpError)>;

  /// Table and counters outlive it.
  Session(Table& table, BmpCounters& counters, std::size_t most_peers, OnError on_error)
      : table_(table), counters_(counters), most_peers_(most_peers), on_error_(std::move(on_error)) {}

  /// One message whose common header is good. An end: the session is over.
  std::optional<BmpEnd> take(Bytes message);

  const Initiation& router() const { return router_; }
  std::size_t peers() const { return peers_.size(); }
  /// Whether the router told again all that it has of these families: each of its peers said that it did, and
  /// one of them for each family. Not all routers say so.
  bool refilled(const std::array<bool, kFamilies>& families) const;

 private:
  struct Peer {
    std::uint32_t rib = 0;  ///< of its routes before policy; those after it have the next number
    std::uint32_t local_as = 0;
    AddPath add_path{};
    std::array<bool, kFamilies> after_policy{};  ///< such routes are told: the others do not count
    bool ended = false;                          ///< it said that it told all of a family
  };
  std::optional<BmpEnd> dispatch(MessageType type, Bytes body);
  std::optional<BmpEnd> route(Bytes body);
  std::optional<BmpEnd> peer_up(Bytes body);
  std::optional<BmpEnd> peer_down(Bytes body);
  bool concerns(const PeerHeader& header);
  Peer* peer_of(const PeerKey& key);
  Peer* add_peer(const PeerKey& key);
  static std::uint32_t rib_of(const Peer& peer, const PeerHeader& header);
  void drop(std::uint32_t rib, std::optional<Family> only = {});
  void prefer_after_policy(Peer& peer, const PeerHeader& header);
  void apply(const Peer& peer, const PeerHeader& header);
  void announce(const PathStore::Owner& owner, const Announced& announced);
  void withdraw(const std::vector<Nlri>& routes, std::uint32_t rib);
  void failed(BmpError why);

  Table& table_;
  BmpCounters& counters_;
  const std::size_t most_peers_;
  const OnError on_error_;
  Initiation router_;
  SeededMap<PeerKey, Peer> peers_;
  std::vector<std::uint32_t> free_ribs_;
  std::uint32_t next_rib_ = 0;
  std::array<bool, kFamilies> ended_{};  ///< of a family some peer said that it told all
  Update update_;
};

}  // namespace sluice::bmp
