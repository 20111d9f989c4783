#pragma once
// Cuts a stream of bytes into IPFIX messages by their own lengths (RFC 7011 sections 3.1 and 10.4): as TCP
// brings them, in pieces of any size. One thread.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sluice/util/byte_reader.hpp"

namespace sluice::net {

class Framing {
 public:
  static constexpr std::size_t kHeader = 16;  ///< of a message, and so the shortest that there is

  /// Hands out each message that is whole now, as `take(Bytes)`, and keeps the bytes of the one that is not.
  /// `take` returns whether to go on. False: it did not want more, or failed(). Messages borrow `bytes` or
  /// memory of this object until `take` returns.
  template <class Take>
  bool feed(Bytes bytes, const Take& take);

  /// What came is no IPFIX message: another version, or a length that is none. Where the next one begins
  /// nobody can say, so the stream is over.
  bool failed() const { return failed_; }
  /// Bytes that came of a message that is not whole.
  std::size_t waiting() const { return begun_.size(); }
  /// Memory that is held for them.
  std::size_t held() const { return begun_.capacity(); }

 private:
  static constexpr std::size_t kUnknown = 0;
  std::size_t length_of(Bytes bytes);
  std::size_t complete(Bytes bytes, std::size_t wanted);

  std::vector<std::byte> begun_;
  bool failed_ = false;
};

template <class Take>
bool Framing::feed(Bytes bytes, const Take& take) {
  while (!failed_ && !begun_.empty() && !bytes.empty()) {
    const std::size_t length = length_of(begun_);
    if (failed_) return false;
    bytes = bytes.subspan(complete(bytes, length != kUnknown ? length : begun_.size() + 1));
    if (length == kUnknown || begun_.size() < length) continue;
    const std::vector<std::byte> whole = std::exchange(begun_, {});
    if (!take(Bytes(whole))) return false;
  }
  while (!bytes.empty()) {
    const std::size_t length = length_of(bytes);
    if (failed_) return false;
    if (length == kUnknown || length > bytes.size()) {
      complete(bytes, bytes.size());
      break;
    }
    if (!take(bytes.first(length))) return false;
    bytes = bytes.subspan(length);
  }
  // What there is of a header may be wrong already.
  if (!begun_.empty()) length_of(begun_);
  return !failed_;
}

}  // namespace sluice::net
