#include "web/nfdump.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace sluice::web {
namespace {

using test::question;
using testing::HasSubstr;

json read(const std::string& command) {
  const auto out = question_of_command(command);
  EXPECT_TRUE(out) << command << ": " << (out ? "" : out.error().text);
  return out ? (*out)["query"] : json();
}

TEST(Nfdump, StatisticsAreTables) {
  EXPECT_EQ(read("nfdump -r f -s srcip/bytes -n 20 'proto tcp'"), (json{{"by", {"src_addr"}},
                                                                        {"order", "bytes"},
                                                                        {"limit", 20},
                                                                        {"filter", "proto tcp"},
                                                                        {"view", "table"}}));
  EXPECT_EQ(read("-s dstport:p/flows -n5")["order"], "flows");
  EXPECT_EQ(read("nfdump -s srcip/24/packets")["by"], json{"src_addr/24"});
  EXPECT_EQ(read("nfdump -A srcip4/24,dstport -O bps")["by"], (json{"src_addr/24", "dst_port"}));
}

TEST(Nfdump, ListsAreFlows) {
  const json flows =
      read("/usr/bin/nfdump -R /data/2026/11 -o extended -c 50 -O tstart src net 192.0.2.0/24 and port 443");
  EXPECT_EQ(flows["view"], "flows");
  EXPECT_EQ(flows["order"], "time");
  EXPECT_EQ(flows["limit"], 50);
  EXPECT_EQ(flows["filter"], "src net 192.0.2.0/24 and port 443");
  EXPECT_GT(flows["columns"].size(), 11U);
}

TEST(Nfdump, WhatIsReadIsAQuestion) {
  for (const char* command : {"nfdump", "nfdump -s record/bytes", "nfdump -a -N 'proto udp'",
                              "nfdump -s inif/flows -t 2026/11/27.14:00:00-2026/11/27.15:00:00",
                              "nfdump -o json -w out -f filter.txt"}) {
    json query = read(command);
    const View view = query["view"] == "table" ? View::table : View::flows;
    query.erase("view");
    question(query, view);
  }
}

TEST(Nfdump, RefusesWhatItCannotMean) {
  for (const auto& [command, why] : {std::pair{"nfdump -s ip/bytes", "both directions"},
                                     {"nfdump 'proto", "not closed"},
                                     {"nfdump 'prt 3'", "the filter"},
                                     {"nfdump -s nothing", "no element"},
                                     {"nfdump -n", "wants a value"},
                                     {"nfdump -n x", "wants a number"}}) {
    const auto got = question_of_command(command);
    ASSERT_FALSE(got) << command;
    EXPECT_THAT(got.error().text, HasSubstr(why));
  }
}

TEST(Nfdump, ThereAndBack) {
  const Question one = question(
      {{"by", {"src_addr"}}, {"filter", "proto tcp and host 192.0.2.1"}, {"limit", 7}, {"order", "packets"}},
      View::table);
  const std::string command = nfdump_command(one);
  EXPECT_EQ(command,
            "nfdump -R . -t 2026/11/29.09:00:00-2026/11/29.10:00:00 -s srcip/packets -n 7 'proto tcp and "
            "host 192.0.2.1'");
  EXPECT_EQ(read(command)["by"], json{"src_addr"});
  EXPECT_EQ(nfdump_command(question({{"by", {"exporter_name"}}}, View::table)), "")
      << "nfdump has no such element";
}

}  // namespace
}  // namespace sluice::web
