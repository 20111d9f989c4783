#!/usr/bin/env bash
# Makes the tables, then drops the partitions of days that ended more than POSTGRES_RETENTION_DAYS ago, and looks again
# each hour. `keeper.sh once` looks once, for cron. Where the server is, PGHOST and the like say.
set -euo pipefail

drop_old() {
  psql -X -q -A -t -v ON_ERROR_STOP=1 -v days="$POSTGRES_RETENTION_DAYS" <<'SQL'
SET client_min_messages = warning;
SET lock_timeout = '30s';
SELECT format('DROP TABLE %s', oid::regclass) FROM pg_class JOIN pg_inherits ON inhrelid = oid
WHERE inhparent = 'flows'::regclass AND relname ~ '^flows_[0-9]{8}$'
  AND to_date(right(relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - :'days'::int
ORDER BY relname \gexec
DELETE FROM flows_default WHERE time_received < now() - make_interval(days => :'days'::int);
SQL
}

if [[ "${1:-}" == once ]]; then
  drop_old
  exit
fi
psql -X -q -v ON_ERROR_STOP=1 -f /tables/tables.sql
touch /run/keeper/made
trap 'exit 0' TERM
while :; do
  drop_old || echo "partitions stay for another hour" >&2
  sleep 3600 &
  wait $!
done
