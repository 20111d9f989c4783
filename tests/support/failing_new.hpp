#pragma once
// Memory that runs out when a test says so: replaces operator new of the whole executable, so one source of
// it includes this, and defines allocation_fails().
#include <cstdlib>
#include <new>

namespace sluice::test {

/// Whether the allocation that is asked for now is to fail. Any thread calls it, and it allocates nothing.
bool allocation_fails();

inline void* allocate(std::size_t size) {
  if (allocation_fails()) throw std::bad_alloc();
  void* const out = std::malloc(size ? size : 1);
  if (!out) throw std::bad_alloc();
  return out;
}

}  // namespace sluice::test

void* operator new(std::size_t size) { return sluice::test::allocate(size); }
void* operator new[](std::size_t size) { return sluice::test::allocate(size); }
void operator delete(void* what) noexcept { std::free(what); }
void operator delete[](void* what) noexcept { std::free(what); }
void operator delete(void* what, std::size_t) noexcept { std::free(what); }
void operator delete[](void* what, std::size_t) noexcept { std::free(what); }
