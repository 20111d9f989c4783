# shellcheck shell=bash
# What deploy/quickstart.sh and deploy/local/pipeline.sh share: words, waiting, free ports, the build, the collector,
# and real exporters that export a made capture to it. Sourced with the working directory at the top of the tree.
#
# Uses and sets: work (the run's directory), sluice (the program), sluice_pid, *_port.

# Exporters are daemons: Debian keeps them where only root's PATH looks.
PATH=$PATH:/usr/sbin:/sbin

deadline=60  # seconds that any one thing may take to come up

step() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
say() { printf '    %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

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

# build_sluice [DIR]: sets `sluice`; with DIR it takes DIR/bin/sluice and builds nothing.
build_sluice() {
  if [[ -n ${1:-} ]]; then
    sluice=$(cd "$1" && pwd)/bin/sluice
    [[ -x $sluice ]] || die "a finished build was asked for, but there is no $sluice"
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
  sluice=$PWD/build/release/bin/sluice
}

# start_collector YAML...: the lines say where the flows go; ports are the protocols' own where they are free. It is run by
# the words of `runs_as`.
runs_as=(run)
# Countries and AS numbers from free tables, where install-deps.sh has fetched them: a line of configuration in names. Whose
# they are has to be said.
names=''
name_flows() {
  local tables=$root/deploy/names/node_modules/@ip-location-db
  [[ -f $tables/asn/asn-ipv6.csv ]] || return 0
  cat "$tables/asn/asn-ipv4.csv" "$tables/asn/asn-ipv6.csv" >"$work/asn.csv"
  say "AS numbers of RouteViews, NRO and DB-IP (https://db-ip.com, CC BY 4.0), countries of iptoasn.com (public domain), as
of June 2026: good for a first look, their maker warns of mistakes in them (docs/enrichment.md)"
  names="enrich: {as: {file: '$work/asn.csv'}, country: {file: '$tables/iptoasn-country-mmdb/iptoasn-country.mmdb'}}"
}

start_collector() {
  step "Starting the collector"
  sflow_port=$(port udp 6343)
  netflow_port=$(port udp 2055)
  ipfix_port=$(port udp 4739)
  metrics_port=$(port tcp 8080)
  api_port=$(port tcp 8081)
  name_flows
  {
    echo "listeners:"
    printf "  - {address: 127.0.0.1, port: %s}\n" "$sflow_port" "$netflow_port" "$ipfix_port"
    echo "metrics: {listen: '127.0.0.1:$metrics_port'}"
    echo "api: {listen: '127.0.0.1:$api_port'}"
    printf '%s\n' "${names:-# no names}" "$@"
  } >"$work/sluice.yaml"
  # In a session of its own, as the broker is: a Ctrl-C is for the script, which ends its parts in order.
  setsid "$sluice" "${runs_as[@]}" -c "$work/sluice.yaml" >"$work/sluice.out" 2>"$work/sluice.log" &
  sluice_pid=$!
  wait_for "the collector is ready" curl -sf -o /dev/null "http://127.0.0.1:$metrics_port/readyz"
  say "sFlow on UDP $sflow_port, NetFlow on $netflow_port, IPFIX on $ipfix_port (each takes all of them)"
}

# say_where [NAME=URL...]: what a shell needs for the commands to find all that was started.
say_where() {
  say "in your shell:   export ${*:+$* }SLUICE_METRICS_URL=http://127.0.0.1:$metrics_port SLUICE_API_URL=http://127.0.0.1:$api_port"
}

stop_collector() {
  [[ -n $sluice_pid ]] && kill "$sluice_pid" 2>/dev/null || return 0
  wait "$sluice_pid" || say "the collector ended with status $?"
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

# Of the metrics that count losses the zeros are worth showing too.
show_metrics() {
  step "Metrics: http://127.0.0.1:$metrics_port/metrics"
  metrics | grep -E '^sluice_(listener_datagrams|protocol_flows|protocol_decode_errors|listener_kernel_drops|sink_delivered_flows|sink_shed_flows)_total' |
    awk '$NF != 0 || /kernel_drops|shed/ {print "    " $0}'
}

# send_until_interrupted REPORT: exports again every half minute; REPORT prints a line about where things stand.
send_until_interrupted() {
  while kill -0 "$sluice_pid" 2>/dev/null; do
    sleep 30 &  # in the background, since a trap waits for what runs in front
    nap_pid=$!
    wait $nap_pid || true
    send_traffic >/dev/null
    "$1"
  done
  die "the collector has ended"
}
