# shellcheck shell=bash
# shellcheck disable=SC2034  # read by those who source this
# What the benchmarks share. Sourced with the program's path as $1; changes to build/bench/NAME.work, a
# folder of the benchmark's own, which is emptied first and removed at the end. Results go to
# build/bench/NAME.json.
#
#   LIFEBOAT_BENCH_MB=1000     megabytes of the database; the SQL dump is a fifth of it (bench/world.py)
#   LIFEBOAT_BENCH_ROUNDS=3    besides one for warming up
#   LIFEBOAT_BENCH_S3=1        0: leaves out what needs the S3 server of the tests
#   LIFEBOAT_BENCH_DIR         instead of build/bench
#
# Everything that is measured runs in turn in the same run: times belong to a machine, ratios less so.
# Nothing is asserted about time.
set -euo pipefail

lifeboat=$(readlink -f "${1:?usage: $0 LIFEBOAT}")
project=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
name=$(basename "$0" .sh)
place=${LIFEBOAT_BENCH_DIR:-$project/build/bench}
megabytes=${LIFEBOAT_BENCH_MB:-1000}
rounds=${LIFEBOAT_BENCH_ROUNDS:-3}
has_s3=${LIFEBOAT_BENCH_S3:-1}
umask 077
export PYTHONDONTWRITEBYTECODE=1
export LC_ALL=C.UTF-8 TZ=UTC PATH=/usr/bin:/bin:$PATH   # Debian's own peers
export DOCKER_HOST=unix:///nonexistent    # the machine's engine is no business of a benchmark
mkdir -p "$place"
place=$(readlink -f "$place")
work=$place/$name.work
result=$place/$name.json
rm -rf "$work" "$result"
mkdir "$work"
cd "$work"

proxy=
clean_up() {
  if [[ -n $proxy ]]; then kill "$proxy" 2> /dev/null || true; fi
  if [[ -d s3 ]]; then "$project/tests/s3/stop.sh" "$work/s3" > stop.log 2>&1 || true; fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { printf '%s: %s\n' "$name" "$*" >&2; }

# world MEGABYTES: the data of that size in $world.
world() {
  world=$place/world-$1
  if [[ -e $world ]]; then return; fi
  say "making $1 MB of data"
  rm -rf "$world.part"
  "$project/bench/world.py" "$world.part" "$1"
  mv "$world.part" "$world"
}
# one_stream: $tar, the same as one file.
one_stream() {
  tar=$world.tar
  if [[ -e $tar ]]; then return; fi
  tar -C "$world" -cf "$tar.part" n8n waha dump
  mv "$tar.part" "$tar"
}

# start_s3: an S3 server with the bucket `bench`, the keys in the environment.
start_s3() {
  "$project/tests/s3/start.sh" "$work/s3" > server.log
  # shellcheck disable=SC1091
  source s3/env.sh
  export AWS_ACCESS_KEY_ID=$S3_ADMIN_KEY AWS_SECRET_ACCESS_KEY=$S3_ADMIN_SECRET
  export AWS_DEFAULT_REGION=$S3_REGION AWS_EC2_METADATA_DISABLED=true
  unset AWS_PROFILE AWS_CA_BUNDLE
  aws --endpoint-url "$S3_ENDPOINT" s3 mb s3://bench > /dev/null
}

make_key() {
  "$lifeboat" keygen -o key.txt 2> /dev/null
  recipient=$("$lifeboat" keygen -y key.txt)
}

# write_config FILE dir|s3 LEVEL DATA [LINE...]: level `default` leaves it to the program. No monthly
# copy, which the peers do not make.
write_config() {
  local store="{dir: $work/store}" compression="{}"
  if [[ $2 == s3 ]]; then
    store="{s3: {endpoint: $S3_ENDPOINT, region: $S3_REGION, bucket: bench}}"
  fi
  if [[ $3 != default ]]; then compression="{level: $3}"; fi
  cat > "$1" <<TEXT
host: h1
store: $store
encryption: {recipients: [$recipient]}
compression: $compression
retention: {monthly: 0}
state_dir: $work/state
spool_dir: $work
services:
  n8n: {recipe: sqlite, path: $4/n8n/database.sqlite}
  waha: {recipe: volume, path: $4/waha}
  dump: {recipe: volume, path: $4/dump}
jobs: {nightly: {schedule: manual, services: [n8n, waha, dump]}}
TEXT
  if (($# > 4)); then printf '%s\n' "${@:5}" >> "$1"; fi
}

# What the program uses without being told.
default_level() {
  "$lifeboat" schema | python3 -c 'import json, sys
print(json.load(sys.stdin)["properties"]["compression"]["properties"]["level"]["default"])'
}

# The archive of the newest snapshot in the folder.
newest_archive() { find store -name 'backup*.tar.zst.age' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2; }

# measured ROUND WAY COMMAND...: what it says is shown if it fails. Bash functions need `export -f`.
measured() {
  say "round $1 of $rounds: $2"
  "$project/bench/measure.py" run measured.jsonl "$1" "$2" -- "${@:3}" > command.log 2>&1 || {
    cat command.log >&2
    say "failed: $2"
    exit 1
  }
}
note() { "$project/bench/measure.py" note measured.jsonl "$@"; }
table() { "$project/bench/measure.py" table measured.jsonl "$result" "$@"; }
goal() { "$project/bench/measure.py" goal measured.jsonl "$result" "$@"; }
megabytes_of() { find "$@" -type f -printf '%s\n' | awk '{sum += $1} END {print sum / 1000000}'; }
# counted WAY CONFIG COMMAND...: through a forwarder, which counts requests and bytes received.
counted() {
  local try requests received listings
  rm -f counts
  "$project/tests/s3/counting_proxy.py" "${S3_ENDPOINT##*:}" counts &
  proxy=$!
  for ((try = 0; try < 200; try++)); do
    if [[ -s counts ]]; then break; fi
    sleep 0.05
  done
  sed "s,endpoint: [^ ,}]*,endpoint: http://127.0.0.1:$(head -n 1 counts)," "$2" > proxy.yaml
  measured 1 "$1" "${@:3}" --config proxy.yaml
  kill -TERM "$proxy"
  wait "$proxy" || true
  proxy=
  read -r requests _ received listings < <(tail -n 1 counts)
  note 1 "$1" "requests=$requests" "listings=$listings" "received_mb=$(awk -v n="$received" 'BEGIN {print n / 1000000}')"
}
