#!/usr/bin/env bash
# WAHA's sessions rest while they are read and work again afterwards: after a whole backup, a
# SIGTERM in its middle, and a SIGKILL, which the next backup repairs. The drill asks nobody.
#   usage: waha.sh LIFEBOAT FAKE_WAHA
fake=$(readlink -f "${2:?usage: waha.sh LIFEBOAT FAKE_WAHA}")
source "$(dirname "$0")/lib.sh"

make_key
for session in main shop; do
  mkdir -p "sessions/noweb/$session"
  echo "{\"name\": \"$session\"}" > "sessions/noweb/$session/.waha.session.config.json"
  echo '{"noiseKey": "secret"}' > "sessions/noweb/$session/creds.json"
done
# The middle of a backup is long enough to be met.
head -c 60000000 /dev/urandom > sessions/noweb/shop/media

start_fake() {
  rm -f fake-waha.log url
  "$fake" --port-file "$place/url" --data sessions --key fake-key "$@" < /dev/null > fake.out 2>&1 &
  fake_pid=$!
  pids+=("$fake_pid")
  for ((i = 0; i < 200; i++)); do
    [[ -s url ]] && break
    sleep 0.05
  done
  write_config "waha: {recipe: waha, path: $place/sessions, url: \"$(cat url)\", \
api_key: fake-key, quiesce: api}"
}
# What it was asked to do, behind the states of its sessions.
stop_fake() {
  kill "$fake_pid"
  wait "$fake_pid" 2> /dev/null || true
  run cat fake-waha.log
}
status_of() {
  curl -fsS -H 'X-Api-Key: fake-key' "$(cat url)/api/sessions?all=true" |
    grep -o "\"name\":\"$1\",\"status\":\"[A-Z]*\"" | cut -d '"' -f 8
}
# Starts a backup and returns when both sessions are at rest.
start_backup() {
  "$program" backup --config lifeboat.yaml < /dev/null > started.out 2> started.err &
  pid=$!
  pids+=("$pid")
  for ((i = 0; i < 400; i++)); do
    [[ $(status_of shop) == STOPPED ]] && return 0
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.02
  done
  cat started.err >&2
  fail "the sessions were not met at rest"
}
in_order='main WORKING
shop WORKING
POST /api/sessions/main/stop
POST /api/sessions/shop/stop
POST /api/sessions/main/start
POST /api/sessions/shop/start'

start_fake
backup
expect 0
stderr_lacks 'fake-key'
[[ $(status_of main) == WORKING ]] || fail "main does not work"
on_bare_machine drill
expect 0
stdout_has '2 WAHA sessions'
[[ -z $(find state -name "waha-*.json") ]] || fail "a note is left"
stop_fake
stdout_is "$in_order"

start_fake
start_backup
kill -TERM "$pid"
status=0
wait "$pid" 2> /dev/null || status=$?
expect 130
stop_fake
stdout_is "$in_order"

start_fake
start_backup
kill -KILL "$pid"
wait "$pid" 2> /dev/null || true
[[ $(status_of main) == STOPPED ]] || fail "who started main?"
[[ -n $(find state -name 'waha-*.json') ]] || fail "no note"
grep -q 'fake-key' state/waha-*.json && fail "the note holds the key"
backup
expect 0
stderr_has '2 sessions that a killed run had stopped are at work again'
[[ -z $(find state -name 'waha-*.json') ]] || fail "the note is still there"
[[ $(status_of main) == WORKING ]] || fail "main does not work"
stop_fake

start_fake --fail 'POST /api/sessions/main/start'
backup
expect 0
stderr_has 'NOT ALL SESSIONS WORK AGAIN'
stderr_has "session 'main'"
[[ $(status_of shop) == WORKING ]] || fail "shop does not work"
stop_fake

start_fake --fail 'POST /api/sessions/shop/stop'
backup
expect 4
stderr_has "stop session 'shop'"
[[ $(status_of main) == WORKING ]] || fail "main does not work"
stop_fake
