#!/usr/bin/env bash
# Into a bucket and back, with a key that cannot delete: by configuration, by an address and keys
# from elsewhere as on a new machine, and by Amazon's command line and stock tools.
source "$(dirname "$0")/s3_lib.sh"

new_bucket ecotrans-backups
make_key
make_tree source
head -c 20000000 /dev/urandom > source/large  # more than one part
write_config "files: {recipe: volume, path: $place/source}" \
  'dump: {recipe: command, command: [printf, "a\nb\n"], output: dump.txt}'
sed -i 's/^host: .*/host: vps-h1/' lifeboat.yaml
use_bucket writer
echo "drill: {identity: $place/key.txt, scratch: $place}" >> lifeboat.yaml
today=$(date -u +%F)
backup_today() {
  backup
  expect 0
  [[ $(date -u +%F) == "$today" ]] || skip "midnight has passed"
}
backup_today

# reads_it_all OPTION...: every command that reads.
reads_it_all() {
  lifeboat list --json "$@"
  expect 0
  stdout_has "vps-h1/$today"
  lifeboat ls latest "$@"
  expect 0
  stdout_has 'RESTORE.md'
  stdout_has 'files/large'
  lifeboat cat latest dump/dump.txt "$@"
  expect 0
  stdout_is $'a\nb'
  lifeboat restore latest --to restored "$@"
  expect 0
  same_tree restored/files source
  lifeboat restore latest dump --to part "$@"
  expect 0
  missing part/files
  lifeboat verify "$@"
  expect 0
  lifeboat drill "$@"
  expect 0
  stdout_has 'RESTORE OK'
  rm -rf restored part
}

reads_it_all --config lifeboat.yaml
bare=(--store "$(store_address)" --identity key.txt)
be writer
reads_it_all "${bare[@]}"
be nobody
lifeboat list --store "$(store_address)"
expect 3
stderr_has AWS_ACCESS_KEY_ID
cat > "$AWS_SHARED_CREDENTIALS_FILE" <<TEXT
[backups]
aws_access_key_id = $S3_WRITER_KEY
aws_secret_access_key = $S3_WRITER_SECRET
TEXT
reads_it_all "${bare[@]}" --profile backups

# What the owner sees, and how a backup is opened without us.
be writer
archive=s3://ecotrans-backups/vps-h1/$today/backup.tar.zst.age
run s3 s3 ls "$archive"
expect 0
stdout_has backup.tar.zst.age
run s3 s3 cp --no-progress "$archive" .
expect 0
mkdir stock
age -d -i key.txt backup.tar.zst.age | zstd -dq |
  tar -x --xattrs-include='*' --same-owner -p -C stock 2> tar.txt
same_tree stock/files source
run s3 s3 cp --no-progress "s3://ecotrans-backups/vps-h1/$today/manifest.json" .
expect 0
sha256sum backup.tar.zst.age | cut -d ' ' -f 1 | xargs -I{} grep -q {} manifest.json

# A second run on one day overwrites nothing; the month's first was copied within the bucket.
backup_today
[[ $(keys_in_bucket | grep -c "^vps-h1/$today/.*tar.zst.age$") == 2 ]] || fail "not two archives"
run s3 s3 cp --no-progress "$archive" again.age
same backup.tar.zst.age again.age
run s3 s3 cp --no-progress "s3://$bucket/vps-h1/monthly/${today%-*}/backup.tar.zst.age" month.age
expect 0
same backup.tar.zst.age month.age
[[ -z $(uploads_in_progress) ]] || fail "uploads are left"
no_files_in spool

# No secret is anywhere in what was stored or told.
keys_in_bucket > keys.txt
for secret in "$S3_WRITER_SECRET" "$(grep AGE-SECRET key.txt)"; do
  if grep -rqF -- "$secret" state restored stock manifest.json keys.txt 2> /dev/null; then
    fail "a secret was written"
  fi
done
