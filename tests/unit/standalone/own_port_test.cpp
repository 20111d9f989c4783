#include "standalone/own_port.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace sluice::standalone {
namespace {

/// 0 or an errno.
int listen_on(std::uint16_t port, const UniqueFd& fd) {
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool listens = ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                       ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
                       ::listen(fd.get(), 1) == 0;
  return listens ? 0 : errno;
}

TEST(OwnPort, IsNobodysUntilAServerTakesIt) {
  const auto port = OwnPort::take(), other = OwnPort::take();
  ASSERT_TRUE(port) << port.error();
  ASSERT_TRUE(other) << other.error();
  EXPECT_NE(port->number(), 0);
  EXPECT_NE(port->number(), other->number());
  const UniqueFd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(listen_on(port->number(), server), 0);
  const UniqueFd second(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(listen_on(port->number(), second), EADDRINUSE);
}

}  // namespace
}  // namespace sluice::standalone
