#pragma once
// A bounds-checked cursor over bytes that came from the network. Everything the decoders read goes through it
// or through a window it handed out. It borrows the bytes; they must outlive it. Any thread, no state shared.
#include <boost/endian/conversion.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice {

using Bytes = std::span<const std::byte>;

/// Big-endian load without a check; the caller has proved that sizeof(T) bytes are there.
template <std::unsigned_integral T>
[[gnu::always_inline]] inline T load_be(const std::byte* p) {
  return boost::endian::endian_load<T, sizeof(T), boost::endian::order::big>(
      reinterpret_cast<const unsigned char*>(p));
}

/// Big-endian unsigned integer of any width from 0 to 8 bytes (RFC 7011 section 6.2, reduced-size encoding).
/// Wider input yields its last 8 bytes.
[[gnu::always_inline]] inline std::uint64_t load_be_any(Bytes bytes) {
  switch (bytes.size()) {
    case 1:
      return load_be<std::uint8_t>(bytes.data());
    case 2:
      return load_be<std::uint16_t>(bytes.data());
    case 4:
      return load_be<std::uint32_t>(bytes.data());
    case 8:
      return load_be<std::uint64_t>(bytes.data());
    default:
      break;
  }
  std::uint64_t value = 0;
  for (const std::byte b : bytes) value = value << 8 | std::to_integer<std::uint64_t>(b);
  return value;
}

/// Big-endian value at a compile-time offset of a fixed-size window; out of bounds does not compile.
template <std::unsigned_integral T, std::size_t Offset, std::size_t N>
[[gnu::always_inline]] inline T be_at(std::span<const std::byte, N> window) {
  static_assert(Offset + sizeof(T) <= N);
  return load_be<T>(window.data() + Offset);
}

/// Reads borrowed bytes front to back. The first read past the end makes the reader failed and empty for
/// good: later reads return 0, and ok() says so. A count from the wire bounds a loop only together with ok()
/// or remaining(): a failed reader hands out zeros for ever.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  [[gnu::always_inline]] T be() {
    if (rest_.size() < sizeof(T)) [[unlikely]]
      return fail(), T{0};
    const T value = load_be<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  /// The next n bytes, or an empty span and a failed reader. A nested length cannot leave its parent.
  [[gnu::always_inline]] Bytes take(std::size_t n) {
    if (rest_.size() < n) [[unlikely]]
      return fail(), Bytes{};
    const Bytes taken = rest_.first(n);
    rest_ = rest_.subspan(n);
    return taken;
  }
  /// The next N bytes as a fixed-size window for be_at(); all zeros once the reader has failed.
  template <std::size_t N>
  [[gnu::always_inline]] std::span<const std::byte, N> window() {
    static constexpr std::byte kZeros[N]{};
    if (rest_.size() < N) [[unlikely]]
      return fail(), std::span<const std::byte, N>{kZeros};
    const auto taken = rest_.first<N>();
    rest_ = rest_.subspan(N);
    return taken;
  }
  void skip(std::size_t n) { take(n); }
  Bytes rest() const { return rest_; }
  std::size_t remaining() const { return rest_.size(); }
  bool ok() const { return ok_; }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  Bytes rest_;
  bool ok_ = true;
};

}  // namespace sluice
