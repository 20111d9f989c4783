#pragma once
// What a filter can ask of a flow: every field of the message, by the name of its column, and what is
// computed from fields. Made from the table of fields; constant data, any thread.
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "sluice/flow/batch.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::filter {

/// How values of it are written, read and compared.
enum class Kind : std::uint8_t {
  number,
  words,  ///< a number whose values have names: an enumeration of the message, `proto`, `etype`
  flags,  ///< a number whose bits have letters: tcp_flags
  time,   ///< nanoseconds of Unix time
  mac,
  address,
  text,
  numbers,   ///< a list of numbers, of which one is asked for by its place, or any
  addresses  ///< a list of addresses
};

/// Computed from fields of one flow, as nfdump computes it; none: the field itself.
enum class Derived : std::uint8_t {
  none,
  bytes,     ///< times the sampling rate, where that is known
  packets,   ///< likewise
  flows,     ///< 1
  duration,  ///< milliseconds
  pps,       ///< packets a second, whole; 0 for a flow without duration
  bps,       ///< bits a second
  bpp        ///< bytes a packet
};

struct Quantity {
  std::string_view name;
  Kind kind = Kind::number;
  Derived derived = Derived::none;
  const FieldInfo* field = nullptr;  ///< null for a derived one
  std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();
  std::string_view unit;
};

/// In the order of the message's fields, derived ones first.
std::span<const Quantity> quantities();
/// By its name or another spelling of it (Akvorado's), in any case of letters; nullptr where there is none.
const Quantity* find_quantity(std::string_view name);
/// The same of the other direction: src_port for dst_port, in_if for out_if; itself where there is none.
const Quantity* reversed(const Quantity& quantity);

/// Of a kind that is a number. Absent: 0, as in the tables.
std::uint64_t number_of(const Quantity& quantity, const FlowBatch& batch, const FlowRecord& flow);

}  // namespace sluice::filter
