#pragma once
// The server's side of TLS on a socket of somebody's own, which does not block: for what is not HTTP. One
// thread.
#include <cstddef>
#include <memory>
#include <span>

#include "http/tls.hpp"

struct ssl_st;

namespace sluice::http {

class TlsPeer {
 public:
  /// The socket is the caller's, and outlives this.
  TlsPeer(const Identity& identity, int fd);  ///< throws std::bad_alloc
  /// Tells the other side that nothing more comes, where that can be told at once.
  ~TlsPeer();

  enum class State {
    got,          ///< bytes
    wants_read,   ///< nothing before the socket can be read
    wants_write,  ///< nothing before it can be written
    ended,        ///< the other side said that nothing more comes
    failed,       ///< no TLS, no certificate that is demanded, or the connection broke
  };
  struct Read {
    State state = State::failed;
    std::size_t bytes = 0;
  };
  /// Shakes hands first. `to` has room for 16 KB at least: nothing that could be read stays here then.
  Read read(std::span<std::byte> to);
  /// Hands were shaken.
  bool established() const;
  /// One sentence about why it failed, for the log.
  const std::string& trouble() const { return trouble_; }

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
  };
  const TlsContext context_;
  std::unique_ptr<ssl_st, Free> tls_;
  std::string trouble_;
};

}  // namespace sluice::http
