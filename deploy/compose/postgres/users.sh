#!/usr/bin/env bash
# The database, its owner, and Grafana's user, who may read what the owner makes. PostgreSQL's image runs this once, when
# its volume is new; elsewhere, with psql's own variables: SLUICE_POSTGRES_PASSWORD=... GRAFANA_POSTGRES_PASSWORD=... users.sh
set -euo pipefail

psql -X -q -v ON_ERROR_STOP=1 -v sluice="$SLUICE_POSTGRES_PASSWORD" -v grafana="$GRAFANA_POSTGRES_PASSWORD" -d postgres <<'SQL'
CREATE ROLE sluice LOGIN PASSWORD :'sluice';
CREATE ROLE grafana LOGIN PASSWORD :'grafana';
-- A long question holds up the making of a partition.
ALTER ROLE grafana SET statement_timeout = '60s';
ALTER ROLE grafana SET default_transaction_read_only = on;
CREATE DATABASE sluice OWNER sluice;
\c sluice
ALTER DEFAULT PRIVILEGES FOR ROLE sluice IN SCHEMA public GRANT SELECT ON TABLES TO grafana;
ALTER SCHEMA public OWNER TO sluice;
SQL
