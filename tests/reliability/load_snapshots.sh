#!/usr/bin/env bash
# 5,000 nights in one store: what lists them reads no archive and no index, and needs no more memory.
source "$(dirname "$0")/load_lib.sh"
command -v jq > /dev/null || skip "no jq here"
nights=5000

echo one > data/one
lifeboat backup --config lifeboat.yaml
expect 0
# The others are the same night under earlier dates. Their archives cannot be read: nobody may try.
python3 - store/h1 "$nights" <<'PY'
import datetime, hashlib, os, sys
top, nights = sys.argv[1], int(sys.argv[2])
last = max(name for name in os.listdir(top) if name.startswith("2"))
with open(f"{top}/{last}/manifest.json") as file:
    manifest = file.read()
sizes = {name: os.stat(f"{top}/{last}/{name}").st_size for name in os.listdir(f"{top}/{last}")}
for back in range(1, nights):
    day = (datetime.date.fromisoformat(last) - datetime.timedelta(days=back)).isoformat()
    os.mkdir(f"{top}/{day}")
    for name, size in sizes.items():
        with open(f"{top}/{day}/{name}", "w") as file:
            if name == "manifest.json":
                text = manifest.replace(last, day)
                text = text[: text.rindex('  "sha256": "')]  # of all that stands before it
                own = hashlib.sha256(text.encode()).hexdigest()
                file.write(f'{text}  "sha256": "{own}"\n}}\n')
            else:
                file.truncate(size)
PY

capped list --config lifeboat.yaml --json
expect 0
listed=$(jq '[.[] | select(.snapshot | test("monthly") | not)] | length' "$folder/out")
((listed == nights)) || fail "$listed snapshots listed of $nights"
capped list --limit 7 --config lifeboat.yaml
expect 0
capped status --config lifeboat.yaml --json
((status <= 1)) || fail "status"
capped report --config lifeboat.yaml -o report.html
((status <= 1)) || fail "report"
capped plan --config lifeboat.yaml
expect 0
capped prune --config lifeboat.yaml --dry-run
expect 0
capped ls latest --config lifeboat.yaml --identity key.txt
expect 0
capped backup --config lifeboat.yaml
expect 0
counted load "snapshots listed" "$listed"
count_peak "snapshots"
