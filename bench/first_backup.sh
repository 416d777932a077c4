#!/usr/bin/env bash
# The first backup of a server: into a folder, and into a bucket. Against `zstd` alone, which is the
# limit, the pipeline that one would write by hand, restic and borg.
#
#   usage: first_backup.sh LIFEBOAT       (./dev bench first_backup; bench/lib.sh has the settings)
#   LIFEBOAT_BENCH_LEVELS="3 default"     zstd levels
#
# - zstd reads one file, so that its CPU is its own. All others read the live folder.
# - By hand: a consistent copy of the database, then tar | zstd -T0 | age, to a file or to `aws s3 cp -`.
# - restic and borg read the database's file itself, as they would find it. restic knows no levels: it
#   has `auto` at each. Their repositories are new in each round, and made before the clock starts.
# - What was written to a folder is on the disk at the end: Lifeboat, restic and borg see to that
#   themselves, for the others `sync FILE` belongs to the time.
# shellcheck source=bench/lib.sh
source "$(dirname "$(readlink -f "$0")")/lib.sh"

read -ra levels <<< "${LIFEBOAT_BENCH_LEVELS:-3 default}"
world "$megabytes"
one_stream
make_key
if ((has_s3)); then start_s3; fi
mkdir store copies
export RESTIC_PASSWORD=bench BORG_PASSPHRASE=bench RESTIC_CACHE_DIR=$work/restic-cache
export BORG_BASE_DIR=$work/borg-base BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
export work tar world recipient
# A server's database is open: its log stays while a round goes on.
coproc sqlite3 "$world/n8n/database.sqlite"
echo 'SELECT count(*) FROM workflow_entity;' >&"${COPROC[1]}"
read -r -u "${COPROC[0]}" _

zstd_alone() { zstd -q -f "-$1" -T2 "$tar" -o copies/bare.zst && sync copies/bare.zst; }
by_hand() {
  local level=$1 round=$2
  rm -rf copies/data
  mkdir -p copies/data/n8n
  sqlite3 "$world/n8n/database.sqlite" ".backup copies/data/n8n/database.sqlite"
  cp -r "$world/waha" "$world/dump" copies/data/
  tar -C copies/data -cf - . | zstd -q "-$level" -T0 -c | age -r "$recipient" |
    if [[ $3 == s3 ]]; then
      aws --endpoint-url "$S3_ENDPOINT" s3 cp --quiet --expected-size 2000000000 - \
        "s3://bench/by-hand-$level-$round"
    else
      cat > copies/by-hand.age && sync copies/by-hand.age
    fi
  rm -rf copies/data
}
export -f zstd_alone by_hand

# stored ROUND WAY FILE: how much it wrote.
stored() { note "$1" "$2" "stored_mb=$(megabytes_of "$3")"; }
# shellcheck disable=SC2016  # bash -c expands it
one_round() {
  local round=$1 level=$2 number=$3 repository
  measured "$round" "zstd -$number" bash -c 'zstd_alone "$1"' bash "$number"
  stored "$round" "zstd -$number" copies/bare.zst
  measured "$round" "by hand -$number" \
    bash -euo pipefail -c 'by_hand "$@"' bash "$number" "$round" dir
  stored "$round" "by hand -$number" copies/by-hand.age
  rm -rf store
  mkdir store
  write_config lifeboat.yaml dir "$level" "$world"
  measured "$round" "lifeboat -$number" "$lifeboat" backup --config lifeboat.yaml
  stored "$round" "lifeboat -$number" store
  repository=copies/restic-$number
  rm -rf "$repository" copies/borg
  restic -q init --repository-version 2 -r "$repository" > /dev/null
  measured "$round" "restic auto (beside -$number)" \
    restic -q -r "$repository" backup --compression auto "$world"
  stored "$round" "restic auto (beside -$number)" "$repository"
  borg init -e repokey-blake2 copies/borg > /dev/null 2>&1
  measured "$round" "borg zstd,$number" \
    borg create --compression "zstd,$number" copies/borg::one "$world"
  stored "$round" "borg zstd,$number" copies/borg
  rm -rf "$repository" copies/borg
}
# shellcheck disable=SC2016
one_round_s3() {
  local round=$1 level=$2 number=$3 repository
  measured "$round" "S3: by hand -$number" \
    bash -euo pipefail -c 'by_hand "$@"' bash "$number" "$round" s3
  write_config lifeboat.yaml s3 "$level" "$world"
  measured "$round" "S3: lifeboat -$number" "$lifeboat" backup --config lifeboat.yaml
  repository=s3:$S3_ENDPOINT/bench/restic-$number-$round
  restic -q init --repository-version 2 -r "$repository" > /dev/null
  measured "$round" "S3: restic auto (beside -$number)" \
    restic -q -r "$repository" backup --compression auto "$world"
}
numbers=()
for level in "${levels[@]}"; do
  number=$level
  if [[ $level == default ]]; then number=$(default_level); fi
  if [[ " ${numbers[*]} " == *" $number "* ]]; then continue; fi
  numbers+=("$number")
  rm -f measured.jsonl
  for ((round = 0; round <= rounds; round++)); do
    one_round "$round" "$level" "$number"
    if ((has_s3)); then one_round_s3 "$round" "$level" "$number"; fi
  done
  table "first backup of $(du -sm "$world" | cut -f 1) MiB at level $number" \
    wall_seconds cpu_seconds peak_mib stored_mb
  goal "first backup, level $number: wall, to bare zstd" \
    "lifeboat -$number:wall_seconds" "zstd -$number:wall_seconds" '<=' 1.15
  goal "first backup, level $number: CPU, to bare zstd" \
    "lifeboat -$number:cpu_seconds" "zstd -$number:cpu_seconds" '<=' 1.1
  if ((number != 3)); then continue; fi
  goal "first backup, level 3: times faster than by hand" \
    "by hand -3:wall_seconds" "lifeboat -3:wall_seconds" '>=' 2.5
  goal "peak memory at level 3, MB" "lifeboat -3:peak_mib" 0.95367 '<=' 100
  if ((has_s3)); then
    goal "first backup to S3, level 3: times faster than by hand" \
      "S3: by hand -3:wall_seconds" "S3: lifeboat -3:wall_seconds" '>=' 2.5
  fi
done
