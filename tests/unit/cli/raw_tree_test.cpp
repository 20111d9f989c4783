#include "cli/raw_tree.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::cli {
namespace {

std::string shown(std::string_view name, const std::vector<std::uint8_t>& value) {
  return show_bytes(name, std::as_bytes(std::span(value)));
}

TEST(ShowBytes, SaysWhatTheyStandFor) {
  EXPECT_EQ(shown("sourceIPv4Address", {10, 0, 0, 1}), "0a000001 (10.0.0.1)");
  EXPECT_EQ(shown("nexthop", {0, 0, 0, 0}), "00000000 (0.0.0.0)");
  EXPECT_EQ(shown("src_ip", {10, 0, 0, 1}), "0a000001 (10.0.0.1)");
  EXPECT_EQ(shown("sourceIPv6Address", {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
            "20010db8000000000000000000000001 (2001:db8::1)");
  EXPECT_EQ(shown("sourceMacAddress", {2, 0, 0, 0, 0, 0xff}), "0200000000ff (02:00:00:00:00:ff)");
  EXPECT_EQ(shown("octetDeltaCount", {0, 0, 1, 0}), "00000100 (256)");
  EXPECT_EQ(shown("octetDeltaCount", {255, 255, 255, 255, 255, 255, 255, 255}),
            "ffffffffffffffff (18446744073709551615)");
  EXPECT_EQ(shown("interfaceName", {'e', 't', 'h', '0', '/', '0', '/', '1', '0', 0, 0}),
            "657468302f302f31300000 (\"eth0/0/10\")");
  EXPECT_EQ(shown("field", {1, 2, 3, 4, 5, 6, 7, 8, 9}), "010203040506070809");
  EXPECT_EQ(shown("field", {}), "");
}

TEST(RawTree, IndentsWhatIsOpen) {
  RawTree tree;
  tree.open("set");
  tree.number("id", 256);
  tree.open("record");
  tree.number("bytes", 1);
  tree.close();
  tree.open("record");
  tree.close();
  tree.close();
  tree.line("end");
  EXPECT_EQ(tree.take(), "set\n  id: 256\n  record\n    bytes: 1\n  record\nend\n");
  tree.close();  // one too many costs nothing
  tree.line("next");
  EXPECT_EQ(tree.take(), "next\n");
}

}  // namespace
}  // namespace sluice::cli
