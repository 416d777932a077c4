#!/usr/bin/env bash
# A Grafana is backed up by its API, listed, drilled with sabotage and restored; what the token may not
# see, and a server that is gone, are told. Against the stand-in: usage: grafana.sh LIFEBOAT FAKE_GRAFANA
fake=$(readlink -f "${2:?usage: $0 LIFEBOAT FAKE_GRAFANA}")
source "$(dirname "$0")/lib.sh"

"$fake" --port-file port --seed &
grafana=$!
pids+=("$grafana")
wait_for_file() {
  local try
  for ((try = 0; try < 100; try++)); do
    if [[ -s $1 ]]; then return; fi
    sleep 0.1
  done
  fail "$1 does not appear"
}
wait_for_file port
make_key

# grafana_config TOKEN [PORT_FILE]
grafana_config() {
  write_config \
    "grafana: {recipe: grafana, url: 'http://127.0.0.1:$(cat "${2:-port}")', token: $1}"
}

grafana_config glsa_fake_admin_of_org_1
lifeboat check --config lifeboat.yaml
stdout_has 'Grafana 11.6.0 answers'
backup
expect 0
stdout_has 'dashboards 4'
stdout_lacks 'glsa_'
stderr_lacks 'glsa_'
lifeboat ls latest --store dir:store --identity key.txt
expect 0
stdout_has 'grafana/export/org-1/dashboards/nodes.json'
lifeboat cat latest grafana/export/org-1/folders/infra-db.json --store dir:store --identity key.txt
expect 0
stdout_has '"parentUid": "infra"'

lifeboat drill --identity key.txt --no-evidence --config lifeboat.yaml
expect 0
stdout_has 'RESTORE OK'
lifeboat drill --sabotage --identity key.txt --config lifeboat.yaml
expect 0
stdout_has 'missing dashboard'

lifeboat restore latest --store dir:store --identity key.txt --to restored
expect 0
mode_is restored/grafana/export/org-1/contact-points-export.json 600

# The card's own commands, into an empty Grafana: a thing of each kind, whose names are put in.
if command -v jq > /dev/null && command -v curl > /dev/null; then
  "$fake" --port-file other_port &
  other=$!
  pids+=("$other")
  wait_for_file other_port
  sed -n '/^Single things/,/rm token/s/^    //p' restored/RESTORE.md > card
  steps() { sed -n "$1" card; }
  cat > by_hand << EOF
set -euo pipefail
cd restored
URL=http://127.0.0.1:$(cat other_port)
TOKEN=glsa_fake_admin_of_org_1
$(steps '/^cd /,/^api()/p')
$(steps '/folders/p' | sed 's,UID\.json,infra.json,')
$(steps '/folders/p' | sed 's,UID\.json,infra-db.json,')
$(steps '/datasources/p' | sed 's,UID\.json,prom.json,')
$(steps '/library/p' | sed 's,UID\.json,lib-cpu.json,')
$(steps '/dashboards/p' | sed 's,UID\.json,nodes.json,')
$(steps '/alert-rules/p' | sed 's,FOLDER%2FGROUP,infra%2Fhourly%2Fslow,; s,FOLDER/,infra/,; s,GROUP,hourly%2Fslow,')
rm token.header
EOF
  run bash by_hand
  expect 0
  grafana_config glsa_fake_admin_of_org_1 other_port
  backup
  expect 0
  stdout_has 'dashboards 1'
  stdout_has 'alert_rules 1'
  kill "$other"
  wait "$other" || true
fi

grafana_config glsa_fake_viewer_of_org_1
backup
expect 4
stderr_has '403'
kill "$grafana"
wait "$grafana" || true
backup
expect 4
stderr_has 'grafana'
