#include "config/endpoint.hpp"

#include <gtest/gtest.h>

namespace sluice::config {
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

}  // namespace
}  // namespace sluice::config
