#include "encode/row_loop.hpp"

#if defined(SLUICE_HAS_ROW_LOOP_V3)

#define SLUICE_ROW_LOOP row_loop_v3
#define SLUICE_ROW_SPREAD_PDEP 1

// The target begins here and not on the command line: of the headers above, nothing is built for it.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt")
#endif
#include "encode/row_loop.inc"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
