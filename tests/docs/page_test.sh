#!/usr/bin/env bash
# A page of the documentation, run from top to bottom on a machine of its own (tests/fleet/machine_lib.sh),
# where /etc/lifeboat, /root, /srv and so on are the page's to use. README.md here tells the rules.
#
#   usage: page_test.sh LIFEBOAT BUILD_DIR S3_STATE PAGE NAME
#
# Exit 77: skipped, with the reason: no root, no namespaces, what the page's set-up lacks.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
project=$(readlink -f "$here/../..")
usage="usage: $0 LIFEBOAT BUILD_DIR S3_STATE PAGE NAME"
lifeboat=$(readlink -f "${1:?$usage}")
build=$(readlink -f "${2:?$usage}")
s3_state=$(readlink -m "${3:?$usage}")
page=${4:?$usage} name=${5:?$usage}
source "$here/../fleet/machine_lib.sh"

skip() {
  echo "skipped: $*"
  exit 77
}

# A way from the machine's network to the S3 server outside, and a user there whose buckets nobody else
# sees: two pages may have a bucket of one name. By the gateway's interface for administrators, since
# radosgw-admin takes a second. https://docs.ceph.com/en/pacific/radosgw/adminops/#create-user
reach_s3() {
  [[ -e $s3_state/env.sh ]] || skip "no S3 server runs: tests/s3/start.sh $s3_state starts one"
  source "$s3_state/env.sh"
  setpriv --pdeathsig KILL /usr/bin/python3 "$project/tests/support/forward.py" \
    "$work/s3.sock" "${S3_TLS_ENDPOINT##*:}" &
  pids+=($!)
  local key=LB$RANDOM$RANDOM$RANDOM$RANDOM secret date signature
  secret=$(od -An -N 20 -tx1 /dev/urandom | tr -d ' \n')
  date=$(LC_ALL=C date -Ru | sed 's/+0000/GMT/')
  signature=$(printf 'PUT\n\n\n%s\n/admin/user' "$date" |
    openssl dgst -sha1 -hmac "$S3_ADMIN_SECRET" -binary | base64)
  curl -sSf --noproxy '*' -m 30 -o /dev/null -X PUT -H "Date: $date" -H 'Content-Length: 0' \
    -H "Authorization: AWS $S3_ADMIN_KEY:$signature" "$S3_ENDPOINT/admin/user?tenant=page$$&uid=owner\
&display-name=owner&access-key=$key&secret-key=$secret"
  cp "$s3_state/env.sh" "$work/s3-server.sh"
  printf '%s=%q\n' S3_CA_FILE "$S3_CA_FILE" S3_ADMIN_KEY "$key" S3_ADMIN_SECRET "$secret" \
    > "$work/s3-user.sh"
}

if ! grep -qE '^ *```(sh|console|cron|yaml|json|sql)$' "$project/$page"; then
  echo "$name: nothing to run"
  exit 0
fi
if [[ ! -v LIFEBOAT_PAGE_WORK ]]; then
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/lifeboat-page-XXXXXX")
  pids=()
  trap 'kill "${pids[@]}" 2> /dev/null || true; rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  if grep -qs '^s3_server ' "$here/$name.sh"; then reach_s3; fi
  LIFEBOAT_PAGE_WORK=$work own_space "${BASH_SOURCE[0]}" "$@"
fi

work=$LIFEBOAT_PAGE_WORK
umask 022
machine_empty="/opt /srv /tmp /root /mnt"
make_space "$work/machines"
machine page "$project" "$build" "$work"
root=$(root_of page)
rm -rf "$root"/{etc,var/lib}/lifeboat
ln -sf "$lifeboat" "$root/usr/bin/lifeboat"
ln -sf "$lifeboat" "$root/usr/local/bin/lifeboat"
mkdir "$work/told"
printf '%s=%q\n' build "$build" outside "$work" > "$work/told/places.sh"
on page /usr/bin/python3 -B "$here/run_page.py" "$project/$page" "$name" "$here/$name.sh" \
  "$here/not_run.txt" "$work/told"
