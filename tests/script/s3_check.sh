#!/usr/bin/env bash
# What people get wrong in a bucket: `check` names each with a hint, and nothing where all is well.
source "$(dirname "$0")/s3_lib.sh"

new_bucket test-check
as admin s3 s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
make_key
mkdir source
echo content > source/file
write_config "files: {recipe: volume, path: $place/source}"
sed -i 's/^host: .*/host: vps-h1/' lifeboat.yaml
use_bucket admin
lifeboat bucket lifecycle --config lifeboat.yaml --apply
expect 0
lifeboat bucket policy --role writer --config lifeboat.yaml
stdout_to policy.json
set_policy host policy.json
use_bucket host
cp lifeboat.yaml good.yaml

check() { lifeboat check --config lifeboat.yaml "$@"; }
# names TEXT HINT, of a configuration that was changed by `edit`.
edit() { sed "$1" good.yaml > lifeboat.yaml; }
names() {
  check
  grep -F -A 1 -- "$1" "$folder/out" > "$folder/named" || fail "not named: $1"
  grep -qE '^[!✗] ' "$folder/named" || fail "named, but as if it were good: $1"
  grep -qF -- "$2" "$folder/named" || fail "named without the hint: $2"
}

check
expect 0
! grep -E '^[!✗] (store|clock)' "$folder/out" || fail "all is well with the store"
stdout_has 'clock: as the store'

edit "s/bucket: $bucket/bucket: test-check-none/"
names 'store: ' 'bucket'
edit 's/secret_key: [^}]*/secret_key: another-secret/'
names 'store: ' 'secret'
edit "s#endpoint: [^,]*#endpoint: http://127.0.0.1:1#"
names 'store: ' ''
((SECONDS < 100)) || fail "it took too long to give up"
edit "s#endpoint: [^,]*#endpoint: $S3_ENDPOINT/$bucket#"
names 'store: ' 'endpoint'

# A key that may write and not list; one that may delete as well.
jq '.Statement |= map(select(.Action != ["s3:ListBucket"]))' policy.json > narrow.json
set_policy host narrow.json
edit ''
names 'store: ' 's3:ListBucket'
set_policy host policy.json
use_bucket admin
cp lifeboat.yaml good.yaml
names 'this key can delete' 'bucket policy --role writer'

# The rules a person writes first: the monthlies go with the dailies.
cat > wrong.json <<'TEXT'
{"Rules": [
  {"ID": "expire-all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}},
  {"ID": "keep-monthly", "Status": "Enabled", "Filter": {"Prefix": "vps-*/monthly/"},
   "Expiration": {"Days": 365}}]}
TEXT
as admin s3 s3api put-bucket-lifecycle-configuration --bucket "$bucket" \
  --lifecycle-configuration file://wrong.json
names "rule 'expire-all'" 'lifeboat bucket lifecycle'
set_policy host
