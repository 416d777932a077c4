#!/usr/bin/env bash
# The benchmarks run to their end with a little data, without S3, and what they say is whole: a goal
# that was not measured is a way that was misspelt. Their figures mean nothing here.
# shellcheck source=tests/script/lib.sh
source "$(dirname "$0")/lib.sh"

for tool in age zstd sqlite3 restic borg; do
  command -v "$tool" > /dev/null || skip "$tool is not installed"
done
export LIFEBOAT_BENCH_MB=3 LIFEBOAT_BENCH_ROUNDS=1 LIFEBOAT_BENCH_S3=0 LIFEBOAT_BENCH_DIR=$place/bench
export LIFEBOAT_BENCH_LEVELS=3 LIFEBOAT_BENCH_LEVELS_MB=3
export LIFEBOAT_BENCH_NIGHTS_MB=3 LIFEBOAT_BENCH_NIGHTS_LEVEL=3
export LIFEBOAT_BENCH_NEIGHBOUR_MB=2 LIFEBOAT_BENCH_NEIGHBOUR_SECONDS=1
export LIFEBOAT_BENCH_SCALE_MB="2 3" LIFEBOAT_BENCH_SCALE_FILES="100 300"
run "$project/bench/run.sh" "$program" first_backup levels nights restore
expect 0
stdout_has 'first backup, level 3: wall, to bare zstd'
run "$project/bench/report.py" bench/results.json
expect 0
stdout_has '## Goals'
stdout_has '| lifeboat -3 |'
cp "$project/docs/PERFORMANCE.md" page.md
run "$project/bench/report.py" bench/results.json page.md
expect 0
grep -qF '| lifeboat -3 |' page.md || fail "the page has no figures"
same <(grep -c '^## ' page.md) <(grep -c '^## ' "$project/docs/PERFORMANCE.md")
# The data are the same each time.
run "$project/bench/world.py" again 3
expect 0
run sqlite3 again/n8n/database.sqlite 'SELECT sum(length(data)) FROM execution_data'
stdout_to again.txt
run sqlite3 bench/world-3/n8n/database.sqlite 'SELECT sum(length(data)) FROM execution_data'
stdout_to first.txt
same first.txt again.txt
same again/dump/traccar.sql bench/world-3/dump/traccar.sql

run "$project/bench/run.sh" "$program" no_such
expect 2
