#!/usr/bin/env bash
# How this folder was made, once, by the program that first wrote the format. Never run it again for
# this format: README.md. For a new format copy it to that format's folder.
#   make.sh LIFEBOAT SAMPLE_SERVICES FOLDER      (as root: owners, SQLite's own files)
source "$(dirname "$0")/../../script/lib.sh"
samples=$(readlink -f "$2") out=$3
[[ ! -e $out/store ]] || fail "$out/store is there already"
mkdir -p "$out"
out=$(readlink -f "$out")

make_key
make_tree files
truncate -s 5000 files/noise  # enough for its kind, and the whole stays small
touch -d '2021-01-01T00:00:00Z' files/noise
"$project/demo/sample_traefik.sh" traefik golden.example.com
"$samples" "$place" > services.log 2>&1 &
writer=$!
pids+=("$writer")
for ((i = 0; i < 200; i++)); do
  if grep -qs ready services.log; then break; fi
  sleep 0.05
done
kill "$writer"
wait "$writer" || true
cp n8n/database.sqlite app.sqlite

services=("files: {recipe: volume, path: $place/files}" "n8n: {recipe: n8n, path: $place/n8n}"
  "waha: {recipe: waha, path: $place/waha}" "traefik: {recipe: traefik, path: $place/traefik}"
  "app: {recipe: sqlite, path: $place/app.sqlite}"
  'dump: {recipe: command, command: [printf, "a\nb\n"], output: dump.txt}')
write_config "${services[@]}"
backup
expect 0
lifeboat keygen --signing -o signing.key
expect 0
echo "signing: {key_file: $place/signing.key}" >> lifeboat.yaml
sleep 1  # the second run of the day has the time in its name
backup
expect 0
lifeboat drill latest --config lifeboat.yaml --identity key.txt --scratch "$place" --engine none
expect 0
[[ -d store/h1/drills ]] || fail "no evidence"

mkdir -p "$out/host"
cp -r store "$out/store"
cp key.txt "$out/TEST-KEY.txt"
cp lifeboat.yaml state/h1.state.json "$out/host/"
"$program" keygen --signing -y signing.key > "$out/signed-by.txt"
(cd "$out" && find store host TEST-KEY.txt signed-by.txt -type f | LC_ALL=C sort | xargs sha256sum) \
  > "$out/SHA256SUMS"
mkdir stock
age -d -i key.txt "$out"/store/h1/2*/backup.tar.zst.age | zstd -dq |
  tar -x --xattrs-include='*' -p -C stock
source "$project/tests/golden/listing.sh"
tree_listing stock > "$out/restored.txt"
