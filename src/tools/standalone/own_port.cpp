#include "standalone/own_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sluice::standalone {

Result<OwnPort, std::string> OwnPort::take() {
  const auto wrong = [](const char* what) {
    return failure(std::string("no port of 127.0.0.1 is to be had: ") + what + ": " + std::strerror(errno));
  };
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return wrong("socket");
  // Two that both say so can be bound to one port, of which one may listen.
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) return wrong("SO_REUSEADDR");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), any, size) != 0) return wrong("bind");
  if (::getsockname(fd.get(), any, &size) != 0) return wrong("getsockname");
  return OwnPort(std::move(fd), ntohs(address.sin_port));
}

}  // namespace sluice::standalone
