#!/usr/bin/env bash
# The nights after the first: what a backup costs when little has changed. n8n removes its oldest
# executions and adds new ones; the harder case changes rows here and there. Each night's archive is
# taken apart with age, zstd and tar, and its database compared.
#
#   usage: nights.sh LIFEBOAT             (bench/lib.sh has more settings)
#   LIFEBOAT_BENCH_NIGHTS_MB              megabytes of the database, LIFEBOAT_BENCH_MB unless set. In a
#                                         small one the few pages that change anyway dirty more of it
#   LIFEBOAT_BENCH_NIGHTS_TOUCH=1         0: without the harder case
#   LIFEBOAT_BENCH_NIGHTS_LEVEL=19
# shellcheck source=bench/lib.sh
source "$(dirname "$(readlink -f "$0")")/lib.sh"

rounds=1
level=${LIFEBOAT_BENCH_NIGHTS_LEVEL:-19}
touch=${LIFEBOAT_BENCH_NIGHTS_TOUCH:-1}
world "${LIFEBOAT_BENCH_NIGHTS_MB:-$megabytes}"
cp -r "$world" live
make_key
mkdir store
write_config lifeboat.yaml dir "$level" "$work/live"

# night NAME
night() {
  measured 1 "$1" "$lifeboat" backup --config lifeboat.yaml
  note 1 "$1" "stored_mb=$(megabytes_of "$(newest_archive)")"
  age -d -i key.txt "$(newest_archive)" | zstd -q -d -c | tar -xO n8n/database.sqlite |
    cmp - live/n8n/database.sqlite
}
first="first night"
night "$first"
"$project/bench/world.py" prune live 1
night "1 % pruned and added"
if ((touch)); then
  "$project/bench/world.py" touch live 1
  night "1 % of rows changed"
fi
night "nothing changed"
table "nights at level $level, $(megabytes_of live) MB" cpu_seconds wall_seconds peak_mib stored_mb
goal "second night, 1 % pruned and added: CPU, to the first" \
  "1 % pruned and added:cpu_seconds" "$first:cpu_seconds" '<=' 0.15
if ! ((touch)); then exit; fi
goal "second night, 1 % of rows changed: CPU, to the first" \
  "1 % of rows changed:cpu_seconds" "$first:cpu_seconds" '<=' 0.15
