#!/usr/bin/env bash
# `sluice store` in the place of a ClickHouse server: the same user and password, and the two directories of files that a
# server has, which are one for the store.
set -euo pipefail

data=/var/lib/clickhouse
mkdir -p $data/files
ln -sfn files $data/format_schemas
ln -sfn files $data/user_files
printf '%s\n' "$CLICKHOUSE_PASSWORD" >/tmp/password
exec sluice store --path $data --http 0.0.0.0:8123 --user "$CLICKHOUSE_USER" --password-file /tmp/password
