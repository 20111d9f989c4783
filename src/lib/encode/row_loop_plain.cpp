#include "encode/row_loop.hpp"

#define SLUICE_ROW_LOOP row_loop_plain
#define SLUICE_ROW_SPREAD_PDEP 0
#include "encode/row_loop.inc"
