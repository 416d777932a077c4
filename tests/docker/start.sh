#!/usr/bin/env bash
# Starts an engine of the tests' own, Docker's or Podman's: its data, socket and processes belong to
# one folder, and the machine's engine, if there is one, is not touched. Its images are made here
# (images.sh). About 6 seconds.
#
#   usage: start.sh STATE_DIR [docker|podman]
#
# STATE_DIR is emptied first, if it is one of ours. Where no engine can run (not root, no packages,
# no overlay) the reason goes to STATE_DIR/skipped, the status is 0 and the tests are skipped with
# it: as a fixture that failed, or was skipped, they would not be run and say nothing. Otherwise
# STATE_DIR/ready is there, the socket is STATE_DIR/docker.sock, and an image that could not be made
# has its line in STATE_DIR/missing-images. stop.sh ends it; so does a watchdog, when the process that
# called this is gone or after 80 minutes.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$here/../support/server_lib.sh"
source "$here/images.sh"
state=${1:?usage: start.sh STATE_DIR [docker|podman]}
engine=${2:-docker}
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
echo "$engine" > "$state/engine"
mkdir "$state"/{log,run}
export DOCKER_HOST=unix://$state/docker.sock

skip() {
  echo "$*" > "$state/skipped"
  echo "skipped: $*"
  "$here/stop.sh" "$state"
  exit 0
}

if ((EUID != 0)); then skip "an engine for containers needs root"; fi
case $engine in
  docker) programs=(dockerd containerd) packages=docker.io ;;
  podman) programs=(podman conmon) packages="podman docker.io" ;;
  *) echo "unknown engine: $engine" >&2 && exit 1 ;;
esac
for tool in "${programs[@]}" runc iptables ip busybox curl; do
  if ! command -v "$tool" > /dev/null; then
    skip "$tool is missing: install $packages iptables iproute2 busybox-static curl"
  fi
done
# Debian's own client, of both engines: another one in the PATH may not be meant for this engine.
docker=/usr/bin/docker
if [[ ! -x $docker ]]; then skip "$docker is missing: install docker.io"; fi

# Without the default bridge and packet filters, which it would share with the machine's engine.
docker_command=(dockerd --bridge=none --iptables=false --ip-forward=false --data-root="$state/data"
  --exec-root="$state/run/exec" -H "$DOCKER_HOST" --pidfile="$state/run/dockerd.pid"
  --storage-driver=overlay2)
podman_command=(podman --root "$state/data" --runroot "$state/run/root" --tmpdir "$state/run/tmp"
  --runtime runc --cgroup-manager=cgroupfs system service --time=0 "$DOCKER_HOST")

start_engine() {
  local -n command=${engine}_command
  # Podman asks for as many open files as the kernel knows, which is not always granted; its locks
  # would be shared with the machine's own Podman.
  printf '%s\n' '[containers]' 'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]' \
    '[engine]' 'lock_type = "file"' > "$state/run/containers.conf"
  CONTAINERS_CONF=$state/run/containers.conf setsid "${command[@]}" \
    < /dev/null > "$state/log/$engine.log" 2>&1 &
  local pid=$! try
  disown
  echo "$pid" > "$state/run/$engine.pid"
  for ((try = 0; try < 300; try++)); do
    if curl -fs --unix-socket "$state/docker.sock" http://docker/_ping > /dev/null; then return; fi
    if [[ ! -d /proc/$pid ]]; then break; fi
    sleep 0.1
  done
  skip "$engine does not start: $(grep -v 'level=info' "$state/log/$engine.log" | tail -n 1)"
}

start_watchdog "$here/stop.sh" "$state" "$PPID" "$seconds_at_most"
start_engine
make_images
touch "$state/ready"
echo "$SECONDS s: ready: DOCKER_HOST=$DOCKER_HOST"
