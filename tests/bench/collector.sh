#!/usr/bin/env bash
# CPU time a flow of the whole collector, from the socket to a mock Kafka broker, at fixed rates without loss.
#
#     tests/bench/collector.sh [ROUNDS] [SECONDS]
#
# Runs what build/release (or BUILD_DIR) holds: the collector with all its threads on one core, sender and
# broker on another. Where YARDSTICK names a folder with the yardstick programs (minicoll, codecbench and
# their build.sh), they are built and run in turn with ours, and the ratios printed. CPU time is the sum over all
# threads in /proc/PID/task/*/schedstat, which is exact; a round that lost a datagram says so and counts for
# nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-3}
seconds=${2:-8}
rates=${RATES:-"4000 30000"}
bin=$(cd "${BUILD_DIR:-build/release}" && pwd)/bin
work=$(mktemp -d)
# Commands, not functions: a function in the background would be a shell of its own, whose pid is not the program's.
core0=(env) core1=(env)
if (($(nproc) > 1)); then core0=(taskset -c 0) core1=(taskset -c 1); fi
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

free_port() { /usr/bin/python3 -c 'import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cpu_ns() { awk '{sum += $1} END {printf "%.0f\n", sum}' /proc/"$1"/task/*/schedstat; }
metric() { curl -sf "http://127.0.0.1:$1/metrics" | awk -v name="$2" '$1 ~ "^"name {sum += $2} END {printf "%.0f\n", sum}'; }
field() { grep -o "\"$2\":[0-9]*" <<<"$1" | head -1 | cut -d: -f2; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds, asked every $pause seconds.
pause=0.05
wait_for() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < until)) || { echo "collector.sh: gave up waiting for $what" >&2; return 1; }
    sleep $pause
  done
}

start_broker() {
  rm -f "$work"/broker.in "$work"/broker.out
  mkfifo "$work/broker.in"
  "${core0[@]}" "$bin/mock_broker" flows <"$work/broker.in" >"$work/broker.out" &
  pids+=($!)
  exec 9>"$work/broker.in"
  wait_for 10 "the mock broker" test -s "$work/broker.out"
  broker=$(head -1 "$work/broker.out")
}
stop_broker() { exec 9>&-; }

ready() { curl -sf "http://127.0.0.1:$1/readyz" >/dev/null; }
delivered() { (($(metric "$1" sluice_sink_delivered_flows_total) >= $2)); }

# ours RATE: prints CPU ns a flow, or "lost".
ours() {
  local port http pid before after sent flows
  port=$(free_port) http=$(free_port)
  start_broker
  "${core1[@]}" "$bin/sluice" run --set "listeners=[{address: 127.0.0.1, port: $port}]" --set workers=1 \
    --set "metrics.listen=127.0.0.1:$http" --set api.listen= --set "kafka.brokers=$broker" >"$work/sluice.out" 2>"$work/sluice.log" &
  pid=$!
  pids+=($pid)
  wait_for 10 "the collector" ready "$http"
  before=$(cpu_ns $pid)
  sent=$("${core0[@]}" "$bin/bench_sender" "$port" "$1" "$seconds")
  flows=$(field "$sent" flows)
  # A scrape is CPU of the collector too: few of them.
  if pause=0.7 wait_for 10 "delivery" delivered "$http" "$flows" 2>/dev/null; then
    after=$(cpu_ns $pid)
    awk -v cpu=$((after - before)) -v flows="$flows" 'BEGIN {printf "%.1f\n", cpu / flows}'
  else
    echo lost
  fi
  kill -TERM $pid
  wait $pid 2>/dev/null || true
  stop_broker
}

# yardstick RATE: the same of minicoll, which counts its own CPU time.
yardstick() {
  local port sent out
  port=$(free_port)
  start_broker
  "${core1[@]}" "$work/yardstick/minicoll" "$port" nap prefix 65536 "$broker" none 1000 60 >"$work/minicoll.out" 2>"$work/minicoll.err" &
  local pid=$!
  pids+=($pid)
  wait_for 10 "minicoll" grep -q ready "$work/minicoll.err"
  sent=$("${core0[@]}" "$bin/bench_sender" "$port" "$1" "$seconds")
  wait $pid || true
  out=$(cat "$work/minicoll.out")
  if [[ $(sed 's/.* flows=\([0-9]*\).*/\1/' <<<"$out") == "$(field "$sent" flows)" ]]; then
    sed 's/.* cpu_ns=\([0-9.]*\).*/\1/' <<<"$out"
  else
    echo lost
  fi
  stop_broker
}

have_yardstick=false
if [[ -n ${YARDSTICK:-} ]]; then
  cp -r "$YARDSTICK" "$work/yardstick"
  chmod -R u+w "$work/yardstick"
  (cd "$work/yardstick" && protoc --cpp_out=. flow.proto &&
    g++ -std=c++20 -Wno-narrowing -O3 -march=x86-64-v3 -o minicoll minicoll.cpp flow.pb.cc -lrdkafka -lprotobuf -lpthread 2>/dev/null)
  have_yardstick=true
fi

for rate in $rates; do
  echo "rate $rate datagrams/s, 28 flows each, $seconds s, CPU ns a flow (all threads)"
  for ((round = 1; round <= rounds; ++round)); do
    a=$(ours "$rate")
    line="  round $round  sluice $a"
    if $have_yardstick; then
      b=$(yardstick "$rate")
      line+="  minicoll $b"
      [[ $a == lost || $b == lost ]] || line+="  ratio $(awk -v a="$a" -v b="$b" 'BEGIN {printf "%.2f", a / b}')"
    fi
    echo "$line"
  done
done
