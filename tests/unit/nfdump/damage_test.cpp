// Files that are not whole, or lie: what came before is kept, nothing is read past an end, and no number of
// the file alone makes memory.
#include <gmock/gmock.h>

#include "archive_support.hpp"

namespace sluice::nfdump::test {
namespace {

using testing::HasSubstr;

std::vector<std::byte> two_blocks(unsigned layout) {
  NfdumpFile file(layout);
  file.record(7, exporter_record(file));
  if (layout == 1) {
    file.record(2, map_record(file, {5}));
    file.record(10, flow1(file).u32(1).u32(2)).block().record(10, flow1(file).u32(1).u32(2)).block();
  } else {
    file.record(11, plain_flow2(file)).block().record(11, plain_flow2(file)).block();
  }
  return file.bytes();
}

TEST(Damage, AFileCutAtEachLengthGivesWhatIsWhole) {
  for (const unsigned layout : {1U, 2U}) {
    const auto whole = two_blocks(layout);
    std::size_t most = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto read = read_back({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
      EXPECT_GE(read.flows.size(), most) << size;
      EXPECT_TRUE(read.flows.size() == 2 || !read.error.empty() || !read.warning.empty()) << size;
      most = std::max(most, read.flows.size());
    }
    EXPECT_EQ(read_back(whole).flows.size(), 2U);
  }
}

TEST(Damage, AFileThatWasNotClosedIsReadAsFarAsItIsThere) {
  for (const unsigned layout : {1U, 2U}) {
    auto bytes = two_blocks(layout);
    const std::size_t blocks_at = layout == 1 ? 8 : 36;
    for (std::size_t i = 0; i < 4; ++i) bytes[blocks_at + i] = std::byte{0};
    if (layout == 2) {
      for (std::size_t i = 0; i < 8; ++i) bytes[24 + i] = std::byte{0};
      bytes.resize(bytes.size() - 21);  // without an appendix
    }
    const auto read = read_back(bytes);
    EXPECT_EQ(read.flows.size(), 2U) << layout;
    EXPECT_THAT(read.warning, HasSubstr("was not closed")) << layout;
    EXPECT_EQ(read.counts.bad_blocks, 0U) << layout;
  }
}

TEST(Damage, AFileWithoutFlowsIsWhole) {
  for (const unsigned layout : {1U, 2U})
    EXPECT_EQ(read_back(NfdumpFile(layout).bytes()).warning, "") << layout;
}

TEST(Damage, AFileWithAnyByteChangedIsReadToSomeEnd) {
  for (const unsigned layout : {1U, 2U}) {
    const auto whole = two_blocks(layout);
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int other : {0xff, 0x80, 0x01}) {
        auto changed = whole;
        changed[at] ^= static_cast<std::byte>(other);
        EXPECT_LE(read_back(changed).flows.size(), 2U);
      }
  }
}

TEST(Damage, ABlockThatClaimsMoreThanTheFileHasMakesNoMemory) {
  NfdumpFile file(2);
  auto bytes = file.record(11, plain_flow2(file)).block().bytes();
  bytes[40 + 4 + 3] = std::byte{0xff};  // 4 GB
  const auto read = read_back(bytes);
  EXPECT_THAT(read.warning, HasSubstr("of a size that nfdump does not write"));
  bytes[40 + 4 + 3] = std::byte{0};
  bytes[40 + 4 + 2] = std::byte{0x10};  // 1 MB
  EXPECT_THAT(read_back(bytes).warning, HasSubstr("the last block is cut short"));
}

TEST(Damage, ABlockThatCannotBeUnpackedCostsItselfAlone) {
  for (const unsigned compression : {1U, 2U, 3U, 4U}) {
    NfdumpFile file(2);
    file.compression(compression);
    file.record(999, file.host().text("this is packed by nobody", 24)).block();
    file.record(11, plain_flow2(file)).block(NfdumpFile::plain, 0x1);
    const auto read = read_back(file.bytes());
    EXPECT_EQ(read.flows.size(), 1U) << compression;
    EXPECT_EQ(read.counts.bad_blocks, 1U) << compression;
    EXPECT_THAT(read.warning, HasSubstr("cannot be unpacked")) << compression;
  }
}

TEST(Damage, DamagedRecordsKeepNoMemory) {
  NfdumpFile file(2);
  const HostBytes application = element(file.host(), 27, file.host().u8(1));
  for (int i = 0; i < 100'000; ++i) file.record(11, flow2(file, 1, application));
  HostBytes body = element(file.host(), 1, generic2(file.host()));
  body.add(application);
  const auto read = read_back(file.record(11, flow2(file, 2, body)).block().bytes());
  EXPECT_EQ(read.counts.bad_records, 100'000U);
  ASSERT_EQ(read.flows.size(), 1U);
  EXPECT_EQ(read.flows[0].extras, 0U) << "those of the damaged ones are used again";
}

TEST(Damage, ARecordThatIsTooShortOrTooLongEndsItsBlock) {
  for (const unsigned size : {0U, 3U, 60000U}) {
    NfdumpFile file(2);
    file.record(11, plain_flow2(file)).block();
    auto bytes = file.bytes();
    bytes[40 + 12 + 2] = static_cast<std::byte>(size & 0xff);
    bytes[40 + 12 + 3] = static_cast<std::byte>(size >> 8);
    const auto read = read_back(bytes);
    EXPECT_EQ(read.flows.size(), 0U);
    EXPECT_EQ(read.counts.bad_records, 1U);
    EXPECT_THAT(read.warning, HasSubstr("a record is damaged"));
  }
}

TEST(Damage, AFlowBeforeItsMapIsNone) {
  NfdumpFile file(1);
  file.record(10, flow1(file)).record(2, map_record(file, {})).record(10, flow1(file)).block();
  const auto read = read_back(file.bytes());
  EXPECT_EQ(read.flows.size(), 1U);
  EXPECT_EQ(read.counts.bad_records, 1U);
}

TEST(Damage, AnElementOrExtensionThatLeavesItsRecordTakesItAlong) {
  NfdumpFile one(1), two(2);
  one.record(2, map_record(one, {22})).record(10, flow1(one).zeros(39)).block();
  HostBytes body = element(two.host(), 1, generic2(two.host()));
  body.u16(2).u16(13).zeros(8);
  two.record(11, flow2(two, 2, body)).block();
  for (const auto& file : {one, two}) {
    const auto read = read_back(file.bytes());
    EXPECT_EQ(read.flows.size(), 0U);
    EXPECT_EQ(read.counts.bad_records, 1U);
  }
}

TEST(Damage, AnElementThatIsTooShortForItsKindSaysNothing) {
  NfdumpFile file(2);
  HostBytes body = element(file.host(), 1, generic2(file.host()));
  body = element(body, 2, file.host().zeros(7));
  const auto read = read_back(file.record(11, flow2(file, 2, body)).block().bytes());
  ASSERT_EQ(read.flows.size(), 1U);
  EXPECT_EQ(read.flows[0].src_addr_size, 0);
}

TEST(Damage, AMapOfTheSameAgainAndAgainIsNone) {
  NfdumpFile file(1);
  HostBytes map = file.host().u16(1).u16(0);
  for (int i = 0; i < 20000; ++i) map.u16(22);
  const auto read = read_back(file.record(2, map).block().bytes());
  EXPECT_EQ(read.counts.bad_records, 1U);
}

}  // namespace
}  // namespace sluice::nfdump::test
