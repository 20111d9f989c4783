#!/usr/bin/python3
"""What snmpd runs for its interfaces (pass_persist): answers out of a file of rows, read anew where it changed."""
import bisect
import json
import os
import sys

out = sys.stdout.buffer
path, seen, rows, oids = sys.argv[1], None, {}, []


def read():
    global seen, rows, oids
    state = os.stat(path)
    if (state.st_mtime_ns, state.st_ino) == seen:
        return
    seen = (state.st_mtime_ns, state.st_ino)
    with open(path) as file:
        rows = {tuple(oid): (kind, value) for oid, kind, value in json.load(file)}
    oids = sorted(rows)


def answer(oid):
    if oid is None:
        out.write(b"NONE\n")
    else:
        kind, value = rows[oid]
        out.write(f".{'.'.join(map(str, oid))}\n{kind}\n".encode() + value.encode("latin-1") + b"\n")
    out.flush()


for line in sys.stdin:
    command = line.strip()
    if command == "PING":
        out.write(b"PONG\n")
        out.flush()
        continue
    wanted = tuple(int(part) for part in sys.stdin.readline().strip().strip(".").split("."))
    read()
    if command == "get":
        answer(wanted if wanted in rows else None)
    else:
        place = bisect.bisect_right(oids, wanted)
        answer(oids[place] if place < len(oids) else None)
