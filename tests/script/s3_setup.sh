#!/usr/bin/env bash
# A bucket from nothing by one command, with object lock: backups go in, the audit finds no error,
# and what an attacker with the host's key writes over them can be undone.
source "$(dirname "$0")/s3_lib.sh"

bucket=test-setup-$$
make_key
mkdir source
head -c 9000000 /dev/urandom > source/file  # more than one part
write_config "files: {recipe: volume, path: $place/source}"
use_bucket admin
lifeboat bucket setup --config lifeboat.yaml --json
expect 0
lifeboat bucket setup --config lifeboat.yaml
expect 0
stdout_has 'exists'
run as admin s3 s3api get-bucket-versioning --bucket "$bucket"
stdout_has Enabled
run as admin s3 s3api get-object-lock-configuration --bucket "$bucket"
stdout_has GOVERNANCE
run as admin s3 s3api get-bucket-lifecycle-configuration --bucket "$bucket"
stdout_has '"h1/2"'
stdout_has NoncurrentDays  # or old versions would be paid for for ever

use_bucket writer
backup
expect 0
lifeboat verify --config lifeboat.yaml
expect 0
use_bucket admin
lifeboat bucket audit --config lifeboat.yaml
expect 0
use_bucket writer

key=h1/$(date -u +%F)/backup.tar.zst.age
run as admin s3 s3api list-object-versions --bucket "$bucket" --prefix "$key" \
  --query 'Versions[].[VersionId]' --output text
version=$(cat "$folder/out")
echo rubbish > rubbish
run as writer s3 s3api put-object --bucket "$bucket" --key "$key" --body rubbish
expect 0  # a right to write is one to write over
lifeboat verify --config lifeboat.yaml
expect 7
run as writer s3 s3api delete-object --bucket "$bucket" --key "$key" --version-id "$version"
[[ $status != 0 ]] || fail "the writer deleted a version"
run as writer s3 s3api get-object --bucket "$bucket" --key "$key" --version-id "$version" saved.age
expect 0
age -d -i key.txt saved.age | zstd -dq | tar -xO files/file > file
same file source/file
