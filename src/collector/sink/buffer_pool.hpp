#pragma once
// Buffers that blocks have done with and the next blocks take.
#include <cstddef>
#include <mutex>
#include <vector>

namespace sluice::sink {

class BufferPool {
 public:
  /// Keeps at most `keep` buffers of at least `buffer_bytes` capacity.
  BufferPool(std::size_t buffer_bytes, std::size_t keep) : buffer_bytes_(buffer_bytes), keep_(keep) {
    free_.reserve(keep);
  }

  /// An empty buffer with room for buffer_bytes.
  std::vector<std::byte> take() {
    std::vector<std::byte> buffer;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        buffer = std::move(free_.back());
        free_.pop_back();
      }
    }
    buffer.clear();
    buffer.reserve(buffer_bytes_);
    return buffer;
  }

  /// Takes a buffer back, or lets it go where it is of another size or there are enough.
  void put(std::vector<std::byte> buffer) {
    if (buffer.capacity() != buffer_bytes_) return;
    const std::lock_guard lock(mutex_);
    if (free_.size() < keep_) free_.push_back(std::move(buffer));
  }

 private:
  const std::size_t buffer_bytes_;
  const std::size_t keep_;
  std::mutex mutex_;
  std::vector<std::vector<std::byte>> free_;
};

}  // namespace sluice::sink
