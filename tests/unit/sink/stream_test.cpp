#include "sink/stream.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "filter/parser.hpp"
#include "sink_support.hpp"
#include "support/recording_sink.hpp"

namespace sluice::sink {
namespace {

using test::exporter;
using test::Flows;
using test::framed;
using test::RecordingSink;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kMs = 1'000'000;

StreamSpec spec(Framing framing = Framing::batch, PartitionBy key = PartitionBy::exporter) {
  StreamSpec out;
  out.framing = framing;
  out.key = key;
  out.block_bytes = 4096;
  return out;
}

StreamSpec json_spec(Framing framing) {
  StreamSpec out = spec(framing);
  out.format.format = encode::Format::json;
  return out;
}

std::vector<std::string> slices(const std::vector<std::byte>& bytes, const std::vector<std::uint32_t>& ends) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (const std::uint32_t end : ends) {
    out.push_back(test::text(Bytes(bytes).subspan(begin, end - begin)));
    begin = end;
  }
  return out;
}

std::string raw(const IpAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.size};
}

TEST(Stream, CopiesRowsBackToBackAndCountsExporters) {
  RecordingSink sink;
  StreamWriter writer(spec(), {&sink}, 3);
  Flows flows;
  flows.datagram(exporter(1), 2, framed("aa"))
      .datagram(exporter(2), 1, framed("b"))
      .datagram(exporter(1), 3, framed("c"));
  writer.write(flows.batch, flows.rows, 7);
  EXPECT_THAT(sink.entries(), IsEmpty());
  writer.flush_all();
  const auto entries = sink.entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].worker, 3U);
  const Block& block = *entries[0].block;
  EXPECT_EQ(block.flows, 6U);
  EXPECT_EQ(block.opened_ns, 7U);
  EXPECT_THAT(test::bodies(sink.bytes()), ElementsAre("aa", "aa", "b", "c", "c", "c"));
  ASSERT_EQ(block.exporters.size(), 2U);
  EXPECT_EQ(block.exporters[0].exporter, exporter(1));
  EXPECT_EQ(block.exporters[0].flows, 5U);
  EXPECT_EQ(block.exporters[1].flows, 1U);
  EXPECT_TRUE(block.row_ends.empty() && block.keys.empty() && block.key_ends.empty());
}

TEST(Stream, CountsHundredsOfExportersInOneBlock) {
  RecordingSink sink;
  StreamSpec big = spec();
  big.block_bytes = 1 << 20;
  StreamWriter writer(big, {&sink}, 0);
  Flows flows;
  for (std::uint32_t round = 1; round <= 3; ++round)
    for (std::uint32_t i = 0; i < 700; ++i) flows.datagram(IpAddress::v4(i), round, framed("x"));
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  ASSERT_EQ(sink.entries().size(), 1U);
  const auto& counts = sink.entries()[0].block->exporters;
  ASSERT_EQ(counts.size(), 700U);
  for (const auto& count : counts) EXPECT_EQ(count.flows, 6U);
}

TEST(Stream, ABlockCarriesTheMarkOfItsOpeningUntilAllSinksHaveLetGo) {
  RecordingSink one, other;
  StreamWriter stream(spec(), {&one, &other}, 0);
  auto first = std::make_shared<int>(), second = std::make_shared<int>();
  const std::weak_ptr<int> first_lives = first, second_lives = second;
  Flows flows;
  flows.datagram(exporter(1), 1, framed("x"));
  stream.mark(std::exchange(first, nullptr));
  stream.write(flows.batch, flows.rows, 0);
  stream.mark(std::exchange(second, nullptr));
  stream.write(flows.batch, flows.rows, 0);  // into the block that is open
  stream.mark(nullptr);
  EXPECT_FALSE(first_lives.expired());
  EXPECT_TRUE(second_lives.expired());
  one.set_mode(RecordingSink::Mode::stuck);
  stream.flush_all();
  EXPECT_FALSE(first_lives.expired());
  one.set_mode(RecordingSink::Mode::taking);
  EXPECT_TRUE(first_lives.expired());
}

TEST(Stream, AnExporterStaysInItsBucket) {
  RecordingSink sink(8);
  StreamWriter writer(spec(), {&sink}, 0);
  for (int round = 0; round < 5; ++round) {
    Flows flows;
    for (std::uint32_t i = 0; i < 40; ++i) flows.datagram(exporter(i), 1, framed("x"));
    writer.write(flows.batch, flows.rows, 0);
    writer.flush_all();
  }
  std::map<IpAddress, std::set<std::uint32_t>> buckets;
  std::set<std::uint32_t> used;
  for (const auto& entry : sink.entries()) {
    used.insert(entry.block->bucket);
    for (const auto& count : entry.block->exporters) buckets[count.exporter].insert(entry.block->bucket);
  }
  EXPECT_EQ(buckets.size(), 40U);
  for (const auto& [address, where] : buckets) {
    EXPECT_EQ(where.size(), 1U) << address.to_string();
    EXPECT_EQ(*where.begin(), hash_value(address) % 8);
  }
  EXPECT_EQ(used.size(), 8U);
}

TEST(Stream, OpensBlocksOnlyForBucketsWithFlows) {
  RecordingSink sink(1000);
  StreamWriter writer(spec(), {&sink}, 0);
  Flows flows;
  flows.datagram(exporter(1), 5, framed("x"));
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  EXPECT_EQ(sink.entries().size(), 1U);
}

TEST(Stream, SplitsAtRowsAndNeverPassesBlockBytes) {
  RecordingSink sink;
  StreamWriter writer(spec(), {&sink}, 0);
  const std::string row = framed(std::string(99, 'r'));  // 100 bytes: 40 to a block of 4096
  Flows flows;
  flows.datagram(exporter(1), 100, row);
  writer.write(flows.batch, flows.rows, 0);
  ASSERT_EQ(sink.entries().size(), 2U) << "full blocks go at once";
  writer.flush_all();
  std::vector<std::uint32_t> sizes;
  for (const auto& entry : sink.entries()) sizes.push_back(entry.block->flows);
  EXPECT_THAT(sizes, ElementsAre(40U, 40U, 20U));
  EXPECT_EQ(test::bodies(sink.bytes()), std::vector<std::string>(100, std::string(99, 'r')));
}

TEST(Stream, ABlockThatIsExactlyFullGoesAtOnce) {
  RecordingSink sink;
  StreamWriter writer(spec(), {&sink}, 0);
  Flows flows;
  flows.datagram(exporter(1), 32, framed(std::string(127, 'r')));  // 32 * 128 = 4096
  writer.write(flows.batch, flows.rows, 0);
  EXPECT_EQ(sink.entries().size(), 1U);
  EXPECT_FALSE(writer.next_deadline());
}

TEST(Stream, ARowLongerThanABlockGoesAlone) {
  RecordingSink sink;
  StreamWriter writer(spec(), {&sink}, 0);
  Flows flows;
  flows.datagram(exporter(1), 1, "before")
      .datagram(exporter(1), 2, std::string(10000, 'L'))
      .datagram(exporter(1), 1, "after");
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  std::vector<std::size_t> sizes;
  for (const auto& entry : sink.entries()) sizes.push_back(entry.block->bytes.size());
  EXPECT_THAT(sizes, ElementsAre(6U, 10000U, 10000U, 5U));
}

TEST(Stream, LeavesOutEmptyRows) {
  RecordingSink sink;
  StreamWriter writer(spec(Framing::single), {&sink}, 0);
  Flows flows;
  flows.datagram(exporter(1), 3, "").datagram(exporter(2), 1, framed("a")).datagram(exporter(2), 2, "");
  flows.datagram(exporter(2), 1, framed("b"));
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  ASSERT_EQ(sink.entries().size(), 1U);
  const Block& block = *sink.entries()[0].block;
  EXPECT_EQ(block.flows, 2U);
  ASSERT_EQ(block.exporters.size(), 1U);
  EXPECT_EQ(block.exporters[0].flows, 2U);
  EXPECT_THAT(slices(block.bytes, block.row_ends), ElementsAre(framed("a"), framed("b")));

  Flows none;
  none.datagram(exporter(1), 3, "");
  writer.write(none.batch, none.rows, 0);
  EXPECT_FALSE(writer.next_deadline()) << "a block was opened for nothing";
}

TEST(Stream, EmptyRowsInsideABatchRunAreNotCounted) {
  RecordingSink sink;
  StreamWriter writer(spec(), {&sink}, 0);
  Flows flows;
  flows.batch.add_origin().exporter_address = exporter(1);
  for (const std::string_view row : {"", "ab", "", "cd", ""}) {
    flows.batch.append_one();
    std::ranges::copy(std::as_bytes(std::span(row.data(), row.size())), flows.rows.reserve(row.size() + 1));
    flows.rows.commit(row.size());
    flows.rows.end_row();
  }
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  EXPECT_EQ(sink.bytes(), "abcd");
  EXPECT_EQ(sink.stats().counts[SinkCount::delivered_flows], 2U);
}

TEST(Stream, SingleFramingHasTheExporterAsKey) {
  RecordingSink sink;
  StreamWriter writer(spec(Framing::single), {&sink}, 0);
  const IpAddress six = *IpAddress::parse("2001:db8::1");
  Flows flows;
  flows.datagram(exporter(1), 2, framed("a")).datagram(six, 1, framed("b"));
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  ASSERT_EQ(sink.entries().size(), 1U);
  const Block& block = *sink.entries()[0].block;
  EXPECT_THAT(slices(block.bytes, block.row_ends), ElementsAre(framed("a"), framed("a"), framed("b")));
  EXPECT_THAT(slices(block.keys, block.key_ends), ElementsAre(raw(exporter(1)), raw(exporter(1)), raw(six)));
}

TEST(Stream, PlainFramingStripsTheLengthPrefix) {
  RecordingSink sink;
  StreamWriter writer(spec(Framing::plain), {&sink}, 0);
  const std::string longer(300, 'z');
  Flows flows;
  flows.datagram(exporter(1), 1, framed("a")).datagram(exporter(1), 1, "\xac\x02" + longer);
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  const auto entries = sink.entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_THAT(slices(entries[0].block->bytes, entries[0].block->row_ends), ElementsAre("a", longer));
}

TEST(Stream, JsonKeepsItsNewlineOnlyInBatchFraming) {
  for (const Framing framing : {Framing::batch, Framing::single, Framing::plain}) {
    RecordingSink sink;
    StreamWriter writer(json_spec(framing), {&sink}, 0);
    Flows flows;
    flows.datagram(exporter(1), 2, "{}\n");
    writer.write(flows.batch, flows.rows, 0);
    writer.flush_all();
    EXPECT_EQ(sink.bytes(), framing == Framing::batch ? "{}\n{}\n" : "{}{}");
  }
}

TEST(Stream, RoundRobinCountsUpAsBlocksFinish) {
  RecordingSink sink(3);
  StreamWriter writer(spec(Framing::single, PartitionBy::round_robin), {&sink}, 1);
  for (std::uint32_t i = 0; i < 5; ++i) {
    Flows flows;
    flows.datagram(exporter(i), 1, framed("x"));
    writer.write(flows.batch, flows.rows, i);
    writer.flush_all();
  }
  std::vector<std::uint32_t> buckets;
  for (const auto& entry : sink.entries()) {
    buckets.push_back(entry.block->bucket);
    EXPECT_TRUE(entry.block->keys.empty() && entry.block->key_ends.empty());
  }
  EXPECT_THAT(buckets, ElementsAre(1U, 2U, 0U, 1U, 2U));
}

TEST(Stream, ChosenFieldsMakeKeyAndBucket) {
  RecordingSink sink(4);
  StreamSpec by_fields = spec(Framing::single, PartitionBy::fields);
  by_fields.key_fields = {"src_addr", "proto", "src_mac", "exporter_name"};
  StreamWriter writer(by_fields, {&sink}, 0);
  Flows flows;
  flows.datagram(exporter(1), 6, framed("x"));
  for (std::size_t i = 0; i < 6; ++i) {
    FlowRecord& flow = flows.batch.flows()[i];
    flow.set_source(IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(i % 3)));
    flow.proto = 17;
    flow.src_mac = 0x0a0b0c0d0e0fULL;
  }
  flows.batch.origin(0).exporter_name = "edge";
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  std::multiset<std::string> keys;
  std::map<std::string, std::set<std::uint32_t>> buckets;
  for (const auto& entry : sink.entries())
    for (const auto& key : slices(entry.block->keys, entry.block->key_ends)) {
      keys.insert(key);
      buckets[key].insert(entry.block->bucket);
      EXPECT_EQ(entry.block->bucket, key_hash(key) % 4);
    }
  EXPECT_EQ(keys.size(), 6U);
  EXPECT_EQ(keys.count("10.0.0.1|17|0a:0b:0c:0d:0e:0f|edge"), 2U);
  EXPECT_EQ(buckets.size(), 3U);
  for (const auto& [key, where] : buckets) EXPECT_EQ(where.size(), 1U) << key;
}

TEST(Stream, RefusesKeyFieldsThatCannotBeKeys) {
  RecordingSink sink;
  StreamSpec wrong = spec(Framing::single, PartitionBy::fields);
  wrong.key_fields = {"src_address"};
  EXPECT_THROW(StreamWriter(wrong, {&sink}, 0), std::invalid_argument);
  wrong.key_fields = {"as_path"};
  EXPECT_THROW(StreamWriter(wrong, {&sink}, 0), std::invalid_argument);
}

TEST(Stream, FlushesByTheAgeOfTheFirstRow) {
  RecordingSink sink(64);
  StreamSpec timed = spec();
  timed.flush_interval = std::chrono::milliseconds(200);
  StreamWriter writer(timed, {&sink}, 0);
  EXPECT_FALSE(writer.next_deadline());
  ASSERT_NE(hash_value(exporter(1)) % 64, hash_value(exporter(2)) % 64);
  const auto send = [&](std::uint32_t from, std::uint64_t at) {
    Flows flows;
    flows.datagram(exporter(from), 1, framed("x"));
    writer.write(flows.batch, flows.rows, at);
  };
  send(1, 1000 * kMs);
  send(2, 1050 * kMs);
  send(1, 1150 * kMs);
  EXPECT_EQ(writer.next_deadline(), 1200 * kMs);
  writer.flush_due(1199 * kMs);
  EXPECT_THAT(sink.entries(), IsEmpty());
  writer.flush_due(1200 * kMs);
  ASSERT_EQ(sink.entries().size(), 1U);
  EXPECT_EQ(sink.entries()[0].block->flows, 2U);
  EXPECT_EQ(writer.next_deadline(), 1250 * kMs);
  writer.flush_due(1300 * kMs);
  EXPECT_EQ(sink.entries().size(), 2U);
  EXPECT_FALSE(writer.next_deadline());
}

TEST(Stream, FollowsTheNumberOfBuckets) {
  RecordingSink sink(16);
  StreamWriter writer(spec(), {&sink}, 0);
  Flows flows;
  for (std::uint32_t i = 0; i < 40; ++i) flows.datagram(exporter(i), 1, framed("x"));
  writer.write(flows.batch, flows.rows, 0);
  sink.set_buckets(2);
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  const auto entries = sink.entries();
  ASSERT_GT(entries.size(), 2U);
  EXPECT_LT(entries[entries.size() - 1].block->bucket, 2U);
  EXPECT_LT(entries[entries.size() - 2].block->bucket, 2U);
  EXPECT_EQ(sink.stats().counts[SinkCount::delivered_flows], 80U);
}

TEST(Stream, SinksShareABlock) {
  RecordingSink a(1, 1 << 20);
  RecordingSink b(1, 1 << 20);
  StreamWriter writer(spec(), {&a, &b}, 0);
  Flows flows;
  flows.datagram(exporter(1), 2, framed("x"));
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  ASSERT_EQ(a.entries().size(), 1U);
  ASSERT_EQ(b.entries().size(), 1U);
  EXPECT_EQ(a.entries()[0].identity, b.entries()[0].identity);
}

StreamSpec filtered(StreamSpec of, std::string_view filter) {
  of.wanted = filter::parse(filter).value();
  return of;
}

/// One flow to each of the ports in turn, with the port as its row.
Flows to_ports(const IpAddress& from, const std::vector<std::uint16_t>& ports, Flows to = {}) {
  to.batch.add_origin().exporter_address = from;
  for (const std::uint16_t port : ports) {
    to.batch.append_one().dst_port = port;
    const std::string row = framed(std::to_string(port));
    std::ranges::copy(std::as_bytes(std::span(row)), to.rows.reserve(row.size()));
    to.rows.commit(row.size());
    to.rows.end_row();
  }
  return to;
}

/// As workers have them open all the time, who waits would wait for ever.
TEST(Stream, BlocksThatOthersHaveOpenDoNotMakeASinkFull) {
  RecordingSink sink(16, 200 << 10);
  StreamSpec large = spec();
  large.block_bytes = 8 << 10;
  StreamWriter others(large, {&sink}, 0), mine(large, {&sink}, 1);
  for (std::uint32_t i = 0; sink.budget()->used() <= sink.budget()->limit() / 2; ++i) {
    ASSERT_LT(i, 200U);
    Flows flows;
    flows.datagram(exporter(i), 1, framed("a"));
    others.write(flows.batch, flows.rows, 0);
  }
  EXPECT_TRUE(sink.entries().empty());
  EXPECT_TRUE(mine.has_room(1));
  EXPECT_FALSE(mine.has_room(16)) << "they may open as many blocks";
}

TEST(Stream, OwnBlocksThatAreInTheWayAreHandedOver) {
  RecordingSink sink(16, 200 << 10);
  StreamSpec large = spec();
  large.block_bytes = 24 << 10;
  StreamWriter writer(large, {&sink}, 0);
  for (std::uint32_t i = 0; writer.has_room(1); ++i) {
    ASSERT_LT(i, 200U);
    Flows flows;
    flows.datagram(exporter(i), 1, framed("a"));
    writer.write(flows.batch, flows.rows, 0);
  }
  ASSERT_TRUE(sink.entries().empty());
  writer.make_room(1);
  EXPECT_FALSE(sink.entries().empty());
  EXPECT_TRUE(writer.has_room(1));
  EXPECT_EQ(sink.stats().counts[SinkCount::shed_flows], 0U);
  EXPECT_EQ(writer.flows_at_once(), 2U) << "24 KB for each, and a quarter of the memory";
}

TEST(Stream, ASinkThatDoesNotKeepUpIsNotFreedByHandingOverMore) {
  RecordingSink sink(16, 64 << 10);
  sink.set_mode(RecordingSink::Mode::stuck);
  StreamWriter writer(spec(), {&sink}, 0);
  while (sink.has_room(0)) {
    Flows flows;
    flows.datagram(exporter(1), 1, framed("a"));
    writer.write(flows.batch, flows.rows, 0);
    writer.flush_all();
  }
  const std::size_t before = sink.entries().size();
  Flows flows;
  flows.datagram(exporter(1), 1, framed("a"));
  writer.write(flows.batch, flows.rows, 0);
  EXPECT_FALSE(writer.has_room(1));
  writer.make_room(1);
  EXPECT_EQ(sink.entries().size(), before);
}

TEST(Stream, AFilterKeepsFlowsAwayAndCountsThem) {
  for (const Framing framing : {Framing::batch, Framing::single, Framing::plain}) {
    RecordingSink sink;
    StreamSpec of = filtered(spec(framing), "dst port in [443, 53]");
    of.flush_interval = std::chrono::milliseconds(200);
    StreamWriter writer(of, {&sink}, 0);
    const Flows flows =
        to_ports(exporter(2), {80, 53}, to_ports(exporter(1), {1, 443, 2, 443, 3, 53, 443, 4}));
    EXPECT_TRUE(writer.wants_some(flows.batch));
    writer.write(flows.batch, flows.rows, 1000 * kMs);
    EXPECT_EQ(sink.book_of(exporter(1)), ExporterBook{}) << "it is told with the block";
    writer.flush_due(1200 * kMs);

    ASSERT_EQ(sink.entries().size(), 1U);
    const Block& block = *sink.entries()[0].block;
    EXPECT_EQ(block.flows, 5U);
    const std::vector<std::string> rows =
        framing == Framing::batch ? test::bodies(sink.bytes()) : slices(block.bytes, block.row_ends);
    const auto row = [&](const char* body) { return framing == Framing::single ? framed(body) : body; };
    EXPECT_THAT(rows, ElementsAre(row("443"), row("443"), row("53"), row("443"), row("53")));
    EXPECT_EQ(sink.book_of(exporter(1)),
              (ExporterBook{.exporter = exporter(1), .delivered = 4, .filtered = 4}));
    EXPECT_EQ(sink.book_of(exporter(2)),
              (ExporterBook{.exporter = exporter(2), .delivered = 1, .filtered = 1}));
    EXPECT_EQ(sink.stats().counts[SinkCount::filtered_flows], 5U);
  }
}

TEST(Stream, WhereAFilterWantsNothingNoRowsAreNeeded) {
  RecordingSink sink;
  StreamSpec of = filtered(spec(), "dst port 443");
  of.flush_interval = std::chrono::milliseconds(200);
  StreamWriter writer(of, {&sink}, 0);
  const Flows flows = to_ports(exporter(1), {1, 2, 3});
  EXPECT_FALSE(writer.wants_some(flows.batch));
  writer.write(flows.batch, {}, 1000 * kMs);
  EXPECT_EQ(writer.next_deadline(), 1200 * kMs);
  writer.flush_due(1200 * kMs);
  EXPECT_THAT(sink.entries(), IsEmpty());
  EXPECT_EQ(sink.book_of(exporter(1)).filtered, 3U);
  // And the next batch is asked about anew.
  const Flows more = to_ports(exporter(1), {443});
  EXPECT_TRUE(writer.wants_some(more.batch));
  writer.write(more.batch, more.rows, 2000 * kMs);
  writer.flush_all();
  EXPECT_EQ(sink.book_of(exporter(1)),
            (ExporterBook{.exporter = exporter(1), .delivered = 1, .filtered = 3}));
}

TEST(Stream, WhatIsLostOrLeftOutWasWanted) {
  RecordingSink sink;
  StreamSpec of = filtered(spec(), "dst port 443");
  of.format.kflow_drop_ipv6 = true;
  StreamWriter writer(of, {&sink}, 0);
  Flows flows;
  flows.datagram(exporter(1), 4, "");  // the encoder had no row for any
  flows.batch.flows()[2].dst_port = 443;
  EXPECT_TRUE(writer.wants_some(flows.batch));
  writer.write(flows.batch, flows.rows, 0);
  writer.lose(to_ports(exporter(1), {443, 80, 443}).batch, 0);
  writer.flush_all();
  EXPECT_EQ(sink.book_of(exporter(1)),
            (ExporterBook{.exporter = exporter(1), .left_out = 1, .shed = 2, .filtered = 4}));
}

TEST(Stream, HandsOverWhatIsOpenAtItsEnd) {
  RecordingSink sink;
  {
    StreamWriter writer(spec(), {&sink}, 0);
    Flows flows;
    flows.datagram(exporter(1), 2, framed("x"));
    writer.write(flows.batch, flows.rows, 0);
  }
  EXPECT_EQ(sink.stats().counts[SinkCount::delivered_flows], 2U);
}

}  // namespace
}  // namespace sluice::sink
