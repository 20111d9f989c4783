#!/usr/bin/env bash
# The ClickHouse engine for `sluice store`: one library (libchdb.so, 570 MB) from the npm registry.
#
#     deploy/local/engine.sh fetch     into the cache, where `sluice store` finds it; prints the library's path
#
# Does nothing but print the path where it is in the cache already. Exit status: 3 when it cannot be fetched, 1 for
# everything else that goes wrong.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
manifest=$here/engine/package.json
pinned=$(sed -n 's/.*"@chdb\/lib-linux-x64-gnu": *"\([^"]*\)".*/\1/p' "$manifest")
fresh=  # the download's directory, while there is one
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/engine-$pinned

say() { printf 'engine.sh: %s\n' "$*" >&2; }
usage() { sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '/^set -/d' >&2; exit 2; }

# The one package that holds the library for this machine.
package() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo @chdb/lib-linux-x64-gnu ;;
    Linux-aarch64) echo @chdb/lib-linux-arm64-gnu ;;
    *) say "there is no engine for $(uname -s) on $(uname -m)"; return 3 ;;
  esac
}

fetch() {
  local package reason
  if [[ -e $cache/libchdb.so ]]; then
    echo "$cache/libchdb.so"
    return
  fi
  package=$(package) || return
  if ! command -v npm >/dev/null; then
    say "npm is needed (deploy/install-deps.sh quickstart brings it)"
    return 3
  fi
  mkdir -p "${cache%/*}"
  # Into a directory of its own and then renamed, so that a broken download is never taken for a whole one.
  fresh=$(mktemp -d "$cache.XXXXXX")
  trap 'rm -rf -- "$fresh"' EXIT
  sed "s#@chdb/lib-linux-x64-gnu#$package#" "$manifest" >"$fresh/package.json"
  say "fetching the ClickHouse engine $pinned (570 MB)"
  if ! (cd "$fresh" && timeout 600 npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error) \
      >"$fresh/npm.log" 2>&1 </dev/null; then
    reason=$(sed -n 's/^npm \(error\|ERR!\) //p' "$fresh/npm.log" | head -n 2 | tr '\n' ' ')
    say "the engine $pinned could not be fetched by npm: ${reason:-no answer in 600 s}"
    return 3
  fi
  if [[ ! -s $fresh/node_modules/$package/libchdb.so ]]; then
    say "the npm package $package $pinned holds no libchdb.so"
    return 1
  fi
  mkdir "$fresh/engine"
  mv "$fresh/node_modules/$package/libchdb.so" "$fresh/engine/"
  mv -T "$fresh/engine" "$cache" 2>/dev/null || [[ -e $cache/libchdb.so ]]  # another fetch was first
  echo "$cache/libchdb.so"
}

case ${1:-} in
  fetch) [[ $# -eq 1 ]] || usage; fetch ;;
  *) usage ;;
esac
