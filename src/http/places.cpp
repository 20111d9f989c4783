#include "http/places.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

// Connections beyond the limit that are asked what they want before they are turned away.
constexpr std::size_t kForHealth = 8;
// Until what has come over a connection is read, which happens as soon as the thread is free.
constexpr std::chrono::milliseconds kUntilRead{1};

}  // namespace

struct Places::Candidate {
  Id id = 0;
  std::shared_ptr<Connection> connection;
  Clock::time_point came;
  Merit merit;
};

void Places::add(const std::shared_ptr<Connection>& connection, const IpAddress& network, Room room) {
  clients_.emplace(next_id_, Client{connection, network, Clock::now(), room == Room::for_health});
  ++next_id_;
}

std::vector<std::shared_ptr<Connection>> Places::living() const {
  std::vector<std::shared_ptr<Connection>> out;
  for (const auto& [id, client] : clients_)
    if (auto one = client.connection.lock()) out.push_back(std::move(one));
  return out;
}

std::size_t Places::count(const Which& which) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(clients_, [&](const auto& each) { return which(each.second); }));
}

/// More than one may have to go after the limit was lowered.
Places::Offer Places::keep_below(std::size_t limit, const Which& which, const Newcomer& newcomer) {
  for (std::size_t of = count(which); of >= limit; --of)
    if (const Offer offer = evict(which, newcomer); offer.room != Room::enough) return offer;
  return {Room::enough};
}

Places::Offer Places::make_room(const Newcomer& newcomer) {
  const Limits& limits = service_.options.limits;
  const auto of_client = [&](const Client& client) {
    return of_anybody(client) && client.network == newcomer.network;
  };
  Offer offer{Room::enough};
  if (limits.per_client != 0) offer = keep_below(limits.per_client, of_client, newcomer);
  if (offer.room == Room::enough) offer = keep_below(limits.connections, of_anybody, newcomer);
  if (offer.room != Room::none) return offer;
  // Those are over as soon as they have their answer, so that the next can ask.
  offer = keep_below(kForHealth, [](const Client& client) { return client.for_health; }, newcomer);
  return offer.room == Room::enough ? Offer{Room::for_health} : offer;
}

std::vector<Places::Candidate> Places::candidates(const Which& which, Clock::time_point now) const {
  std::vector<Candidate> out;
  for (const auto& [id, client] : clients_) {
    const auto one = client.connection.lock();
    if (!one || !which(client) || one->waits_for() == WaitsFor::nothing || one->under_way(now)) continue;
    out.push_back({id, one, client.came, merit_of(*one, now)});
  }
  return out;
}

/// Ends the one that is missed least. Where connections are opened faster than what they ask is heard, none
/// is ended before its time: from when it came until it may go, whether in a place or in the kernel's queue
/// for one, each has `heard`. So many places as may become free are shared by those that wait for them.
Places::Offer Places::evict(const Which& which, const Newcomer& newcomer) {
  const auto now = Clock::now();
  const std::vector<Candidate> all = candidates(which, now);
  if (all.empty()) return {Room::none};
  const Clock::duration heard = service_.options.limits.heard;
  const auto waiting = static_cast<std::int64_t>(newcomer.behind + 1);
  const Clock::duration share = std::min(heard, heard * static_cast<std::int64_t>(all.size()) / waiting);
  const bool at_once = now - newcomer.since >= heard;
  const auto due = [&](const Candidate& each) {
    const auto from = each.came + share;
    return from <= now && each.connection->unread() ? now + kUntilRead : from;
  };
  const Candidate* worst = &all.front();
  const Candidate* goes = nullptr;
  for (const Candidate& each : all) {
    if (each.merit < worst->merit) worst = &each;
    if (due(each) > now && !at_once) continue;
    if (goes == nullptr || each.merit < goes->merit) goes = &each;
  }
  if (goes == nullptr) return {Room::later, due(*worst)};
  service_.count(HttpCount::evicted);
  goes->connection->close();
  remove(goes->id);  // it ends by itself, and is not to be ended twice
  return {Room::enough};
}

/// Idle ones go before half requests, and the oldest first; but of those that have only just come the ones
/// that said something and not all of it go before those that have not had the time to say anything.
Places::Merit Places::merit_of(const Connection& one, Clock::time_point now) const {
  const WaitsFor what = one.waits_for();
  const auto since = one.waits_since();
  if (what == WaitsFor::taking_answer) return {2, what, since};
  const bool fresh = now - since < service_.options.limits.fresh;
  if (!fresh && what != WaitsFor::body) return {0, what, since};
  return {1, what == WaitsFor::request ? what : WaitsFor::end, since};
}

}  // namespace sluice::http
