#!/usr/bin/env bash
# Stops what start.sh started, by process id, and only if the process still is the one that was
# started: its command line names the state folder. Its logs stay, its data go.
#
#   usage: stop.sh STATE_DIR
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../support/server_lib.sh"

state=$(readlink -m "${1:?usage: stop.sh STATE_DIR}")

# At once: nobody needs what the server would still write.
for name in watchdog client.rgw.a osd.0 mon.a; do
  pid=$(cat "$state/run/$name.pid" 2> /dev/null || true)
  if [[ -z $pid || $(command_line "$pid") != *"$state"* ]]; then continue; fi
  kill -9 "$pid" 2> /dev/null || true
  while [[ -n $(command_line "$pid") ]]; do sleep 0.05; done
  echo "stopped $name ($pid)"
done
rm -rf "$state/osd" "$state/mon" "$state/env.sh"
