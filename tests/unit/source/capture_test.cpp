#include <gmock/gmock.h>
#include <pcap/pcap.h>

#include "capture_builder.hpp"

namespace sluice::source::test {
namespace {

using testing::HasSubstr;

const Octets kPayload = flow_payload(100, 1);

Octets plain_frame(const Octets& payload = kPayload) {
  return ethernet(0x0800, ipv4({}, udp(5000, 2055, payload)));
}

std::string error_of(const std::string& path) {
  const auto file = CaptureFile::open(path);
  return file ? "" : file.error();
}

struct Container {
  std::string name;
  Octets content;
  std::uint64_t time_ns;
};

class EveryContainer : public testing::TestWithParam<Container> {};

TEST_P(EveryContainer, GivesTheSameDatagram) {
  const TemporaryFile file("capture", GetParam().content);
  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  const auto read = read_all(*capture);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].time_ns, GetParam().time_ns);
  EXPECT_EQ(read[0].from, "192.0.2.1:5000");
  EXPECT_EQ(read[0].to, "198.51.100.1:2055");
  EXPECT_EQ(read[0].payload, kPayload);
  EXPECT_FALSE(read[0].truncated);
  EXPECT_EQ(capture->warning(), "");
  EXPECT_EQ(capture->kind(), FileKind::capture);
  EXPECT_EQ(capture->counts().packets, 1U);
  EXPECT_EQ(capture->counts().datagrams, 1U);
}

const std::vector<Frame> kOne = {{.octets = plain_frame(), .fraction = 123456}};
constexpr std::uint64_t kMicro = 1700000000123456000, kNano = 1700000000000123456;

INSTANTIATE_TEST_SUITE_P(
    Formats, EveryContainer,
    testing::Values(Container{"pcap_little_us", pcap({}, kOne), kMicro},
                    Container{"pcap_big_us", pcap({.big_endian = true}, kOne), kMicro},
                    Container{"pcap_little_ns", pcap({.nanoseconds = true}, kOne), kNano},
                    Container{"pcap_big_ns", pcap({.big_endian = true, .nanoseconds = true}, kOne), kNano},
                    Container{"pcapng_little", pcapng(false, 1, kOne), kNano},
                    Container{"pcapng_big", pcapng(true, 1, kOne), kNano}),
    [](const auto& each) { return each.param.name; });

TEST(Capture, ReadsWhatLibpcapWrites) {
  const TemporaryFile file("written.pcap", {});
  pcap_t* handle = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, PCAP_TSTAMP_PRECISION_NANO);
  pcap_dumper_t* dumper = pcap_dump_open(handle, file.path().c_str());
  ASSERT_NE(dumper, nullptr) << pcap_geterr(handle);
  for (unsigned i = 0; i < 3; ++i) {
    const Octets frame = plain_frame(flow_payload(50 + i, i));
    const auto size = static_cast<bpf_u_int32>(frame.size());
    const pcap_pkthdr header{
        .ts = {.tv_sec = 1700000000, .tv_usec = static_cast<suseconds_t>(i)}, .caplen = size, .len = size};
    pcap_dump(reinterpret_cast<u_char*>(dumper), &header, frame.data());
  }
  pcap_dump_close(dumper);
  pcap_close(handle);

  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  const auto read = read_all(*capture);
  ASSERT_EQ(read.size(), 3U);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(read[i].payload, flow_payload(50 + i, i));
    EXPECT_EQ(read[i].time_ns, 1700000000000000000 + i);
  }
}

TEST(Capture, CountsWhatIsNoUdp) {
  const TemporaryFile file("mixed.pcap",
                           pcap({}, {{.octets = ethernet(0x0806, Octets(28))},
                                     {.octets = ethernet(0x0800, ipv4({.protocol = 6}, Octets(20)))},
                                     {.octets = plain_frame()},
                                     {.octets = Octets(5)}}));
  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  EXPECT_EQ(read_all(*capture).size(), 1U);
  EXPECT_EQ(capture->counts().packets, 4U);
  EXPECT_EQ(capture->counts().other, 3U);
}

TEST(Capture, MarksWhatTheCaptureHoldsOnlyInPart) {
  const TemporaryFile file("snap.pcap", pcap({}, {{.octets = plain_frame(), .cut_to = 14 + 20 + 8 + 60}}));
  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  const auto read = read_all(*capture);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_TRUE(read[0].truncated);
  EXPECT_EQ(read[0].payload, Octets(kPayload.begin(), kPayload.begin() + 60));
  EXPECT_EQ(capture->counts().truncated, 1U);
}

TEST(Capture, LeavesOutTheEthernetPadding) {
  Octets frame = ethernet(0x0800, ipv4({}, udp(5000, 2055, {0, 9, 0, 1})));
  frame.resize(60, 0xee);
  const TemporaryFile file("padded.pcap", pcap({}, {{.octets = frame}}));
  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  const auto read = read_all(*capture);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].payload, (Octets{0, 9, 0, 1}));
  EXPECT_FALSE(read[0].truncated);
}

// A file cut at any byte gives every packet before the cut, and says so unless it ends between two packets.
TEST(Capture, CutAnywhereKeepsWhatWasRead) {
  const Octets whole =
      pcap({}, {{.octets = plain_frame(flow_payload(20, 1))}, {.octets = plain_frame(flow_payload(20, 2))}});
  const std::size_t record = 16 + 14 + 20 + 8 + 20;
  ASSERT_EQ(whole.size(), 24 + 2 * record);
  for (std::size_t size = 24; size < whole.size(); ++size) {
    const TemporaryFile file("cut.pcap",
                             Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    auto capture = CaptureFile::open(file.path());
    ASSERT_TRUE(capture) << capture.error();
    const std::size_t complete = (size - 24) / record;
    EXPECT_EQ(read_all(*capture).size(), complete) << size;
    if ((size - 24) % record == 0)
      EXPECT_EQ(capture->warning(), "") << size;
    else
      EXPECT_THAT(capture->warning(),
                  HasSubstr("is cut short or damaged after " + std::to_string(complete) + " packets"))
          << size;
  }
}

TEST(Capture, CutPcapngKeepsWhatWasRead) {
  Octets content = pcapng(false, 1, {{.octets = plain_frame()}, {.octets = plain_frame()}});
  content.resize(content.size() - 7);
  const TemporaryFile file("cut.pcapng", content);
  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  EXPECT_EQ(read_all(*capture).size(), 1U);
  EXPECT_THAT(capture->warning(), HasSubstr("after 1 packets"));
}

TEST(Capture, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(error_of("/nowhere/x.pcap"), "/nowhere/x.pcap: cannot be opened: No such file or directory");
  EXPECT_EQ(error_of("/"), "/: cannot be read: Is a directory");
  const TemporaryFile empty("x.pcap", {});
  EXPECT_EQ(error_of(empty.path()), empty.path() + ": is empty");
  const TemporaryFile text("x.txt", {'h', 'e', 'l', 'l', 'o'});
  EXPECT_EQ(error_of(text.path()),
            text.path() +
                ": is neither a pcap or pcapng capture nor a datagram that begins with the version word of "
                "sFlow v5, NetFlow or IPFIX");
  const TemporaryFile gzip("x.pcap.gz", {0x1f, 0x8b, 8, 0});
  EXPECT_THAT(error_of(gzip.path()), HasSubstr("is compressed by gzip"));
  const TemporaryFile wifi("wifi.pcap", pcap({.link_type = 105}, {}));
  EXPECT_THAT(error_of(wifi.path()), HasSubstr("was captured on link type 105 (IEEE802_11)"));
  const TemporaryFile header("header.pcap", {0xd4, 0xc3, 0xb2, 0xa1, 2, 0});
  EXPECT_THAT(error_of(header.path()), HasSubstr("is no capture that can be read"));
}

TEST(FlowExport, IsToldByItsVersionWord) {
  const auto is_export = [](const Octets& octets) {
    return is_flow_export(std::as_bytes(std::span(octets)));
  };
  EXPECT_TRUE(is_export({0, 5, 0, 1}));
  EXPECT_TRUE(is_export({0, 9, 0, 1}));
  EXPECT_TRUE(is_export({0, 10, 0, 16}));
  EXPECT_TRUE(is_export({0, 0, 0, 5}));
  EXPECT_FALSE(is_export({0, 0, 0, 4}));
  EXPECT_FALSE(is_export({0, 1, 0, 1}));
  EXPECT_FALSE(is_export({0, 9, 0}));
  EXPECT_FALSE(is_export({}));
}

}  // namespace
}  // namespace sluice::source::test
