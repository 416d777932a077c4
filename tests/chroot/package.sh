#!/usr/bin/env bash
# The .deb on a Debian that has nothing: apt installs it with what it needs, the program backs up,
# drills and shows its manual there, and purging it leaves what was there before. It is made of the
# program that was built for the tests; `./dev package` makes one of a release build.
#
#   usage: package.sh LIFEBOAT BUILD_DIR CHROOT_STATE
source "$(dirname "$0")/../script/lib.sh"
source "$project/tests/chroot/lib.sh"
build=$2 chroot_state=$3
for tool in dpkg-deb dpkg-shlibdeps fakeroot lintian; do
  command -v $tool > /dev/null || skip "$tool is missing: install dpkg-dev fakeroot lintian"
done
own_space "$project/tests/chroot/package.sh" "$@"

run cpack --config "$build/CPackConfig.cmake" -B "$folder/package"
expect 0
deb=$(echo "$folder"/package/*.deb)
# The sources know no address of whoever makes the package (LIFEBOAT_MAINTAINER).
run lintian --allow-root --fail-on error \
  --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$deb"
expect 0
# A strict umask made it, and everybody can read it.
run dpkg-deb --contents "$deb"
expect 0
! grep -E '^d' "$folder/out" | grep -v '^drwxr-xr-x root/root' || fail "a folder is closed"
for file in bin/lifeboat share/man/man1/lifeboat.1.gz share/lifeboat/lifeboat.schema.json \
  share/bash-completion/completions/lifeboat share/zsh/vendor-completions/_lifeboat \
  share/fish/vendor_completions.d/lifeboat.fish share/doc/lifeboat/copyright \
  share/doc/lifeboat/docs/CONFIG.md share/doc/lifeboat/examples/monitoring/README.md; do
  grep -qE "^-rw[x-]r-[x-]r-[x-] root/root .* ./usr/$file\$" "$folder/out" || fail "no $file"
done
run dpkg-deb --field "$deb" Depends
for library in libc6 libcurl4 libssl3 libsqlite3-0; do stdout_has $library; done

new_chroot package
chroot_install man-db
expect 0
chroot_files > before.txt
cp "$deb" "$root/tmp/lifeboat.deb"
chroot_install /tmp/lifeboat.deb
expect 0
in_chroot lifeboat version
expect 0
stdout_has "lifeboat $(dpkg-deb --field "$deb" Version | sed 's/-.*//')"
in_chroot man lifeboat
expect 0
stdout_has 'EXIT STATUS'
backs_up_and_drills

# Who removes it while a schedule starts it is told; what is the user's stays.
mkdir -p "$root/etc/cron.d"
echo '0 2 * * * root /usr/bin/lifeboat backup nightly' > "$root/etc/cron.d/lifeboat"
in_chroot apt-get -q -y purge --autoremove lifeboat
expect 0
stderr_has '/etc/cron.d/lifeboat'
stderr_has 'lifeboat uninstall'
exists "$root/etc/cron.d/lifeboat"
exists "$root/etc/lifeboat/lifeboat.yaml"
[[ -n $(find "$root/srv/backups" -name manifest.json) ]] || fail "the backups are gone"
rm -r "$root"/etc/cron.d/lifeboat "$root"/etc/lifeboat "$root"/srv/{app,backups} \
  "$root/var/lib/lifeboat"
chroot_files > after.txt
# ldconfig's own, and man-db's index.
changed=$(diff before.txt after.txt | grep '^[<>]' | grep -v ' ./var/cache/' || true)
[[ -z $changed ]] || fail "not as before: $changed"
