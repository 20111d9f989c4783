#pragma once
// One connection of HTTP/1.1: reads a request, has it answered, again while both sides want to.
#include <atomic>
#include <functional>

#include "store/channel.hpp"
#include "store/exchange.hpp"

namespace sluice::store {

using Handler = std::function<void(Exchange&)>;

/// Whether a connection is between requests, so that it can be ended without anybody's loss.
enum class Activity { idle, busy };

/// Returns when the connection is over. `activity` is written on the way. `stopping`: no further request.
void serve_connection(Channel& channel, const Handler& handler, std::atomic<Activity>& activity,
                      const std::atomic<bool>& stopping);

}  // namespace sluice::store
