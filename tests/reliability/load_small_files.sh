#!/usr/bin/env bash
# Very many small files: in folders, and all in one, so that nothing grows with their number.
source "$(dirname "$0")/load_lib.sh"

files=5000
if long_form; then files=${LIFEBOAT_LOAD_FILES:-1000000}; fi
room $((files / 80))

# One half in folders of ten, one half in a single folder.
python3 - data $((files / 2)) <<'PY'
import os, sys
top, half = sys.argv[1], int(sys.argv[2])
os.mkdir(f"{top}/flat")
for number in range(half):
    if number % 10 == 0:
        inner = f"{top}/tree/{number // 1000:05}/folder-{number // 10:07}"
        os.makedirs(inner)
    for path in (f"{inner}/file-{number:08}.txt", f"{top}/flat/message-{number:08}.eml"):
        with open(path, "w") as file:
            file.write(f"{number}\n")
PY
# Too many to be shown: names, types, modes and times, then the contents in the order of the names.
sum_of() {
  (
    cd "$1"
    find . -mindepth 1 -printf '%p %y %m %T@\n' | sort
    find . -type f -print0 | sort -z | xargs -0 cat
  ) | sha256sum
}
same_sum() { [[ $(sum_of "$1") == "$(sum_of "$2")" ]] || fail "$1 and $2 differ"; }

round_trip same_sum
capped ls --config lifeboat.yaml --identity key.txt
expect 0
(($(grep -c '^' "$folder/out") > files)) || fail "ls leaves out members"
capped diff latest --config lifeboat.yaml --identity key.txt
expect 0
rm -rf back
capped restore latest files --to back --config lifeboat.yaml --identity key.txt
expect 0
same_sum data back/files
counted load "small files in one archive" "$files"
count_peak "small files"
