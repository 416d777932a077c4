#!/usr/bin/env bash
# One service fails: the others are safe, the run says so with status 8 and the manifest names it.
source "$(dirname "$0")/lib.sh"

make_key
mkdir source
echo data > source/file
write_config "first: {recipe: volume, path: $place/source}" \
  'broken: {recipe: command, command: [sh, -c, "printf half; exit 3"], output: dump.sql}' \
  "gone: {recipe: volume, path: $place/absent}" \
  'unended: {recipe: command, command: [printf, "row\n"], marker: "-- end", output: dump.sql}' \
  'last: {recipe: command, command: [printf, "whole\n"], output: dump.sql}'
backup
expect 8
stderr_has 'broken'
stderr_has 'gone'
stderr_has 'unended'
manifest=$(echo store/h1/*/manifest.json)
for name in broken gone unended; do
  grep -A 3 "\"$name\"" "$manifest" | grep '"ok": *false' > /dev/null || fail "$name is not told as failed"
done
grep -q 'absent' "$manifest" || fail "the manifest lacks the cause"

on_bare_machine restore latest --to restored
expect 0
same restored/first/file source/file
[[ $(cat restored/last/dump.sql) == whole ]] || fail "last was lost"
missing restored/broken/dump.sql
missing restored/gone
missing restored/unended/dump.sql
exists restored/FAILED.md
on_bare_machine drill
expect 8
stdout_lacks 'RESTORE OK'

# All services fail: no snapshot at all.
mv store store.partial
write_config "gone: {recipe: volume, path: $place/absent}"
backup
expect 4
no_files_in store
