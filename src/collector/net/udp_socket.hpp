#pragma once
// A UDP socket that listens: how it is opened, what the kernel says about its queue, and how datagrams are
// spread over the sockets of one port. Reading is in datagram_batch.hpp. A socket is read by one thread;
// stats() may be asked by any.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/listen_refusal.hpp"
#include "sluice/flow/address.hpp"
#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::net {

struct SocketOptions {
  IpAddress address = IpAddress::parse("::").value();  ///< "::" takes IPv4 and IPv6 alike
  std::uint16_t port = 0;                              ///< 0: the kernel chooses, see local_port()
  std::uint64_t receive_buffer = 0;                    ///< bytes; 0: as the kernel has it
  bool reuse_port =
      false;         ///< share the port with sockets of the same user that want that too, see open_group()
  bool gro = false;  ///< UDP_GRO: take the segments of one sender as one
};

/// What SO_MEMINFO tells of one socket, at this moment.
struct SocketStats {
  std::uint64_t drops = 0;         ///< datagrams the kernel threw away since the socket was opened
  std::uint64_t queued_bytes = 0;  ///< kernel memory of what waits, overhead included
  std::uint64_t queue_limit = 0;   ///< of the same measure: at this fill the kernel drops
  double fill() const {
    return queue_limit ? static_cast<double>(queued_bytes) / static_cast<double>(queue_limit) : 0;
  }
};

class UdpSocket {
 public:
  /// Binds a non-blocking socket. "::" falls back to 0.0.0.0 where the machine has no IPv6. The error is a
  /// sentence for the user. With `reuse_port` the socket silently joins whoever of the same user has the
  /// port: the sockets of a listener are opened by open_group(), which does not.
  static Result<UdpSocket, std::string> open(const SocketOptions& options);

  /// Takes a socket that is bound already and sets it up as the options say, but for address and port. What
  /// the kernel dropped at it before is not in stats().
  static UdpSocket adopt(UniqueFd bound, const SocketOptions& options);

  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;
  ~UdpSocket();

  int fd() const { return fd_.get(); }
  std::uint16_t local_port() const { return local_port_; }
  const IpAddress& local_address() const { return local_address_; }
  /// As bound: "[::]:2055", "192.0.2.1:6343".
  std::string local_name() const;
  /// In the unit it was asked for in, half of what the kernel books for it (socket(7), SO_RCVBUF).
  std::uint64_t receive_buffer_got() const { return receive_buffer_got_; }
  bool gro() const { return gro_; }
  /// Sentences about what was not got as asked, with what would help.
  const std::vector<std::string>& warnings() const { return warnings_; }
  /// Any thread. The kernel's 32-bit drop count is carried on over its wrap as long as somebody asks at least
  /// once in 2^32 drops. All zeros where the kernel does not tell.
  SocketStats stats() const;

 private:
  friend Result<std::vector<UdpSocket>, std::string> open_group(SocketOptions options, unsigned count,
                                                                std::vector<UdpSocket> begun);
  friend std::optional<ListenRefusal> try_out(const SocketOptions& options, unsigned count);
  /// When a socket that is to share its port begins to allow that.
  enum class Sharing : std::uint8_t { never, after_bind, before_bind };
  static Result<UdpSocket, ListenRefusal> open_as(const SocketOptions& options, Sharing sharing);

  struct Drops;
  explicit UdpSocket(UniqueFd fd);
  void set_receive_buffer(std::uint64_t asked);
  void set_gro();
  void read_local_name();
  void begin_drops();

  UniqueFd fd_;
  IpAddress local_address_;
  std::uint16_t local_port_ = 0;
  std::uint64_t receive_buffer_got_ = 0;
  bool gro_ = false;
  std::vector<std::string> warnings_;
  std::unique_ptr<Drops> drops_;
};

/// One socket for each worker, all bound to the same address and port, in worker order, which is the index
/// that attach_steering() steers by. The first binds while it shares with nobody, so a port that another
/// process has is an error, even a process of the same user that would share. `options.reuse_port` does not
/// matter. `begun`: sockets of this address that are there already, at most `count`; the others join them.
Result<std::vector<UdpSocket>, std::string> open_group(SocketOptions options, unsigned count,
                                                       std::vector<UdpSocket> begun = {});

/// What open_group() would meet, found out without taking a datagram from whoever listens there: the address
/// and the number of descriptors by sockets of other ports, the port by one that is closed at once.
std::optional<ListenRefusal> try_out(const SocketOptions& options, unsigned count);

/// Makes the kernel choose the socket by source address alone, so that all datagrams of an exporter meet in
/// one worker whatever ports it sends from. `first` is any socket of a group of `count`, all of them bound
/// already; reading starts afterwards, and no single socket is closed while the others live. Nothing to do
/// for one socket. On failure the kernel goes on to spread by its hash of addresses and ports.
Result<void, std::string> attach_steering(const UdpSocket& first, unsigned count);

/// The same for a group that is to shrink: only its first `count` sockets get datagrams from now on.
Result<void, std::string> steer_to_first(const UdpSocket& any, unsigned count);

/// Back to the kernel's hash; nothing to do where it was never steered.
void detach_steering(const UdpSocket& any);

/// The index of the socket that steering chooses among `count`, worked out here.
unsigned steering_index(const IpAddress& source, unsigned count);

}  // namespace sluice::net
