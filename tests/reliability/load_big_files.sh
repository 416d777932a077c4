#!/usr/bin/env bash
# A large sparse file, which stays sparse, and a large dense one: neither is held in memory.
source "$(dirname "$0")/load_lib.sh"

sparse_gb=2 dense_mb=300
if long_form; then sparse_gb=20 dense_mb=${LIFEBOAT_LOAD_DENSE_MB:-20000}; fi
room $((dense_mb * 3 / 2))

# Data at the beginning, in the middle and at the end; the rest are holes.
truncate -s "${sparse_gb}G" data/sparse
for at in 0 $((sparse_gb * 512)) $((sparse_gb * 1024 - 1)); do
  head -c 1M /dev/urandom | dd of=data/sparse bs=1M seek="$at" conv=notrunc status=none
done
held_kib() { du -k "$1" | cut -f 1; }
source_kib=$(held_kib data/sparse)
((source_kib < 100000)) || skip "this disk makes no holes"
# A fifth of it is noise, the rest repeats: no two parts alike, a fifth of the size when compressed. Only its
# hash is kept, so that there need be no room for a second one.
cat > dense.py <<'PY'
import hashlib, random, sys
noise, whole = random.Random(1), hashlib.sha256()
with open(sys.argv[1], "wb") as file:
    for number in range(int(sys.argv[2])):
        block = noise.randbytes(200_000) + b"%015d\n" % number * 50_000
        whole.update(block)
        file.write(block)
print(whole.hexdigest())
PY
dense_sum=$(python3 dense.py data/dense "$dense_mb")

there
rm data/dense
and_back
cmp data/sparse back/files/sparse || fail "the sparse files differ"
[[ $(sha256sum < back/files/dense) == "$dense_sum  -" ]] || fail "the dense files differ"
(($(held_kib back/files/sparse) <= source_kib + 1024)) || fail "the restored file has lost its holes"
counted load "sparse file, GB" "$sparse_gb"
counted load "dense file, GB" "$(python3 -c "print($dense_mb / 1000)")"
count_peak "big files"
