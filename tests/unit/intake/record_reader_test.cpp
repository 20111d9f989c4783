// Flows out of records: as many as there are, in batches, and what is no flow costs itself alone.
#include "intake/record_reader.hpp"

#include <gmock/gmock.h>

#include <cstring>

#include "sluice/encode/rows.hpp"

namespace sluice::intake {
namespace {

using sink::Framing;

constexpr std::uint64_t kWritten = 1'795'262'400'000'000'000;
constexpr std::uint64_t kHour = 3'600'000'000'000;

/// A flow of so many bytes, as a row with its length in front.
std::vector<std::byte> row(std::uint64_t bytes, std::uint64_t received = kWritten) {
  FlowBatch batch;
  Origin& origin = batch.add_origin();
  origin.sampler_address = IpAddress::v4(0xC0000201);
  origin.time_received_ns = received;
  batch.append_one().bytes = bytes;
  encode::RowBuffer rows;
  encode::make_row_encoder({})->encode(batch, rows);
  return {rows.bytes().begin(), rows.bytes().end()};
}

std::vector<std::byte> raw(std::initializer_list<unsigned> bytes) {
  std::vector<std::byte> out;
  for (const unsigned byte : bytes) out.push_back(static_cast<std::byte>(byte));
  return out;
}

std::vector<std::byte> joined(const std::vector<std::vector<std::byte>>& parts) {
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  std::vector<std::byte> out(size);
  size = 0;
  for (const auto& part : parts) {
    if (!part.empty()) std::memcpy(out.data() + size, part.data(), part.size());
    size += part.size();
  }
  return out;
}

struct Read {
  std::vector<std::uint64_t> flows;
  std::vector<std::uint64_t> received;
  std::uint64_t restamped = 0;
  std::size_t batches = 0;
  Counts<Bad> bad;
};

Read read(Framing framing, const std::vector<std::vector<std::byte>>& records) {
  Read out;
  RecordReader reader(framing, nullptr);
  const auto take = [&] {
    for (const FlowRecord& flow : reader.batch().flows()) {
      out.flows.push_back(flow.bytes);
      out.received.push_back(reader.batch().origin_of(flow).time_received_ns);
    }
    ++out.batches;
    reader.clear();
  };
  for (const auto& record : records) {
    reader.begin(record, kWritten);
    while (reader.read()) {
      EXPECT_TRUE(reader.full());
      take();
    }
    if (reader.full()) take();
  }
  take();
  out.bad = reader.bad;
  out.restamped = reader.restamped;
  return out;
}

Counts<Bad> bad(std::initializer_list<Bad> reasons) {
  Counts<Bad> out;
  for (const Bad reason : reasons) ++out[reason];
  return out;
}

TEST(RecordReader, ReadsAsManyAsARecordHolds) {
  const Read got = read(Framing::batch, {joined({row(1), row(2)}), row(3)});
  EXPECT_THAT(got.flows, testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(got.bad, bad({}));
  EXPECT_EQ(got.batches, 1U);
}

TEST(RecordReader, ReadsARecordWithoutALength) {
  const auto one = row(7);
  const Read got = read(Framing::plain, {{one.begin() + 1, one.end()}, {one.begin() + 1, one.end()}});
  EXPECT_THAT(got.flows, testing::ElementsAre(7, 7));
  EXPECT_EQ(got.bad, bad({}));
}

TEST(RecordReader, ALongRecordComesInBatches) {
  std::vector<std::vector<std::byte>> rows;
  for (std::size_t i = 0; i < 2 * RecordReader::kBatchFlows + 1; ++i) rows.push_back(row(i));
  const Read got = read(Framing::batch, {joined(rows)});
  EXPECT_EQ(got.batches, 3U);
  ASSERT_EQ(got.flows.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(got.flows[i], i);
}

TEST(RecordReader, WhatIsNoFlowCostsItselfAlone) {
  const auto no_address = raw({5, 0x32, 3, 1, 2, 3});  // field 6, src_addr, of three bytes
  EXPECT_EQ(read(Framing::batch, {joined({row(1), no_address, row(2)})}).flows,
            (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(read(Framing::batch, {joined({row(1), no_address, row(2)})}).bad, bad({Bad::message}));
  EXPECT_EQ(read(Framing::batch, {{}}).bad, bad({Bad::no_value}));
  EXPECT_EQ(read(Framing::plain, {{}}).bad, bad({Bad::no_value}));
}

TEST(RecordReader, BehindALengthThatIsNoneNothingIsFound) {
  for (const auto& torn : {raw({0x7f, 1}), raw({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), raw({0x80})}) {
    const Read got = read(Framing::batch, {joined({row(1), torn}), row(2)});
    EXPECT_THAT(got.flows, testing::ElementsAre(1, 2));
    EXPECT_EQ(got.bad, bad({Bad::framing}));
  }
}

TEST(RecordReader, AMessageLongerThanAnyFlowIsNotRead) {
  const std::vector<std::byte> huge(RecordReader::kLongestMessage + 1);
  EXPECT_EQ(read(Framing::plain, {huge}).bad, bad({Bad::too_long}));
  EXPECT_THAT(read(Framing::plain, {huge}).flows, testing::IsEmpty());
}

TEST(RecordReader, ATimeOfReceiptThatCannotBeIsThatOfTheRecord) {
  constexpr std::uint64_t kYear2000 = 946'684'800'000'000'000;
  const Read kept = read(
      Framing::batch, {joined({row(1), row(2, kWritten + kHour), row(3, kYear2000), row(4, kWritten - 1)})});
  EXPECT_THAT(kept.received, testing::ElementsAre(kWritten, kWritten + kHour, kYear2000, kWritten - 1));
  EXPECT_EQ(kept.restamped, 0U);
  const Read mended =
      read(Framing::batch, {joined({row(1, 0), row(2, kWritten + kHour + 1), row(3, kYear2000 - 1),
                                    row(4, UINT64_MAX), row(5, 1), row(6)})});
  EXPECT_THAT(mended.received, testing::Each(kWritten));
  EXPECT_EQ(mended.restamped, 5U);
  EXPECT_THAT(mended.flows, testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(RecordReader, EveryCutOfARecordIsSafe) {
  const auto whole = joined({row(1), row(300), row(70000)});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Read got =
        read(Framing::batch, {{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}});
    EXPECT_LE(got.flows.size(), 2U);
    EXPECT_LE(got.bad[Bad::framing], 1U);
  }
}

}  // namespace
}  // namespace sluice::intake
