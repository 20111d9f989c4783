#!/usr/bin/env bash
# The tables of the stack: deploy/clickhouse/apply.sh with what docker-compose.yml says. Runs in the service `schema`;
# its arguments say how the server is reached. fields.sql beside it is what `sluice schema clickhouse` printed for
# fields of your own.
set -euo pipefail

here=$(dirname "$0")
fields=()
[[ ! -e $here/fields.sql ]] || fields=(--fields "$here/fields.sql")

exec "$here/../clickhouse/apply.sh" "$@" "${fields[@]}" \
  --user sluice --password-file <(printf '%s\n' "$CLICKHOUSE_PASSWORD") \
  --schema-dir /var/lib/clickhouse/format_schemas --user-files /var/lib/clickhouse/user_files \
  --brokers kafka:9092 --topic flows --consumers "$CONSUMERS" --retention-days "$RETENTION_DAYS"
