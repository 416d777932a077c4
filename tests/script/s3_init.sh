#!/usr/bin/env bash
# `init` into a bucket: a wrong key, a wrong bucket and missing keys are told before anything is made;
# the right keys land in the env file alone, and the first backup proves itself.
source "$(dirname "$0")/s3_lib.sh"

make_key
mkdir root live
echo hello > live/a.txt
new_bucket init
be nobody
init() {
  lifeboat init --config "$place/etc/lifeboat.yaml" --root "$place/root" --yes --host h1 \
    --store "$(store_address)" --path "$place/live" --recipient "$recipient" "$@"
}

init
expect 2
stderr_has LIFEBOAT_S3_SECRET_KEY
export LIFEBOAT_S3_ACCESS_KEY=$S3_ADMIN_KEY LIFEBOAT_S3_SECRET_KEY=not-the-secret
init
expect 5
stderr_has 'hint:'
stderr_lacks not-the-secret
export LIFEBOAT_S3_SECRET_KEY=$S3_ADMIN_SECRET
bucket=absent init
expect 5
missing etc

# The same from a file, which must be private.
printf 'LIFEBOAT_S3_ACCESS_KEY=%s\nLIFEBOAT_S3_SECRET_KEY=%s\n' "$S3_ADMIN_KEY" "$S3_ADMIN_SECRET" \
  > secrets
unset LIFEBOAT_S3_ACCESS_KEY LIFEBOAT_S3_SECRET_KEY
chmod 644 secrets
init --secrets-file secrets
expect 3
stderr_has 'chmod 600'
chmod 600 secrets
init --secrets-file secrets --drill
expect 0
stdout_has 'RESTORE OK'
stdout_lacks "$S3_ADMIN_SECRET"
stderr_lacks "$S3_ADMIN_SECRET"
! grep -qF "$S3_ADMIN_SECRET" etc/lifeboat.yaml || fail "a secret in the configuration"
grep -qF "$S3_ADMIN_SECRET" etc/env || fail "no secret in the env file"
keys_in_bucket | grep '^h1/.*manifest.json' > /dev/null || fail "no snapshot in the bucket"
