#!/usr/bin/env bash
# Makes a bare Debian 12 for tests that want a machine on which nothing is installed: what
# `debootstrap --variant=minbase` leaves, and this machine's own mirror for apt. About a minute; made
# once, and again when it is older than a week. lib.sh gives each test a copy of its own.
#
#   usage: start.sh STATE_DIR
#
# Where it cannot be made (not root, no debootstrap, no mirror) the reason goes to STATE_DIR/skipped,
# the status is 0 and the tests are skipped with it. Otherwise STATE_DIR/base is there, with packages'
# lists; packages that a test installs are kept in STATE_DIR/packages for the next one.
set -euo pipefail

state=${1:?usage: start.sh STATE_DIR}
mkdir -p "$state"
state=$(readlink -f "$state")
release=bookworm
umask 022

exec 9> "$state/lock"
flock 9
rm -f "$state/skipped"

skip() {
  echo "$*" > "$state/skipped"
  echo "skipped: $*"
  exit 0
}

if [[ -e $state/ready && -n $(find "$state/ready" -mtime -7) ]]; then exit 0; fi
if ((EUID != 0)); then skip "a chroot needs root"; fi
if ! command -v debootstrap > /dev/null; then skip "debootstrap is missing"; fi
rm -rf --one-file-system "$state/base" "$state/new" "$state/ready"
mkdir -p "$state/packages/partial"

# The first address of this machine's sources that has the release's main archive.
mirror=$({ apt-get indextargets --format '$(SITE) $(CODENAME) $(LABEL)' 2> /dev/null || true; } |
  awk -v release=$release '$2 == release && $3 == "Debian" { print $1; exit }')
mirror=${mirror:-http://deb.debian.org/debian}
if ! timeout 400 debootstrap --variant=minbase --cache-dir="$state/packages" $release \
  "$state/new" "$mirror" > "$state/debootstrap.log" 2>&1; then
  skip "debootstrap failed: $(tail -n 1 "$state/debootstrap.log")"
fi
# As this machine asks its mirror: sources of Debian itself, proxy, checks.
new=$state/new
for source in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  if [[ -s $source ]]; then cp "$source" "$new$source"; fi
done
apt-config dump | grep -E '^Acquire::(http|https|Check|Retries)' > "$new/etc/apt/apt.conf.d/90host" ||
  true
printf '%s\n' 'Acquire::Languages "none";' 'APT::Install-Recommends "false";' \
  'APT::Keep-Downloaded-Packages "true";' 'APT::Sandbox::User "root";' 'Dpkg::Use-Pty "0";' \
  >> "$new/etc/apt/apt.conf.d/90host"
cp /etc/resolv.conf /etc/hosts "$new/etc/"
if ! chroot "$new" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin apt-get -q update \
  > "$state/update.log" 2>&1; then
  skip "apt-get update failed there: $(tail -n 1 "$state/update.log")"
fi
mv "$new" "$state/base"
touch "$state/ready"
echo "$SECONDS s: ready: $state/base"
