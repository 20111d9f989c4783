#pragma once
// Protobuf wire format, read: fields of one message, one after the other. Borrows the bytes; any input is
// safe.
#include <cstdint>

#include "sluice/util/byte_reader.hpp"
#include "util/wire.hpp"

namespace sluice::wire {

/// One field as it stands on the wire.
struct Field {
  std::uint32_t number = 0;
  Type type = Type::varint;
  std::uint64_t integer = 0;  ///< type varint
  Bytes bytes;                ///< type delimited
};

/// Reads varints front to back; after the first bad one it is failed and at its end.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool ok() const { return error_ == nullptr; }
  /// What was wrong; nullptr while nothing was.
  const char* error() const { return error_; }

  std::uint64_t varint();
  /// What a length stands before: a message of a stream of them.
  Bytes delimited() { return take(varint()); }
  /// The next field. Fields of fixed width are passed over, and come back with neither integer nor bytes.
  Field field();

 private:
  std::uint64_t fail(const char* error);
  Bytes take(std::uint64_t size);

  Bytes rest_;
  const char* error_ = nullptr;
};

}  // namespace sluice::wire
