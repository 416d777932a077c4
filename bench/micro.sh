#!/usr/bin/env bash
# The stages that every byte passes through, one by one (bench/micro.cc): megabytes a second.
#
#   usage: micro.sh LIFEBOAT              (./dev bench builds bench_micro beside it)
# shellcheck source=bench/lib.sh
source "$(dirname "$(readlink -f "$0")")/lib.sh"

rounds=1
micro=${lifeboat%/src/cli/lifeboat}/bench_micro
if [[ ! -x $micro ]]; then
  say "left out: there is no $micro"
  exit
fi
world "${LIFEBOAT_BENCH_MICRO_MB:-200}"
LIFEBOAT_BENCH_DATABASE=$world/n8n/database.sqlite "$micro" --benchmark_format=csv > micro.csv
# name,iterations,real_time,cpu_time,time_unit,bytes_per_second,...; times in ns
while IFS=, read -r stage _ real _ _ rate _; do
  stage=${stage//\"/}
  if [[ ! $real =~ ^[0-9] ]]; then continue; fi
  note 1 "$stage" "microseconds=$(awk -v ns="$real" 'BEGIN {print ns / 1000}')"
  if [[ -n $rate ]]; then
    note 1 "$stage" "mb_per_second=$(awk -v rate="$rate" 'BEGIN {print rate / 1000000}')"
  fi
done < micro.csv
table "stages, one by one" mb_per_second microseconds
