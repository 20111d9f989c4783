#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing, and says which. Does nothing where all are there.
#
#     deploy/install-deps.sh build          what building needs, and by npm what the page of `sluice web` is made of
#     deploy/install-deps.sh runtime        what a sluice that was built elsewhere needs to run
#     deploy/install-deps.sh quickstart     what deploy/quickstart.sh needs besides: exporters, npm
#     deploy/install-deps.sh kafka          and for a Kafka broker: Java, kcat
#     deploy/install-deps.sh test           what tests/run.sh needs besides, and by npm what drives a browser, and a TimescaleDB
#
# Several groups may be named. This is the one place where Debian's packages are listed; npm's are in package-lock.json of
# src/tools/web/page, tests/web and tests/timescaledb. Where npm cannot fetch them the page is left out and its tests are skipped.
set -euo pipefail

build_packages=(
  g++ cmake ninja-build pkg-config ccache git ca-certificates
  librdkafka-dev libpq-dev libmariadb-dev libsnmp-dev libboost-dev libprotobuf-dev protobuf-compiler libspdlog-dev prometheus-cpp-dev libyaml-cpp-dev
  libexpected-dev libcli11-dev libpcap-dev libmaxminddb-dev libre2-dev libcsv-dev libsystemd-dev nlohmann-json3-dev
  libssl-dev zlib1g-dev libzstd-dev liblz4-dev libbrotli-dev libbz2-dev libxxhash-dev
  dpkg-dev file gzip
)
runtime_packages=(
  librdkafka1 libpq5 libmariadb3 libsnmp40 libprometheus-cpp-core1.0 libspdlog1.10 libyaml-cpp0.7 libpcap0.8 libsystemd0 libmaxminddb0 libre2-9 libcsv3
  libssl3 zlib1g libzstd1 liblz4-1 libbrotli1 libbz2-1.0 libxxhash0 ca-certificates
)
kafka_packages=(kcat)
quickstart_packages=(softflowd pmacct python3 python3-scapy curl procps iproute2)
test_packages=(
  "${quickstart_packages[@]}" "${kafka_packages[@]}" openssl python3-protobuf python3-confluent-kafka python3-venv python3-yaml nfdump
  openvswitch-switch ethtool iputils-ping postgresql mariadb-server mariadb-client snmpd mmdb-bin gobgpd frr
  debootstrap systemd systemd-container lintian man-db bash-completion
  libgtest-dev libgmock-dev libbenchmark-dev prometheus python3-jsonschema faketime
  clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19
  chromium fonts-inter fonts-jetbrains-mono
)

say() { printf '%s\n' "$*" >&2; }

installed() { [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# Java, Maven and npm often come from elsewhere than Debian; what is on the PATH is good enough.
java_packages() {
  local major=0
  if command -v java >/dev/null; then
    major=$(java -version 2>&1 | sed -n '1s/[^"]*"\([0-9]*\).*/\1/p')
  fi
  ((${major:-0} >= 17)) || echo openjdk-17-jre-headless
  command -v mvn >/dev/null || echo maven
}

npm_packages() {
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
}

# Debian's docker.io conflicts with Docker's own packages, which apt would remove for it; they are good enough.
docker_packages() {
  [[ -x /usr/sbin/dockerd ]] || command -v dockerd >/dev/null || echo docker.io
  command -v docker-compose >/dev/null || echo docker-compose
}

# softflowd, pmacct, nfdump, Open vSwitch, PostgreSQL, MariaDB, snmpd, GoBGP, FRR, Prometheus and Docker start themselves as services when they are installed.
# What is run here is started by hand; a service nobody asked for would hold its ports, so what this script brings is not
# started.
policy=/usr/sbin/policy-rc.d
policy_is_ours=false
forbid_service_starts() {
  [[ -e $policy ]] && return
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  "${as_root[@]}" chmod 755 $policy
  policy_is_ours=true
}
allow_service_starts() {
  if $policy_is_ours; then
    "${as_root[@]}" rm -f $policy
    policy_is_ours=false
  fi
}
# Nor are they to start at the next boot.
disable_services() {
  local package unit
  [[ -d /run/systemd/system ]] || return 0
  for package in softflowd pmacct nfdump openvswitch-switch postgresql mariadb-server snmpd gobgpd frr prometheus docker.io; do
    [[ " $* " == *" $package "* ]] || continue
    [[ $package != docker.io ]] || package='docker.io containerd'
    [[ $package != postgresql ]] || package=postgresql-common
    for unit in $(dpkg -L $package | sed -nE 's#^/lib/systemd/system/([^@]*\.(service|socket))$#\1#p'); do
      "${as_root[@]}" systemctl disable --quiet "$unit" || true
    done
  done
}

# fetch_modules DIRECTORY WHAT: node_modules as the lock file there says, unless they are that already.
fetch_modules() {
  local lock=$1/package-lock.json have=$1/node_modules/.fetched reason
  [[ -f $lock ]] || return 0
  cmp -s "$lock" "$have" && return
  say "Fetching $2 by npm"
  if reason=$(cd "$1" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error 2>&1 </dev/null); then
    cp "$lock" "$have"
  else
    say "install-deps.sh: npm could not fetch $2; $3:"
    say "$(tail -n 5 <<<"$reason")"
  fi
}
fetch_all_modules() {
  local top group
  top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  for group in "$@"; do
    case $group in
      build) fetch_modules "$top/src/tools/web/page" "what the page is made of" "\`sluice web\` will be built without its page" ;;
      quickstart) fetch_modules "$top/deploy/names" "tables of countries and AS numbers" "flows will have none" ;;
      test) fetch_modules "$top/deploy/names" "tables of countries and AS numbers" "tests with them will be skipped"
        fetch_modules "$top/tests/web" "what drives a browser" "tests of the page will be skipped"
        fetch_modules "$top/tests/timescaledb" "a TimescaleDB" "tests with it will be skipped" ;;
    esac
  done
}

wanted=()
(($# > 0)) || set -- build
for group in "$@"; do
  case $group in
    build) wanted+=("${build_packages[@]}") && mapfile -t -O ${#wanted[@]} wanted < <(npm_packages) ;;
    runtime) wanted+=("${runtime_packages[@]}") ;;
    quickstart) wanted+=("${quickstart_packages[@]}") && mapfile -t -O ${#wanted[@]} wanted < <(npm_packages) ;;
    kafka) wanted+=("${kafka_packages[@]}") && mapfile -t -O ${#wanted[@]} wanted < <(java_packages) ;;
    test)
      wanted+=("${test_packages[@]}")
      mapfile -t -O ${#wanted[@]} wanted < <(java_packages; npm_packages; docker_packages) ;;
    *) say "install-deps.sh: no group '$group'; there are build, runtime, quickstart, kafka and test" && exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "install-deps.sh: this is not a Debian system. These packages, or what corresponds to them, are needed:"
  say "  ${wanted[*]}"
  exit 1
fi

missing=()
for package in "${wanted[@]}"; do
  [[ " ${missing[*]} " == *" $package "* ]] || installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  fetch_all_modules "$@"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    say "install-deps.sh: these packages are missing, and there is neither root nor sudo to install them:"
    say "  apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
fi

say "Installing ${#missing[@]} packages: ${missing[*]}"
log=$(mktemp)
trap 'allow_service_starts; rm -f "$log"' EXIT
forbid_service_starts
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 "$@" >"$log" 2>&1 </dev/null && return
  say "install-deps.sh: 'apt-get $*' failed:"
  tail -n 20 "$log" >&2
  exit 1
}
apt update
apt install --no-install-recommends "${missing[@]}"
disable_services "${missing[@]}"
say "Installed."
fetch_all_modules "$@"
