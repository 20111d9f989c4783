#!/usr/bin/env bash
# One Apache Kafka broker on this machine (KRaft, no ZooKeeper, no container), for trying things out and for tests.
#
#     deploy/local/kafka.sh fetch              the jars named in kafka/pom.xml into the cache
#     deploy/local/kafka.sh start DIR [PORT]   starts a broker on 127.0.0.1:PORT (default 9092), data and log in DIR;
#                                              returns when it answers
#     deploy/local/kafka.sh stop DIR [--keep]  ends it and removes its data (--keep: leaves them for the next start)
#
# KAFKA_LISTENER adds a listener such as SASL_PLAINTEXT://127.0.0.1:PORT, KAFKA_PROPERTIES lines of server.properties.
#
# Exit status: 3 when the jars cannot be fetched, 1 for everything else that goes wrong.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pom=$here/kafka/pom.xml
version=$(sed -n '/kafka_2.13/{n;s/.*<version>\(.*\)<\/version>.*/\1/p}' "$pom")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/kafka-$version
start_deadline=120  # seconds; two are usual, a loaded machine with a cold disk needs many more
stop_deadline=30

say() { printf 'kafka.sh: %s\n' "$*" >&2; }
usage() { sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '/^set -/d' >&2; exit 2; }

fetch() {
  [[ -d $cache ]] && return
  if ! command -v mvn >/dev/null || ! command -v java >/dev/null; then
    say "Java and Maven are needed (deploy/install-deps.sh kafka brings them)"
    return 3
  fi
  mkdir -p "${cache%/*}"
  local fresh reason
  fresh=$(mktemp -d "$cache.XXXXXX")
  say "fetching Apache Kafka $version by Maven (46 MB)"
  # Into a directory of its own and then renamed, so that a broken download is never taken for a whole one. Others may
  # share the cache, and what mktemp makes is closed to them.
  if ! timeout 300 mvn -q -B -Dstyle.color=never -f "$pom" validate -DoutputDirectory="$fresh/jars" >"$fresh/mvn.log" 2>&1; then
    reason=$(sed -n 's/.*\[ERROR\] //p;T;q' "$fresh/mvn.log")
    say "Apache Kafka $version could not be fetched by Maven: ${reason:-no answer in 300 s}"
    rm -rf "$fresh"
    return 3
  fi
  mv -T "$fresh/jars" "$cache" 2>/dev/null || [[ -d $cache ]]  # another start was first
  rm -rf "$fresh"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the ephemeral range, so that nobody's outgoing connection sits on it.
free_port() {
  local port
  while port=$((15000 + RANDOM % 15000)); do
    port_taken $port || { echo $port && return; }
  done
}

answers() {
  if command -v kcat >/dev/null; then
    kcat -b "127.0.0.1:$1" -L -m 2 >/dev/null 2>&1
  else
    port_taken "$1"
  fi
}

running() { [[ -r $1/pid ]] && kill -0 "$(<"$1/pid")" 2>/dev/null; }

start() {
  local dir=$1 port=${2:-9092} controller id deadline
  fetch || return
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  running "$dir" && { say "a broker is already running in $dir (pid $(<"$dir/pid"))"; return 1; }
  port_taken "$port" && { say "port $port is taken"; return 1; }
  controller=$(free_port)
  cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller${KAFKA_LISTENER:+,$KAFKA_LISTENER}
controller.listener.names=CONTROLLER
log.dirs=$dir/data
num.partitions=${KAFKA_PARTITIONS:-4}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
${KAFKA_PROPERTIES:-}
PROPERTIES
  local java=(java -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$cache/*")
  if [[ ! -e $dir/data/meta.properties ]]; then
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
    id=${id/#-/A}  # else it would be taken for an option, one time in 64
    "${java[@]}" kafka.tools.StorageTool format -t "$id" -c "$dir/server.properties" >"$dir/broker.log" 2>&1 ||
      { say "the storage in $dir could not be formatted:"; tail -n 5 "$dir/broker.log" >&2; return 1; }
  fi
  # In a session of its own: a Ctrl-C at the terminal is for the script that started it, which then stops it in order.
  setsid "${java[@]}" kafka.Kafka "$dir/server.properties" >>"$dir/broker.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  deadline=$((SECONDS + start_deadline))
  until answers "$port"; do
    if ! running "$dir" || ((SECONDS >= deadline)); then
      say "the broker does not answer on port $port; the end of $dir/broker.log:"
      tail -n 15 "$dir/broker.log" >&2
      stop "$dir" --keep
      return 1
    fi
    sleep 0.2
  done
}

stop() {
  local dir=$1 pid deadline=$((SECONDS + stop_deadline))
  if running "$dir"; then
    pid=$(<"$dir/pid")
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do
      ((SECONDS < deadline)) || { say "pid $pid did not end in $stop_deadline s, killed"; kill -9 "$pid"; break; }
      sleep 0.1
    done
  fi
  rm -f "$dir/pid"
  [[ ${2:-} == --keep ]] || rm -rf "$dir/data" "$dir/server.properties"
}

case ${1:-} in
  fetch) fetch ;;
  start) [[ $# -ge 2 ]] || usage; start "${@:2}" ;;
  stop) [[ $# -ge 2 ]] || usage; stop "${@:2}" ;;
  *) usage ;;
esac
