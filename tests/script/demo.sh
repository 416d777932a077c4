#!/usr/bin/env bash
# The demonstration ends as the README promises, and leaves no folder and no process behind.
source "$(dirname "$0")/lib.sh"

mkdir temporary
TMPDIR=$place/temporary run "$project/demo/run.sh" "$(dirname "$program")/../.."
expect 0
stdout_has '$ lifeboat backup'
stdout_has 'RESTORE OK — 12 workflows, 8 credentials, 1 WAHA session'
stdout_has 'traefik/acme.json'
stdout_has 'What to do next'
[[ -z $(ls temporary) ]] || fail "left behind: $(ls temporary)"
for process in /proc/[0-9]*; do
  if tr '\0' ' ' < "$process/cmdline" 2> /dev/null | grep -F "$place/temporary" > /dev/null; then
    fail "still running: $(tr '\0' ' ' < "$process/cmdline")"
  fi
done
