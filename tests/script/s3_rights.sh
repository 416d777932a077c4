#!/usr/bin/env bash
# The policies that `bucket policy` prints give each key what it needs and nothing else.
source "$(dirname "$0")/s3_lib.sh"

new_bucket test-rights
make_key
mkdir source
head -c 9000000 /dev/urandom > source/file  # more than one part
write_config "files: {recipe: volume, path: $place/source}"
use_bucket host
echo "drill: {identity: $place/key.txt, scratch: $place}" >> lifeboat.yaml

# grant ROLE USER: the user may do what the role needs, and the configuration has its keys.
grant() {
  user=$2
  lifeboat bucket policy --role "$1" --config lifeboat.yaml
  expect 0
  stdout_to policy.json
  set_policy "$user" policy.json
  use_bucket "$user"
}
denied() {
  run as "$user" s3 s3api "$@" --bucket "$bucket"
  [[ $status != 0 ]] || fail "it was allowed"
}
allowed() {
  run as "$user" s3 s3api "$@" --bucket "$bucket"
  expect 0
}
# What no key of ours may do: all that would undo a backup.
cannot_destroy() {
  denied delete-object --key "$archive"
  denied put-bucket-lifecycle-configuration --lifecycle-configuration file://rules.json
  denied put-bucket-versioning --versioning-configuration Status=Suspended
  denied put-bucket-policy --policy file://open.json
  denied delete-bucket
}
archive=h1/2026-01-01/backup.tar.zst.age
echo '{"Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""},
  "Expiration": {"Days": 1}}]}' > rules.json
echo '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
  "Action": "s3:*", "Resource": "arn:aws:s3:::*"}]}' > open.json
echo content > content
as admin s3 s3 cp --quiet content "s3://$bucket/$archive"
as admin s3 s3 cp --quiet content "s3://$bucket/h2/2026-01-01/backup.tar.zst.age"

for user in host reader watcher; do set_policy "$user"; done
backup
expect 5  # no right yet
stderr_has s3:

grant writer host
backup
expect 0
lifeboat verify --config lifeboat.yaml
expect 0
lifeboat list --config lifeboat.yaml --json
expect 0
stdout_has '"h1/'
allowed list-objects-v2 --prefix h1/
allowed put-object --key h1/note --body content
denied delete-object --key h1/note  # not even what it wrote itself
denied put-object --key h2/note --body content
denied get-object --key h2/2026-01-01/backup.tar.zst.age out
cannot_destroy
lifeboat check --config lifeboat.yaml
stdout_lacks 'can delete'

grant drill reader
lifeboat list --config lifeboat.yaml --json
expect 0
stdout_has '"h1/'
lifeboat drill --config lifeboat.yaml
expect 0
stdout_has 'RESTORE OK'
allowed put-object --key h1/drills/2026-01-01.json --body content
denied put-object --key h1/2026-01-02/manifest.json --body content
cannot_destroy
backup
expect 5
stderr_has 'needs the right s3:'

grant watcher watcher
allowed list-objects-v2
stdout_has 'h1/'
denied get-object --key "$archive" out
denied put-object --key h1/note --body content
cannot_destroy
lifeboat cat latest files/file --config lifeboat.yaml
expect 5
stderr_has s3:GetObject

# The owner's key can delete, and `check` says so.
use_bucket admin
lifeboat check --config lifeboat.yaml
stdout_has 'can delete'
[[ $(as admin s3 s3 cp --quiet "s3://$bucket/$archive" -) == content ]] || fail "it was changed"
