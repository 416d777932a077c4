#!/usr/bin/env bash
# Peak memory of a backup, a drill and a verify is flat: ten times the data, the same memory.
# LIFEBOAT_MEMORY_BIG_MB=5000 makes the big one as big as one likes (default 1000).
source "$(dirname "$0")/lib.sh"

small_mb=100
big_mb=${LIFEBOAT_MEMORY_BIG_MB:-1000}
peak_kib_max=102400

command -v jq > /dev/null || skip "no jq here"
free_kib=$(df --output=avail -k . | tail -n 1)
((free_kib > big_mb * 3 * 1024)) || skip "less than $((big_mb * 3)) MB are free here"

# peak COMMAND...: runs the program and sets $peak_kib to the most memory it was seen to hold. VmHWM
# only grows, so that the last look before the end tells.
peak() {
  local pid seen
  last="$*" status=0 peak_kib=0
  "$program" "$@" --config lifeboat.yaml < /dev/null > "$folder/out" 2> "$folder/err" &
  pid=$!
  pids+=("$pid")
  while seen=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status" 2> /dev/null) && [[ -n $seen ]]; do
    peak_kib=$seen
    sleep 0.02
  done
  wait "$pid" || status=$?
  expect 0
  echo "$last: $peak_kib KiB"
  ((peak_kib > 1024)) || fail "the process was not seen"
  ((peak_kib < peak_kib_max)) || fail "$peak_kib KiB are over $peak_kib_max"
}

# What `plan` promises for a backup, in KiB.
planned() {
  lifeboat plan --config lifeboat.yaml --json
  expect 0
  planned_kib=$(("$(jq '.jobs[0].memory.total_bytes' "$folder/out")" / 1024))
}
# keeps_promise: the last peak was below it, and not so far below that it says nothing.
keeps_promise() {
  ((peak_kib < planned_kib)) || fail "$peak_kib KiB, and plan says at most $planned_kib"
  ((peak_kib > planned_kib / 2)) || fail "$peak_kib KiB, and plan says $planned_kib: too much"
}

make_key
mkdir data
head -c "${small_mb}000000" /dev/urandom > data/0
write_config "files: {recipe: volume, path: $place/data}"
echo "drill: {identity: $place/key.txt, scratch: $place}" >> lifeboat.yaml

echo "priority: normal" >> lifeboat.yaml   # who looks at it all the time is in its way otherwise

declare -A small
for command in backup verify drill; do
  peak "$command"
  small[$command]=$peak_kib
done
for ((i = 1; i < big_mb / small_mb; i++)); do cp data/0 "data/$i"; done
# One file alone that is larger than all memory we may use.
cat data/0 data/1 data/2 > data/large && rm data/0 data/1 data/2
rm -r store
planned
for command in backup verify drill; do
  peak "$command"
  if [[ $command == backup ]]; then keeps_promise; fi
  ((peak_kib < small[$command] + 16384)) ||
    fail "$command: ${small[$command]} KiB for $small_mb MB, $peak_kib KiB for $big_mb MB"
done

# At a higher level the compressor's tables are larger.
rm -r store data/*
head -c 100000000 /dev/urandom > data/0
echo "compression: {level: 12}" >> lifeboat.yaml
peak_kib_max=1048576
planned
peak backup
keeps_promise

# Without a cache its frames are larger.
sed -i 's/^compression: .*/compression: {level: 12, cache: 0}/' lifeboat.yaml
planned
peak backup
keeps_promise
