#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test.
#
#     tests/run.sh            everything
#     tests/run.sh --quick    the release build, unit tests and the format check, then stops
#     tests/run.sh --tidy     the release build and clang-tidy over src, nothing else: some 20 minutes on 2 cores,
#                             which is why it is a run of its own
#     tests/run.sh --long     the release build and what takes an hour and more: the long forms of the tests of endurance,
#                             and every fuzz target for ten minutes, those of files and of HTTP for thirty
#
# Stages go on after one that failed, so that one run shows all there is to mend; the exit status is 0 only where
# every stage passed. What each said is kept in build/logs.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

quick=false tidy=false long=false
case ${1:-} in
  '') ;;
  --quick) quick=true ;;
  --tidy) tidy=true ;;
  --long) long=true ;;
  *) sed -n '2,/^set -/s/^# \{0,1\}//p' "$0" | sed '/^set -/d' >&2; exit 2 ;;
esac

cores=$(nproc)
logs=build/logs
mkdir -p $logs
rm -f $logs/*
failed=()
summary=()

# cpu: the seconds of processor time that the machine has used, over all processors; a stage's tell what it costs where
# another waits. What runs beside it counts too.
cpu() { awk -v hertz="$(getconf CLK_TCK)" '/^cpu / { printf "%d", ($2 + $3 + $4 + $7 + $8) / hertz }' /proc/stat; }

# stage NAME COMMAND...: runs it with its output shown and kept.
stage() {
  local name=$1 began=$SECONDS before status
  before=$(cpu)
  shift
  printf '\n=== %s\n' "$name"
  "$@" 2>&1 | tee "$logs/$name.log"
  status=${PIPESTATUS[0]}
  ended "$name" "$status" $((SECONDS - began)) "$(($(cpu) - before)) s of processors"
}

# beside NAME COMMAND...: starts it with what the stages after it leave of the machine; `of_beside NAME` waits for it.
declare -A beside_of=()
beside() {
  local name=$1
  shift
  set -m  # a process group of its own, so that all of it ends with us
  (renice -n 19 -p $BASHPID >/dev/null; "$@") > "$logs/$name.log" 2>&1 < /dev/null &
  beside_of[$name]=$!
  set +m
}
trap 'for group in "${beside_of[@]}"; do kill -- "-$group" 2>/dev/null; done' EXIT

of_beside() {
  local name=$1 began=$SECONDS status=0
  printf '\n=== %s\n' "$name"
  wait "${beside_of[$name]}" || status=$?
  cat "$logs/$name.log"
  ended "$name" $status $((SECONDS - began))
}

# ended NAME STATUS SECONDS [WORD]: takes a stage into the summary; its status is the stage's.
ended() {
  local name=$1 status=$2
  ((status == 0)) || failed+=("$name")
  summary+=("$(printf '%-18s %-6s %4d s%s' "$name" "$( ((status == 0)) && echo passed || echo FAILED)" "$3" "${4:+, $4}")")
  # ctest's closing lines once more at the very end, where they are looked for, and every test that was skipped.
  mapfile -t -O ${#summary[@]} summary < <(
    grep -E '^[0-9]+% tests passed|^The following tests (FAILED|did not run)|^\s+[0-9]+ - .*\((Failed|Skipped|Timeout|Not Run|SEGFAULT|Subprocess aborted)|^SKIPPED ' \
      "$logs/$name.log" | sed 's/^/      /')
  return $status
}

# build PRESET TARGET...
build() {
  local preset=$1
  shift
  cmake --preset "$preset" -DSLUICE_TESTS=ON -DSLUICE_LONG="$long" && cmake --build --preset "$preset" -j "$cores" ${1:+--target "$@"}
}

# costliest LOG: the tests in Python that took most of the processors' time, for whoever has to make room.
costliest() {
  awk '/^[0-9]+\/[0-9]+ Testing: / { test = $3 } /^PROCESSORS: / { print "PROCESSORS", $2, "s", test }' "$1" | sort -k 2rn | head -n 12
}

# run_ctest PRESET OPTION...; an option -j counts instead of one test a core.
run_ctest() {
  ctest --test-dir "build/$1" --output-on-failure --no-tests=error -j "$cores" "${@:2}"
  local status=$?
  awk -f tests/skipped.awk "build/$1/Testing/Temporary/LastTest.log"
  costliest "build/$1/Testing/Temporary/LastTest.log"
  return $status
}

check_format() { find include src tests -name '*.[ch]pp' -print0 | xargs -0 -P "$cores" -n 20 clang-format-19 --dry-run --Werror; }

# Warnings of the analyser are errors (.clang-tidy). Over src only: tests use macros that it does not like.
# What the compile commands have for g++ alone (its warnings, its precompiled headers) and what its headers deprecate for
# clang is passed over.
check_tidy() {
  run-clang-tidy-19 -quiet -extra-arg=-Wno-unknown-warning-option -extra-arg=-Wno-ignored-gch -extra-arg=-Wno-unused-command-line-argument \
    -extra-arg=-Wno-deprecated-declarations -j "$cores" -p build/release "$PWD/src/.*\.cpp"
}

finish() {
  printf '\n=== summary (%d s)\n' $SECONDS
  printf '%s\n' "${summary[@]}"
  ((${#failed[@]} == 0)) && exit 0
  printf 'FAILED: %s\n' "${failed[*]}"
  exit 1
}

stage packages deploy/install-deps.sh build test || finish
if $tidy; then
  stage build build release && stage tidy check_tidy
  finish
fi
if $long; then
  # One at a time: these measure what a machine can bear.
  stage build build release && stage long ctest --test-dir build/release --output-on-failure --no-tests=error -L long
  stage build-fuzz build sanitize tests/fuzz/all && stage fuzz run_ctest sanitize -L fuzz
  finish
fi
# unit_tests PRESET MODULE...: the unit tests of these modules, as the preset has built them.
unit_tests() { run_ctest "$1" -R "^unit\.($(IFS='|' && echo "${*:2}"))(\.[0-9]+)?\$"; }

# Every module that reads what strangers send, what a user wrote or what lies on disk, and under ThreadSanitizer those that
# run threads on the way of the flows. The rest is tested by the release build alone: to build it again would take too long.
sanitized=(util flow filter decode encode nfdump sink net snmp bmp source state enrich worker intake config http api query store doctor)
threaded=(snmp bmp sink state enrich worker intake api)
build_sanitized() {
  build sanitize "${sanitized[@]/%/_test}" tests/fuzz/all && build tsan "${threaded[@]/%/_test}"
}

stage format check_format
if stage build build release; then
  # Half of these wait for a broker that is made up or for a clock.
  stage quick run_ctest release -j $((2 * cores)) -L quick -LE long
  $quick && finish
  # Most of the time of these tests is waiting: for a broker that is away, for a second to pass. So more of them run at once
  # than there are cores, and what the sanitizers need is built meanwhile.
  beside build-sanitized build_sanitized
  stage integration run_ctest release -j $((2 * cores)) -LE 'quick|long'
else
  $quick && finish
  beside build-sanitized build_sanitized
fi
of_beside build-sanitized || finish
stage sanitize unit_tests sanitize "${sanitized[@]}"
stage fuzz run_ctest sanitize -L fuzz
stage tsan unit_tests tsan "${threaded[@]}"
finish
