#include <gmock/gmock.h>

#include "capture_builder.hpp"

namespace sluice::source::test {
namespace {

Octets ipfix(unsigned length) { return Wire().u16(10).u16(length).zeros(length - 4).octets; }
Octets netflow5(unsigned records) { return Wire().u16(5).u16(records).zeros(20 + 48 * records).octets; }

std::vector<std::size_t> sizes_in(std::string_view name, const Octets& content) {
  const TemporaryFile file(name, content);
  auto raw = CaptureFile::open(file.path());
  if (!raw) return {};
  EXPECT_EQ(raw->kind(), FileKind::raw);
  std::vector<std::size_t> out;
  Octets together;
  for (const auto& datagram : read_all(*raw)) {
    EXPECT_EQ(datagram.time_ns, 0U);
    EXPECT_EQ(datagram.from, ":0");
    out.push_back(datagram.payload.size());
    together.insert(together.end(), datagram.payload.begin(), datagram.payload.end());
  }
  EXPECT_EQ(together, content);
  return out;
}

using testing::ElementsAre;

TEST(RawFile, IsOneDatagram) {
  EXPECT_THAT(sizes_in("x.dat", flow_payload(200, 1)), ElementsAre(200));
  EXPECT_THAT(sizes_in("x", flow_payload(200, 1)), ElementsAre(200));  // by its version word
  EXPECT_THAT(sizes_in("x.bin", {1, 2, 3, 4, 5}), ElementsAre(5));     // by its extension
  EXPECT_THAT(sizes_in("x.dat", ipfix(100)), ElementsAre(100));
}

TEST(RawFile, IsSplitWhereTheLengthsFit) {
  EXPECT_THAT(sizes_in("x.dat", Wire().add(ipfix(100)).add(ipfix(16)).add(ipfix(40)).octets),
              ElementsAre(100, 16, 40));
  EXPECT_THAT(sizes_in("x.dat", Wire().add(netflow5(1)).add(netflow5(30)).octets), ElementsAre(72, 1464));
}

TEST(RawFile, IsNotSplitWhereTheyDoNot) {
  EXPECT_THAT(sizes_in("x.dat", Wire().add(ipfix(100)).u8(0).octets), ElementsAre(101));
  EXPECT_THAT(sizes_in("x.dat", Wire().add(ipfix(100)).u16(10).u16(8).zeros(4).octets), ElementsAre(108));
  EXPECT_THAT(sizes_in("x.dat", Wire().add(netflow5(2)).add(netflow5(31)).octets),
              ElementsAre(24 + 96 + 24 + 31 * 48));
  EXPECT_THAT(sizes_in("x.dat", Wire().add(netflow5(2)).add(ipfix(20)).octets), ElementsAre(24 + 96 + 20));
}

TEST(RawFile, LongerThanADatagramMustBeASequence) {
  Octets many;
  for (int i = 0; i < 60; ++i) many = Wire().add(many).add(netflow5(30)).octets;
  EXPECT_EQ(sizes_in("x.dat", many).size(), 60U);
  many.push_back(0);
  const TemporaryFile file("long.dat", many);
  const auto raw = CaptureFile::open(file.path());
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error(), file.path() +
                             ": has 87841 bytes, which is longer than a datagram and no sequence of IPFIX "
                             "messages or NetFlow v5 datagrams");
}

Octets ipfix_file() {
  Octets many;
  for (int i = 0; i < 3; ++i) many = Wire().add(many).add(ipfix(60000)).octets;
  return many;
}

TEST(IpfixFile, IsReadMessageByMessage) {
  EXPECT_THAT(sizes_in("x.ipfix", ipfix_file()), ElementsAre(60000, 60000, 60000));
}

TEST(IpfixFile, ThatEndsWithinAMessageGivesTheWholeOnes) {
  for (const std::size_t cut : {std::size_t{1}, std::size_t{59990}, std::size_t{59999}}) {
    Octets content = ipfix_file();
    content.resize(content.size() - cut);
    const TemporaryFile file("cut.ipfix", content);
    auto raw = CaptureFile::open(file.path());
    ASSERT_TRUE(raw) << raw.error();
    EXPECT_EQ(read_all(*raw).size(), 2U);
    EXPECT_EQ(raw->warning(), file.path() + ": ends at byte 120000: the message is cut short");
  }
}

TEST(IpfixFile, ThatGoesOnAsSomethingElseEndsThere) {
  Octets content = ipfix_file();
  content[60001] = 9;
  const TemporaryFile file("other.ipfix", content);
  auto raw = CaptureFile::open(file.path());
  ASSERT_TRUE(raw) << raw.error();
  EXPECT_EQ(read_all(*raw).size(), 1U);
  EXPECT_EQ(raw->warning(), file.path() + ": ends at byte 60000: there is no IPFIX message");
}

}  // namespace
}  // namespace sluice::source::test
