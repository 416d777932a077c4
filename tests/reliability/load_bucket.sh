#!/usr/bin/env bash
# Many nights in a bucket: what lists them makes one pass over the names, whatever it wants to know, and
# needs no more memory. A real S3 server, behind a line that writes down each request.
source "$(dirname "$0")/load_lib.sh"
command -v jq > /dev/null || skip "no jq here"
command -v aws > /dev/null || skip "no awscli here"

nights=350  # more than one page of a listing
if long_form; then nights=5000; fi
s3_server "${2:?usage: $0 LIFEBOAT S3_STATE_DIR}"
new_bucket load-nights
use_bucket writer
echo one > data/one
lifeboat backup --config lifeboat.yaml
expect 0
as writer s3 s3 cp --quiet --recursive "s3://$bucket" nights
nights_before nights/h1 "$nights"
as writer python3 "$project/tests/support/put_folder.py" "$S3_ENDPOINT" "$S3_REGION" "$bucket" nights
pages=$((($(find nights -type f | wc -l) + 999) / 1000))

through_line
use_bucket writer
# asks MANIFESTS COMMAND...: once over all names and a few times over those of one day or of the months; at most so
# many manifests, and no archive.
asks() {
  local most=$1 lists inner manifests
  shift
  : > "$line/requests"
  capped "$@"
  ((status <= 1)) || fail "it failed"
  lists=$(grep -c 'list-type=2' "$line/requests" || true)
  inner=$(grep -c 'list-type=2.*prefix=h1%2F[0-9a-z]' "$line/requests" || true)
  manifests=$(grep -c '^GET .*/manifest.json' "$line/requests" || true)
  echo "    $lists pages ($inner of a part), $manifests manifests, $(wc -l < "$line/requests") requests"
  ((lists - inner <= pages && inner <= 3)) || fail "$lists pages were asked for, of $pages: $inner of a part"
  ((manifests <= most)) || fail "$manifests manifests were read"
  ! grep -q '^GET .*backup.tar.zst.age' "$line/requests" || fail "an archive was read"
}

asks $((nights + 1)) list --config lifeboat.yaml --json
listed=$(jq '[.[] | select(.snapshot | test("monthly") | not)] | length' "$folder/out")
((listed == nights)) || fail "$listed snapshots listed of $nights"
asks 7 list --limit 7 --config lifeboat.yaml
asks 100 status --config lifeboat.yaml --json
asks 100 report --config lifeboat.yaml -o report.html
asks 100 plan --config lifeboat.yaml
asks 100 watch --expect h1 --config lifeboat.yaml
asks 100 bucket audit --config lifeboat.yaml
asks 2 ls latest --config lifeboat.yaml --identity key.txt
asks 100 backup --config lifeboat.yaml
counted load "snapshots listed in a bucket" "$listed"
count_peak "bucket"
