#pragma once
// Runs the generator into a capture file and reads the file back with libpcap.
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "generate/generate.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::generate::test {

/// 2024-01-01 00:00:00.250 UTC: not a whole second, as exporters' clocks are not.
inline constexpr std::uint64_t kStart = 1704067200250000000ULL;

struct Sent {
  std::uint64_t time_ns = 0;
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::vector<std::byte> payload;
};

struct Run {
  Report report;
  std::vector<Sent> sent;

  std::vector<Sent> of(const IpAddress& source) const {
    std::vector<Sent> out;
    for (const auto& one : sent)
      if (one.source == source) out.push_back(one);
    return out;
  }
};

/// Options for a capture that depends on nothing but themselves.
inline Options options(FlowType protocol, std::uint64_t flows) {
  Options out;
  out.protocol = protocol;
  out.flows = flows;
  out.conversations = 500;
  out.start_time_ns = kStart;
  return out;
}

inline std::filesystem::path scratch_file(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / ("generate-" + std::to_string(getpid()) + "-" + name);
}

/// Ones' complement sum with carry (RFC 1071); a right header or datagram sums to 0xffff.
inline std::uint32_t ones_sum(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) sum += std::to_integer<std::uint32_t>(bytes[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

/// Takes an Ethernet, IPv4 and UDP frame apart and checks every length and checksum in it.
inline Sent unwrap(Bytes frame, std::uint64_t time_ns) {
  ByteReader in(frame);
  in.skip(12);
  EXPECT_EQ(in.be<std::uint16_t>(), 0x0800);
  EXPECT_EQ(load_be<std::uint16_t>(in.rest().data() + 2), in.remaining());
  const Bytes ip = in.take(20);
  EXPECT_EQ(std::to_integer<int>(ip[0]), 0x45);
  EXPECT_EQ(std::to_integer<int>(ip[9]), 17);
  EXPECT_EQ(ones_sum(ip), 0xffffU);
  const Bytes udp = in.rest();
  Sent out;
  out.time_ns = time_ns;
  out.source = IpAddress::from_bytes(ip.subspan(12, 4));
  out.destination = IpAddress::from_bytes(ip.subspan(16, 4));
  EXPECT_EQ(ones_sum(udp, ones_sum(ip.subspan(12), static_cast<std::uint32_t>(17 + udp.size()))), 0xffffU);
  out.source_port = in.be<std::uint16_t>();
  out.destination_port = in.be<std::uint16_t>();
  EXPECT_EQ(in.be<std::uint16_t>(), udp.size());
  in.skip(2);
  out.payload.assign(in.rest().begin(), in.rest().end());
  EXPECT_TRUE(in.ok());
  return out;
}

inline std::vector<Sent> read_capture(const std::filesystem::path& file) {
  char why[PCAP_ERRBUF_SIZE] = "";
  pcap_t* in = pcap_open_offline_with_tstamp_precision(file.c_str(), PCAP_TSTAMP_PRECISION_NANO, why);
  EXPECT_NE(in, nullptr) << why;
  if (!in) return {};
  EXPECT_EQ(pcap_datalink(in), DLT_EN10MB);
  std::vector<Sent> out;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  int got = 0;
  while ((got = pcap_next_ex(in, &header, &data)) == 1) {
    EXPECT_EQ(header->caplen, header->len);
    const auto time = static_cast<std::uint64_t>(header->ts.tv_sec) * 1000000000 +
                      static_cast<std::uint64_t>(header->ts.tv_usec);
    out.push_back(unwrap(Bytes(reinterpret_cast<const std::byte*>(data), header->caplen), time));
  }
  EXPECT_EQ(got, PCAP_ERROR_BREAK) << pcap_geterr(in);
  pcap_close(in);
  return out;
}

inline Run capture(Options wanted) {
  const auto file = scratch_file("run.pcap");
  wanted.write = file;
  auto report = run(wanted, {});
  EXPECT_TRUE(report) << report.error();
  if (!report) return {};
  Run out{*report, read_capture(file)};
  std::filesystem::remove(file);
  EXPECT_EQ(out.sent.size(), out.report.datagrams + out.report.faults.duplicated_datagrams);
  return out;
}

}  // namespace sluice::generate::test
