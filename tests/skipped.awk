# Every single test that was skipped, and why, from ctest's LastTest.log: ctest itself knows programs, of which one that left
# out a part has passed. Python's tests say "SKIPPED: TEST: WHY" (tests/integration/harness/case.py); GoogleTest has
# the reason on a line before the name.
/^[0-9]+\/[0-9]+ Testing: / { program = $3; why = "" }
/^SKIPPED: / { print "SKIPPED " program ": " substr($0, 10) }
/: Skipped$/ { getline why }
/^\[  SKIPPED \] .* \([0-9]+ ms\)$/ { print "SKIPPED " program ": " $4 ": " why; why = "" }
