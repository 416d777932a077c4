#!/usr/bin/env bash
# Killed at any point, a run leaves no false success, and the next one tells of it: when it began,
# how far it came, and whether there is a snapshot.
holding_server=$(readlink -f "${2:?usage: $0 LIFEBOAT HOLDING_SERVER}")
source "$(dirname "$0")/lib.sh"

world=$folder/world
mkdir "$world" textfile spool
"$holding_server" --port-file "$folder/port" --dir "$world" &
pids+=($!)
for ((i = 0; i < 200; i++)); do [[ -e $folder/port ]] && break || sleep 0.05; done
url=http://127.0.0.1:$(< "$folder/port")

make_key
mkfifo gate
exec {gate}<> gate
# Waits at the gate while there is a file `hold-NAME`.
stop_here() { echo "[sh, -c, '[ ! -e $place/hold-$1 ] || { touch $world/reached; cat $place/gate; }; echo x']"; }
cat > lifeboat.yaml <<TEXT
host: h1
store:
  s3: {endpoint: "$url", region: test-1, bucket: bucket, path_style: true,
    access_key: AKIDEXAMPLE, secret_key: wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY}
encryption: {recipients: [$recipient]}
state_dir: $place/state
spool_dir: $place/spool
services:
  dump: {recipe: command, command: $(stop_here member)}
jobs:
  nightly: {schedule: daily, services: [dump], hooks: {before: [$(stop_here hook)]}}
metrics: {textfile: $place/textfile, pushgateway: "$url"}
notify:
  webhook: {url: "$url/told"}
  heartbeat: {url: "$url/beat"}
TEXT
chmod 600 lifeboat.yaml

last_success() {
  sed -n 's/^lifeboat_last_success_timestamp_seconds{.*} //p' textfile/*.prom 2> /dev/null || true
}
snapshots() { "$program" list --config lifeboat.yaml --json | grep -c '"snapshot"' || true; }

# killed_at WHERE PHASE FATE: a run is killed where it is held (`hold-NAME` of a command, else a
# request's pattern); then the next one tells of PHASE and FATE.
killed_at() {
  local where=$1 phase=$2 fate=$3 before count pid
  before=$(last_success)
  count=$(snapshots)
  rm -f "$world/reached"
  case $where in
    hold-*) touch "$where" ;;
    *) echo "$where" > "$world/hold" ;;
  esac
  "$program" backup --config lifeboat.yaml < /dev/null > started.out 2> started.err &
  pid=$!
  pids+=("$pid")
  for ((i = 0; i < 600; i++)); do
    [[ ! -e $world/reached ]] || break
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.05
  done
  if [[ ! -e $world/reached ]]; then
    cat started.err >&2
    fail "the run never came to: $where"
  fi
  kill -9 "$pid"
  wait "$pid" 2> /dev/null || true
  rm -f "$world/hold" hold-*
  if [[ $fate == 'no snapshot of it exists' ]]; then
    [[ $(last_success) == "$before" ]] || fail "a killed run counts as a success: $where"
    [[ $(snapshots) == "$count" ]] || fail "there is a snapshot of a killed run: $where"
  else
    [[ $(snapshots) -gt $count ]] || fail "no snapshot of a run killed after it: $where"
  fi

  : > "$world/requests"
  backup
  expect 0
  stderr_has 'was killed'
  last="the notice after a kill at $where"
  grep 'POST /told' "$world/requests" > "$folder/out" || fail "nobody was told"
  stdout_has "killed/backup/nightly"
  stdout_has "was killed"
  stdout_has "$phase"
  stdout_has "$fate"
  # Once, and then it is over.
  : > "$world/requests"
  backup
  expect 0
  stderr_lacks 'was killed'
  cp "$world/requests" "$folder/out"
  stdout_lacks 'was killed'
}

none='no snapshot of it exists'
some='was complete'
killed_at 'PUT /bucket/h1/monthly' "keep the month's first good snapshot" "$some"
killed_at ' /beat/start' 'tell that it begins' "$none"
killed_at hold-hook "run hook 'before'" "$none"
killed_at hold-member 'dump/' "$none"
killed_at 'PUT /bucket/h1/2.*backup.*\.tar\.zst\.age' 'finish the archive' "$none"
killed_at 'PUT /bucket/h1/2.*backup.*\.index\.age' 'finish the archive' "$none"
killed_at 'PUT /bucket/h1/2.*manifest.*\.json' 'write the manifest' "$none"
killed_at 'POST /told' 'tell how it ended' "$some"
killed_at 'PUT /metrics' 'write the metrics' "$some"

# What is not told stays to be told: by no notifier, and by a run that shall tell nobody.
touch hold-member
rm -f "$world/reached"
"$program" backup --config lifeboat.yaml < /dev/null > started.out 2> started.err &
pid=$!
pids+=("$pid")
for ((i = 0; i < 600; i++)); do [[ -e $world/reached ]] && break || sleep 0.05; done
kill -9 "$pid"
wait "$pid" 2> /dev/null || true
rm -f hold-member
: > "$world/requests"
backup --no-notify
expect 0
stderr_has 'was killed'
sed -i "s#$url/told#http://127.0.0.1:9/told#; s#$url/beat#http://127.0.0.1:9/beat#" lifeboat.yaml
backup
expect 0
stderr_has 'was killed'
sed -i "s#http://127.0.0.1:9/#$url/#" lifeboat.yaml
backup
expect 0
grep 'POST /told' "$world/requests" > "$folder/out" || fail "nobody was told"
stdout_has 'was killed'
backup
expect 0
stderr_lacks 'was killed'
