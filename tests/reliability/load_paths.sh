#!/usr/bin/env bash
# Long paths: 4,000 bytes, in few and in very many folders, and deeper than the kernel takes in one call
# (4,096 bytes), which only a walk from folder to folder reaches.
source "$(dirname "$0")/load_lib.sh"
command -v jq > /dev/null || skip "no jq here"
ulimit -Sn 256  # descriptors: no folder may cost one for as long as what is in it is read

# Files, each made one folder at a time.
python3 - data <<'PY'
import os, sys

def make(parts, content):
    at = os.open(sys.argv[1], os.O_DIRECTORY)
    for part in parts[:-1]:
        try:
            os.mkdir(part, 0o750, dir_fd=at)
        except FileExistsError:
            pass
        inner = os.open(part, os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = inner
    with open(os.open(parts[-1], os.O_CREAT | os.O_WRONLY, 0o640, dir_fd=at), "w") as file:
        file.write(content)

make(["w" * 249] * 16, "4,000 bytes in 16 parts\n")        # 16 * 249 + 15 = 3999
make(["n" * 3] * 1000, "4,000 bytes in 1,000 parts\n")    # 1000 * 3 + 999 = 3999
make(["d" * 249] * 40, "deeper than one call reaches\n")   # 9999
PY
wide=$(printf 'w%.0s' {1..249})

# As describe() does, but from folder to folder.
walk() {
  python3 - "$1" <<'PY'
import hashlib, os, stat, sys

def walk(at, path):
    for name in sorted(os.listdir(at)):
        status = os.stat(name, dir_fd=at, follow_symlinks=False)
        told = (path + "/" + name, oct(status.st_mode), status.st_mtime_ns)
        if stat.S_ISDIR(status.st_mode):
            yield told
            inner = os.open(name, os.O_DIRECTORY, dir_fd=at)
            yield from walk(inner, told[0])
            os.close(inner)
        else:
            with open(os.open(name, os.O_RDONLY, dir_fd=at), "rb") as file:
                yield told + (file.read(),)

sys.setrecursionlimit(10000)
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
whole = hashlib.sha256()
count = 0
for told in walk(os.open(sys.argv[1], os.O_DIRECTORY), ""):
    whole.update(repr(told).encode())
    count += 1
print(count, whole.hexdigest())
PY
}
same_walk() { [[ $(walk "$1") == "$(walk "$2")" ]] || fail "$1 and $2 differ"; }

round_trip same_walk
capped ls --config lifeboat.yaml --identity key.txt --json
expect 0
longest=$(jq -r '.[].path | length' "$folder/out" | sort -n | tail -n 1)
((longest == 10005)) || fail "the longest path that ls tells has $longest bytes"
path=files/$(printf "$wide/%.0s" {1..15})$wide
capped cat latest "$path" --config lifeboat.yaml --identity key.txt
expect 0
stdout_is '4,000 bytes in 16 parts'
capped diff latest --config lifeboat.yaml --identity key.txt
expect 0
counted load "bytes in the longest path" "$longest"
