#!/usr/bin/env bash
# Wrong keys, wrong files, wrong words: each a clear error with a hint and the right exit status,
# and nothing half-written.
source "$(dirname "$0")/lib.sh"

make_key
mkdir source
echo data > source/file
files="files: {recipe: volume, path: $place/source}"
write_config "$files"
backup
expect 0

# Reading without a key, with a missing file, with another key.
lifeboat drill --store "dir:$place/store"
expect 6
stderr_has 'hint: '
lifeboat restore latest --to out --store "dir:$place/store" --identity absent.txt
[[ $status == 2 || $status == 6 ]] || fail "status"
stderr_has 'absent.txt'
lifeboat keygen -o other.txt
lifeboat restore latest --to out --store "dir:$place/store" --identity other.txt
expect 6
stderr_has 'hint: '
missing out
lifeboat drill --store "dir:$place/store" --identity other.txt
expect 6

# No such snapshot, store, service, command.
on_bare_machine restore 1999-01-01 --to out
expect 5
stderr_has 'hint: '
lifeboat list --store "dir:$place/no-such-store"
[[ $status == 5 ]] || fail "a store that is not there"
lifeboat list --store "$place/store"
expect 2
stderr_has "dir:$place/store"
on_bare_machine restore latest fles --to out
[[ $status != 0 ]] || fail "an unknown service was restored"
stderr_has 'files'
lifeboat bakcup
expect 2
stderr_has "Did you mean 'backup'"
lifeboat bakcup --json
expect 2
stdout_has '"code"'
missing out

# Configuration: all faults at once, with place and did-you-mean.
write_config "$files"
sed -i 's/^state_dir:/state_dri:/; s/recipe: volume/recipe: volum/' lifeboat.yaml
backup
expect 3
stderr_has 'lifeboat.yaml:4:1: '
stderr_has 'state_dir'
stderr_has 'volume'
lifeboat backup --config absent.yaml
expect 3

# Secrets in a file that others may read.
write_config "$files"
echo 'notify: {discord: {webhook: "https://example.com/very-secret-hook"}}' >> lifeboat.yaml
chmod 644 lifeboat.yaml
backup
expect 3
stderr_has 'chmod'
stderr_lacks 'very-secret-hook'
chmod 600 lifeboat.yaml
backup
expect 0
on_bare_machine cat latest lifeboat.yaml
stdout_lacks 'very-secret-hook'

# A recipients file with a typo: no archive for a key that nobody has.
mv store store.whole
wrong=q
if [[ $recipient == *q ]]; then wrong=p; fi
echo "${recipient%?}$wrong" > recipients.txt
write_config "$files"
sed -i "s|^encryption:.*|encryption: {recipients_file: $place/recipients.txt}|" lifeboat.yaml
backup
[[ $status == 3 || $status == 6 ]] || fail "a recipient with a typo was taken"
stderr_has 'recipients.txt'
no_files_in store
lifeboat encrypt -R recipients.txt -o out.age source/file
[[ $status != 0 ]] || fail "encrypt took a recipient with a typo"
missing out.age

# What cannot be read: missing folder, corrupt database.
write_config "files: {recipe: volume, path: $place/absent}"
backup
expect 4
stderr_has 'absent'
stderr_has 'hint: '
no_files_in store
sqlite3 good.db 'CREATE TABLE t(a); INSERT INTO t SELECT hex(randomblob(500)) FROM (SELECT 1
  UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7);'
head -c 4096 good.db > cut.db
head -c 20000 /dev/urandom > noise.db
for database in cut.db noise.db; do
  write_config "db: {recipe: sqlite, path: $place/$database}"
  backup
  expect 4
  stderr_has "$database"
  stderr_has 'hint: '
  no_files_in store
done

# A folder that this user may not read (root reads everything).
if ((EUID == 0)) && type -P setpriv > /dev/null; then
  mkdir locked
  chmod 755 "$folder" "$place" locked
  echo secret > locked/file
  chmod 600 locked/file
  write_config "files: {recipe: volume, path: $place/locked}"
  mkdir -p store state
  chown -R 65534:65534 store state spool lifeboat.yaml
  run setpriv --reuid 65534 --regid 65534 --clear-groups \
    "$program" backup --config lifeboat.yaml
  expect 4
  stderr_has 'locked'
  stderr_has 'hint: '
  no_files_in store
fi
