#!/usr/bin/env bash
# Many nights in a bucket: what lists them makes one pass over the names, whatever it wants to know, and
# needs no more memory. A real S3 server, behind a line that writes down each request.
source "$(dirname "$0")/load_lib.sh"
command -v jq > /dev/null || skip "no jq here"
command -v aws > /dev/null || skip "no awscli here"

nights=340  # more than one page of a listing
if long_form; then nights=${LIFEBOAT_LOAD_NIGHTS:-5000}; fi
echo one > data/one
lifeboat backup --config lifeboat.yaml
expect 0
nights_before store/h1 "$nights"
s3_server "${2:?usage: $0 LIFEBOAT S3_STATE_DIR}"
new_bucket load-nights
as writer python3 "$project/tests/support/put_folder.py" "$S3_ENDPOINT" "$S3_REGION" "$bucket" store
pages=$((($(find store -type f | wc -l) + 999) / 1000))

through_line
use_bucket writer
# asks MANIFESTS COMMAND...: it lists all names once ($passes times) and those of one day or month a few times,
# and reads at most so many manifests and no archive.
asks() {
  local most=$1 lists inner manifests
  shift
  : > "$line/requests"
  capped "$@"
  ((status <= 1 || status == ${also_status:-0})) || fail "it failed"
  lists=$(grep -c 'list-type=2' "$line/requests" || true)
  inner=$(grep -cE 'list-type=2.*prefix=h1%2F(2[0-9-]+|monthly)%2F' "$line/requests" || true)
  manifests=$(grep -c '^GET [^?]*/manifest.json' "$line/requests" || true)
  echo "    $lists pages ($inner of a part), $manifests manifests, $(wc -l < "$line/requests") requests"
  ((lists - inner <= pages * ${passes:-1} && inner <= 3)) ||
    fail "$lists pages were asked for, of $pages: $inner of a part"
  ((manifests <= most)) || fail "$manifests manifests were read"
  ! grep -q '^GET [^?]*backup.tar.zst.age' "$line/requests" || fail "an archive was read"
}

asks $((nights + 1)) list --config lifeboat.yaml --json
listed=$(jq '[.[] | select(.snapshot | test("monthly") | not)] | length' "$folder/out")
((listed == nights)) || fail "$listed snapshots listed of $nights"
asks 7 list --limit 7 --config lifeboat.yaml
asks 100 status --config lifeboat.yaml --json
asks 100 report --config lifeboat.yaml -o report.html
asks 100 plan --config lifeboat.yaml
asks 100 watch --expect h1 --config lifeboat.yaml
asks 2 ls latest --config lifeboat.yaml --identity key.txt
# For the size to expect, and for the metrics.
passes=2 asks 100 backup --config lifeboat.yaml
use_bucket admin  # who may read its rules; there are none, and that is told
also_status=7 asks 0 bucket audit --config lifeboat.yaml
counted load "snapshots listed in a bucket" "$listed"
count_peak "bucket"
