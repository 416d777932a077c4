#!/usr/bin/env bash
# The whole suite in a build with a sanitizer, and its figures: tests and findings are counted apart,
# since a test may take a program's end by a sanitizer for an error that it expects. The findings are
# the reports in BUILD/findings (cmake/sanitize.cmake). What cannot run there is left out by name:
# sanitizer_skips.txt.
#
#   sanitizers.sh asan|tsan [CTEST ARGUMENT...]      after ./dev build asan|tsan
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source "$here/counts.sh"
preset=${1:?usage: sanitizers.sh asan|tsan [CTEST ARGUMENT...]}
shift
build=$here/../../build/$preset
results=$build/test-results.xml
rm -rf "$build/findings" "$results"
mkdir -m 1777 "$build/findings"   # for tests that run a program as somebody else

skips=$(awk -F '\t' -v preset="$preset" '
  !/^#/ && NF == 3 && ($1 == preset || $1 == "both") { printf "%s%s", separator, $2; separator = "|" }
' "$here/sanitizer_skips.txt")
status=0
# Their figures are those of the build that people run.
# LIFEBOAT_SANITIZER_MIB: what bounds of memory leave to the sanitizer itself.
env -u LIFEBOAT_COUNTS -u LIFEBOAT_LONG LIFEBOAT_SANITIZER_MIB=2000 ctest --test-dir "$build" -j "$(nproc)" \
  --output-on-failure --no-tests=error --output-junit "$results" -E "^($skips)\$" "$@" \
  < /dev/null || status=$?
[[ -s $results ]] || exit "$status"

attribute() { sed -n "s/.*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p" "$results" | head -n 1; }
total=$(attribute tests) failed=$(attribute failures) skipped=$(attribute skipped)
all=$(ctest --test-dir "$build" -N "$@" | sed -n 's/^Total Tests: //p')
findings=$(find "$build/findings" -type f | wc -l)
if ((findings > 0)); then
  find "$build/findings" -type f -exec head -n 30 {} +
  status=1
fi
left_out=$((all > total ? all - total : 0))
figure="$((total - failed - skipped)), $((skipped + left_out)), $failed, $findings"
case $preset in
  asan) counted sanitizers "ASan+UBSan: passed, skipped, failed, findings" "$figure" ;;
  tsan) counted sanitizers "TSan: passed, skipped, failed, findings" "$figure" ;;
esac
echo "$preset: passed, skipped, failed, findings: $figure"
exit "$status"
