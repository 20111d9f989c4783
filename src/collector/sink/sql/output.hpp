#pragma once
// Bytes that are made front to back. Room is asked for once, before many small pieces that are then written
// where a pointer says.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace sluice::sink::sql {

/// One thread.
class Output {
 public:
  /// Forgets what it holds, and its room where that is more than `kept`.
  void begin(std::size_t kept) {
    size_ = 0;
    if (room_ > kept) *this = Output();
  }
  /// Where the next byte goes, with room for this many; good until the next call.
  char* more(std::size_t bytes) {
    if (room_ - size_ < bytes) grow(bytes);
    return bytes_.get() + size_;
  }
  /// What was asked for is written up to here.
  void ends_at(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }
  std::string_view text() const { return {bytes_.get(), size_}; }

 private:
  void grow(std::size_t bytes) {
    const std::size_t room = std::max(2 * room_, size_ + bytes);
    auto grown = std::make_unique_for_overwrite<char[]>(room);
    if (size_ != 0) std::memcpy(grown.get(), bytes_.get(), size_);
    bytes_ = std::move(grown);
    room_ = room;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0, room_ = 0;
};

}  // namespace sluice::sink::sql
