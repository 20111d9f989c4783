#pragma once
// When memory that readers may look at can be freed. One thread changes a structure and takes pieces out of
// it; readers see it whole at all times, without a lock and without waiting. Each reader says when it begins
// and ends to look; a piece is freed when all who began before it was taken out have ended.
//
// Chosen over snapshots of sub-trees, which cost the writer a copy of the way to the root for each route, and
// over sequence locks, which make readers try again while a table is filled. All stores and loads of what is
// shared are sequentially consistent, so that no fence is needed, which ThreadSanitizer would not understand.
#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include "util/guarded.hpp"

namespace sluice::bmp {

class Epochs {
 public:
  Epochs() = default;
  /// No reader is left.
  ~Epochs();
  Epochs(const Epochs&) = delete;
  Epochs& operator=(const Epochs&) = delete;

  /// Belongs to one thread at a time; made and ended on any. The Epochs outlive it.
  class alignas(64) Reader {
   public:
    explicit Reader(Epochs& epochs);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    /// Not twice without leave() between.
    void enter() { since_.store(epochs_.now_.load()); }
    void leave() { since_.store(0, std::memory_order_release); }

   private:
    friend Epochs;
    Epochs& epochs_;
    std::atomic<std::uint64_t> since_{0};  ///< 0: does not look
  };

  // The writer's thread.

  /// `what` can be reached no more; it is freed, by T::free(), when nobody looks at it any more. Where there
  /// is no memory to note it, waits until then.
  template <class T>
  void retire(T* what) noexcept {
    put_away({what, [](void* gone) { T::free(static_cast<T*>(gone)); }, now_.load()});
  }
  /// Frees what can be. From time to time, and never within a reader's look of this thread.
  void collect();
  /// Pieces that wait to be freed.
  std::size_t waiting() const { return retired_.size(); }

 private:
  struct Retired {
    void* what;
    void (*free)(void*);
    std::uint64_t at;
  };
  void put_away(Retired one) noexcept;
  std::uint64_t oldest_look() const;

  std::atomic<std::uint64_t> now_{1};
  Guarded<std::vector<Reader*>> readers_;
  std::deque<Retired> retired_;
};

}  // namespace sluice::bmp
