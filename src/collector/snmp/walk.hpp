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

class Walk {
 public:
  explicit Walk(std::uint32_t max_interfaces) : max_(max_interfaces) {}

  /// For a GETBULK: the objects after which the next ones are wanted; empty: there is nothing more to ask.
  std::vector<Oid> next();
  int repetitions() const { return repetitions_; }
  /// Takes the answer to next(); false where nothing can be done with it.
  bool take(const std::vector<Value>& values);
  /// The device says that its answer would be too big; false where it cannot be smaller.
  bool take_too_big();

  Interfaces result() const;
  /// Interfaces past the bound.
  std::uint64_t cut() const;
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
  void look_for_gaps();

  const std::uint32_t max_;
  int repetitions_ = 10;  // of three columns: about what fits a datagram of 1500 bytes
  bool second_ = false;
  std::array<Column, kColumns> columns_{};
  std::vector<Which> wanted_;  // of the request under way
  std::map<std::uint32_t, Interface> rows_;
  std::uint64_t disorder_ = 0;
};

}  // namespace sluice::snmp
