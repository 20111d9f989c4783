#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>

#include "sink/factory.hpp"
#include "sink/queue_sink.hpp"
#include "sink/stdout/settings.hpp"
#include "sink_support.hpp"
#include "util/unique_fd.hpp"

namespace sluice::sink {
namespace {

using test::block_of;
using test::eventually;
using test::failed;
using test::in;

struct Pipe {
  UniqueFd read, write;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

std::unique_ptr<Sink> sink_on(int fd, test::Lines& lines, std::uint64_t queue = 16 << 20) {
  return std::make_unique<QueueSink>("console", queue, make_stdout_writer("console", fd), lines.callback());
}

std::string read_all(int fd) {
  std::string out;
  char buffer[65536];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

TEST(Stdout, WritesBlocksWholeAndInOrder) {
  Pipe pipe;
  test::Lines lines;
  auto sink = sink_on(pipe.write.get(), lines);
  std::string got;
  std::thread reader([&] { got = read_all(pipe.read.get()); });
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    const std::string row = std::string(100 + static_cast<std::size_t>(i), 'a') + "\n";
    sink->send(block_of(600, row), 0);
    for (int k = 0; k < 600; ++k) expected += row;
  }
  sink->close(in(std::chrono::seconds(20)));
  sink.reset();
  pipe.write.reset();
  reader.join();
  EXPECT_EQ(got.size(), expected.size());
  EXPECT_TRUE(got == expected);
}

TEST(Stdout, AReaderThatDoesNotReadCostsShedFlowsAndNoTime) {
  Pipe pipe;
  test::Lines lines;
  const auto sink = sink_on(pipe.write.get(), lines, 1 << 20);
  const auto block = block_of(600, std::string(99, 'x') + "\n");
  std::uint64_t produced = 0;
  auto slowest = Clock::duration::zero();
  for (int i = 0; i < 200; ++i) {
    const auto before = Clock::now();
    sink->send(block, 0);
    slowest = std::max(slowest, Clock::now() - before);
    produced += 600;
    ASSERT_EQ(test::accounted(sink->stats()), produced);
  }
  EXPECT_LT(slowest, std::chrono::seconds(1));
  EXPECT_GT(sink->stats().counts[SinkCount::shed_flows], 0U);
  EXPECT_GT(sink->stats().counts[SinkCount::queued_flows], 0U);

  const auto before = Clock::now();
  sink->close(in(std::chrono::milliseconds(300)));
  const auto took = Clock::now() - before;
  EXPECT_GE(took, std::chrono::milliseconds(250));
  EXPECT_LT(took, std::chrono::seconds(5));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.counts[SinkCount::queued_flows], 0U);
  EXPECT_GT(failed(stats, "shutdown"), 0U);
  EXPECT_EQ(test::accounted(stats), produced);
  EXPECT_TRUE(lines.all().empty()) << lines.all()[0];
}

TEST(Stdout, LeavesTheSharedDescriptorBlocking) {
  Pipe pipe;
  test::Lines lines;
  const auto sink = sink_on(pipe.write.get(), lines);
  EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Stdout, AClosedReaderIsCountedAndTold) {
  Pipe pipe;
  test::Lines lines;
  const auto sink = sink_on(pipe.write.get(), lines);
  pipe.read.reset();
  for (int i = 0; i < 5; ++i) sink->send(block_of(10, "x\n"), 0);
  ASSERT_TRUE(eventually([&] { return failed(sink->stats(), "closed") == 50; }));
  EXPECT_EQ(lines.containing("Broken pipe"), 5U) << "whoever writes the log holds back repeats";
  EXPECT_TRUE(sink->ready_to_close()) << "nobody will read it, so nothing is worth waiting for";
}

TEST(Stdout, AFullDeviceIsToldAndWaitedFor) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  test::Lines lines;
  const auto sink = sink_on(full.get(), lines);
  for (int i = 0; i < 3; ++i) sink->send(block_of(10, "x\n"), 0);
  ASSERT_TRUE(eventually([&] { return lines.all().size() == 2; }));
  for (const std::string& line : lines.all())
    EXPECT_EQ(line, "sink console: cannot write to standard output: No space left on device");
  EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], 30U);
  sink->close(in(std::chrono::milliseconds(10)));
  EXPECT_EQ(failed(sink->stats(), "no_space"), 30U);
}

TEST(Stdout, AClosedDescriptorIsAMistakeOfTheStart) {
  Pipe pipe;
  const int closed = pipe.write.get();
  pipe.write.reset();
  EXPECT_THROW(make_stdout_writer("console", closed), SetupError);
}

}  // namespace
}  // namespace sluice::sink
