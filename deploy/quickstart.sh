#!/usr/bin/env bash
# From nothing to answers, on one Debian 12 machine: installs what is missing, builds, and runs `sluice standalone` (collector,
# ClickHouse engine with its tables, page) with real exporters before it and answers by SQL behind it; with --kafka the
# whole way through a Kafka broker (both by deploy/local/pipeline.sh). Where the registry that gives the engine is not
# reached, or that of the broker, the collector alone writes the flows to files, which are read back. Ctrl-C ends it all.
#
#     deploy/quickstart.sh [--kafka] [--once]      --once: ends after showing
#
# QUICKSTART_BUILD_DIR=DIR   takes DIR/bin/sluice instead of building
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
sluice='' sluice_pid='' nap_pid='' work='' metrics_port=''
. deploy/local/common.sh

once='' kafka=''
for word; do
  case $word in
    --once) once=1 ;;
    --kafka) kafka=1 ;;
    *) sed -n '2,/^set -/s/^# \{0,1\}//p' deploy/quickstart.sh | sed '/^set -/d' >&2; exit 2 ;;
  esac
done

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  [[ -z $nap_pid ]] || kill "$nap_pid" 2>/dev/null || true
  [[ -z $sluice_pid ]] || step "Ending the collector"
  stop_collector
  if ((status != 0 && status != 130 && status != 143)) && [[ -s $work/sluice.log ]]; then
    say "the collector's last words:"
    tail -n 15 "$work/sluice.log" >&2
  fi
  [[ -z $work ]] || rm -rf "$work"
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# They are kept in the user's cache, so this is quick from the second time on.
registries_reached() {
  step "Fetching ${kafka:+the Kafka broker and }the ClickHouse engine, unless that was done before"
  if [[ -n $kafka ]] && ! deploy/local/kafka.sh fetch; then return 1; fi
  deploy/local/engine.sh fetch >/dev/null
}

decode() { "$sluice" decode --format json "$1" >"$work/flows.json" 2>"$work/decode.log"; }
files_hold_all() {
  cat "$work"/flows/*.pb >"$work/read.pb" 2>/dev/null && decode "$work/read.pb" &&
    (($(wc -l <"$work/flows.json") == $(sum sluice_sink_delivered_flows_total)))
}
read_back() {
  wait_for "every flow is delivered" all_delivered
  step "The flows, read back from the files in $work/flows"
  wait_for "the files are finished" files_hold_all
  deploy/local/show_flows.py <"$work/flows.json"
}
report() {
  say "$(date +%T)  $(sum sluice_listener_datagrams_total) datagrams, $(sum sluice_protocol_flows_total) flows, $(sum sluice_sink_delivered_flows_total) delivered"
}

say "Sluice quickstart"
[[ -n ${QUICKSTART_BUILD_DIR:-} ]] || deploy/install-deps.sh build quickstart ${kafka:+kafka}
if registries_reached; then
  kind=--no-kafka
  [[ -z $kafka ]] || kind=''
  exec deploy/local/pipeline.sh $kind ${once:+--once}
fi
say "Without ${kafka:+broker and }engine, since a registry is not reached: the flows go to files in place of a topic and tables."
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-quickstart.XXXXXX")
build_sluice "${QUICKSTART_BUILD_DIR:-}"
start_collector "sinks: {flows: {type: file, format: protobuf, path: $work/flows, rotate_every: 2s}}"
step "Making traffic; real exporters read it and export it to the collector"
send_traffic
read_back
show_metrics
[[ -z $once ]] || exit 0

step "Running until Ctrl-C; the same exporters send again every half minute"
say_where
say "configuration:   $work/sluice.yaml"
say "log:             $work/sluice.log"
send_until_interrupted report
