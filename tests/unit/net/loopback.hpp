#pragma once
// Senders on loopback and a child process with fewer rights, for the tests of the sockets.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "sluice/flow/address.hpp"
#include "util/unique_fd.hpp"

namespace sluice::net::test {

inline socklen_t fill(sockaddr_storage& storage, const IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes.data(), 4);
    std::memcpy(&storage, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
  std::memcpy(&storage, &in, sizeof in);
  return sizeof in;
}

/// A UDP socket bound to one source address and a port of the kernel's choice.
class Sender {
 public:
  explicit Sender(std::string_view source)
      : source_(IpAddress::parse(source).value()),
        fd_(::socket(source_.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage{};
    const socklen_t length = fill(storage, source_, 0);
    bound_ = fd_ && ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0;
    if (!bound_) return;
    socklen_t size = sizeof storage;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    in_port_t port = 0;
    std::memcpy(&port, reinterpret_cast<const char*>(&storage) + offsetof(sockaddr_in, sin_port),
                sizeof port);
    port_ = ntohs(port);
  }
  bool bound() const { return bound_; }
  int fd() const { return fd_.get(); }
  const IpAddress& source() const { return source_; }
  std::uint16_t port() const { return port_; }
  bool send(std::string_view to, std::uint16_t port, std::string_view payload) const {
    sockaddr_storage storage{};
    const socklen_t length = fill(storage, IpAddress::parse(to).value(), port);
    return ::sendto(fd_.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&storage),
                    length) == static_cast<ssize_t>(payload.size());
  }

 private:
  IpAddress source_;
  UniqueFd fd_;
  std::uint16_t port_ = 0;
  bool bound_ = false;
};

inline bool has_ipv6() { return Sender("::1").bound(); }

/// What `work` returns when it runs in a child process, whose rights it may give up.
inline std::string in_child(const std::function<std::string()>& work) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string text = work();
    const bool written = ::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string out;
  char buffer[512];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return out;
}

}  // namespace sluice::net::test
