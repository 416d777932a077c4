#!/usr/bin/env bash
# Whether the cost follows the size: CPU for a gigabyte and for a thousand files, and peak memory, from
# small to large; and what `list` and `status` ask of a bucket that holds years of snapshots.
#
#   usage: scale.sh LIFEBOAT              (bench/lib.sh has more settings)
#   LIFEBOAT_BENCH_FULL=1                 also 20 GB and a million files
#   LIFEBOAT_BENCH_SCALE_MB, LIFEBOAT_BENCH_SCALE_FILES, LIFEBOAT_BENCH_SNAPSHOTS    instead
# shellcheck source=bench/lib.sh
source "$(dirname "$(readlink -f "$0")")/lib.sh"

rounds=1
sizes="100 1000 5000" files="1000 10000 100000"
if [[ ${LIFEBOAT_BENCH_FULL:-0} == 1 ]]; then sizes+=" 20000" files+=" 1000000"; fi
read -ra sizes <<< "${LIFEBOAT_BENCH_SCALE_MB:-$sizes}"
read -ra files <<< "${LIFEBOAT_BENCH_SCALE_FILES:-$files}"
make_key

# per_unit WAY UNITS NAME: the CPU seconds of WAY for each unit.
per_unit() {
  local cpu
  cpu=$("$project/bench/measure.py" figure measured.jsonl 1 "$1" cpu_seconds)
  note 1 "$1" "cpu_seconds_per_$3=$(awk -v cpu="$cpu" -v units="$2" 'BEGIN {print cpu / units}')"
}
# make_files COUNT: as many small ones in a new folder, and lifeboat.yaml for them alone.
make_files() {
  rm -rf store files
  mkdir -p store files
  python3 -c 'import os, sys
for number in range(int(sys.argv[1])):
    folder = f"files/{number // 1000}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{number}.json", "w") as file:
        file.write(f"{{\"id\": {number}, \"name\": \"file {number * 7919}\"}}\n")' "$1"
  write_config lifeboat.yaml dir 3 "$world"
  sed -i "/^  n8n:/d; /^  dump:/d; s,path: .*/waha},path: $work/files},; s/services: \[.*\]/services: [waha]/" \
    lifeboat.yaml
}
for size in "${sizes[@]}"; do
  world "$size"
  rm -rf store
  mkdir store
  write_config lifeboat.yaml dir 3 "$world"
  measured 1 "$size MB" "$lifeboat" backup --config lifeboat.yaml
  per_unit "$size MB" "$(awk -v mb="$(megabytes_of "$world")" 'BEGIN {print mb / 1000}')" gb
done
table "by size" cpu_seconds_per_gb peak_mib wall_seconds
small="${sizes[0]} MB" large="${sizes[-1]} MB"
goal "CPU for a GB, $large to $small" "$large:cpu_seconds_per_gb" "$small:cpu_seconds_per_gb" '<=' 1.1
goal "peak memory at level 3, $large, MB" "$large:peak_mib" 0.95367 '<=' 100

rm -f measured.jsonl
for count in "${files[@]}"; do
  make_files "$count"
  measured 1 "$count files" "$lifeboat" backup --config lifeboat.yaml
  per_unit "$count files" "$(awk -v count="$count" 'BEGIN {print count / 1000}')" 1000_files
done
table "by count" cpu_seconds_per_1000_files peak_mib wall_seconds
small="${files[0]} files" large="${files[-1]} files"
goal "CPU for a file, $large to $small" \
  "$large:cpu_seconds_per_1000_files" "$small:cpu_seconds_per_1000_files" '<=' 1.1
goal "peak memory, $large, MB" "$large:peak_mib" 0.95367 '<=' 100

if ! ((has_s3)); then exit; fi
# Years of snapshots: copies of a small one under other dates.
snapshots=${LIFEBOAT_BENCH_SNAPSHOTS:-5000}
rm -f measured.jsonl
make_files 1
"$lifeboat" backup -q --config lifeboat.yaml > /dev/null
start_s3
python3 - "$snapshots" <<'PYTHON'
import datetime, glob, hashlib, os, shutil, sys
manifest = glob.glob("store/h1/*/manifest.json")[0]
date = manifest.split("/")[2]
text = open(manifest, encoding="utf-8").read()
text = text[:text.rindex('  "sha256": "')]   # of all above it
today = datetime.date.fromisoformat(date)
for number in range(int(sys.argv[1])):
    other = (today - datetime.timedelta(days=number)).isoformat()
    os.makedirs(f"years/h1/{other}")
    with open(f"years/h1/{other}/manifest.json", "w", encoding="utf-8") as file:
        dated = text.replace(date, other)
        file.write(f'{dated}  "sha256": "{hashlib.sha256(dated.encode()).hexdigest()}"\n}}\n')
    for name in ("backup.tar.zst.age", "backup.index.age"):
        shutil.copy(f"store/h1/{date}/{name}", f"years/h1/{other}/{name}")
PYTHON
aws --endpoint-url "$S3_ENDPOINT" s3 cp --quiet --recursive years s3://bench
write_config s3.yaml s3 3 "$world"
counted "list, $snapshots snapshots" s3.yaml "$lifeboat" list --host h1
# shellcheck disable=SC2016
counted "status, $snapshots snapshots" s3.yaml \
  bash -c '"$0" "$@" || true' "$lifeboat" status   # it has things to say: no drill
table "a bucket of $((3 * snapshots)) objects" listings requests received_mb wall_seconds cpu_seconds peak_mib
pages=$(((3 * snapshots + 999) / 1000))
for command in list status; do
  goal "$command: requests that list, to the pages of one listing ($pages)" \
    "$command, $snapshots snapshots:listings" "$pages" '<=' 1
done
