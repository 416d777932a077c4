#!/usr/bin/env bash
# A real n8n is filled over its REST interface, backed up while it is being written to, restored
# into a second n8n with the key from the archive, and that one is asked for everything.
#   usage: n8n_test.sh LIFEBOAT PROVE_N8N [wal]   (journal: n8n 1.x uses rollback by default)
# Exit 77: skipped, for want of npm.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
lifeboat=$(readlink -f "${1:?usage: n8n_test.sh LIFEBOAT PROVE_N8N [wal]}")
prove=$(readlink -f "${2:?usage: n8n_test.sh LIFEBOAT PROVE_N8N [wal]}")
journal=${3:-delete}
# shellcheck source=tests/live/n8n_lib.sh
source "$here/n8n_lib.sh"

work=$(mktemp -d)
clean_up() {
  stop_all
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
umask 077
cd "$work"

install_n8n
if [[ $journal == wal ]]; then export DB_SQLITE_POOL_SIZE=4; fi

client() { node "$here/n8n_client.mjs" "$@"; }

note() { echo "== $*"; }

# decrypted DATABASE KEY: every credential of a database, by stock tools alone.
decrypted() {
  sqlite3 "$1" "SELECT data FROM credentials_entity ORDER BY name" | while read -r data; do
    printf %s "$data" | openssl enc -d -aes-256-cbc -md md5 -base64 -A -pass "pass:$2" 2> /dev/null
    echo
  done
}

note "first n8n, journal mode $journal"
mkdir first store
start_n8n "$work/first"
first_pid=$n8n_pid
client seed "$n8n_url" state.json
client check "$n8n_url" state.json
mode=$(sqlite3 first/.n8n/database.sqlite 'PRAGMA journal_mode')
[[ $mode == "$journal" ]] || fail "n8n runs in journal mode $mode"

note "backup under a writer"
"$lifeboat" keygen -o key.txt 2> /dev/null
cat > lifeboat.yaml <<YAML
host: live
store: {dir: $work/store}
state_dir: $work/state
spool_dir: $work
encryption: {recipients: ["$("$lifeboat" keygen -y key.txt)"]}
services:
  n8n: {recipe: n8n, path: $work/first/.n8n, url: "$n8n_url", api_key: "\${N8N_API_KEY}"}
jobs: {nightly: {schedule: "02:00", services: [n8n]}}
YAML
N8N_API_KEY=$(node -p 'JSON.parse(require("fs").readFileSync("state.json")).apiKey')
export N8N_API_KEY
node "$here/n8n_client.mjs" churn "$n8n_url" state.json &
churn_pid=$!
live_pids+=("$churn_pid")
for ((i = 0; i < 100; i++)); do [[ -e state.json.churning ]] && break || sleep 0.1; done
"$lifeboat" backup --config lifeboat.yaml
kill -0 "$churn_pid" || fail "a write to n8n failed during the backup"
stop_process "$churn_pid"
stop_process "$first_pid"
unset N8N_API_KEY

note "drill, on nothing but the store and the key"
reading=(--store "dir:$work/store" --identity key.txt)
"$lifeboat" ls latest "${reading[@]}"
"$lifeboat" cat latest n8n/workflows.json "${reading[@]}" > workflows.json
[[ $(node -p 'JSON.parse(require("fs").readFileSync("workflows.json")).length') == 12 ]] ||
  fail "n8n/workflows.json does not hold 12 workflows"
"$lifeboat" drill latest "${reading[@]}" | tee drill.txt
grep -q 'RESTORE OK — 12 workflows, 8 credentials' drill.txt || fail "no RESTORE OK"

export LIFEBOAT_N8N=$n8n_prefix/node_modules/n8n/bin/n8n
if ((EUID == 0)); then
  note "drill with n8n itself, in a network of its own"
  "$lifeboat" drill latest "${reading[@]}" --engine host | tee drill.txt
  grep -q 'n8n starts on the restored data: ready' drill.txt || fail "n8n was not started"
  grep -q 'n8n opens the credentials: 8, of which 8 with content' drill.txt || fail "not opened"
fi

note "restore, and the same by stock tools"
"$lifeboat" restore latest --to restored "${reading[@]}"
mkdir stock
age -d -i key.txt store/live/*/backup.tar.zst.age | zstd -dq | tar -x -C stock
diff -r restored stock || fail "lifeboat and the stock tools restored different files"
[[ $(sqlite3 stock/n8n/database.sqlite 'PRAGMA integrity_check') == ok ]] || fail "integrity"
key=$(node -p 'JSON.parse(require("fs").readFileSync("stock/n8n/config")).encryptionKey')
decrypted stock/n8n/database.sqlite "$key" > found.txt
node -p 'JSON.parse(require("fs").readFileSync("state.json")).credentials
  .sort((a, b) => a.name < b.name ? -1 : 1).map((c) => JSON.stringify(c.data)).join("\n")' \
  > wanted.txt
diff wanted.txt found.txt || fail "the credentials' secrets are not what was seeded"

note "second n8n, on the restored folder"
mkdir second third
cp -a restored/n8n second/.n8n
cp -a restored/n8n third/.n8n
start_n8n "$work/second"
client check "$n8n_url" state.json
stop_process "$n8n_pid"

note "third n8n, with a wrong key: the check above must be able to fail"
sed -i "s|\"encryptionKey\":.*\"[^\"]*\"|\"encryptionKey\": \"$(openssl rand -base64 24)\"|" \
  third/.n8n/config
start_n8n "$work/third"
if client check "$n8n_url" state.json > wrong.txt; then fail "a wrong key went unnoticed"; fi
grep -q 'workflows?limit=5: 401' wrong.txt || fail "the API key worked under a wrong key"
[[ $(grep -c '^credential cred-' wrong.txt) == 8 ]] || fail "$(cat wrong.txt)"
stop_process "$n8n_pid"
if ((EUID == 0)); then
  note "the drill's own proof, on a good key and on the wrong one"
  "$prove" restored/n8n 12 8
  if "$prove" third/.n8n 12 8 > wrong.txt; then fail "the proof passed under a wrong key"; fi
  cat wrong.txt
  grep -q '^ok n8n shows the workflows' wrong.txt || fail "more is wrong than the key"
  grep -q '^WRONG n8n opens the credentials' wrong.txt || fail "the proof missed the wrong key"
fi
note "ok"
