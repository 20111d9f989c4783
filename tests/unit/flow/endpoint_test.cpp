#include "flow/endpoint.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "util/unique_fd.hpp"

namespace sluice {
namespace {

TEST(Endpoint, ReadsBothFamiliesAndWritesThemBack) {
  for (const char* text :
       {"0.0.0.0:2055", "127.0.0.1:0", "192.0.2.1:65535", "[::]:6343", "[2001:db8::1]:4739"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
}

TEST(Endpoint, RefusesWhatIsNoAddressAndPort) {
  for (const char* text :
       {"", ":", "2055", ":2055", "0.0.0.0", "0.0.0.0:", "0.0.0.0:65536", "0.0.0.0:-1", "0.0.0.0: 1",
        "::1:2055", "[127.0.0.1]:2055", "[::1]", "[]:1", "localhost:2055", "[::1]2055"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

TEST(Endpoint, KnowsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"})
    EXPECT_TRUE(parse_endpoint(text)->loopback()) << text;
  for (const char* text : {"0.0.0.0:1", "192.0.2.1:1", "[::]:1", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1"})
    EXPECT_FALSE(parse_endpoint(text)->loopback()) << text;
}

TEST(Endpoint, TakesAnAddressAsTheHostItIs) {
  EXPECT_EQ(resolve_host({.host = "192.0.2.1"}).value(), IpAddress::v4(0xc0000201));
  EXPECT_EQ(resolve_host({.host = "2001:db8::1", .bracketed = true}).value(),
            *IpAddress::parse("2001:db8::1"));
  EXPECT_TRUE(resolve_host({.host = "localhost"}).has_value());
  const std::string longer_than_any_name(300, 'x');
  EXPECT_FALSE(resolve_host({.host = longer_than_any_name}).error().empty());
}

TEST(Endpoint, IsWhatTheKernelBindsAndTells) {
  for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
    const Endpoint wanted = parse_endpoint(text).value();
    const SocketAddress address(wanted);
    const UniqueFd fd(::socket(address.get()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_TRUE(fd) << text;
    ASSERT_EQ(::bind(fd.get(), address.get(), address.size()), 0) << text;
    const auto bound = bound_endpoint(fd.get());
    ASSERT_TRUE(bound) << text;
    EXPECT_EQ(bound->address, wanted.address);
    EXPECT_NE(bound->port, 0);
  }
  EXPECT_FALSE(bound_endpoint(-1));
}

}  // namespace
}  // namespace sluice
