#!/usr/bin/env bash
# The whole way on one machine without containers: exporters, the collector, an Apache Kafka broker, the ClickHouse
# engine with the shipped tables, answers by SQL, and the page that shows the flows. Installs and builds what is missing. Ctrl-C ends it all.
#
#     deploy/local/pipeline.sh [OPTION...]
#
#     --once            ends after the answers
#     --dir DIR         keeps broker, tables and log in DIR, and goes on with them the next time
#     --build-dir DIR   takes DIR/bin/sluice instead of building
#     --framing F       of the topic: batch (default) or single
#     --no-kafka        without a broker: `sluice standalone`, which is collector, engine, tables and page in one
#     --no-traffic      starts no exporters, asks no questions: everything is up and waits for what is sent to it
#     --state FILE      once everything is up, writes where it listens there, one NAME=VALUE a line
#
# The engine is a `clickhouse` server of at least the version that the tables are written for, if one is installed;
# else `sluice store`. Exit status: 3 when a registry does not give the broker or the engine.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
invoked_in=$PWD
cd "$root"
sluice='' sluice_pid='' nap_pid='' work='' metrics_port=''
. deploy/local/common.sh
. deploy/clickhouse/rollups.sh

once='' keep='' build_dir=${QUICKSTART_BUILD_DIR:-} framing=batch traffic=1 state='' no_kafka=''
usage() { sed -n '2,/^set -/s/^# \{0,1\}//p' "$root/deploy/local/pipeline.sh" | sed '/^set -/d' >&2; exit 2; }
from_here() { case $1 in /*) echo "$1" ;; *) echo "$invoked_in/$1" ;; esac; }
while (($# > 0)); do
  case $1 in
    --once) once=1 ;;
    --no-traffic) traffic='' ;;
    --no-kafka) no_kafka=1 ;;
    --dir | --build-dir | --framing | --state)
      (($# > 1)) || usage
      case $1 in
        --dir) keep=$(from_here "$2") ;;
        --build-dir) build_dir=$(from_here "$2") ;;
        --framing) framing=$2 ;;
        --state) state=$(from_here "$2") ;;
      esac
      shift
      ;;
    *) usage ;;
  esac
  shift
done
[[ $framing == batch || $framing == single ]] || usage

oldest_clickhouse=24.8
engine_pid='' web_pid=''
engine_file=''
kafka_dir='' kafka_port=''

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  [[ -z $nap_pid ]] || kill "$nap_pid" 2>/dev/null || true
  [[ -z $sluice_pid$engine_pid$kafka_dir ]] || step "Ending the page, the collector and the engine${kafka_dir:+, and the broker}"
  if [[ -n $web_pid ]] && kill "$web_pid" 2>/dev/null; then
    wait "$web_pid" || say "the page's server ended with status $?"
  fi
  stop_collector
  if [[ -n $engine_pid ]] && kill "$engine_pid" 2>/dev/null; then
    wait "$engine_pid" || say "the engine ended with status $?"
  fi
  [[ -z $kafka_dir ]] || deploy/local/kafka.sh stop "$kafka_dir" ${keep:+--keep} || true
  if ((status != 0 && status != 130 && status != 143)); then
    for log in sluice engine web; do
      [[ -s $work/$log.log ]] && say "the last words of $log:" && tail -n 15 "$work/$log.log" >&2
    done
  fi
  [[ -n $keep || -z $work ]] || rm -rf "$work"
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_kafka() {
  step "Starting a Kafka broker (the first time its jars are fetched by Maven, 46 MB)"
  kafka_port=$(port tcp 9092)
  deploy/local/kafka.sh start "$work/kafka" "$kafka_port"
  kafka_dir=$work/kafka
  say "broker on 127.0.0.1:$kafka_port"
}

# version_reached VERSION LEAST
version_reached() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; }

# True where a server that is new enough is installed. Debian's own package is of 2018.
have_clickhouse() {
  command -v clickhouse >/dev/null || return 1
  local version
  version=$(clickhouse server --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)*' | head -n 1)
  [[ -n $version ]] || return 1
  version_reached "$version" $oldest_clickhouse && return
  say "clickhouse $version is installed, the tables want $oldest_clickhouse or newer"
  return 1
}

start_clickhouse() {
  mkdir -p "$work/store/data" "$work/store/files"
  cat >"$work/store/server.yaml" <<YAML
logger: {level: information, console: true}
listen_host: 127.0.0.1
http_port: $store_port
tcp_port: $(port tcp 9000)
path: $work/store/data/
tmp_path: $work/store/data/tmp/
format_schema_path: $work/store/files/
user_files_path: $work/store/files/
mark_cache_size: 536870912
users: {default: {password: '', networks: {ip: 127.0.0.1}, profile: default, quota: default, access_management: 1}}
profiles: {default: {}}
quotas: {default: {}}
YAML
  setsid clickhouse server --config-file="$work/store/server.yaml" >"$work/engine.log" 2>&1 </dev/null &
  engine_pid=$!
}

start_engine() {
  step "Starting the ClickHouse engine (the first time it is fetched by npm, 566 MB on disk)"
  store_port=$(port tcp 8123)
  store_url=http://127.0.0.1:$store_port
  if have_clickhouse; then
    say "a clickhouse server is installed, that one is taken"
    start_clickhouse
  else
    engine_file=$(deploy/local/engine.sh fetch)
    setsid "$sluice" store --path "$work/store" --engine "$engine_file" --http "127.0.0.1:$store_port" >"$work/engine.log" 2>&1 </dev/null &
    engine_pid=$!
  fi
  wait_for "the engine answers" engine_answers
  say "engine on $store_url"
}
engine_answers() {
  kill -0 "$engine_pid" 2>/dev/null || die "the engine has ended"
  curl -sf -o /dev/null "$store_url/ping"
}

# A group of its own per directory: an engine that is started again goes on where it stood.
apply_schema() {
  step "Making the tables"
  deploy/clickhouse/apply.sh --url "$store_url" --schema-dir "$work/store/files" --user-files "$work/store/files" \
    --brokers "127.0.0.1:$kafka_port" --topic flows --group "$(<"$work/group")" --flush-interval 1000 >"$work/apply.log" 2>&1 ||
    { cat "$work/apply.log" >&2; die "the tables could not be made"; }
  say "database sluice: flows_raw, flows_1m, flows_5m, flows_1h and the rest (docs/clickhouse.md)"
}

start_page() {
  step "Starting the page"
  web_port=$(port tcp 8082)
  cat >"$work/web.yaml" <<YAML
web:
  listen: 127.0.0.1:$web_port
  clickhouse: {url: '$store_url'}
  collectors: [{url: 'http://127.0.0.1:$api_port'}]
YAML
  setsid "$sluice" web -c "$work/web.yaml" >"$work/web.log" 2>&1 </dev/null &
  web_pid=$!
  wait_for "the page answers" curl -sf -o /dev/null "http://127.0.0.1:$web_port/healthz"
  say "page on http://127.0.0.1:$web_port"
}

# Instead of all of these.
start_standalone() {
  store_port=$(port tcp 8123)
  store_url=http://127.0.0.1:$store_port
  web_port=$(port tcp 8082)
  engine_file=$(deploy/local/engine.sh fetch)
  runs_as=(standalone --path "$work/flows" --http "127.0.0.1:$store_port" --engine "$engine_file")
  start_collector "web: {listen: '127.0.0.1:$web_port'}"
  step "Waiting for the engine, the tables and the page, which come with it"
  wait_for "all of it is ready" grep -q '^sluice standalone: ready' "$work/sluice.log"
  say "engine on $store_url"
  say "page on http://127.0.0.1:$web_port"
}

ask() { curl -sf --data-binary "$1" "$store_url/"; }
# Each view takes a block a moment after the one before it; everything is there when the last of them has it.
all_arrived() {
  local wanted table
  wanted=$(ask "SELECT count() FROM sluice.flows_raw") || return 1
  ((wanted >= $1)) || return 1
  for table in "${rollups[@]}"; do
    (($(ask "SELECT sum(flows) FROM sluice.$table") >= wanted)) || return 1
  done
}
count_rows() {
  local rows=$1
  wait_for "every flow is delivered" all_delivered
  rows=$((rows + $(sum sluice_sink_delivered_flows_total)))
  wait_for "$rows flows are in the tables" all_arrived "$rows"
}

show_answers() {
  local question
  step "Flows in the tables, by protocol"
  "$sluice" query --url "$store_url" 'SELECT type, count() AS flows, sum(packets) AS packets, sum(bytes) AS bytes
    FROM sluice.flows_raw GROUP BY type ORDER BY type'
  for question in 1 2 3; do
    step "Question $question of docs/queries.md"
    "$sluice" query --url "$store_url" --question $question
  done
}

write_state() {
  {
    printf '%s=%s\n' work "$work" sluice_pid "$sluice_pid" engine_pid "$engine_pid" kafka "${kafka_port:+127.0.0.1:$kafka_port}" \
      topic flows store_url "$store_url" sflow_port "$sflow_port" netflow_port "$netflow_port" \
      ipfix_port "$ipfix_port" metrics_port "$metrics_port" web_port "$web_port"
  } >"$state.part"
  mv "$state.part" "$state"
}

report() {
  say "$(date +%T)  $(sum sluice_protocol_flows_total) flows, $(sum sluice_sink_delivered_flows_total) delivered, $(ask 'SELECT count() FROM sluice.flows_raw') rows"
}

say "Sluice, from exporters to answers"
if [[ -z $build_dir ]]; then
  kinds=(build quickstart)
  [[ -n $no_kafka ]] || kinds+=(kafka)
  deploy/install-deps.sh "${kinds[@]}"
fi
if [[ -n $keep ]]; then
  mkdir -p "$keep"
  work=$(cd "$keep" && pwd)
  exec 9>"$work/lock"
  flock -n 9 || { work=''; die "another pipeline is running in $keep"; }
else
  work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-pipeline.XXXXXX")
fi
[[ -e $work/group ]] || echo "sluice-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')" >"$work/group"
build_sluice "$build_dir"
if [[ -n $no_kafka ]]; then
  start_standalone
else
  start_kafka
  start_engine
  apply_schema
  start_collector "kafka: {brokers: '127.0.0.1:$kafka_port', topic: flows, framing: $framing}"
  start_page
fi
[[ -z $state ]] || write_state
if [[ -n $traffic ]]; then
  rows=$(ask 'SELECT count() FROM sluice.flows_raw')
  step "Making traffic; real exporters read it and export it to the collector"
  send_traffic
  count_rows "$rows"
  show_answers
  show_metrics
  [[ -z $once ]] || exit 0
fi

step "Running until Ctrl-C"
say_where "CLICKHOUSE_URL=$store_url"
say "see:             http://127.0.0.1:$web_port in a browser"
say "ask:             $sluice query 'SELECT * FROM sluice.flows_raw LIMIT 10'; $sluice exporters"
say "by HTTP:         curl $store_url/ --data-binary 'SELECT count() FROM sluice.flows_raw'"
say "configuration:   $work/sluice.yaml"
say "logs:            $work/sluice.log${engine_pid:+, $work/engine.log, $work/web.log}"
if [[ -n $traffic ]]; then
  say "the same exporters send again every half minute"
  send_until_interrupted report
fi
wait "$sluice_pid" || true
die "the collector has ended"
