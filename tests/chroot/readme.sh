#!/usr/bin/env bash
# README.md as a stranger takes it, on a bare Debian 12: every command and the configuration, in their
# order, with nothing installed but what the page says. What they print is compared by docs_README.
#
# Left out: ./dev demo and ./dev test, which CI runs by themselves and which build for a quarter of an
# hour; and what asks a bucket, since there is none.
#
#   usage: readme.sh LIFEBOAT BUILD_DIR CHROOT_STATE
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
build=$(readlink -m "${2:?usage: $0 LIFEBOAT BUILD_DIR CHROOT_STATE}")
chroot_state=$(readlink -m "$3")
source "$here/../script/lib.sh"
source "$here/lib.sh"
own_space "$0" "$@"
new_chroot readme

# The services of the page's example, as n8n, WAHA and Traefik would have left them.
"$build/demo/lifeboat-sample-services" "$place/services" > services.log 2>&1 &
pids+=($!)
for ((try = 0; try < 300; try++)); do
  if grep -qs ready services.log; then break; fi
  sleep 0.1
done
kill "${pids[-1]}"
wait "${pids[-1]}" || true
volumes=$root/var/lib/docker/volumes
mkdir -p "$volumes"/{root_waha_sessions,traefik_data}
cp -a services/n8n "$root/srv/n8n"
cp -a services/waha "$volumes/root_waha_sessions/_data"
"$project/demo/sample_traefik.sh" "$volumes/traefik_data/_data" demo.example.com

# `./dev package` is left out; the package is made of the program that was built for the tests.
run cpack --config "$build/CPackConfig.cmake" -B "$root/root/build/release/package"
expect 0
# apt as it is on a Debian: with what packages recommend.
sed -i '/Install-Recommends/d' "$root/etc/apt/apt.conf.d/90host"

{
  # A failure is the page's, wherever it is; a disk with a copy of the store is the page's "any other
  # machine", and the archive lies beside the key there.
  echo 'set -euo pipefail'
  python3 -B "$here/commands_of.py" "$project/README.md" ./dev s3:// |
    sed 's|^lifeboat restore .*dir:/mnt/usb/backups|mkdir -p /mnt/usb; cp -a /srv/backups /mnt/usb/; \
      cp /etc/lifeboat/age.key .; cp /srv/backups/demo/2*/backup.tar.zst.age .\n&|'
} > "$root/root/readme"
exec 8> "$chroot_state/packages.lock"   # as chroot_install does
flock 8
in_chroot bash readme
expect 0
stdout_has 'every credential decrypts: 8 of 8'
stdout_has 'RESTORE OK'
exists "$root/root/restored/n8n/database.sqlite"
exists "$root/root/n8n/database.sqlite"   # by tar, in the folder where its archive lay
