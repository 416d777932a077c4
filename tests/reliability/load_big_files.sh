#!/usr/bin/env bash
# A large sparse file, which stays sparse, and a large dense one: neither is held in memory.
source "$(dirname "$0")/load_lib.sh"

sparse_gb=2 dense_mb=300
if long_form; then sparse_gb=20 dense_mb=${LIFEBOAT_LOAD_DENSE_MB:-20000}; fi
room $((dense_mb * 4))

# Data at the beginning, in the middle and at the end; the rest are holes.
truncate -s "${sparse_gb}G" data/sparse
for at in 0 $((sparse_gb * 512)) $((sparse_gb * 1024 - 1)); do
  head -c 1M /dev/urandom | dd of=data/sparse bs=1M seek="$at" conv=notrunc status=none
done
held_kib() { du -k "$1" | cut -f 1; }
source_kib=$(held_kib data/sparse)
((source_kib < 100000)) || skip "this disk makes no holes"
# Half of it is noise, half repeats: no two parts alike, half the size when compressed.
python3 - data/dense "$dense_mb" <<'PY'
import os, sys
with open(sys.argv[1], "wb") as file:
    for number in range(int(sys.argv[2])):
        file.write(os.urandom(500_000) + b"%015d\n" % number * 31_250)
PY
same_bytes() {
  cmp "$1/sparse" "$2/sparse" || fail "the sparse files differ"
  cmp "$1/dense" "$2/dense" || fail "the dense files differ"
}

round_trip same_bytes
(($(held_kib back/files/sparse) <= source_kib + 1024)) || fail "the restored file has lost its holes"
counted load "sparse file, GB" "$sparse_gb"
counted load "dense file, GB" "$(python3 -c "print($dense_mb / 1000)")"
count_peak "big files"
