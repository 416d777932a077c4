#!/usr/bin/env bash
# A run that is killed in the middle of its upload is no snapshot, and the next one frees what it
# left: a bucket bills parts that nobody lists.
source "$(dirname "$0")/s3_lib.sh"

new_bucket test-killed-run
make_key
mkdir source
head -c 30000000 /dev/urandom > source/file
# The second service waits until this script lets it go: several parts are up by then.
mkfifo gate
exec {gate}<> gate
write_config "files: {recipe: volume, path: $place/source}" \
  "slow: {recipe: command, command: [sh, -c, 'touch $place/reached; cat $place/gate']}"
use_bucket writer
# Another host's upload is not ours to judge.
as writer s3 s3api create-multipart-upload --bucket "$bucket" --key h2/2026-01-01/x > /dev/null

start_backup() {
  rm -f reached
  "$program" backup --config lifeboat.yaml < /dev/null > started.out 2> started.err &
  pid=$!
  pids+=("$pid")
  for ((try = 0; try < 200; try++)); do
    if [[ -e reached && $(uploads_in_progress) == *h1/* ]]; then return 0; fi
    sleep 0.1
  done
  cat started.err >&2
  fail "the run did not reach its second service"
}

no_snapshot() {
  lifeboat list --config lifeboat.yaml --json
  expect 0
  stdout_lacks '"h1/'
  [[ $(keys_in_bucket) == None ]] || fail "visible objects: $(keys_in_bucket)"
}

start_backup
kill -9 "$pid"
status=0
wait "$pid" 2> /dev/null || status=$?
expect 137
no_snapshot
[[ $(uploads_in_progress | sort | xargs) == h1/*backup.tar.zst.age\ h2/* ]] ||
  fail "not the uploads of a killed run: $(uploads_in_progress)"

# A polite stop leaves nothing of its own, and has swept what was left.
start_backup
kill -TERM "$pid"
status=0
wait "$pid" 2> /dev/null || status=$?
expect 130
no_snapshot
[[ $(uploads_in_progress) == h2/2026-01-01/x ]] || fail "left: $(uploads_in_progress)"

start_backup
kill -9 "$pid"
wait "$pid" 2> /dev/null || true
write_config "files: {recipe: volume, path: $place/source}"
use_bucket writer
backup
expect 0
[[ $(uploads_in_progress) == h2/2026-01-01/x ]] || fail "left: $(uploads_in_progress)"
be writer
lifeboat drill --store "$(store_address)" --identity key.txt
expect 0
stdout_has 'RESTORE OK'
