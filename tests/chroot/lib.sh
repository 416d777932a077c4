# A bare Debian 12 of a test's own, made from what start.sh keeps. Sourced after script/lib.sh, whose
# words (run, expect, stdout_has ...) judge what is run in there. Needs root.
#
#   chroot_state=STATE_DIR     the fixture's folder; then
#   own_space SCRIPT "$@"      runs the script again, in a tree of mounts and processes of its own
#   new_chroot NAME            makes one; $root is its folder
#   in_chroot COMMAND...       runs a command in the last one, as after a login of root
#   chroot_install PACKAGE...  apt-get install there
#   chroot_files               every file there but apt's and dpkg's own, one a line
#   backs_up_and_drills        the `lifeboat` there makes a key, a backup and a drill of it
#
# Writes go to an overlay and are gone with the script. Where overlays are refused, it is a copy.

# Skips where there is no base, or no name space can be made.
own_space() {
  if [[ -n ${LIFEBOAT_OWN_SPACE:-} ]]; then
    mount --make-rprivate /
    mount -t proc proc /proc
    return
  fi
  local why status=0
  if [[ ! -e $chroot_state/ready ]]; then
    skip "$(cat "$chroot_state/skipped" 2> /dev/null || echo "no chroot was made")"
  fi
  why=$(unshare --mount --pid --fork true 2>&1) || skip "$why"
  LIFEBOAT_OWN_SPACE=1 unshare --mount --pid --fork --kill-child bash "$@" || status=$?
  exit "$status"
}

new_chroot() {
  local base=$folder/chroot-$1
  root=$base/root
  mkdir -p "$base"/{upper,work,root}
  chmod 755 "$folder" "$base" "$base"/{upper,root}
  if ! mount -t overlay overlay "$root" \
    -o "lowerdir=$chroot_state/base,upperdir=$base/upper,workdir=$base/work" 2> /dev/null; then
    cp -a "$chroot_state/base/." "$root"
    mount --bind "$root" "$root"
  fi
  # Before the folder is removed. The devices are those that debootstrap makes, and not this machine's.
  undo+=("umount --recursive --lazy $root")
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=1777 tmp "$root/tmp"
  mount --bind "$chroot_state/packages" "$root/var/cache/apt/archives"
  # Services that packages bring are not to be started in a chroot.
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
}

in_chroot() {
  run env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    LANG=C.UTF-8 TERM=dumb TZ=UTC DEBIAN_FRONTEND=noninteractive \
    chroot "$root" bash -c 'umask 022; cd /root; exec "$@"' bash "$@"
}

# One at a time over all tests: they share the folder of packages.
chroot_install() {
  exec 8> "$chroot_state/packages.lock"
  flock 8
  in_chroot apt-get -q -y install "$@"
  exec 8>&-
}

chroot_files() {
  (cd "$root" && find . -xdev -path ./var/lib/dpkg -prune -o -path ./var/lib/apt -prune -o \
    -path ./var/cache/apt -prune -o -path ./var/log -prune -o -path ./root -prune -o -print | sort)
}

backs_up_and_drills() {
  local recipient
  in_chroot lifeboat keygen -o key.txt
  expect 0
  in_chroot lifeboat keygen -y key.txt
  recipient=$(cat "$folder/out")
  mkdir -p "$root"/etc/lifeboat "$root"/srv/app "$root"/srv/backups
  echo 'kept' > "$root/srv/app/data.txt"
  cat > "$root/etc/lifeboat/lifeboat.yaml" <<YAML
host: bare
store: {dir: /srv/backups}
encryption: {recipients: [$recipient]}
services: {app: {recipe: volume, path: /srv/app}}
jobs: {nightly: {schedule: "02:00", services: [app]}}
YAML
  in_chroot lifeboat backup
  expect 0
  in_chroot lifeboat drill --identity key.txt
  expect 0
  stdout_has 'RESTORE OK'
}
