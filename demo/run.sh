#!/usr/bin/env bash
# The demonstration: sample services that are being written to, backed up, listed, drilled, and
# restored by the stock tools. Everything lies in one private folder that goes away at the end,
# however the end comes.
#   usage: demo/run.sh BUILD_FOLDER
set -euo pipefail
build=$(readlink -f "${1:?usage: demo/run.sh BUILD_FOLDER}")
traefik=$(dirname "$(readlink -f "$0")")/sample_traefik.sh
PATH=$build/src/cli:$build/demo:$PATH

folder=$(mktemp -d "${TMPDIR:-/tmp}/lifeboat-demo-XXXXXX")   # mode 0700
writer=
clean_up() {
  if [[ -n $writer ]]; then
    kill "$writer" 2> /dev/null || true
    wait "$writer" 2> /dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
umask 077
cd "$folder"

# Shows a command as typed, then runs it. A failure ends the demonstration with its status.
show() {
  printf '\n$ %s\n' "$*"
  eval "$*"
}

echo "Sample services: n8n (SQLite in WAL mode, written to all the time), WAHA, Traefik."
"$traefik" traefik demo.example.com
lifeboat-sample-services "$folder" > services.log 2>&1 &
writer=$!
for ((i = 0; i < 200; i++)); do
  grep -qs ready services.log && break
  kill -0 "$writer" 2> /dev/null || { cat services.log >&2; exit 1; }
  sleep 0.05
done

show lifeboat keygen -o age.key
mkdir store
cat > lifeboat.yaml <<YAML
host: demo
store: {dir: $folder/store}
encryption: {recipients: [$(lifeboat keygen -y age.key)]}
services:
  n8n:     {recipe: n8n, path: $folder/n8n}
  waha:    {recipe: waha, path: $folder/waha}
  traefik: {recipe: traefik, path: $folder/traefik}
jobs:
  nightly: {schedule: "02:00", services: [n8n, waha, traefik]}
drill: {identity: $folder/age.key, schedule: weekly, scratch: $folder}
spool_dir: $folder
state_dir: $folder/state
YAML
show cat lifeboat.yaml
show lifeboat check --config lifeboat.yaml
show lifeboat backup --config lifeboat.yaml
show lifeboat list --config lifeboat.yaml
kill -0 "$writer" || { echo "the writer broke off:"; cat services.log; exit 1; } >&2

echo
echo "Without lifeboat, on any machine, with the key alone:"
show "age -d -i age.key store/demo/*/backup.tar.zst.age | zstd -d | tar t"

echo
echo "And the point of it all: is it really in there?"
show lifeboat drill --config lifeboat.yaml

cat <<'TEXT'

What to do next:
  lifeboat keygen -o age.key                  make your key, and keep a copy off this machine
  $EDITOR /etc/lifeboat/lifeboat.yaml         name your services as above; README.md has a tour
  lifeboat check && lifeboat backup && lifeboat drill
  lifeboat drill --sabotage                   see that the drill can fail
TEXT
