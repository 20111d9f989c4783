#pragma once
// Sequence numbers: what an exporter says it sent, held against what came. Lost, late, repeated and restarted
// are told apart; what cannot be told is counted as unknown and never as lost.
//
// Units differ: NetFlow v9 and sFlow number their datagrams, NetFlow v5 its flows and IPFIX its data records
// (RFC 3954 section 5.1, RFC 7011 section 3.1, sFlow version 5 section 5). Guarded by the exporter's lock.
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/decode/datagram.hpp"
#include "sluice/decode/state_budget.hpp"
#include "sluice/flow/address.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::decode {

/// Sums over an exporter's streams of one protocol, in the protocol's own unit. But for datagrams in doubt,
/// which are counted once the next ones tell what they were:
///   sent, as far as the numbers go = in_order + lost() + late + unknown + while_down
///   arrived                        = in_order + late + repeated + recovered
/// `unknown` shrinks in meaning, not in number, by what of it was decoded later: `recovered`.
struct SequenceCounts {
  std::uint64_t in_order = 0;     ///< arrived in their turn
  std::uint64_t passed_over = 0;  ///< numbers skipped when a later one arrived
  std::uint64_t late = 0;         ///< of those, arrived afterwards
  std::uint64_t repeated = 0;     ///< arrived a second time
  std::uint64_t unknown = 0;  ///< records in messages that could not be decoded whole, or lost beside them
  std::uint64_t while_down =
      0;                        ///< skipped between the last one before a restart of ours and the first after
  std::uint64_t recovered = 0;  ///< of those, decoded later: their template came, or their datagram late
  std::uint64_t restarts = 0;   ///< the exporter began to count anew
  std::uint64_t untracked = 0;  ///< datagrams of streams past the limit
  double per_datagram = 0;      ///< flow records in a datagram, lately
  double estimate = 0;  ///< what `lost()` amounts to in the other unit: records where datagrams are numbered,
                        ///< datagrams where records are
  std::uint64_t lost() const { return passed_over - late; }
  /// Keeps `per_datagram`: a datagram with so many flow records came.
  void average_in(std::uint32_t records) {
    constexpr double kWeight = 1.0 / 16;
    if (records > 0) per_datagram += (records - per_datagram) * (per_datagram > 0 ? kWeight : 1);
  }
};

/// Samples of sFlow's sources (sFlow version 5 section 5: flow_sample.sequence_number and drops).
struct SampleCounts {
  std::uint64_t samples = 0;
  std::uint64_t passed_over = 0;
  std::uint64_t late = 0;
  std::uint64_t drops = 0;  ///< packets the exporter was to sample and did not, for want of resources
  std::uint64_t lost() const { return passed_over - late; }
};

/// What one datagram says about its place in the stream.
struct SequenceStep {
  std::uint32_t sequence = 0;
  std::uint32_t units = 1;           ///< it counts for: 1 datagram, or its records
  std::uint32_t options_units = 0;   ///< of the records, those of options (some exporters do not count them)
  std::uint32_t template_units = 0;  ///< beside them, template records (some exporters count them)
  std::uint32_t recovered = 0;       ///< records of earlier messages that could be decoded only now
  std::uint32_t recovered_options = 0;  ///< of them, those of options
  bool complete = true;  ///< false: it held more records than were decoded, nobody knows how many
  std::uint32_t undecoded_bytes = 0;  ///< where not complete: what these records are in, at most
  std::uint16_t undecoded_set = 0;  ///< the id, where all of them are in one set whose template is not known
  bool has_uptime = false;
  std::uint32_t uptime_ms = 0;
  std::uint32_t export_s = 0;  ///< header time, where there is no uptime
};

enum class SequenceVerdict : std::uint8_t {
  in_order,
  after_gap,
  late,
  repeated,
  in_doubt,
  restarted,
  untracked
};

/// One stream. Numbers wrap at 2^32.
class SequenceStream {
 public:
  static constexpr std::size_t kMaxGaps = 64;             ///< that late datagrams are looked for in
  static constexpr std::size_t kMaxHeap = kMaxGaps * 12;  ///< bytes, beside the object
  /// Whether records are numbered; else datagrams are.
  explicit SequenceStream(Protocol protocol);
  SequenceVerdict step(const SequenceStep& step, SequenceCounts& counts);
  struct Doubt {  // datagrams that fit nowhere: repeated, or the first of a new count
    SequenceStep last;
    std::uint32_t datagrams = 0;
    std::uint64_t units = 0, gaps = 0, unknown = 0;
    std::uint32_t outage = 0;        // numbers between, where they lie ahead and did not pass zero
    bool near_and_no_newer = false;  // as repeated datagrams are
    bool down = false;               // the outage was ours
  };
  struct Numbers {
    std::uint32_t begin, end;  // [begin, end), not empty
    friend bool operator==(const Numbers&, const Numbers&) = default;
  };
  /// What a restart of ours must not lose: the datagram that is furthest on, what was learnt of how the
  /// exporter counts, the gaps that late datagrams may come out of, and what is not counted yet. Nothing
  /// where no datagram came.
  struct Place {
    SequenceStep last;
    std::uint8_t readings = 0;
    std::vector<Numbers> gaps{};
    std::optional<Doubt> doubt{};
  };
  std::optional<Place> place() const;
  /// Goes on from there: what the next datagram that is further on skips was lost while we were down. What
  /// comes out of the gaps is counted as recovered: that it was lost stands in the counts of the one before.
  void resume(const Place& place);

 private:
  SequenceVerdict place(const SequenceStep& s, SequenceCounts& counts);
  // Exporters disagree about the number in the header of those that count records: that of the first record
  // or of the one after the last, with options records or without, or with templates as well. A bit for each
  // reading that still fits.
  using Readings = std::uint8_t;
  struct Gap {
    std::uint32_t begin, end;  // [begin, end), not empty
    std::uint32_t lost;  // so many of it are booked as lost; the others as unknown, or as lost while down
    friend bool operator==(const Gap&, const Gap&) = default;
  };
  // Sets of one template that is not known: how long its records are at least, as far as numbers tell.
  struct Layout {
    std::uint16_t set = 0;       // 0: free
    std::uint32_t shortest = 1;  // bytes; a record of a fixed length has no less
    std::uint32_t tried = 0,
                  fitting = 0;  // since then: distances, and those that records of this length give
  };

  std::uint32_t units_of(const SequenceStep& s) const;
  std::uint32_t begin_of(const SequenceStep& s) const;
  std::int32_t distance(unsigned reading, const SequenceStep& from, const SequenceStep& to) const;
  bool uncertain(const SequenceStep& from, const SequenceStep& to) const;
  unsigned reading() const;
  void learn(const SequenceStep& s);
  bool plainly_next(const SequenceStep& s) const;
  bool uptime_reset(const SequenceStep& s) const;
  bool older(const SequenceStep& s) const;
  bool no_newer(const SequenceStep& s) const;
  SequenceVerdict forward(const SequenceStep& s, std::uint32_t gap, SequenceCounts& counts);
  Layout& layout_of(std::uint16_t set);
  std::uint32_t records_at_most(const SequenceStep& incomplete, std::uint32_t between);
  bool fill_gap(const SequenceStep& s, SequenceCounts& counts);
  SequenceVerdict doubt(const SequenceStep& s, SequenceCounts& counts);
  void dismiss_doubt(SequenceCounts& counts);
  SequenceVerdict believe(const SequenceStep& s, SequenceCounts& counts);
  SequenceVerdict restart(const SequenceStep& s, SequenceCounts& counts);
  void remember(const Gap& gap);
  void lose(const Gap& gap, std::uint32_t per_datagram, SequenceCounts& counts);
  void book(const SequenceStep& s, SequenceCounts& counts);

  const bool counts_records_;
  const Readings all_;
  Readings fits_;
  std::uint8_t contradictions_ = 0;
  bool begun_ = false;
  bool resumed_ = false;  // last_ is from before a restart of ours
  SequenceStep last_;     // the one furthest on
  std::array<Layout, 4> layouts_{};
  std::uint8_t next_layout_ = 0;
  std::vector<Gap> gaps_;
  std::optional<Doubt> doubt_;
};

/// Samples of one stream's sources, each with numbers of its own.
class SampleSequences {
 public:
  /// `source` is type << 32 | index. False where the source is one past the limit, or the account, which may
  /// be null, has no room for it.
  bool step(std::uint64_t source, std::uint32_t sequence, std::uint32_t drops, SequenceVerdict datagram,
            std::uint32_t max_sources, SampleCounts& counts, StateAccount* account = nullptr);
  std::size_t size() const { return sources_.size(); }
  static std::uint64_t cost();  ///< of a source, in the account
  /// step() for nearly every sample: the source's next one, with no more drops. False: nothing was done.
  bool plainly_next(std::uint64_t source, std::uint32_t sequence, std::uint32_t drops, SampleCounts& counts) {
    const Slot& slot = recent_[(source ^ source >> 32) % kRecent];
    if (!slot.state || slot.source != source) return false;
    if (slot.state->next != sequence || slot.state->drops != drops) return false;
    ++slot.state->next;
    ++counts.samples;
    return true;
  }

 private:
  static constexpr std::size_t kRecent = 32;
  struct Source {
    std::uint32_t next = 0;
    std::uint32_t drops = 0;
  };
  using Sources = SeededMap<std::uint64_t, Source>;
  struct Slot {
    std::uint64_t source = 0;
    Source* state = nullptr;  // null: the slot is free
  };
  Source* find(std::uint64_t source, std::uint32_t max_sources, StateAccount* account, bool& fresh);

  Sources sources_;
  std::array<Slot, kRecent> recent_{};  // a look-up in the map for each sample is felt
};

/// The streams of one exporter; bounded.
class SequenceTracker {
 public:
  /// A stream: v9 and IPFIX: domain; v5: engine type and id; sFlow: agent and sub-agent.
  struct Key {
    Protocol protocol = Protocol::unknown;
    std::uint32_t id = 0;
    IpAddress agent;
    void hash_into(HashMixer& mixer) const noexcept {
      mixer.add(static_cast<std::uint64_t>(protocol) << 32 | id);
      agent.hash_into(mixer);
    }
    friend bool operator==(const Key&, const Key&) = default;
  };

  /// `account` outlives the tracker and may be null.
  explicit SequenceTracker(std::uint32_t max_streams, StateAccount* account = nullptr)
      : account_(account), max_streams_(max_streams) {}

  SequenceVerdict step(const Key& key, const SequenceStep& step, std::uint64_t now_ns,
                       SequenceCounts& counts);
  /// A sample of the datagram that step() was called for last. As many sources are followed as streams may
  /// be, in all streams together: an agent's address and sub-agent cost nothing to make up.
  void step_sample(std::uint64_t source, std::uint32_t sequence, std::uint32_t drops,
                   SequenceVerdict datagram, SampleCounts& counts);
  /// Forgets streams not seen since `before_ns`; a stream that comes back begins anew.
  std::size_t expire(std::uint64_t before_ns);
  /// Forgets one, which is over: numbers that come of it are of a new count.
  void end(const Key& key);
  /// Forgets everything; returns how many streams went.
  std::size_t clear();
  /// The streams as they are kept over a restart of ours, in no order.
  void for_each(const std::function<void(const Key&, const SequenceStream::Place&,
                                         std::uint64_t last_seen_ns)>& visit) const;
  /// One that was kept. False where there is no room, or datagrams of it have come already.
  bool restore(const Key& key, const SequenceStream::Place& place, std::uint64_t last_seen_ns);
  std::size_t size() const { return streams_.size(); }
  /// sFlow sources followed, of all streams.
  std::size_t sources() const { return sources_; }

 private:
  struct Entry {
    explicit Entry(Protocol protocol) : sequence(protocol) {}
    SequenceStream sequence;
    SampleSequences samples;
    std::uint64_t last_seen_ns = 0;
  };
  using Streams = SeededMap<Key, Entry>;
  Entry* find(const Key& key);
  void forget(const Entry& entry);

  StateAccount* const account_;
  const std::uint32_t max_streams_;
  Streams streams_;
  Key last_key_;
  std::size_t sources_ = 0;
  Entry* last_ = nullptr;  // nearly every exporter has one stream
};

}  // namespace sluice::decode
