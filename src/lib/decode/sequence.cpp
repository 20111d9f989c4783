#include "sluice/decode/sequence.hpp"

#include <algorithm>
#include <bit>

namespace sluice::decode {
namespace {

constexpr unsigned kReadings = 5;
constexpr unsigned kAfterLast = 1;       // the number is that after the last record, not of the first
constexpr unsigned kWithoutOptions = 2;  // options records are not numbered
constexpr unsigned kWithTemplates = 4;   // template records are numbered too; not combined with the two

/// A jump this far waits for the next datagram to agree with it: one stray or forged datagram must not look
/// like an outage.
constexpr std::uint32_t kFarDatagrams = 1U << 16;
constexpr std::uint32_t kFarRecords = 1U << 20;
/// Datagrams that overtook each other may be this much apart in sysUptime.
constexpr std::int32_t kReorderMs = 60000;
/// A box that has not been up this long may have restarted within kReorderMs.
constexpr std::uint32_t kYoungMs = 120000;
/// So many contradictions in a row, and what was learnt about the exporter's way of counting was wrong.
constexpr std::uint8_t kRelearn = 3;
constexpr std::uint32_t kNear = 4096;
constexpr std::uint32_t kRunOfOld = 8;
constexpr std::uint32_t kRun = 4;
/// Distances in which records of an unknown template have shown their length, before it is believed.
constexpr std::uint32_t kFitting = 4;

std::uint8_t readings_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::ipfix:
      return 0b11111;
    case Protocol::netflow5:
      return 0b0011;
    default:
      return 0b0001;
  }
}

std::uint32_t units_in(unsigned reading, const SequenceStep& s) {
  if (reading & kWithTemplates) return s.units + s.template_units;
  return reading & kWithoutOptions ? s.units - s.options_units : s.units;
}

}  // namespace

SequenceStream::SequenceStream(Protocol protocol)
    : counts_records_(protocol == Protocol::netflow5 || protocol == Protocol::ipfix),
      all_(readings_of(protocol)),
      fits_(all_) {}

unsigned SequenceStream::reading() const { return static_cast<unsigned>(std::countr_zero(fits_)); }
std::uint32_t SequenceStream::units_of(const SequenceStep& s) const { return units_in(reading(), s); }
std::uint32_t SequenceStream::begin_of(const SequenceStep& s) const {
  return reading() & kAfterLast ? s.sequence - units_of(s) : s.sequence;
}

/// From the end of one datagram to the beginning of another.
std::int32_t SequenceStream::distance(unsigned r, const SequenceStep& from, const SequenceStep& to) const {
  const std::uint32_t between = r & kAfterLast ? units_in(r, to) : units_in(r, from);
  return static_cast<std::int32_t>(to.sequence - from.sequence - between);
}

/// Whether the distance holds records that came and could not be counted.
bool SequenceStream::uncertain(const SequenceStep& from, const SequenceStep& to) const {
  return counts_records_ && !(reading() & kAfterLast ? to.complete : from.complete);
}

/// Strikes out the readings under which the datagram does not follow, where there is one under which it does.
void SequenceStream::learn(const SequenceStep& s) {
  if (std::has_single_bit(all_) || !last_.complete || !s.complete) return;
  Readings follow = 0;
  for (unsigned r = 0; r < kReadings; ++r)
    if ((all_ >> r & 1U) && distance(r, last_, s) == 0) follow = static_cast<Readings>(follow | 1U << r);
  if (follow == 0) return;
  if (follow & fits_) {
    fits_ &= follow;
    contradictions_ = 0;
  } else if (++contradictions_ >= kRelearn) {
    fits_ = follow;
    contradictions_ = 0;
  }
}

/// The box was up for less time than before: it counts anew (RFC 3954 section 5.1, sysUptime).
bool SequenceStream::uptime_reset(const SequenceStep& s) const {
  return s.has_uptime && static_cast<std::int32_t>(s.uptime_ms - last_.uptime_ms) < -kReorderMs;
}

/// Made before the one that is furthest on: overtaken or repeated, and no new beginning.
bool SequenceStream::older(const SequenceStep& s) const {
  if (!s.has_uptime) return s.export_s < last_.export_s;
  return static_cast<std::int32_t>(s.uptime_ms - last_.uptime_ms) < 0 && last_.uptime_ms > kYoungMs;
}

bool SequenceStream::no_newer(const SequenceStep& s) const {
  return s.has_uptime ? static_cast<std::int32_t>(s.uptime_ms - last_.uptime_ms) < 0
                      : s.export_s <= last_.export_s;
}

/// With many gaps the oldest is forgotten, also where one falls to pieces.
void SequenceStream::remember(const Gap& gap) {
  if (gap.begin == gap.end) return;
  if (gaps_.size() == kMaxGaps) gaps_.erase(gaps_.begin());
  gaps_.push_back(gap);
}

/// `per_datagram`: records in one, where no flow records tell.
void SequenceStream::lose(const Gap& gap, std::uint32_t per_datagram, SequenceCounts& counts) {
  counts.passed_over += gap.lost;
  remember(gap);
  const double records = counts.per_datagram > 0 ? counts.per_datagram : per_datagram;
  if (records > 0) counts.estimate += counts_records_ ? gap.lost / records : gap.lost * records;
}

SequenceStream::Layout& SequenceStream::layout_of(std::uint16_t set) {
  for (Layout& layout : layouts_)
    if (layout.set == set) return layout;
  Layout& layout = layouts_[next_layout_];
  next_layout_ = static_cast<std::uint8_t>((next_layout_ + 1U) % layouts_.size());
  layout = {.set = set};
  return layout;
}

/// How many records that were not decoded the datagram may have held; `between`: from what was decoded of it
/// to the next one. A record has a byte at least. Where all of them are in sets of one template, no distance
/// is less than its datagram's records, so each tells how long a record of fixed length is at least; and once
/// the longest of these lengths explains distance after distance to the record, it is that of the records.
std::uint32_t SequenceStream::records_at_most(const SequenceStep& incomplete, std::uint32_t between) {
  const std::uint32_t bytes = incomplete.undecoded_bytes;
  if (bytes == 0) return UINT32_MAX;  // nobody knows in how many
  if (incomplete.undecoded_set == 0) return bytes;
  Layout& layout = layout_of(incomplete.undecoded_set);
  const std::uint32_t at_least = bytes / (between + 1) + 1;
  if (at_least > layout.shortest) layout = {.set = layout.set, .shortest = at_least};
  if (layout.tried == UINT32_MAX) layout.tried /= 2, layout.fitting /= 2;
  ++layout.tried;
  layout.fitting += bytes / layout.shortest == between;
  if (layout.fitting < kFitting || layout.fitting < layout.tried / 4) return bytes;
  // Records of variable length may look like this too, where they hardly vary: a quarter more of them may
  // fit.
  const std::uint32_t records = bytes / layout.shortest;
  return records + records / 4 + 1;
}

void SequenceStream::book(const SequenceStep& s, SequenceCounts& counts) {
  counts.in_order += units_of(s);
  last_ = s;
  resumed_ = false;
}

SequenceVerdict SequenceStream::restart(const SequenceStep& s, SequenceCounts& counts) {
  ++counts.restarts;
  gaps_.clear();
  doubt_.reset();
  book(s, counts);
  return SequenceVerdict::restarted;
}

SequenceVerdict SequenceStream::forward(const SequenceStep& s, std::uint32_t gap, SequenceCounts& counts) {
  dismiss_doubt(counts);
  const std::uint32_t end_of_last = begin_of(s) - gap;
  std::uint32_t came = 0;  // of the gap, at most
  if (gap > 0 && uncertain(last_, s))
    came = std::min(gap, records_at_most(reading() & kAfterLast ? s : last_, gap));
  counts.unknown += came;
  const std::uint32_t missed = gap - came;
  const Gap missing{end_of_last, end_of_last + gap, resumed_ ? 0 : missed};
  if (resumed_) counts.while_down += missed;
  missing.lost > 0 ? lose(missing, came, counts) : remember(missing);
  book(s, counts);
  return missed > 0 ? SequenceVerdict::after_gap : SequenceVerdict::in_order;
}

/// A datagram out of a gap: takes its part of it back.
bool SequenceStream::fill_gap(const SequenceStep& s, SequenceCounts& counts) {
  const std::uint32_t begin = begin_of(s);
  const std::uint32_t n = units_of(s);
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    const Gap gap = gaps_[i];
    const std::uint32_t length = gap.end - gap.begin;
    if (begin - gap.begin >= length || gap.end - begin < n) continue;
    gaps_.erase(gaps_.begin() + static_cast<std::ptrdiff_t>(i));
    // What comes late was lost, as far as anything of the gap is booked so.
    const std::uint32_t late = std::min(n, gap.lost);
    const std::uint32_t left = gap.lost - late;
    const std::uint32_t before = std::min(left, begin - gap.begin);
    remember({gap.begin, begin, before});
    remember({begin + n, gap.end, left - before});
    counts.recovered += n - late;
    if (late == 0) return true;
    counts.late += late;
    counts.estimate = std::max(0.0, counts.estimate - (counts_records_ ? 1.0 : counts.per_datagram));
    if (counts.lost() == 0) counts.estimate = 0;
    return true;
  }
  return false;
}

void SequenceStream::dismiss_doubt(SequenceCounts& counts) {
  if (doubt_) counts.repeated += doubt_->units;
  doubt_.reset();
}

/// The datagrams in doubt were the first of a new count, or came after an outage.
SequenceVerdict SequenceStream::believe(const SequenceStep& s, SequenceCounts& counts) {
  const Doubt run = *doubt_;
  doubt_.reset();
  gaps_.clear();
  counts.restarts += run.outage == 0;
  counts.in_order += run.units;
  counts.passed_over += run.gaps;
  (run.down ? counts.while_down : counts.passed_over) += run.outage;
  if (run.outage && !run.down && counts.per_datagram > 0)
    counts.estimate += counts_records_ ? run.outage / counts.per_datagram : run.outage * counts.per_datagram;
  counts.unknown += run.unknown;
  last_ = run.last;
  resumed_ = false;
  const std::int32_t d = distance(reading(), last_, s);
  forward(s, d > 0 ? static_cast<std::uint32_t>(d) : 0, counts);
  return run.outage ? SequenceVerdict::after_gap : SequenceVerdict::restarted;
}

SequenceVerdict SequenceStream::doubt(const SequenceStep& s, SequenceCounts& counts) {
  if (doubt_) {
    const std::int32_t d = distance(reading(), doubt_->last, s);
    if (d >= 0 && static_cast<std::uint32_t>(d) < kNear) {
      const std::uint32_t enough = doubt_->near_and_no_newer ? kRunOfOld : d == 0 ? 1 : kRun;
      if (doubt_->datagrams >= enough) return believe(s, counts);
      ++doubt_->datagrams;
      doubt_->units += units_of(s);
      (uncertain(doubt_->last, s) ? doubt_->unknown : doubt_->gaps) += static_cast<std::uint32_t>(d);
      doubt_->last = s;
      return SequenceVerdict::in_doubt;
    }
    dismiss_doubt(counts);
  }
  doubt_ = Doubt{};
  doubt_->last = s;
  doubt_->datagrams = 1;
  doubt_->units = units_of(s);
  const std::int32_t ahead = distance(reading(), last_, s);
  if (ahead > 0 && s.sequence > last_.sequence) doubt_->outage = static_cast<std::uint32_t>(ahead);
  doubt_->down = resumed_;
  doubt_->near_and_no_newer = ahead < 0 && -std::int64_t{ahead} < kNear && no_newer(s);
  return SequenceVerdict::in_doubt;
}

SequenceVerdict SequenceStream::step(const SequenceStep& s, SequenceCounts& counts) {
  const SequenceVerdict verdict = place(s, counts);
  if (counts_records_)
    counts.recovered += reading() & kWithoutOptions ? s.recovered - s.recovered_options : s.recovered;
  return verdict;
}

/// Follows the one before, and every reading says so: nearly all datagrams of nearly all exporters.
bool SequenceStream::plainly_next(const SequenceStep& s) const {
  return s.sequence - last_.sequence == s.units && s.units == last_.units && begun_ && !resumed_ &&
         s.complete && last_.complete &&
         (s.options_units | last_.options_units | s.template_units | last_.template_units) == 0 && !doubt_;
}

std::optional<SequenceStream::Place> SequenceStream::place() const {
  if (!begun_ && !resumed_) return std::nullopt;
  Place out{last_, fits_};
  for (const Gap& gap : gaps_) out.gaps.push_back({gap.begin, gap.end});
  out.doubt = doubt_;
  return out;
}

void SequenceStream::resume(const Place& place) {
  last_ = place.last;
  fits_ = place.readings & all_ ? static_cast<Readings>(place.readings & all_) : all_;
  for (const Numbers& gap : place.gaps) remember({gap.begin, gap.end, 0});
  doubt_ = place.doubt;
  resumed_ = true;
}

SequenceVerdict SequenceStream::place(const SequenceStep& s, SequenceCounts& counts) {
  if (plainly_next(s)) [[likely]] {
    counts.in_order += s.units;
    last_ = s;
    return SequenceVerdict::in_order;
  }
  if (!begun_) {
    begun_ = true;
    if (!resumed_) {
      book(s, counts);
      return SequenceVerdict::in_order;
    }
  }
  if (!resumed_) learn(s);
  const std::int32_t d = distance(reading(), last_, s);
  if (d == 0) return forward(s, 0, counts);
  if (uptime_reset(s)) return restart(s, counts);
  const auto ahead = static_cast<std::uint32_t>(d);
  if (d > 0 && ahead < (counts_records_ ? kFarRecords : kFarDatagrams)) {
    // Datagrams in doubt that this one follows, and the old count would have a gap: the new count it is.
    if (doubt_ && distance(reading(), doubt_->last, s) == 0) return believe(s, counts);
    return forward(s, ahead, counts);
  }
  if (d < 0 && fill_gap(s, counts)) return SequenceVerdict::late;
  if (d < 0 && older(s)) {
    counts.repeated += units_of(s);
    return SequenceVerdict::repeated;
  }
  return doubt(s, counts);
}

std::uint64_t SampleSequences::cost() { return entry_cost<Sources::value_type>(); }

SampleSequences::Source* SampleSequences::find(std::uint64_t source, std::uint32_t max_sources,
                                               StateAccount* account, bool& fresh) {
  Slot& slot = recent_[(source ^ source >> 32) % kRecent];
  if (slot.state && slot.source == source) return slot.state;
  auto known = sources_.find(source);
  if (known == sources_.end()) {
    if (sources_.size() >= max_sources) return nullptr;
    StateCharge room(account, cost());
    if (!room) return nullptr;
    known = sources_.emplace(source, Source{}).first;
    room.keep();
    fresh = true;
  }
  slot = {source, &known->second};  // nodes of an unordered_map stay where they are
  return slot.state;
}

bool SampleSequences::step(std::uint64_t source, std::uint32_t sequence, std::uint32_t drops,
                           SequenceVerdict datagram, std::uint32_t max_sources, SampleCounts& counts,
                           StateAccount* account) {
  bool fresh = false;
  Source* state = find(source, max_sources, account, fresh);
  ++counts.samples;
  if (!state) return false;
  if (datagram == SequenceVerdict::repeated || datagram == SequenceVerdict::in_doubt) return true;
  const auto ahead = static_cast<std::int32_t>(sequence - state->next);
  if (datagram == SequenceVerdict::late && !fresh && ahead < 0) {
    if (counts.lost() > 0) ++counts.late;
    return true;
  }
  if (!fresh && datagram != SequenceVerdict::restarted && ahead > 0 &&
      static_cast<std::uint32_t>(ahead) < kFarRecords)
    counts.passed_over += static_cast<std::uint32_t>(ahead);
  const auto more_drops = static_cast<std::int32_t>(drops - state->drops);
  if (!fresh && more_drops > 0 && ahead >= 0) counts.drops += static_cast<std::uint32_t>(more_drops);
  state->next = sequence + 1;
  state->drops = drops;
  return true;
}

namespace {

constexpr std::uint64_t kGapsCost = heap_cost(SequenceStream::kMaxHeap);

}  // namespace

/// Its part of the books; the caller takes it out.
void SequenceTracker::forget(const Entry& entry) {
  sources_ -= entry.samples.size();
  if (account_)
    account_->give(entry_cost<Streams::value_type>() + kGapsCost +
                   entry.samples.size() * SampleSequences::cost());
}

SequenceTracker::Entry* SequenceTracker::find(const Key& key) {
  if (last_ && last_key_ == key) return last_;
  auto known = streams_.find(key);
  if (known == streams_.end()) {
    if (streams_.size() >= max_streams_) return nullptr;
    StateCharge room(account_, entry_cost<Streams::value_type>() + kGapsCost);
    if (!room) return nullptr;
    known = streams_.try_emplace(key, key.protocol).first;
    room.keep();
  }
  last_key_ = key;
  return &known->second;
}

SequenceVerdict SequenceTracker::step(const Key& key, const SequenceStep& step, std::uint64_t now_ns,
                                      SequenceCounts& counts) {
  last_ = find(key);
  if (!last_) {
    ++counts.untracked;
    return SequenceVerdict::untracked;
  }
  last_->last_seen_ns = now_ns;
  return last_->sequence.step(step, counts);
}

void SequenceTracker::step_sample(std::uint64_t source, std::uint32_t sequence, std::uint32_t drops,
                                  SequenceVerdict datagram, SampleCounts& counts) {
  if (!last_) return;
  const bool in_turn = datagram == SequenceVerdict::in_order || datagram == SequenceVerdict::after_gap;
  if (in_turn && last_->samples.plainly_next(source, sequence, drops, counts)) return;
  const std::size_t known = last_->samples.size();
  const auto limit = static_cast<std::uint32_t>(known + max_streams_ - sources_);
  last_->samples.step(source, sequence, drops, datagram, limit, counts, account_);
  sources_ += last_->samples.size() - known;
}

std::size_t SequenceTracker::expire(std::uint64_t before_ns) {
  last_ = nullptr;
  return std::erase_if(streams_, [&](const auto& entry) {
    const bool gone = entry.second.last_seen_ns < before_ns;
    if (gone) forget(entry.second);
    return gone;
  });
}

void SequenceTracker::end(const Key& key) {
  const auto known = streams_.find(key);
  if (known == streams_.end()) return;
  last_ = nullptr;
  forget(known->second);
  streams_.erase(known);
}

void SequenceTracker::for_each(
    const std::function<void(const Key&, const SequenceStream::Place&, std::uint64_t)>& visit) const {
  for (const auto& [key, entry] : streams_)
    if (const auto place = entry.sequence.place()) visit(key, *place, entry.last_seen_ns);
}

bool SequenceTracker::restore(const Key& key, const SequenceStream::Place& place,
                              std::uint64_t last_seen_ns) {
  if (streams_.contains(key)) return false;
  last_ = nullptr;  // find() notes the key as that of the last one
  Entry* const entry = find(key);
  if (!entry) return false;
  entry->sequence.resume(place);
  entry->last_seen_ns = last_seen_ns;
  return true;
}

std::size_t SequenceTracker::clear() {
  const std::size_t gone = streams_.size();
  expire(~0ULL);
  streams_ = Streams();  // the table of buckets too
  return gone;
}

}  // namespace sluice::decode
