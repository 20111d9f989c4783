#pragma once
// A TCP socket that listens, and those who connect to it. None of it blocks. One thread.
#include <cstdint>
#include <optional>
#include <string>

#include "flow/endpoint.hpp"
#include "net/listen_refusal.hpp"
#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::net {

/// Somebody who has connected.
struct Connected {
  UniqueFd fd;
  Endpoint peer;
};

class TcpListener {
 public:
  /// "::" is both families, and 0.0.0.0 where the machine has no IPv6. Port 0: the kernel chooses.
  static Result<TcpListener, ListenRefusal> open(const Endpoint& at);

  int fd() const { return fd_.get(); }
  const Endpoint& at() const { return at_; }
  /// As bound: "[::]:4739".
  std::string local_name() const { return at_.to_string(); }
  /// The next one who waits; nothing, and errno, where there is none or the process cannot take one. The
  /// kernel looks after connections whose other side is gone.
  std::optional<Connected> accept() const;
  void close() { fd_.reset(); }

 private:
  TcpListener(UniqueFd fd, const Endpoint& at) : fd_(std::move(fd)), at_(at) {}

  UniqueFd fd_;
  Endpoint at_;
};

/// What open() would meet; nothing of it stays.
std::optional<ListenRefusal> try_out_tcp(const Endpoint& at);

}  // namespace sluice::net
