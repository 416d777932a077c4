#!/usr/bin/env bash
# A small member of a large archive costs a few small requests, counted on the wire.
# LIFEBOAT_PARTIAL_MB says how large (default 1024).
source "$(dirname "$0")/s3_lib.sh"

big_mb=${LIFEBOAT_PARTIAL_MB:-1024}
received_bytes_max=3000000
free_kib=$(df --output=avail -k . | tail -n 1)
((free_kib > big_mb * 3 * 1024)) || skip "less than $((big_mb * 3)) MB are free here"

new_bucket test-partial-restore
make_key
mkdir source
# Incompressible, and made as fast as a disk takes it.
noise() { openssl enc -aes-128-ctr -pass "pass:$1" -nosalt -md md5 < /dev/zero 2> /dev/null; }
{ noise before || true; } | head -c "$((big_mb / 2))M" > source/before
head -c 50000 /dev/urandom > source/small
{ noise zafter || true; } | head -c "$((big_mb / 2))M" > source/zafter
write_config "files: {recipe: volume, path: $place/source}"
use_bucket writer
backup
expect 0
s3_bytes=$(as admin s3 s3api list-objects-v2 --bucket "$bucket" \
  --query "max(Contents[].Size)" --output text)
((s3_bytes > big_mb * 1000000)) || fail "the archive has only $s3_bytes bytes"

# counted COMMAND...: through a forwarder; sets $requests, $received and $port.
counted() {
  rm -f counts
  "$project/tests/s3/counting_proxy.py" "${S3_ENDPOINT##*:}" counts &
  local proxy=$!
  pids+=("$proxy")
  for ((try = 0; try < 100; try++)); do
    [[ -s counts ]] && break
    sleep 0.05
  done
  local port
  port=$(head -n 1 counts)
  lifeboat "$@" --store "s3://$bucket?endpoint=http://127.0.0.1:$port&region=$S3_REGION" \
    --identity key.txt
  expect 0
  kill -TERM "$proxy"
  wait "$proxy" || true
  read -r requests _ received _ < <(tail -n 1 counts)
  echo "$1 of $((s3_bytes / 1000000)) MB: $requests requests, $received bytes received"
  ((requests > 0 && received > 1000)) || fail "nothing was counted"
  ((received < received_bytes_max)) || fail "$received bytes are over $received_bytes_max"
}

be writer
counted cat latest files/small
stdout_to small
same small source/small
counted restore latest files/small --to restored
same restored/files/small source/small
counted ls latest
