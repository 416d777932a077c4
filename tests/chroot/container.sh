#!/usr/bin/env bash
# The image of deploy/container, built by a real engine from a bare Debian under the name of the one that
# a registry would give, and run with the rights that its README names: it backs up what belongs to
# other users, and nothing else is granted.
#
#   usage: container.sh LIFEBOAT BUILD_DIR CHROOT_STATE DOCKER_STATE
source "$(dirname "$0")/../script/lib.sh"
build=$2 chroot_state=$3 docker_state=$4
for state in "$chroot_state" "$docker_state"; do
  [[ -e $state/ready ]] || skip "$(cat "$state/skipped" 2> /dev/null || echo "no $state")"
done
for tool in dpkg-deb dpkg-shlibdeps fakeroot; do
  command -v $tool > /dev/null || skip "$tool is missing: install dpkg-dev fakeroot"
done
export DOCKER_HOST=unix://$docker_state/docker.sock
docker() { run /usr/bin/docker "$@"; }
image=lifeboat-package-test
undo+=("/usr/bin/docker image rm -f $image debian:bookworm-slim")

tar -C "$chroot_state/base" -c . | /usr/bin/docker import - debian:bookworm-slim > /dev/null
mkdir context
cp "$project/deploy/container/Containerfile" context/
run cpack --config "$build/CPackConfig.cmake" -B "$folder/package"
expect 0
cp "$folder"/package/*.deb context/
# The tests' engine has no bridge; a user's build has the default network.
DOCKER_BUILDKIT=0 docker build --network=host -t $image -f context/Containerfile context
expect 0
docker run --rm --network none $image version
expect 0
stdout_has 'lifeboat 0.'

make_key
mkdir -p config state store volumes/app/_data
echo 'of another user' > volumes/app/_data/private.txt
chmod 700 volumes/app/_data
chown -R 1234:1234 volumes/app
cat > config/lifeboat.yaml <<YAML
host: h1
store: {dir: /backups}
encryption: {recipients: [$recipient]}
services: {app: {recipe: volume, path: /var/lib/docker/volumes/app/_data}}
jobs: {nightly: {schedule: "02:00", services: [app]}}
YAML
docker run --rm --network none --read-only --tmpfs /var/tmp --cap-drop ALL \
  --cap-add DAC_READ_SEARCH -v "$place/config:/etc/lifeboat:ro" -v "$place/state:/var/lib/lifeboat" \
  -v "$place/store:/backups" -v "$place/volumes:/var/lib/docker/volumes:ro" $image backup nightly
expect 0
on_bare_machine cat latest app/private.txt
expect 0
stdout_is 'of another user'
