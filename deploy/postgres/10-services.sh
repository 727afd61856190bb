#!/bin/bash
# Runs once, when the server's data folder is empty: a database and a user for each service, closed to all others.
set -euo pipefail

for service in users products orders payments shipping inventory notifications analytics; do
  variable=$(printf '%s' "$service" | tr '[:lower:]' '[:upper:]')_DB_PASSWORD
  psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -v service="$service" -v password="${!variable}" <<'SQL'
create role :"service" login password :'password';
create database :"service" owner :"service";
revoke connect, temporary on database :"service" from public;
SQL
done
