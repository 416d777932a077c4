#!/usr/bin/env bash
# What deploy/p24-infra says of itself: that its rules and rights are what the program prints today,
# that its lifecycle keeps what it promises, and that no secret's name is missing.
source "$(dirname "$0")/s3_lib.sh"
fleet=$project/deploy/p24-infra
hosts=(--host vps-h1 --host vps-i1)

if command -v shellcheck > /dev/null; then
  run shellcheck "$fleet"/scripts/*.sh
  expect 0
fi

# Alert rules and the rights of each key.
mkdir made bin
ln -s "$program" bin/lifeboat
run env PATH="$place/bin:$PATH" "$fleet/scripts/generate.sh" made
expect 0
for made in monitoring/prometheus/rules/backups{,_settings}.yml \
  wasabi/{vps-h1-writer,vps-i1-writer,drill,watcher}.json; do
  run diff -u "$fleet/$made" "made/$made"
  expect 0
done
[[ $(cd made && find . -type f | wc -l) == 6 ]] || fail "it makes other files: $(find made -type f)"
if command -v promtool > /dev/null; then
  run promtool check rules "$fleet"/monitoring/prometheus/rules/*.yml
  expect 0
fi

# The lifecycle is what the program writes into such a bucket. Put there by other means, it keeps a
# year of nights: the audit plays them, and sees one wrong prefix that would not.
be admin
bucket=test-p24-$$
lifeboat bucket setup --store "$(store_address)" "${hosts[@]}"
expect 0
by_name() { jq -S '.Rules |= sort_by(.ID)' "$1"; }
s3 s3api get-bucket-lifecycle-configuration --bucket "$bucket" > written.json
run diff -u <(by_name "$fleet/wasabi/lifecycle.json") <(by_name written.json)
expect 0
put_lifecycle() {
  run s3 s3api put-bucket-lifecycle-configuration --bucket "$bucket" \
    --lifecycle-configuration "file://$1"
  expect 0
}
audit() { lifeboat bucket audit --store "$(store_address)" "${hosts[@]}"; }
s3 s3api delete-bucket-lifecycle --bucket "$bucket"
put_lifecycle "$fleet/wasabi/lifecycle.json"
audit
expect 0
stdout_lacks ✗
sed 's|"vps-h1/2"|"vps-h1/"|' "$fleet/wasabi/lifecycle.json" > wrong.json
put_lifecycle wrong.json
audit
expect 5
stdout_has monthly

# Each variable of the configurations is in .env.example, and no other is.
grep -ohE '\$\{[A-Z0-9_]+\}' "$fleet"/{hostinger,ionos}/lifeboat.yaml | tr -d '${}' | sort -u > used
sed -n 's/^\([A-Z0-9_]*\)=.*/\1/p' "$fleet/.env.example" | sort > offered
same used offered
