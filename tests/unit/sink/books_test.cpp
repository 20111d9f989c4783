#include "sink/books.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <map>

#include "sink/factory.hpp"
#include "sink/queue_sink.hpp"
#include "sink/stream.hpp"
#include "sink_support.hpp"
#include "support/mock_broker.hpp"
#include "support/recording_sink.hpp"

namespace sluice::sink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::eventually;
using test::exporter;
using test::Flows;
using test::framed;
using test::in;
using test::MockBroker;

using Books = std::map<IpAddress, ExporterBook>;

Books by_exporter(const std::vector<ExporterBook>& books) {
  Books out;
  for (const ExporterBook& book : books) out[book.exporter] = book;
  return out;
}

/// A block of these numbers of flows; no bytes.
std::shared_ptr<Block> block_of(std::vector<Block::ExporterCount> exporters) {
  auto block = std::make_shared<Block>();
  block->exporters = std::move(exporters);
  for (const auto& count : block->exporters) block->flows += count.flows;
  return block;
}

ExporterBook book(const IpAddress& of, std::uint64_t left_out, std::uint64_t delivered, std::uint64_t failed,
                  std::uint64_t shed, std::uint64_t queued) {
  return {of, left_out, delivered, failed, shed, queued};
}

TEST(Books, AFlowIsInOneColumnAtATime) {
  ExporterBooks books;
  const auto block = block_of({{exporter(1), 10}, {exporter(2), 5}});
  const auto first = books.take(*block);
  const auto unread = books.take(*block);
  books.settle(unread, Fate::delivered);  // nobody read while it waited
  EXPECT_EQ(by_exporter(books.read())[exporter(1)], book(exporter(1), 0, 10, 0, 0, 10));
  books.settle(first, Fate::failed);
  const auto third = books.take(*block);
  EXPECT_EQ(by_exporter(books.read())[exporter(2)], book(exporter(2), 0, 5, 5, 0, 5));
  books.settle(third, LostRows{{7, 0}, {1, 5}});
  books.shed(block->exporters);
  books.leave_out(block->exporters);
  Books all = by_exporter(books.read());
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(all[exporter(1)], book(exporter(1), 10, 12, 17, 11, 0));
  EXPECT_EQ(all[exporter(2)], book(exporter(2), 5, 5, 5, 10, 0));
}

TEST(Books, CloseFailsWhatWaitsOnce) {
  ExporterBooks books;
  const auto block = block_of({{exporter(1), 10}});
  const auto read = books.take(*block);
  (void)books.read();
  const auto unread = books.take(*block);
  books.close();
  EXPECT_EQ(books.read().at(0), book(exporter(1), 0, 0, 20, 0, 0));
  books.settle(read, Fate::delivered);
  books.settle(unread, Fate::delivered);
  EXPECT_EQ(books.read().at(0), book(exporter(1), 0, 0, 20, 0, 0));
}

TEST(Books, ThoseForWhomThereIsNoRoomShareOne) {
  ExporterBooks books(2);
  const auto block = block_of({{exporter(1), 1}, {exporter(2), 2}, {exporter(3), 3}, {exporter(4), 4}});
  const auto ticket = books.take(*block);
  const auto queued = books.read();
  ASSERT_EQ(queued.size(), 3U);
  EXPECT_EQ(queued.back(), book({}, 0, 0, 0, 0, 7));
  books.settle(ticket, LostRows{{0, 0, 1, 0}, {0, 0, 0, 2}});
  EXPECT_EQ(books.read().back(), book({}, 0, 4, 1, 2, 0));
}

TEST(Books, TheForgottenLeaveTheirFlowsToTheSharedOne) {
  ExporterBooks books(2);
  const auto block = block_of({{exporter(1), 10}, {exporter(2), 5}});
  books.settle(books.take(*block), Fate::delivered);
  const auto waiting = books.take(*block);
  const auto unread = books.take(*block);
  books.forget(std::vector{exporter(1), exporter(9)});
  Books all = by_exporter(books.read());
  EXPECT_EQ(all.size(), 2U) << "its flows are queued in a book of its own";
  EXPECT_EQ(all[exporter(1)], book(exporter(1), 0, 10, 0, 0, 20));
  EXPECT_EQ(all[exporter(2)], book(exporter(2), 0, 5, 0, 0, 10));

  books.settle(unread, Fate::failed);
  books.settle(waiting, Fate::delivered);
  all = by_exporter(books.read());
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(all[{}], book({}, 0, 20, 10, 0, 0));
  EXPECT_EQ(all[exporter(2)], book(exporter(2), 0, 10, 5, 0, 0));
  // Where it comes back, it has a book of its own again from then on.
  books.shed(std::vector<Block::ExporterCount>{{exporter(1), 3}});
  EXPECT_EQ(by_exporter(books.read())[exporter(1)], book(exporter(1), 0, 0, 0, 3, 0));
}

TEST(Books, WhoeverComesBackBeforeItIsForgottenKeepsItsBook) {
  ExporterBooks books;
  const auto block = block_of({{exporter(1), 10}});
  books.keep(*block);
  books.forget(std::vector{exporter(1)});  // not yet: its flows are in the spool
  books.shed(std::vector<Block::ExporterCount>{{exporter(1), 3}});
  books.settle_kept(block->exporters, Fate::delivered);
  books.forget({});
  (void)books.read();
  EXPECT_EQ(by_exporter(books.read())[exporter(1)], book(exporter(1), 0, 10, 0, 3, 0));
}

TEST(Books, TheForgottenDoNotKeepOthersFromABookOfTheirOwn) {
  ExporterBooks books;
  const auto old = block_of({{exporter(1), 10}});
  const auto young = block_of({{exporter(2), 5}});
  const auto waiting = books.take(*old);
  (void)books.read();
  books.forget(std::vector{exporter(1)});
  const auto first = books.take(*young);
  (void)books.read();
  books.settle(waiting, Fate::delivered);
  // Something of the young one is queued at any time.
  for (int turn = 0; turn < 3; ++turn) {
    const auto next = books.take(*young);
    (void)books.read();
    books.settle(next, Fate::delivered);
  }
  const Books all = by_exporter(books.read());
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at({}), book({}, 0, 10, 0, 0, 0));
  EXPECT_EQ(all.at(exporter(2)), book(exporter(2), 0, 15, 0, 0, 5));
  books.settle(first, Fate::delivered);
}

TEST(Books, AreRightAtEveryMomentWhoeverReads) {
  ExporterBooks books(100);
  constexpr std::uint32_t kThreads = 4, kBlocks = 3000;
  std::atomic<unsigned> running{kThreads};
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      const auto block = block_of({{exporter(t), 3}, {exporter(t + 1), 2}});
      for (std::uint32_t i = 0; i < kBlocks; ++i)
        books.settle(books.take(*block), i % 3 == 0 ? Fate::failed : Fate::delivered);
      --running;
    });
  std::map<IpAddress, std::uint64_t> sums;
  while (running != 0)
    for (const ExporterBook& now : books.read()) {
      ASSERT_GE(now.sum(), sums[now.exporter]);
      ASSERT_LE(now.sum(), 5U * kBlocks);
      ASSERT_LE(now.queued, 5U);
      sums[now.exporter] = now.sum();
    }
  for (auto& thread : threads) thread.join();
  const Books all = by_exporter(books.read());
  EXPECT_EQ(all.at(exporter(0)), book(exporter(0), 0, 2U * kBlocks, kBlocks, 0, 0));
  EXPECT_EQ(all.at(exporter(2)).sum(), 5U * kBlocks);
  EXPECT_EQ(all.at(exporter(4)).sum(), 2U * kBlocks);
}

/// Datagrams of 28 flows from exporters 0, 1 and 2 in turn; exporter 2's rows have a body of 126 bytes, the
/// others' of 99.
Books pour(StreamWriter& writer, std::size_t datagrams) {
  Books expected;
  for (std::size_t i = 0; i < datagrams; ++i) {
    const auto who = static_cast<std::uint32_t>(i % 3);
    const std::string body(who == 2 ? 126 : 99, 'x');
    Flows one;
    one.datagram(exporter(who), 28, framed(body));
    writer.write(one.batch, one.rows, i);
    expected[exporter(who)].exporter = exporter(who);
    expected[exporter(who)].queued += 28;
  }
  return expected;
}

class KafkaBooks : public testing::TestWithParam<Framing> {
 protected:
  std::unique_ptr<Sink> make(Settings settings) {
    std::get<KafkaSettings>(settings.own).framing = GetParam();
    settings_ = settings;
    return make_sink("kafka", settings, 1, lines_.callback());
  }
  Books pour_into(Sink& sink, std::size_t datagrams) const {
    StreamWriter writer(stream_spec(settings_), {&sink}, 0);
    return pour(writer, datagrams);
  }
  static Settings absent() {
    Settings out;
    out.own = KafkaSettings{};
    std::get<KafkaSettings>(out.own).brokers = "127.0.0.1:1";  // nobody listens there
    return out;
  }
  /// Everything that was queued is in the column, and nowhere else.
  static void expect_all(const Sink& sink, Books expected, std::uint64_t ExporterBook::* column) {
    for (auto& [address, book] : expected) std::swap(book.queued, book.*column);
    EXPECT_TRUE(eventually([&] { return by_exporter(sink.books()) == expected; }))
        << sink.books().size() << " books";
  }
  test::Lines lines_;
  Settings settings_;
};

TEST_P(KafkaBooks, Delivered) {
  MockBroker broker;
  const auto sink = make(broker.settings());
  const Books expected = pour_into(*sink, 100);
  expect_all(*sink, expected, &ExporterBook::delivered);
}

TEST_P(KafkaBooks, QueuedThenTimedOut) {
  Settings settings = absent();
  std::get<KafkaSettings>(settings.own).properties = {{"message.timeout.ms", "1500"}};
  const auto sink = make(settings);
  const Books expected = pour_into(*sink, 100);
  EXPECT_EQ(by_exporter(sink->books()), expected);
  expect_all(*sink, expected, &ExporterBook::failed);
}

TEST_P(KafkaBooks, ShedByTheBudget) {
  Settings settings = absent();
  std::get<KafkaSettings>(settings.own).buffer_bytes = 1 << 20;
  const auto sink = make(settings);
  const Books expected = pour_into(*sink, 3000);
  const Books books = by_exporter(sink->books());
  ASSERT_EQ(books.size(), 3U);
  std::uint64_t shed = 0, queued = 0;
  for (const auto& [address, book] : books) {
    EXPECT_EQ(book.sum(), expected.at(address).queued) << address.to_string();
    EXPECT_EQ(book.shed + book.queued, book.sum());
    shed += book.shed;
    queued += book.queued;
  }
  EXPECT_GT(queued, 0U);
  EXPECT_GT(shed, queued);
  EXPECT_EQ(sink->stats().counts[SinkCount::shed_flows], shed);
  EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], queued);
}

TEST_P(KafkaBooks, WhatWaitsForLibrdkafkasQueueIsQueuedAndAtTheEndFailed) {
  Settings settings = absent();
  std::get<KafkaSettings>(settings.own).properties = {{"queue.buffering.max.messages", "10"}};
  const auto sink = make(settings);
  const Books expected = pour_into(*sink, 1000);
  EXPECT_EQ(by_exporter(sink->books()), expected);
  sink->close(in(milliseconds(100)));
  expect_all(*sink, expected, &ExporterBook::failed);
}

TEST_P(KafkaBooks, WhatIsLeftAtTheEndHasFailed) {
  const auto sink = make(absent());
  const Books expected = pour_into(*sink, 200);
  sink->close(in(milliseconds(300)));
  expect_all(*sink, expected, &ExporterBook::failed);
  sink->send(test::block_of(4, framed("x"), exporter(7)), 0);
  EXPECT_EQ(by_exporter(sink->books()).at(exporter(7)), book(exporter(7), 0, 0, 0, 4, 0));
}

std::string framing_name(const testing::TestParamInfo<Framing>& info) {
  switch (info.param) {
    case Framing::batch:
      return "Batch";
    case Framing::single:
      return "Single";
    case Framing::plain:
      break;
  }
  return "Plain";
}

INSTANTIATE_TEST_SUITE_P(Framings, KafkaBooks,
                         testing::Values(Framing::batch, Framing::single, Framing::plain), framing_name);

/// Of a block whose rows are records of their own, only those that are too large are refused.
TEST(KafkaRows, EachIsBookedToItsExporter) {
  MockBroker broker;
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).framing = Framing::single;
  std::get<KafkaSettings>(settings.own).properties = {{"message.max.bytes", "1000"}};
  std::get<KafkaSettings>(settings.own).partition_by = PartitionBy::round_robin;
  test::Lines lines;
  const auto sink = make_sink("kafka", settings, 1, lines.callback());
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    for (int i = 0; i < 20; ++i) {
      Flows mixed;
      mixed.datagram(exporter(1), 3, framed("small"));
      mixed.datagram(exporter(2), 2, std::string(1500, 'L'));
      mixed.datagram(exporter(3), 1, framed("small"));
      mixed.datagram(exporter(3), 1, std::string(1500, 'L'));
      writer.write(mixed.batch, mixed.rows, 0);
    }
  }
  const Books expected = {{exporter(1), book(exporter(1), 0, 60, 0, 0, 0)},
                          {exporter(2), book(exporter(2), 0, 0, 40, 0, 0)},
                          {exporter(3), book(exporter(3), 0, 20, 20, 0, 0)}};
  EXPECT_TRUE(eventually([&] { return by_exporter(sink->books()) == expected; }));
  EXPECT_EQ(test::failed(sink->stats(), "message_too_large"), 60U);
}

/// The same where a broker's answer, not librdkafka's, costs some rows of a block.
TEST(KafkaRows, AFailedReportIsBookedToItsExporter) {
  MockBroker broker(1);
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).framing = Framing::single;
  std::get<KafkaSettings>(settings.own).acks = "1";
  // Records of one block leave in requests of a few, and the first request is refused.
  std::get<KafkaSettings>(settings.own).properties = {
      {"batch.num.messages", "4"}, {"max.in.flight", "1"}, {"linger.ms", "50"}};
  test::Lines lines;
  const auto sink = make_sink("kafka", settings, 1, lines.callback());
  ASSERT_TRUE(eventually([&] { return sink->buckets() == 1; }));
  broker.produce_fails(RD_KAFKA_RESP_ERR_INVALID_RECORD, 1);  // for good, unlike a size
  Flows mixed;
  for (std::uint32_t i = 0; i < 10; ++i) mixed.datagram(exporter(i), 1, framed("x" + std::to_string(i)));
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    writer.write(mixed.batch, mixed.rows, 0);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
  const std::uint64_t failed = test::failed(sink->stats(), "other");
  ASSERT_GT(failed, 0U);
  ASSERT_LT(failed, 10U);
  ASSERT_TRUE(eventually([&] {
    for (const ExporterBook& book : sink->books())
      if (book.queued) return false;
    return true;
  }));
  // In the order they were sent: the first request had the first rows.
  const Books books = by_exporter(sink->books());
  for (std::uint32_t i = 0; i < 10; ++i)
    EXPECT_EQ(books.at(exporter(i)), book(exporter(i), 0, i < failed ? 0 : 1, i < failed ? 1 : 0, 0, 0)) << i;
}

class StuckWriter final : public BlockWriter {
 public:
  Result<void, WriteError> write(const Block&, const GiveUp& give_up) override {
    ++begun;
    while (!go && !give_up.reached()) std::this_thread::sleep_for(milliseconds(1));
    if (!go) return failure(WriteError{FailReason::shutdown, "stuck"});
    return {};
  }
  std::atomic<bool> go{false};
  std::atomic<int> begun{0};
};

TEST(QueueBooks, DeliveredShedAndLeftAtTheEnd) {
  auto owned = std::make_unique<StuckWriter>();
  StuckWriter& writer = *owned;
  test::Lines lines;
  QueueSink sink("file", 1000, std::move(owned), lines.callback());
  const auto send = [&](std::uint32_t who) {
    sink.send(test::block_of(4, std::string(100, 'x'), exporter(who)), 0);
  };
  writer.go = true;
  send(1);
  ASSERT_TRUE(eventually([&] { return by_exporter(sink.books())[exporter(1)].delivered == 4; }));
  writer.go = false;
  send(1);
  ASSERT_TRUE(eventually([&] { return writer.begun == 2; })) << "then the queue has room for two more";
  ASSERT_TRUE(eventually([&] {
    send(2);
    return by_exporter(sink.books())[exporter(2)].shed > 0;
  }));
  sink.shed(std::vector<Block::ExporterCount>{{exporter(3), 9}});
  sink.leave_out(std::vector<Block::ExporterCount>{{exporter(3), 6}});
  Books books = by_exporter(sink.books());
  const std::uint64_t queued = books[exporter(2)].queued;
  EXPECT_GE(queued, 8U);
  EXPECT_EQ(books[exporter(1)], book(exporter(1), 0, 4, 0, 0, 4));
  EXPECT_EQ(books[exporter(2)].sum(), queued + books[exporter(2)].shed);
  EXPECT_EQ(books[exporter(3)], book(exporter(3), 6, 0, 0, 9, 0));
  sink.close(in(milliseconds(50)));
  books = by_exporter(sink.books());
  EXPECT_EQ(books[exporter(1)], book(exporter(1), 0, 4, 4, 0, 0));
  EXPECT_EQ(books[exporter(2)].failed, queued);
  EXPECT_EQ(books[exporter(2)].queued, 0U);
}

/// kflow without IPv6: every other flow is an empty row.
TEST(StreamNotes, LeftOutFlowsAreToldWithTheBlockOrInTime) {
  StreamSpec spec;
  spec.format = {encode::Format::json, encode::JsonFields::kflow, true, {}, encode::Stream::flows};
  test::RecordingSink one, two;
  StreamWriter writer(spec, {&one, &two}, 0);
  Flows flows;
  flows.datagram(exporter(1), 2, "").datagram(exporter(1), 1, "row\n").datagram(exporter(2), 3, "");
  writer.write(flows.batch, flows.rows, 1000);
  EXPECT_EQ(one.book_of(exporter(1)).sum(), 0U) << "not before the block";
  writer.flush_all();
  EXPECT_EQ(one.book_of(exporter(1)), book(exporter(1), 2, 1, 0, 0, 0));
  EXPECT_EQ(two.book_of(exporter(2)), book(exporter(2), 3, 0, 0, 0, 0));
  EXPECT_EQ(writer.next_deadline(), std::nullopt);

  Flows none;
  none.datagram(exporter(2), 4, "");
  writer.write(none.batch, none.rows, 2000);
  const auto interval = static_cast<std::uint64_t>(spec.flush_interval.count());
  ASSERT_EQ(writer.next_deadline(), 2000 + interval);
  writer.flush_due(1999 + interval);
  EXPECT_EQ(one.book_of(exporter(2)).left_out, 3U);
  writer.flush_due(2000 + interval);
  EXPECT_EQ(one.book_of(exporter(2)).left_out, 7U);
  EXPECT_EQ(two.book_of(exporter(2)).left_out, 7U);
  EXPECT_EQ(writer.next_deadline(), std::nullopt);
}

TEST(StreamNotes, RowsOfTheirOwnNameTheirExporter) {
  StreamSpec spec;
  spec.framing = Framing::single;
  spec.key = PartitionBy::round_robin;
  test::RecordingSink sink;
  StreamWriter writer(spec, {&sink}, 0);
  Flows flows;
  flows.datagram(exporter(1), 2, framed("a")).datagram(exporter(2), 1, framed("b"));
  flows.datagram(exporter(1), 1, framed("c"));
  writer.write(flows.batch, flows.rows, 0);
  writer.flush_all();
  const auto entries = sink.entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_THAT(entries[0].block->row_exporters, testing::ElementsAre(0U, 0U, 1U, 0U));
}

}  // namespace
}  // namespace sluice::sink
