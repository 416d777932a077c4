#!/usr/bin/env bash
# Stops the engine that start.sh started, with its containers, and removes its data. By process id,
# and only if the process still is the one that was started: its command line names the state
# folder.
#
#   usage: stop.sh STATE_DIR
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../support/server_lib.sh"

state=$(readlink -m "${1:?usage: stop.sh STATE_DIR}")

# end NAME PID_FILE SIGNAL: a second signal, that cannot be refused, after 10 seconds.
end() {
  local pid try
  pid=$(cat "$2" 2> /dev/null || true)
  if [[ -z $pid || $(command_line "$pid") != *"$state"* ]]; then return 0; fi
  kill -s "$3" "$pid" 2> /dev/null || true
  for ((try = 0; try < 200; try++)); do
    if [[ -z $(command_line "$pid") ]]; then break; fi
    if ((try == 100)); then kill -s KILL "$pid" 2> /dev/null || true; fi
    sleep 0.1
  done
  echo "stopped $1 ($pid)"
}

# The containers first: they are no children of the engine's, and would live on after its kill.
if [[ -S $state/docker.sock && -x /usr/bin/docker ]]; then
  export DOCKER_HOST=unix://$state/docker.sock
  timeout 20 /usr/bin/docker ps -aq 2> /dev/null |
    timeout 20 xargs -r /usr/bin/docker rm -f > /dev/null 2>&1 || true
fi
end watchdog "$state/run/watchdog.pid" KILL
end dockerd "$state/run/dockerd.pid" TERM
end podman "$state/run/podman.pid" TERM
# Podman leaves one for each command in a container, for five minutes after its end. The others are
# the parents of containers, which are left if the service was killed.
for proc in /proc/[0-9]*; do
  pid=${proc#/proc/}
  if [[ $(cat "$proc/comm" 2> /dev/null) == conmon && $(command_line "$pid") == *"$state/"* ]]; then
    for process in $(pgrep -P "$pid") "$pid"; do kill -s KILL "$process" 2> /dev/null || true; done
  fi
done
end containerd "$state/run/exec/containerd/containerd.pid" TERM
# What a killed engine left mounted: those alone that lie in our folder, the deepest first.
awk -v below="$state/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r |
  while read -r mounted; do umount "$mounted" || true; done
rm -rf --one-file-system "$state/data" "$state/run" "$state/image" "$state/docker.sock" \
  "$state/ready"
