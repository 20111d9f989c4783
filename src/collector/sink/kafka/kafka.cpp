#include "sink/kafka/kafka.hpp"

#include <algorithm>
#include <new>

#include "sink/books.hpp"
#include "sink/kafka/producer.hpp"
#include "sink/spool/plan.hpp"
#include "sink/tally.hpp"
#include "sink/thread.hpp"

namespace sluice::sink {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerIn{500};
constexpr milliseconds kAskAgain{1000};         // while the partitions are not known, or flows are refused
constexpr std::chrono::seconds kSpoolShare{2};  // of the time to close
constexpr milliseconds kRefreshEach{30000};     // partitions are added to a topic now and then

}  // namespace

KafkaSink::KafkaSink(std::string name, const Settings& settings, unsigned workers, LogFn log,
                     UserFieldsPtr user_fields)
    : name_(std::move(name)),
      unknown_buckets_(std::max(1U, settings.kafka()->buckets)),
      budget_(std::make_shared<MemoryBudget>(static_cast<std::size_t>(settings.kafka()->buffer_bytes))),
      tally_(std::make_unique<Tally>()),
      books_(std::make_unique<ExporterBooks>()),
      log_(std::move(log)) {
  const KafkaSettings& kafka = *settings.kafka();
  const auto tokens =
      kafka.sasl_mechanism == kOauth ? std::make_shared<TokenSource>("sinks." + name_, kafka) : nullptr;
  spool_ = spool_plan(name_, settings)
               .make({name_, *tally_, *books_, budget_, [this] { return takes_spooled(); },
                      [this](BlockPtr block) { send_spooled(std::move(block)); }, log_});
  const unsigned asked = settings.kafka()->producers;
  const unsigned wanted = asked ? asked : std::min(workers, 4U);
  for (unsigned i = 0; i < std::max(1U, wanted); ++i)
    producers_.push_back(std::make_unique<KafkaProducer>(name_, i, settings, *tally_, *books_, budget_,
                                                         tokens, spool_.get(), log_, user_fields));
  watcher_ = start_thread("kafka.watch", [this] { watch_partitions(); });
  if (spool_) spool_->start();
}

KafkaSink::~KafkaSink() { close(std::chrono::steady_clock::now()); }

void KafkaSink::send(BlockPtr block, unsigned worker) {
  if (closed_.load(std::memory_order_relaxed)) {
    tally_->produced(block->flows, block->bytes.size());
    tally_->shed(block->flows, block->bytes.size());
    books_->shed(block->exporters);
    return;
  }
  KafkaProducer& producer = *producers_[worker % producers_.size()];
  // What the broker does not take now is safer on disk, and leaves the memory to what comes.
  if (spool_ && (producer.stalled() || budget_->sink_is_behind(block->bytes.size()))) {
    tally_->produced(block->flows, block->bytes.size());
    books_->keep(*block);
    return spool_->put(std::move(block));
  }
  const std::int32_t partition = partition_of(*block);
  producer.send(std::move(block), partition);
}

std::int32_t KafkaSink::partition_of(const Block& block) const {
  const std::uint32_t partitions = partitions_.load(std::memory_order_relaxed);
  return partitions ? static_cast<std::int32_t>(block.bucket % partitions) : RD_KAFKA_PARTITION_UA;
}

bool KafkaSink::takes_spooled() const {
  return !closed_ && std::ranges::none_of(producers_, &KafkaProducer::stalled);
}

void KafkaSink::send_spooled(BlockPtr block) {
  const std::lock_guard lock(feeding_);
  if (closed_) return spool_->put(std::move(block));  // nobody would send it any more
  const std::int32_t partition = partition_of(*block);
  producers_[next_producer_++ % producers_.size()]->send_kept(std::move(block), partition);
}

void KafkaSink::shed(std::span<const Block::ExporterCount> lost) {
  const std::uint64_t flows = flows_in(lost);
  tally_->produced(flows, 0);
  tally_->shed(flows, 0);
  books_->shed(lost);
  say(log_, LogLevel::error, name_, [] { return kShed; });
}

void KafkaSink::leave_out(std::span<const Block::ExporterCount> flows) { books_->leave_out(flows); }

void KafkaSink::filter_out(std::span<const Block::ExporterCount> flows) {
  tally_->filtered(flows_in(flows));
  books_->filter_out(flows);
}

std::uint32_t KafkaSink::buckets() const {
  const std::uint32_t partitions = partitions_.load(std::memory_order_relaxed);
  return partitions ? partitions : unknown_buckets_;
}

/// While blocks go to the spool, how much waits for the broker says nothing.
bool KafkaSink::has_room(std::size_t bytes) const {
  if (!spool_) return Sink::has_room(bytes);
  const bool away = std::ranges::any_of(producers_, &KafkaProducer::stalled);
  return spool_->has_room() && (away ? budget_->fits(bytes) : Sink::has_room(bytes));
}

SinkStats KafkaSink::stats() const {
  SinkStats out = tally_->stats();
  if (spool_) spool_->add_to(out.counts);
  return out;
}

std::vector<ExporterBook> KafkaSink::books() const { return books_->read(); }

void KafkaSink::forget(std::span<const IpAddress> exporters) { books_->forget(exporters); }

bool KafkaSink::ready_to_close() const {
  if (spool_ && spool_->writes()) return true;
  return std::ranges::all_of(producers_, [](const auto& producer) { return producer->flows(); });
}

void KafkaSink::watch_partitions() {
  auto next = std::chrono::steady_clock::now();
  while (!closed_) {
    const auto wants = [](const auto& producer) { return producer->wants_topic(); };
    if (partitions_ == 0 || std::chrono::steady_clock::now() >= next ||
        std::ranges::any_of(producers_, wants)) {
      try {
        ask_for_partitions();
      } catch (const std::bad_alloc&) {  // and in a second
      }
      next = std::chrono::steady_clock::now() + kRefreshEach;
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kAskAgain, [this] { return closed_.load(); });
  }
}

/// Each producer has a client of its own, which learns of partitions by itself only every few minutes and
/// refuses what goes to one that it does not know. So none is used before all know it.
void KafkaSink::ask_for_partitions() {
  std::uint32_t least = 0;
  for (const auto& producer : producers_) {
    if (closed_) return;
    producer->ask_topic(kAnswerIn);
    const std::uint32_t known = producer->partitions();
    if (known) least = least ? std::min(least, known) : known;
  }
  if (least) partitions_ = least;
}

void KafkaSink::close(std::chrono::steady_clock::time_point deadline) {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  {
    const std::lock_guard lock(feeding_);  // what the spool is sending is with a producer
  }
  // What is not delivered goes to the spool, which takes its time too; a broker that is away is not waited
  // for.
  const auto share = std::min<Clock::duration>(kSpoolShare, std::max(deadline - now, Clock::duration()) / 2);
  for (const auto& producer : producers_)
    producer->close(!spool_ ? deadline : producer->stalled() ? now : deadline - share);
  for (const auto& producer : producers_) producer->join();
  if (watcher_.joinable()) watcher_.join();
  books_->close();
  if (spool_) spool_->close(std::max(deadline, Clock::now() + kSpoolShare));
  // Reports that did not come back even after the purge: their blocks are lost to us all the same.
  const SinkStats left = stats();
  if (left.counts[SinkCount::queued_flows])
    tally_->failed(FailReason::shutdown, left.counts[SinkCount::queued_flows],
                   left.counts[SinkCount::queued_bytes]);
}

}  // namespace sluice::sink
