#!/usr/bin/env bash
# What changed since a snapshot is told by name and by side, a row inside a database as well as a
# file beside it; the exit status tells a difference from a failure; nothing restored stays behind.
source "$(dirname "$0")/lib.sh"
command -v sqlite3 > /dev/null || skip "sqlite3 is missing: install sqlite3"

make_key
mkdir source scratch
echo one > source/one
echo two > source/two
sqlite3 app.db 'pragma journal_mode = wal; create table users (name text);
  insert into users values ("ada"), ("grace");' > /dev/null
write_config "files: {recipe: volume, path: $place/source}" \
  "app: {recipe: sqlite, path: $place/app.db}"
backup
expect 0
live_diff() {
  lifeboat diff "$@" --config lifeboat.yaml --identity key.txt --scratch scratch
  no_files_in scratch
}

live_diff latest
expect 0
stdout_has "$(date -u +%Y-%m-%d) -> live"
stdout_has 'files (volume): 2 the same'
stdout_lacks 'changed'

# Reading does not change what is compared: the same again.
live_diff latest
expect 0

echo 2 > source/two
echo three > source/three
rm source/one
sqlite3 app.db 'insert into users values ("joan")'
live_diff latest
expect 1
stdout_has "  - file 'one' gone: h1/"
stdout_has "  + file 'three' added: live has it"
stdout_has "  ~ file 'two' changed"
stdout_has '(sqlite): '
stdout_has ' changed'
live_diff latest files --json
expect 1
stdout_has '"change": "gone"'
stdout_lacks fingerprint
stdout_lacks '"name": "app"'

# A database that cannot be read is not the same as before.
mv app.db app.gone
live_diff latest
expect 8
stdout_has 'app (sqlite): not compared: '
stdout_has "file 'two' changed"
live_diff latest app
expect 4
mv app.gone app.db

# Against another snapshot no configuration is needed: the month's copy is of the first run.
sleep 1
backup
expect 0
on_bare_machine diff "monthly/$(date -u +%Y-%m)" latest --scratch scratch
expect 1
stdout_has "h1/monthly/$(date -u +%Y-%m) -> h1/$(date -u +%Y-%m-%d)"
stdout_has "  - file 'one' gone: h1/monthly/"
on_bare_machine diff latest latest files --scratch scratch
expect 0
no_files_in scratch

# Neither a service nor a snapshot.
live_diff latest filez
expect 2
stderr_has "Did you mean 'files'?"
# A run that is under way may have stopped what would be read.
(
  flock 9
  live_diff latest
  expect 9
) 9> state/h1.lock
