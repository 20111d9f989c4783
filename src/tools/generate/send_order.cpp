#include "generate/send_order.hpp"

#include <algorithm>

namespace sluice::generate {

void SendOrder::leave(Bytes datagram, std::uint64_t time_ns) {
  last_ns_ = std::max(last_ns_, time_ns);
  datagrams_.push_back(datagram);
  times_.push_back(time_ns);
}

void SendOrder::leave(Held& held, std::uint64_t time_ns) {
  leaving_.push_back(std::move(held.bytes));  // the bytes themselves stay where they are
  leave(leaving_.back(), time_ns);
}

std::uint32_t SendOrder::add(Bytes datagram, std::uint64_t time_ns, std::uint32_t delay) {
  if (delay != 0) {
    held_.push_back({{datagram.begin(), datagram.end()}, time_ns, delay, false});
    return 0;
  }
  leave(datagram, time_ns);
  if (held_.empty()) return 0;
  std::uint32_t overtaken = 0;
  for (Held& held : held_) {
    overtaken += !held.overtaken;
    held.overtaken = true;
    if (--held.delay == 0) leave(held, time_ns);
  }
  std::erase_if(held_, [](const Held& held) { return held.delay == 0; });
  return overtaken;
}

void SendOrder::release() {
  for (Held& held : held_) leave(held, std::max(last_ns_, held.time_ns));
  held_.clear();
}

void SendOrder::sent() {
  datagrams_.clear();
  times_.clear();
  leaving_.clear();
}

}  // namespace sluice::generate
