#include "snmp/walk.hpp"

#include <algorithm>

namespace sluice::snmp {
namespace {

// RFC 2863, in the order of Walk::Which.
const std::array<Oid, 5> kBases{
    Oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1},   // ifName
    Oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18},  // ifAlias
    Oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15},  // ifHighSpeed, in Mbit/s
    Oid{1, 3, 6, 1, 2, 1, 2, 2, 1, 2},       // ifDescr
    Oid{1, 3, 6, 1, 2, 1, 2, 2, 1, 5},       // ifSpeed
};
constexpr std::uint64_t kMega = 1'000'000;
/// ifSpeed of what is faster than it can say.
constexpr std::uint64_t kTooFast = 0xffff'ffff;
constexpr std::uint64_t kMaxHighSpeed = 0xffff'ffff;

/// Of memory for an interface without its texts: a node of a map has links beside it.
constexpr std::uint64_t kRowBytes = sizeof(std::pair<const std::uint32_t, Interface>) + 48;

/// The ifIndex of an object of the column; 0 where it is none.
std::uint32_t index_of(const Oid& base, const Oid& oid) {
  if (oid.size() != base.size() + 1 || !std::equal(base.begin(), base.end(), oid.begin())) return 0;
  return oid.back();
}

}  // namespace

std::vector<Oid> Walk::next() {
  if (wanted_.empty() && !second_ && !columns_[name].asked)
    for (const Which which : {name, alias, high_speed}) columns_[which].asked = true;
  const auto open = [&] {
    wanted_.clear();
    for (std::uint8_t i = 0; i < kColumns; ++i)
      if (columns_[i].asked && !columns_[i].done) wanted_.push_back(static_cast<Which>(i));
  };
  open();
  if (wanted_.empty() && !second_) {
    look_for_gaps();
    open();
  }
  std::vector<Oid> out;
  for (const Which which : wanted_) {
    Oid& oid = out.emplace_back(kBases[which]);
    if (columns_[which].last != 0) oid.push_back(columns_[which].last);
  }
  return out;
}

/// Old devices have ifTable alone, and some fill ifXTable in part.
void Walk::look_for_gaps() {
  second_ = true;
  const auto any = [&](auto lacks) {
    return rows_.empty() || std::ranges::any_of(rows_, [&](const auto& row) { return lacks(row.second); });
  };
  columns_[descr].asked = any([](const Interface& one) { return one.name.empty(); });
  columns_[speed].asked = any([](const Interface& one) { return one.speed == 0; });
}

bool Walk::take(const std::vector<Value>& values) {
  if (values.empty() || wanted_.empty()) return false;
  for (std::size_t i = 0; i < values.size(); ++i) take_value(wanted_[i % wanted_.size()], values[i]);
  return true;
}

bool Walk::take_too_big() {
  repetitions_ /= 2;
  return repetitions_ > 0;
}

void Walk::take_value(Which which, const Value& value) {
  Column& column = columns_[which];
  if (column.done) return;
  const std::uint32_t index = index_of(kBases[which], value.oid);
  if (index == 0 || value.kind == Value::Kind::other) {
    column.done = true;
    return;
  }
  if (index <= column.last) {
    ++disorder_;
    column.done = true;
    return;
  }
  column.last = index;
  auto row = rows_.find(index);
  if (row == rows_.end() && rows_.size() >= max_) {
    // The bound is one on our patience, too.
    if (++column.cut >= max_) column.done = true;
    return;
  }
  if (row == rows_.end()) {
    if (!take_room(which, kRowBytes)) return;
    row = rows_.emplace(index, Interface{}).first;
  }
  store(which, row->second, value);
}

void Walk::store(Which which, Interface& to, const Value& value) {
  const bool text = which == name || which == alias || which == descr;
  if (text != (value.kind == Value::Kind::text)) return;
  if (which == name || (which == descr && to.name.empty())) store_text(which, to.name, value);
  if (which == alias) store_text(which, to.description, value);
  if (which == high_speed && value.number <= kMaxHighSpeed) to.speed = value.number * kMega;
  if (which == speed && to.speed == 0 && value.number < kTooFast) to.speed = value.number;
}

/// The place is empty: a column names no interface twice.
void Walk::store_text(Which which, std::string& to, const Value& value) {
  std::string clean = clean_text(value.text);
  if (take_room(which, heap_bytes(clean))) to = std::move(clean);
}

bool Walk::take_room(Which which, std::uint64_t bytes) {
  if (room_.take(bytes)) {
    held_ += bytes;
    return true;
  }
  short_of_room_ = true;
  ++columns_[which].cut;
  return false;
}

Interfaces Walk::result() const { return Interfaces({rows_.begin(), rows_.end()}); }

std::uint64_t Walk::cut() const { return std::ranges::max(columns_, {}, &Column::cut).cut; }

}  // namespace sluice::snmp
