#!/usr/bin/env bash
# How fast the ClickHouse engine takes our topic into the shipped tables: rows a CPU second, by framing and compression.
#
#     tests/bench/engine.sh [FLOWS]      flows of each case, default 1000000 (a quarter of it for single framing)
#
# Runs what build/release (or BUILD_DIR) holds. A real Kafka broker; for each case a topic that is filled first, and a
# store of its own, pinned to one core, that then takes it by the shipped SQL: raw table and all rollups. CPU time is that
# of the whole store process, from before the tables are made to the moment when the last rollup has every flow.
set -euo pipefail
cd "$(dirname "$0")/../.."

flows=${1:-1000000}
sluice=$(cd "${BUILD_DIR:-build/release}" && pwd)/bin/sluice
work=$(mktemp -d)
store_pid='' kafka_started=''
cleanup() {
  [[ -z $store_pid ]] || kill "$store_pid" 2>/dev/null || true
  [[ -z $kafka_started ]] || deploy/local/kafka.sh stop "$work/kafka" || true
  rm -rf "$work"
}
trap cleanup EXIT

port() { /usr/bin/python3 -c 'import random, socket
while True:
    port = random.randint(15000, 30000)
    with socket.socket() as s:
        try: s.bind(("127.0.0.1", port))
        except OSError: continue
    print(port); break'; }
# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < until)) || { echo "engine.sh: gave up waiting for $what" >&2; return 1; }
    sleep 0.1
  done
}
ask() { curl -sf --data-binary "$1" "http://127.0.0.1:$store_port/"; }
cpu_ns() { awk '{sum += $1} END {printf "%.0f\n", sum}' /proc/"$store_pid"/task/*/schedstat; }
taken() { (($(ask 'SELECT sum(flows) FROM sluice.flows_1h') >= $1)); }

pin=(env)
(($(nproc) > 1)) && pin=(taskset -c 1)
engine=$(deploy/local/engine.sh fetch)
kafka_port=$(port)
deploy/local/kafka.sh start "$work/kafka" "$kafka_port"
kafka_started=1

# case FRAMING COMPRESSION FLOWS
case_of() {
  local topic="flows-$1-$2" before after began took
  "$sluice" generate --protocol netflow9 --to "kafka://127.0.0.1:$kafka_port/$topic?framing=$1&compression=$2" --exporters 8 \
    --rate 0 --flows "$3" >"$work/generate.json"
  store_port=$(port)
  "${pin[@]}" "$sluice" store --path "$work/$topic" --engine "$engine" --http "127.0.0.1:$store_port" >"$work/store.log" 2>&1 &
  store_pid=$!
  wait_for 30 "the store" curl -sf -o "$work/ping" "http://127.0.0.1:$store_port/ping"
  before=$(cpu_ns) began=$(date +%s%N)
  deploy/clickhouse/apply.sh --url "http://127.0.0.1:$store_port" --schema-dir "$work/$topic/files" --user-files "$work/$topic/files" \
    --brokers "127.0.0.1:$kafka_port" --topic "$topic" --group "$topic" >"$work/apply.log" 2>&1
  wait_for 600 "$3 flows of $topic" taken "$3"
  after=$(cpu_ns) took=$(($(date +%s%N) - began))
  awk -v f="$1" -v c="$2" -v n="$3" -v cpu=$((after - before)) -v t="$took" \
    'BEGIN {printf "%-7s %-6s %9d %10.0f %12.0f %8.2f\n", f, c, n, n / t * 1e9, n / cpu * 1e9, cpu / n / 1000}'
  kill "$store_pid"
  wait "$store_pid" || true
  store_pid=''
  rm -rf "${work:?}/$topic"
}

printf '%-7s %-6s %9s %10s %12s %8s\n' framing compr. flows rows/s "rows/CPU s" "us/row"
for compression in none lz4 zstd; do
  case_of batch $compression "$flows"
done
for compression in none lz4; do
  case_of single $compression $((flows / 4))
done
