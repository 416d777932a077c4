#!/usr/bin/env bash
# The portable program on a Debian that has nothing but the libraries which docs/PACKAGES.md names: it
# backs up and drills there.
#
#   usage: portable.sh LIFEBOAT_PORTABLE CHROOT_STATE
source "$(dirname "$0")/../script/lib.sh"
source "$project/tests/chroot/lib.sh"
chroot_state=$2
own_space "$project/tests/chroot/portable.sh" "$@"

# Nothing else comes from outside: a library that slips in is seen here.
needed=$(objdump -p "$program" | awk '$1 == "NEEDED" {print $2}' | sort | xargs)
[[ $needed == 'ld-linux-x86-64.so.2 libc.so.6 libcrypto.so.3 libcurl.so.4 libm.so.6'\
' libmicrohttpd.so.12 libqrencode.so.4' ]] || fail "it needs $needed"

new_chroot portable
chroot_install libssl3 libcurl4 libmicrohttpd12 libqrencode4
expect 0
install -m 0755 "$program" "$root/usr/local/bin/lifeboat"
in_chroot lifeboat version
expect 0
stdout_has 'lifeboat '
backs_up_and_drills
