#!/usr/bin/env bash
# Damage anywhere in a stored snapshot is refused by verify and by drill, with and without a key.
source "$(dirname "$0")/lib.sh"

make_key
mkdir source
head -c 5000 /dev/urandom > source/file
sqlite3 source.db 'CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3);'
write_config "files: {recipe: volume, path: $place/source, must: [file]}" \
  "db: {recipe: sqlite, path: $place/source.db}"
backup
expect 0
cp -a store store.whole
snapshot=$(dirname "$(echo store/h1/*/manifest.json)")

# flip FILE OFFSET: one bit.
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

refused() {
  on_bare_machine verify
  expect 7
  on_bare_machine drill
  [[ $status == 7 ]] || fail "drill ended with $status"
  lifeboat verify --store "dir:$place/store"
  expect 7
  rm -rf store
  cp -a store.whole store
}

for name in backup.tar.zst.age backup.index.age manifest.json; do
  size=$(stat -c %s "$snapshot/$name")
  for offset in 0 $((size / 3)) $((size / 2)) $((size - 2)); do
    flip "$snapshot/$name" "$offset"
    refused
  done
  truncate -s $((size - 1)) "$snapshot/$name"
  refused
  printf x >> "$snapshot/$name"
  refused
done
rm "$snapshot/backup.index.age"
on_bare_machine verify
[[ $status == 5 || $status == 7 ]] || fail "a missing index"
rm -rf store
cp -a store.whole store
rm -r "$snapshot/manifest.json" store/h1/monthly
on_bare_machine verify
expect 5
rm -rf store
cp -a store.whole store

on_bare_machine drill
expect 0
on_bare_machine drill --sabotage
expect 0
stdout_has 'SABOTAGE CAUGHT'
stdout_has 'flipped byte'
stdout_has 'missing row'
diff -r store.whole/h1/20* store/h1/20* || fail "the sabotage touched the store"
