#!/usr/bin/env bash
# A run that is killed leaves no snapshot that anyone can see, the next one works, two at once
# refuse, and a polite stop is status 130.
source "$(dirname "$0")/lib.sh"

make_key
mkdir source
head -c 3000000 /dev/urandom > source/file
# The second service waits until this script lets it go, so that the run is caught in its middle.
# Held open by this script, so that even the child of a killed run ends when the script does.
mkfifo gate
exec {gate}<> gate
waiting="slow: {recipe: command, command: [sh, -c, 'touch $place/reached; cat $place/gate']}"
write_config "files: {recipe: volume, path: $place/source}" "$waiting"

start_backup() {
  rm -f reached
  "$program" backup --config lifeboat.yaml < /dev/null > started.out 2> started.err &
  pid=$!
  pids+=("$pid")
  for ((i = 0; i < 200; i++)); do
    [[ -e reached ]] && return 0
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.05
  done
  cat started.err >&2
  fail "the run did not reach its second service"
}

start_backup
backup
expect 9
stderr_has "$pid"
kill -9 "$pid"
status=0
wait "$pid" 2> /dev/null || status=$?
expect 137
lifeboat list --config lifeboat.yaml --json
expect 0
stdout_lacks '"h1/'
[[ -z $(find store -name '*.json' -o -name '*.age' ! -name '.*') ]] || fail "visible objects"
on_bare_machine drill
expect 5

start_backup
kill -TERM "$pid"
status=0
wait "$pid" 2> /dev/null || status=$?
expect 130
[[ -z $(find store -name '*.json' -o -name '*.age' ! -name '.*') ]] || fail "visible objects"

write_config "files: {recipe: volume, path: $place/source}"
backup
expect 0
on_bare_machine drill
expect 0
no_files_in spool
