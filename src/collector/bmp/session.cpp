#include "bmp/session.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace sluice::bmp {
namespace {

/// Calls `f` with each route of an UPDATE.
template <class F>
void each_route(const Update& update, const F& f) {
  for (const auto* routes : {&update.plain.routes, &update.multiprotocol.routes, &update.withdrawn})
    for (const Nlri& one : *routes) f(one);
}

}  // namespace

void Session::failed(BmpError why) {
  counters_.errors[why].add();
  if (on_error_) on_error_(why);
}

std::optional<BmpEnd> Session::take(Bytes message) {
  counters_.counts[BmpCount::messages].add();
  try {
    const auto end = dispatch(read_common_header(message).type, message.subspan(kCommonHeader));
    if (end == BmpEnd::bad_message) failed(BmpError::bad_message);
    return end;
  } catch (const std::bad_alloc&) {
    counters_.errors[BmpError::no_memory].add();
    return BmpEnd::no_memory;
  }
}

std::optional<BmpEnd> Session::dispatch(MessageType type, Bytes body) {
  switch (type) {
    case MessageType::route_monitoring:
      return route(body);
    case MessageType::peer_up:
      return peer_up(body);
    case MessageType::peer_down:
      return peer_down(body);
    case MessageType::termination:
      return BmpEnd::by_router;
    case MessageType::initiation:
      if (auto told = read_initiation(body)) {
        router_ = std::move(*told);
        return std::nullopt;
      }
      return BmpEnd::bad_message;
    case MessageType::statistics:
    case MessageType::route_mirroring:
      return std::nullopt;
  }
  failed(BmpError::unknown_message);
  return std::nullopt;
}

/// False: it is left out, and counted.
bool Session::concerns(const PeerHeader& header) {
  if (header.key.distinguisher == 0 && !header.sent) return true;
  failed(header.sent ? BmpError::sent_routes : BmpError::other_instance);
  return false;
}

Session::Peer* Session::peer_of(const PeerKey& key) {
  const auto known = peers_.find(key);
  return known == peers_.end() ? nullptr : &known->second;
}

/// Null where there may be no more.
Session::Peer* Session::add_peer(const PeerKey& key) {
  if (peers_.size() >= most_peers_) return failed(BmpError::peer_limit), nullptr;
  free_ribs_.reserve(peers_.size() + free_ribs_.size() + 1);  // so that peer_down() needs no memory
  Peer& peer = peers_[key];
  if (free_ribs_.empty()) {
    peer.rib = std::exchange(next_rib_, next_rib_ + 2);
  } else {
    peer.rib = free_ribs_.back();
    free_ribs_.pop_back();
  }
  return &peer;
}

std::uint32_t Session::rib_of(const Peer& peer, const PeerHeader& header) {
  return peer.rib + (header.post_policy ? 1 : 0);
}

void Session::drop(std::uint32_t rib, std::optional<Family> only) {
  counters_.counts[BmpCount::removed].add(table_.drop(rib, only));
}

std::optional<BmpEnd> Session::peer_up(Bytes body) {
  ByteReader in(body);
  const auto header = read_peer_header(in);
  if (!in.ok()) return BmpEnd::bad_message;
  if (!header) return failed(BmpError::unknown_message), std::nullopt;
  if (!concerns(*header)) return std::nullopt;
  const auto up = read_peer_up(in.rest(), header->key.type);
  if (!up) return BmpEnd::bad_message;
  Peer* peer = peer_of(header->key);
  if (peer != nullptr) drop(rib_of(*peer, *header));  // a new session of its, which tells all anew
  if (peer == nullptr) peer = add_peer(header->key);
  if (peer == nullptr) return std::nullopt;
  peer->local_as = up->local_as;
  peer->add_path = up->add_path;
  peer->ended = false;
  return std::nullopt;
}

std::optional<BmpEnd> Session::peer_down(Bytes body) {
  ByteReader in(body);
  const auto header = read_peer_header(in);
  in.skip(1);  // the reason, of which nothing follows for us
  if (!in.ok()) return BmpEnd::bad_message;
  if (!header) return failed(BmpError::unknown_message), std::nullopt;
  if (!concerns(*header)) return std::nullopt;
  const auto known = peers_.find(header->key);
  // Some routers say it once for routes before and once for those after policy.
  if (known == peers_.end()) return std::nullopt;
  drop(known->second.rib);
  drop(known->second.rib + 1);
  free_ribs_.push_back(known->second.rib);
  peers_.erase(known);
  return std::nullopt;
}

std::optional<BmpEnd> Session::route(Bytes body) {
  ByteReader in(body);
  const auto header = read_peer_header(in);
  if (!in.ok()) return BmpEnd::bad_message;
  counters_.counts[BmpCount::updates].add();
  if (!header) return failed(BmpError::unknown_message), std::nullopt;
  if (!concerns(*header)) return std::nullopt;
  Peer* peer = peer_of(header->key);
  if (peer == nullptr) {
    peer = add_peer(header->key);
    if (peer == nullptr) return std::nullopt;
    counters_.counts[BmpCount::without_peer_up].add();
  }
  const bool local_rib = header->key.type == PeerType::local_rib;
  const auto error = read_update(in.rest(), {peer->add_path, header->legacy_as, local_rib}, update_);
  if (error) failed(*error);
  if (error == BmpError::bad_update) return BmpEnd::bad_update;
  if (error) return std::nullopt;
  if (update_.other_family) failed(BmpError::other_family);
  prefer_after_policy(*peer, *header);
  apply(*peer, *header);
  if (update_.end_of_rib) {
    peer->ended = true;
    ended_[static_cast<std::size_t>(*update_.end_of_rib)] = true;
  }
  return std::nullopt;
}

bool Session::refilled(const std::array<bool, kFamilies>& families) const {
  for (std::size_t f = 0; f < kFamilies; ++f)
    if (families[f] && !ended_[f]) return false;
  return std::ranges::all_of(peers_, [](const auto& one) { return one.second.ended; });
}

/// Where a family is told after policy, what is told of it before policy is left out.
void Session::prefer_after_policy(Peer& peer, const PeerHeader& header) {
  if (header.key.type == PeerType::local_rib) return;
  std::array<bool, kFamilies> told{};
  each_route(update_, [&](const Nlri& one) { told[static_cast<std::size_t>(family_of(one.prefix))] = true; });
  for (const Family family : {Family::v4, Family::v6}) {
    bool& after = peer.after_policy[static_cast<std::size_t>(family)];
    if (!told[static_cast<std::size_t>(family)]) continue;
    if (header.post_policy && !after) {
      after = true;
      drop(peer.rib, family);
    }
    if (header.post_policy || !after) continue;
    failed(BmpError::before_policy);
    const auto is_of = [&](const Nlri& one) { return family_of(one.prefix) == family; };
    for (auto* routes : {&update_.plain.routes, &update_.multiprotocol.routes, &update_.withdrawn})
      std::erase_if(*routes, is_of);
  }
}

void Session::apply(const Peer& peer, const PeerHeader& header) {
  const std::uint32_t rib = rib_of(peer, header);
  for (const Nlri& one : update_.withdrawn) table_.withdraw(one, rib);
  counters_.counts[BmpCount::withdrawals].add(update_.withdrawn.size());
  if (update_.withdraw_all) {
    failed(*update_.withdraw_all);
    withdraw(update_.plain.routes, rib);
    withdraw(update_.multiprotocol.routes, rib);
    return;
  }
  PathStore::Owner owner{.rib = rib, .peer_as = header.as};
  owner.view = header.key.type == PeerType::local_rib ? View::local_rib
               : header.post_policy                   ? View::after_policy
                                                      : View::before_policy;
  owner.external = header.as != peer.local_as;
  announce(owner, update_.plain);
  announce(owner, update_.multiprotocol);
}

void Session::announce(const PathStore::Owner& owner, const Announced& announced) {
  if (announced.routes.empty()) return;
  Path* path = table_.paths().hold(owner, update_.attributes, announced.next_hop);
  for (const Nlri& one : announced.routes) {
    const auto error = table_.announce(one, path);
    if (!error) continue;
    failed(*error);
    table_.withdraw(one, owner.rib);  // what was there is no more so
  }
  table_.paths().release(path);
  counters_.counts[BmpCount::announcements].add(announced.routes.size());
}

void Session::withdraw(const std::vector<Nlri>& routes, std::uint32_t rib) {
  std::uint64_t gone = 0;
  for (const Nlri& one : routes) gone += table_.withdraw(one, rib) ? 1 : 0;
  counters_.counts[BmpCount::removed].add(gone);
}

}  // namespace sluice::bmp
