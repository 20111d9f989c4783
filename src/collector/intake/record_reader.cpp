#include "intake/record_reader.hpp"

#include <algorithm>
#include <new>

#include "encode/columns_record.hpp"
#include "sluice/encode/rows.hpp"
#include "util/clock.hpp"

namespace sluice::intake {
namespace {

/// Of clocks that were never set: the year 2000.
constexpr std::uint64_t kEarliest = 946'684'800 * kNsPerSecond;
/// Clocks differ; so the tables' own consumer takes it (--hours-after).
constexpr std::uint64_t kLatestAfter = 3600 * kNsPerSecond;
constexpr unsigned kLongestLength = 5;  // bytes of a varint that says how long a message is

/// Takes a length off the front. False: there is none.
bool take_length(Bytes& from, std::uint64_t& length) {
  length = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(from.size(), kLongestLength); ++i) {
    const auto byte = std::to_integer<std::uint64_t>(from[i]);
    length |= (byte & 0x7F) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    from = from.subspan(i + 1);
    return true;
  }
  return false;
}

}  // namespace

void RecordReader::begin(Bytes record, std::uint64_t written_ns) {
  rest_ = record;
  written_ns_ = written_ns;
  if (record.empty()) refuse(Bad::no_value, "a record without a value");
  std::uint64_t columns = 0;
  Bytes from = record;
  if (!take_length(from, columns) || !encode::columns_follow(from)) return;
  refuse(Bad::framing, encode::kAreColumns);
  rest_ = {};
}

bool RecordReader::read() {
  while (!rest_.empty()) {
    if (full()) return true;
    // Nothing of it is gone before it is taken: where memory runs out, it is the next one still.
    Bytes from = rest_;
    std::uint64_t length = from.size();
    if (framing_ != sink::Framing::plain && (!take_length(from, length) || length > from.size())) {
      refuse(Bad::framing, "no length of a message; what is behind it in the record is lost");
      rest_ = {};
      break;
    }
    take(from.first(static_cast<std::size_t>(length)));
    rest_ = from.subspan(static_cast<std::size_t>(length));
  }
  return false;
}

void RecordReader::take(Bytes message) {
  if (message.size() > kLongestMessage)
    return refuse(Bad::too_long, "a message of " + std::to_string(message.size()) + " bytes");
  const std::size_t before = batch_.size();
  try {
    if (const auto read = encode::decode_message(message, batch_, user_fields_.get()); !read)
      refuse(Bad::message, "no FlowMessage: " + read.error());
    else
      mend_time(batch_.current_origin());
  } catch (const std::bad_alloc&) {
    batch_.truncate(before);
    throw;
  }
  bytes_ += message.size();
}

void RecordReader::mend_time(Origin& origin) {
  std::uint64_t& time = origin.time_received_ns;
  if (time >= kEarliest && time <= written_ns_ + kLatestAfter) return;
  time = written_ns_;
  ++restamped;
}

void RecordReader::refuse(Bad why, std::string words) {
  trouble = std::move(words);
  ++bad[why];
}

/// What one large message made grow is not kept for ever.
void RecordReader::clear() {
  if (bytes_ > 2 * kBatchBytes)
    batch_ = FlowBatch();
  else
    batch_.clear();
  bytes_ = 0;
}

}  // namespace sluice::intake
