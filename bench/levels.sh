#!/usr/bin/env bash
# What each level costs and gives: size, time and memory, and what the cut into frames costs in size
# against one zstd stream, with a frame cache (from level 6 on) and without one. One round: sizes are
# the same each time.
#
#   usage: levels.sh LIFEBOAT             (bench/lib.sh has more settings)
#   LIFEBOAT_BENCH_LEVELS_MB=200          megabytes of the database
#   LIFEBOAT_BENCH_LEVELS="3 9 12 19"
# shellcheck source=bench/lib.sh
source "$(dirname "$(readlink -f "$0")")/lib.sh"

rounds=1
levels=${LIFEBOAT_BENCH_LEVELS:-3 9 12 19}
world "${LIFEBOAT_BENCH_LEVELS_MB:-200}"
one_stream
make_key
# backed_up WAY LEVEL [OPTION]
backed_up() {
  rm -rf store
  mkdir store
  write_config lifeboat.yaml dir "$2" "$world"
  measured 1 "$1" "$lifeboat" backup --config lifeboat.yaml "${@:3}"
  note 1 "$1" "stored_mb=$(megabytes_of "$(newest_archive)")"
}
for level in $levels; do
  backed_up "lifeboat -$level" "$level"
  if ((level >= 6)); then backed_up "lifeboat -$level, no cache" "$level" --no-cache; fi
  # One thread, one stream: -T2 cuts too.
  measured 1 "zstd -$level" zstd -q -f "-$level" -T1 "$tar" -o one.zst
  note 1 "zstd -$level" "stored_mb=$(megabytes_of one.zst)"
done
table "levels, $(megabytes_of "$tar") MB" stored_mb wall_seconds cpu_seconds peak_mib
for level in $levels; do
  goal "size at level $level, to one zstd stream" \
    "lifeboat -$level:stored_mb" "zstd -$level:stored_mb" '<=' 1.02
  if ((level < 6)); then continue; fi
  goal "size at level $level without a frame cache, to one zstd stream" \
    "lifeboat -$level, no cache:stored_mb" "zstd -$level:stored_mb" '<=' 1.02
done
