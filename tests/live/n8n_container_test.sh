#!/usr/bin/env bash
# A real n8n is backed up beside its container, and the drill starts that container's image on what
# it restored, without any network. The image is made here, of the n8n from npm and node:1.
#   usage: n8n_container_test.sh LIFEBOAT DOCKER_STATE      (of tests/docker/start.sh)
# Exit 77: skipped, for want of npm or of an engine.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
lifeboat=$(readlink -f "${1:?usage: n8n_container_test.sh LIFEBOAT DOCKER_STATE}")
state=$(readlink -f "${2:?usage: n8n_container_test.sh LIFEBOAT DOCKER_STATE}")
# shellcheck source=tests/live/n8n_lib.sh
source "$here/n8n_lib.sh"

if [[ -e $state/skipped ]]; then skip "$(cat "$state/skipped")"; fi
if missing=$(grep '^node:1: ' "$state/missing-images"); then skip "$missing"; fi
export DOCKER_HOST=unix://$state/docker.sock
docker() { command /usr/bin/docker "$@"; }
version=$(docker run --rm --network none node:1 node --version)
IFS=. read -r major minor _ <<< "${version#v}"
((major > 20 || (major == 20 && minor >= 19))) || skip "node $version does not suit n8n"

work=$(mktemp -d)
clean_up() {
  stop_all
  docker rm -f -v n8n-live n8n-made > /dev/null 2>&1 || true
  docker rmi -f n8n:live > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
umask 077
cd "$work"

install_n8n
note() { echo "== $SECONDS s: $*"; }

note "n8n, filled"
mkdir first store
start_n8n "$work/first"
node "$here/n8n_client.mjs" seed "$n8n_url" state.json
stop_process "$n8n_pid"

note "its image"
docker create --name n8n-made node:1 > /dev/null
(umask 022 && mkdir -p image/opt/n8n image/usr/bin &&
  ln -s /opt/n8n/node_modules/n8n/bin/n8n image/usr/bin/n8n)
tar -C image -c . | docker cp - n8n-made:/
tar -C "$n8n_prefix" --exclude='*.map' --exclude='*.d.ts' -c node_modules |
  docker cp - n8n-made:/opt/n8n
docker commit --change 'CMD ["n8n", "start"]' n8n-made n8n:live > /dev/null
docker run -d --name n8n-live --network none -v "$work/first/.n8n:/home/node/.n8n" n8n:live \
  sh -c 'while :; do sleep 1; done' > /dev/null

note "backup and drill"
"$lifeboat" keygen -o key.txt 2> /dev/null
cat > lifeboat.yaml <<YAML
host: live
store: {dir: $work/store}
state_dir: $work/state
spool_dir: $work
encryption: {recipients: ["$("$lifeboat" keygen -y key.txt)"]}
services: {n8n: {recipe: n8n, path: $work/first/.n8n}}
jobs: {nightly: {schedule: "02:00", services: [n8n]}}
docker: {socket: $state/docker.sock}
drill: {identity: $work/key.txt, engine: docker}
YAML
"$lifeboat" backup --config lifeboat.yaml
"$lifeboat" drill --config lifeboat.yaml | tee drill.txt
grep -q 'n8n starts on the restored data: ready' drill.txt || fail "n8n was not started"
grep -q 'n8n shows the workflows: 12' drill.txt || fail "the workflows were not shown"
grep -q 'n8n opens the credentials: 8, of which 8 with content' drill.txt || fail "not opened"
grep -q 'no workflow ran in the drill: 0' drill.txt || fail "a workflow ran"
grep -q 'RESTORE OK — 12 workflows, 8 credentials' drill.txt || fail "no RESTORE OK"
[[ -z $(docker ps -aq --filter label=lifeboat.drill --filter ancestor=n8n:live) ]] || fail "a container was left"
note "ok"
