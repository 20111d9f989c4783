// What a server is asked by a sink of type clickhouse, and what becomes of its answers.
#include <gmock/gmock.h>
#include <lz4frame.h>
#include <zstd.h>

#include <mutex>

#include "native_reader.hpp"
#include "sink/clickhouse/inserter.hpp"
#include "sink/queue_sink.hpp"
#include "sink_support.hpp"
#include "unit/http/client.hpp"
#include "unit/http/fake_peer.hpp"

namespace sluice::sink {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string unpacked(std::string_view body, std::string_view coding) {
  if (coding.empty()) return std::string(body);
  std::string out(64U << 20, '\0');
  if (coding == "zstd") {
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), body.data(), body.size());
    EXPECT_EQ(ZSTD_isError(size), 0U) << ZSTD_getErrorName(size);
    out.resize(ZSTD_isError(size) != 0 ? 0 : size);
    return out;
  }
  EXPECT_EQ(coding, "lz4");
  LZ4F_dctx* context = nullptr;
  EXPECT_EQ(LZ4F_createDecompressionContext(&context, LZ4F_VERSION), 0U);
  std::size_t to = 0, left = 1;
  while (left != 0 && !body.empty()) {
    std::size_t room = out.size() - to, used = body.size();
    left = LZ4F_decompress(context, out.data() + to, &room, body.data(), &used, nullptr);
    if (LZ4F_isError(left) != 0) break;
    to += room;
    body.remove_prefix(used);
  }
  LZ4F_freeDecompressionContext(context);
  EXPECT_EQ(left, 0U) << "one frame, and whole";
  EXPECT_EQ(body, "") << "and nothing behind it";
  out.resize(to);
  return out;
}

/// Takes INSERTs, or answers what the test says.
class Tables {
 public:
  struct Insert {
    std::string token;
    std::size_t rows;
    std::string query;
    std::size_t bytes;  ///< of the body as it came
    std::string plain;  ///< what was in it
  };

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  /// What the n-th INSERT from now on is answered; all others are taken.
  void answer(std::size_t n, unsigned status, const std::string& text, unsigned code = 0) {
    const std::lock_guard lock(mutex_);
    answer_ = {.status = status, .content_type = "text/plain", .body = text, .headers = {}};
    if (code != 0) answer_.headers.emplace_back("X-ClickHouse-Exception-Code", std::to_string(code));
    refuse_in_ = n;
  }
  std::vector<Insert> taken() {
    const std::lock_guard lock(mutex_);
    return std::exchange(taken_, {});
  }

 private:
  static http::Options posting() {
    http::Options options = http::test::on("127.0.0.1");
    options.methods = {"POST"};
    options.limits.body = 1 << 30;
    return options;
  }
  static std::size_t rows_of(std::string_view body) {
    test::NativeReader reader(body);
    std::size_t all = 0, rows = 0;
    for (; !reader.at_end() && !testing::Test::HasFailure(); all += rows) reader.block(rows);
    return all;
  }

  http::Response take(const http::Request& request) {
    const std::lock_guard lock(mutex_);
    if (refuse_in_ != 0 && --refuse_in_ == 0) return answer_;
    std::string query(request.query);
    constexpr std::string_view kToken = "insert_deduplication_token=";
    const std::size_t at = query.find(kToken) + kToken.size();
    const std::string plain = unpacked(request.body, request.header("Content-Encoding"));
    taken_.push_back(
        {query.substr(at, query.find('&', at) - at), rows_of(plain), query, request.body.size(), plain});
    return {.status = 200, .content_type = "text/plain", .body = "", .headers = {}};
  }

  std::mutex mutex_;
  http::Response answer_;
  std::size_t refuse_in_ = 0;
  std::vector<Insert> taken_;
  http::test::RunningServer server_{[this](const http::Request& request) { return take(request); },
                                    posting()};
};

/// n flows that differ from those of other ports.
BlockPtr flows(std::size_t n, std::uint16_t port = 443) {
  FlowBatch batch;
  batch.add_origin().time_received_ns = 1'795'262'400'000'000'000;
  batch.append_one().src_port = port;
  encode::RowBuffer rows;
  encode::make_row_encoder({})->encode(batch, rows);
  return test::block_of(n, test::text(rows.row(0)));
}

class ClickhouseInserterTest : public testing::Test {
 protected:
  static std::unique_ptr<BlockWriter> inserter(const std::string& url, Packing packing = Packing::none) {
    ClickhouseSettings settings;
    settings.url = url;
    settings.compression = packing;
    return make_inserter(*insert_target("tables", settings, [](const SetupError&) {}), settings);
  }
  std::vector<std::string> tokens() {
    std::vector<std::string> out;
    for (const Tables::Insert& one : tables_.taken()) out.push_back(one.token);
    return out;
  }
  WriteError refused(unsigned status, const std::string& text, unsigned code = 0) {
    tables_.answer(1, status, text, code);
    const auto done = writer_->write(*flows(1), never_);
    EXPECT_FALSE(done);
    return done ? WriteError{FailReason::other, "taken"} : done.error();
  }

  Tables tables_;
  std::unique_ptr<BlockWriter> writer_ = inserter(tables_.url());
  GiveUp never_;
};

TEST_F(ClickhouseInserterTest, ABlockIsOneInsertUnderTheTokenOfItsBytes) {
  const BlockPtr block = flows(kInsertRows);
  ASSERT_TRUE(writer_->write(*block, never_));
  const auto taken = tables_.taken();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].rows, kInsertRows);
  EXPECT_EQ(taken[0].token, insert_token(*block));
}

TEST_F(ClickhouseInserterTest, ALargeBlockGoesInPiecesUnderTokensOfTheirOwn) {
  const BlockPtr block = flows(2 * kInsertRows + 5);
  ASSERT_TRUE(writer_->write(*block, never_));
  const auto taken = tables_.taken();
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[0].rows, kInsertRows);
  EXPECT_EQ(taken[1].rows, kInsertRows);
  EXPECT_EQ(taken[2].rows, 5U);
  EXPECT_NE(taken[0].token, taken[1].token) << "their rows are the same";
  // The same by another process.
  ASSERT_TRUE(inserter(tables_.url())->write(*block, never_));
  EXPECT_THAT(tokens(), ElementsAre(taken[0].token, taken[1].token, taken[2].token));
  // Other flows, the first pieces of which are the same.
  ASSERT_TRUE(writer_->write(*flows(2 * kInsertRows + 6), never_));
  for (const std::string& other : tokens())
    for (const Tables::Insert& one : taken) EXPECT_NE(other, one.token);
}

TEST_F(ClickhouseInserterTest, WhatIsTakenOfABlockIsNotSentAgain) {
  const BlockPtr block = flows(2 * kInsertRows + 5);
  ASSERT_TRUE(writer_->write(*block, never_));
  const auto whole = tokens();
  tables_.answer(2, 500, "Code: 252. DB::Exception: Too many parts", 252);
  const auto stopped = writer_->write(*block, never_);
  ASSERT_FALSE(stopped);
  EXPECT_FALSE(stopped.error().lasting);
  EXPECT_THAT(tokens(), ElementsAre(whole[0]));
  ASSERT_TRUE(writer_->write(*block, never_));
  EXPECT_THAT(tokens(), ElementsAre(whole[1], whole[2]));
  ASSERT_TRUE(writer_->write(*block, never_));
  EXPECT_EQ(tokens(), whole) << "from its beginning, once all of it was taken";

  tables_.answer(3, 500, "");
  ASSERT_FALSE(writer_->write(*block, never_));
  EXPECT_THAT(tokens(), ElementsAre(whole[0], whole[1]));
  ASSERT_TRUE(writer_->write(*flows(1), never_));
  tokens();
  ASSERT_TRUE(writer_->write(*block, never_));
  EXPECT_EQ(tokens(), whole) << "from its beginning, as another came between";
}

TEST_F(ClickhouseInserterTest, BodiesAreCompressedWhereThatIsWanted) {
  const BlockPtr block = flows(10'000);
  ASSERT_TRUE(writer_->write(*block, never_));
  const auto plain = tables_.taken();
  ASSERT_EQ(plain.size(), 1U);
  EXPECT_EQ(plain[0].rows, 10'000U);
  for (const Packing packing : {Packing::lz4, Packing::zstd}) {
    const auto writer = inserter(tables_.url(), packing);
    for (int twice = 0; twice < 2; ++twice) {
      ASSERT_TRUE(writer->write(*block, never_));
      const auto taken = tables_.taken();
      ASSERT_EQ(taken.size(), 1U);
      EXPECT_EQ(taken[0].token, plain[0].token) << "what was sent otherwise is known";
      EXPECT_TRUE(taken[0].plain == plain[0].plain) << word_of(kPackings, packing);
      EXPECT_LT(taken[0].bytes, plain[0].bytes / 10);
    }
    ASSERT_TRUE(writer->write(*flows(1), never_));
    EXPECT_EQ(tables_.taken().at(0).rows, 1U);
  }
}

TEST_F(ClickhouseInserterTest, APieceThatNoServerTakesCostsItsOwnRows) {
  const BlockPtr block = flows(2 * kInsertRows + 5);
  ASSERT_TRUE(writer_->write(*block, never_));
  const auto whole = tokens();
  tables_.answer(2, 400, "Code: 117. DB::Exception: Cannot read", 117);
  const auto done = writer_->write(*block, never_);
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().lasting);
  EXPECT_EQ(done.error().reason, FailReason::refused);
  ASSERT_EQ(done.error().lost.size(), 1U);
  EXPECT_EQ(done.error().lost[0].first, kInsertRows);
  EXPECT_EQ(done.error().lost[0].rows, kInsertRows);
  EXPECT_THAT(tokens(), ElementsAre(whole[0], whole[2])) << "what is behind it is sent";
  ASSERT_TRUE(writer_->write(*block, never_));
  EXPECT_EQ(tokens(), whole) << "it is not remembered";
}

/// By exporter too.
TEST(ClickhouseSink, BooksWhatARefusedPieceCost) {
  Tables tables;
  ClickhouseSettings settings;
  settings.url = tables.url();
  test::Lines lines;
  QueueSink sink("tables", 64U << 20,
                 make_inserter(*insert_target("tables", settings, [](const SetupError&) {}), settings),
                 lines.callback());
  const BlockPtr rows = flows(kInsertRows + 100);
  auto block = std::make_shared<Block>();
  block->bytes = rows->bytes;
  block->flows = rows->flows;
  block->exporters = {{test::exporter(1), 60}, {test::exporter(2), rows->flows - 60}};
  block->runs = {{1, rows->flows - 80}, {0, 60}, {1, 20}};
  tables.answer(2, 400, "Code: 117. DB::Exception: Cannot read", 117);
  sink.send(block, 0);
  ASSERT_TRUE(test::eventually([&] { return sink.stats().counts[SinkCount::queued_flows] == 0; }));
  EXPECT_EQ(test::failed(sink.stats(), "refused"), 100U);
  EXPECT_EQ(sink.stats().counts[SinkCount::delivered_flows], kInsertRows);
  EXPECT_EQ(test::accounted(sink.stats()), rows->flows);
  for (const ExporterBook& book : sink.books()) {
    const bool first = book.exporter == test::exporter(1);
    EXPECT_EQ(book.failed, first ? 60U : 40U);
    EXPECT_EQ(book.delivered, first ? 0U : rows->flows - 100U);
  }
}

TEST_F(ClickhouseInserterTest, WhatIsNoBlockIsNotBegun) {
  Block torn;
  torn.flows = kInsertRows + 1;
  torn.bytes = flows(kInsertRows)->bytes;
  torn.bytes.push_back(std::byte{0x7f});
  const auto done = writer_->write(torn, never_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason, FailReason::damaged);
  EXPECT_TRUE(done.error().lasting);
  EXPECT_FALSE(writer_->write(Block(), never_));
  EXPECT_THAT(tokens(), IsEmpty());
}

TEST_F(ClickhouseInserterTest, OnlyRowsThatNoServerTakesAreGivenUp) {
  const WriteError wrong = refused(400, "Code: 117. DB::Exception: Cannot read", 117);
  EXPECT_TRUE(wrong.lasting);
  EXPECT_EQ(wrong.reason, FailReason::refused);
  // (status, code): what somebody can mend, after which the same rows are taken.
  for (const auto& [status, code] : std::initializer_list<std::pair<unsigned, unsigned>>{
           {413, 0},    // a proxy's longest body
           {400, 27},   // a file of the server's own that cannot be parsed
           {400, 32},   // what it reads ends too soon: so it does where a proxy cut it off
           {500, 33},   // as 32
           {400, 53},   // TYPE_MISMATCH: a column has another type
           {400, 70},   // CANNOT_CONVERT_TYPE: as 53
           {400, 131},  // TOO_LARGE_STRING_SIZE: format_binary_max_string_size
           {404, 60},   // UNKNOWN_TABLE
           {400, 16},   // NO_SUCH_COLUMN_IN_TABLE
           {500, 241},  // MEMORY_LIMIT_EXCEEDED
           {500, 252},  // TOO_MANY_PARTS
           {500, 243},  // NOT_ENOUGH_SPACE
           {500, 469},  // VIOLATED_CONSTRAINT
           {400, 691},  // UNKNOWN_ELEMENT_OF_ENUM: tables of an older version
           {403, 497},  // ACCESS_DENIED
           {400, 0},
           {500, 0}})
    EXPECT_FALSE(refused(status, "Code: 1. DB::Exception: no", code).lasting) << status << ' ' << code;
}

TEST_F(ClickhouseInserterTest, WhatAServerSaysIsOneLineOfText) {
  const std::string sentence =
      refused(500, "Code: 1. \x1b[2Jan\r2026-11-21 error\x07\t" + std::string(1000, 'x') + "\nmore", 1)
          .sentence;
  EXPECT_THAT(
      sentence,
      testing::StartsWith(tables_.url() + " does not take the flows: Code: 1.  [2Jan 2026-11-21 error  xxx"));
  EXPECT_LT(sentence.size(), 400U);
  EXPECT_THAT(sentence, Not(HasSubstr("more")));
  EXPECT_TRUE(std::ranges::none_of(sentence, [](unsigned char c) { return c < ' ' || c == 0x7f; }));
  EXPECT_EQ(refused(502, "").sentence, tables_.url() + " does not take the flows: status 502");
}

/// For the log, which holds back what was said already.
TEST_F(ClickhouseInserterTest, TheSameTroubleIsToldInTheSameWords) {
  const std::string first = refused(500, "Code: 241. would use 1.03 GiB", 241).sentence;
  EXPECT_THAT(first, HasSubstr("1.03 GiB"));
  EXPECT_EQ(refused(500, "Code: 241. would use 1.07 GiB", 241).sentence, first);
  EXPECT_THAT(refused(500, "Code: 252. Too many parts", 252).sentence, HasSubstr("Too many parts"));
  ASSERT_TRUE(writer_->write(*flows(1), never_));
  EXPECT_THAT(refused(500, "Code: 252. Too many of them", 252).sentence, HasSubstr("Too many of them"));
}

TEST_F(ClickhouseInserterTest, AsksForNoLimitOfDays) {
  ASSERT_TRUE(writer_->write(*flows(1), never_));
  const auto taken = tables_.taken();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_THAT(taken[0].query, HasSubstr("&throw_on_max_partitions_per_insert_block=0&"));
}

TEST(ClickhouseSink, EndsInTimeThoughTheServerDoesNotAnswer) {
  http::test::FakePeer silent("", http::test::FakePeer::Then::wait);
  ClickhouseSettings settings;
  settings.url = "http://127.0.0.1:" + std::to_string(silent.port());
  settings.timeout = std::chrono::seconds(600);
  test::Lines lines;
  QueueSink sink("tables", 1 << 20,
                 make_inserter(*insert_target("tables", settings, [](const SetupError&) {}), settings),
                 lines.callback());
  sink.send(flows(3), 0);
  ASSERT_TRUE(test::eventually([&] { return !sink.ready_to_close(); })) << "the INSERT is under way";
  const auto begin = std::chrono::steady_clock::now();
  sink.close(test::in(std::chrono::milliseconds(300)));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_EQ(test::failed(sink.stats(), "shutdown"), 3U);
}

}  // namespace
}  // namespace sluice::sink
