#include "filter/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/nouns.hpp"

namespace sluice::filter::test {
namespace {

std::string canonical(std::string_view text) {
  const auto parsed = parse(text);
  return parsed ? to_text(*parsed) : "refused: " + describe(text, parsed.error());
}

struct Spelling {
  std::string_view text, canonical;
};

// Every kind of condition, with what it is understood as.
constexpr Spelling kSpellings[] = {
    {"", "any"},
    {"any", "any"},
    {"# a comment\nany # another", "any"},
    {"ipv4", "etype = ipv4"},
    {"inet6", "etype = ipv6"},
    {"proto tcp", "proto = tcp"},
    {"proto 6", "proto = tcp"},
    {"proto 250", "proto = 250"},
    {"PROTO TCP AND DST PORT 22", "proto = tcp and dst_port = 22"},
    {"tun proto icmp", "inner_proto = icmp"},
    {"host 192.0.2.1", "src_addr = 192.0.2.1 or dst_addr = 192.0.2.1"},
    {"src ip 192.0.2.1", "src_addr = 192.0.2.1"},
    {"dst host 2001:db8::1", "dst_addr = 2001:db8::1"},
    {"src or dst ip 192.0.2.1", "src_addr = 192.0.2.1 or dst_addr = 192.0.2.1"},
    {"dst and src ip 192.0.2.1", "src_addr = 192.0.2.1 and dst_addr = 192.0.2.1"},
    {"ip in [192.0.2.1, 192.0.2.0 198.51.100.0/24]",
     "src_addr in [192.0.2.0/31, 198.51.100.0/24] or dst_addr in [192.0.2.0/31, 198.51.100.0/24]"},
    {"src net 192.0.2.0/24", "src_addr in 192.0.2.0/24"},
    {"src net 192.0.2.7/24", "src_addr in 192.0.2.0/24"},
    {"dst net 192.0.2.0 255.255.255.192", "dst_addr in 192.0.2.0/26"},
    {"net 2001:db8::/32", "src_addr in 2001:db8::/32 or dst_addr in 2001:db8::/32"},
    {"src net 0.0.0.0/0", "src_addr in 0.0.0.0/0"},
    {"src net ::/0", "src_addr in ::/0"},
    {"next ip 192.0.2.1", "next_hop = 192.0.2.1"},
    {"bgpnext ip 192.0.2.1", "bgp_next_hop = 192.0.2.1"},
    {"router ip 192.0.2.1", "sampler_address = 192.0.2.1"},
    {"exporter 192.0.2.1", "sampler_address = 192.0.2.1"},
    {"exporter edge-1", "exporter_name = \"edge-1\""},
    {"ident edge_1", "exporter_name = \"edge_1\""},
    {"port 80", "src_port = 80 or dst_port = 80"},
    {"port = 80", "src_port = 80 or dst_port = 80"},
    {"port 0x50", "src_port = 80 or dst_port = 80"},
    {"dst port > 1023", "dst_port >= 1024"},
    {"dst port gt 1023", "dst_port >= 1024"},
    {"dst port < 1024", "dst_port <= 1023"},
    {"dst port le 1024", "dst_port <= 1024"},
    {"dst port > 65535", "not any"},
    {"dst port < 0", "not any"},
    {"src port in [80, 443 8080]", "src_port in [80, 443, 8080]"},
    {"src port in [1 3 2]", "src_port in 1..3"},
    {"not src port 80", "not src_port = 80"},
    {"! src port 80", "not src_port = 80"},
    {"not (src port 80 and dst port 81)", "not (src_port = 80 and dst_port = 81)"},
    {"icmp-type 8", "proto in [icmp, icmp6] and icmp_type = 8"},
    {"icmp-code 0", "proto in [icmp, icmp6] and icmp_code = 0"},
    {"flags SA", "proto = tcp and tcp_flags has AS"},
    {"flags X", "proto = tcp and tcp_flags has UAPRSF"},
    {"flags S and not flags AFRPU",
     "proto = tcp and tcp_flags has S and not (proto = tcp and tcp_flags has-any UAPRF)"},
    {"not not flags SA", "not not (proto = tcp and tcp_flags has AS)"},
    {"not (udp or flags SA) and flags SA",
     "not (proto = udp or proto = tcp and tcp_flags has-any AS) and proto = tcp and tcp_flags has AS"},
    {"not flags S", "not (proto = tcp and tcp_flags has S)"},
    {"tcp_flags has-any SA", "tcp_flags has-any AS"},
    {"tcp_flags has-any 0", "not any"},
    {"flags = 2", "proto = tcp and tcp_flags = S"},
    {"flags 18", "proto = tcp and tcp_flags = AS"},
    {"tos 16", "ip_tos = 16"},
    {"src tos > 3", "ip_tos >= 4"},
    {"src mask 24", "src_net = 24"},
    {"as 65001", "src_as = 65001 or dst_as = 65001"},
    {"src as in [65001 AS65002]", "src_as in 65001..65002"},
    {"prev as 65001", "prev_adjacent_as = 65001"},
    {"next as 65001", "next_adjacent_as = 65001"},
    {"in if 3", "in_if = 3"},
    {"if 3", "in_if = 3 or out_if = 3"},
    {"vlan 3", "src_vlan = 3 or dst_vlan = 3"},
    {"src vlan 3", "src_vlan = 3"},
    {"in src mac 00:53:00:00:00:01", "src_mac = 00:53:00:00:00:01"},
    {"mac 00:53:00:00:00:01", "src_mac = 00:53:00:00:00:01 or dst_mac = 00:53:00:00:00:01"},
    {"packets > 1k", "packets >= 1001"},
    {"bytes > 10m", "bytes >= 10000001"},
    {"in bytes >= 2G", "bytes >= 2000000000"},
    {"bps > 1t", "bps >= 1000000000001"},
    {"pps = 5", "pps = 5"},
    {"bpp < 64", "bpp <= 63"},
    {"duration > 1000", "duration >= 1001"},
    {"flows = 1", "flows = 1"},
    {"mpls label2 > 16", "mpls_label[2] >= 17"},
    {"mpls any 16", "mpls_label = 16"},
    {"fwdstat 64", "forwarding_status = forw"},
    {"flowdir ingress", "flow_direction = INGRESS"},
    {"dir 1", "flow_direction = EGRESS"},
    {"nat event add", "nat_event = add"},
    {"src nip 192.0.2.1", "post_nat_src_addr = 192.0.2.1"},
    {"nport 80", "post_nat_src_port = 80 or post_nat_dst_port = 80"},
    {"pblock start > 1000", "nat_port_start >= 1001"},
    {"ingress vrf 3", "ingress_vrf_id = 3"},
    {"observation domain id 7", "observation_domain_id = 7"},
    {"engine-id = 1", "engine_id = 1"},
    {"asa event deny", "firewall_event = deny"},
    {"first seen > 2026-11-29T10:00:00", "time_flow_start >= 2026-11-29T10:00:00.000000001Z"},
    // Fields, and what else is understood.
    {"src_as = 65001", "src_as = 65001"},
    {"SrcAS != 65001", "not src_as = 65001"},
    {"dst_addr in 2001:db8::/32", "dst_addr in 2001:db8::/32"},
    {"DstAddr << 192.0.2.0/24", "dst_addr in 192.0.2.0/24"},
    {"src_addr in 192.0.2.1..192.0.2.9", "src_addr in 192.0.2.1..192.0.2.9"},
    {"in_if_name like \"ae%\"", "in_if_name like \"ae%\""},
    {"InIfName NOTIN (\"ae0\", ae1)", "not in_if_name in [\"ae0\", \"ae1\"]"},
    {"src_port < dst_port", "src_port < dst_port"},
    {"src_addr = dst_addr", "src_addr = dst_addr"},
    {"dst_port in 1024..65535", "dst_port >= 1024"},
    {"dst_port not in [22, 80..88]", "not dst_port in [22, 80..88]"},
    {"bytes_sampled > 100", "bytes_sampled >= 101"},
    {"as_path = 65001", "as_path = 65001"},
    {"as_path[1] = 65001", "as_path[1] = 65001"},
    {"tcp_flags has SA", "tcp_flags has AS"},
    {"type = ipfix", "type = IPFIX"},
    {"time_received >= 2026-11-29", "time_received >= 2026-11-29T00:00:00Z"},
    {"192.0.2.1", "src_addr = 192.0.2.1 or dst_addr = 192.0.2.1"},
    {"192.0.2.0/24 && tcp", "(src_addr in 192.0.2.0/24 or dst_addr in 192.0.2.0/24) and proto = tcp"},
    {"AS65001", "src_as = 65001 or dst_as = 65001"},
    {"udp || tcp and port 53", "proto = udp or proto = tcp and (src_port = 53 or dst_port = 53)"},
    {"(udp or tcp) and (port 53)", "(proto = udp or proto = tcp) and (src_port = 53 or dst_port = 53)"},
    {"not not tcp", "not not proto = tcp"},
};

class Spellings : public ::testing::TestWithParam<Spelling> {};

TEST_P(Spellings, AreUnderstood) { EXPECT_EQ(canonical(GetParam().text), GetParam().canonical); }

TEST_P(Spellings, CanonicalTextIsTheSameTree) {
  const auto parsed = parse(GetParam().text);
  ASSERT_TRUE(parsed) << parsed.error().text;
  const auto again = parse(to_text(*parsed));
  ASSERT_TRUE(again) << to_text(*parsed) << ": " << again.error().text;
  EXPECT_EQ(*parsed, *again) << to_text(*parsed);
}

INSTANTIATE_TEST_SUITE_P(All, Spellings, ::testing::ValuesIn(kSpellings));

struct Refused {
  std::string_view text;
  std::size_t from;  ///< where the error is said to be
  std::string_view sentence;
};

constexpr Refused kRefused[] = {
    {"prt 80", 0, "is no field and no word of the filter"},
    {"port 65536", 5, "src_port wants a number up to 65535, not '65536'"},
    {"port eighty", 5, "src_port wants a number up to 65535, not 'eighty'"},
    {"port", 4, "not the end"},
    {"port 80 port 81", 8, "and, or, or the end must follow, not 'port'"},
    {"port 80 and", 11, "a condition must stand here, not the end"},
    {"(port 80", 0, "this bracket is not closed"},
    {"port 80)", 7, "and, or, or the end must follow, not ')'"},
    {"port in [80", 8, "this list has no end"},
    {"port in []", 8, "this list is empty"},
    {"host 192.0.2", 5, "wants an address or a prefix"},
    {"net 192.0.2.0/33", 4, "a prefix length of IPv4 is a number up to 32, not '33'"},
    {"net 192.0.2.0 255.0.255.0", 4, "net takes a netmask of IPv4"},
    {"src flags S", 0, "there is no src flags"},
    {"src tcp", 4, "after src comes what is compared"},
    {"flags Q", 6, "flags wants letters of CEUAPRSF"},
    {"flags SS", 6, "flags wants letters of CEUAPRSF"},
    {"proto nothing", 6, "proto wants a name or a number up to 255, not 'nothing'"},
    {"bytes > 20000000000000000000", 8, "wants a number, which may end in k, m, g or t"},
    {"bytes > 20000000000g", 8, "wants a number, which may end in k, m, g or t"},
    {"in_if_name > 3", 11, "'>' does not go with in_if_name"},
    {"src_addr like x", 9, "'like' does not go with src_addr"},
    {"src_as", 6, "an operator such as = or in must follow src_as, not the end"},
    {"dst_port in 9..5", 12, "ends before it begins"},
    {"in_if_name = \"ae0", 13, "wants a word, or a text in quotes"},
    {"exporter 3", 9, "nfdump numbers exporters by itself"},
    {"flowdir 2", 8, "flowdir wants 0 or ingress, 1 or egress"},
    {"mpls label11 3", 5, "mpls wants label1 to label10"},
    {"mac 1:2:3:4:5:6", 4, "wants a MAC address"},
    {"first seen > noon", 13, "wants a time"},
    {"ip.addr = 192.0.2.1", 0, "write host"},
    {"count > 3", 0, "flows have no numbers here"},
    {"payload content x", 0, "packets are not kept"},
    {"@include /etc/passwd", 0, "files are not read from a filter"},
    {"out bytes > 3", 0, "are not kept"},
};

class Refusals : public ::testing::TestWithParam<Refused> {};

TEST_P(Refusals, SayWhereAndWhatWouldBeRight) {
  const auto parsed = parse(GetParam().text);
  ASSERT_FALSE(parsed) << to_text(*parsed);
  EXPECT_EQ(parsed.error().from, GetParam().from) << parsed.error().text;
  EXPECT_LE(parsed.error().from, parsed.error().to);
  EXPECT_LE(parsed.error().to, GetParam().text.size());
  EXPECT_THAT(parsed.error().text, ::testing::HasSubstr(std::string(GetParam().sentence)));
}

INSTANTIATE_TEST_SUITE_P(All, Refusals, ::testing::ValuesIn(kRefused));

TEST(Parser, EveryNounIsUnderstoodOrRefusedWithAReason) {
  for (const Noun& noun : nouns()) {
    if (noun.refusal.empty()) {
      for (std::string_view names : {noun.either, noun.source, noun.destination})
        while (!names.empty()) {
          const std::string_view name = names.substr(0, names.find(' '));
          EXPECT_NE(find_quantity(name), nullptr) << noun.phrase << ": " << name;
          names.remove_prefix(std::min(name.size() + 1, names.size()));
        }
      continue;
    }
    const auto parsed = parse(noun.phrase);
    ASSERT_FALSE(parsed) << noun.phrase;
    EXPECT_THAT(parsed.error().text, ::testing::HasSubstr(std::string(noun.refusal)));
  }
}

TEST(Parser, DepthIsBounded) {
  const auto nested = [](std::size_t depth, std::string_view before, std::string_view after) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += before;
    text += "tcp";
    for (std::size_t i = 0; i < depth; ++i) text += after;
    return text;
  };
  EXPECT_TRUE(parse(nested(kDeepest, "(", ")")));
  EXPECT_FALSE(parse(nested(kDeepest + 1, "(", ")")));
  EXPECT_TRUE(parse(nested(kDeepest, "not ", "")));
  EXPECT_FALSE(parse(nested(20000, "! ", "")));
}

TEST(Parser, LengthIsBounded) {
  EXPECT_FALSE(parse(std::string(kLongestText + 1, ' ')));
  std::string list = "port in [";
  while (list.size() + 8 < kLongestText) list += "80 ";
  EXPECT_TRUE(parse(list + "]"));
}

TEST(Parser, AnErrorIsDescribedWithItsPlace) {
  const std::string_view text = "tcp and prt 80";
  EXPECT_EQ(describe(text, parse(text).error()),
            "at character 9 of the filter: 'prt' is no field and no word of the filter");
  EXPECT_EQ(describe("port", parse("port").error()),
            "at the end of the filter: src_port wants a number up to 65535, not the end");
}

struct Reversal {
  std::string_view text, reversed;
};

TEST(Reverse, SwapsTheDirections) {
  constexpr Reversal kReversals[] = {
      {"src port 80", "dst_port = 80"},
      {"dst net 192.0.2.0/24 and in if 3", "src_addr in 192.0.2.0/24 and out_if = 3"},
      {"src_port < dst_port", "dst_port < src_port"},
      {"prev as 1 or ingress vrf 2", "next_adjacent_as = 1 or egress_vrf_id = 2"},
      {"src nip 192.0.2.1", "post_nat_dst_addr = 192.0.2.1"},
      {"not (src_mac = 00:53:00:00:00:01 and tcp)", "not (dst_mac = 00:53:00:00:00:01 and proto = tcp)"},
      {"in_if_name = ae0", "out_if_name = \"ae0\""},
      {"bytes > 3", "bytes >= 4"},
  };
  for (const auto& [text, reversed_text] : kReversals) {
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_text(reverse(*parsed)), reversed_text);
    EXPECT_EQ(reverse(reverse(*parsed)), *parsed) << text;
  }
}

/// Where each error is, as the text there.
std::vector<std::string> wrong(std::string_view text) {
  std::vector<std::string> out;
  for (const Error& error : errors_in(text)) out.emplace_back(text.substr(error.from, error.to - error.from));
  return out;
}

TEST(Errors, OneMistakeIsOneErrorAndTheRestIsRead) {
  using testing::ElementsAre;
  EXPECT_THAT(wrong("proto tcp and src_as = 65001"), ElementsAre());
  EXPECT_THAT(wrong(""), ElementsAre());
  EXPECT_THAT(wrong("prt 3 and proto tcp or prot 4"), ElementsAre("prt", "prot"));
  EXPECT_THAT(wrong("proto tcp and (prt 3 or dst port 22) and src_as 5"), ElementsAre("prt", "5"));
  EXPECT_THAT(wrong("not prt 3 && not (bogus || proto tcp)"), ElementsAre("prt", "bogus"));
  EXPECT_THAT(wrong("(proto tcp bogus) and prt 3"), ElementsAre("(", "prt"));
  EXPECT_THAT(wrong("(proto tcp bogus and prt 3) and dst port 22"), ElementsAre("(", "prt"));
  EXPECT_THAT(wrong("proto tcp ) or prt 3"), ElementsAre(")", "prt"));
  EXPECT_THAT(wrong("proto tcp dst port 22 and prt 3"), ElementsAre("dst", "prt"));
  EXPECT_THAT(wrong("proto tcp and"), ElementsAre(""));
  EXPECT_THAT(wrong("and and proto tcp"), ElementsAre("and", "and"));
  EXPECT_THAT(wrong("(prt 3"), ElementsAre("prt", "("));
  EXPECT_THAT(wrong("src port in [80, x] and prt 3"), ElementsAre("x", "prt"));
}

TEST(Errors, AreBounded) {
  std::string text = "prt 1";
  for (int i = 0; i < 1000; ++i) text += " and prt 1";
  EXPECT_EQ(errors_in(text).size(), kMostErrors);
  EXPECT_EQ(errors_in(std::string(5000, ')')).size(), kMostErrors);
  EXPECT_EQ(errors_in(std::string(5000, '(')).size(), kMostErrors);
  EXPECT_EQ(errors_in(std::string(kLongestText + 1, ' ')).size(), 1U);
}

TEST(Errors, TheFirstIsTheOneThatRefuses) {
  for (const std::string_view text : {"prt 3 and x", "(proto tcp", "proto tcp )", "'open", "not", "src",
                                      "proto tcp or or", "mpls label99 5"}) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed) << text;
    const auto all = errors_in(text);
    ASSERT_FALSE(all.empty()) << text;
    EXPECT_EQ(all.front().from, parsed.error().from) << text;
    EXPECT_EQ(all.front().text, parsed.error().text) << text;
  }
}

}  // namespace
}  // namespace sluice::filter::test
