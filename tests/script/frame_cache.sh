#!/usr/bin/env bash
# A night compresses what changed only, and its archive is the same as without a cache: stock tools
# read it, and it restores. What is in the way of the cache costs time and a warning, no backup.
source "$(dirname "$0")/lib.sh"

for tool in jq zstd; do
  command -v "$tool" > /dev/null || skip "no $tool here"
done
cache=state/cache

make_key
mkdir data
awk 'BEGIN {
  srand(1)
  while (++id <= 300000)
    printf "{\"id\": %d, \"customer\": %d, \"amount\": %.2f, \"status\": \"delivered\", \"note\": \"%d %d\"}\n",
      id, rand() * 1e6, rand() * 1e4, rand() * 1e9, rand() * 1e9
}' > data/text
write_config "files: {recipe: volume, path: $place/data}"
printf "%s\n" "compression: {level: 6, cache: 100 MB}" "priority: normal" >> lifeboat.yaml

# night FOUND: a backup, which found at least so many of its frames, and its archive in night.zst.
night() {
  backup --json "${@:2}"
  expect 0
  stdout_to run.json
  jq -e ".cache.found >= $1 and .cache.found < .cache.frames" run.json > /dev/null ||
    fail "found $(jq -c .cache run.json), not at least $1"
  "$program" decrypt -i key.txt "store/$(jq -r .manifest.archive.key run.json)" > night.zst
  zstd -qt night.zst || fail "zstd does not take it"
  zstd -qdc night.zst | tar -xO files/text | cmp - data/text || fail "the archive lacks the text"
}
night 0
(($(jq .cache.frames run.json) >= 8)) || fail "few frames: $(jq -c .cache run.json)"
mode_is $cache 700
mode_is $cache/salt 600
lifeboat plan --config lifeboat.yaml
stdout_has "$place/$cache: frames that need not be compressed again"

# Another time of the file and a byte in its middle: all but a few frames are known.
sed -i '60000s/./&x/' data/text
night 7
(($(du -B1 --apparent-size -s $cache | cut -f1) < 100000000)) || fail "the cache is too large"
on_bare_machine restore latest --to restored
expect 0
same restored/files/text data/text

# Without it: nothing is read, nothing written, and nothing said of it.
before=$(ls -lA --time-style=full-iso $cache)
backup --json --no-cache
expect 0
stdout_to run.json
[[ $(jq -c .cache run.json) == null ]] || fail "there was a cache"
[[ $(ls -lA --time-style=full-iso $cache) == "$before" ]] || fail "the cache was touched"

# Damage costs time; a folder that is none is told once.
for file in $cache/*; do printf x | dd of="$file" bs=1 seek=20 conv=notrunc status=none; done
night 0
night 7
rm -r $cache && echo "in the way" > $cache
backup
expect 0
stderr_has "use the frame cache '$place/$cache'"
stdout_has "cache     0 of"
[[ $(cat $cache) == "in the way" ]] || fail "what lay in the way was changed"
