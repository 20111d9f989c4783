// A producer's records: to librdkafka, to those that wait, and what becomes of them.
#include <algorithm>
#include <array>
#include <span>

#include "sink/kafka/errors.hpp"
#include "sink/kafka/pieces.hpp"
#include "sink/kafka/producer.hpp"
#include "sink/spool/spool.hpp"

namespace sluice::sink {
namespace {

using std::chrono::steady_clock;

// librdkafka's message and the allocator's share, for each record it holds; its key is copied on top.
constexpr std::size_t kRecordOverhead = 256;
// While flows are refused, one record a second asks whether they still are.
constexpr std::chrono::seconds kProbeEach{1};
// Blocks are cut no finer than this before the broker has refused them.
constexpr std::size_t kSmallestPiece = 4096;
constexpr rd_kafka_resp_err_t kNoError = RD_KAFKA_RESP_ERR_NO_ERROR;
// A record that has to wait, and there is no memory for that.
constexpr rd_kafka_resp_err_t kNoMemory = RD_KAFKA_RESP_ERR__QUEUE_FULL;

/// Somewhat more than the half, so that two pieces are enough.
std::size_t smaller_than(std::size_t bytes) { return bytes / 8 * 5 + bytes % 8 / 2; }

// librdkafka takes what it only reads by pointers to non-const.
void* readable(const std::byte* bytes) { return const_cast<std::byte*>(bytes); }

}  // namespace

void KafkaProducer::send(BlockPtr block, std::int32_t partition) {
  tally_.produced(block->flows, block->bytes.size());
  send(std::move(block), partition, &ExporterBooks::take);
}

void KafkaProducer::send_kept(BlockPtr block, std::int32_t partition) {
  send(std::move(block), partition, &ExporterBooks::take_kept);
}

void KafkaProducer::send(BlockPtr block, std::int32_t partition, Take take) {
  const auto current = client();
  Link& link = usual_link(*current);
  block->row_ends.empty() ? send_block(link, std::move(block), partition, take)
                          : send_rows(link, std::move(block), partition, take);
}

/// There is no memory for it.
void KafkaProducer::refuse(BlockPtr block, Take take) {
  if (spool_ != nullptr) {
    if (take == &ExporterBooks::take) books_.keep(*block);
    return spool_->put(std::move(block));
  }
  tally_.shed(block->flows, block->bytes.size());
  books_.shed(block->exporters);
  say(LogLevel::error, [] { return kShed; });
}

/// All that there must be memory for before the block is booked.
std::unique_ptr<InFlight> KafkaProducer::flight_of(const BlockPtr& block, Take take) {
  auto flight = std::make_unique<InFlight>();
  flight->block = block;
  flight->ticket = (books_.*take)(*block);
  return flight;
}

void KafkaProducer::send_block(Link& link, BlockPtr block, std::int32_t partition, Take take) {
  std::unique_ptr<InFlight> flight;
  std::vector<Bytes> pieces;
  try {
    const Bytes all(block->bytes);
    const std::size_t fits = fits_.load(std::memory_order_relaxed);
    const std::size_t most_rows = columns_ ? ColumnRecords::kMostRows : SIZE_MAX;
    const bool whole = all.size() <= fits && block->flows <= most_rows;
    pieces = whole ? std::vector<Bytes>{all} : cut(all, settings_.format, fits, most_rows);
    flight = flight_of(block, take);
  } catch (const std::bad_alloc&) {
    return refuse(std::move(block), take);
  }
  block.reset();
  give_pieces(link, *flight, pieces, partition, flight->refused);
  release(flight.release(), 1);
}

/// The caller has a share of flight.left; each piece gets one of its own.
void KafkaProducer::give_pieces(Link& link, InFlight& flight, const std::vector<Bytes>& pieces,
                                std::int32_t partition, LostRecords& lost) {
  flight.left += static_cast<std::uint32_t>(pieces.size());
  for (const Bytes piece : pieces) give(link, flight, {piece, {}, partition}, lost);
}

/// To librdkafka, or behind those that wait. The record brings a share of flight.left, and the caller has
/// one.
void KafkaProducer::give(Link& link, InFlight& flight, const Record& record, LostRecords& lost) {
  if (held_ == kNoError) {
    const rd_kafka_resp_err_t why = attempt(link, flight, record, lost);
    if (why == kNoError) return;
    hold(why);
  }
  if (waiting_.push({&flight, record})) return;
  lose(flight, record.bytes, kNoMemory, lost);
  --flight.left;
}

// Of these, none where there is no memory for them.

std::vector<Bytes> KafkaProducer::whole(Bytes record) {
  try {
    return {record};
  } catch (const std::bad_alloc&) {
    return {};
  }
}

std::vector<Bytes> KafkaProducer::halves(Bytes record) const {
  try {
    return cut(record, settings_.format, smaller_than(record.size()));
  } catch (const std::bad_alloc&) {
    return {};
  }
}

/// The error for which the record has to wait; none where it was taken, whole or in pieces, or is lost.
rd_kafka_resp_err_t KafkaProducer::attempt(Link& link, InFlight& flight, const Record& record,
                                           LostRecords& lost) {
  const rd_kafka_resp_err_t error = produce(link, flight, record);
  if (error == kNoError || passes(error)) return error;
  const bool damaged = error == ColumnRecords::kNoRows;  // and then its neighbours need not be
  if ((is_size(error) || damaged) && !flight.row_wise) {
    const std::vector<Bytes> smaller = halves(record.bytes);
    if (smaller.size() > 1) {
      if (!damaged) is_too_large(record.bytes.size());
      give_pieces(link, flight, smaller, record.partition, lost);
      --flight.left;
      return kNoError;
    }
  }
  lose(flight, record.bytes, error, lost);
  --flight.left;
  return kNoError;
}

/// A partition that this client does not know (it has not heard of it yet, or the topic was made anew with
/// fewer) is no reason to lose anything: librdkafka takes another one.
rd_kafka_resp_err_t KafkaProducer::produce(const Link& link, InFlight& flight, const Record& record) {
  return columns_ ? produce_columns(link, flight, record)
                  : produce(link, record.bytes, record.key, record.partition, &flight);
}

rd_kafka_resp_err_t KafkaProducer::produce(const Link& link, Bytes bytes, Bytes key, std::int32_t partition,
                                           void* opaque) {
  const auto into = [&](std::int32_t where) {
    return rd_kafka_produce(link.topic.get(), where, 0, readable(bytes.data()), bytes.size(),
                            readable(key.data()), key.size(), opaque) == 0
               ? kNoError
               : rd_kafka_last_error();
  };
  const rd_kafka_resp_err_t error = into(partition);
  if (error != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) return error;
  say_elsewhere();
  return into(RD_KAFKA_PARTITION_UA);
}

/// The columns are made here and go when their fate is known, so that what waits is rows, as are retries,
/// pieces and what goes to the spool. Where there is no memory for them now, the rows wait; where nothing is
/// on its way that could give some back, they are sent all the same.
rd_kafka_resp_err_t KafkaProducer::produce_columns(const Link& link, InFlight& flight, const Record& record) {
  if (!columns_->has_room(record.bytes) && rd_kafka_outq_len(link.handle.get()) > 0)
    return RD_KAFKA_RESP_ERR__QUEUE_FULL;
  std::unique_ptr<ColumnRecord> made;
  try {
    made = columns_->make(flight, record.bytes);
  } catch (const std::bad_alloc&) {
    return RD_KAFKA_RESP_ERR__QUEUE_FULL;
  }
  if (!made) return ColumnRecords::kNoRows;
  const auto bytes = std::as_bytes(std::span(made->bytes));
  const rd_kafka_resp_err_t error = produce(link, bytes, record.key, record.partition, made.get());
  if (error == kNoError) made.release();  // on_delivery() has it
  return error;
}

void KafkaProducer::say_elsewhere() {
  ask_again_ = true;
  say(LogLevel::warning, [] {
    return "a partition of the topic is not known to this client (yet, or any more); its flows go to others "
           "meanwhile";
  });
}

/// From now on everything waits, and one record at a time asks whether it still has to.
void KafkaProducer::hold(rd_kafka_resp_err_t why) {
  if (held_.exchange(why) != why) tally_.error();
  say(LogLevel::warning, [why] { return "flows wait and are sent again: " + words(why); });
}

/// The thread's alone, again and again.
void KafkaProducer::send_waiting(Client& client) {
  const rd_kafka_resp_err_t held = held_;
  if (held == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    held_ = kNoError;
  } else if (held != kNoError) {
    if (steady_clock::now() < next_probe_ || !idle(client)) return;
    next_probe_ = steady_clock::now() + kProbeEach;
    if (!send_first(client)) held_ = kNoError;  // nothing waits
    return;
  }
  while (held_ == kNoError && send_first(client)) {
  }
}

/// False where nothing waits.
bool KafkaProducer::send_first(Client& client) {
  const auto first = waiting_.take();
  if (!first) return false;
  InFlight& flight = *first->flight;
  ++flight.left;
  const rd_kafka_resp_err_t why = attempt(usual_link(client), flight, first->record, flight.reported);
  if (why != kNoError) {
    hold(why);
    if (!waiting_.put_back(*first)) {
      lose(flight, first->record.bytes, kNoMemory, flight.reported);
      --flight.left;
    }
  }
  release(&flight, 1);
  return true;
}

/// From a report: what can be sent again without being doubled is.
bool KafkaProducer::send_again(const Link& link, InFlight& flight, const rd_kafka_message_t& message,
                               Bytes rows) {
  if (is_size(message.err)) return send_smaller(link, flight, message, rows);
  // By librdkafka itself where it has failed for good, or by renew().
  const bool purged = message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE;
  if (giving_up_ || !(passes(message.err) || purged)) return false;
  if (!is_not_written(message)) return false;
  Record record{rows, flight.row_wise ? flight.key_of(flight.row_at(rows.data())) : Bytes{},
                message.partition};
  if (message.err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    record.partition = RD_KAFKA_PARTITION_UA;
    say_elsewhere();
  } else if (!purged) {
    hold(message.err);
  }
  ++flight.left;
  if (waiting_.push({&flight, record})) return true;
  --flight.left;
  return false;
}

/// A record that the broker did not take for its size, alone or with others in one batch. False: it cannot be
/// made smaller.
bool KafkaProducer::send_smaller(const Link& link, InFlight& flight, const rd_kafka_message_t& message,
                                 Bytes record) {
  const unsigned next = std::min(link.level + 1, kLevels - 1);
  const bool alone = link.level == kLevels - 1 || message.len >= link.together;
  if (alone && flight.row_wise) return false;
  const std::vector<Bytes> pieces = alone ? halves(record) : whole(record);
  if (pieces.size() < (alone ? 2U : 1U)) return false;
  const auto current = client();
  Link* const other = link_for(*current, next);
  if (other == nullptr) return false;
  if (alone)
    is_too_large(record.size());
  else if (level_ < next)
    level_ = next;
  say(LogLevel::warning, [] {
    return "the broker refuses records for their size; they are sent again in smaller ones "
           "(lower block_bytes, or raise the topic's max.message.bytes)";
  });
  if (!flight.row_wise) {
    give_pieces(*other, flight, pieces, message.partition, flight.reported);
    return true;
  }
  ++flight.left;
  give(*other, flight, {record, flight.key_of(flight.row_at(record.data())), message.partition},
       flight.reported);
  return true;
}

void KafkaProducer::is_too_large(std::size_t bytes) {
  const std::size_t fits = std::max(smaller_than(bytes), kSmallestPiece);
  std::size_t known = fits_;
  while (fits < known && !fits_.compare_exchange_weak(known, fits)) {
  }
}

void KafkaProducer::forget_limits() {
  level_ = 0;
  fits_ = SIZE_MAX;
}

void KafkaProducer::send_rows(Link& link, BlockPtr block, std::int32_t partition, Take take) {
  const Block& it = *block;
  const std::size_t rows = it.row_ends.size();
  auto overhead = Charge::take(budget_, rows * kRecordOverhead + it.keys.size());
  if (!overhead) return refuse(std::move(block), take);
  InFlight* flight = nullptr;  // release() deletes it after the last report
  try {
    flight = flight_of(block, take).release();
  } catch (const std::bad_alloc&) {
    return refuse(std::move(block), take);
  }
  block.reset();
  flight->overhead = std::move(*overhead);
  flight->overhead.hand_over();
  flight->row_wise = true;
  flight->left = static_cast<std::uint32_t>(rows) + 1;

  std::array<rd_kafka_message_t, 256> messages;
  std::size_t row_begin = 0;
  for (std::size_t done = 0; done < rows;) {
    const std::size_t n = std::min(messages.size(), rows - done);
    for (std::size_t i = 0; i < n; ++i, ++done) {
      rd_kafka_message_t& message = messages[i] = {};
      message.payload = readable(it.bytes.data() + row_begin);
      message.len = it.row_ends[done] - row_begin;
      row_begin = it.row_ends[done];
      const Bytes key = flight->key_of(done);
      message.key = readable(key.data());
      message.key_len = key.size();
      message._private = flight;
    }
    const bool held = held_ != kNoError;
    const int count = static_cast<int>(n);
    if (!held && rd_kafka_produce_batch(link.topic.get(), partition, 0, messages.data(), count) == count)
      continue;
    for (std::size_t i = 0; i < n; ++i) {
      const rd_kafka_message_t& message = messages[i];
      if (!held && message.err == kNoError) continue;
      const Bytes bytes(static_cast<const std::byte*>(message.payload), message.len);
      give(link, *flight, {bytes, flight->key_of(done - n + i), partition}, flight->refused);
    }
  }
  release(flight, 1);
}

/// The share of flight.left is the caller's. With a spool, only what the broker will never take is lost.
void KafkaProducer::lose(InFlight& flight, Bytes record, rd_kafka_resp_err_t error, LostRecords& lost) {
  FailReason reason = fail_reason(error);
  flight.error = error;
  if (spool_ != nullptr && !is_never_taken(error) && flight.keep(record, settings_.format, lost)) return;
  if (reason == FailReason::shutdown && !giving_up_) reason = FailReason::fatal;
  tally_.failed(reason, flight.flows_of(record, settings_.format), record.size());
  flight.fail(record, settings_.format, lost);
}

void KafkaProducer::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  const Link& link = *static_cast<const Link*>(opaque);
  if (!link.owner->columns_) {
    const Bytes rows(static_cast<const std::byte*>(message->payload), message->len);
    return link.owner->delivered(link, *message, *static_cast<InFlight*>(message->_private), rows);
  }
  const std::unique_ptr<ColumnRecord> record(static_cast<ColumnRecord*>(message->_private));
  link.owner->delivered(link, *message, *record->flight, record->rows);
}

/// Or not.
void KafkaProducer::delivered(const Link& link, const rd_kafka_message_t& message, InFlight& flight,
                              Bytes rows) {
  if (message.err == kNoError) {
    tally_.delivered(flight.flows_of(rows, settings_.format), rows.size());
    delivered_ns_.store(served_ns_, std::memory_order_relaxed);
    release_hold();
  } else if (!send_again(link, flight, message, rows)) {
    lose(flight, rows, message.err, flight.reported);
  }
  release(&flight, 1);
}

/// There is no memory to keep it.
void KafkaProducer::fail_kept(const InFlight& flight, LostRecords& lost) {
  const std::uint64_t flows = InFlight::fail_kept(lost);
  if (flows != 0) tally_.failed(FailReason::other, flows, flight.kept_bytes);
}

/// What is left of a block, for the spool; null where there is no memory for it.
BlockPtr KafkaProducer::rest(const BlockPtr& block, std::vector<Bytes> records) const {
  try {
    return rest_of(block, std::move(records), settings_.format);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

/// What is left of a block that came from the spool, or goes there; null: nothing.
void KafkaProducer::put_away(const Block& block, BlockPtr rest) {
  if (!rest && block.spooled == 0) return;
  if (rest && (rest.get() == &block || block.spooled == 0))
    spool_->put(std::move(rest));
  else
    spool_->settle(block, std::move(rest));
}

/// Something was delivered: the rest will be.
void KafkaProducer::release_hold() {
  if (held_ == kNoError || fatal_) return;
  const rd_kafka_resp_err_t held = held_.exchange(kNoError);
  if (held != RD_KAFKA_RESP_ERR__QUEUE_FULL)
    say(LogLevel::info, [] { return "the broker takes flows again"; });
}

void KafkaProducer::release(InFlight* flight, std::uint32_t rows) {
  if (flight->left.fetch_sub(rows, std::memory_order_acq_rel) != rows) return;
  const std::unique_ptr<InFlight> last(flight);
  const rd_kafka_resp_err_t error = last->error;
  LostRecords lost = last->lost();
  bool booked = last->book(lost);
  if (!booked && !lost.kept.empty()) {
    fail_kept(*last, lost);
    booked = last->book(lost);  // in the memory of what was kept
  }
  const bool kept = !lost.records.empty();
  BlockPtr left = kept ? rest(last->block, std::move(lost.records)) : nullptr;
  if (!left) fail_kept(*last, lost);
  booked ? books_.settle(last->ticket, lost) : books_.settle(last->ticket, Fate::failed);
  if (error == kNoError) tally_.block_delivered();
  const bool goes_on = left != nullptr;
  if (spool_ != nullptr) put_away(*last->block, std::move(left));
  if (error != kNoError && !goes_on && (!giving_up_ || fail_reason(error) != FailReason::shutdown))
    // Once a block, and in words that do not change, so that repeats can be folded into one line.
    say(LogLevel::error, [error] { return std::string("flows lost: ") + rd_kafka_err2str(error); });
}

}  // namespace sluice::sink
