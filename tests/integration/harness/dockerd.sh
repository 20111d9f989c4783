#!/usr/bin/env bash
# A Docker engine of its own in DIRECTORY, for as long as standard input is open: whoever holds the other end, however he
# ends, leaves nothing behind. The word `keep` on it ends the engine too, and leaves its images to another one. What is
# given besides are options of dockerd.
#
#     dockerd.sh DIRECTORY [OPTION...]
set -uo pipefail

directory=$1
shift
trap '' INT TERM HUP  # an interrupted test ends by closing the pipe, and this has to come after
mkdir -p "$directory/data"
# Images come and go by the gigabyte: in memory where there is plenty, since a disk takes minutes to forget them.
available=$(awk '/^MemAvailable:/ { print int($2 / 1024 / 1024) }' /proc/meminfo)
if ((available >= 12)) && ! mountpoint -q "$directory/data"; then
  mount -t tmpfs -o size=8g,mode=711 sluice-docker "$directory/data" 2>/dev/null
fi
dockerd --host "unix://$directory/socket" --data-root "$directory/data" --exec-root "$directory/exec" \
  --pidfile "$directory/pid" "$@" >>"$directory/log" 2>&1 </dev/null &
engine=$!
word=''
read -r word
kill "$engine" 2>/dev/null
wait "$engine"
umount "$directory/exec/netns/"* 2>/dev/null
[[ $word == keep ]] && exit
mountpoint -q "$directory/data" && umount -R "$directory/data"
rm -rf "$directory"
