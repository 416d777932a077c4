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
  if [[ -z $has_attributes ]]; then return; fi
  diff "$(dirname "$1")/attributes.txt" <(attribute_listing "$2") > listing-diff.txt ||
    fail "attributes in $2 are not what they were: $(head -n 20 listing-diff.txt)"
}
: > probe
has_attributes=$(setfattr -n user.origin -v here probe 2> /dev/null &&
  setfacl -m u:4321:r probe 2> /dev/null && echo yes || true)

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
# A weekly single stream: by this program, and by age and gunzip.
cp -r "$golden/weekly" weekly
name=h1/supabase-weekly/$(basename weekly/h1/supabase-weekly/2*)
from_weekly=(--store "dir:$place/weekly" --identity key.txt)
lifeboat list --store "dir:$place/weekly"
stdout_has "$name"
lifeboat verify "$name" "${from_weekly[@]}"
expect 0
age -d -i key.txt "weekly/$name/supabase.sql.gz.age" | gunzip > stock.sql
same stock.sql "$golden/weekly.sql"
lifeboat restore "$name" --to weekly.d "${from_weekly[@]}"
expect 0
((restored += 1))
[[ $(find weekly.d/supabase -name '*.sql' | wc -l) == 3 ]] || fail "roles, schema and data are three"
cat weekly.d/supabase/{roles,schema,data}.sql > parts.sql
# The stream has remarks between its parts.
[[ -z $(grep -vxFf stock.sql parts.sql) ]] || fail "a line of a part is not in the stream"
grep -qx "$(printf '60\t120')" weekly.d/supabase/data.sql || fail "the rows are not in the data"
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
# refuses_plain WORD: the plain snapshot, whose manifest was changed and is put back.
refuses_plain() {
  rehash "$plain_manifest"
  on_bare_machine restore "$plain" --to new.d
  expect 7
  stderr_has "$1"
  missing new.d
  ((refused += 1))
  cp manifest.kept "$plain_manifest"
}
cp "$plain_manifest" manifest.kept
sed -i '/"members"/a\  "shape": "of later",' "$plain_manifest"
refuses_plain "'shape' is unknown"

# refuses_index WORD COMMAND...: the index that COMMAND makes of the lines of the plain snapshot's.
refuses_index() {
  local word=$1 index=$folder_of_plain/backup.index.age was was_bytes
  shift
  cp "$index" index.kept
  cp "$plain_manifest" manifest.kept
  was=$(sha256sum < "$index" | cut -c 1-64) was_bytes=$(stat -c %s "$index")
  age -d -i key.txt index.kept | zstd -dq | "$@" | age -r "$("$program" keygen -y key.txt)" > "$index"
  sed -i "s/$was/$(sha256sum < "$index" | cut -c 1-64)/
    s/\"bytes\": $was_bytes,/\"bytes\": $(stat -c %s "$index"),/" "$plain_manifest"
  refuses_plain "$word"
  cp index.kept "$index"
}
of_format_2() { sed '1s/"format":1/"format":2/' | zstd -q; }
refuses_index 'has format 2' of_format_2

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

# The mark of a run that was killed is told by the next one; of a later version that there is one.
cp "$golden/host/h1.state.json" state/
recipient=$("$program" keygen -y key.txt)
write_config 'dump: {recipe: command, command: [printf, "a\nb\n"], output: dump.txt}'
for version in 1 2; do
  sed "1s/1/$version/" "$golden/host/h1.backup.nightly.run" > "state/h1.backup.nightly.$version.run"
  backup
  expect 0
  stderr_has 'killed'
  if ((version == 1)); then stderr_has 'slow/output'; fi
  missing "state/h1.backup.nightly.$version.run"
done

# What an install wrote down is taken back, also what was there before it.
mkdir -p root/etc/cron.d root/etc/logrotate.d root/var/log/lifeboat root/var/lib/lifeboat
record=root/var/lib/lifeboat/install.json
jq '.version = 2' "$golden/host/install.json" > $record
while IFS= read -r path; do
  jq -j --arg path "$path" '.files[] | select(.path == $path) | .written' \
    "$golden/host/install.json" > "root$path"
done < <(jq -r '.files[] | select(.kind == "file") | .path' "$golden/host/install.json")
lifeboat uninstall --root root
expect 3
stderr_has 'another version of lifeboat'
stderr_has 'or a newer one'
exists root/etc/cron.d/lifeboat
((refused += 1))
cp "$golden/host/install.json" $record
lifeboat uninstall --root root
expect 0
[[ $(cat root/etc/cron.d/lifeboat) == '# somebody else made this' ]] || fail "what was there before"
missing root/etc/logrotate.d/lifeboat
missing $record

# Evidence of a drill: told as what cannot be read, and no proof.
evidence=$(find store/h1/drills -name '2*.json')
lifeboat status --store "dir:$place/store"
stdout_lacks 'has format'
sed -i 's/"format": 1/"format": 2/' "$evidence"
lifeboat status --store "dir:$place/store"
stdout_has 'has format 2'
((refused += 1))

# A frame that needs a dictionary, which no Lifeboat writes.
for ((line = 0; line < 500; line++)); do echo "$line {\"path\":\"files/$line\",\"mode\":420}" > "sample$line"; done
zstd -q --train sample* -o dictionary --maxdict=1200
rm sample*
refuses_index ictionary zstd -q -D dictionary
counted compatibility "unknown versions refused" "$refused"
