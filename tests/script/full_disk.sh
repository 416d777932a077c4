#!/usr/bin/env bash
# A full disk under the store, the spool, the scratch or the restored folder: a clear error, and
# nothing half-written. Needs a small tmpfs.
source "$(dirname "$0")/lib.sh"

mkdir small
mount -t tmpfs -o size=2m tmpfs small 2> /dev/null || skip "a tmpfs cannot be mounted here"
undo+=("umount $place/small")

make_key
mkdir source
head -c 6000000 /dev/urandom > source/file
files="files: {recipe: volume, path: $place/source}"

# The store.
mkdir small/store
write_config "$files"
sed -i "s|^store:.*|store: {dir: $place/small/store}|" lifeboat.yaml
backup
[[ $status == 5 || $status == 10 ]] || fail "status $status"
stderr_has 'space'
no_files_in small

# The spool: a dump of unknown size.
spool_dir=$place/small write_config \
  "dump: {recipe: command, command: [head, -c, '6000000', /dev/urandom]}"
backup
expect 10
stderr_has "$place/small"
stderr_has 'hint: '
no_files_in small
no_files_in store

# The scratch of a drill, and the target of a restore.
write_config "$files"
backup
expect 0
on_bare_machine drill --scratch "$place/small"
expect 10
stderr_has 'hint: '
no_files_in small
on_bare_machine restore latest --to small/restored
expect 10
no_files_in small
on_bare_machine drill --scratch-max '1 MiB'
expect 10
