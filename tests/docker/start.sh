#!/usr/bin/env bash
# Starts a Docker engine of the tests' own: its data, socket and processes belong to one folder, and
# the machine's engine, if there is one, is not touched. Its images are made here (images.sh). About
# 6 seconds.
#
#   usage: start.sh STATE_DIR
#
# STATE_DIR is emptied first, if it is one of ours. Where no engine can run (not root, no packages,
# no overlay) the reason goes to STATE_DIR/skipped, the status is 0 and the tests are skipped with
# it: as a fixture that failed, or was skipped, they would not be run and say nothing. Otherwise
# STATE_DIR/ready is there, the socket is STATE_DIR/docker.sock, and an image that could not be made
# has its line in STATE_DIR/missing-images. stop.sh ends it; so does a watchdog, when the process that called this is gone or after 80 minutes.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$here/../support/server_lib.sh"
source "$here/images.sh"
state=${1:?usage: start.sh STATE_DIR}
seconds_at_most=4800

mkdir -p "$state"
state=$(readlink -f "$state")
if [[ -n $(ls -A "$state") && ! -e $state/of-docker-tests ]]; then
  echo "$state is not empty, and no state of this script" >&2
  exit 1
fi
"$here/stop.sh" "$state"
rm -rf "${state:?}"/*
touch "$state/of-docker-tests"
mkdir "$state"/{log,run}
export DOCKER_HOST=unix://$state/docker.sock

skip() {
  echo "$*" > "$state/skipped"
  echo "skipped: $*"
  "$here/stop.sh" "$state"
  exit 0
}

if ((EUID != 0)); then skip "a Docker engine needs root"; fi
for tool in dockerd containerd runc iptables ip busybox curl; do
  if ! command -v "$tool" > /dev/null; then
    skip "$tool is missing: install docker.io iptables iproute2 busybox-static curl"
  fi
done
# Debian's own client: another one in the PATH may not be meant for this engine.
docker=/usr/bin/docker
if [[ ! -x $docker ]]; then skip "$docker is missing: install docker.io"; fi

start_engine() {
  # Without the default bridge and packet filters, which it would share with the machine's engine.
  setsid dockerd --bridge=none --iptables=false --ip-forward=false --data-root="$state/data" \
    --exec-root="$state/run/exec" -H "$DOCKER_HOST" --pidfile="$state/run/dockerd.pid" \
    --storage-driver=overlay2 \
    < /dev/null > "$state/log/dockerd.log" 2>&1 &
  local pid=$! try
  disown
  for ((try = 0; try < 300; try++)); do
    if curl -fs --unix-socket "$state/docker.sock" http://docker/_ping > /dev/null; then return; fi
    if [[ ! -d /proc/$pid ]]; then break; fi
    sleep 0.1
  done
  skip "dockerd does not start: $(grep -v 'level=info' "$state/log/dockerd.log" | tail -n 1)"
}

start_watchdog "$here/stop.sh" "$state" "$PPID" "$seconds_at_most"
start_engine
make_images
touch "$state/ready"
echo "$SECONDS s: ready: DOCKER_HOST=$DOCKER_HOST"
