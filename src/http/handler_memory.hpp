#pragma once
// Memory for the one operation that may not fail for want of it, since nothing happens any more without it.
// Private to this module.
#include <array>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace sluice::http {

/// For one operation at a time; outlives it. What does not fit, or comes beside it, is taken from the heap.
class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  void* take(std::size_t size) {
    if (size > bytes_.size() || std::exchange(taken_, true)) return ::operator new(size);
    return bytes_.data();
  }
  void give_back(void* what) {
    if (what == bytes_.data())
      taken_ = false;
    else
      ::operator delete(what);
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 512> bytes_;
  bool taken_ = false;
};

template <class T>
struct HandlerAllocator {
  using value_type = T;
  explicit HandlerAllocator(HandlerMemory& of) : memory(&of) {}
  template <class U>
  HandlerAllocator(const HandlerAllocator<U>& other) : memory(other.memory) {}  // NOLINT: allocators convert
  T* allocate(std::size_t n) { return static_cast<T*>(memory->take(n * sizeof(T))); }
  void deallocate(T* what, std::size_t) { memory->give_back(what); }
  friend bool operator==(const HandlerAllocator& a, const HandlerAllocator& b) {
    return a.memory == b.memory;
  }

  HandlerMemory* memory;
};

/// A handler whose operation is kept there.
template <class Call>
struct HandlerWithMemory {
  using allocator_type = HandlerAllocator<void*>;
  allocator_type get_allocator() const { return allocator_type(*memory); }
  template <class... Args>
  void operator()(Args&&... args) {
    call(std::forward<Args>(args)...);
  }

  HandlerMemory* memory;
  Call call;
};

template <class Call>
HandlerWithMemory<std::decay_t<Call>> with_memory(HandlerMemory& memory, Call&& call) {
  return {&memory, std::forward<Call>(call)};
}

}  // namespace sluice::http
