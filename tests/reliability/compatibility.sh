#!/usr/bin/env bash
# What an older Lifeboat wrote is restored for ever, byte for byte; what a newer one wrote is refused
# with a word of what to do, hides nothing else, and is not replaced by something older.
source "$(dirname "$0")/../script/lib.sh"
source "$project/tests/reliability/counts.sh"
source "$project/tests/golden/listing.sh"
for tool in age zstd jq; do
  command -v "$tool" > /dev/null || skip "$tool is not installed"
done

# An owner without rights may not make a file setuid.
listed() { if ((EUID == 0)); then cat; else sed -E 's/^f [24]([0-7]{3}) /f \1 /'; fi; }
same_listing() {
  diff <(listed < "$1") <(tree_listing "$2" | listed) > listing-diff.txt ||
    fail "$2 is not what it was: $(head -n 20 listing-diff.txt)"
}

restored=0
for golden in "$project"/tests/golden/format-*/; do
  (cd "$golden" && sha256sum --quiet -c SHA256SUMS) || fail "$golden was changed: see its README"
  rm -rf store one.d two.d stock
  cp -r "$golden/store" store
  cp "$golden/TEST-KEY.txt" key.txt
  chmod 600 key.txt
  signer=$(cat "$golden/signed-by.txt")
  day=$(basename store/h1/2*)
  plain=h1/monthly/${day%-*}  # a copy of the first run; a plain day means its last one
  signed=h1/$(basename store/h1/2*/manifest-*.json | sed "s/manifest/$day/; s/.json//")

  on_bare_machine list
  expect 0
  stdout_has "$signed"
  on_bare_machine verify --all
  expect 0
  on_bare_machine verify "$signed" --trust "$signer"
  expect 0
  on_bare_machine verify "$plain" --trust "$signer"
  [[ $status != 0 ]] || fail "an unsigned snapshot was believed"
  on_bare_machine ls "$plain"
  expect 0
  stdout_has n8n/workflows.json
  on_bare_machine cat "$plain" dump/dump.txt
  stdout_is $'a\nb'
  for snapshot in "$plain" "$signed"; do
    rm -rf one.d
    on_bare_machine restore "$snapshot" --to one.d
    expect 0
    ((restored += 1))
    # The note how to restore, and the facts, name the run.
    if [[ $snapshot == "$plain" ]]; then same_listing "$golden/restored.txt" one.d; fi
    on_bare_machine drill "$snapshot" --scratch . --engine none --no-evidence
    expect 0
  done
  on_bare_machine diff "$plain" "$signed"
  [[ $status == 0 || $status == 1 ]] || fail "diff of two old snapshots"
  mkdir stock
  age -d -i key.txt "store/h1/$day/backup.tar.zst.age" | zstd -dq |
    tar -x --xattrs-include='*' -p -C stock
  same_listing "$golden/restored.txt" stock
done
counted compatibility "golden snapshots restored" "$restored"

# From here on of a version to come. The newest of the store's two is changed, the other one stays.
refused=0
folder_of_day=store/h1/$day
newest=$folder_of_day/manifest-${signed##*-}.json
folder_of_plain=store/$plain
rehash() { # a manifest's last member is the hash of all before it
  local body
  body=$(head -n -2 "$1"; printf x)
  printf '%s  "sha256": "%s"\n}\n' "${body%x}" "$(printf %s "${body%x}" | sha256sum | cut -c 1-64)" \
    > "$1.new"
  mv "$1.new" "$1"
}

cp "$newest" manifest.kept
sed -i 's/"format": 1/"format": 2/; /"members"/a\  "shape": "of later",' "$newest"
on_bare_machine list
expect 7
stdout_has "$signed"
stdout_has "$plain"
on_bare_machine list --json
[[ $(jq length "$folder/out") == 4 ]] || fail "a snapshot is hidden"
on_bare_machine restore latest --to new.d
expect 7
stderr_has 'has format 2'
stderr_has 'A newer lifeboat wrote it: update this one to read it.'
missing new.d
on_bare_machine verify "$plain"
expect 0
lifeboat prune --store "dir:$place/store" --host h1
exists "$newest"
((refused += 1))
cp manifest.kept "$newest"

# Within format 1 there are no members that this program does not know: whoever adds one in silence
# may have changed what the others mean.
plain_manifest=$folder_of_plain/manifest.json
cp "$plain_manifest" manifest.kept
sed -i '/"members"/a\  "shape": "of later",' "$plain_manifest"
rehash "$plain_manifest"
on_bare_machine restore "$plain" --to new.d
expect 7
stderr_has "'shape' is unknown"
missing new.d
((refused += 1))
cp manifest.kept "$plain_manifest"

index=$folder_of_plain/backup.index.age
cp "$index" index.kept
was=$(sha256sum < "$index" | cut -c 1-64) was_bytes=$(stat -c %s "$index")
age -d -i key.txt index.kept | zstd -dq | sed '1s/"format":1/"format":2/' | zstd -q |
  age -r "$("$program" keygen -y key.txt)" > "$index"
sed -i "s/$was/$(sha256sum < "$index" | cut -c 1-64)/
  s/\"bytes\": $was_bytes,/\"bytes\": $(stat -c %s "$index"),/" "$plain_manifest"
rehash "$plain_manifest"
on_bare_machine restore "$plain" --to new.d
expect 7
stderr_has 'has format 2'
missing new.d
((refused += 1))
cp index.kept "$index"
cp manifest.kept "$plain_manifest"

sed '1s/v1$/v2/' "$folder_of_day/backup.tar.zst.age" > later.age
lifeboat decrypt -i key.txt -o new.d later.age
expect 6
missing new.d
((refused += 1))

mkdir state
sed "s#/tmp/[^ ]*/place#$place#" "$golden/host/lifeboat.yaml" | grep -v '^signing' > lifeboat.yaml
cp "$golden/host/h1.state.json" state/
lifeboat status --config lifeboat.yaml --json
stderr_lacks 'cannot be understood'
sed -i 's/"format": 1/"format": 2/' state/h1.state.json
lifeboat status --config lifeboat.yaml
stderr_has 'a newer Lifeboat wrote it (format 2)'
((refused += 1))
counted compatibility "unknown versions refused" "$refused"
