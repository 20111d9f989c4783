#pragma once
// While one of these lives, LeakSanitizer asks for nothing that is allocated: for a library's own leaks,
// around its call alone.

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_LEAKS_ARE_LOOKED_FOR
#endif
#endif

#ifdef SLUICE_LEAKS_ARE_LOOKED_FOR
#include <sanitizer/lsan_interface.h>
namespace sluice::test {
using LeaksOfOthers = __lsan::ScopedDisabler;
}
#else
namespace sluice::test {
struct LeaksOfOthers {
  LeaksOfOthers() {}
};
}  // namespace sluice::test
#endif
