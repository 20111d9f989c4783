#pragma once
// Takes datagrams off a socket, many at one system call, into memory that is used again. A batch belongs to
// one thread and may serve several sockets in turn.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "net/udp_socket.hpp"
#include "sluice/flow/address.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::net {

/// One UDP payload, whole and contiguous. Borrows the batch's memory until the next receive().
struct Datagram {
  Bytes payload;
  IpAddress source;  ///< v4-mapped already unmapped
  std::uint16_t source_port = 0;
};

struct BatchOptions {
  unsigned datagrams = 256;     ///< taken by one system call, at most 1024
  std::size_t largest = 65535;  ///< bytes of payload kept; the UDP maximum
  bool gro = false;             ///< some of the sockets have UDP_GRO on
};

class DatagramBatch {
 public:
  explicit DatagramBatch(const BatchOptions& options = {});
  ~DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  std::span<const Datagram> datagrams() const { return datagrams_; }
  std::size_t size() const { return datagrams_.size(); }
  /// Unix time in ns, read once a batch just after the system call, so it is late by what the datagrams
  /// waited (at most the worker's nap). The kernel's own timestamps (SO_TIMESTAMPNS) are not used: they were
  /// measured to add 100 ns to the 990 ns that a datagram costs to receive, and 75 ns more in the network
  /// stack.
  std::uint64_t received_ns() const { return received_ns_; }
  /// The system call gave all it was asked for: there may be more.
  bool full() const { return full_; }
  /// Datagrams of this batch that were longer than `largest`; they are in it, cut.
  std::size_t truncated() const { return truncated_; }

 private:
  friend int receive(const UdpSocket& socket, DatagramBatch& batch);
  struct Slots;
  void clear();
  void add_message(std::size_t slot);

  const BatchOptions options_;
  std::unique_ptr<Slots> slots_;
  std::vector<Datagram> datagrams_;
  std::uint64_t received_ns_ = 0;
  std::size_t truncated_ = 0;
  bool full_ = false;
};

/// Replaces the batch's datagrams by what waits in the socket; never blocks. Returns how many there are now,
/// 0 when nothing waited, or -errno when the socket itself failed.
int receive(const UdpSocket& socket, DatagramBatch& batch);

}  // namespace sluice::net
