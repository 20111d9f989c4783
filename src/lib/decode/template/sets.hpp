#pragma once
// The walk over the sets of a NetFlow v9 or IPFIX message (RFC 3954 section 5, RFC 7011 section 3.3). Both
// have the same set header; the ids and the layout of template sets differ, and come in as a Dialect.
#include "decode/template/records.hpp"

namespace sluice::decode {

/// What differs between the two protocols inside sets.
struct Dialect {
  std::uint16_t template_set;          ///< 0 in v9, 2 in IPFIX
  std::uint16_t options_template_set;  ///< 1 in v9, 3 in IPFIX
  bool enterprise_bit;                 ///< IPFIX: the highest bit of a field id says that a PEN follows
  bool scope_in_bytes;                 ///< v9 gives lengths in bytes where IPFIX counts fields
};

inline constexpr Dialect kNetflow9Dialect{0, 1, false, true};
inline constexpr Dialect kIpfixDialect{2, 3, true, false};

/// The walk over one message.
struct SetWalk {
  const Dialect& dialect;
  const Message& message;
  RecordDecoder& records;
  Into into;
};

/// Reads all sets but those that begin in the last `trailing` bytes, which the header says are no part of the
/// message; a set that reaches into them is believed, and the header counted as wrong. A set that is wrong
/// costs itself, and the sets after it only where its length is no guide to where they begin.
void walk_sets(const SetWalk& walk, ByteReader& reader, std::size_t trailing = 0);

}  // namespace sluice::decode
