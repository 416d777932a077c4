#!/usr/bin/env bash
# From a machine without a configuration to a proven backup by one line of flags; the modes under
# any umask; nothing overwritten; killed anywhere, it is whole or not there.
source "$(dirname "$0")/lib.sh"

make_key
mkdir root live
echo hello > live/a.txt

# init NAME ARGUMENT...: into the folder NAME.
init() {
  local name=$1
  shift
  lifeboat init --config "$place/$name/lifeboat.yaml" --root "$place/root" --yes --host h1 \
    --store "dir:$place/store-$name" --path "$place/live" "$@"
}

for mask in 022 000; do
  umask "$mask"
  init "$mask" --recipient "$recipient" --drill
  expect 0
  stdout_has 'RESTORE OK'
  stdout_lacks AGE-SECRET-KEY
  stderr_lacks AGE-SECRET-KEY
  mode_is "$mask" 700
  for file in lifeboat.yaml env age.key signing.key; do mode_is "$mask/$file" 600; done
  [[ $(find "$mask" -maxdepth 1 -type f | wc -l) == 4 ]] || fail "other files in $mask"
done
umask 077

# The second key alone is enough, on a machine that has nothing else.
lifeboat cat latest live/a.txt --store "dir:$place/store-022" --identity key.txt
expect 0
stdout_is hello

# What it said is left to do can be done.
lifeboat check --config 022/lifeboat.yaml
expect 0
lifeboat backup --config 022/lifeboat.yaml
expect 0
lifeboat drill --config 022/lifeboat.yaml
expect 0

# Nothing is overwritten.
cp -a 022 before
init 022 --recipient "$recipient"
expect 2
stderr_has "'$place/022/lifeboat.yaml' is there already"
diff -r before 022 || fail "something was overwritten"

# The second key as a page, where asked; it never shows.
init paper --offline-key "$place/second.html"
expect 0
mode_is second.html 600
key=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' second.html)
! grep -qrF "$key" paper "$folder/out" "$folder/err" || fail "the second key is elsewhere too"

# Without a terminal everything that is missing is told at once, and nothing is made.
lifeboat init --config "$place/none/lifeboat.yaml" --root "$place/root"
expect 2
for flag in --host --store --path --recipient; do stderr_has "$flag"; done
missing none

# Killed at any moment: all of it, or no folder at all.
whole=0
for delay in 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.15 0.3 1; do
  name=killed-$delay
  (timeout -s KILL "$delay" "$program" init --config "$place/$name/lifeboat.yaml" --yes --host h1 \
    --root "$place/root" --store "dir:$place/store-k" --path "$place/live" \
    --recipient "$recipient" || true) &> /dev/null
  if [[ -e $name ]]; then
    whole=$((whole + 1))
    for file in lifeboat.yaml env age.key signing.key; do exists "$name/$file"; done
    lifeboat check --config "$name/lifeboat.yaml"
    expect 0
  fi
done
((whole > 0)) || skip "this machine is too slow to see it end within a second"
