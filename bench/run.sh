#!/usr/bin/env bash
# Runs the benchmarks in turn and puts their results together. One that fails does not stop the others.
#
#   usage: run.sh LIFEBOAT [NAME...]        (./dev bench builds it and calls this)
#
# NAME is one of the scripts beside this one; without any, all that need no choice are run. Settings are
# in lib.sh.
set -euo pipefail

lifeboat=$(readlink -f "${1:?usage: run.sh LIFEBOAT [NAME...]}")
shift
here=$(dirname "$(readlink -f "$0")")
folder=${LIFEBOAT_BENCH_DIR:-$here/../build/bench}
if (($# == 0)); then
  set -- first_backup levels nights restore scale neighbour micro
fi
for name in "$@"; do
  if [[ ! -x $here/$name.sh || $name == run ]]; then
    echo "error: no benchmark is called '$name'" >&2
    exit 2
  fi
done
export PYTHONDONTWRITEBYTECODE=1
failed=()
for name in "$@"; do
  "$here/$name.sh" "$lifeboat" || failed+=("$name")
done
"$here/report.py" collect "$(readlink -f "$folder")"
if ((${#failed[@]} > 0)); then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
