#pragma once
// UDP sockets that are older than this process: kept by the service manager over a restart, made by a socket
// unit, or handed over by the collector that ran before. What waits in them is not lost. One thread.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow/endpoint.hpp"
#include "net/udp_socket.hpp"

namespace sluice::net {

/// A descriptor with the name it came by.
struct GivenSocket {
  UniqueFd fd;
  std::string name;
};

/// The name that a listener's socket is kept by: address, port, and which of its group it is. No colon is in
/// it, which a service manager refuses.
std::string kept_name(const IpAddress& address, std::uint16_t port, unsigned index);
/// Whether kept_name() made it; others are a socket unit's.
bool is_kept_name(const std::string& name);

/// What became of sockets that no listener wants.
struct ClosedSocket {
  std::string what;             ///< "[::]:2055", or what the descriptor is where it is no UDP socket
  std::string name;             ///< it was given by
  std::uint64_t datagrams = 0;  ///< that waited in it, and are lost
};

class GivenSockets {
 public:
  GivenSockets() = default;
  explicit GivenSockets(std::vector<GivenSocket> sockets);

  bool empty() const { return all_.empty(); }
  /// The number of sockets of each address that a socket unit made; nothing where it made none. The error is
  /// a sentence for the user: not all addresses have as many.
  Result<std::optional<unsigned>, std::string> per_listener() const;
  /// Of the address and port, at most `count`, in the order of their group; set up as `options` say. What the
  /// group has beyond `count` is left for close_rest(), and gets nothing any more where the kernel is
  /// steered.
  std::vector<UdpSocket> take(const SocketOptions& options, unsigned count);
  /// Closes what was not taken, when what waits in it has been counted.
  std::vector<ClosedSocket> close_rest();

 private:
  struct One {
    GivenSocket given;
    std::optional<Endpoint> at;  ///< nothing: no UDP socket of IP
    bool kept = false;           ///< by us, not made by a socket unit
    unsigned index = 0;          ///< in its group
  };
  std::vector<One> all_;
};

}  // namespace sluice::net
