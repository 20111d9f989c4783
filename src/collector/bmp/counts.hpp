#pragma once
// What is counted of BMP: of all sessions together, why something in them was refused, and why sessions end.
#include <array>
#include <cstdint>
#include <string_view>

#include "sluice/util/counts.hpp"
#include "sluice/util/words.hpp"

namespace sluice::bmp {

enum class BmpCount : std::uint8_t {
  accepted,
  messages,
  bytes,
  updates,
  announcements,
  withdrawals,
  removed,
  without_peer_up,
  open,
  away,
  peers,
  routes,
  paths,
  kept_routes,
  held_bytes,
  count
};

/// How each is called, in the enum's order.
inline constexpr std::array kBmpCounts{
    CountInfo{BmpCount::accepted, "sessions", CountKind::total, "BMP sessions taken"},
    CountInfo{BmpCount::messages, "messages", CountKind::total, "BMP messages received whole"},
    CountInfo{BmpCount::bytes, "bytes", CountKind::total, "Bytes received in BMP sessions"},
    CountInfo{BmpCount::updates, "updates", CountKind::total,
              "BGP UPDATE messages read, with an error or not"},
    CountInfo{BmpCount::announcements, "announcements", CountKind::total,
              "Routes announced, those that were known as they are among them"},
    CountInfo{BmpCount::withdrawals, "withdrawals", CountKind::total,
              "Routes withdrawn by UPDATE messages, those that were not known among them"},
    CountInfo{BmpCount::removed, "removed_routes", CountKind::total,
              "Routes that went since their peer or their session did"},
    CountInfo{BmpCount::without_peer_up, "peers_without_up", CountKind::total,
              "Peers whose routes came without a Peer Up message before them; they are taken"},
    CountInfo{BmpCount::open, "open_sessions", CountKind::gauge, "BMP sessions open now"},
    CountInfo{BmpCount::away, "away", CountKind::gauge,
              "Routers that had a session since the start, or are a default, and have none now"},
    CountInfo{BmpCount::peers, "peers", CountKind::gauge, "BGP peers known now, a local RIB being one"},
    CountInfo{BmpCount::routes, "routes", CountKind::gauge, "Routes held now, of all peers"},
    CountInfo{BmpCount::paths, "paths", CountKind::gauge,
              "Sets of attributes held now, which routes of one peer share"},
    CountInfo{BmpCount::kept_routes, "kept_routes", CountKind::gauge,
              "Of the routes: those of sessions that have ended, within enrich.bmp.keep"},
    CountInfo{BmpCount::held_bytes, "held_bytes", CountKind::gauge, "Memory for all routes"},
};
static_assert(rows_in_order(kBmpCounts) && kBmpCounts.size() == Counts<BmpCount>::kSize);

/// Why something within a session was not taken. The session goes on but for the
/// first two and the last.
enum class BmpError : std::uint8_t {
  bad_message,
  bad_update,
  bad_attributes,
  add_path,
  long_list,
  other_family,
  other_instance,
  sent_routes,
  before_policy,
  unknown_message,
  peer_limit,
  session_routes,
  all_routes,
  session_memory,
  no_memory,
  count
};

struct BmpErrorInfo {
  BmpError count;
  std::string_view key;       ///< the label `reason`
  std::string_view sentence;  ///< for a log line
  bool fault;                 ///< a mistake or a limit, to be logged; else it is left out by design
};

/// In the enum's order.
inline constexpr std::array kBmpErrors{
    BmpErrorInfo{BmpError::bad_message, "bad_message",
                 "a message is not as RFC 7854 has it; the session ends", true},
    BmpErrorInfo{BmpError::bad_update, "bad_update",
                 "the prefixes of an UPDATE cannot be told, so that what it withdraws is unknown (RFC 7606); "
                 "the session ends",
                 true},
    BmpErrorInfo{
        BmpError::bad_attributes, "bad_attributes",
        "attributes of an UPDATE are not as they should be, and its routes count as withdrawn (RFC 7606)",
        true},
    BmpErrorInfo{BmpError::add_path, "add_path",
                 "an UPDATE has path identifiers that Peer Up did not tell of, or lacks them; it is left out",
                 true},
    BmpErrorInfo{BmpError::long_list, "long_list",
                 "an AS path or a list of communities is longer than 255; its routes count as withdrawn",
                 true},
    BmpErrorInfo{BmpError::other_family, "other_family", "an UPDATE is of another family than unicast",
                 false},
    BmpErrorInfo{BmpError::other_instance, "other_instance",
                 "a message is about a peer of another routing instance (VRF)", false},
    BmpErrorInfo{BmpError::sent_routes, "sent_routes",
                 "a message is about routes that the router sends to a peer (RFC 8671)", false},
    BmpErrorInfo{BmpError::before_policy, "before_policy",
                 "an UPDATE tells routes before policy, of a peer that is known after it", false},
    BmpErrorInfo{BmpError::unknown_message, "unknown_message", "a message is of a type that is not known",
                 false},
    BmpErrorInfo{BmpError::peer_limit, "peer_limit", "the session has as many peers as it may have", true},
    BmpErrorInfo{BmpError::session_routes, "session_routes",
                 "the session has as many routes as enrich.bmp.max_routes_per_session allows", true},
    BmpErrorInfo{BmpError::all_routes, "all_routes",
                 "there are as many routes as enrich.bmp.max_routes allows", true},
    BmpErrorInfo{BmpError::session_memory, "session_memory",
                 "routes of the session take as much memory as enrich.bmp.memory_per_session allows", true},
    BmpErrorInfo{BmpError::no_memory, "no_memory", "there was no memory for what it told; the session ends",
                 true},
};
static_assert(kBmpErrors.size() == Counts<BmpError>::kSize);

/// Why a session is over, or was not begun.
enum class BmpEnd : std::uint8_t {
  not_allowed,
  session_limit,
  address_limit,
  no_descriptor,
  by_router,
  cut_off,
  bad_message,
  bad_update,
  slow,
  made_room,
  no_memory,
  network,
  stopped,
  count
};
/// The metric's label, in the enum's order.
inline constexpr Words<BmpEnd, static_cast<std::size_t>(BmpEnd::count)> kBmpEnds{
    {{"not_allowed", BmpEnd::not_allowed},
     {"session_limit", BmpEnd::session_limit},
     {"address_limit", BmpEnd::address_limit},
     {"no_descriptor", BmpEnd::no_descriptor},
     {"by_router", BmpEnd::by_router},
     {"cut_off", BmpEnd::cut_off},
     {"bad_message", BmpEnd::bad_message},
     {"bad_update", BmpEnd::bad_update},
     {"slow", BmpEnd::slow},
     {"made_room", BmpEnd::made_room},
     {"no_memory", BmpEnd::no_memory},
     {"network", BmpEnd::network},
     {"stopped", BmpEnd::stopped}}};

/// Of a router.
enum class RouterCount : std::uint8_t { sessions, routes, since_seconds, count };

/// How each is called, in the enum's order.
inline constexpr std::array kRouterCounts{
    CountInfo{RouterCount::sessions, "sessions", CountKind::gauge, "The router's sessions now"},
    CountInfo{RouterCount::routes, "routes", CountKind::gauge, "Routes of the router's open sessions"},
    CountInfo{RouterCount::since_seconds, "since_seconds", CountKind::gauge,
              "Unix time at which the router came, or went; 0: it never came", "since_timestamp_seconds"},
};
static_assert(rows_in_order(kRouterCounts) && kRouterCounts.size() == Counts<RouterCount>::kSize);

/// Flows that were asked for, by their destination.
enum class FillCount : std::uint8_t { routed, unrouted, looked_up, count };

/// How each is called, in the enum's order.
inline constexpr std::array kFillCounts{
    CountInfo{FillCount::routed, "routed_flows", CountKind::total, "Flows to a destination with a route"},
    CountInfo{FillCount::unrouted, "unrouted_flows", CountKind::total,
              "Flows without route: to a destination that no session of their exporter, nor a default, "
              "tells one to"},
    CountInfo{
        FillCount::looked_up, "looked_up_addresses", CountKind::total,
        "Addresses of flows that were looked up in a session's routes, since nothing was kept of them or "
        "routes had changed meanwhile; two a flow are asked for"},
};
static_assert(rows_in_order(kFillCounts) && kFillCounts.size() == Counts<FillCount>::kSize);

/// One sentence for a log line.
std::string_view sentence(BmpEnd why);

}  // namespace sluice::bmp
