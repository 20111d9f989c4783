#include "util/host_port.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(HostPort, TakesNamesAddressesAndBrackets) {
  struct Case {
    const char* text;
    const char* host;
    bool bracketed;
    std::optional<std::uint16_t> port;
  };
  for (const Case& c : {Case{"collector.example:2055", "collector.example", false, 2055},
                        {"192.0.2.1:65535", "192.0.2.1", false, 65535},
                        {"[2001:db8::1]:4739", "2001:db8::1", true, 4739},
                        {"127.0.0.1:0", "127.0.0.1", false, 0},
                        {"localhost", "localhost", false, std::nullopt},
                        {"[::1]", "::1", true, std::nullopt}}) {
    const auto parts = parse_host_port(c.text);
    ASSERT_TRUE(parts) << c.text;
    EXPECT_EQ(parts->host, c.host);
    EXPECT_EQ(parts->bracketed, c.bracketed) << c.text;
    EXPECT_EQ(parts->port, c.port) << c.text;
  }
}

TEST(HostPort, RefusesTheRest) {
  for (const char* text :
       {"",        ":",        ":2055",    "host:", "host:65536", "host:-1", "host:+1",   "host: 1",
        "host:1 ", "host:0x1", "::1:8080", "::1",   "[]:1",       "[::1",    "[::1]2055", "[::1]]:1",
        "[::1]:",  "[[]",      "[[::1]:1", "a[b:1", "a]b:1",      "host]:1"})
    EXPECT_FALSE(parse_host_port(text)) << text;
}

TEST(HostPort, IsWrittenAsItIsRead) {
  for (const char* text : {"localhost:1", "192.0.2.1:2055", "[2001:db8::1]:65535"}) {
    const auto parts = parse_host_port(text);
    ASSERT_TRUE(parts) << text;
    EXPECT_EQ(host_port(parts->host, parts->port.value()), text);
  }
}

}  // namespace
}  // namespace sluice
