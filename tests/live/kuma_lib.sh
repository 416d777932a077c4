# Real Uptime Kuma for the live tests: installed from npm into a cache outside the tree, started on
# loopback, stopped by its own process id. Sourced, not run.
#
# 2.0.0-dev.0 is the authors' own early build of 2.x and the only server that npm has.

# shellcheck source=tests/live/n8n_lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/n8n_lib.sh"

kuma_version=2.0.0-dev.0
kuma_as_of=2026-09-24
kuma_prefix=$cache/kuma-$kuma_version

# Idempotent; two test runs at once wait for each other. About 3 minutes the first time.
install_kuma() {
  mkdir -p "$cache"
  exec {install_lock}> "$cache/.lock-kuma"
  flock "$install_lock"
  use_suitable_node
  if [[ ! -f $kuma_prefix/.installed ]]; then install_kuma_afresh; fi
  exec {install_lock}>&-
}

install_kuma_afresh() {
  local node_root package=$kuma_prefix/node_modules/uptime-kuma
  mkdir -p "$kuma_prefix"
  cat > "$kuma_prefix/package.json" <<JSON
{"name": "lifeboat-live-kuma", "private": true, "dependencies": {"uptime-kuma": "$kuma_version"}}
JSON
  # Its native SQLite module is built from its own sources, with Node's headers from beside the
  # binary: node-gyp would download them.
  node_root=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [[ -f $node_root/include/node/node.h ]]; then export npm_config_nodedir=$node_root; fi
  npm_or_skip "$kuma_prefix/install.log" install --prefix "$kuma_prefix" --omit=dev \
    --before="$kuma_as_of"
  # The package keeps its last migrations one folder too high, and the first start fails.
  cp -n "$package"/db/patch-*.sql "$package/db/old_migrations/"
  touch "$kuma_prefix/.installed"
}

# start_kuma FOLDER: sets kuma_url and kuma_pid once it serves.
start_kuma() {
  local folder=$1 port log=$1.log tries
  port=$(free_port)
  kuma_url=http://127.0.0.1:$port
  # Without it, it waits in a setup page.
  [[ -f $folder/db-config.json ]] || echo '{"type":"sqlite"}' > "$folder/db-config.json"
  (cd "$kuma_prefix/node_modules/uptime-kuma" &&
    exec node server/server.js --data-dir="$folder/" --port="$port" --host=127.0.0.1 \
      > "$log" 2>&1 < /dev/null) &
  kuma_pid=$!
  live_pids+=("$kuma_pid")
  for ((tries = 0; tries < 240; tries++)); do
    if curl -fsS -m 3 "$kuma_url/api/entry-page" 2> /dev/null | grep '"type"' > /dev/null; then return 0; fi
    kill -0 "$kuma_pid" 2> /dev/null || break
    sleep 0.5
  done
  tail -n 20 "$log" >&2
  fail "Uptime Kuma did not start on $folder"
}
