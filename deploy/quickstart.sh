#!/usr/bin/env bash
# From nothing to flows in a topic, on one Debian 12 machine: installs what is missing, builds, starts a Kafka broker
# and the collector, lets real exporters export to it and shows the flows read back. Ctrl-C ends it all.
#
#     deploy/quickstart.sh [--once]      --once: ends after showing
#
# QUICKSTART_BUILD_DIR=DIR   takes DIR/bin/sluice instead of building
# QUICKSTART_ONCE=1      as --once
set -euo pipefail
# Exporters are daemons: Debian keeps them where only root's PATH looks.
PATH=$PATH:/usr/sbin:/sbin
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

once=${QUICKSTART_ONCE:-}
case ${1:-} in
  '') ;;
  --once) once=1 ;;
  *) sed -n '2,/^set -/s/^# \{0,1\}//p' "$0" | sed '/^set -/d' >&2; exit 2 ;;
esac

deadline=30  # seconds that any one thing may take to come up
work=''
sluice_pid=''
nap_pid=''
kafka_dir=''

step() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
say() { printf '    %s\n' "$*"; }
die() { printf 'quickstart.sh: %s\n' "$*" >&2; exit 1; }

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  [[ -z $nap_pid ]] || kill "$nap_pid" 2>/dev/null || true
  if [[ -n $sluice_pid || -n $kafka_dir ]]; then
    step "Ending the collector and the broker"
  fi
  if [[ -n $sluice_pid ]] && kill "$sluice_pid" 2>/dev/null; then
    wait "$sluice_pid" || say "the collector ended with status $?"
  fi
  [[ -z $kafka_dir ]] || deploy/local/kafka.sh stop "$kafka_dir" || true
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

# wait_for WHAT COMMAND...: until the command succeeds.
wait_for() {
  local what=$1 end=$((SECONDS + deadline))
  shift
  until "$@"; do
    [[ -z $sluice_pid ]] || kill -0 "$sluice_pid" 2>/dev/null || die "the collector has ended"
    ((SECONDS < end)) || die "$what: not within $deadline s"
    sleep 0.2
  done
}

udp_taken() { [[ -n $(ss -Hlun "sport = :$1") ]]; }
tcp_taken() { [[ -n $(ss -Hltn "sport = :$1") ]]; }
# port tcp|udp WANTED: that one, or another where it is taken.
port() {
  local port=$2
  while "$1_taken" "$port"; do port=$((15000 + RANDOM % 15000)); done
  echo "$port"
}

build() {
  if [[ -n ${QUICKSTART_BUILD_DIR:-} ]]; then
    sluice=$QUICKSTART_BUILD_DIR/bin/sluice
    [[ -x $sluice ]] || die "QUICKSTART_BUILD_DIR is set, but there is no $sluice"
    return
  fi
  step "Building the collector (a few minutes the first time)"
  # A directory that is configured already keeps its choice; a fresh one does without what only tests need.
  local options=()
  [[ -e build/release/CMakeCache.txt ]] || options=(-DSLUICE_TESTS=OFF -DSLUICE_BENCH=OFF)
  mkdir -p build
  cmake --preset release "${options[@]}" >build/quickstart-configure.log 2>&1 ||
    { cat build/quickstart-configure.log >&2; die "configuring failed"; }
  cmake --build --preset release --target sluice
  sluice=$root/build/release/bin/sluice
}

start_kafka() {
  step "Starting a Kafka broker (the first time its jars are fetched by Maven)"
  kafka_port=$(port tcp 9092)
  local status=0
  deploy/local/kafka.sh start "$work/kafka" "$kafka_port" || status=$?
  case $status in
    0) kafka_dir=$work/kafka && say "broker on 127.0.0.1:$kafka_port" ;;
    3) say "Without a broker: the Maven registry is not reached, so the flows go to files in place of a topic." ;;
    *) exit "$status" ;;
  esac
}

start_collector() {
  step "Starting the collector"
  sflow_port=$(port udp 6343)
  netflow_port=$(port udp 2055)
  ipfix_port=$(port udp 4739)
  metrics_port=$(port tcp 8080)
  {
    echo "listeners:"
    for p in $sflow_port $netflow_port $ipfix_port; do
      echo "  - {address: 127.0.0.1, port: $p}"
    done
    echo "metrics: {listen: '127.0.0.1:$metrics_port'}"
    echo "api: {listen: '127.0.0.1:$(port tcp 8081)'}"
    if [[ -n $kafka_dir ]]; then
      echo "kafka: {brokers: '127.0.0.1:$kafka_port', topic: flows}"
    else
      echo "sinks: {flows: {type: file, format: protobuf, path: $work/flows, rotate_every: 2s}}"
    fi
  } >"$work/sluice.yaml"
  "$sluice" run -c "$work/sluice.yaml" >"$work/sluice.out" 2>"$work/sluice.log" &
  sluice_pid=$!
  wait_for "the collector is ready" curl -sf -o /dev/null "http://127.0.0.1:$metrics_port/readyz"
  say "sFlow on UDP $sflow_port, NetFlow on $netflow_port, IPFIX on $ipfix_port (each takes all of them)"
}

# pmacctd's core and its plugin race when a capture ends: whoever is second calls it a lost connection, status 1.
exporter() {
  say "$1"
  "${@:2}" >"$work/exporter.log" 2>&1 || grep -q 'no more plugins active' "$work/exporter.log" ||
    { tail -n 20 "$work/exporter.log" >&2; die "$1 failed"; }
}
softflowd_to() {
  exporter "softflowd, $1" softflowd -d -a -r "$work/traffic.pcap" -n "127.0.0.1:$3" -v "$2" -p "$work/softflowd.pid" -c none
}
pmacctd_to() {
  printf '%s\n' "daemonize: false" "pcap_savefile: $work/traffic.pcap" "${@:2}" >"$work/pmacctd.conf"
  exporter "pmacct, $1" pmacctd -f "$work/pmacctd.conf"
}
send_traffic() {
  deploy/local/make_capture.py "$work/traffic.pcap" --sessions 3 >/dev/null
  softflowd_to "NetFlow v5" 5 "$netflow_port"
  softflowd_to "NetFlow v9" 9 "$netflow_port"
  softflowd_to "IPFIX" 10 "$ipfix_port"
  pmacctd_to "nfprobe, IPFIX" "plugins: nfprobe[a]" "nfprobe_version[a]: 10" "nfprobe_receiver[a]: 127.0.0.1:$ipfix_port" \
    "nfprobe_timeouts[a]: tcp=5:tcp.fin=5:udp=5:icmp=5:general=5:maxlife=3600:expint=5" \
    "aggregate[a]: src_host, dst_host, src_port, dst_port, proto, tos"
  pmacctd_to "sfprobe, sFlow, 1 in 4" "plugins: sfprobe[a]" "sampling_rate: 4" "sfprobe_receiver[a]: 127.0.0.1:$sflow_port" \
    "sfprobe_agentip[a]: 192.0.2.254"
}

metrics() { curl -sf "http://127.0.0.1:$metrics_port/metrics"; }
# sum NAME: over all label values.
sum() { metrics | awk -v name="$1" 'index($1, name) == 1 && ($1 == name || substr($1, length(name) + 1, 1) == "{") {s += $2} END {printf "%d", s}'; }
all_delivered() {
  local flows
  flows=$(sum sluice_protocol_flows_total)
  ((flows > 0 && $(sum sluice_sink_delivered_flows_total) == flows))
}

decode() { "$sluice" decode --format json "$1" >"$work/flows.json" 2>"$work/decode.log"; }
files_hold_all() {
  cat "$work"/flows/*.pb >"$work/read.pb" 2>/dev/null && decode "$work/read.pb" &&
    (($(wc -l <"$work/flows.json") == $(sum sluice_sink_delivered_flows_total)))
}

read_back() {
  wait_for "every flow is delivered" all_delivered
  if [[ -n $kafka_dir ]]; then
    step "The flows, read back from the topic 'flows' by kcat"
    kcat -C -b "127.0.0.1:$kafka_port" -t flows -o beginning -e -q -D '' >"$work/read.pb"
    decode "$work/read.pb" || { cat "$work/decode.log" >&2; die "the topic holds what is no flow"; }
  else
    step "The flows, read back from the files in $work/flows"
    wait_for "the files are finished" files_hold_all
  fi
  deploy/local/show_flows.py <"$work/flows.json"
}

# Of the metrics that count losses the zeros are worth showing too.
show_metrics() {
  step "Metrics: http://127.0.0.1:$metrics_port/metrics"
  metrics | grep -E '^sluice_(listener_datagrams|protocol_flows|protocol_decode_errors|listener_kernel_drops|sink_delivered_flows|sink_shed_flows)_total' |
    awk '$NF != 0 || /kernel_drops|shed/ {print "    " $0}'
}

say "Sluice quickstart"
deploy/install-deps.sh build quickstart
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-quickstart.XXXXXX")
build
start_kafka
start_collector
step "Making traffic; real exporters read it and export it to the collector"
send_traffic
read_back
show_metrics
[[ -z $once ]] || exit 0

step "Running until Ctrl-C; the same exporters send again every half minute"
if [[ -n $kafka_dir ]]; then
  say "read the topic:  kcat -C -b 127.0.0.1:$kafka_port -t flows -o beginning -e -q -D '' >flows.pb; $sluice decode flows.pb"
fi
say "configuration:   $work/sluice.yaml"
say "log:             $work/sluice.log"
while kill -0 "$sluice_pid" 2>/dev/null; do
  sleep 30 &  # in the background, since a trap waits for what runs in front
  nap_pid=$!
  wait $nap_pid || true
  send_traffic >/dev/null
  say "$(date +%T)  $(sum sluice_listener_datagrams_total) datagrams, $(sum sluice_protocol_flows_total) flows, $(sum sluice_sink_delivered_flows_total) delivered"
done
die "the collector has ended"
