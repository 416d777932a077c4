#!/usr/bin/env bash
# The demonstration with every lifeboat of it under valgrind: no read of memory that was never
# written, which no sanitizer of GCC sees, none that is not ours, and nothing lost track of. In the
# long form the commands that read a store as well.
#
#   valgrind.sh LIFEBOAT OPENAT2
# OPENAT2 is loaded under valgrind (valgrind_openat2.cc).
source "$(dirname "$0")/../script/lib.sh"
source "$project/tests/reliability/counts.sh"

command -v valgrind > /dev/null || skip "no valgrind here"
command -v age > /dev/null || skip "no age here"

# The demonstration's folder of programs, with lifeboat replaced by one that valgrind watches.
mkdir -p build/src/cli reports demo
ln -s "$(dirname "$program")/../../demo" build/demo
cat > build/src/cli/lifeboat << SCRIPT
#!/bin/sh
LD_PRELOAD=$2 exec valgrind -q --error-exitcode=99 --leak-check=full \
  --errors-for-leak-kinds=definite --log-file=$place/reports/%p "$program" "\$@"
SCRIPT
chmod +x build/src/cli/lifeboat
watched() { run build/src/cli/lifeboat "$@"; }

reports() { find reports -type f -size +0 -exec cat {} + | head -n 60; }
no_report() { [[ -z $(reports) ]] || fail "valgrind: $(reports)"; }

TMPDIR=$place/demo run "$project/demo/run.sh" "$place/build"
no_report
expect 0
stdout_has 'RESTORE OK'

if long_form; then
  make_key
  make_tree tree
  write_config "files: {recipe: volume, path: $place/tree}"
  watched backup --config lifeboat.yaml
  expect 0

  bare=(--store "dir:$place/store" --identity key.txt)
  for command in 'list' 'ls latest' 'cat latest files/plain' 'restore latest --to out' 'verify'; do
    read -ra words <<< "$command"
    watched "${words[@]}" "${bare[@]}"
    no_report
    expect 0
  done
  for command in 'plan' 'drill --sabotage --identity key.txt' 'prune'; do
    read -ra words <<< "$command"
    watched "${words[@]}" --config lifeboat.yaml
    no_report
    expect 0
  done
fi

runs=$(find reports -type f | wc -l)
((runs >= 6)) || fail "valgrind watched $runs programs only"
echo "$runs programs under valgrind, no error"
counted valgrind "programs of the demo watched, errors" "$runs, 0"
