#pragma once
// What became of a sink's flows, exporter by exporter: for each of them, what it brought is filtered, left
// out, delivered, failed, shed or queued, at every moment. Any thread.
//
// One mutex, taken once for each block. A block that is taken is only put on a list, whatever the number of
// its exporters; they are walked when its fate is known, by the thread that brings it, and for what still
// waits when somebody reads. So a worker pays for a block and not for its flows or exporters.
#include <cstdint>
#include <list>
#include <mutex>
#include <span>
#include <vector>

#include "sink/exporter_index.hpp"
#include "sink/sink.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::sink {

std::uint64_t flows_in(std::span<const Block::ExporterCount> counts);

enum class Fate : std::uint8_t { delivered, failed, shed };

/// Rows of one block that were not delivered, by index of their exporter in the block. Empty: none.
struct LostRows {
  std::vector<std::uint32_t> failed{}, shed{};
  std::vector<std::uint32_t> kept{};  ///< they are still queued, in the sink's spool
};

class ExporterBooks {
 public:
  /// Exporters with a book of their own; those beyond share one. As many as the collector knows by default,
  /// and some 5 MB at the most.
  static constexpr std::size_t kMaxExporters = 65536;

  /// A block that waits, until it is settled.
  struct Waiting {
    const Block* block;
    bool counted;  // its flows are in the books as queued
  };
  using Ticket = std::list<Waiting>::iterator;

  explicit ExporterBooks(std::size_t max_exporters = kMaxExporters) : max_exporters_(max_exporters) {}

  /// The block's flows are queued from now on; it must live until it is settled.
  Ticket take(const Block& block);
  /// All of the block had the same fate. Once for each ticket.
  void settle(Ticket ticket, Fate fate);
  /// All of the block was delivered but for these.
  void settle(Ticket ticket, const LostRows& lost);

  // Flows are kept while they are in the sink's spool: queued, without a block in memory that is waited for.

  /// All of the block is kept from now on.
  void keep(Ticket ticket);
  /// The same of a block that was not taken.
  void keep(const Block& block);
  /// Kept flows wait again, as this block.
  Ticket take_kept(const Block& block);
  void settle_kept(std::span<const Block::ExporterCount> flows, Fate fate);
  void settle_kept(const IpAddress& exporter, std::uint64_t flows, Fate fate);
  /// Found in the spool: kept, without having come from an exporter.
  void resume(std::span<const Block::ExporterCount> flows);
  /// Whatever is queued is left in the spool. After close().
  void leave();

  /// Flows that never waited.
  void shed(std::span<const Block::ExporterCount> lost);
  void leave_out(std::span<const Block::ExporterCount> flows);
  void filter_out(std::span<const Block::ExporterCount> flows);
  /// Whatever still waits has failed, but for what is kept; its tickets may be settled later and change
  /// nothing.
  void close();
  /// The books of these go into the shared one once nothing of theirs is queued, but for those who come back
  /// before.
  void forget(std::span<const IpAddress> exporters);
  /// In no order; the shared book, where there is one, is last, with an empty address.
  std::vector<ExporterBook> read();

 private:
  void add(std::span<const Block::ExporterCount> flows, std::uint64_t ExporterBook::* column);
  // All of these need mutex_.
  ExporterBook& book_of(const IpAddress& exporter);
  ExporterBook& live_book_of(const IpAddress& exporter);
  void count_some(std::size_t blocks);
  template <class Each>
  void settle_each(Ticket ticket, Each&& each);
  void settle_one(const IpAddress& exporter, std::uint64_t flows, Fate fate);
  void mark_leaving(std::span<const IpAddress> exporters);
  void forget_due();

  const std::size_t max_exporters_;
  std::mutex mutex_;
  std::vector<ExporterBook> books_;
  ExporterIndex index_;
  ExporterBook others_;
  std::list<Waiting> fresh_, counted_;
  SeededSet<IpAddress> leaving_;  // to be forgotten: all have a book
  bool closed_ = false;
};

}  // namespace sluice::sink
