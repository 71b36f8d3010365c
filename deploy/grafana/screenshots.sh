#!/usr/bin/env bash
# A picture of each dashboard: screenshots.sh FOLDER [FROM]. It needs Docker with Compose; what it starts beside a running river it takes away again.
# GRAFANA_PASSWORD is that of `admin`, if it has one; FROM is Grafana's, now-1h without it.
set -euo pipefail
folder=$(realpath "${1:?usage: screenshots.sh FOLDER [FROM]}")
from=${2:-now-1h}
cd "$(dirname "$0")/../.."
RENDERER_TOKEN=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export RENDERER_TOKEN
mkdir -p "$folder"

with_renderer() { docker compose -f docker-compose.yml -f deploy/grafana/screenshots.yaml "$@"; }
without() { with_renderer rm --stop --force renderer && docker compose up --detach --no-deps grafana; }
trap without EXIT
with_renderer up --detach --no-deps --wait grafana
with_renderer up --detach --no-deps renderer

for file in deploy/grafana/dashboards/*.json; do
  uid=$(basename "$file" .json)
  curl --fail --silent --show-error --retry 10 --retry-all-errors --retry-delay 3 --max-time 120 \
    --user "admin:${GRAFANA_PASSWORD:-admin}" --output "$folder/$uid.png" \
    "http://127.0.0.1:3000/render/d/$uid?from=$from&to=now&kiosk&width=1600&height=-1&timeout=90"
  echo "$folder/$uid.png"
done
