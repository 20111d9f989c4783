#include "nfdump/lzo.hpp"

#include <cstring>

namespace sluice::nfdump {
namespace {

/// An instruction says a match (length, distance) and up to three literals behind it, or a run of literals
/// alone. What the smallest ones mean depends on how many literals came just before.
class Lzo1x {
 public:
  Lzo1x(Bytes packed, std::span<std::byte> out) : in_(packed), out_(out) {}

  std::optional<std::size_t> run() {
    if (in_.remaining() > 0 && std::to_integer<unsigned>(in_.rest().front()) > 17) {
      const std::size_t first = in_.be<std::uint8_t>() - 17U;
      literals(first);
      before_ = first < 4 ? first : kMany;
    }
    while (fine_ && in_.ok() && !ended_) instruction(in_.be<std::uint8_t>());
    if (!fine_ || !in_.ok()) return std::nullopt;
    return size_;
  }

 private:
  static constexpr std::size_t kMany = 4;  // literals before, four or more

  void instruction(std::size_t code) {
    if (code >= 128)
      near(code, 5 + (code >> 5 & 3), code >> 2 & 7);
    else if (code >= 64)
      near(code, 3 + (code >> 5 & 1), code >> 2 & 7);
    else if (code >= 32)
      middle(2 + length(code & 31, 31));
    else if (code >= 16)
      far(2 + length(code & 7, 7), (code & 8) << 11);
    else if (before_ == 0)
      run_of_literals(3 + length(code, 15));
    else if (before_ < kMany)
      shortest(code, 2, 1);
    else
      shortest(code, 3, 2049);
  }

  /// A length that is 0 in its bits goes on in bytes: 255 for each 0, and the first that is none.
  std::size_t length(std::size_t bits, std::size_t all_bits) {
    if (bits != 0) return bits;
    std::size_t sum = all_bits;
    while (in_.ok()) {
      const std::size_t byte = in_.be<std::uint8_t>();
      if (byte != 0) return sum + byte;
      sum += 255;
    }
    fine_ = false;
    return 0;
  }

  void near(std::size_t code, std::size_t n, std::size_t low) {
    match(n, (std::size_t{in_.be<std::uint8_t>()} << 3) + low + 1);
    after(code & 3);
  }
  void shortest(std::size_t code, std::size_t n, std::size_t from) {
    match(n, (std::size_t{in_.be<std::uint8_t>()} << 2) + (code >> 2) + from);
    after(code & 3);
  }
  void middle(std::size_t n) {
    const std::size_t word = little_word();
    match(n, (word >> 2) + 1);
    after(word & 3);
  }
  void far(std::size_t n, std::size_t high) {
    const std::size_t word = little_word();
    const std::size_t distance = high + (word >> 2);
    if (distance == 0) {
      ended_ = true;
      fine_ = fine_ && n == 3;
      return;
    }
    match(n, distance + 0x4000);
    after(word & 3);
  }
  void run_of_literals(std::size_t n) {
    literals(n);
    before_ = kMany;
  }
  void after(std::size_t n) {
    literals(n);
    before_ = n;
  }

  std::size_t little_word() {
    const std::size_t low = in_.be<std::uint8_t>();
    return low | std::size_t{in_.be<std::uint8_t>()} << 8;
  }
  void literals(std::size_t n) {
    const Bytes from = in_.take(n);
    fine_ = fine_ && in_.ok() && n <= out_.size() - size_;
    if (!fine_ || n == 0) return;
    std::memcpy(out_.data() + size_, from.data(), n);
    size_ += n;
  }
  void match(std::size_t n, std::size_t distance) {
    fine_ = fine_ && in_.ok() && distance <= size_ && n <= out_.size() - size_;
    if (!fine_) return;
    std::byte* const to = out_.data() + size_;
    const std::byte* const from = to - distance;
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];  // they may overlap
    size_ += n;
  }

  ByteReader in_;
  const std::span<std::byte> out_;
  std::size_t size_ = 0;
  std::size_t before_ = 0;
  bool fine_ = true;
  bool ended_ = false;
};

}  // namespace

std::optional<std::size_t> unpack_lzo1x(Bytes packed, std::span<std::byte> out) {
  return Lzo1x(packed, out).run();
}

}  // namespace sluice::nfdump
