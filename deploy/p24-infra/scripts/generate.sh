#!/usr/bin/env bash
# Writes anew what Lifeboat makes for this fleet: alert rules and the rights of each key. A test holds
# that these files are what the program prints today; run this after an update or with another host.
#
#   generate.sh [FOLDER]    into FOLDER instead of beside this script's own folder
set -euo pipefail
fleet=$(readlink -f "${1:-$(dirname "$(readlink -f "$0")")/..}")
hosts=(vps-h1 vps-i1)
store=s3://ecotrans-backups
pack=$(mktemp -d)
trap 'rm -rf "$pack"' EXIT

lifeboat monitoring --to "$pack" --expect vps-h1/nightly --expect vps-i1/nightly \
  --expect vps-i1/supabase-weekly=weekly \
  --runbook-url https://github.com/radieu/p24-infra/blob/main/docs/runbook.md > /dev/null
mkdir -p "$fleet/monitoring/prometheus/rules" "$fleet/wasabi"
cp "$pack"/prometheus/rules/*.yml "$fleet/monitoring/prometheus/rules"

# policy ROLE FILE HOST...
policy() {
  local host arguments=()
  for host in "${@:3}"; do arguments+=(--host "$host"); done
  lifeboat bucket policy --role "$1" --store "$store" "${arguments[@]}" > "$fleet/wasabi/$2.json"
}
for host in "${hosts[@]}"; do policy writer "$host-writer" "$host"; done
policy drill drill "${hosts[@]}"
policy watcher watcher
