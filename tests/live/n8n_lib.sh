# Real n8n for the live tests: installed from npm into a cache outside the tree, started on
# loopback, stopped by its own process id. Sourced, not run.
#
# The whole dependency tree is pinned by one date (npm's --before resolves every range to what was
# published then) and not by a lock file, which would be 25,000 lines long.

n8n_version=1.123.81
n8n_as_of=2026-09-24
node_version=20.20.2   # fetched only where the node on PATH does not suit n8n
npm_version=10.9.8
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/lifeboat-test
n8n_prefix=$cache/n8n-$n8n_version
live_pids=()

# Ends the test as not run, with the reason that the summary repeats.
skip() {
  echo "skipped: $*"
  exit 77
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# npm_or_skip LOG ARG...: what fails for lack of a network skips the test, all else fails it.
npm_or_skip() {
  local log=$1
  shift
  if npm "$@" --no-audit --no-fund --loglevel=error > "$log" 2>&1 < /dev/null; then return 0; fi
  local causes='ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRE|ENETUNREACH|EHOSTUNREACH'
  causes+='|E5[0-9][0-9]|ERR_SOCKET|_CERT'
  if grep -Eq "$causes" "$log"; then
    skip "npm cannot be reached"
  fi
  tail -n 20 "$log" >&2
  fail "npm $*"
}

# n8n 1.123 runs on Node 20.19 to 24; Debian 12 has 18, from where npm itself brings another.
use_suitable_node() {
  local version major minor arch folder
  command -v npm > /dev/null || skip "npm is not installed"
  version=$(node --version 2> /dev/null || echo v0.0.0)
  IFS=. read -r major minor _ <<< "${version#v}"
  if ((major > 20 && major <= 24)) || ((major == 20 && minor >= 19)); then return 0; fi
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) skip "node $version does not suit n8n and there is no other for $(uname -m)" ;;
  esac
  folder=$cache/node-$node_version
  if [[ ! -f $folder/.installed ]]; then
    mkdir -p "$folder"
    npm_or_skip "$folder/install.log" install --prefix "$folder" --ignore-scripts \
      "node-linux-$arch@$node_version" "npm@$npm_version"
    touch "$folder/.installed"
  fi
  export PATH="$folder/node_modules/node-linux-$arch/bin:$folder/node_modules/.bin:$PATH"
}

# Idempotent; two test runs at once wait for each other. About 4 minutes the first time.
install_n8n() {
  mkdir -p "$cache"
  exec {install_lock}> "$cache/.lock"
  flock "$install_lock"
  use_suitable_node
  if [[ ! -f $n8n_prefix/.installed-n8n-$n8n_version ]]; then install_n8n_afresh; fi
  exec {install_lock}>&-
}

install_n8n_afresh() {
  local node_root
  mkdir -p "$n8n_prefix"
  # xlsx: n8n pins a tarball outside the registry. langgraph-checkpoint: newer ones want another
  # @langchain/core than the one n8n pins, and then "start" cannot be loaded.
  cat > "$n8n_prefix/package.json" <<JSON
{"name": "lifeboat-live-n8n", "private": true, "dependencies": {"n8n": "$n8n_version"},
 "overrides": {"xlsx": "0.18.5", "@langchain/langgraph-checkpoint": "1.0.1"}}
JSON
  # Node's headers from beside the binary: node-gyp would download them.
  node_root=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [[ -f $node_root/include/node/node.h ]]; then export npm_config_nodedir=$node_root; fi
  # Without install scripts, which want to download binaries; the one native module that n8n on
  # SQLite needs is then built from its own sources.
  npm_or_skip "$n8n_prefix/install.log" install --prefix "$n8n_prefix" --before="$n8n_as_of" \
    --legacy-peer-deps --ignore-scripts
  npm_or_skip "$n8n_prefix/rebuild.log" rebuild --prefix "$n8n_prefix" sqlite3
  node "$n8n_prefix/node_modules/n8n/bin/n8n" --version
  touch "$n8n_prefix/.installed-n8n-$n8n_version"
}

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => {
    console.log(s.address().port); s.close(); })'
}

# start_n8n FOLDER: n8n on FOLDER/.n8n; sets n8n_url and n8n_pid once its REST interface answers.
start_n8n() {
  local folder=$1 port log=$1/n8n.log tries
  port=$(free_port)
  n8n_url=http://127.0.0.1:$port
  env N8N_USER_FOLDER="$folder" N8N_PORT="$port" N8N_LISTEN_ADDRESS=127.0.0.1 \
    N8N_RUNNERS_BROKER_PORT="$(free_port)" N8N_RUNNERS_ENABLED=false \
    N8N_DIAGNOSTICS_ENABLED=false N8N_VERSION_NOTIFICATIONS_ENABLED=false \
    N8N_TEMPLATES_ENABLED=false N8N_PERSONALIZATION_ENABLED=false \
    N8N_HIRING_BANNER_ENABLED=false N8N_COMMUNITY_PACKAGES_ENABLED=false \
    EXTERNAL_FRONTEND_HOOKS_URLS= N8N_SECURE_COOKIE=false N8N_EXPRESSION_ENGINE=legacy \
    N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS=true NO_COLOR=1 \
    node "$n8n_prefix/node_modules/n8n/bin/n8n" start > "$log" 2>&1 < /dev/null &
  n8n_pid=$!
  live_pids+=("$n8n_pid")
  for ((tries = 0; tries < 240; tries++)); do
    # /healthz answers before the REST routes are there; /rest/settings does not.
    if curl -fsS -m 3 "$n8n_url/rest/settings" 2> /dev/null | grep '"data"' > /dev/null; then return 0; fi
    kill -0 "$n8n_pid" 2> /dev/null || break
    sleep 0.5
  done
  tail -n 20 "$log" >&2
  fail "n8n did not start on $folder"
}

# stop_process PID: ends a child of this shell, by force after 10 seconds.
stop_process() {
  local tries
  kill "$1" 2> /dev/null || return 0
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$1" 2> /dev/null || break
    sleep 0.1
  done
  kill -9 "$1" 2> /dev/null || true
  wait "$1" 2> /dev/null || true
}

stop_all() {
  local pid
  for pid in "${live_pids[@]}"; do stop_process "$pid"; done
}
