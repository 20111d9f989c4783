#pragma once
// What is counted of listeners that take sessions (TCP), and why sessions end.
#include <array>
#include <cstdint>
#include <string_view>

#include "sluice/util/counts.hpp"
#include "sluice/util/words.hpp"

namespace sluice::worker {

enum class SessionCount : std::uint8_t {
  accepted,
  messages,
  bytes,
  discarded_bytes,
  open,
  waiting_bytes,
  count
};

/// How each is called, in the enum's order.
inline constexpr std::array kSessionCounts{
    CountInfo{SessionCount::accepted, "sessions", CountKind::total, "Sessions taken"},
    CountInfo{SessionCount::messages, "messages", CountKind::total, "Messages received whole"},
    CountInfo{SessionCount::bytes, "bytes", CountKind::total, "Bytes received, those of TLS not counted"},
    CountInfo{SessionCount::discarded_bytes, "discarded_bytes", CountKind::total,
              "Bytes of messages that were not decoded, as their session ended: of one that is not whole, "
              "and, where the collector ended it, of those behind it that had come"},
    CountInfo{SessionCount::open, "open_sessions", CountKind::gauge, "Sessions open now"},
    CountInfo{SessionCount::waiting_bytes, "waiting_bytes", CountKind::gauge,
              "Memory held by messages that are not whole"},
};
static_assert(rows_in_order(kSessionCounts) && kSessionCounts.size() == Counts<SessionCount>::kSize);

/// Why a session ended, or was not begun (the first four).
enum class SessionEnd : std::uint8_t {
  not_allowed,       ///< the source may not send there
  connection_limit,  ///< as many as may be have sent messages already
  address_limit,     ///< the same for those of one address
  no_descriptor,     ///< the process has none left, or no memory
  by_exporter,       ///< between two messages
  cut_off,           ///< by the exporter or the network, within a message
  bad_message,       ///< what came is no IPFIX message
  slow,              ///< a message, or the handshake of TLS, took too long
  buffer_limit,      ///< no room for messages that are not whole; its own was the oldest
  made_room,         ///< it had sent no message yet, and another one came
  forgotten,         ///< what it taught was given up for want of room: it is to be taught again
  tls,               ///< no TLS, or no certificate that is demanded
  network,           ///< the connection broke
  stopped,           ///< by this process, which ends
  count
};
/// The metric's label, in the enum's order.
inline constexpr Words<SessionEnd, static_cast<std::size_t>(SessionEnd::count)> kSessionEnds{
    {{"not_allowed", SessionEnd::not_allowed},
     {"connection_limit", SessionEnd::connection_limit},
     {"address_limit", SessionEnd::address_limit},
     {"no_descriptor", SessionEnd::no_descriptor},
     {"by_exporter", SessionEnd::by_exporter},
     {"cut_off", SessionEnd::cut_off},
     {"bad_message", SessionEnd::bad_message},
     {"slow", SessionEnd::slow},
     {"buffer_limit", SessionEnd::buffer_limit},
     {"made_room", SessionEnd::made_room},
     {"forgotten", SessionEnd::forgotten},
     {"tls", SessionEnd::tls},
     {"network", SessionEnd::network},
     {"stopped", SessionEnd::stopped}}};

/// One sentence for a log line.
std::string_view sentence(SessionEnd why);

}  // namespace sluice::worker
