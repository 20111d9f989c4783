#pragma once
// What is counted of a listener, and how decode times are sorted.
#include <array>
#include <cstdint>

#include "sluice/util/counts.hpp"

namespace sluice::worker {

/// The first four are the workers' to count; the others are asked of the sockets.
enum class ListenerCount : std::uint8_t {
  datagrams,
  bytes,                  ///< UDP payload
  refused,                ///< of the datagrams, those of sources that may not send
  truncated,              ///< datagrams longer than the buffer (never, unless something is wrong)
  kernel_drops,           ///< SO_MEMINFO, sockets of all workers
  queue_bytes,            ///< receive queue now, sockets of all workers
  queue_limit_bytes,      ///< receive buffer really got, sum
  kernel_drops_unshared,  ///< of the kernel's drops, those that no exporter's sequence numbers show (yet)
  count
};

/// How each is called, in the enum's order.
inline constexpr std::array kListenerCounts{
    CountInfo{ListenerCount::datagrams, "datagrams", CountKind::total, "Datagrams received"},
    CountInfo{ListenerCount::bytes, "bytes", CountKind::total, "UDP payload received"},
    CountInfo{ListenerCount::refused, "refused_datagrams", CountKind::total,
              "Datagrams received of sources that may not send"},
    CountInfo{ListenerCount::truncated, "truncated", CountKind::total,
              "Datagrams longer than the receive slot, cut"},
    CountInfo{ListenerCount::kernel_drops, "kernel_drops", CountKind::total,
              "Datagrams the kernel dropped because the receive queue was full"},
    CountInfo{ListenerCount::queue_bytes, "queue_bytes", CountKind::gauge,
              "Kernel memory of the datagrams that wait, sockets of all workers"},
    CountInfo{ListenerCount::queue_limit_bytes, "queue_limit_bytes", CountKind::gauge,
              "Kernel memory that may wait, sockets of all workers"},
    CountInfo{ListenerCount::kernel_drops_unshared, "kernel_drops_unshared", CountKind::gauge,
              "Of the kernel's drops, those that no exporter's sequence numbers show"},
};
static_assert(rows_in_order(kListenerCounts) && kListenerCounts.size() == Counts<ListenerCount>::kSize);

/// Upper bounds of the classes of decode times; longer ones are in a last class of their own.
inline constexpr std::array<std::uint64_t, 10> kDecodeTimeBoundsNs{1000,  2500,   5000,   10000,   25000,
                                                                   50000, 100000, 250000, 1000000, 10000000};
/// Datagrams by the class of their time. `Number` is as in Counts.
template <class Number = std::uint64_t>
using DecodeTimes = std::array<Number, kDecodeTimeBoundsNs.size() + 1>;

}  // namespace sluice::worker
