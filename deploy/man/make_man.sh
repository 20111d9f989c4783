#!/bin/sh
# Makes the man page: sluice.1.in, with what each command says of itself in place of the line @COMMANDS@.
#
#     deploy/man/make_man.sh SLUICE VERSION >sluice.1
#
# The options come from the program itself, so none can be missing here.
set -eu
sluice=$1 version=$2
here=$(dirname "$0")

# Help in its blocks: what it is, usage, options, subcommands, examples. Options begin in column 3, what they mean in
# column 37 or on the next line.
roff() {
  awk -v name="$1" '
    function escaped(text) {
      gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text)
      if (text ~ /^[.\047]/) text = "\\&" text
      return text
    }
    function fill() { if (plain) { print ".fi"; plain = 0 } }
    function as_it_is() { if (!plain) { print ".PP\n.nf"; plain = 1 } }
    BEGIN { print ".SS " escaped(name) }
    /^Usage: / { fill(); print ".PP\n\\fB" escaped(substr($0, 8)) "\\fR"; next }
    /^(Options|Subcommands|Positionals):$/ { fill(); block = 1; next }
    /^[^ ]/ { block = 0 }
    /^$/ { fill(); paragraph = 1; next }
    block && /^  [^ ]/ {
      head = substr($0, 3, 34); tail = substr($0, 37)
      if (length($0) > 36 && substr($0, 36, 1) != " ") { head = substr($0, 3); tail = "" }
      sub(/ +$/, "", head)
      print ".TP\n.B " escaped(head)
      if (tail != "") print escaped(tail)
      next
    }
    block { sub(/^ +/, ""); print escaped($0); next }
    /^  / { as_it_is(); print escaped($0); next }
    { fill(); if (paragraph) print ".PP"; paragraph = 0; print escaped($0) }
    END { fill() }'
}

subcommands() { "$@" --help | awk '/^[^ ]/ { inside = ($0 == "Subcommands:") } inside && /^  [^ ]/ { print $1 }'; }

# describe WORD...: a command and those below it.
describe() {
  "$sluice" "$@" --help | roff "sluice $*"
  for word in $(subcommands "$sluice" "$@"); do describe "$@" "$word"; done
}

commands() {
  for command in $(subcommands "$sluice"); do describe "$command"; done
}

while IFS= read -r line; do
  case $line in
    @COMMANDS@) commands ;;
    .TH*) printf '.TH SLUICE 1 "" "sluice %s" "User Commands"\n' "$version" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <"$here/sluice.1.in"
