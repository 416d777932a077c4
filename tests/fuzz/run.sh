#!/usr/bin/env bash
# Builds the fuzz targets and runs each for SECONDS on its seeds and on what earlier runs found:
#
#   run.sh SECONDS [TARGET...]
#
# Prints a line a target: executions, edges covered, inputs kept. Exit 1 if one crashed: the input lies
# in build/fuzz/found/, and belongs into seeds/ with the repair. 77: clang is not installed.
# What runs find is kept in build/fuzz/corpus/, never in the tree.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
source "$root/tests/reliability/counts.sh"
skip() { echo "skipped: $*"; exit 77; }
command -v clang++ > /dev/null || skip "clang is not installed"
echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
  clang++ -x c++ -fsanitize=fuzzer,address - -o /dev/null 2> /dev/null ||
  skip "clang's runtime libraries are not installed (libclang-rt-14-dev)"

build=$root/build/fuzz
mkdir -p "$build"
log=$build/build.log
if ! (cd "$root" && cmake --preset fuzz && cmake --build "$build" --target fuzz_targets) \
    > "$log" 2>&1; then
  tail -n 40 "$log"
  echo "error: the fuzz targets do not build; see $log"
  exit 1
fi

if (($# == 0)); then
  for program in "$build"/tests/fuzz/fuzz_*; do
    if [[ -f $program && -x $program ]]; then set -- "$@" "${program##*/fuzz_}"; fi
  done
fi
results=$(mktemp -d "${TMPDIR:-/tmp}/lifeboat-fuzz-XXXXXX")
trap 'rm -rf "$results"' EXIT

# one TARGET: its line goes to $results/TARGET, with a last word that says whether all is well. What
# it failed on is printed whole, the input too: the machine it was found on may be gone tomorrow.
# An input that took too long on a busy machine gets a second try alone: only then is it at fault.
one() {
  local target=$1 seeds=$here/seeds/$1 status=0 word=ok runs edges kept
  if [[ $target == tar_* ]]; then seeds=$here/seeds/tar; fi  # one set for both
  local words=() program=$build/tests/fuzz/fuzz_$target log=$build/$target.log
  if [[ -f $here/dict/$target.dict ]]; then words=("-dict=$here/dict/$target.dict"); fi
  mkdir -p "$build/corpus/$target" "$build/found"
  ASAN_OPTIONS=detect_odr_violation=0 nice "$program" "${words[@]}" \
    -max_total_time="$seconds" -max_len=16384 -timeout=25 -rss_limit_mb=2048 -timeout_exitcode=70 \
    -print_final_stats=1 -artifact_prefix="$build/found/$target-" \
    "$build/corpus/$target" "$seeds" > "$log" 2>&1 < /dev/null || status=$?
  if [[ $status == 70 ]]; then
    word="slow once on a busy machine"
    ASAN_OPTIONS=detect_odr_violation=0 "$program" -timeout=100 "$build/found/$target-timeout-"* \
      >> "$log" 2>&1 < /dev/null || word=CRASHED
  elif [[ $status != 0 ]]; then
    word=CRASHED
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  kept=$(find "$build/corpus/$target" -type f | wc -l)
  if [[ $word != ok ]]; then
    echo "$target, exit $status:"
    grep -v -E '^#[0-9]+|NEW_FUNC' "$log" | tail -n 60
  fi
  printf '%-16s %10s executions %6s edges %6s inputs  %s\n' "$target" "${runs:-0}" "${edges:-0}" \
    "$kept" "$word" > "$results/$target"
  cat "$results/$target"
}
export -f one
export here build results seconds
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'one {}'

sum() { awk -v field="$1" '{ sum += $field } END { print sum + 0 }' "$results"/*; }
counted fuzz "targets, edges covered" "$#, $(sum 4)"
counted fuzz executions "$(sum 2)"
crashed=$(grep -l CRASHED "$results"/* | wc -l) || true
counted fuzz crashes "$crashed"
echo "$# targets, $(sum 2) executions, $(sum 4) edges, $crashed crashed"
((crashed == 0))
