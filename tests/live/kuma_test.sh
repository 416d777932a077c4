#!/usr/bin/env bash
# A real Uptime Kuma is set up over its own interface, backed up while it checks its monitors,
# restored into a second one, and that one is logged in to and asked for everything.
#   usage: kuma_test.sh LIFEBOAT
# Exit 77: skipped, for want of npm.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
lifeboat=$(readlink -f "${1:?usage: kuma_test.sh LIFEBOAT}")
# shellcheck source=tests/live/kuma_lib.sh
source "$here/kuma_lib.sh"

work=$(mktemp -d)
clean_up() {
  stop_all
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
umask 077
cd "$work"

install_kuma
client() { node "$here/kuma_client.mjs" "$kuma_prefix" "$@"; }
note() { echo "== $*"; }

note "first Uptime Kuma"
mkdir first store
start_kuma "$work/first"
first_pid=$kuma_pid
client "$kuma_url" seed 5
client "$kuma_url" check 5
mkdir -p first/upload first/screenshots
echo icon > first/upload/logo.png
echo shot > first/screenshots/1.png

note "backup while it runs"
"$lifeboat" keygen -o key.txt 2> /dev/null
cat > lifeboat.yaml <<YAML
host: live
store: {dir: $work/store}
state_dir: $work/state
spool_dir: $work
encryption: {recipients: ["$("$lifeboat" keygen -y key.txt)"]}
services:
  kuma: {recipe: uptime-kuma, path: $work/first}
jobs: {nightly: {schedule: "02:00", services: [kuma]}}
YAML
"$lifeboat" backup --config lifeboat.yaml
cp first/kuma.db copied.db
stop_process "$first_pid"

note "drill, on nothing but the store and the key"
reading=(--store "dir:$work/store" --identity key.txt)
"$lifeboat" ls latest "${reading[@]}" | tee listing.txt
if grep -q 'screenshots/' listing.txt; then fail "screenshots are in the archive"; fi
"$lifeboat" drill latest "${reading[@]}" | tee drill.txt
grep -q 'RESTORE OK — 5 monitors' drill.txt || fail "no RESTORE OK"

note "second Uptime Kuma, on the restored folder"
"$lifeboat" restore latest --to restored "${reading[@]}"
[[ $(cat restored/kuma/upload/logo.png) == icon ]] || fail "the upload is not there"
mkdir second
cp -a restored/kuma/. second/
start_kuma "$work/second"
client "$kuma_url" check 5
stop_process "$kuma_pid"

note "third, on a plain copy of the file alone: the check above must be able to fail"
mkdir third
cp copied.db third/kuma.db
start_kuma "$work/third"
if client "$kuma_url" check 5 2> wrong.txt; then fail "a plain copy went unnoticed"; fi
note "ok"
