#pragma once
// How full the receive buffers of a port are, asked of the kernel: so a sender on the same machine can go as
// fast as a receiver takes, without loss and without the receiver's help.
#include <cstdint>

#include "util/unique_fd.hpp"

namespace sluice::generate {

class ReceiverFill {
 public:
  /// Sockets bound to the UDP port, of any address.
  explicit ReceiverFill(std::uint16_t port);

  /// Bytes queued to bytes allowed (0 to 1 and a little more) of the fullest socket; below 0 where no socket
  /// has the port.
  double worst();

 private:
  double worst_of(int family);

  UniqueFd netlink_;
  const std::uint16_t port_;
};

}  // namespace sluice::generate
