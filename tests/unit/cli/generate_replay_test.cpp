// `generate` and `replay` as processes, against a socket of the test and against `decode`.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "process.hpp"
#include "util/unique_fd.hpp"

namespace sluice::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

std::string flow_records_in(const std::string& summary) {
  for (const auto& line : lines(summary))
    if (line.starts_with("flow records")) return line.substr(line.rfind(' ') + 1);
  return "none";
}

TEST(Generate, WritesWhatDecodeReads) {
  const Folder folder;
  for (const std::string protocol : {"sflow", "netflow5", "netflow9", "ipfix"}) {
    const auto file = folder.path(protocol + ".pcap");
    const auto made =
        sluice("generate -q --protocol " + protocol + " --write " + file + " --rate 0 --flows 1000 --seed 3");
    ASSERT_EQ(made.status, 0) << made.err;
    const auto report = json::parse(made.out);
    EXPECT_EQ(report.at("flows"), 1000);
    const auto read = sluice("decode " + file);
    EXPECT_EQ(read.status, 0) << read.err;
    EXPECT_EQ(flow_records_in(read.err), "1000") << protocol;
    EXPECT_THAT(read.err, HasSubstr('(' + protocol + ' '));
    EXPECT_THAT(read.err, testing::Not(HasSubstr("error"))) << protocol;
    std::uint64_t bytes = 0;
    for (const auto& line : lines(read.out)) bytes += json::parse(line).at("bytes").get<std::uint64_t>();
    EXPECT_EQ(report.at("bytes").get<std::uint64_t>(), bytes) << protocol;
  }
}

TEST(Generate, NeedsSomewhereToSendTo) {
  const auto ended = sluice("generate");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, StartsWith("sluice generate: "));
  EXPECT_EQ(lines(ended.err).size(), 1U);
}

TEST(Replay, SendsWhatGenerateWrote) {
  const UniqueFd receiver(::socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(receiver.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);

  const Folder folder;
  const auto file = folder.path("x.pcap");
  const auto made =
      sluice("generate -q --protocol netflow5 --write " + file + " --rate 0 --flows 300 --seed 3");
  ASSERT_EQ(made.status, 0) << made.err;
  const auto datagrams = json::parse(made.out).at("datagrams").get<std::uint64_t>();
  const auto sent = sluice("replay " + file + " --to localhost:" + std::to_string(ntohs(address.sin_port)) +
                               " --per-exporter --rate 5000",
                           "RES_OPTIONS=attempts:1");
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_THAT(sent.out, StartsWith("sent " + std::to_string(datagrams) + " datagrams, "));
  EXPECT_THAT(sent.out, HasSubstr(" as 127.0.1.1\n"));
  std::uint64_t arrived = 0;
  char buffer[65536];
  while (::recv(receiver.get(), buffer, sizeof(buffer), MSG_DONTWAIT) >= 0) ++arrived;
  EXPECT_EQ(arrived, datagrams);
}

}  // namespace
}  // namespace sluice::cli::test
