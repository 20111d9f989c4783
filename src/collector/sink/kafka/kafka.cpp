#include "sink/kafka/kafka.hpp"

#include <algorithm>

#include "sink/books.hpp"
#include "sink/kafka/producer.hpp"
#include "sink/tally.hpp"
#include "sink/thread.hpp"

namespace sluice::sink {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerIn{500};
constexpr milliseconds kAskAgain{1000};      // while the partitions are not known
constexpr milliseconds kRefreshEach{30000};  // partitions are added to a topic now and then

}  // namespace

KafkaSink::KafkaSink(std::string name, const Settings& settings, unsigned workers, LogFn log)
    : name_(std::move(name)),
      unknown_buckets_(std::max(1U, settings.kafka()->buckets)),
      budget_(std::make_shared<MemoryBudget>(static_cast<std::size_t>(settings.kafka()->buffer_bytes))),
      tally_(std::make_unique<Tally>()),
      books_(std::make_unique<ExporterBooks>()) {
  const unsigned asked = settings.kafka()->producers;
  const unsigned wanted = asked ? asked : std::min(workers, 4U);
  for (unsigned i = 0; i < std::max(1U, wanted); ++i)
    producers_.push_back(std::make_unique<KafkaProducer>(name_, i, settings, *tally_, *books_, budget_, log));
  watcher_ = start_thread("kafka.watch", [this] { watch_partitions(); });
}

KafkaSink::~KafkaSink() { close(std::chrono::steady_clock::now()); }

void KafkaSink::send(BlockPtr block, unsigned worker) {
  if (closed_.load(std::memory_order_relaxed)) {
    tally_->produced(block->flows, block->bytes.size());
    tally_->shed(block->flows, block->bytes.size());
    books_->shed(block->exporters);
    return;
  }
  const std::uint32_t partitions = partitions_.load(std::memory_order_relaxed);
  const std::int32_t partition =
      partitions ? static_cast<std::int32_t>(block->bucket % partitions) : RD_KAFKA_PARTITION_UA;
  producers_[worker % producers_.size()]->send(std::move(block), partition);
}

void KafkaSink::shed(std::span<const Block::ExporterCount> lost) {
  const std::uint64_t flows = flows_in(lost);
  tally_->produced(flows, 0);
  tally_->shed(flows, 0);
  books_->shed(lost);
}

void KafkaSink::leave_out(std::span<const Block::ExporterCount> flows) { books_->leave_out(flows); }

std::uint32_t KafkaSink::buckets() const {
  const std::uint32_t partitions = partitions_.load(std::memory_order_relaxed);
  return partitions ? partitions : unknown_buckets_;
}

SinkStats KafkaSink::stats() const { return tally_->stats(); }

std::vector<ExporterBook> KafkaSink::books() const { return books_->read(); }

void KafkaSink::forget(std::span<const IpAddress> exporters) { books_->forget(exporters); }

bool KafkaSink::ready_to_close() const {
  return std::ranges::all_of(producers_, [](const auto& producer) { return producer->flows(); });
}

void KafkaSink::watch_partitions() {
  while (!closed_) {
    if (const std::uint32_t known = producers_.front()->ask_partitions(kAnswerIn)) partitions_ = known;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, partitions_ ? kRefreshEach : kAskAgain, [this] { return closed_.load(); });
  }
}

void KafkaSink::close(std::chrono::steady_clock::time_point deadline) {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  for (const auto& producer : producers_) producer->close(deadline);
  for (const auto& producer : producers_) producer->join();
  if (watcher_.joinable()) watcher_.join();
  // Reports that did not come back even after the purge: their blocks are lost to us all the same.
  const SinkStats left = stats();
  if (left.counts[SinkCount::queued_flows])
    tally_->failed(FailReason::shutdown, left.counts[SinkCount::queued_flows],
                   left.counts[SinkCount::queued_bytes]);
  books_->close();
}

}  // namespace sluice::sink
