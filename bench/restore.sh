#!/usr/bin/env bash
# A restore, against `age -d | zstd -d | tar x` of the same archive, from a folder and from a bucket;
# and what one member of that archive costs on the wire. Both leave the files on the disk (sync).
#
#   usage: restore.sh LIFEBOAT            (bench/lib.sh has the settings)
# shellcheck source=bench/lib.sh
source "$(dirname "$(readlink -f "$0")")/lib.sh"

world "$megabytes"
make_key
mkdir store
write_config dir.yaml dir 3 "$world"
"$lifeboat" backup -q --config dir.yaml > /dev/null
archive=$(newest_archive)
if ((has_s3)); then
  start_s3
  write_config s3.yaml s3 3 "$world"
  "$lifeboat" backup -q --config s3.yaml > /dev/null
  object=$(aws --endpoint-url "$S3_ENDPOINT" s3 ls --recursive s3://bench |
    awk '/backup.tar.zst.age$/ {print $4}')
  export object
fi
export archive lifeboat

by_hand() { age -d -i key.txt "$archive" | zstd -q -d -c | tar -x -C out && sync -f out; }
by_hand_s3() {
  aws --endpoint-url "$S3_ENDPOINT" s3 cp --quiet "s3://bench/$object" - |
    age -d -i key.txt | zstd -q -d -c | tar -x -C out && sync -f out
}
by_lifeboat() {
  "$lifeboat" restore latest --to out --config "$1.yaml" --identity key.txt && sync -f out
}
export -f by_hand by_hand_s3 by_lifeboat
# restored ROUND WAY FUNCTION [ARG]: into a new folder, which must hold what was backed up.
restored() {
  rm -rf out
  mkdir out
  measured "$1" "$2" bash -euo pipefail -c '"$@"' bash "${@:3}"
  cmp out/dump/traccar.sql "$world/dump/traccar.sql"
}
for ((round = 0; round <= rounds; round++)); do
  restored "$round" "age | zstd | tar" by_hand
  restored "$round" "lifeboat restore" by_lifeboat dir
  if ((has_s3)); then
    restored "$round" "S3: aws | age | zstd | tar" by_hand_s3
    restored "$round" "S3: lifeboat restore" by_lifeboat s3
  fi
done
table "restore of $(megabytes_of "$world") MB" wall_seconds cpu_seconds peak_mib
goal "restore: wall, to age | zstd | tar" \
  "lifeboat restore:wall_seconds" "age | zstd | tar:wall_seconds" '<=' 0.7
if ! ((has_s3)); then exit; fi
goal "restore from S3: wall, to aws | age | zstd | tar" \
  "S3: lifeboat restore:wall_seconds" "S3: aws | age | zstd | tar:wall_seconds" '<=' 0.7

rm -f measured.jsonl
member=$(cd "$world" && find waha -type f | sort | head -n 1)
counted "cat $member" s3.yaml "$lifeboat" cat latest "$member" -o member --identity key.txt
cmp member "$world/$member"
table "one member of $(megabytes_of "$world") MB in a bucket" requests received_mb wall_seconds
goal "one member from S3: MB received" "cat $member:received_mb" 1 '<=' 3
goal "one member from S3: requests" "cat $member:requests" 1 '<=' 5
