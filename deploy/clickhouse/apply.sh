#!/usr/bin/env bash
# Makes Sluice's tables in ClickHouse (24.8 or newer), or brings those of an older version up to date. It may be run
# again at any time: rows stay, and where nothing changed nothing is touched.
#
#     deploy/clickhouse/apply.sh [options]
#
# Server:
#   --url URL              its HTTP interface (default $CLICKHOUSE_URL, else http://127.0.0.1:8123)
#   --user NAME            user (default: the server's default user)
#   --password-file FILE   file whose first line is the password
#   --client COMMAND       a client instead of HTTP, such as 'clickhouse client --host db1'; it gets each statement on
#                          its standard input
#   --cluster NAME         replicated tables on all nodes of this cluster, with distributed tables over them
# Files that the server reads (without these options the script says what must be where):
#   --schema-dir DIR       its format_schema_path: flow.proto is copied there
#   --user-files DIR       its user_files_path: the dictionaries' CSV files are copied there; sluice_asns.csv and
#                          sluice_networks.csv are yours, and copied only where there are none
# Collectors whose sink is of type clickhouse, which write into the tables themselves:
#   --no-kafka             consume from nobody: all flows come from them
#   --repeats N            keep in mind the last N blocks of each table, so that one that is sent again is not taken twice
#                          (with --no-kafka 10000, else 0: not at all)
# Kafka:
#   --brokers LIST         HOST:PORT, with commas between several (default localhost:9092); need not be up
#   --topic NAME           (default flows)
#   --native-topic NAME    also a topic to which collectors write columns (format: native), see docs/clickhouse.md; the group of
#                          its consumer has -native behind its name; none: consume none, or none any longer
#   --group NAME           consumer group, whose offsets say where to go on (default sluice)
#   --consumers N          consumers of one server, at most as many as the topic has partitions (default 1)
#   --flush-interval MS    rows are written after this time at the latest (default 5000)
#   --block-rows N         or when there are so many (default 262144); what a crash can double. Of the native topic a
#                          record for each 1024 of them
#   --days-before N        a flow that was received more days than that before its record was written to Kafka, or more
#   --hours-after N        hours after it, has the record's time instead (default 30 and 1)
# Columns of flows_raw that not everybody needs, in sets, see docs/clickhouse.md; what is not said stays as it is:
#   --without SET,...      leave these out, of flows to come; unused: all that no stored flow has a value of
#   --with SET,...         take these in again; all: every one
#   --drop-values          with --without: also those of which stored flows have values, and the values go
#   --show-sets            print them and what is stored of them, and do nothing
# Days that rows are kept:
#   --retention-... N      flows_raw and rollups, see rollups.sh
#   --retention-errors N   flows_errors (default 30)
# Others:
#   --compat               also the databases goflow and goflow2, see docs/clickhouse.md
#   --print                print the statements and do nothing
#   --script FILE          apply the statements of FILE, as sluice schema clickhouse prints them, and nothing else
#   --fields FILE          make the tables with FILE, as sluice schema clickhouse prints it, in place of 90_consume.sql:
#                          wanted where flows_raw has columns of your own; none: fill these no longer. With --no-kafka
#                          only the columns are made, which collectors fill
#   -h, --help             print this
#
# Exit status: 0 done, 1 a statement failed, 2 a mistake on the command line, no answer, or a wrong password.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
schema_version=6
oldest_server=24.8

say() { printf 'apply.sh: %s\n' "$*" >&2; }
wrong() { say "$@"; exit 2; }
[[ -r $here/rollups.sh ]] || wrong "$here/rollups.sh is not there"
# shellcheck source=deploy/clickhouse/rollups.sh
source "$here/rollups.sh"
[[ -r $here/column_sets.sh ]] || wrong "$here/column_sets.sh is not there"
# shellcheck source=deploy/clickhouse/column_sets.sh
source "$here/column_sets.sh"

usage() {
  local text
  text=$(sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed '/^set -/d')
  printf '%s\n' "${text/  --retention-... N*rollups.sh/"$kept_help"}"
}

url='' user='' password='' client='' cluster='' schema_dir='' user_files='' compat='' print='' script='' fields='' no_kafka='' native_given='' stored_columns='' drop_values='' show_sets=''
declare -A asked_for=()  # sets of columns: with or without, as the options say
declare -A was_out=() left_out=() used=()  # those that flows_raw lacks, will lack, and has values of
declare -A parameter=([brokers]=localhost:9092 [topic]=flows [native_topic]='' [group]=sluice [consumers]=1 [flush_ms]=5000 [block_rows]=262144
  [days_before]=30 [hours_after]=1 [repeats]=''
  [retention_errors]=30)
for name in "${!kept_days[@]}"; do parameter[$name]=${kept_days[$name]}; done

# What goes into a statement stands between single quotes there, or is a number.
text_value() {
  [[ -n $2 ]] || wrong "$1 wants a value"
  [[ $2 != *[\'\"\\\`]* && $2 != *[[:cntrl:]]* && $2 != *'{{'* ]] || wrong "$1 must not hold quotes, backslashes or control characters: $2"
}
number() {
  [[ $2 =~ ^[1-9][0-9]{0,6}$ ]] || wrong "$1 wants a whole number from 1 to 9999999, not '$2'"
}

# sets_option OPTION LIST WORD ALSO: what is to become of each set in the list; ALSO stands for all of them.
sets_option() {
  local set
  local -a given
  IFS=, read -ra given <<<"$2"
  ((${#given[@]} > 0)) || wrong "$1 wants a value"
  for set in "${given[@]}"; do
    [[ -n ${set_columns[$set]:-} || $set == "$4" ]] || wrong "$1: there is no set '$set'; there are ${column_sets[*]}, and $4"
    [[ ${asked_for[$set]:-$3} == "$3" ]] || wrong "$set stands in --with and in --without; give one of them"
    asked_for[$set]=$3
  done
}

set_url() { url=${2%/}; [[ $url =~ ^https?://[^[:space:]]+$ ]] || wrong "$1 wants http://HOST:PORT, not '$2'"; }
while (($#)); do
  case $1 in
    -h | --help) usage; exit ;;
    --compat) compat=yes; shift; continue ;;
    --no-kafka) no_kafka=yes; shift; continue ;;
    --print) print=yes; shift; continue ;;
    --drop-values) drop_values=yes; shift; continue ;;
    --show-sets) show_sets=yes; shift; continue ;;
    --url | --user | --password-file | --client | --cluster | --schema-dir | --user-files | --brokers | --topic | \
      --native-topic | --group | --consumers | --flush-interval | --block-rows | --days-before | --hours-after | --repeats | --retention-days | --script | --fields | --with | --without) (($# > 1)) || wrong "$1 wants a value" ;;
    --retention-*)
      name=${1#--}
      [[ -n ${parameter[${name//-/_}]:-} ]] || wrong "there is no option '$1'; --help tells all"
      (($# > 1)) || wrong "$1 wants a value" ;;
    *) wrong "there is no option '$1'; --help tells all" ;;
  esac
  case $1 in
    --url) set_url "$1" "$2" ;;
    --user) text_value "$1" "$2"; user=$2 ;;
    --password-file)
      [[ -r $2 ]] || wrong "the password file $2 cannot be read"
      IFS= read -r password <"$2" || [[ -n $password ]] || wrong "the password file $2 is empty"
      text_value "the password in $2" "$password" ;;
    --client) client=$2 ;;
    --cluster) [[ $2 =~ ^[A-Za-z0-9_.-]+$ ]] || wrong "--cluster wants a name of letters, digits, '_', '.' and '-', not '$2'"; cluster=$2 ;;
    --schema-dir) [[ -d $2 ]] || wrong "--schema-dir $2 is not a directory"; schema_dir=$2 ;;
    --user-files) [[ -d $2 ]] || wrong "--user-files $2 is not a directory"; user_files=$2 ;;
    --script) [[ -r $2 ]] || wrong "the script $2 cannot be read"; script=$2 ;;
    --fields) [[ $2 == none || -r $2 ]] || wrong "the script $2 cannot be read"; fields=$2 ;;
    --with) sets_option "$1" "$2" with all ;;
    --without) sets_option "$1" "$2" without unused ;;
    --native-topic) text_value "$1" "$2"; native_given=yes; [[ $2 == none ]] || parameter[native_topic]=$2 ;;
    --brokers | --topic | --group) text_value "$1" "$2"; parameter[${1#--}]=$2 ;;
    --consumers) number "$1" "$2"; parameter[consumers]=$2 ;;
    --block-rows) number "$1" "$2"; parameter[block_rows]=$2 ;;
    --days-before | --hours-after) number "$1" "$2"; name=${1#--}; parameter[${name//-/_}]=$2 ;;
    --flush-interval) number "$1" "$2"; parameter[flush_ms]=$2 ;;
    --repeats) number "$1" "$2"; parameter[repeats]=$2 ;;
    --retention-days) number "$1" "$2"; parameter[retention]=$2 ;;
    --retention-*) number "$1" "$2"; name=${1#--}; parameter[${name//-/_}]=$2 ;;
  esac
  shift 2
done

[[ -n $url ]] || set_url CLICKHOUSE_URL "${CLICKHOUSE_URL:-http://127.0.0.1:8123}"
[[ -z $no_kafka || -z $script ]] || wrong "--no-kafka makes no consumer, which --script is about; --fields makes the columns"
[[ -z $no_kafka || -z ${parameter[native_topic]} ]] || wrong "--no-kafka consumes from nobody, and --native-topic is a topic to consume: give one of them"
[[ ${parameter[native_topic]} != "${parameter[topic]}" ]] || wrong "--native-topic and --topic are both ${parameter[topic]}; a record is of one format, and each has a topic of its own"
[[ -z $script || -z $fields ]] || wrong "--script applies one file and nothing else, --fields all: give one of them"

# At a block a second of a collector, what comes again within hours.
[[ -n ${parameter[repeats]} ]] || parameter[repeats]=$((${#no_kafka} > 0 ? 10000 : 0))

clamp() { echo $(($1 < $2 ? $2 : $1 > $3 ? $3 : $1)); }
# A block ends only when what one poll brought is used up, and a record holds hundreds of flows; the engine's own bound
# of 65,536 records a poll would let a block grow to tens of millions of rows.
parameter[poll_records]=$(clamp $((parameter[block_rows] / 1024)) 1 256)
# A block of records of columns is of as many polls as it takes.
parameter[native_records]=$((parameter[block_rows] < 1024 ? 1 : parameter[block_rows] / 1024))
parameter[poll_ms]=$(clamp $((parameter[flush_ms] / 4)) 50 500)
parameter[reschedule_ms]=$(clamp $((parameter[flush_ms] / 10)) 20 500)
# A time of Kafka's that no table would keep is none.
parameter[kept_longest]=${parameter[retention]}
for name in "${!kept_days[@]}"; do
  ((parameter[$name] <= parameter[kept_longest])) || parameter[kept_longest]=${parameter[$name]}
done
parameter[db]=sluice parameter[goflow]=goflow parameter[goflow2]=goflow2
parameter[replicated]='' parameter[on_cluster]='' parameter[dictionary_user]=''
if [[ -n $cluster ]]; then
  # What a node stores is in a database of its own, so that the tables that people ask keep their names.
  parameter[db]=sluice_shard parameter[goflow]=goflow_shard parameter[goflow2]=goflow2_shard
  parameter[replicated]=Replicated
  parameter[on_cluster]=" ON CLUSTER '$cluster'"
  parameter[cluster]=$cluster
fi
# The dictionaries of names ask the server itself, as this user.
[[ -z $user ]] || parameter[dictionary_user]="USER '$user' PASSWORD '$password' "

# The answer to one statement on stdout; the server's words on stderr and status 1 when it refuses, status 2 when it
# cannot be asked.
ask() {
  if [[ -n $client ]]; then
    local -a command
    read -ra command <<<"$client"
    # By the environment, which nobody else can read.
    (
      [[ -z $user ]] || export CLICKHOUSE_USER=$user
      [[ -z $password ]] || export CLICKHOUSE_PASSWORD=$password
      "${command[@]}" <<<"$1"
    )
    return
  fi
  local answer status=0
  # User and password go to curl by a file descriptor: what stands on a command line can be read by everybody.
  answer=$(curl -sS --connect-timeout 10 -w '\n%{http_code}' --data-binary @- "$url/" -K <(
    [[ -z $user ]] || printf 'header = "X-ClickHouse-User: %s"\n' "$user"
    [[ -z $password ]] || printf 'header = "X-ClickHouse-Key: %s"\n' "$password"
  ) <<<"$1" 2>&1) || status=$?
  if ((status != 0)); then
    echo "no answer from $url: ${answer%%$'\n'*}" >&2
    return 2
  fi
  local code=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  [[ $code != 200 ]] || { printf '%s' "$answer"; return; }
  printf '%s\n' "$answer" >&2
  return 1
}

first_line() { local text=${1#"${1%%[![:space:]]*}"}; echo "${text%%$'\n'*}"; }

# failed WHERE STATUS ANSWER: says what a statement met, and ends with the status that fits. A client's own status tells
# nothing, but a server that was reached answers with the name of an exception.
failed() {
  case $3 in
    *AUTHENTICATION_FAILED* | *REQUIRED_PASSWORD* | *"Code: 516"*)
      wrong "the server refuses user '${user:-default}': the name or the password is wrong" ;;
    *DB::NetException* | *NETWORK_ERROR*) wrong "no answer: $(first_line "$3")" ;;
    *DB::Exception*) say "$1: $(first_line "$3")"; exit 1 ;;
  esac
  wrong "$(first_line "${3:-the client ended with status $2}")"
}

# A question of this script's own.
question() {
  local answer status=0
  answer=$(ask "$1" 2>&1) || status=$?
  ((status == 0)) || failed "${1%% *}" "$status" "$answer"
  printf '%s' "$answer"
}

# Lines of a set end with "-- SET" where they are wanted with it, with "-- without SET" where they are wanted without.
lines_wanted() {
  local set other
  local -a edits=()
  for set in "${column_sets[@]}"; do
    if [[ -n ${left_out[$set]:-} ]]; then other=$set set="without $set"; else other="without $set"; fi
    edits+=(-e "/, -- $other\$/d" -e "s/, -- $set\$/,/")
  done
  sed "${edits[@]}" "$1"
}

# What is for a topic of columns stands between two lines, and is left out where there is none.
native_wanted() {
  if [[ -n ${parameter[native_topic]} ]]; then cat; else sed '/^-- begin: only with --native-topic$/,/^-- end: only with --native-topic$/d'; fi
}

rendered() {
  local text name
  text=$(lines_wanted "$1" | native_wanted)
  for name in "${!parameter[@]}"; do
    text=${text//"{{$name}}"/"${parameter[$name]}"}
  done
  printf '%s\n' "$text"
}

# A statement ends with the line that ends with a semicolon.
run() {
  local file=$1 line statement='' at=0 start=0 answer status
  while IFS= read -r line; do
    at=$((at + 1))
    [[ -z $statement && ($line == '--'* || -z $line) ]] && continue
    [[ -n $statement ]] || start=$at
    statement+=$line$'\n'
    [[ $line == *';' ]] || continue
    status=0
    answer=$(ask "${statement%;*}" 2>&1 >/dev/null) || status=$?
    ((status == 0)) || failed "${file#"$here"/}:$start" "$status" "$answer"
    statement=''
  done < <(rendered "$file")
}

# fill VIEW SOURCE TABLE [TABLE...]: a table behind a view that is still empty gets what the view's source held before the
# view was there; with the tables that hang on that one, only where all are empty. Names are DATABASE.NAME. While
# consumption stands still, so that no row is missed or taken twice. A note at the table says that it is being filled, so
# that what a killed script left is not taken for the whole.
fill() {
  local note='being filled by apply.sh'
  local wanted select columns answer table status=0 empty=1
  if [[ $(question "SELECT count() FROM system.tables WHERE database || '.' || name = '$3' AND comment = '$note'") == 1 ]]; then
    say "an earlier run was cut off while it filled $3, which is emptied and filled anew"
    for table in "${@:3}"; do question "TRUNCATE TABLE $table" >/dev/null; done
  fi
  for table in "${@:3}"; do empty+=" AND (SELECT count() FROM $table) = 0"; done
  wanted=$(question "SELECT $empty AND (SELECT count() FROM $2) > 0")
  [[ $wanted == 1 ]] || return 0
  select=$(question "SELECT as_select FROM system.tables WHERE database || '.' || name = '$1' FORMAT TSVRaw")
  columns=$(question "SELECT arrayStringConcat(groupArray('\`' || name || '\`'), ', ') FROM (SELECT name FROM system.columns WHERE database || '.' || table = '$1' ORDER BY position) FORMAT TSVRaw")
  [[ $3 == *_names ]] || say "filling $3 from $2"  # names are few, and often there are none to be found
  question "ALTER TABLE $3 MODIFY COMMENT '$note'" >/dev/null
  # A month of flows may have more keys than memory holds: then they are sorted on disk.
  answer=$(ask "INSERT INTO $3 ($columns) $select SETTINGS max_bytes_before_external_group_by = 1000000000" 2>&1) || status=$?
  if ((status == 0)); then
    question "ALTER TABLE $3 MODIFY COMMENT ''" >/dev/null
    return 0
  fi
  # A part would be taken for the whole the next time. Without an answer the server may still be at work.
  if [[ $answer == *DB::Exception* ]]; then
    for table in "${@:3}"; do question "TRUNCATE TABLE $table" >/dev/null; done
  else
    say "$3 may hold a part now: TRUNCATE TABLE ${*:3} each, before this is run again"
  fi
  failed "filling $3" "$status" "$answer"
}

fill_all() {
  [[ -z $cluster ]] || return 0  # one node cannot do it for all shards
  local raw=$db.flows_raw name
  local -a behind
  # From what each is made of, which may keep more than flows_raw does.
  for name in "${rollups[@]}"; do
    read -ra behind <<<"${rollup_behind[$name]}"
    fill "$db.${name}_view" "$db.${rollup_source[$name]}" "$db.$name" "${behind[@]/#/$db.}"
  done
  for name in exporter_names interface_names; do fill "$db.${name}_view" "$raw" "$db.$name"; done
  [[ -n $compat ]] || return 0
  fill "${parameter[goflow]}.flows_raw_view" "$raw" "${parameter[goflow]}.flows_raw"
  fill "${parameter[goflow]}.flows_5m_view" "$raw" "${parameter[goflow]}.flows_5m"
  fill "${parameter[goflow2]}.flows_raw_mv" "$raw" "${parameter[goflow2]}.flows_raw"
  fill "${parameter[goflow2]}.flows_5m_view" "$raw" "${parameter[goflow2]}.flows_5m"
}

# Where a column gets another type, the server writes it anew, and the statement waits for that.
say_what_is_rewritten() {
  local names tables rows
  printf -v names "'%s'," "${rollups[@]}"
  tables=$(question "SELECT arrayStringConcat(arraySort(groupUniqArray(table)), ', ') FROM system.columns WHERE database = '$db' AND table IN (${names%,}) AND name IN ('bytes', 'packets') AND type = 'UInt64' FORMAT TSVRaw")
  [[ -n $tables ]] || return 0
  rows=$(question "SELECT sum(total_rows) FROM system.tables WHERE database = '$db' AND name IN ('${tables//, /"', '"}')")
  say "bytes and packets of $tables get 128 bits: these two columns are written anew, $rows rows in all; flows_raw is not touched"
}

# The server reads it as another user, whatever the umask is here.
copy() {
  local to=$2/${1##*/}
  cmp -s "$1" "$to" && [[ $(stat -c %A "$to") == -??????r?? ]] && return
  # Under another name first: the server may read it at any moment.
  { install -m 644 "$1" "$2/.${1##*/}.new" && mv "$2/.${1##*/}.new" "$to"; } || wrong "${1##*/} cannot be written to $2"
}

give_files() {
  local file
  if [[ -n $schema_dir ]]; then
    copy "$proto" "$schema_dir"
  else
    say "$proto must be in the server's format_schema_path (usually /var/lib/clickhouse/format_schemas)"
  fi
  if [[ -n $user_files ]]; then
    for file in "$here"/csv/*.csv; do
      [[ $file == */sluice_@(asns|networks).csv && -e $user_files/${file##*/} ]] || copy "$file" "$user_files"
    done
  else
    say "$here/csv/*.csv must be in the server's user_files_path (usually /var/lib/clickhouse/user_files)"
  fi
}

# The fields of the message for which `flows` has a column in this script, sorted.
columns_read() {
  lines_wanted "$1" | sed -n '/^CREATE TABLE {{db}}.flows{{on_cluster}}$/,/^)/s/^    `\{0,1\}\([a-z0-9_]*\)`\{0,1\} .*/\1/p' | sort
}

# count_values SET [CONDITION]: 1 where a stored flow has a value in one of its columns, else 0.
count_values() {
  local name condition=''
  for name in ${set_columns[$1]}; do
    [[ " $stored_columns " != *" $name "* ]] || condition+="${condition:+ OR }ifNull($name != defaultValueOfArgumentType($name), isNotNull($name))"
  done
  if [[ -z $condition ]]; then echo 0; else question "SELECT count() FROM (SELECT 1 FROM sluice.flows_raw WHERE (${2:-true}) AND ($condition) LIMIT 1)"; fi
}

# has_values SET: whether a stored flow has a value in one of its columns. Asked once.
has_values() {
  [[ -n ${used[$1]:-} ]] || used[$1]=$(count_values "$1")
  [[ ${used[$1]} == 1 ]]
}

# What flows_raw lacks now, and what it will lack by the options: `was_out` and `left_out`.
settle_sets() {
  local set name kind rows aliases=' '
  stored_columns=' '
  if [[ -z $print ]]; then
    while IFS=$'\t' read -r name kind; do
      if [[ $kind == ALIAS ]]; then aliases+="$name "; elif [[ -n $name ]]; then stored_columns+="$name "; fi
    done < <(question "SELECT name, default_kind FROM system.columns WHERE database = '${parameter[db]}' AND table = 'flows_raw' FORMAT TSVRaw"; echo)
  fi
  for set in "${column_sets[@]}"; do
    for name in ${set_columns[$set]}; do
      [[ $aliases != *" $name "* ]] || was_out[$set]=1
    done
    left_out[$set]=${was_out[$set]:-}
    [[ ${asked_for[$set]:-} != without ]] || left_out[$set]=1
    [[ ${asked_for[$set]:-${asked_for[all]:-}} != with ]] || left_out[$set]=''
  done
  [[ -n ${asked_for[unused]:-} ]] || return 0
  rows=0
  [[ $stored_columns == ' ' ]] || rows=$(question "SELECT count() FROM sluice.flows_raw")
  ((rows > 0)) || wrong "--without unused: no flow is stored yet that could tell which are used"
  for set in "${column_sets[@]}"; do
    [[ -n ${left_out[$set]} || ${asked_for[$set]:-} == with ]] || has_values "$set" || left_out[$set]=1
  done
}

# Nothing is changed where values would go that nobody said may go.
check_values() {
  local set full=''
  [[ -z $drop_values ]] || return 0
  for set in "${column_sets[@]}"; do
    [[ -z ${left_out[$set]} || -n ${was_out[$set]:-} ]] || ! has_values "$set" || full+="${full:+, }$set"
  done
  [[ -z $full ]] || wrong "stored flows have values of $full, which would go; --drop-values says that they may"
}

# Columns whose set goes or comes are dropped here, and made by 50_flows_raw.sql as what they are to be.
change_sets() {
  local set name drops out='' in='' kept=''
  for set in "${column_sets[@]}"; do
    [[ ${left_out[$set]} != "${was_out[$set]:-}" && $stored_columns != ' ' ]] || continue
    # What came since it was asked, up to when consumption was stopped.
    if [[ -n ${left_out[$set]} && -z $drop_values && $(count_values "$set" "inserted_at >= '$began'") != 0 ]]; then
      left_out[$set]='' kept+="${kept:+, }$set"
      continue
    fi
    if [[ -n ${left_out[$set]} ]]; then out+="${out:+, }$set"; else in+="${in:+, }$set"; fi
    drops=''
    for name in ${set_aliases[$set]} ${set_columns[$set]}; do drops+="${drops:+, }DROP COLUMN IF EXISTS $name"; done
    # The older analyzer: the newer one takes the lambda in an alias that older versions of these scripts made for recursive.
    question "ALTER TABLE ${parameter[db]}.flows_raw${parameter[on_cluster]} $drops SETTINGS allow_experimental_analyzer = 0" >/dev/null
  done
  [[ -z $kept ]] || say "flows with values of $kept came meanwhile, so it keeps their columns"
  [[ -z $out ]] || say "flows_raw is made without the columns of $out from now on"
  [[ -z $in ]] || say "flows_raw has columns of $in from now on"
}

print_sets() {
  local set state
  for set in "${column_sets[@]}"; do
    if [[ -n ${was_out[$set]:-} ]]; then state=out; elif has_values "$set"; then state=used; else state=empty; fi
    printf '%-12s %-6s %s\n' "$set" "$state" "${set_columns[$set]}"
  done
}

# A script of `sluice schema clickhouse` that knows of no sets would fill columns that are not there.
check_marks() {
  local set
  [[ -z ${parameter[native_topic]} ]] || grep -q '^-- begin: only with --native-topic$' "$1" ||
    wrong "$1 is older than these scripts, it has nothing for --native-topic; sluice schema clickhouse -c FILE prints it anew"
  for set in "${column_sets[@]}"; do
    [[ -z ${left_out[$set]} ]] || grep -q -- ", -- $set\$" "$1" ||
      wrong "$1 is older than these scripts, it cannot leave out $set; sluice schema clickhouse -c FILE prints it anew"
  done
}

# The server's own proto file must have every field that `flows` has a column for; else consumption would stand still.
check_schema() {
  local described missing
  [[ -z $no_kafka ]] || return 0
  question "SYSTEM DROP FORMAT SCHEMA CACHE" >/dev/null
  if ! described=$(ask "DESCRIBE TABLE format('Protobuf', '') SETTINGS format_schema = '$schema_file:FlowMessage'" 2>&1); then
    [[ $schema_file == flow.proto ]] ||
      wrong "the server has no $schema_file: $(first_line "$described"); sluice schema proto -c FILE makes it"
    say "the server has no $schema_file yet, flows stay in the topic until it is there: $(first_line "$described")"
    return
  fi
  missing=$(comm -23 <(columns_read "${consuming[0]}") <(cut -f 1 <<<"$described" | sort) | head -n 3)
  [[ -z $missing || $schema_file == flow.proto ]] ||
    wrong "the server's $schema_file is older than these scripts, it has no ${missing//$'\n'/, }; sluice schema proto -c FILE makes it anew"
  [[ -z $missing ]] || wrong "the server's flow.proto is older than these scripts, it has no ${missing//$'\n'/, }; $proto must take its place"
}

# Columns that a script of `sluice schema clickhouse` added are filled by that script. 90_consume.sql knows nothing of
# them, so it takes the place of the script only where somebody says so.
# What collectors write to a topic that nobody consumes any longer is lost when Kafka keeps it no longer.
check_native_topic() {
  local topic
  [[ -z $native_given && -z $no_kafka ]] || return 0
  topic=$(question "SELECT extract(engine_full, 'kafka_topic_list = \\'([^\\']*)') FROM system.tables WHERE database = '$db' AND name = 'flows_native' FORMAT TSVRaw")
  [[ -z $topic ]] || wrong "the tables consume topic '$topic' as columns too, and would no longer; give --native-topic $topic (or --native-topic none)"
}

check_own_columns() {
  local name own missing
  [[ -z $no_kafka ]] || return 0
  if [[ ${consuming[0]} == "$fields" ]]; then
    missing=$(comm -23 <(columns_read "$here/90_consume.sql") <(columns_read "$fields") | head -n 3)
    [[ -z $missing ]] || wrong "$fields is older than these scripts, it has no ${missing//$'\n'/, }; sluice schema clickhouse -c FILE prints it anew"
  fi
  own=$(question "SELECT name FROM system.columns WHERE database = '$db' AND table = 'flows_raw' AND startsWith(comment, 'User-defined field ') ORDER BY position FORMAT TSVRaw")
  [[ -n $own ]] || return 0
  [[ -n $fields ]] ||
    wrong "flows_raw has columns of your own, which would be filled no longer: ${own//$'\n'/, }; give --fields with the file that sluice schema clickhouse -c FILE prints (or --fields none)"
  while IFS= read -r name; do
    [[ $fields != none ]] && grep -q "^    \`$name\` " "$fields" || say "the column $name is filled no longer"
  done <<<"$own"
}

[[ -n $client || -n $print ]] || command -v curl >/dev/null ||
  wrong "curl is needed to ask $url (apt-get install curl), or another client by --client"

[[ -z $print || -z ${asked_for[unused]:-} ]] || wrong "--print asks no server, which --without unused wants"
if [[ -n $show_sets ]]; then
  settle_sets
  print_sets
  exit
fi
if [[ -n $script && -n $print ]]; then
  settle_sets
  rendered "$script"
  exit
fi
if [[ -n $script ]]; then
  ((${#asked_for[@]} == 0)) || wrong "--script applies one file and nothing else; --with and --without are for a run without it"
  settle_sets
  check_marks "$script"
  run "$script"
  say "$script is applied"
  exit
fi

shopt -s extglob
proto=$here/flow.proto
[[ -r $proto ]] || proto=$(cd "$here/../.." && pwd)/proto/flow.proto
[[ -r $proto ]] || wrong "$proto is not there"
lasting=("$here"/[123]?_*.sql)
making=("$here"/[45678]?_*.sql)
[[ -z $compat ]] || making+=("$here/compat_goflow.sql")
[[ -z $cluster ]] || making+=("$here/cluster/distributed.sql" ${compat:+"$here/cluster/distributed_compat.sql"})
[[ -z $compat ]] || making+=("$here/compat_goflow_view.sql")
consuming=("$here"/9?_*.sql) schema_file=flow.proto
if [[ -n $fields && $fields != none ]]; then
  consuming=("$fields") schema_file=flow_user.proto
fi
if [[ -n $no_kafka ]]; then
  consuming=() schema_file=flow.proto
  if [[ -n $fields && $fields != none ]]; then
    columns_only=$(mktemp)
    trap 'rm -f "$columns_only"' EXIT
    sed -n '/^ALTER TABLE /,/;$/p' "$fields" >"$columns_only"
    [[ -s $columns_only ]] || wrong "$fields adds no columns; sluice schema clickhouse -c FILE prints such a file"
    consuming=("$columns_only")
  fi
fi
chain=("${making[@]}" "${consuming[@]}")

if [[ -n $print ]]; then
  settle_sets
  for file in "${lasting[@]}" "${chain[@]}"; do rendered "$file"; done
  exit
fi

version=$(question "SELECT version()")
[[ $(printf '%s\n' "$oldest_server" "$version" | sort -V | head -n 1) == "$oldest_server" ]] ||
  wrong "the server is ClickHouse $version; $oldest_server or newer is needed"
# `sluice store` has looked at user and password before the engine sees a statement; inside there is one user alone.
if [[ -n $user ]]; then
  user_inside=$(question "SELECT currentUser()")
  [[ $user_inside == "$user" ]] || parameter[dictionary_user]=''
fi
# There statements may not read files: dictionaries do, as the user that the store has for them.
if [[ -z ${parameter[dictionary_user]} ]]; then
  reader=$(question "SELECT substitution FROM system.macros WHERE macro = 'sluice_dictionary_user'")
  [[ -z $reader ]] || parameter[dictionary_user]="USER '$reader' "
fi
give_files
for file in "${lasting[@]}"; do run "$file"; done

began=$(question "SELECT now()")
settle_sets

# Taking the consumer down and up again makes the group wait for it, so it is done only where something changed.
db=${parameter[db]}
definition=$(for file in "${chain[@]}"; do rendered "$file"; done | cat - "$proto" | sha256sum | cut -d ' ' -f 1)
applied=$(question "SELECT definition FROM $db.schema_version ORDER BY applied_at DESC LIMIT 1")
made=$(for file in "${chain[@]}"; do rendered "$file"; done |
  sed -nE 's/^CREATE (OR REPLACE )?(TABLE|MATERIALIZED VIEW|VIEW|DICTIONARY) (IF NOT EXISTS )?([A-Za-z0-9_]+\.[A-Za-z0-9_]+).*/\4/p' | sort)
there=$(question "SELECT database || '.' || name FROM system.tables" | sort)
missing=$(comm -23 <(echo "$made") <(echo "$there"))
newest=$(question "SELECT max(version) FROM $db.schema_version")
((newest <= schema_version)) || wrong "the tables are of version $newest, newer than these scripts ($schema_version)"
if [[ $applied == "$definition" && -z $missing ]]; then
  say "nothing to do, version $schema_version is in place"
else
  check_native_topic
  check_own_columns
  [[ -n $no_kafka || $schema_file == flow.proto ]] || check_marks "${consuming[0]}"
  check_values
  check_schema
  say_what_is_rewritten
  for file in "${making[@]}"; do
    [[ $file != */50_*.sql ]] || change_sets  # while consumption stands still
    run "$file"
  done
  fill_all
  for file in "${consuming[@]}"; do run "$file"; done
  question "INSERT INTO $db.schema_version SELECT $schema_version, now64(3), '$definition'" >/dev/null
  source="topic '${parameter[topic]}'${parameter[native_topic]:+ and, as columns, from topic '${parameter[native_topic]}'} of ${parameter[brokers]}"
  [[ -z $no_kafka ]] || source='sinks of type clickhouse'
  say "version $schema_version is in place; flows come from $source"
fi
question "SYSTEM RELOAD DICTIONARIES${parameter[on_cluster]}" >/dev/null
