#!/usr/bin/env bash
# A backup into a bucket, against the pipeline one would write by hand: tar | zstd | age | aws. Both
# send the same folder to the same server in the same run, in turn, so that what the machine does
# besides strikes both. Nothing is asserted: times belong to a machine.
#
#   usage: s3_upload.sh LIFEBOAT        (./dev bench builds it and calls this)
#   LIFEBOAT_BENCH_MB=1000              of text; a tenth more is incompressible
#   LIFEBOAT_BENCH_ROUNDS=3             besides one for warming up
#
# Both compress at level 3 with 2 threads and encrypt for one recipient. Index, manifest, checksums
# and the questions to the bucket are Lifeboat's extra, and part of its figures.
set -euo pipefail

lifeboat=$(readlink -f "${1:?usage: s3_upload.sh LIFEBOAT}")
project=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..
work=$(readlink -m "$project/build/bench")
megabytes=${LIFEBOAT_BENCH_MB:-1000}
rounds=${LIFEBOAT_BENCH_ROUNDS:-3}
umask 077
export LC_ALL=C.UTF-8
mkdir -p "$work"
cd "$work"

say() { printf '%s\n' "$*" >&2; }

make_data() {
  if [[ -e data/made-$megabytes ]]; then return; fi
  say "making $megabytes MB of text"
  rm -rf data
  mkdir data
  "$project/bench/json_text.py" "$megabytes" | split -b 50M - data/text-
  head -c "$((megabytes / 10))M" /dev/urandom > data/noise
  touch "data/made-$megabytes"
}

make_data
trap '"$project/tests/s3/stop.sh" "$work/s3" > /dev/null' EXIT
trap 'exit 130' INT TERM
"$project/tests/s3/start.sh" "$work/s3" > server.log
source s3/env.sh
export AWS_ACCESS_KEY_ID=$S3_ADMIN_KEY AWS_SECRET_ACCESS_KEY=$S3_ADMIN_SECRET
export AWS_DEFAULT_REGION=$S3_REGION AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_CA_BUNDLE
aws --endpoint-url "$S3_ENDPOINT" s3 mb s3://bench > /dev/null

rm -f key.txt
"$lifeboat" keygen -o key.txt 2> /dev/null
recipient=$("$lifeboat" keygen -y key.txt)
cat > lifeboat.yaml <<TEXT
host: h1
store: {s3: {endpoint: $S3_ENDPOINT, region: $S3_REGION, bucket: bench}}
encryption: {recipients: [$recipient]}
compression: {level: 3}
state_dir: $work/state
spool_dir: $work
services: {data: {recipe: volume, path: $work/data}}
jobs: {nightly: {schedule: manual, services: [data]}}
TEXT

# measured ROUND WAY STAGE COMMAND...
measured() { "$project/bench/measure.py" run measured.jsonl "$1" "$2" "$3" -- "${@:4}"; }
by_lifeboat() {
  measured "$1" lifeboat backup "$lifeboat" backup --config lifeboat.yaml > backup.log 2>&1
}
by_hand() {
  local way='tar | zstd -3 -T2 | age | aws'
  measured "$1" "$way" tar tar -C data -cf - . |
    measured "$1" "$way" zstd zstd -q -3 -T2 -c |
    measured "$1" "$way" age age -r "$recipient" |
    measured "$1" "$way" aws aws --endpoint-url "$S3_ENDPOINT" s3 cp --quiet \
      --expected-size $((megabytes * 1100000)) - "s3://bench/by-hand-$1"
}

rm -f measured.jsonl
for ((round = 0; round <= rounds; round++)); do
  say "round $round of $rounds"
  by_hand "$round"
  by_lifeboat "$round" || {
    cat backup.log >&2
    exit 1
  }
done
"$project/bench/measure.py" table measured.jsonl s3_upload.json
say "written to $work/s3_upload.json"
