#include "sink/sql/rows.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "flow/field_rows.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink::sql {
namespace {

constexpr std::uint64_t kLargestTime = std::numeric_limits<std::int64_t>::max();
constexpr std::uint16_t kReceived = field_number("time_received_ns");
constexpr std::uint16_t kStart = field_number("time_flow_start_ns");
constexpr std::uint16_t kEnd = field_number("time_flow_end_ns");

constexpr std::uint32_t kSmallNumbers = 2048;  // those that are found by looking at a table

bool is_address(Bytes bytes) { return bytes.empty() || bytes.size() == 4 || bytes.size() == 16; }

}  // namespace

Rows::Rows(std::vector<Source> sources) : sources_(std::move(sources)), lists_(1) {
  for (const Source& source : sources_) {
    const bool address = source.kind == FieldKind::address;
    const bool bytes = source.kind == FieldKind::text || source.kind == FieldKind::raw;
    if (source.list)
      add_place(source.number, address ? Take::addresses : bytes ? Take::texts : Take::integers);
    else
      add_place(source.number, address ? Take::address : bytes ? Take::bytes : Take::integer);
  }
  for (const auto& [number, place] :
       {std::pair{kReceived, &received_}, std::pair{kStart, &start_}, std::pair{kEnd, &end_}}) {
    if (place_of(number) == said_.size()) add_place(number, Take::integer);
    *place = place_of(number);
  }
}

void Rows::add_place(std::uint32_t number, Take take) {
  said_.emplace_back();
  take_.push_back(take);
  list_of_.push_back(0);
  if (take >= Take::integers) {
    list_of_.back() = lists_.size();
    lists_.emplace_back();
  }
  const auto place_and_one = static_cast<std::uint16_t>(said_.size());
  if (number >= kSmallNumbers) {
    large_numbers_.emplace_back(number, place_and_one);
    std::ranges::sort(large_numbers_);
    return;
  }
  if (by_number_.size() <= number) by_number_.resize(number + 1U);
  by_number_[number] = place_and_one;
}

/// said_.size(): no column wants it.
inline std::size_t Rows::place_of(std::uint32_t number) const {
  std::uint16_t place_and_one = 0;
  if (number < by_number_.size()) {
    place_and_one = by_number_[number];
  } else if (number >= kSmallNumbers) {
    const auto found =
        std::ranges::lower_bound(large_numbers_, number, {}, &std::pair<std::uint32_t, std::uint16_t>::first);
    if (found != large_numbers_.end() && found->first == number) place_and_one = found->second;
  }
  return place_and_one == 0 ? said_.size() : place_and_one - 1U;
}

void Rows::begin() {
  rows_ = 0;
  days_.clear();
  last_day_ = -1;
  cut_ = 0;
  start();
}

inline bool Rows::hear(std::size_t place, std::uint64_t integer) {
  const Take take = take_[place];
  if (take == Take::integer) {
    said_[place].integer = integer;
    said_[place].anything = true;
  } else if (take == Take::integers) {
    lists_[list_of_[place]].integers.push_back(integer);
    ++elements_;
  }
  return true;
}

/// False: it is none of its kind, and `wrong_` says why.
inline bool Rows::hear(std::size_t place, Bytes bytes) {
  switch (take_[place]) {
    case Take::integer:
      break;
    case Take::address:
      if (!is_address(bytes)) return no_address(place, bytes);
      [[fallthrough]];
    case Take::bytes:
      said_[place].bytes = bytes;
      break;
    case Take::integers:
      return hear_packed(place, bytes);
    case Take::addresses:
      if (!is_address(bytes)) return no_address(place, bytes);
      [[fallthrough]];
    case Take::texts:
      lists_[list_of_[place]].bytes.push_back(bytes);
      ++elements_;
      break;
  }
  return true;
}

/// Elements come one by one or many at once.
bool Rows::hear_packed(std::size_t place, Bytes bytes) {
  wire::Reader elements(bytes);
  while (!elements.at_end()) {
    const std::uint64_t element = elements.varint();
    if (elements.ok()) hear(place, element);
  }
  if (!elements.ok()) wrong_ = std::string(sources_[place].name) + ": " + elements.error();
  return elements.ok();
}

bool Rows::no_address(std::size_t place, Bytes bytes) {
  wrong_ = std::string(sources_[place].name) + ": an address of " + std::to_string(bytes.size()) +
           " bytes, not of 4 or 16";
  return false;
}

/// An absent end becomes the time of receipt, and an absent start the end.
void Rows::complete_times() {
  std::uint64_t& received = said_[received_].integer;
  std::uint64_t& start = said_[start_].integer;
  std::uint64_t& end = said_[end_].integer;
  for (std::uint64_t* const time : {&received, &start, &end})
    if (*time > kLargestTime) *time = 0;
  if (end == 0) end = received;
  if (start == 0) start = end;
}

Result<void, std::string> Rows::add(Bytes message) {
  std::ranges::fill(said_, Said{});
  if (elements_ != 0)
    for (SaidList& list : lists_) {
      list.integers.clear();
      list.bytes.clear();
    }
  elements_ = 0;
  const auto heard = [this](std::uint32_t number, auto value) {
    const std::size_t place = place_of(number);
    return place == said_.size() || hear(place, value);
  };
  const char* const error = wire::each_field(message, heard, heard);
  if (error != nullptr) return failure(std::string(error));
  if (!wrong_.empty()) return failure(std::exchange(wrong_, {}));
  complete_times();
  if (const Day day = day_of(said_[received_].integer); day != last_day_) days_.insert(last_day_ = day);
  put(message.size());
  ++rows_;
  return {};
}

}  // namespace sluice::sink::sql
