# vps-h1: n8n and WAHA in containers, Traefik's volume. Sourced by fleet_test.sh.

vps_h1_services() {

  make_host h1
  n8n_image
  start_h1_n8n
  start_h1_waha
  fill_traefik
  local volume outside
  make_volume h1 prometheus_data
}

# n8n from npm in an image of its own, for which the drill can look by its id.
n8n_image() {
  local root=$state/image/n8n node
  node=$(readlink -f "$(command -v node)")
  empty_root "$root"
  copy_programs "$root" "$node"
  [[ $node == /usr/bin/node ]] || ln -s "$node" "$root/usr/bin/node"
  ln -s "/$(basename "$n8n_prefix")/node_modules/n8n/bin/n8n" "$root/usr/bin/n8n"
  echo node:x:1000:1000::/home/node:/bin/sh >> "$root/etc/passwd"
  mkdir -p "$root/home/node/.n8n"
  chmod -R go+rX "$root"
  chown -R 1000:1000 "$root/home/node"
  tar -c --numeric-owner --exclude='*.map' --exclude='*.d.ts' --exclude='*.md' -C "$root" . \
    -C "$(dirname "$n8n_prefix")" "$(basename "$n8n_prefix")" |
    docker_on h1 import -c 'ENV PATH=/usr/sbin:/usr/bin HOME=/home/node' -c 'USER node' \
      -c 'WORKDIR /home/node' -c 'CMD ["n8n", "start"]' - n8n:1 > /dev/null
  rm -rf "$root"
}

start_h1_n8n() {
  local try pruning
  # As the fleet's override of its docker-compose.yml says.
  mapfile -t pruning < <(python3 -c 'import sys, yaml
for item in yaml.safe_load(open(sys.argv[1]))["services"]["n8n"]["environment"].items():
  print("--env=%s=%s" % item)' "$fleet/hostinger/docker-compose.override.yml")
  ((${#pruning[@]} >= 3)) || fail "n8n is not told to prune"
  docker_on h1 run -d --name n8n --network host -v n8n_data:/home/node/.n8n \
    -e N8N_PORT=5678 -e N8N_LISTEN_ADDRESS=127.0.0.1 -e N8N_RUNNERS_ENABLED=false \
    -e N8N_DIAGNOSTICS_ENABLED=false -e N8N_VERSION_NOTIFICATIONS_ENABLED=false \
    -e N8N_TEMPLATES_ENABLED=false -e N8N_PERSONALIZATION_ENABLED=false \
    -e N8N_SECURE_COOKIE=false -e N8N_EXPRESSION_ENGINE=legacy "${pruning[@]}" n8n:1 > /dev/null
  for ((try = 0; try < 240; try++)); do
    if curl -fsS -m 3 http://127.0.0.1:5678/rest/settings 2> /dev/null | grep '"data"' > /dev/null; then
      node "$here/../live/n8n_client.mjs" seed http://127.0.0.1:5678 "$work/n8n.json"
      return
    fi
    [[ $(docker_on h1 inspect -f '{{.State.Running}}' n8n) == true ]] || break
    sleep 0.5
  done
  docker_on h1 logs n8n | tail -n 20 >&2
  fail "n8n does not start"
}

start_h1_waha() {
  local volume outside session
  make_volume h1 root_waha_sessions
  session=$outside/noweb/default
  mkdir -p "$session"
  echo '{"webhooks":[],"noweb":{"store":{"enabled":true}}}' > "$session/.waha.session.config.json"
  echo '{"registered":true,"me":{"id":"48500000000:1@s.whatsapp.net"}}' > "$session/creds.json"
  sqlite3 store.sqlite3 'PRAGMA journal_mode = wal; CREATE TABLE messages (id INTEGER
    PRIMARY KEY, body TEXT); INSERT INTO messages (body) VALUES (1), (2), (3)' > /dev/null
  cp store.sqlite3 "$session/"
  waha_key=$(openssl rand -hex 12)
  on h1 "$tools/lifeboat-fake-waha" --port-file "$work/waha.port" --data "$volume" --key "$waha_key" &
  forward 3002 waha.port
}

fill_traefik() {
  local volume outside
  make_volume h1 traefik_data
  "$project/demo/sample_traefik.sh" "$outside" n8n.example.com
}

vps_h1_install() {
  install_lifeboat h1 install-hstgr.sh \
    "N8N_API_KEY=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).apiKey' \
      "$work/n8n.json")" "WAHA_API_KEY=$waha_key"
}

vps_h1_nights() {
  is_installed h1 install-hstgr.sh '0 2 * * * root /usr/bin/lifeboat backup nightly'
  on_script h1 0 backup-hstgr.sh
  discord_was_told "backup 'nightly' of vps-h1"
  [[ -s $(root_of h1)/var/lib/node_exporter/textfile/lifeboat-vps-h1.prom ]] || fail "no metrics"
  on_lifeboat h1 0 list --host vps-h1
  on_script h1 0 backup-restore-drill.sh vps-h1 --engine docker
  last_line_is 'RESTORE OK — 12 workflows, 8 credentials, 1 WAHA session'
  has "$out" 'n8n opens the credentials'
  on_lifeboat h1 0 drill --sabotage
  on_lifeboat h1 0 diff latest
  local night
  night=vps-h1/$(date -u +%F)
  damage "$night/backup.tar.zst.age"
  on_script h1 7 backup-restore-drill.sh "$night"
  mend
  discord_was_told "drill"
  [[ $(jq -r 'select(.act == "open") | .title' github.jsonl) == *vps-h1* ]] || fail "no issue"
  curl -fsS -H "X-Api-Key: $waha_key" 'http://127.0.0.1:3002/api/sessions?all=true' |
    grep -q '"WORKING"' || fail "the session was not started again"
  nothing_is_left h1
}
