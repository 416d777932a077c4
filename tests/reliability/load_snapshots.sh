#!/usr/bin/env bash
# 5,000 nights in one store: what lists them reads no archive and no index, and needs no more memory.
source "$(dirname "$0")/load_lib.sh"
command -v jq > /dev/null || skip "no jq here"
nights=5000

echo one > data/one
lifeboat backup --config lifeboat.yaml
expect 0
nights_before store/h1 "$nights"

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
