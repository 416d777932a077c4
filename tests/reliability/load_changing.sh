#!/usr/bin/env bash
# Files that change all the time while they are backed up: one that only grows, one that only shrinks until
# it begins anew, a log that is rotated, small ones that are replaced. The archive is whole, says what it
# could not hold still, and each drill passes.
source "$(dirname "$0")/load_lib.sh"

rounds=2 grown_mb=24
if long_form; then rounds=20 grown_mb=200; fi
room $((grown_mb * 20))

# Block N of "grows" and "shrinks" holds the number N only, so that a restored file tells of itself. The
# largest file of all is the log that is cut. "settled" is written once.
cat > changer.py <<'PY'
import os, signal, sys, time

top, block, least = sys.argv[1], 4096, int(sys.argv[2]) << 20
blocks = lambda begin, end: b"".join(b"%15d\n" % number * 256 for number in range(begin, end))
going = True


def stop(*_):
    global going
    going = False


signal.signal(signal.SIGTERM, stop)
with open(f"{top}/settled", "wb") as file:
    file.write(blocks(0, 500))
grows, shrinks = (open(f"{top}/{name}", "w+b", buffering=0) for name in ("grows", "shrinks"))
log = open(f"{top}/a-log", "a+b", buffering=0)
full = blocks(0, least // block)
for file in (grows, shrinks, log):
    file.write(full)
log.write(full)
grown, rounds = least // block, 0
open("ready", "w").close()
while going:
    grows.write(blocks(grown, grown + 4))
    grown += 4
    size = os.fstat(shrinks.fileno()).st_size
    if size > 0:
        shrinks.truncate(size - 16 * block)
    else:
        shrinks.seek(0)
        shrinks.write(full)
    if rounds % 40 == 0:
        log.truncate(0)
    log.write(full[: 1 << 16])
    with open(f"{top}/small.tmp", "w") as file:
        file.write(f"{rounds}\n" * 1000)
    os.rename(f"{top}/small.tmp", f"{top}/small")
    rounds += 1
    time.sleep(0.005)
print(f"{rounds} rounds, {grown * block >> 20} MB grown")
PY
# Of a grown file each block is in its place; of a shrunk one too, and behind its end are zeros.
cat > judge.py <<'PY'
import sys
path, zeros_are_fine = sys.argv[1], sys.argv[2] == "zeros"
with open(path, "rb") as file:
    number = 0
    while data := file.read(4096):
        good = (b"%15d\n" % number * 256)[: len(data)]
        if data != good and not (zeros_are_fine and not any(data)):
            sys.exit(f"{path}: block {number} is another")
        number += 1
print(f"{path}: {number} blocks")
PY

told=0
for ((round = 1; round <= rounds; round++)); do
  rm -f data/* ready
  python3 changer.py data "$grown_mb" &
  changer=$!
  pids+=("$changer")
  wait_for test -e ready
  capped backup --config lifeboat.yaml
  expect 0
  kill -0 "$changer" || fail "nothing changed any more"
  kill -TERM "$changer"
  wait "$changer"
  told=$((told + $(grep -c 'kept changing while it was read' "$folder/err" || true)))
  capped verify --config lifeboat.yaml
  expect 0
  capped drill --config lifeboat.yaml
  expect 0
  rm -rf back
  capped restore latest --to back --config lifeboat.yaml --identity key.txt
  expect 0
  same data/settled back/files/settled
  run python3 judge.py back/files/grows whole
  expect 0
  run python3 judge.py back/files/shrinks zeros
  expect 0
  (($(sort -u back/files/small | grep -c '') == 1)) || fail "the small file is a mix of two"
  (($(grep -c '' back/files/small) == 1000)) || fail "the small file is cut"
done
# Each is read again until it holds still, which on a busy machine it may; not all three each time.
((told > 0)) || fail "no backup says that a file kept changing"
counted load "backups of files that change all the time" "$rounds"
count_peak "changing files"
