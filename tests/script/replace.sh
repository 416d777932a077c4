#!/usr/bin/env bash
# A live service is replaced only by what proved itself, only when its name is typed twice, and what
# was there is kept.
source "$(dirname "$0")/lib.sh"

command -v sqlite3 > /dev/null || skip "sqlite3 is missing: install sqlite3"

make_key
mkdir live scratch folder
echo one > live/one
echo one > folder/one
sqlite3 app.db 'pragma journal_mode = wal; create table users (name text);
  insert into users values ("ada"), ("grace");' > /dev/null
write_config "files: {recipe: files, paths: [$place/live]}" \
  "folder: {recipe: volume, path: $place/folder}" \
  "app: {recipe: sqlite, path: $place/app.db}" \
  "bad: {recipe: command, command: [cat, $place/absent]}"
backup
expect 8
replace() {
  lifeboat restore latest "$@" --config lifeboat.yaml --identity key.txt --scratch scratch
  no_files_in scratch
}

echo two > live/two
for words in 'files' 'files --yes-replace bad' 'files bad --yes-replace files' \
  'files/one --yes-replace files' "files --yes-replace files --to $place/new"; do
  # shellcheck disable=SC2086
  replace $words
  expect 2
done
exists live/two
# It failed when the snapshot was made.
replace bad --yes-replace bad
expect 7
# Somebody else holds the run lock.
(
  flock 9
  replace files --yes-replace files
  expect 9
) 9> state/h1.lock
exists live/two

replace files --yes-replace files
expect 0
stdout_has 'RESTORED'
stdout_has 'kept'
stderr_has "/live/two' gone: live has it"
missing live/two
[[ $(cat live/one) == one ]] || fail "the restored file"
find .. -path '*before-*' -name two | grep . > /dev/null || fail "what was live was not kept"
echo two > folder/two
echo changed > folder/one
sqlite3 app.db 'delete from users where name = "ada"'
replace folder --yes-replace folder
expect 0
[[ $(cat folder/*) == one ]] || fail "the restored folder"
grep -qx changed "$folder"/place/folder.before-*/one || fail "the folder that was live was not kept"
replace app --yes-replace app
expect 0
[[ $(sqlite3 app.db 'select count(*) from users') == 2 ]] || fail "the rows did not come back"
lifeboat diff latest folder app --config lifeboat.yaml --identity key.txt
expect 0

replace files --yes-replace files --json
expect 0
stdout_has '"kept"'

# What does not prove itself reaches nothing live.
echo three > live/three
printf x >> store/h1/2*/backup.tar.zst.age
replace files --yes-replace files
expect 7
exists live/three
