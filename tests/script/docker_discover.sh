#!/usr/bin/env bash
# Against a real engine (tests/docker/start.sh): what containers hold is listed with who covers it, a
# label makes one a service, a new volume is told once, and a volume comes back into its running
# container, which is stopped meanwhile and runs again.
source "$(dirname "$0")/lib.sh"
state=$(readlink -f "${2:?usage: $0 LIFEBOAT DOCKER_STATE}")
if [[ -e $state/skipped ]]; then skip "$(cat "$state/skipped")"; fi
exists "$state/ready"
export DOCKER_HOST=unix://$state/docker.sock
unset LIFEBOAT_DOCKER_VOLUMES
docker=/usr/bin/docker
tag=discover-$$
bind=$(mktemp -d /var/tmp/lifeboat-script-XXXXXX)  # below /tmp nothing is kept
remove_all() {
  "$docker" rm -f -v "$tag-app" "$tag-lab" "$tag-bare" > /dev/null 2>&1 || true
  rm -rf "$bind"
  "$docker" volume rm "$tag-data" "$tag-lab" "$tag-late" "$tag-Odd.0x1f_name" > /dev/null 2>&1 ||
    true
}
undo+=(remove_all)

# container NAME ARGUMENT...: one that lives until it is stopped.
container() {
  local name=$1
  shift
  "$docker" run -d --network none --name "$tag-$name" "$@" busy:1 \
    sh -c 'trap exit TERM; while :; do sleep 0.1; done' > /dev/null
}
container app -v "$tag-data:/data" --tmpfs /scratch -v "$bind:/bind"
container lab -v "$tag-lab:/data" -l lifeboat.enable=true -l lifeboat.stop=stop
container bare
"$docker" exec "$tag-app" sh -c 'echo one > /data/one; echo two > /data/two'
"$docker" exec "$tag-lab" sh -c 'echo lab > /data/lab'
echo bound > "$bind/file"

make_key
write_config "app: {recipe: volume, volume: $tag-data, stop: stop}"
{
  echo "docker: {socket: $state/docker.sock, labels: true}"
  echo "drill: {identity: key.txt, scratch: $place/scratch}"
} >> lifeboat.yaml
mkdir scratch
discover() { lifeboat discover --config lifeboat.yaml --root "$place" "$@"; }
row() { grep -m 1 -F -- "$1" "$folder/out" || fail "no row: $1"; }

discover
expect 0
[[ $(row " $tag-data ") == *"covered: service app, job nightly" ]] || fail "$tag-data"
[[ $(row " $tag-lab  ") == *"covered: service $tag-lab, job nightly" ]] || fail "$tag-lab"
[[ $(row " $tag-bare ") == *"skipped: no volume"* ]] || fail "$tag-bare"
[[ $(row "$bind") == *'NOT COVERED'* ]] || fail "the bind mount"
stdout_lacks /scratch
discover --fail
expect 1

# Its own lines cover it.
sed -n '/^services:/,/^#/p' "$folder/out" | grep "$bind" > lines
sed -i "/^services:/r lines" lifeboat.yaml
sed -i "s/services: \[app\]/services: [app, $(sed 's/:.*//; s/ //g' lines)]/" lifeboat.yaml
discover
[[ $(row "$bind") == *'covered: service'* ]] || fail "the proposal does not cover"

backup
expect 0
stderr_lacks "$tag-data"
[[ $("$docker" inspect -f '{{.State.Running}}' "$tag-app" "$tag-lab" | xargs) == 'true true' ]] ||
  fail "a container was left stopped"
lifeboat cat latest "$tag-lab/lab" --config lifeboat.yaml
stdout_is lab

# A new volume is told by name, once.
"$docker" volume create "$tag-late" > /dev/null
backup
expect 0
stderr_has "volume '$tag-late'"
stderr_has 'NOT COVERED'
backup
stderr_lacks "$tag-late"
stderr_has 'as before'

# What changed, then back.
"$docker" exec "$tag-app" sh -c 'echo changed > /data/one; rm /data/two; echo new > /data/three'
lifeboat diff latest app --config lifeboat.yaml
expect 1
stdout_has "  ~ file 'one' changed"
stdout_has "  - file 'two' gone"
stdout_has "  + file 'three' added"
lifeboat restore latest app --yes-replace app --config lifeboat.yaml
expect 0
stderr_has "  - file 'three' gone: live has it"
stdout_has 'RESTORED'
[[ $("$docker" exec "$tag-app" sh -c 'cat /data/*' | xargs) == 'one two' ]] ||
  fail "the container does not see what was restored"
lifeboat diff latest app --config lifeboat.yaml
expect 0
no_files_in scratch

# `init` on the same machine, without the configuration: what was found becomes a job that runs.
"$docker" volume create "$tag-Odd.0x1f_name" > /dev/null
mkdir root
lifeboat discover --root "$place/root" --json
services=$(jq -r --arg tag "$tag" \
  '[.places[] | select(.name | contains($tag)) | .proposal.name] | join(",")' "$folder/out")
[[ $services == *odd-0x1f_name* ]] || fail "proposals are: $services"
lifeboat init --config "$place/init/lifeboat.yaml" --root "$place/root" --yes --host h1 \
  --store "dir:$place/init-store" --recipient "$recipient" --services "$services" --drill
expect 0
stdout_has 'RESTORE OK'
lifeboat ls latest --store "dir:$place/init-store" --identity key.txt
stdout_has "$tag-lab/lab"
