#!/usr/bin/env bash
# The tables of the stack: deploy/clickhouse/apply.sh with what docker-compose.yml says. Runs in the service `schema`;
# its arguments say how the server is reached.
set -euo pipefail

exec "$(dirname "$0")/../clickhouse/apply.sh" "$@" \
  --user sluice --password-file <(printf '%s\n' "$CLICKHOUSE_PASSWORD") \
  --schema-dir /var/lib/clickhouse/format_schemas --user-files /var/lib/clickhouse/user_files \
  --brokers kafka:9092 --topic flows --consumers "$CONSUMERS" --retention-days "$RETENTION_DAYS"
