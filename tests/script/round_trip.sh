#!/usr/bin/env bash
# A folder with everything that backups tend to lose comes back bit for bit: by lifeboat from its
# configuration, by lifeboat on a machine that has nothing but the key, and by age, zstd and tar.
source "$(dirname "$0")/lib.sh"

make_key
make_tree source
write_config "files: {recipe: volume, path: $place/source}" \
  'dump: {recipe: command, command: [printf, "a\nb\n"], output: dump.txt}'
backup
expect 0
archive=$(echo store/h1/*/backup.tar.zst.age)
mode_is "$archive" 600
exists "$(dirname "$archive")/manifest.json"
exists "$(dirname "$archive")/backup.index.age"

lifeboat list --config lifeboat.yaml
expect 0
stdout_has "$(date -u +%Y-%m-%d)"
lifeboat list --config lifeboat.yaml --json
expect 0
stdout_has '"h1'

on_bare_machine ls latest
expect 0
stdout_has 'RESTORE.md'
stdout_has 'files/plain'
stdout_has 'dump/dump.txt'
on_bare_machine cat latest dump/dump.txt
expect 0
stdout_is $'a\nb'
on_bare_machine cat latest files/noise
stdout_to noise
same noise source/noise
on_bare_machine cat latest files/sparse
stdout_to sparse
same sparse source/sparse
on_bare_machine cat latest files/absent
[[ $status != 0 ]] || fail "cat of an absent member succeeded"

on_bare_machine restore latest --to restored
expect 0
same_tree restored/files source
[[ $(stat -c %b restored/files/sparse) -lt 1000 ]] || fail "holes were not made again"
on_bare_machine restore latest --to restored
[[ $status != 0 ]] || fail "restore went into a folder that is not empty"
on_bare_machine restore latest files --to only
expect 0
same_tree only/files source
missing only/dump

# Stock tools.
mkdir stock
age -d -i key.txt "$archive" | zstd -dq |
  tar -x --xattrs-include='*' --same-owner -p -C stock 2> tar.txt
same_tree stock/files source
diff -r --no-dereference stock restored
[[ $(age -d -i key.txt "$archive" | zstd -dq | tar -t | sed -n 1,3p | xargs) == \
  'RESTORE.md facts.json lifeboat.yaml' ]] || fail "first members"
age -d -i key.txt store/h1/*/backup.index.age | zstd -dq | sed -n 1p | grep '"format":1' > /dev/null
# The manifest's last member is the hash of what stands before it (docs/FORMAT.md).
manifest=$(dirname "$archive")/manifest.json
head -n -2 "$manifest" | sha256sum | cut -d ' ' -f 1 > hash
tail -n 2 "$manifest" | grep -Ff hash > /dev/null || fail "the manifest's hash"
sha256sum "$archive" | cut -d ' ' -f 1 | xargs -I{} grep -q {} "$manifest"

on_bare_machine verify
expect 0
on_bare_machine drill
expect 0
stdout_has 'RESTORE OK'

# A second run on one day overwrites nothing.
cp "$archive" first.age
sleep 1
backup
expect 0
same "$archive" first.age
lifeboat list --config lifeboat.yaml --json
[[ $(find store/h1/2* -name 'manifest*.json' | wc -l) == 2 ]] || fail "not two snapshots"
# Nothing is left in the spool, and nothing on disk is readable without the key.
no_files_in spool
