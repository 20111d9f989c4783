#pragma once
// What a listener counts: what came, what was refused and why, what was ended.
#include <array>
#include <cstdint>

#include "sluice/util/counts.hpp"

namespace sluice::http {

enum class HttpCount : std::uint8_t {
  open,  ///< now
  connections,
  requests,
  refused_address,
  refused_host,
  refused_site,
  refused_token,
  turned_away,
  evicted,
  late,
  accept_failures,
  count
};

/// How each is called, in the enum's order.
inline constexpr std::array kHttpCounts{
    CountInfo<HttpCount>{HttpCount::open, "open_connections", CountKind::gauge, "Connections open now"},
    CountInfo<HttpCount>{HttpCount::connections, "connections", CountKind::total, "Connections taken"},
    CountInfo<HttpCount>{HttpCount::requests, "requests", CountKind::total,
                         "Requests whose head was read whole, also those that were refused"},
    CountInfo<HttpCount>{HttpCount::refused_address, "refused_address", CountKind::total,
                         "Connections of addresses that may not ask"},
    CountInfo<HttpCount>{HttpCount::refused_host, "refused_host", CountKind::total,
                         "Requests for a Host that is none of the listener's names"},
    CountInfo<HttpCount>{HttpCount::refused_site, "refused_site", CountKind::total,
                         "Requests from pages of other sites in a browser"},
    CountInfo<HttpCount>{HttpCount::refused_token, "refused_token", CountKind::total,
                         "Requests without the token that is demanded"},
    CountInfo<HttpCount>{HttpCount::turned_away, "turned_away", CountKind::total,
                         "Connections that no room could be made for"},
    CountInfo<HttpCount>{HttpCount::evicted, "evicted", CountKind::total,
                         "Connections ended while they waited for the client, to make room for others"},
    CountInfo<HttpCount>{HttpCount::late, "late", CountKind::total,
                         "Connections ended because the client took too long within a request or answer"},
    CountInfo<HttpCount>{HttpCount::accept_failures, "accept_failures", CountKind::total,
                         "Times that no connection could be taken, as without a free descriptor"},
};
static_assert(rows_in_order(kHttpCounts) && kHttpCounts.size() == Counts<HttpCount>::kSize);

}  // namespace sluice::http
