#!/usr/bin/env bash
# `watch` needs no more than the right to list, which is all that `bucket policy --role watcher`
# gives; what hides the listing is told and never good news.
source "$(dirname "$0")/s3_lib.sh"

new_bucket test-watch
day=$(date -u +%F)
echo content > content
# finished KEYS: what makes a snapshot, written now.
finished() {
  local name
  for name in backup.tar.zst.age backup.index.age manifest.json; do
    as admin s3 s3 cp --quiet content "s3://$bucket/$1/$name"
  done
}
watch() { run as watcher "$program" watch --store "$(store_address)" "$@"; }
# rights [ARG...]: the watcher's are those that the program prints.
rights() {
  lifeboat bucket policy --role watcher --store "s3://$bucket" "$@"
  expect 0
  stdout_to policy.json
  set_policy watcher policy.json
}

# An empty bucket, and no right at all.
rights
watch --expect h1
expect 1
stdout_has 'h1: no backup at all'
set_policy watcher
watch --expect h1
expect 5
stderr_has s3:ListBucket

finished "h1/$day"
finished "h1/monthly/${day%-*}"
finished "h2/$day"
rights
watch --expect h1
expect 0
stdout_has 'all that is expected is there'
stdout_has 'h2 is in the store, and nobody expects it'
# Several jobs are told apart by manifests, which this key may not read.
watch --expect h1/nightly --expect h1/databases
expect 0
stderr_has 'may not read manifests'
stdout_has h1/nightly+databases

# A key for one host's folder sees that one.
rights --host h1
watch --expect h1
expect 0
stderr_has 'other hosts are not seen'
stdout_lacks 'h2 is in the store'
watch --expect h1 --expect h2
expect 5

# The key can do nothing else.
for call in "get-object --key h1/$day/manifest.json out" 'delete-object --key h1/note' \
  'put-object --key h1/note --body content' 'get-bucket-versioning'; do
  run as watcher s3 s3api $call --bucket "$bucket"
  [[ $status != 0 ]] || fail "it was allowed: $call"
done

# Another bucket, a wrong key, no server.
run as watcher "$program" watch --expect h1 \
  --store "s3://test-watch-other?endpoint=$S3_ENDPOINT&region=$S3_REGION"
expect 5
AWS_SECRET_ACCESS_KEY=wrong-secret-of-tests AWS_ACCESS_KEY_ID=$S3_WATCHER_KEY \
  run "$program" watch --store "$(store_address)" --expect h1
expect 5
stderr_lacks wrong-secret-of-tests
run as nobody "$program" watch --store "$(store_address)" --expect h1
expect 3
