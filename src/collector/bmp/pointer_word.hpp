#pragma once
// Words of tables that are shared between threads hold a pointer and, in bits that it does not use, what it
// points to.
#include <cstdint>

namespace sluice::bmp {

/// Without the bits besides.
template <class T>
T* pointer_in(std::uintptr_t word) {
  return reinterpret_cast<T*>(word);  // NOLINT(performance-no-int-to-ptr): one store has to change all of it
}

}  // namespace sluice::bmp
