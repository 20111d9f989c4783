#!/bin/sh
# `sluice web` in its container: its secrets are read from files alone, and compose has them in the environment.
set -eu

umask 077
printf '%s\n' "$WEB_TOKEN" >/run/sluice-web/token
printf '%s\n' "$WEB_CLICKHOUSE_PASSWORD" >/run/sluice-web/password
unset WEB_TOKEN WEB_CLICKHOUSE_PASSWORD
exec sluice web --set web.token_file=/run/sluice-web/token --set web.clickhouse.password_file=/run/sluice-web/password
