#!/usr/bin/env bash
# What our rules and the tempting wrong ones do to a year of backups, on a server whose lifecycle
# days last seconds: the audit foretells it, and then it happens.
source "$(dirname "$0")/s3_lib.sh"

be admin
rules() { s3 s3api get-bucket-lifecycle-configuration --bucket "$bucket"; }

daily=vps-h1/2026-05-07/backup.tar.zst.age
monthly=vps-h1/monthly/2026-05/backup.tar.zst.age
weekly=vps-h1/supabase-weekly/2026-W19/supabase.sql.gz.age
drill=vps-h1/drills/2026-05-07.json
foreign=photos/2026-05-07.jpg

fill() {
  local key
  mkdir -p fill
  for key in "$daily" "$monthly" "$weekly" "$drill" "$foreign"; do
    mkdir -p "fill/$(dirname "$key")"
    echo content > "fill/$key"
  done
  s3 s3 cp --recursive --quiet fill "s3://$bucket/"
}

holds() { keys_in_bucket | grep -xF "$1" > /dev/null; }

# Lets the gateway do what it does each night.
process_lifecycle() {
  radosgw-admin -c "$server_state/ceph.conf" -n client.rgw.a lc process --bucket "$bucket" \
    > process.log 2>&1 || fail "lc process: $(tail -n 3 process.log)"
}

# vanished_within DAYS KEY: waits until it is gone.
vanished_within() {
  local until=$((SECONDS + $1 * S3_DAY_SECONDS))
  while holds "$2"; do
    ((SECONDS < until)) || fail "$2 is still there after $1 days"
    process_lifecycle
  done
}

# The rules a person writes first. Its second rule matches nothing, since '*' is a character like
# any other, and the first takes everything.
new_bucket test-lifecycle-wrong
wrong_since=$SECONDS  # nothing in it is older
fill
cat > wrong.json <<'TEXT'
{"Rules": [
  {"ID": "expire-all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}},
  {"ID": "keep-monthly", "Status": "Enabled", "Filter": {"Prefix": "vps-*/monthly/"},
   "Expiration": {"Days": 365}}]}
TEXT
s3 s3api put-bucket-lifecycle-configuration --bucket "$bucket" \
  --lifecycle-configuration file://wrong.json
lifeboat bucket audit --store "$(store_address)" --host vps-h1
expect 5
stdout_has monthly
stdout_has expire-all
stdout_has keep-monthly
stdout_has 'vps-*/monthly/'
lifeboat bucket audit --store "$(store_address)" --host vps-h1 --json
expect 5
stdout_has "rule 'expire-all'"

# Ours, beside a rule that is somebody else's. Dailies are kept 3 days here, to wait for less.
new_bucket test-lifecycle-right
fill
cat > foreign.json <<'TEXT'
{"Rules": [{"ID": "photos", "Status": "Enabled", "Filter": {"Prefix": "photos/"},
  "Expiration": {"Days": 4}}]}
TEXT
s3 s3api put-bucket-lifecycle-configuration --bucket "$bucket" \
  --lifecycle-configuration file://foreign.json
make_key
write_config 'none: {recipe: command, command: ["true"]}'
sed -i 's/^host: .*/host: vps-h1/' lifeboat.yaml
echo 'retention: {daily: 3, monthly: 12}' >> lifeboat.yaml
use_bucket admin
lifeboat bucket audit --config lifeboat.yaml
expect 0
stdout_has 'for ever'
lifeboat bucket lifecycle --config lifeboat.yaml
expect 0
stdout_has '<Prefix>vps-h1/2</Prefix>'
run rules
stdout_lacks vps-h1  # only printed
lifeboat bucket lifecycle --config lifeboat.yaml --apply
expect 0
run rules
stdout_has '"photos"'
stdout_has '"vps-h1/2"'
stdout_lacks 'lifeboat-photos'
stdout_to rules.json
lifeboat bucket lifecycle --config lifeboat.yaml --apply
expect 0
run rules
same "$folder/out" rules.json  # once more changes nothing
lifeboat bucket audit --config lifeboat.yaml
expect 0
vanished_within 60 "$daily"
vanished_within 60 "$foreign"
process_lifecycle
[[ $(keys_in_bucket | sort | xargs) == "$drill $monthly $weekly" ]] ||
  fail "our rules left: $(keys_in_bucket)"

# Meanwhile the 30 days of the wrong rules went by: first nothing, then everything vanished.
bucket=test-lifecycle-wrong
process_lifecycle
if ! holds "$monthly" && ((SECONDS - wrong_since < 29 * S3_DAY_SECONDS)); then
  fail "it vanished too early to be that rule"
fi
vanished_within 90 "$monthly"
vanished_within 10 "$weekly"
echo "the monthly backups were gone $((SECONDS - wrong_since)) s after they were made, of which" \
  "a day lasts $S3_DAY_SECONDS s"
bucket=test-lifecycle-right
process_lifecycle
holds "$monthly" || fail "our rules lost the monthly too"
