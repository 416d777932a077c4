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
as writer s3 s3 sync --quiet --size-only nights "s3://$bucket"
pages=$((($(find nights -type f | wc -l) + 999) / 1000))

through_line
use_bucket writer
# asks PASSES MANIFESTS COMMAND...: as often over the names, and at most so many manifests.
asks() {
  local passes=$1 most=$2 lists manifests
  shift 2
  : > "$line/requests"
  capped "$@"
  ((status <= 1)) || fail "it failed"
  lists=$(grep -c 'list-type=2' "$line/requests" || true)
  manifests=$(grep -c '^GET .*/manifest.json' "$line/requests" || true)
  echo "    $lists pages of $pages, $manifests manifests, $(wc -l < "$line/requests") requests"
  ((lists <= passes * pages)) || fail "$lists pages were asked for, of $pages"
  ((manifests <= most)) || fail "$manifests manifests were read"
  ! grep -q '^GET .*backup.tar.zst.age' "$line/requests" || fail "an archive was read"
}

asks 1 $((nights + 1)) list --config lifeboat.yaml --json
listed=$(jq '[.[] | select(.snapshot | test("monthly") | not)] | length' "$folder/out")
((listed == nights)) || fail "$listed snapshots listed of $nights"
asks 1 7 list --limit 7 --config lifeboat.yaml
asks 1 100 status --config lifeboat.yaml --json
asks 1 100 report --config lifeboat.yaml -o report.html
asks 1 100 plan --config lifeboat.yaml
asks 1 $((nights + 1)) prune --config lifeboat.yaml --dry-run
asks 1 100 watch --expect h1 --config lifeboat.yaml
asks 1 100 bucket audit --config lifeboat.yaml
asks 1 2 ls latest --config lifeboat.yaml --identity key.txt
asks 1 100 backup --config lifeboat.yaml
counted load "snapshots listed in a bucket" "$listed"
count_peak "bucket"
