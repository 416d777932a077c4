#!/usr/bin/env bash
# What a running n8n loses while it is backed up: commits per second of a writer (bench/writer.py) alone,
# then beside `lifeboat backup` (which is in the background, unless `priority: normal`), then beside the
# pipeline that one would write by hand, over and over for some seconds each. The writer never rests,
# which no n8n does: this is the worst case.
#
#   usage: neighbour.sh LIFEBOAT          (bench/lib.sh has more settings)
#   LIFEBOAT_BENCH_NEIGHBOUR_MB=300       megabytes of the database
#   LIFEBOAT_BENCH_NEIGHBOUR_SECONDS=10
# shellcheck source=bench/lib.sh
source "$(dirname "$(readlink -f "$0")")/lib.sh"

seconds=${LIFEBOAT_BENCH_NEIGHBOUR_SECONDS:-10}
world "${LIFEBOAT_BENCH_NEIGHBOUR_MB:-300}"
cp -r "$world" live
make_key
mkdir store copies
write_config idle.yaml dir 3 "$work/live"
write_config normal.yaml dir 3 "$work/live" "priority: normal"
export lifeboat recipient

alone() { sleep 1; }
by_lifeboat() { "$lifeboat" backup -q --config "$1.yaml" > /dev/null; }
by_hand() {
  mkdir -p copies/data/n8n
  # It begins anew whenever somebody writes: beside a writer that never rests it has no end.
  timeout -k 5 60 sqlite3 live/n8n/database.sqlite ".timeout 60000" \
    ".backup copies/data/n8n/database.sqlite" || true
  cp -r live/waha live/dump copies/data/
  tar -C copies/data -cf - . | zstd -q -3 -T0 -c | age -r "$recipient" > copies/by-hand.age
  sync copies/by-hand.age
  rm -rf copies/data
}
now() { python3 -c 'import time; print(time.monotonic())'; }
# beside ROUND WAY COMMAND...: the writer's commits per second while the command runs, again and again.
beside() {
  local writer begin end
  say "round $1 of $rounds: $2"
  "$project/bench/writer.py" live/n8n/database.sqlite commits &
  writer=$!
  sleep 1
  begin=$(now) end=$((SECONDS + seconds))
  while ((SECONDS < end)); do "${@:3}"; done
  end=$(now)
  kill "$writer"
  wait "$writer"
  note "$1" "$2" "commits_per_second=$(awk -v begin="$begin" -v end="$end" '
    $1 >= begin && $1 <= end {++count} END {print count / (end - begin)}' commits)"
  rm -rf store
  mkdir store
}
for ((round = 0; round <= rounds; round++)); do
  beside "$round" "alone" alone
  beside "$round" "beside lifeboat" by_lifeboat idle
  beside "$round" "beside lifeboat, priority: normal" by_lifeboat normal
  beside "$round" "beside the pipeline" by_hand
done
table "a writer that never rests" commits_per_second
goal "a writer's commits beside a backup, to alone" \
  "beside lifeboat:commits_per_second" "alone:commits_per_second" '>=' 0.9
