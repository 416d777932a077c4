# shellcheck shell=bash
# The program under a clock that a script sets. Sourced behind script/lib.sh.
for tool in faketime jq; do
  command -v "$tool" > /dev/null || skip "$tool is not installed"
done

# at 'YYYY-MM-DD HH:MM:SS' COMMAND...: lifeboat under a clock that stands at this time (UTC) until
# somebody sets it. Files have the times that the kernel gives them, and waits are as long as ever.
export NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 FAKETIME_FMT=%s
library=$(faketime now printenv LD_PRELOAD)
export FAKETIME_TIMESTAMP_FILE=$place/clock
runs=0
at() {
  date -u -d "$1" +%s > clock
  shift
  # In a build with AddressSanitizer, its runtime wants to be told that it does not come first.
  run env LD_PRELOAD="$library" ASAN_OPTIONS=verify_asan_link_order=0 "$program" "$@" --config lifeboat.yaml
  ((runs += 1))
}
has_snapshots() { # all, in the order of their names
  local names
  names=$("$program" list --store "dir:$place/store" --json | jq -r 'map(.snapshot) | sort | join(" ")')
  [[ $names == "$*" ]] || fail "snapshots are $names"
}
