#!/usr/bin/env bash
# A Grafana is backed up by its API, listed, drilled with sabotage and restored; what the token may not
# see, and a server that is gone, are told. Against the stand-in: usage: grafana.sh LIFEBOAT FAKE_GRAFANA
fake=$(readlink -f "${2:?usage: $0 LIFEBOAT FAKE_GRAFANA}")
source "$(dirname "$0")/lib.sh"

"$fake" --port-file port --seed &
grafana=$!
pids+=("$grafana")
for ((try = 0; try < 100; try++)); do
  if [[ -s port ]]; then break; fi
  sleep 0.1
done
exists port
make_key

# grafana_config TOKEN
grafana_config() {
  write_config "grafana: {recipe: grafana, url: 'http://127.0.0.1:$(cat port)', token: $1}"
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
# The card's own commands hold for the files that are there.
if command -v jq > /dev/null; then
  run jq -e '{dashboard: (.dashboard | .id = null), folderUid: .meta.folderUid} | .folderUid == "infra"' \
    restored/grafana/export/org-1/dashboards/nodes.json
  expect 0
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
