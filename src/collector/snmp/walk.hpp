#pragma once
// The way through a device's tables of interfaces: which objects to ask for next, and what an answer said.
// ifXTable first (RFC 2863); ifTable for names and speeds that are missing then. Knows no network; what
// devices answer is hostile. One thread.
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "snmp/interfaces.hpp"

namespace sluice::snmp {

using Oid = std::vector<std::uint32_t>;

/// An object of an answer.
struct Value {
  enum class Kind : std::uint8_t { text, number, other };
  Oid oid;
  Kind kind = Kind::other;  ///< other: also that there is none, and the end of all objects
  std::string text{};
  std::uint64_t number = 0;
};

/// Memory that all walks under way share: many devices at once may not have more than one. One thread.
class Room {
 public:
  explicit Room(std::uint64_t bytes) : left_(bytes) {}
  /// False, and nothing is taken, where there is not so much left.
  bool take(std::uint64_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) { left_ += bytes; }
  std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
};

class Walk {
 public:
  /// The room outlives the walk, which gives back at its end what it has of it.
  Walk(std::uint32_t max_interfaces, Room& room) : max_(max_interfaces), room_(room) {}
  ~Walk() { room_.give_back(held_); }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  /// For a GETBULK: the objects after which the next ones are wanted; empty: there is nothing more to ask.
  std::vector<Oid> next();
  int repetitions() const { return repetitions_; }
  /// Takes the answer to next(); false where nothing can be done with it.
  bool take(const std::vector<Value>& values);
  /// The device says that its answer would be too big; false where it cannot be smaller.
  bool take_too_big();

  Interfaces result() const;
  /// Of result().
  std::size_t size() const { return rows_.size(); }
  /// Interfaces past the bound, and those of which something was not taken for want of room.
  std::uint64_t cut() const;
  /// A value was not taken for want of room: what there is is not what the device told.
  bool short_of_room() const { return short_of_room_; }
  /// Objects out of order: a device that counts in circles.
  std::uint64_t disorder() const { return disorder_; }

 private:
  enum Which : std::uint8_t { name, alias, high_speed, descr, speed, kColumns };
  struct Column {
    std::uint32_t last = 0;  ///< ifIndex
    bool asked = false;
    bool done = false;
    std::uint64_t cut = 0;
  };
  void take_value(Which which, const Value& value);
  void store(Which which, Interface& to, const Value& value);
  void store_text(Which which, std::string& to, const Value& value);
  bool take_room(Which which, std::uint64_t bytes);
  void look_for_gaps();

  const std::uint32_t max_;
  Room& room_;
  std::uint64_t held_ = 0;  // of the room
  bool short_of_room_ = false;
  int repetitions_ = 10;  // of three columns: about what fits a datagram of 1500 bytes
  bool second_ = false;
  std::array<Column, kColumns> columns_{};
  std::vector<Which> wanted_;  // of the request under way
  std::map<std::uint32_t, Interface> rows_;
  std::uint64_t disorder_ = 0;
};

}  // namespace sluice::snmp
